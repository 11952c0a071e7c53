//! Clients in the console: a context for every state of their pages.

use serde_json::Value;
use serde_json::json;

use super::Sample;
use super::officer;
use super::security_officer;

/// The list of clients, and one of them.
pub fn all() -> Vec<Sample> {
    let client = |id: &str, name: &str, host: &str, disabled: bool| {
        json!({
            "id": id, "name": name, "host": host, "authentication": "private_key_jwt",
            "disabled": disabled, "created": "2026-03-02", "sandbox": id == "yunzhou-life",
        })
    };
    vec![
        (
            "console-clients",
            "console/clients.html",
            json!({"officer": security_officer(), "next": "old-tax", "clients": [
                client("zwfw-province", "某某省政务服务网", "zwfw.example.gov.cn", false),
                client("yunzhou-life", "云州市民生服务平台", "yz.example.gov.cn", false),
                client("old-tax", "旧版办税平台", "tax-old.example.gov.cn", true),
            ]}),
        ),
        (
            "console-clients-none",
            "console/clients.html",
            json!({"officer": security_officer(), "next": null, "clients": []}),
        ),
        (
            "console-client",
            "console/client.html",
            one(false, Some("核对办事人身份（国办发〔2023〕1 号）"), true),
        ),
        ("console-client-off", "console/client.html", one(true, None, true)),
        ("console-client-read", "console/client.html", one(true, None, false)),
        ("console-client-connect", "console/client.html", machine(None)),
        (
            "console-client-machine",
            "console/client.html",
            machine(Some(&json!({
                "name": "政务数据平台", "role": "region_administrator", "region": "云州市",
            }))),
        ),
    ]
}

fn one(disabled: bool, purpose: Option<&str>, may: bool) -> Value {
    json!({
        "officer": officer("system_officer", None, &["acts", "operators", "clients"]),
        "client": {
            "id": "zwfw-province", "name": "某某省政务服务网", "host": "zwfw.example.gov.cn",
            "redirect_uris": ["https://zwfw.example.gov.cn/login/callback",
                              "https://m.zwfw.example.gov.cn/login/callback"],
            "scope": "openid profile phone id_number",
            "grant_types": ["authorization_code", "refresh_token"], "algorithm": "SM2",
            "authentication": "private_key_jwt", "first_party": true,
            "id_number_purpose": purpose, "disabled": disabled,
        },
        "machine": null, "roles": [], "regions": [], "fields": {},
        "may": {"switch": may, "connect": false},
        "error": if disabled { Value::Null } else { json!("console-reason-needed") },
        "done": disabled.then_some("console-done"),
    })
}

/// A client that uses the Admin API, or could.
fn machine(machine: Option<&Value>) -> Value {
    json!({
        "officer": officer("system_officer", None, &["acts", "operators", "clients"]),
        "client": {
            "id": "data-platform", "name": "政务数据平台", "host": "data.example.gov.cn",
            "redirect_uris": [], "scope": "people:read alerts:read audit:read",
            "grant_types": ["client_credentials"], "algorithm": "ES256",
            "authentication": "private_key_jwt", "first_party": false,
            "id_number_purpose": null, "disabled": false,
        },
        "may": {"switch": true, "connect": machine.is_none()},
        "roles": ["security_officer", "audit_officer", "region_administrator", "counter_staff"],
        "regions": [
            {"code": "990100", "name": "云州市"}, {"code": "990102", "name": "云州市城东区"},
        ],
        "fields": {"name": "政务数据平台", "role": "region_administrator", "region": "990100"},
        "error": machine.is_none().then_some("console-reason-needed"), "done": null,
        "machine": machine,
    })
}
