//! Claims: which we know, how they are asked for by name (OpenID Connect Core §5.5), and their values
//! (§5.1; design D2: the full ID number leaves through UserInfo alone).

use std::collections::BTreeSet;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::domain::account::Account;
use crate::domain::account::Profile;
use crate::domain::authorization::Approval;
use crate::domain::authorization::RequestedClaims;
use crate::domain::client::Client;
use crate::domain::masking;
use crate::domain::scope;
use crate::protocol::error::ErrorCode;
use crate::protocol::error::OAuthError;

/// Every claim discovery names.
pub const SUPPORTED: &[&str] = &[
    "sub",
    "iss",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "sid",
    "at_hash",
    "name",
    "subject_type",
    "identity_assurance",
    "authenticator_assurance",
    "id_number",
    "id_number_masked",
    "phone_number",
    "phone_number_verified",
    "email",
    "email_verified",
    "updated_at",
];

/// Claims about a person, which can be asked for by name and need the person's consent.
const PERSONAL: &[&str] = &[
    "name",
    "id_number",
    "id_number_masked",
    "phone_number",
    "phone_number_verified",
    "email",
    "email_verified",
    "updated_at",
    "subject_type",
    "identity_assurance",
    "authenticator_assurance",
];

/// The `claims` parameter, read.
#[derive(Debug, Default)]
pub struct Request {
    /// Names we know.
    pub names: RequestedClaims,
    /// The `acr` claim of the ID token, if asked.
    pub acr: Option<AcrClaim>,
}

/// How the `acr` claim was asked for.
#[derive(Debug)]
pub struct AcrClaim {
    /// `value` or `values`.
    pub values: Vec<String>,
    /// `essential`.
    pub essential: bool,
}

/// Reads the `claims` parameter; members we do not know are ignored (OpenID Connect Core §5.5.1).
pub fn parse_request(text: Option<&str>) -> Result<Request, OAuthError> {
    let Some(text) = text else { return Ok(Request::default()) };
    let invalid = || ErrorCode::InvalidRequest.because("claims is not a JSON object of claims");
    let object = crate::jose::json::parse_object(text.as_bytes()).map_err(|_| invalid())?;
    let member = |name: &str| match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(claims)) => Ok(Some(claims)),
        Some(_) => Err(invalid()),
    };
    let known = |claims: Option<&Map<String, Value>>| -> Vec<String> {
        let names = PERSONAL.iter().filter(|name| claims.is_some_and(|c| c.contains_key(**name)));
        names.map(|name| (*name).to_owned()).collect()
    };
    let (userinfo, id_token) = (member("userinfo")?, member("id_token")?);
    let acr = id_token.and_then(|claims| claims.get("acr")).map(acr_claim);
    Ok(Request {
        names: RequestedClaims { userinfo: known(userinfo), id_token: known(id_token) },
        acr,
    })
}

fn acr_claim(value: &Value) -> AcrClaim {
    let mut values: Vec<String> = Vec::new();
    values.extend(value.get("value").and_then(Value::as_str).map(str::to_owned));
    let list = value.get("values").and_then(Value::as_array).into_iter().flatten();
    values.extend(list.filter_map(Value::as_str).map(str::to_owned));
    AcrClaim { values, essential: value.get("essential").and_then(Value::as_bool).unwrap_or(false) }
}

/// The personal claims that a scope and names open for this client, before anybody consents.
pub fn opened(
    client: &Client,
    scope: &scope::Scope,
    requested: &RequestedClaims,
) -> BTreeSet<&'static str> {
    let by_scope = scope::CLAIM_SCOPES
        .iter()
        .filter(|entry| scope.contains(entry.name))
        .flat_map(|entry| entry.claims.iter().copied());
    let by_name = requested.names();
    let by_name = PERSONAL.iter().copied().filter(|name| by_name.contains(name));
    let allowed = |name: &&'static str| is_allowed(client, name);
    by_scope.chain(by_name).filter(allowed).collect()
}

/// Whether the client may have this claim at all: by a scope it may ask for, the ID number only with
/// a declared purpose.
fn is_allowed(client: &Client, name: &str) -> bool {
    let scoped = scope::CLAIM_SCOPES
        .iter()
        .find(|entry| entry.claims.contains(&name))
        .is_none_or(|entry| client.scope.contains(entry.name));
    scoped && (name != "id_number" || client.policy.id_number_purpose.is_some())
}

/// The claims UserInfo gives for this approval.
pub fn userinfo(
    client: &Client,
    approval: &Approval,
    account: &Account,
    profile: &Profile,
) -> Map<String, Value> {
    let mut requested = approval.claims.clone();
    requested.id_token.clear();
    values(&opened(client, &approval.scope, &requested), approval, account, profile)
}

/// The personal claims asked for in the ID token by name. Never the full ID number.
pub fn in_id_token(
    client: &Client,
    approval: &Approval,
    account: &Account,
    profile: &Profile,
) -> Map<String, Value> {
    let requested =
        RequestedClaims { userinfo: Vec::new(), id_token: approval.claims.id_token.clone() };
    let mut names = opened(client, &scope::Scope::default(), &requested);
    names.remove("id_number");
    values(&names, approval, account, profile)
}

fn values(
    names: &BTreeSet<&'static str>,
    approval: &Approval,
    account: &Account,
    profile: &Profile,
) -> Map<String, Value> {
    let value = |name: &str| match name {
        "name" => Some(json!(profile.name)),
        "subject_type" => Some(json!("natural_person")),
        "identity_assurance" => Some(json!(account.identity_assurance.level())),
        "authenticator_assurance" => Some(json!(approval.authentication.authenticator_assurance)),
        "id_number" => Some(json!(profile.id_number)),
        "id_number_masked" => Some(json!(masking::identity_number(&profile.id_number))),
        "phone_number" => profile.phone.as_ref().map(|phone| json!(phone)),
        "phone_number_verified" => profile.phone.as_ref().map(|_| json!(true)),
        "email" => profile.email.as_ref().map(|email| json!(email)),
        "email_verified" => profile.email.as_ref().map(|_| json!(false)),
        "updated_at" => Some(json!(account.updated_at.seconds())),
        _ => None,
    };
    names.iter().filter_map(|name| value(name).map(|value| ((*name).to_owned(), value))).collect()
}
