//! The audit chain: a context for each state of its page.

use serde_json::json;

use super::Sample;
use super::chain;
use super::officer;
use super::security_officer;

/// Every state worth seeing.
pub fn all() -> Vec<Sample> {
    let record = |kind: &str, outcome: &str, reason: &str, account: bool| {
        json!({
            "at": "2026-11-24 09:31:07", "kind": kind, "outcome": outcome, "reason": reason,
            "account": account.then_some("0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88"),
            "client": (kind == "login").then_some("某某省政务服务网"),
            "operator": (kind == "account_locked").then_some("王秀兰"),
            "request_id": "0193f6a2-7c1e", "details": if account { "{}" } else {
                "{\"key_id\":\"2026-11\",\"previous\":\"2026-08\",\"algorithm\":\"SM2\"}"
            },
        })
    };
    let kinds = json!(["login", "step_up", "account_locked", "keys_rotated", "sign_up"]);
    let nothing = json!({
        "account": null, "client": null, "operator": null, "kind": null, "outcome": null,
        "from": null, "until": null,
    });
    let operators = json!([{"id": "o1", "name": "王秀兰"}, {"id": "o2", "name": "李卫东"}]);
    vec![
        (
            "console-audit",
            "console/audit.html",
            json!({
                "officer": officer("audit_officer", None, &["audit"]), "kinds": kinds,
                "filters": nothing, "chain": chain(), "next": "/console/audit?below=1",
                "documents": crate::http::pages::samples::documents::chosen(None),
                "operators": operators, "identifier": "", "error": null, "filtered": false,
                "records": [
                    record("login", "done", "", true),
                    record("login", "refused", "wrong_password", true),
                    record("account_locked", "done", "", true),
                    record("keys_rotated", "done", "", false),
                ],
            }),
        ),
        (
            "console-audit-none",
            "console/audit.html",
            json!({
                "officer": security_officer(), "kinds": kinds, "records": [],
                "documents": crate::http::pages::samples::documents::chosen(None),
                "operators": operators, "identifier": "1380000", "filtered": true,
                "error": "console-not-an-identifier", "next": null,
                "filters": {
                    "account": "0193f6a2-7c1e", "kind": "step_up", "outcome": "refused",
                    "client": "zwfw-province", "operator": "o1", "from": "2026-11-01T00:00",
                    "until": "2026-11-24T09:31",
                },
                "chain": {"records": 0, "unsealed": 0, "head_at": null},
            }),
        ),
    ]
}
