//! Pages of acting for others.

use serde_json::Value;
use serde_json::json;

use crate::http::pages::samples::Sample;
use crate::http::pages::samples::client;

/// Every state worth seeing.
pub fn all() -> Vec<Sample> {
    let subject = |name: &str, last: bool, until: Value| {
        json!({
            "mandate": "0193f6a2", "id": "91140000701011888X", "name": name,
            "uscc": "91140000701011888X", "role_key": "mandate-role-agent", "until": until,
            "last": last,
        })
    };
    let choose = |search: &str, subjects: Value, searchable: bool, notice: Value| {
        json!({
            "tx": "tx1.abc", "client": client(), "himself": "张**", "subjects": subjects,
            "search": search, "searchable": searchable, "total": 2000, "found": 41,
            "before": if searchable { json!(0) } else { Value::Null },
            "after": if searchable { json!(40) } else { Value::Null }, "notice": notice,
        })
    };
    let two = json!([
        subject("某某省样例科技有限公司", true, Value::Null),
        subject("云州市样例农民专业合作社", false, json!("2026-12-31 00:00")),
    ]);
    vec![
        ("choose", "choose.html", choose("", two.clone(), false, Value::Null)),
        ("choose-many", "choose.html", choose("样例", two, true, json!("choose-not-represented"))),
        ("choose-none", "choose.html", choose("没有", json!([]), true, Value::Null)),
        ("account-mandates", "account_mandates.html", hub()),
        ("account-mandates-none", "account_mandates.html", empty_hub()),
        ("account-mandate", "account_mandate.html", organisation(false)),
        ("account-mandate-over", "account_mandate.html", organisation(true)),
        ("account-mandate-history", "account_mandate_history.html", history(true)),
        ("account-mandate-history-none", "account_mandate_history.html", history(false)),
    ]
}

fn terms(all: bool) -> Value {
    json!({
        "role_key": "mandate-role-agent", "all": all, "portals": ["某某省政务服务网"],
        "items": "14-0001 14-0002", "from": "2026-11-01 08:00",
        "until": if all { Value::Null } else { json!("2026-12-31 00:00") }, "person": false,
        "later": !all,
    })
}

fn row(name: &str, state: &str, open: bool) -> Value {
    json!({
        "mandate": format!("m-{state}"), "name": name, "number": "9****************8",
        "grantor": "测试一", "state_key": format!("mandate-state-{state}"), "open": open,
        "ended_at": if open { Value::Null } else { json!("2026-11-20 10:00") },
        "terms": terms(open),
    })
}

fn held(state: &str) -> Value {
    json!({
        "name": "某某省样例科技有限公司", "number": "91140000701011888X", "grantor": "测试一",
        "state_key": format!("mandate-state-{state}"),
        "ended_at": if state == "active" { Value::Null } else { json!("2026-11-20 10:00") },
        "terms": terms(false),
    })
}

fn history(some: bool) -> Value {
    let rows = if some { vec![held("active"), held("suspended"), held("lapsed")] } else { vec![] };
    json!({
        "lists": ["held", "mine", "over"], "list": if some { "held" } else { "over" },
        "rows": rows, "next": some.then_some("m9"),
    })
}

fn grant(error: Option<&str>) -> Value {
    json!({
        "documents": super::documents::chosen(None),
        "name": "测试二", "number": "", "listed": true, "items": "", "from": "2026-12-01",
        "until": "2026-12-31",
        "delegation": 0, "role": "agent", "error": error,
        "portals": [{"id": "zwfw", "name": "某某省政务服务网", "chosen": true}],
    })
}

fn hub() -> Value {
    json!({
        "done": "mandates-accepted-done", "error": "mandates-error-claim-refused",
        "code": "91140000701011888X",
        "certificate": {"sealed": "q8Zt3m", "text": "unit-claim https://id.example.gov.cn q8Zt3mWvX0cR5nJ2hLk7pA",
                        "uscc": "91140000701011888X", "signature": "MEUCIQ==", "open": true},
        "held": [{
            "mandate": "m1", "name": "某某省样例科技有限公司", "uscc": "91140000701011888X",
            "role_key": "mandate-role-legal-representative", "until": null, "manages": true,
            "suspended": false,
        }, {
            "mandate": "m3", "name": "某某省样例商贸有限公司", "uscc": "91140000701011889X",
            "role_key": "mandate-role-agent", "until": "2026-12-31 23:59", "manages": false,
            "suspended": true,
        }],
        "offered": [{"mandate": "m2", "name": "某某省样例科技有限公司", "grantor": "测试一",
                     "terms": terms(false)}],
        "coming": [held("active")], "mine": [row("测试二", "active", true)], "more": true,
        "grant_form": grant(Some("mandates-error-number")),
        "search": "样例", "searchable": true, "total": 2000, "found": 61, "before": 0, "after": 40,
    })
}

fn empty_hub() -> Value {
    json!({
        "done": null, "error": null, "certificate": null, "code": "", "held": [], "offered": [], "coming": [],
        "mine": [], "more": false,
        "grant_form": grant(None),
        "search": "", "searchable": false, "total": 0, "found": 0, "before": null, "after": null,
    })
}

fn organisation(over: bool) -> Value {
    let rows = if over {
        json!([row("测试三", "suspended", false)])
    } else {
        json!([row("测试二", "offered", true)])
    };
    json!({
        "mandate_id": "m1", "name": "某某省样例科技有限公司", "uscc": "91140000701011888X",
        "role_key": "mandate-role-legal-representative", "roles": ["agent", "administrator"],
        "deepest": 2, "over": over, "rows": rows,
        "next": if over { json!("m9") } else { Value::Null }, "done": null,
        "error": if over { json!("mandates-error-unknown") } else { Value::Null },
        "grant_form": grant(None),
    })
}
