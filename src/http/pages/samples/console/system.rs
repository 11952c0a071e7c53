//! How the system is: a context for each state of its page.

use serde_json::Value;
use serde_json::json;

use super::Sample;
use super::security_officer;

/// Every state worth seeing.
pub fn all() -> Vec<Sample> {
    let key = |algorithm: &str, state: &str, until: Value| {
        json!({
            "kid": "k2b7", "algorithm": algorithm, "state": state,
            "created_at": "2026-09-01 02:00", "expires_at": until,
        })
    };
    let delivery = |given_up: bool| {
        json!({
            "id": "d1", "client": "yunzhou-portal", "attempts": 7, "since": "2026-11-24 08:02",
            "due_at": "2026-11-24 09:33", "given_up": given_up, "problem": "status 502",
        })
    };
    let keys = json!([
        key("ES256", "current", Value::Null),
        key("ES256", "next", Value::Null),
        key("SM2", "retired", json!("2026-12-01 02:00")),
    ]);
    vec![
        (
            "console-password",
            "console/password.html",
            json!({"officer": security_officer(), "error": "console-password-rejected"}),
        ),
        (
            "console-system",
            "console/system.html",
            json!({
                "officer": security_officer(), "ready": true, "population": "share.example.gov.cn",
                "sms": "sms.example.gov.cn", "keys": keys, "next": "n1", "error": null,
                "deliveries": [delivery(false), delivery(true)],
                "may": {"retry": true, "keys": true}, "unsealed": 12, "population_rests": true,
                "entities": {"host": "share.example.gov.cn", "rests": true,
                             "replica": {"entries": 1_204_377, "at": "2026-11-01 04:10"}},
                "replica": {"entries": 48_120_377, "at": "2026-11-01 03:20"},
            }),
        ),
        (
            "console-system-quiet",
            "console/system.html",
            json!({
                "officer": security_officer(), "ready": false, "population": null, "sms": null,
                "keys": [], "next": null, "error": "console-act-over", "deliveries": [],
                "may": {"retry": false, "keys": false}, "unsealed": 0, "population_rests": false,
                "entities": {"host": null, "rests": false, "replica": null}, "replica": null,
            }),
        ),
    ]
}
