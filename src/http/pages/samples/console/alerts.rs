//! What monitoring found: a context for every state of its pages.

use serde_json::Value;
use serde_json::json;

use super::Sample;
use super::officer;
use super::security_officer;
use crate::domain::alert::Rule;
use crate::domain::alert::State;

/// The list and one alert.
pub fn all() -> Vec<Sample> {
    [list(), one()].concat()
}

fn alert(rule: Rule, (kind, subject): (&str, &str), events: i64, state: State) -> Value {
    json!({
        "id": "0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88", "rule": rule.as_str(),
        "severity": rule.severity().as_str(), "state": state.as_str(), "subject_kind": kind,
        "subject": subject, "events": events, "occurrences": 3, "first_at": "2026-11-24 02:11",
        "last_at": "2026-11-24 02:26", "raised_at": "2026-11-24 02:12",
        "request_id": "0193f6a27c1e", "acknowledged": null, "closed": null,
    })
}

fn list() -> Vec<Sample> {
    let states: Vec<&str> = State::ALL.iter().map(|state| state.as_str()).collect();
    let rules: Vec<&str> = Rule::ALL.iter().map(|rule| rule.as_str()).collect();
    let account = ("account", "0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88");
    vec![
        (
            "console-alerts",
            "console/alerts.html",
            json!({
                "officer": security_officer(), "states": states, "rules": rules,
                "filters": {"state": null, "rule": null}, "may_handle": true,
                "next": "/console/alerts?before=x1",
                "alerts": [
                    alert(Rule::BrokenChain, ("chain", "audit"), 2, State::Open),
                    alert(
                        Rule::Spraying,
                        ("source", "5f0c9a1be7d24c88a1f3b0c2d4e86b1f"),
                        12_480,
                        State::Open,
                    ),
                    alert(Rule::Guessing, account, 10, State::Acknowledged),
                    alert(Rule::NightActs, ("operator", "王秀兰"), 1, State::Closed),
                    alert(Rule::ClockDrift, ("node", "id-2.example.gov.cn"), 1, State::Closed),
                ],
            }),
        ),
        (
            "console-alerts-none",
            "console/alerts.html",
            json!({
                "officer": officer("audit_officer", None, &["alerts", "audit"]),
                "states": states, "rules": rules, "alerts": [], "next": null,
                "filters": {"state": "open", "rule": "spraying"}, "may_handle": false,
            }),
        ),
    ]
}

fn one() -> Vec<Sample> {
    let account = ("account", "0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88");
    let handled = |name: &str, note: &str| {
        json!({
            "name": name, "at": "2026-11-24 08:40", "note": note,
        })
    };
    let mut closed = alert(Rule::MassLookUps, ("operator", "王秀兰"), 61, State::Closed);
    closed["acknowledged"] = handled("李卫东", "已电话联系本人核实。");
    closed["closed"] = handled("李卫东", "社保集中认证期间窗口人多，属正常办理。");
    let own = alert(Rule::NightActs, ("operator", "李卫东"), 1, State::Open);
    vec![
        (
            "console-alert",
            "console/alert.html",
            json!({
                "officer": security_officer(), "link": "/console/people/0193f6a2-7c1e",
                "alert": alert(Rule::Guessing, account, 10, State::Open), "own": false,
                "may": {"acknowledge": true, "close": true},
                "error": "console-reason-needed", "done": null,
            }),
        ),
        (
            "console-alert-own",
            "console/alert.html",
            json!({
                "officer": security_officer(), "link": null, "alert": own, "own": true,
                "may": {"acknowledge": false, "close": false}, "error": null, "done": null,
            }),
        ),
        (
            "console-alert-closed",
            "console/alert.html",
            json!({
                "officer": officer("audit_officer", None, &["alerts", "audit"]), "link": null,
                "alert": closed, "own": false, "may": {"acknowledge": false, "close": false},
                "error": null, "done": "console-done",
            }),
        ),
    ]
}
