//! `verified_claims` (OpenID Connect for Identity Assurance 1.0): what is known of a person together with what that
//! rests on. Nothing is told that was not asked for, and nothing that does not meet what was asked for; how an
//! element is asked for is read in `query`.

mod query;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::clock::Timestamp;
use crate::domain::account::Account;
use crate::domain::account::Profile;
use crate::domain::assurance::IdentityAssurance;
use crate::domain::authorization::Approval;
use crate::domain::client::Client;
use crate::domain::evidence::Evidence;
use crate::domain::evidence::SeenDocument;
use crate::domain::evidence::Source;
use crate::protocol::claims;
use crate::protocol::error::ErrorCode;
use crate::protocol::error::OAuthError;
use crate::provider::Provider;

/// The claim, and what a person agrees to with it.
pub const CLAIM: &str = "verified_claims";
/// By whose rules we verify: the levels of our own table (§5.4.2).
pub const TRUST_FRAMEWORK: &str = "urn:yihao:trust-framework";
/// What may stand in it; nothing else does (§8).
pub const CLAIMS: [&str; 3] = ["name", "id_number", "id_number_masked"];
/// Longest request for it, in bytes of JSON: it travels in addresses.
const LONGEST: usize = 2048;
/// So many sets with requirements of their own may be asked for at once.
const MOST: usize = 8;

/// Reads the element of the `claims` parameter: one object, or several (§5.5).
pub fn parse_request(element: Option<&Value>) -> Result<Vec<Value>, OAuthError> {
    let invalid = |why: &'static str| ErrorCode::InvalidRequest.because(why);
    let asked = match element {
        None => return Ok(Vec::new()),
        Some(Value::Array(several)) => several.clone(),
        Some(one) => vec![one.clone()],
    };
    let size: usize = asked.iter().map(|one| one.to_string().len()).sum();
    if asked.is_empty() || asked.len() > MOST || size > LONGEST {
        return Err(invalid("verified_claims has no element, or too many"));
    }
    for one in &asked {
        let member = |name| one.get(name).and_then(Value::as_object);
        if member("claims").is_none_or(Map::is_empty) {
            return Err(invalid("verified_claims asks for no claims"));
        }
        let Some(verification) = member("verification").filter(|asked| !asked.is_empty()) else {
            return Err(invalid("verified_claims asks for no verification"));
        };
        if !verification.get("evidence").is_none_or(query::names_types) {
            return Err(invalid("evidence of verified_claims does not say of which type"));
        }
    }
    Ok(asked)
}

/// The claims that were asked for in these elements, by name.
pub fn names(asked: &[Value]) -> impl Iterator<Item = &str> {
    let claims = asked.iter().filter_map(|one| one.get("claims")?.as_object());
    claims.flat_map(|claims| claims.keys().map(String::as_str))
}

/// What is told for these elements; none where none of them can be met.
pub async fn tell(
    provider: &Provider,
    (client, approval): (&Client, &Approval),
    (account, profile): (&Account, &Profile),
    (asked, in_token): (&[Value], bool),
) -> Result<Option<Value>, OAuthError> {
    let agreed = approval.opened.iter().any(|known| known == CLAIM);
    if asked.is_empty() || !agreed || !claims::is_allowed(client, CLAIM) {
        return Ok(None);
    }
    let kept = provider.store.list_evidence(account.id).await?;
    let issuer = provider.config.issuer_text();
    let Some(known) = verification(issuer, account.identity_assurance, &kept) else {
        return Ok(None);
    };
    let value = |name: &str| {
        let told = approval.opened.iter().any(|known| known == name);
        let told = told && claims::is_allowed(client, name) && CLAIMS.contains(&name);
        match name {
            _ if !told => None,
            "name" => Some(json!(profile.name)),
            // The full number is in no token (design D2).
            "id_number" if !in_token => Some(json!(profile.id_number)),
            "id_number_masked" => Some(json!(profile.key().masked())),
            _ => None,
        }
    };
    let now = provider.clock.now();
    let mut told: Vec<Value> =
        asked.iter().filter_map(|one| answer(one, &known, &value, now)).collect();
    Ok(match told.len() {
        0 => None,
        1 => told.pop(),
        _ => Some(Value::Array(told)),
    })
}

/// Whether the full ID number stands in it.
pub fn has_number(told: &Value) -> bool {
    let has = |one: &Value| one.pointer("/claims/id_number").is_some();
    has(told) || told.as_array().is_some_and(|several| several.iter().any(has))
}

/// One element's answer: the whole of it, or nothing (§5.7.4, §5.7.5).
fn answer(
    asked: &Value,
    known: &Value,
    value: &impl Fn(&str) -> Option<Value>,
    now: Timestamp,
) -> Option<Value> {
    let mut verification = query::answer(asked.get("verification")?, known, now)?;
    // It is no answer without the rules it was made by.
    verification["trust_framework"] = json!(TRUST_FRAMEWORK);
    let claims: Map<String, Value> = asked
        .get("claims")?
        .as_object()?
        .iter()
        .filter_map(|(name, wanted)| {
            Some((name.clone(), query::answer(wanted, &value(name)?, now)?))
        })
        .collect();
    (!claims.is_empty()).then(|| json!({ "verification": verification, "claims": claims }))
}

/// Everything that could be told of how a person was verified; none where nobody was.
fn verification(issuer: &str, level: IdentityAssurance, kept: &[Evidence]) -> Option<Value> {
    if level < IdentityAssurance::REGISTER_MATCH {
        return None;
    }
    // The newest of each source. A denial is nothing a portal learns of, nor what an account has fallen below.
    let counts = |one: &&Evidence| one.earns().is_some_and(|earned| earned <= level);
    let confirmed = kept.iter().filter(counts);
    let newest: Vec<&Evidence> = Source::ALL
        .iter()
        .filter_map(|source| confirmed.clone().find(|one| one.source == *source))
        .collect();
    let decisive = newest.iter().find(|one| one.earns() == Some(level)).or(newest.last());
    let evidence: Vec<Value> = newest.iter().map(|one| describe(issuer, one)).collect();
    let mut told = json!({
        "trust_framework": TRUST_FRAMEWORK,
        "assurance_level": level.level().to_string(),
    });
    if let Some(decisive) = decisive {
        told["time"] = json!(decisive.at.to_rfc3339());
        told["verification_process"] = json!(decisive.id);
        told["evidence"] = json!(evidence);
    }
    Some(told)
}

/// A verification in the words of the OpenID Identity Assurance Schema Definition 1.0.
fn describe(issuer: &str, evidence: &Evidence) -> Value {
    let time = evidence.at.to_rfc3339();
    let checks: Vec<Value> = methods(evidence.source)
        .iter()
        .map(|method| {
            json!({
                "check_method": method, "organization": issuer, "txn": evidence.id, "time": time,
            })
        })
        .collect();
    match evidence.at_counter {
        Some(seen) => json!({
            "type": "document", "time": time, "check_details": checks,
            "document_details": {
                "type": document(seen.document), "issuer": { "country_code": "CHN" },
            },
        }),
        None => json!({
            "type": "electronic_record", "time": time, "check_details": checks,
            "record": { "type": record(evidence.source) },
        }),
    }
}

fn methods(source: Source) -> &'static [&'static str] {
    match source {
        Source::PopulationRegister | Source::BankCard => &["data"],
        Source::Face => &["bvr"],
        Source::NetworkCertificate => &["vcrypt"],
        Source::Counter => &["vpip", "pvp"],
    }
}

fn record(source: Source) -> &'static str {
    match source {
        Source::PopulationRegister => "population_register",
        Source::BankCard => "bank_account",
        Source::Face => "urn:yihao:record:portrait",
        Source::NetworkCertificate => "urn:yihao:record:network_certificate",
        Source::Counter => "urn:yihao:record:counter",
    }
}

fn document(document: SeenDocument) -> &'static str {
    match document {
        SeenDocument::IdCard => "idcard",
        SeenDocument::TemporaryIdCard => "urn:yihao:document:temporary_id_card",
        SeenDocument::SocialSecurityCard => "urn:yihao:document:social_security_card",
        SeenDocument::ResidencePermit => "residence_permit",
        SeenDocument::TravelPermit => "urn:yihao:document:travel_permit",
        SeenDocument::Passport => "passport",
    }
}

/// What discovery says of all this (§8).
pub fn metadata() -> Map<String, Value> {
    let documents: Vec<_> = SeenDocument::ALL.iter().map(|one| document(*one)).collect();
    let records = Source::ALL.iter().filter(|source| **source != Source::Counter);
    let records: Vec<_> = records.map(|source| record(*source)).collect();
    let members = json!({
        "verified_claims_supported": true,
        "trust_frameworks_supported": [TRUST_FRAMEWORK],
        "claims_in_verified_claims_supported": CLAIMS,
        "evidence_supported": ["document", "electronic_record"],
        "documents_supported": documents,
        "documents_check_methods_supported": methods(Source::Counter),
        "electronic_records_supported": records,
    });
    members.as_object().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests;
