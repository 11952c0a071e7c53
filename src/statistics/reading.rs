//! From an audit record to what it counts for. Labels are few by their nature: methods, kinds, cities, clients
//! that are registered; nothing of a request becomes one.

use crate::clock::Timestamp;
use crate::domain::assurance::Method;
use crate::domain::audit_event::AuditKind;
use crate::domain::audit_event::Outcome;
use crate::domain::division;
use crate::domain::tally::Measure;
use crate::domain::tally::Tallies;
use crate::store::sql::TalliedAudit;

/// The label of what has no city or method, such as records of an older version.
const NONE: &str = "none";

/// Counts a record; one of a kind only a newer version knows counts for nothing.
pub fn count(record: &TalliedAudit, tallies: &mut Tallies) {
    let (Some(kind), Some(outcome)) =
        (AuditKind::parse(&record.kind), Outcome::parse(&record.outcome))
    else {
        return;
    };
    let at = Timestamp(record.at);
    if outcome == Outcome::Refused {
        tallies.add((Measure::Failures, kind.as_str()), at, 1);
    }
    match (kind, outcome) {
        (AuditKind::Login | AuditKind::StepUp, _) => {
            let details = details(record);
            let method =
                text(&details, "method").and_then(Method::parse).map_or(NONE, Method::as_str);
            let label = format!("{method}.{}", outcome.as_str());
            tallies.add((Measure::Logins, &label), at, 1);
            if (kind, outcome) == (AuditKind::Login, Outcome::Done) {
                tallies.add((Measure::Regions, city(&details)), at, 1);
            }
        }
        (AuditKind::SignUp, Outcome::Done) => {
            tallies.add((Measure::Accounts, city(&details(record))), at, 1);
        }
        (AuditKind::CodeIssued, Outcome::Done) => {
            let client = record.client_id.as_deref().unwrap_or(NONE);
            tallies.add((Measure::Portals, client), at, 1);
        }
        _ => {}
    }
}

fn details(record: &TalliedAudit) -> serde_json::Value {
    serde_json::from_str(&record.details).unwrap_or_default()
}

fn text<'a>(details: &'a serde_json::Value, name: &str) -> Option<&'a str> {
    details.get(name)?.as_str()
}

fn city(details: &serde_json::Value) -> &str {
    text(details, "city").filter(|city| division::is_city(city)).unwrap_or(NONE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tally::Span;

    fn record(kind: AuditKind, outcome: Outcome, details: &str) -> TalliedAudit {
        TalliedAudit {
            sequence: 1,
            at: 1_795_514_400_000,
            kind: kind.as_str().to_owned(),
            outcome: outcome.as_str().to_owned(),
            client_id: Some("web1".to_owned()),
            details: details.to_owned(),
        }
    }

    fn labels(record: &TalliedAudit) -> Vec<String> {
        let mut tallies = Tallies::default();
        count(record, &mut tallies);
        let hours = tallies.iter().filter(|(key, _)| key.1 == Span::Hour);
        hours.map(|(key, count)| format!("{} {} {count}", key.0.as_str(), key.3)).collect()
    }

    #[test]
    fn a_login_counts_by_method_and_by_city() {
        let details = r#"{"city":"1401","method":"sms"}"#;
        let done = record(AuditKind::Login, Outcome::Done, details);
        assert_eq!(labels(&done), ["logins sms.done 1", "regions 1401 1"]);
        let second = record(AuditKind::StepUp, Outcome::Done, r#"{"method":"totp"}"#);
        assert_eq!(labels(&second), ["logins totp.done 1"]);
        let refused = record(AuditKind::Login, Outcome::Refused, r#"{"method":"password"}"#);
        assert_eq!(labels(&refused), ["logins password.refused 1", "failures login 1"]);
    }

    #[test]
    fn what_is_no_city_and_no_method_makes_no_label() {
        for details in ["", "{}", r#"{"city":"140105","method":"x"}"#, r#"{"city":14,"method":1}"#]
        {
            let done = record(AuditKind::Login, Outcome::Done, details);
            assert_eq!(labels(&done), ["logins none.done 1", "regions none 1"], "{details}");
        }
    }

    #[test]
    fn accounts_portals_and_refusals_count() {
        let sign_up = record(AuditKind::SignUp, Outcome::Done, r#"{"city":"1401"}"#);
        assert_eq!(labels(&sign_up), ["accounts 1401 1"]);
        let code = record(AuditKind::CodeIssued, Outcome::Done, "{}");
        assert_eq!(labels(&code), ["portals web1 1"]);
        let refused = record(AuditKind::SignUp, Outcome::Refused, "{}");
        assert_eq!(labels(&refused), ["failures sign_up 1"]);
        assert_eq!(labels(&record(AuditKind::Logout, Outcome::Done, "{}")), Vec::<String>::new());
        let newer = TalliedAudit { kind: "flew".to_owned(), ..refused };
        assert_eq!(labels(&newer), Vec::<String>::new());
    }
}
