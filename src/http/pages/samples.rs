//! One context for every state of every template, for tests and for looking at the pages.

mod console;
mod documents;
mod mandates;
mod onboarding;
mod recovery;
mod verification;

use serde_json::Value;
use serde_json::json;

/// A state's name, its template, and its context.
pub type Sample = (&'static str, &'static str, Value);

/// Every template in every state worth seeing.
pub fn all() -> Vec<Sample> {
    [
        login(),
        second_factor(),
        consent_and_logout(),
        errors(),
        signup(),
        account(),
        account_lists(),
        portals(),
        mandates::all(),
        public(),
        recovery::all(),
        verification::all(),
        console::all(),
        onboarding::all(),
    ]
    .concat()
}

fn client() -> Value {
    json!({
        "name": "某某省政务服务网", "host": "zwfw.example.gov.cn",
        "logo": "/logo/zwfw/0a1b", "policy_uri": "https://zwfw.example.gov.cn/privacy",
    })
}

fn login() -> Vec<Sample> {
    let page = |method: &str, error: Value, sent: Value, client: Value| {
        let named = (error == "login-name-the-document" || !sent.is_null())
            .then(|| documents::chosen(Some("FOREIGN_PASSPORT")));
        json!({
            "documents": named, "tx": "tx1.abc", "client": client, "method": method, "methods": ["password", "sms"],
            "identifier": "13800009050", "error": error, "notice": null,
            "organisation": null, "enterprise": true,
            "challenge": if sent.is_null() { Value::Null } else { json!("c1") },
            "code_sent_to": sent,
        })
    };
    let bare = json!({
        "documents": null, "tx": null, "client": null, "method": "password", "methods": ["password", "sms"],
        "identifier": "", "challenge": null, "error": null, "code_sent_to": null,
        "notice": "session-expired", "organisation": "91140000701011888X", "enterprise": true,
    });
    let fresh = json!({
        "documents": null, "tx": "tx1.abc", "client": client(), "method": "password", "methods": ["password", "sms"],
        "identifier": "", "challenge": null, "error": null, "code_sent_to": null, "notice": null,
        "organisation": null, "enterprise": false,
    });
    vec![
        ("login", "login.html", fresh),
        ("login-bare", "login.html", bare),
        (
            "login-error",
            "login.html",
            page("password", json!("login-rejected"), Value::Null, client()),
        ),
        (
            "login-document",
            "login.html",
            page("password", json!("login-name-the-document"), Value::Null, client()),
        ),
        ("login-sms", "login.html", page("sms", Value::Null, Value::Null, client())),
        (
            "login-sms-code",
            "login.html",
            page("sms", json!("code-wrong"), json!("137****9050"), client()),
        ),
    ]
}

fn second_factor() -> Vec<Sample> {
    let second = |method: &str, error: Value, sent: Value| {
        json!({
            "tx": "tx1.abc", "method": method, "methods": ["totp", "sms", "recovery_code"],
            "error": error, "client": client(),
            "challenge": if sent.is_null() { Value::Null } else { json!("c1") },
            "code_sent_to": sent,
        })
    };
    vec![
        ("second-totp", "second_factor.html", second("totp", json!("code-wrong"), Value::Null)),
        ("second-sms", "second_factor.html", second("sms", Value::Null, Value::Null)),
        ("second-sms-code", "second_factor.html", second("sms", Value::Null, json!("137****9050"))),
        (
            "second-password",
            "second_factor.html",
            second("password", json!("login-rejected"), Value::Null),
        ),
        (
            "second-recovery",
            "second_factor.html",
            second("recovery_code", Value::Null, json!(null)),
        ),
        (
            "enrol-totp",
            "enrol_totp.html",
            json!({
                "qr_svg": "otpauth://totp/x", "secret": "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP",
                "error": null, "tx": "tx1.abc", "action": "/login/enrol", "challenge": "c1",
            }),
        ),
        (
            "recovery-codes",
            "recovery_codes.html",
            json!({
                "codes": ["k7mq-2xwd", "9hfa-ppz3", "tr4c-mm8y", "w2nb-51qe", "c6vd-z0kk",
                          "8yys-3rja", "qd9x-4hgn", "m1pe-7tcf"],
                "continue_url": "/oauth2/authorize?tx=abc",
            }),
        ),
        (
            "reauthenticate",
            "account_reauthenticate.html",
            json!({
                "error": "login-rejected", "return_to": "/account/totp",
            }),
        ),
    ]
}

fn consent_and_logout() -> Vec<Sample> {
    vec![
        (
            "consent",
            "consent.html",
            json!({
                "tx": "tx1.abc", "question": "q1", "client": client(), "account_masked": "张**",
                "acting": "某某省样例科技有限公司", "scopes": [
                    {"name": "profile", "title_key": "scope-profile"},
                    {"name": "phone", "title_key": "scope-phone"},
                ],
                "claims": [
                    {"title_key": "claim-name", "masked_value": "张**", "value_key": null},
                    {"title_key": "claim-id-number-masked", "masked_value": "3****************X", "value_key": null},
                    {"title_key": "claim-phone-number", "masked_value": "137****9050", "value_key": null},
                    {"title_key": "claim-identity-assurance", "masked_value": "已实名（信息核验）", "value_key": null},
                ],
                "lifetime_text_key": "consent-lifetime-until-withdrawn",
            }),
        ),
        (
            "logout",
            "logout.html",
            json!({"client_name": "某某省政务服务网", "fields": {"state": "s1", "client_id": "c1"}}),
        ),
        ("logged-out", "logged_out.html", json!({"return_url": "https://zwfw.example.gov.cn/"})),
        (
            "form-post",
            "form_post.html",
            json!({
                "action": "https://zwfw.example.gov.cn/callback",
                "fields": [["code", "yc1.abc"], ["state", "s1"]],
            }),
        ),
    ]
}

fn errors() -> Vec<Sample> {
    vec![
        (
            "error",
            "error.html",
            json!({
                "code": "invalid_request", "title_key": "error-title-request",
                "message_key": "error-message-request",
                "detail": "redirect_uri is not registered for this client", "status": 400,
            }),
        ),
        (
            "start-again",
            "start_again.html",
            json!({"restart_url": "/oauth2/authorize?client_id=a"}),
        ),
    ]
}

fn signup() -> Vec<Sample> {
    let fields = json!({"name": "张晓明", "id_number": "11010519491231002X", "phone": "137"});
    vec![
        (
            "signup",
            "signup.html",
            json!({"documents": documents::chosen(None),
                   "fields": {"name": "", "id_number": "", "phone": ""}, "errors": {},
                   "has_errors": false, "may_wait": false, "tx": "tx1.abc"}),
        ),
        (
            "signup-errors",
            "signup.html",
            json!({
                "fields": fields, "has_errors": true, "may_wait": true, "tx": "tx1.abc",
                "documents": documents::chosen(Some("FOREIGN_PASSPORT")),
                "errors": {"id_type": "id-type-unknown", "id_country": "id-country-missing",
                           "id_number": "id-number-shape", "phone": "phone-invalid",
                           "password": "password-common", "terms": "terms-needed"},
            }),
        ),
        (
            "signup-code",
            "signup_code.html",
            json!({"phone_masked": "137****9050", "error": null, "pending": "p1.abc", "tx": null}),
        ),
        ("signup-done", "signup_done.html", json!({"tx": "tx1.abc"})),
        ("signup-waits", "signup_waits.html", json!({"days": 3})),
    ]
}

fn account() -> Vec<Sample> {
    vec![
        (
            "account",
            "account.html",
            json!({
                "id_type_key": "document-foreign-passport", "id_country": "法国",
                "name": "张**", "id_number": "L89***2C3", "phone": "137****9050",
                "identity_assurance": 1, "totp_enrolled": false, "portals_count": 2,
                "sessions_count": 1, "last_login": {"at": "2026-11-23 08:02", "place": "太原"},
                "recovery_waits": "2026-11-27 09:31", "cancellation_due": "2026-12-01 16:30",
                "locale_kept": "zh-CN", "elder_kept": true,
            }),
        ),
        (
            "account-password",
            "account_password.html",
            json!({"error": "password-mismatch", "done": true}),
        ),
        (
            "account-totp",
            "account_totp.html",
            json!({"enrolled": true, "recovery_left": 7, "error": null, "qr_svg": null, "secret": null, "challenge": null}),
        ),
        (
            "account-totp-enrol",
            "account_totp.html",
            json!({
                "enrolled": false, "recovery_left": 0, "error": "code-wrong",
                "qr_svg": "otpauth://totp/x", "secret": "JBSW Y3DP EHPK 3PXP", "challenge": "c1",
            }),
        ),
        (
            "account-totp-off",
            "account_totp.html",
            json!({
                "enrolled": false, "recovery_left": 0, "error": null, "qr_svg": null, "secret": null, "challenge": null,
            }),
        ),
    ]
}

fn account_lists() -> Vec<Sample> {
    let session = |device: &str, current: bool| {
        json!({
            "id": "s1", "device": device, "place": "太原", "current": current,
            "started_at": "2026-11-23 08:02", "last_seen_at": "2026-11-24 09:31",
        })
    };
    let event = |key: &str, outcome: &str, method: Value, client: Value| {
        json!({
            "at": "2026-11-24 09:31", "what_key": key, "outcome": outcome, "method": method,
            "source": "203.0.113.7", "client": client,
        })
    };
    vec![
        (
            "account-sessions",
            "account_sessions.html",
            json!({
                "sessions": [
                    session("Windows · Edge", true), session("HarmonyOS · 华为浏览器", false),
                ],
                "browsers": [{
                    "id": "b1", "device": "Windows · Edge", "first_at": "2026-03-02 19:40",
                    "last_at": "2026-11-23 08:02",
                }],
            }),
        ),
        (
            "account-sessions-no-browser",
            "account_sessions.html",
            json!({"sessions": [session("Windows · Edge", true)], "browsers": []}),
        ),
        (
            "account-history",
            "account_history.html",
            json!({"next": "n1", "events": [
                event("event-login", "done", json!("password"), Value::Null),
                event("event-authorization-code-issued", "done", Value::Null, json!("某某省政务服务网")),
                event("event-step-up", "refused", json!("recovery_code"), Value::Null),
            ]}),
        ),
    ]
}

fn portals() -> Vec<Sample> {
    let portal = |name: &str, host: &str| {
        json!({
            "client_id": "c1", "name": name, "host": host, "granted_at": "2026-10-01 14:20",
            "scopes": ["scope-profile", "scope-phone"], "last_at": "2026-11-24 09:31", "times": 12,
            "blocked_at": null,
        })
    };
    let blocked = |mut portal: Value| {
        portal["blocked_at"] = "2026-11-25 10:00".into();
        portal["granted_at"] = Value::Null;
        portal["scopes"] = json!([]);
        portal
    };
    let told = |portal: Value| {
        json!({
            "portal": portal, "next": "1", "told": [
                {"at": "2026-11-24 09:31", "login": true, "what": ["scope-profile", "scope-openid"]},
                {"at": "2026-11-24 09:31", "login": false, "what": ["scope-id-number"]},
            ],
        })
    };
    vec![
        (
            "account-portal",
            "account_portal.html",
            told(portal("某某省政务服务网", "zwfw.example.gov.cn")),
        ),
        (
            "account-portal-blocked",
            "account_portal.html",
            json!({
                "portal": blocked(portal("云州市民生服务平台", "yz.example.gov.cn")), "told": [],
                "next": null,
            }),
        ),
        (
            "account-portals",
            "account_portals.html",
            json!({"portals": [
                portal("某某省政务服务网", "zwfw.example.gov.cn"),
                blocked(portal("云州市民生服务平台", "yz.example.gov.cn")),
            ]}),
        ),
        ("account-portals-none", "account_portals.html", json!({"portals": []})),
    ]
}

fn public() -> Vec<Sample> {
    let batch = |number: i64| {
        json!({
            "number": number, "day": "2026-11-27", "entries": 1_284, "kid": "kid-2026-11",
            "sm3": "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
            "signed_at": "2026-11-27 00:01",
        })
    };
    let code = |name: Option<&str>, status: &str| {
        json!({
            "uscc": "91140100PDY00001XL", "name": name, "status": status, "date": "2026-11-26",
            "department": "市场监督管理", "division": "云州市",
        })
    };
    let codes =
        [code(Some("样例企业壹"), "issued"), code(None, "changed"), code(None, "withdrawn")];
    vec![
        ("codes", "codes.html", json!({"batches": [batch(2), batch(1)], "next": 1})),
        ("codes-none", "codes.html", json!({"batches": [], "next": null})),
        (
            "codes-batch",
            "codes_batch.html",
            json!({"batch": batch(2), "codes": codes, "next": "0193f6a2-7c1e"}),
        ),
        ("home", "home.html", json!({})),
        ("help", "help.html", json!({})),
        ("privacy", "privacy.html", json!({})),
        (
            "demo-outbox",
            "demo_outbox.html",
            json!({"messages": [{
                "at": "2026-11-24 09:31", "to_masked": "137****9050", "code": "482913",
                "text": "【一号通行】验证码 482913，5 分钟内有效。请勿告诉他人。",
            }]}),
        ),
    ]
}
