//! Every operation of the Admin API, every caller and every role (security.md A-35, A-67): a table that says who may,
//! and a server that has to agree. An operation without a row fails the first test.

use std::collections::BTreeSet;

use serde_json::Value;
use serde_json::json;
use yihao::domain::api_scope::ApiScope;
use yihao::domain::operator::Role;

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::console::Operator;
use crate::support::console::decide;
use crate::support::console::officers;
use crate::support::console::send;
use crate::support::login::log_in;
use crate::support::machine;
use crate::support::machine::ELSEWHERE;
use crate::support::machine::Machine;
use crate::support::machine::assert_problem;
use crate::support::machine::audience;
use crate::support::machine::connect;

const SYSTEM: Role = Role::SystemOfficer;
const SECURITY: Role = Role::SecurityOfficer;
const AUDIT: Role = Role::AuditOfficer;
const REGION: Role = Role::RegionAdministrator;
const COUNTER: Role = Role::CounterStaff;
const ALL: &[Role] = &Role::ALL;
const PEOPLE: &[Role] = &[SECURITY, REGION, COUNTER];
const CHANGE: &[Role] = &[SECURITY, REGION];

/// What takes a table instead of JSON.
const HAND_IN: &str = "/codes/batches";

/// Method, path, scope, body, and who may.
type Row = (&'static str, &'static str, ApiScope, &'static str, &'static [Role]);

/// Counted, since other records may come between: a portal is told that somebody logged out.
const REFUSALS: &str = "SELECT COUNT(*) FROM audit WHERE kind = 'operator_refused'
    AND outcome = 'refused' AND reason = 'the role does not allow it'";
const WHY: &str = r#"{"reason":"例行检查"}"#;
const NOTE: &str = r#"{"note":"例行检查"}"#;
const NEW: &str = r#"{"name":"王工","role":"counter_staff","region":"110100","reason":"新到岗"}"#;
const BY_NAME: &str = "/people/search-by-name";
const OF_NUMBER: &str = "/audit/search-account";
const MERGE: &str = r#"{"identifier":"11010519491231002X","reason":"同一人"}"#;
const SPLIT: &str = r#"{"absorbed":"019363d2-7a10-7cc2-9d5b-0f3f0f8f4a11","reason":"并错了"}"#;
const END_ONE: &str = r#"{"mandate":"019363d2-7a10-7cc2-9d5b-0f3f0f8f4a11","reason":"例行检查"}"#;
const CORRECT: &str = r#"{"name":"测试","id_number":"11010519491231002X","reason":"登记有误"}"#;
const CONFIRM: &str = r#"{"kind":"confirm","reason":"来函核对"}"#;
const ACCEPT: &str = r#"{"kind":"accept","reason":"来函核对"}"#;
const UNIT: &str = "/organisations/search";
const END_ALL: &str = r#"{"kind":"end_organisation","reason":"来函核对"}"#;
const RETRY: &str = "/system/deliveries/{id}/retry";

const ROWS: &[Row] = {
    use ApiScope::*;
    &[
        ("post", "/people/search", PeopleRead, r#"{"identifier":"11010519491231002X"}"#, PEOPLE),
        ("post", BY_NAME, PeopleRead, r#"{"name":"测试"}"#, PEOPLE),
        ("get", "/people/{id}", PeopleRead, "", PEOPLE),
        ("get", "/people/{id}/notes", PeopleRead, "", PEOPLE),
        ("post", "/people/{id}/notes", PeopleWrite, r#"{"text":"来电咨询"}"#, PEOPLE),
        ("post", "/people/{id}/lock", PeopleWrite, WHY, CHANGE),
        ("post", "/people/{id}/unlock", PeopleWrite, WHY, CHANGE),
        ("post", "/people/{id}/end-sessions", PeopleWrite, WHY, CHANGE),
        ("get", "/people/{id}/mandates", PeopleRead, "", PEOPLE),
        ("get", "/people/{id}/mandates-held", PeopleRead, "", PEOPLE),
        ("post", "/people/{id}/end-mandate", PeopleWrite, END_ONE, CHANGE),
        ("post", "/people/{id}/acts", PeopleWrite, r#"{"kind":"unmask","reason":"来函"}"#, PEOPLE),
        ("get", "/identities/doubts", PeopleRead, "", PEOPLE),
        ("post", "/people/{id}/dismiss-doubt", PeopleWrite, WHY, PEOPLE),
        ("post", "/people/{id}/merge", PeopleWrite, MERGE, PEOPLE),
        ("post", "/people/{id}/split", PeopleWrite, SPLIT, PEOPLE),
        ("post", "/people/{id}/correct", PeopleWrite, CORRECT, PEOPLE),
        ("get", "/acts", ActsRead, "", ALL),
        ("get", "/acts/{id}", ActsRead, "", ALL),
        ("post", "/acts/{id}/withdraw", ActsWrite, "", ALL),
        ("get", "/operators", OperatorsRead, "", &[SYSTEM, SECURITY, AUDIT, REGION]),
        ("post", "/operators/{id}/disable", OperatorsWrite, WHY, &[SYSTEM, SECURITY, REGION]),
        ("get", "/invitations", OperatorsRead, "", &[SYSTEM, SECURITY, AUDIT, REGION]),
        ("post", "/invitations", OperatorsWrite, NEW, &[SYSTEM, SECURITY, REGION]),
        ("get", "/clients", ClientsRead, "", &[SYSTEM]),
        ("get", "/clients/{id}", ClientsRead, "", &[SYSTEM]),
        ("post", "/clients/{id}/disable", ClientsWrite, WHY, &[SYSTEM]),
        ("post", "/clients/{id}/enable", ClientsWrite, WHY, &[SYSTEM]),
        ("get", "/applications", ApplicationsRead, "", &[SYSTEM, SECURITY]),
        ("get", "/applications/{id}", ApplicationsRead, "", &[SYSTEM, SECURITY]),
        ("get", "/applications/{id}/contact", ContactsRead, "", &[SYSTEM, SECURITY]),
        ("post", "/applications/{id}/approve", ApplicationsWrite, WHY, &[SYSTEM]),
        ("post", "/applications/{id}/return", ApplicationsWrite, WHY, &[SYSTEM]),
        ("post", "/applications/{id}/refuse", ApplicationsWrite, WHY, &[SYSTEM]),
        ("post", "/applications/{id}/renew", ApplicationsWrite, WHY, &[SYSTEM]),
        (
            "post",
            "/applications/{id}/acts",
            ApplicationsWrite,
            r#"{"kind":"retire","reason":"停用"}"#,
            &[SYSTEM],
        ),
        ("get", "/audit/records", AuditRead, "", &[AUDIT]),
        ("get", "/audit/export", AuditRead, "", &[AUDIT]),
        ("post", OF_NUMBER, AuditRead, r#"{"identifier":"11010519491231002X"}"#, &[AUDIT]),
        ("get", "/audit/chain", AuditRead, "", &[AUDIT]),
        ("get", "/alerts", AlertsRead, "", &[SECURITY, AUDIT]),
        ("get", "/alerts/{id}", AlertsRead, "", &[SECURITY, AUDIT]),
        ("post", "/alerts/{id}/acknowledge", AlertsWrite, NOTE, &[SECURITY]),
        ("post", "/alerts/{id}/close", AlertsWrite, NOTE, &[SECURITY]),
        ("get", "/codes/batches", CodesRead, "", &[SYSTEM, SECURITY]),
        ("post", HAND_IN, CodesWrite, "kind,value,uscc,name\n", &[SYSTEM, SECURITY]),
        ("get", "/codes/batches/{id}", CodesRead, "", &[SYSTEM, SECURITY]),
        ("post", "/codes/batches/{id}/acts", CodesWrite, CONFIRM, &[SYSTEM, SECURITY]),
        ("get", "/codes/figures", CodesRead, "", &[SYSTEM, SECURITY]),
        ("get", "/codes/disputes", CodesRead, "", &[SYSTEM, SECURITY]),
        ("post", "/codes/disputes/{id}/acts", CodesWrite, ACCEPT, &[SYSTEM, SECURITY]),
        ("post", UNIT, OrganisationsRead, r#"{"code":"91140000701011888X"}"#, PEOPLE),
        ("get", "/organisations/{id}", OrganisationsRead, "", PEOPLE),
        ("get", "/organisations/{id}/mandates", OrganisationsRead, "", PEOPLE),
        ("post", "/organisations/{id}/suspend", OrganisationsWrite, WHY, CHANGE),
        ("post", "/organisations/{id}/acts", OrganisationsWrite, END_ALL, CHANGE),
        ("get", "/mandates/{id}", OrganisationsRead, "", PEOPLE),
        ("post", "/mandates/{id}/end", OrganisationsWrite, WHY, CHANGE),
        ("get", "/system", SystemRead, "", &[SYSTEM, SECURITY]),
        ("get", "/system/deliveries", SystemRead, "", &[SYSTEM, SECURITY]),
        ("post", RETRY, SystemWrite, "", &[SYSTEM]),
        ("post", "/system/keys/rotate", KeysWrite, WHY, &[SYSTEM]),
        ("get", "/statistics/{id}", StatisticsRead, "", &[SYSTEM, SECURITY, AUDIT, REGION]),
    ]
};

on_both!(
    /// The document names every operation of the table with its scope, the table every one of the document, and the
    /// server answers each.
    document_table_and_router_agree,
    |provider| {
        let page = Browser::new().get(&provider.url("/api/v1/openapi.json")).await;
        assert_eq!(page.header("content-type"), "application/json");
        let document = page.json();
        assert_eq!(document["openapi"], "3.1.0");
        assert_eq!(document["servers"][0]["url"], audience(&provider));
        let mut described = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let security = &operation["security"][0]["oauth2"];
                described.insert((method.clone(), path.clone(), security[0].as_str().unwrap().to_owned()));
                let keyed = operation["parameters"].to_string().contains("Idempotency-Key");
                let looks = path.contains("/search");
                assert_eq!(keyed, method == "post" && !looks, "{method} {path}");
                assert!(operation["operationId"].as_str().is_some_and(|name| !name.is_empty()));
            }
        }
        let rows = ROWS.iter().map(|(method, path, scope, ..)| {
            ((*method).to_owned(), (*path).to_owned(), scope.as_str().to_owned())
        });
        assert_eq!(described, rows.collect::<BTreeSet<_>>());
        for (method, path, ..) in ROWS {
            let other = if *method == "get" { "post" } else { "get" };
            let twin = ROWS.iter().any(|row| row.0 == other && row.1 == *path);
            let url = provider.url(&format!("/api/v1{}", path.replace("{id}", "x")));
            let page = match *method {
                "get" => Browser::new().get(&url).await,
                _ => Browser::new().post(&url, &[]).await,
            };
            assert_problem(&page, 401, "no-token", path);
            if !twin {
                let page = match other {
                    "get" => Browser::new().get(&url).await,
                    _ => Browser::new().post(&url, &[]).await,
                };
                assert_problem(&page, 405, "method-not-allowed", path);
                assert!(!page.header("allow").is_empty(), "{path}");
            }
        }
    }
);

/// What the routes stand on: people at work, and a machine of every role.
struct Staff {
    officers: [Operator; 3],
    machines: Vec<Machine>,
}

async fn staff(provider: &TestProvider) -> Staff {
    let officers = officers(provider).await;
    let both = [&officers[0], &officers[1]];
    let machines = vec![
        connect(provider, both, (AUDIT, ""), "robot-audit").await,
        connect(provider, both, (COUNTER, "110105"), "robot-counter").await,
        connect(provider, both, (REGION, "110100"), "robot-region").await,
        connect(provider, both, (SECURITY, ""), "robot-security").await,
        connect(provider, both, (SYSTEM, ""), "robot-system").await,
    ];
    Staff { officers, machines }
}

async fn ask(provider: &TestProvider, row: &Row, path: &str, token: &str) -> Page {
    let (method, pattern, _, body, _) = row;
    if *method == "get" {
        return machine::get(provider, token, path).await;
    }
    if *pattern == HAND_IN {
        let said = format!("{path}?kind=legacy_codes&authority=ab&evidence=ab&dry_run=true");
        return machine::hand_in(provider, token, &said, body.as_bytes()).await;
    }
    let body = if body.is_empty() { Value::Null } else { body.parse().unwrap() };
    machine::post(provider, token, path, &body).await
}

/// A path with a row that is there, or for rows that are not with a key nobody has.
async fn concrete(provider: &TestProvider, row: &Row, person: &Person) -> String {
    let id = match row.1.split('/').nth(1) {
        Some("people") => provider.account(person).await.id.to_string(),
        Some("clients") => "web1".to_owned(),
        // By city, so that the staff of a region see theirs.
        Some("statistics") => "regions".to_owned(),
        _ => uuid::Uuid::now_v7().to_string(),
    };
    row.1.replace("{id}", &id)
}

fn resident() -> Person {
    Person { id_number: "11010519491231002X".to_owned(), ..Person::synthetic(8401) }
}

on_both!(
    /// A-35, A-67: a token of the right client, audience, scope and role is answered; every other caller gets 401 or
    /// 403, and none an error of ours.
    every_operation_is_open_to_its_roles_alone,
    |provider| {
        let person = resident();
        provider.add_person(&person).await;
        let staff = staff(&provider).await;
        let citizen = Browser::new();
        log_in(&provider, &citizen, &person).await;
        let nobodies = nobodies(&provider, &staff, &person).await;
        for row in ROWS {
            let path = concrete(&provider, row, &person).await;
            let with_cookie = match row.0 {
                "get" => citizen.get(&provider.url(&format!("/api/v1{path}"))).await,
                _ => citizen.post(&provider.url(&format!("/api/v1{path}")), &[]).await,
            };
            assert_problem(&with_cookie, 401, "no-token", &path);
            for (what, token) in &nobodies {
                let page = ask(&provider, row, &path, token).await;
                assert_problem(&page, 401, "invalid-token", &format!("{what} at {path}"));
                assert!(page.header("www-authenticate").contains("invalid_token"), "{what}");
            }
            let others: Vec<&str> = ApiScope::ALL
                .iter()
                .filter(|scope| **scope != row.2)
                .map(|scope| scope.as_str())
                .collect();
            // Those who may not come first: what the others do may use the row up.
            let (may, may_not): (Vec<_>, Vec<_>) =
                staff.machines.iter().partition(|machine| row.4.contains(&machine.role));
            for machine in may_not {
                let token = machine.token(&provider).await;
                let before = provider.count(REFUSALS).await;
                let page = ask(&provider, row, &path, &token).await;
                assert_problem(&page, 403, "forbidden", &format!("{:?} at {path}", machine.role));
                let recorded = provider.count(REFUSALS).await - before;
                assert_eq!(recorded, 1, "{:?} at {path}", machine.role);
            }
            for machine in may {
                let what = format!("{:?} at {} {path}", machine.role, row.0);
                let less = machine.token_for(&provider, &others.join(" "), &audience(&provider)).await;
                let page = ask(&provider, row, &path, &less).await;
                assert_problem(&page, 403, "insufficient-scope", &what);
                let needed = format!("scope=\"{}\"", row.2.as_str());
                assert!(page.header("www-authenticate").contains(&needed), "{what}");
                let own = machine.token_for(&provider, row.2.as_str(), &audience(&provider)).await;
                let page = ask(&provider, row, &path, &own).await;
                let is_here = path.starts_with("/people") && !path.ends_with("/end-mandate");
                let missing = page.status == 404 && !is_here && !path.starts_with("/clients");
                // Understood, and found to lead nowhere with these rows.
                let judged = ["nobody-here", "not-confirmed", "not-valid"]
                    .iter()
                    .any(|problem| page.status == 422 && page.body.contains(problem));
                let answered = matches!(page.status, 200 | 202 | 204 | 409) || missing || judged;
                assert!(answered, "{what}: {} {}", page.status, page.body);
            }
        }
    }
);

/// Tokens that open nothing here, each with what it is.
async fn nobodies(
    provider: &TestProvider,
    staff: &Staff,
    person: &Person,
) -> Vec<(&'static str, String)> {
    let robot = &staff.machines[3];
    let elsewhere = robot.token_for(provider, "people:read", ELSEWHERE).await;
    let web1 = RelyingParty::new(provider, "web1");
    let landing = web1.log_in(&Browser::new(), person, &[]).await;
    let citizen = web1.redeem(landing.code()).await.json()["access_token"].clone();
    // A person's token for this very audience, at the client of a machine.
    let asker = RelyingParty::of(provider, robot.client_id, "http://localhost:9449/cb");
    let resource = audience(provider);
    let wish = [("resource", &*resource), ("scope", "openid people:read")];
    let landing = asker.log_in(&Browser::new(), person, &wish).await;
    let page = asker.redeem_with(landing.code(), &[("resource", &resource)]).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let officers_name = page.json()["access_token"].clone();
    let revoked = robot.token(provider).await;
    let answer = asker.call("/oauth2/revoke", &[("token", &revoked)]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    vec![
        ("another audience", elsewhere),
        ("a citizen", citizen.as_str().unwrap().to_owned()),
        ("a citizen for this audience", officers_name.as_str().unwrap().to_owned()),
        ("a revoked token", revoked),
        ("nonsense", "x".repeat(9_000)),
    ]
}

on_both!(
    /// A-67: what was good a moment ago is worth nothing once its time is over, its client off, its operator gone.
    a_token_ends_with_its_time_its_client_and_its_operator,
    |provider| {
        let staff = staff(&provider).await;
        let robot = &staff.machines[3];
        let token = robot.token(&provider).await;
        assert_eq!(machine::get(&provider, &token, "/system").await.status, 200);

        provider.clock.advance(601_000);
        assert_problem(&machine::get(&provider, &token, "/system").await, 401, "invalid-token", "old");

        let token = robot.token(&provider).await;
        let off = "/console/clients/robot-security/switch";
        let log_in = crate::support::console::log_in(&provider, &staff.officers[0]).await;
        assert_eq!(log_in.status, 303);
        let switched = send(&provider, &staff.officers[0], off, &[("reason", "停用接口")]).await;
        assert_eq!(switched.status, 303, "{}", switched.body);
        assert_problem(&machine::get(&provider, &token, "/system").await, 401, "invalid-token", "off");

        let system = staff.machines.iter().find(|machine| machine.role == SYSTEM).unwrap();
        let token = system.token(&provider).await;
        assert_eq!(machine::get(&provider, &token, "/clients").await.status, 200);
        let id = "SELECT id FROM operator WHERE client_id = 'robot-system'";
        let id: uuid::Uuid = provider.value(id).await;
        let log_in = crate::support::console::log_in(&provider, &staff.officers[1]).await;
        assert_eq!(log_in.status, 303);
        let gone = format!("/console/operators/{id}/disable");
        let asked = send(&provider, &staff.officers[0], &gone, &[("reason", "停用接口")]).await;
        assert_eq!(asked.status, 303, "{}", asked.body);
        let decided = decide(&provider, &staff.officers[1], "approve").await;
        assert_eq!(decided.status, 303, "{}", decided.body);
        let page = machine::get(&provider, &token, "/clients").await;
        assert_problem(&page, 403, "no-operator", "gone");
        let record = "token_refused refused access_denied";
        assert_eq!(provider.audit(1).await, [record]);
        assert_eq!(json!(page.json()["status"]), json!(403));
    }
);
