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
use crate::domain::scope;
use crate::protocol::error::ErrorCode;
use crate::protocol::error::OAuthError;
use crate::protocol::verified_claims;

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
    "id_type",
    "id_country",
    "phone_number",
    "phone_number_verified",
    "email",
    "email_verified",
    "updated_at",
    "act",
    "org",
    "represented",
    verified_claims::CLAIM,
];

/// Claims about a person, which can be asked for by name and need the person's consent.
const PERSONAL: &[&str] = &[
    "name",
    "id_number",
    "id_number_masked",
    "id_type",
    "id_country",
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
    let verified = |claims: Option<&Map<String, Value>>| {
        verified_claims::parse_request(claims.and_then(|claims| claims.get(verified_claims::CLAIM)))
    };
    let names = RequestedClaims {
        userinfo: known(userinfo),
        id_token: known(id_token),
        verified_userinfo: verified(userinfo)?,
        verified_id_token: verified(id_token)?,
    };
    Ok(Request { names, acr })
}

fn acr_claim(value: &Value) -> AcrClaim {
    let mut values: Vec<String> = Vec::new();
    values.extend(value.get("value").and_then(Value::as_str).map(str::to_owned));
    let list = value.get("values").and_then(Value::as_array).into_iter().flatten();
    values.extend(list.filter_map(Value::as_str).map(str::to_owned));
    AcrClaim { values, essential: value.get("essential").and_then(Value::as_bool).unwrap_or(false) }
}

/// Everything personal that a request opens for this client, before anybody consents: by scope, by name, and
/// within `verified_claims`, which is agreed to like a claim of its own.
pub fn opened(
    client: &Client,
    scope: &scope::Scope,
    requested: &RequestedClaims,
) -> BTreeSet<&'static str> {
    let mut names = plain(client, scope, requested);
    let asked = [&requested.verified_userinfo, &requested.verified_id_token];
    let asked = asked.into_iter().flat_map(|asked| verified_claims::names(asked));
    let inner = verified_claims::CLAIMS.into_iter().filter(|name| is_allowed(client, name));
    let asked: BTreeSet<&str> = asked.collect();
    let inner: BTreeSet<_> = inner.filter(|name| asked.contains(name)).collect();
    if !inner.is_empty() && is_allowed(client, verified_claims::CLAIM) {
        names.extend(inner);
        names.insert(verified_claims::CLAIM);
    }
    names
}

/// The personal claims that a scope and names open for this client by themselves.
fn plain(
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

/// Whether the client may have this claim at all: by a scope it may ask for, the ID number and what goes with it only
/// with a declared purpose.
pub(super) fn is_allowed(client: &Client, name: &str) -> bool {
    // How somebody was verified belongs to who somebody is.
    if name == verified_claims::CLAIM {
        return client.scope.contains("profile");
    }
    let scoped = scope::CLAIM_SCOPES
        .iter()
        .find(|entry| entry.claims.contains(&name))
        .is_none_or(|entry| client.scope.contains(entry.name));
    let of_number = matches!(name, "id_number" | "id_type" | "id_country");
    scoped && (!of_number || client.policy.id_number_purpose.is_some())
}

/// The claims UserInfo gives for this approval: open to the client now, and when it was given.
pub fn userinfo(
    client: &Client,
    approval: &Approval,
    account: &Account,
    profile: &Profile,
) -> Map<String, Value> {
    let mut requested = approval.claims.clone();
    requested.id_token.clear();
    values(&plain(client, &approval.scope, &requested), approval, account, profile)
}

/// The personal claims asked for in the ID token by name. Never the full ID number.
pub fn in_id_token(
    client: &Client,
    approval: &Approval,
    account: &Account,
    profile: &Profile,
) -> Map<String, Value> {
    let requested = RequestedClaims {
        id_token: approval.claims.id_token.clone(),
        ..RequestedClaims::default()
    };
    let mut names = plain(client, &scope::Scope::default(), &requested);
    names.remove("id_number");
    values(&names, approval, account, profile)
}

fn values(
    names: &BTreeSet<&'static str>,
    approval: &Approval,
    account: &Account,
    profile: &Profile,
) -> Map<String, Value> {
    let key = profile.key();
    let value = |name: &str| match name {
        "name" => Some(json!(profile.name)),
        "subject_type" => Some(json!("natural_person")),
        "identity_assurance" => Some(json!(account.identity_assurance.level())),
        "authenticator_assurance" => Some(json!(approval.authentication.authenticator_assurance)),
        "id_number" => Some(json!(key.number)),
        "id_type" => Some(json!(key.document_type.code())),
        "id_country" => Some(json!(key.country)),
        "id_number_masked" => Some(json!(key.masked())),
        "phone_number" => profile.phone.as_ref().map(|phone| json!(phone)),
        "phone_number_verified" => profile.phone.as_ref().map(|_| json!(true)),
        "email" => profile.email.as_ref().map(|email| json!(email)),
        "email_verified" => profile.email.as_ref().map(|_| json!(false)),
        "updated_at" => Some(json!(account.updated_at.seconds())),
        _ => None,
    };
    let agreed = |name: &&&'static str| approval.opened.iter().any(|known| known == **name);
    let given = names.iter().filter(agreed);
    given.filter_map(|name| value(name).map(|value| ((*name).to_owned(), value))).collect()
}
