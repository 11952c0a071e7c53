//! Organisations, who acts for whom, and the forms of a counter.

use serde_json::Value;
use serde_json::json;

use super::Sample;
use super::counter_staff;
use super::security_officer;
use crate::http::pages::samples::documents;

/// The pages in every state worth seeing.
pub fn all() -> Vec<Sample> {
    let search = |code: &str, error: Option<&str>, found: Value| {
        json!({
            "officer": counter_staff(), "code": code, "error": error, "found": found,
            "may_serve": true,
        })
    };
    let unclaimed = json!({
        "name": "云州市样例贸易有限公司", "uscc": "91990100PDY000123X", "status": "active",
        "division": "云州市",
    });
    vec![
        ("console-organisations", "console/organisations.html", search("", None, Value::Null)),
        (
            "console-organisations-nobody",
            "console/organisations.html",
            search("91990100PDY000123X", Some("console-organisation-nobody"), Value::Null),
        ),
        (
            "console-organisations-unclaimed",
            "console/organisations.html",
            search("91990100PDY000123X", None, unclaimed),
        ),
        ("console-organisation", "console/organisation.html", organisation()),
        ("console-organisation-suspended", "console/organisation.html", suspended()),
        ("console-counter", "console/counter.html", counter(json!({}), json!({}), json!({}))),
        (
            "console-counter-wrong",
            "console/counter.html",
            counter(
                json!({"error": "console-organisation-not-active", "code": "91990100PDY000123X",
                       "agent_name": "张晓明", "agent_number": "11010519491231002X",
                       "documents": "营业执照副本"}),
                json!({"error": "console-age", "person_name": "张小宝",
                       "person_number": "110105201201011239"}),
                json!({"error": "console-hours", "items": "140100-01", "hours": "100"}),
            ),
        ),
        (
            "console-counter-documents",
            "console/counter.html",
            counter(
                json!({"error": "signup-look-again", "code": "91990100PDY000123X",
                       "agent_name": "ERIKSSON ANNA MARIA", "agent_number": "L898902C3",
                       "agent_document": documents::chosen(Some("FOREIGN_PASSPORT")),
                       "agent_errors": {"id_country": "id-country-missing"}}),
                json!({"error": "signup-look-again", "person_name": "LI TEST",
                       "person_number": "H0000000", "person_born": "2015-03-02",
                       "person_document": documents::chosen(Some("516")),
                       "person_errors": {"id_number": "id-number-other-length"},
                       "agent_errors": {"id_type": "id-type-unknown"}}),
                json!({"error": "console-birth-date-needed", "person_name": "LI TEST",
                       "person_number": "00000001",
                       "person_document": documents::chosen(Some("511"))}),
            ),
        ),
    ]
}

fn organisation() -> Value {
    json!({
        "officer": security_officer(),
        "organisation": {
            "id": "0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88", "name": "云州市样例贸易有限公司",
            "uscc": "91990100PDY000123X", "status": "active", "division": "云州市",
            "claimed_at": "2026-05-02 09:10", "suspended_at": null,
        },
        "mandates": [
            row("legal-representative", "active", "register", false),
            row("administrator", "active", "certificate", true),
            row("agent", "offered", "granted", true),
        ],
        "over": false, "next": "0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88",
        "may": {"suspend": true, "end_mandate": true, "ask_resume": false, "ask_end": true},
        "error": null, "done": "console-done",
    })
}

fn suspended() -> Value {
    json!({
        "officer": counter_staff(),
        "organisation": {
            "id": "0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88", "name": "**餐饮店",
            "uscc": "9****************H", "status": "away", "division": null,
            "claimed_at": "2026-05-02 09:10", "suspended_at": "2026-11-02 17:40",
        },
        "mandates": [], "over": true, "next": null,
        "may": {"suspend": false, "end_mandate": false, "ask_resume": true, "ask_end": false},
        "error": "console-second-needed", "done": null,
    })
}

fn row(role: &str, state: &str, evidence: &str, alone: bool) -> Value {
    json!({
        "id": format!("m-{role}"), "name": "*晓明", "number": "1****************4",
        "grantor": "*建国", "principal": "云州市样例贸易有限公司",
        "account": (state == "active").then_some("0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88"),
        "state": state, "evidence": evidence, "open": true, "alone": alone,
        "offered_at": "2026-05-02 09:10", "ended_at": null,
        "terms": {
            "role_key": format!("mandate-role-{role}"), "all": alone, "portals": ["云州市民生服务平台"],
            "items": "990100-0042", "from": "2026-05-02 09:10", "until": "2027-05-01 23:59",
            "person": false,
        },
    })
}

/// Who acts for a person, and whom the person represents.
pub(super) fn acting() -> Value {
    json!({
        "represented": [row("legal-representative", "active", "counter", false)],
        "agents": [row("relative", "active", "granted", true)],
        "former": [row("guardian", "lapsed", "counter", true)],
        "older_represented": "0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88",
        "older_agents": null,
        "older_former": "0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88",
    })
}

/// A person without any mandate.
pub(super) fn acting_for_nobody() -> Value {
    json!({
        "represented": [], "agents": [], "former": [],
        "older_represented": null, "older_agents": null, "older_former": null,
    })
}

fn counter(claim: Value, guardian: Value, helper: Value) -> Value {
    let mut page = json!({
        "officer": counter_staff(), "longest": 72,
        "portals": [{"id": "web1", "name": "云州市民生服务平台"}],
    });
    page["forms"] = json!({});
    for (kind, mut form) in [("claim", claim), ("guardian", guardian), ("helper", helper)] {
        for who in ["agent_document", "person_document"] {
            if form[who].is_null() {
                form[who] = documents::chosen(None);
            }
        }
        page["forms"][kind] = form;
    }
    page
}
