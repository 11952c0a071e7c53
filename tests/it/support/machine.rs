//! Machines as a test makes them: registered, asked for by one officer, approved by another, with a token.

use serde_json::Value;
use serde_json::json;
use yihao::domain::api_scope::ApiScope;
use yihao::domain::client::Client;
use yihao::domain::client::GrantType;
use yihao::domain::operator::Role;

use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::console::Operator;
use crate::support::console::decide;
use crate::support::console::send;
use crate::support::fixture;

/// An audience a machine may ask for besides.
pub const ELSEWHERE: &str = "https://api.example.test";

/// Why a machine does what it does.
pub const WHY: &str = "例行检查";

/// A body that says so and nothing else.
pub fn why() -> Value {
    json!({ "reason": WHY })
}

/// Somebody with a citizen's number of Beijing, so that regions tell.
pub fn resident(seed: u64) -> Person {
    Person { id_number: "11010519491231002X".to_owned(), ..Person::synthetic(seed) }
}

/// A machine that may work.
pub struct Machine {
    /// Its client.
    pub client_id: &'static str,
    /// Its role.
    pub role: Role,
}

/// A client that could be a machine.
pub fn client(provider: &TestProvider, id: &str) -> Client {
    let mut client = fixture::client(id, "http://localhost:9449/cb");
    client.grant_types = vec![GrantType::ClientCredentials, GrantType::AuthorizationCode];
    client.scope = ApiScope::ALL.iter().map(|scope| scope.as_str()).chain(["openid"]).collect();
    client.resources = vec![audience(provider), ELSEWHERE.to_owned()];
    client.policy.first_party = true;
    client
}

/// The audience of the API.
pub fn audience(provider: &TestProvider) -> String {
    provider.url("/api/v1")
}

/// Has a client made an operator of this role and region.
pub async fn connect(
    provider: &TestProvider,
    [asks, decides]: [&Operator; 2],
    (role, region): (Role, &str),
    client_id: &'static str,
) -> Machine {
    provider.add_client(&client(provider, client_id)).await;
    let fields = [("name", "数据平台"), ("role", role.as_str()), ("region", region)];
    let fields = [&fields[..], &[("reason", "对接数据平台")]].concat();
    let path = format!("/console/clients/{client_id}/connect");
    let asked = send(provider, asks, &path, &fields).await;
    assert_eq!(asked.status, 303, "{}", asked.body);
    let page = decide(provider, decides, "approve").await;
    assert_eq!(page.status, 303, "{}", page.body);
    Machine { client_id, role }
}

/// A token of a machine of this role and region, made and approved by the first officers.
pub async fn robot(
    provider: &TestProvider,
    officers: &[Operator; 3],
    (role, region): (Role, &str),
    client_id: &'static str,
) -> String {
    let both = [&officers[0], &officers[1]];
    connect(provider, both, (role, region), client_id).await.token(provider).await
}

/// Every scope value of the API.
pub fn everything() -> String {
    ApiScope::ALL.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")
}

impl Machine {
    /// A token for the API with everything its client may ask for.
    pub async fn token(&self, provider: &TestProvider) -> String {
        self.token_for(provider, &everything(), &audience(provider)).await
    }

    /// A token with this scope, for this audience.
    pub async fn token_for(&self, provider: &TestProvider, scope: &str, audience: &str) -> String {
        let fields =
            [("grant_type", "client_credentials"), ("scope", scope), ("resource", audience)];
        let page = RelyingParty::of(provider, self.client_id, "").token(&fields).await;
        assert_eq!(page.status, 200, "{}", page.body);
        page.json()["access_token"].as_str().unwrap().to_owned()
    }
}

/// Reads below `/api/v1`.
pub async fn get(provider: &TestProvider, token: &str, path: &str) -> Page {
    let bearer = format!("Bearer {token}");
    let url = provider.url(&format!("/api/v1{path}"));
    Browser::new().get_with(&url, &[("authorization", &bearer)]).await
}

/// Changes something below `/api/v1`, with a key of its own.
pub async fn post(provider: &TestProvider, token: &str, path: &str, body: &Value) -> Page {
    let key = uuid::Uuid::new_v4().to_string();
    post_as(provider, (token, &key), path, body).await
}

/// The same with this key; a body that is null is none.
pub async fn post_as(
    provider: &TestProvider,
    (token, key): (&str, &str),
    path: &str,
    body: &Value,
) -> Page {
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", &*bearer),
        ("idempotency-key", key),
        ("content-type", "application/json"),
    ];
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    Browser::new().post_bytes(&provider.url(&format!("/api/v1{path}")), &headers, body).await
}

/// Hands a table in below `/api/v1`, with a key of its own.
pub async fn hand_in(provider: &TestProvider, token: &str, path: &str, table: &[u8]) -> Page {
    let key = uuid::Uuid::new_v4().to_string();
    hand_in_as(provider, (token, &key, "text/csv"), path, table).await
}

/// The same with this key and media type.
pub async fn hand_in_as(
    provider: &TestProvider,
    (token, key, kind): (&str, &str, &str),
    path: &str,
    table: &[u8],
) -> Page {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", &*bearer), ("idempotency-key", key), ("content-type", kind)];
    let url = provider.url(&format!("/api/v1{path}"));
    Browser::new().post_bytes(&url, &headers, table.to_vec()).await
}

/// An error of the API, as RFC 9457 has it.
pub fn assert_problem(page: &Page, status: u16, kind: &str, what: &str) {
    assert_eq!(page.status, status, "{what}: {}", page.body);
    assert_eq!(page.header("content-type"), "application/problem+json", "{what}");
    let problem = page.json();
    assert_eq!(problem["type"], format!("urn:yihao:problem:{kind}"), "{what}: {}", page.body);
    assert_eq!(problem["status"], status, "{what}");
    let instance = format!("urn:yihao:request:{}", page.header("x-request-id"));
    assert_eq!(problem["instance"], instance, "{what}");
    assert!(page.header("cache-control").contains("no-store"), "{what}");
}
