//! How well an identity is established.

use serde_json::Value;
use serde_json::json;

use crate::http::pages::samples::Sample;

/// Every state worth seeing.
pub fn all() -> Vec<Sample> {
    let page = |level: u8, ways: Value, waiting: Value, (error, done): (Value, Value)| {
        json!({
            "level": level, "top": level == 3, "error": error, "done": done, "waiting": waiting,
            "evidence": if level == 0 { json!([]) } else { evidence() }, "ways": ways,
        })
    };
    let ways = ways();
    let (none, nothing) = (Value::Null, (Value::Null, Value::Null));
    let name = "account_verification.html";
    let on_the_account = vec![
        ("account-verification", name, page(1, ways.clone(), none.clone(), nothing.clone())),
        (
            "account-verification-open",
            name,
            page(1, ways.clone(), waiting("open"), (none.clone(), json!("unfinished"))),
        ),
        (
            "account-verification-pending",
            name,
            page(1, ways.clone(), waiting("pending"), nothing.clone()),
        ),
        (
            "account-verification-denied",
            name,
            page(1, ways.clone(), none.clone(), (none.clone(), json!("denied"))),
        ),
        (
            "account-verification-away",
            name,
            page(0, ways, none.clone(), (json!("verification-away"), none.clone())),
        ),
        (
            "account-verification-raised",
            name,
            page(2, json!([]), none.clone(), (none.clone(), json!("confirmed"))),
        ),
        ("account-verification-top", name, page(3, json!([]), none, nothing)),
    ];
    [on_the_way(), on_the_account].concat()
}

fn ways() -> Value {
    json!([
        {"kind": "network_certificate", "consent": null}, {"kind": "bank_card", "consent": null},
        {"kind": "face", "consent": "2026-11"},
    ])
}

fn waiting(state: &str) -> Value {
    json!({
        "kind": "face", "state": state, "at": "2026-11-24 09:31", "until": "2026-11-25 09:31",
    })
}

/// The page of a login that asks to be verified.
fn on_the_way() -> Vec<Sample> {
    let ways = ways();
    let asked = |(essential, typed): (bool, bool), waiting: Value, said: Value| {
        let said = said.as_object().cloned().unwrap_or_default();
        let mut page = json!({
            "tx": "tx1.abc", "client": super::client(), "level": 1, "asked": 2, "ways": ways.clone(),
            "essential": essential, "typed": typed, "waiting": waiting,
            "error": null, "password_error": null, "done": null,
        });
        for (name, value) in said {
            page[name] = value;
        }
        page
    };
    vec![
        ("verify", "verify.html", asked((false, true), Value::Null, json!({}))),
        (
            "verify-essential",
            "verify.html",
            asked((true, false), Value::Null, json!({ "password_error": "password-rejected" })),
        ),
        (
            "verify-waiting",
            "verify.html",
            asked((false, true), waiting("pending"), json!({ "error": "verification-away" })),
        ),
        (
            "verify-denied",
            "verify.html",
            asked((true, true), Value::Null, json!({ "done": "denied" })),
        ),
    ]
}

/// Verifications as pages list them.
pub fn evidence() -> Value {
    let row = |source: &str, compared: Value, finding: &str, document: Value| {
        json!({
            "source": source, "compared": compared, "finding": finding, "document": document,
            "at": "2026-11-24 09:31",
        })
    };
    json!([
        row(
            "counter",
            json!(["name", "id_number", "document", "face"]),
            "confirmed",
            json!("id_card"),
        ),
        row("face", json!([]), "denied", Value::Null),
        row("population_register", json!(["name", "id_number"]), "confirmed", Value::Null),
    ])
}
