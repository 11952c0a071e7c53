//! The pages of coming back to an account, and of leaving it.

use serde_json::Value;
use serde_json::json;

use super::Sample;

/// Every one of them.
pub fn all() -> Vec<Sample> {
    [recovery(), phone(), leaving()].concat()
}

fn recovery() -> Vec<Sample> {
    let form = |errors: Value, has_errors: bool| {
        json!({
            "documents": super::documents::chosen(None),
            "tx": "tx1.abc", "errors": errors, "has_errors": has_errors,
            "fields": {"name": "张晓明", "id_number": "", "phone": "137"},
        })
    };
    let second = |methods: Value, may_wait: bool, until: Value, error: Value| {
        json!({
            "tx": "tx1.abc", "recovery": "r1", "methods": methods, "may_wait": may_wait,
            "hours": 72, "waits_until": until, "error": error,
        })
    };
    let code = |counter: bool, error: Value| {
        json!({
            "tx": "tx1.abc", "counter": counter, "pending": "p1", "phone_masked": "137****9050",
            "error": error,
        })
    };
    let two = json!(["totp", "recovery_code"]);
    vec![
        ("recover", "recover.html", form(json!({}), false)),
        (
            "recover-errors",
            "recover.html",
            form(json!({"id_number": "id-number-check", "phone": "phone-invalid"}), true),
        ),
        ("recover-code", "recover_code.html", code(false, Value::Null)),
        ("recover-code-wrong", "recover_code.html", code(true, json!("code-wrong"))),
        ("recover-second", "recover_second.html", second(two, true, Value::Null, Value::Null)),
        (
            "recover-second-waiting",
            "recover_second.html",
            second(json!(["totp"]), true, json!("2026-11-27 09:31"), json!("totp-wrong")),
        ),
        (
            "recover-second-faded",
            "recover_second.html",
            second(json!([]), false, Value::Null, Value::Null),
        ),
        (
            "recover-waiting",
            "recover_waiting.html",
            json!({"tx": "tx1.abc", "until": "2026-11-27 09:31"}),
        ),
        (
            "recover-password",
            "recover_password.html",
            json!({"tx": "tx1.abc", "recovery": "r1", "error": "password-common"}),
        ),
        ("recover-done", "recover_done.html", json!({"tx": "tx1.abc"})),
        (
            "recover-counter",
            "recover_counter.html",
            form(json!({"form": "recover-counter-wrong"}), true),
        ),
        (
            "console-counter-code",
            "console/counter_code.html",
            json!({
                "officer": super::console::counter_staff(),
                "account": {"id": "a1", "name": "张**", "id_number": "1**************X"},
                "code": "k7mq2-xwd9h", "hours": 24,
                "address": "https://id.example.gov.cn/recover/counter",
            }),
        ),
    ]
}

fn phone() -> Vec<Sample> {
    let page = |phone: Value, pending: Value, error: Value| {
        json!({
            "phone": phone, "fresh": true, "error": error, "done": pending.is_null(),
            "sms_login": error.is_null(),
            "pending": pending, "phone_masked": "139****0001",
        })
    };
    let bound = json!("137****9050");
    vec![
        ("account-phone", "account_phone.html", page(bound.clone(), Value::Null, Value::Null)),
        ("account-phone-none", "account_phone.html", page(Value::Null, Value::Null, Value::Null)),
        (
            "account-phone-held",
            "account_phone.html",
            page(bound.clone(), Value::Null, json!("phone-held")),
        ),
        ("account-phone-code", "account_phone.html", page(bound, json!("p1"), json!("code-wrong"))),
    ]
}

fn leaving() -> Vec<Sample> {
    let export = json!({
        "exported_at": "2026-11-24T08:30:00Z",
        "person": {
            "name": "张晓明", "id_number": "11010519491231002X", "phone_number": "+8613700009050",
            "identity_assurance": 1, "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
        },
        "security": {
            "password_changed_at": "2026-01-01T00:00:00Z", "totp_enrolled": true,
            "blocked_methods": ["sms"],
            "known_browsers": [{
                "user_agent": "Mozilla/5.0", "first_login_at": "2026-03-01T08:00:00Z",
                "last_login_at": "2026-11-24T08:00:00Z",
            }],
        },
        "verifications": super::verification::evidence(),
        "preferences": {"locale": "zh-CN", "elder": true},
        "blocked_portals": [{
            "client_id": "c1", "client_name": "云州市民生服务平台",
            "blocked_at": "2026-11-24T08:00:00Z",
        }],
        "sessions": [{"user_agent": "Mozilla/5.0", "started_at": "2026-11-24T08:00:00Z",
                      "last_seen_at": "2026-11-24T08:30:00Z"}],
        "consents": [{"client_id": "c1", "client_name": "某某省政务服务网",
                      "scope": "openid profile", "claims": [],
                      "granted_at": "2026-10-01T06:20:00Z"}],
        "history": [{"at": "2026-11-24T08:00:00Z", "kind": "login", "outcome": "done",
                     "method": "password", "source": "203.0.113.7", "client_name": null}],
    });
    let read = json!({
        "export": export, "fresh": true, "id_type_key": "document-111", "id_country": null,
    });
    let cancel = |due: Value, error: Value| json!({"due": due, "days": 7, "retention_days": 180, "fresh": true, "error": error});
    vec![
        ("account-export", "account_export.html", json!({"export": Value::Null, "fresh": false})),
        ("account-export-read", "account_export.html", read),
        ("account-cancel", "account_cancel.html", cancel(Value::Null, json!("cancel-understand"))),
        (
            "account-cancel-due",
            "account_cancel.html",
            cancel(json!("2026-12-01 16:30"), Value::Null),
        ),
        ("account-stopped", "account_stopped.html", json!({})),
    ]
}
