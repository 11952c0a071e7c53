//! Records of the audit chain as they are taken along: a row of plain cells each. What is personal stays sealed
//! in the chain, and the words of operators, which may name somebody, stay there as well.

use crate::console::Actor;
use crate::console::audit_search;
use crate::console::audit_search::Export;

/// The columns, in their order.
pub const COLUMNS: [&str; 13] = [
    "sequence",
    "at",
    "kind",
    "outcome",
    "reason",
    "account",
    "client_id",
    "operator",
    "request_id",
    "details",
    "intact",
    "mac",
    "link",
];

/// Every record with the columns' values.
pub fn rows(actor: Actor<'_>, export: &Export) -> Vec<[String; COLUMNS.len()]> {
    let row = |sealed: &crate::store::sql::SealedAudit| {
        let record = &sealed.record;
        let seal = sealed.seal.as_ref();
        [
            seal.map(|seal| seal.0.to_string()).unwrap_or_default(),
            record.at.to_rfc3339(),
            record.kind.clone(),
            record.outcome.clone(),
            record.reason.clone(),
            record.account_id.map(|id| id.to_string()).unwrap_or_default(),
            record.client_id.as_ref().map(ToString::to_string).unwrap_or_default(),
            audit_search::operator_of(sealed).map(|id| id.to_string()).unwrap_or_default(),
            record.request_id.clone(),
            details(&record.details),
            if audit_search::is_intact(actor, sealed) { "yes" } else { "no" }.to_owned(),
            hex::encode(&record.mac),
            seal.map(|seal| hex::encode(&seal.1)).unwrap_or_default(),
        ]
    };
    export.records.iter().map(row).collect()
}

/// The further facts, without what an operator wrote.
fn details(text: &str) -> String {
    let mut details: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    if let Some(facts) = details.as_object_mut() {
        facts.remove("why");
    }
    details.to_string()
}

#[cfg(test)]
mod tests {
    use super::details;

    #[test]
    fn what_an_operator_wrote_stays_here() {
        assert_eq!(details(r#"{"act":"1","why":"c2VhbGVk"}"#), r#"{"act":"1"}"#);
        assert_eq!(details("{}"), "{}");
        assert_eq!(details("no JSON"), "null");
    }
}
