//! Portals' applications: a context for every state of their pages.

use serde_json::Value;
use serde_json::json;

use super::Sample;
use super::console::officer;

const ID: &str = "0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88";
const STATES: [&str; 9] = [
    "submitted",
    "returned",
    "sandbox",
    "live-asked",
    "live",
    "retire-asked",
    "refused",
    "withdrawn",
    "retired",
];
const FIELDS: [(&str, &str, &str); 16] = [
    ("unit_name", "云州市行政审批服务管理局", "portal-unit-invalid"),
    ("unit_code", "11990100MB0000001X", "portal-code-invalid"),
    ("supplier_name", "云州数科有限公司", "portal-unit-invalid"),
    ("supplier_code", "91990100MA0000001Y", "portal-code-invalid"),
    ("portal_name", "云州市民生服务平台", "portal-name-taken"),
    ("contact_name", "陈建国", "name-invalid"),
    ("contact_phone", "13700009050", "phone-invalid"),
    ("contact_email", "chen@yz.example.gov.cn", "portal-email-invalid"),
    (
        "purpose",
        "为市民在线办理水电燃气过户，依据云政办发〔2026〕12 号。",
        "portal-purpose-invalid",
    ),
    (
        "redirect_uris",
        "https://yz.example.gov.cn/login/callback\nhttps://m.yz.example.gov.cn/cb",
        "portal-uri-invalid",
    ),
    ("post_logout_redirect_uris", "https://yz.example.gov.cn/", "portal-uri-invalid"),
    ("backchannel_logout_uri", "https://yz.example.gov.cn/logout", "portal-uri-invalid"),
    ("profile", "server_with_secret", "portal-profile-invalid"),
    ("algorithm", "SM2", "portal-algorithm-invalid"),
    ("subjects", "both", "portal-subjects-invalid"),
    ("jwks", "{\"keys\":[]}", "portal-jwks-invalid"),
];

/// Every page of onboarding in every state worth seeing.
pub fn all() -> Vec<Sample> {
    [public(), tracking(), list(), one()].concat()
}

fn form(filled: bool, wrong: bool) -> Value {
    let mut fields = json!({});
    for (name, value, error) in FIELDS {
        let value = if filled { value } else { "" };
        fields[name] = json!({ "value": value, "error": wrong.then_some(error) });
    }
    let scope = |name: &str, value: &str| {
        let key = name.replace('_', "-");
        json!({
            "name": name, "field": format!("reason_{name}"), "title_key": format!("scope-{key}"),
            "value": if filled { value } else { "" },
            "error": (wrong && value.is_empty()).then_some("portal-reason-invalid"),
        })
    };
    json!({
        "fields": fields,
        "scopes": [scope("profile", "核对办事人"), scope("phone", "通知办理结果"), scope("id_number", "")],
        "profiles": ["server_with_secret", "server_with_posted_secret", "server_with_key",
                     "browser", "app"],
        "algorithms": ["ES256", "SM2", "RS256"], "subjects": ["persons", "organisations", "both"], "error": null, "has_errors": wrong,
        "issuer": "https://id.example.gov.cn",
    })
}

fn document(remark: Option<&str>, contact: bool) -> Value {
    json!({
        "unit": {"name": "云州市行政审批服务管理局", "code": "11990100MB0000001X"},
        "supplier": {"name": "云州数科有限公司", "code": "91990100MA0000001Y"},
        "name": "云州市民生服务平台",
        "contact": contact.then(|| json!({
            "name": "陈建国", "phone": "+8613700009050", "email": "chen@yz.example.gov.cn",
        })),
        "purpose": "为市民在线办理水电燃气过户，依据云政办发〔2026〕12 号。",
        "scopes": [
            {"name": "profile", "title_key": "scope-profile", "reason": "核对办事人"},
            {"name": "phone", "title_key": "scope-phone", "reason": "通知办理结果"},
        ],
        "redirect_uris": ["https://yz.example.gov.cn/login/callback"],
        "post_logout_redirect_uris": [], "backchannel_logout_uri": null,
        "profile": "server_with_secret", "algorithm": "SM2", "subjects": "both", "remark": remark,
    })
}

fn report(is_green: bool) -> Value {
    let line = |check: &str, finding: &str, seen: bool| {
        json!({
            "check": check, "finding": finding, "last_seen": seen.then_some("2026-11-24 09:31"),
        })
    };
    let lines = if is_green {
        json!([line("pkce", "green", true), line("refresh", "not-needed", false)])
    } else {
        json!([
            line("pkce", "green", true),
            line("state", "failed", true),
            line("nonce", "failed", true),
            line("code", "missing", false),
            line("userinfo", "missing", false),
            line("refresh", "failed", true),
            line("logout", "missing", false),
            line("backchannel-logout", "missing", false),
            line("tls", "unchecked", true),
        ])
    };
    json!({ "lines": lines, "is_green": is_green })
}

fn public() -> Vec<Sample> {
    let tracking = "https://id.example.gov.cn/onboarding/q8Zt3mWvX0cR5nJ2hLk7pA9sDfG4yUeB";
    let mut busy = form(true, true);
    busy["error"] = json!("portal-too-many");
    vec![
        ("onboarding", "onboarding.html", json!({"form": form(false, false)})),
        ("onboarding-errors", "onboarding.html", json!({"form": form(true, true)})),
        ("onboarding-busy", "onboarding.html", json!({"form": busy})),
        (
            "onboarding-filed",
            "onboarding_filed.html",
            json!({"url": tracking, "path": "/onboarding/q8Zt3mWvX0cR5nJ2hLk7pA9sDfG4yUeB"}),
        ),
    ]
}

fn track(state: &str, more: &Value) -> Value {
    let mut page = json!({
        "token": "q8Zt3mWvX0cR5n", "state": state, "document": document(None, true),
        "form": form(true, false), "errors": {}, "report": null, "client": null,
        "issuer": "https://id.example.gov.cn", "renew_by": null, "is_due": false,
        "is_over": false, "done": null, "secret": null, "tester": null, "testers": [],
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        page[name] = value.clone();
    }
    page
}

fn client(keeps_secret: bool) -> Value {
    json!({
        "id": "portal-5f3a9c1b2d4e", "keeps_secret": keeps_secret, "has_keys": !keeps_secret,
        "sandbox": true, "logo": keeps_secret.then_some("/logo/portal-5f3a9c1b2d4e/0a1b"),
    })
}

fn tracking() -> Vec<Sample> {
    let template = "onboarding_track.html";
    let remark = document(Some("请补充依据文件的文号，并删去不需要的手机号码。"), true);
    vec![
        ("onboarding-submitted", template, track("submitted", &json!({"done": "portal-done"}))),
        (
            "onboarding-returned",
            template,
            track(
                "returned",
                &json!({
                    "document": remark, "form": form(true, true),
                    "errors": {"unit_code": "portal-code-invalid"},
                }),
            ),
        ),
        (
            "onboarding-sandbox",
            template,
            track(
                "sandbox",
                &json!({
                    "client": client(true), "report": report(false),
                    "testers": ["990001199001011234"], "errors": {"logo": "portal-logo-invalid"},
                }),
            ),
        ),
        (
            "onboarding-secret",
            template,
            track(
                "sandbox",
                &json!({
                    "client": client(true), "report": report(true),
                    "secret": "ys_q8Zt3mWvX0cR5nJ2hLk7pA9sDfG4yUeBq8Zt3mWvX0c",
                "tester": {"id_number": "990001199001011234", "password": "q8Zt3mWvX0cR5n"},
                }),
            ),
        ),
        (
            "onboarding-live-asked",
            template,
            track(
                "live-asked",
                &json!({
                    "client": client(false), "report": report(true),
                    "errors": {"form": "portal-over", "jwks": "portal-jwks-invalid"},
                }),
            ),
        ),
        (
            "onboarding-live",
            template,
            track(
                "live",
                &json!({
                    "client": client(true), "renew_by": "2026-12-09", "is_due": true,
                    "document": document(None, false),
                }),
            ),
        ),
        (
            "onboarding-retire-asked",
            template,
            track("retire-asked", &json!({"client": client(true), "renew_by": "2027-06-01"})),
        ),
        ("onboarding-refused", template, track("refused", &json!({"is_over": true}))),
    ]
}

fn list() -> Vec<Sample> {
    let application = |name: &str, state: &str, is_due: bool| {
        json!({
            "id": ID, "name": name, "unit": "云州市行政审批服务管理局",
            "supplier": is_due.then(|| json!({"name": "云州数科有限公司", "code": "91990100MA0000001Y"})),
            "state": state, "submitted_at": "2026-11-20 15:02",
            "renew_by": is_due.then_some("2026-12-09"), "is_due": is_due,
        })
    };
    let states: Vec<Value> =
        STATES.iter().map(|key| json!({ "name": key.replace('-', "_"), "key": key })).collect();
    let page = |applications: Value, next: Option<&str>| {
        json!({
            "officer": officer("system_officer", None, &["acts", "operators", "onboarding", "clients"]),
            "applications": applications, "states": states, "next": next,
            "filters": {"state": next.map(|_| "live"), "supplier": next.map(|_| "91990100MA0000001Y"),
                        "due": next.is_some()},
        })
    };
    let some = json!([
        application("云州市民生服务平台", "submitted", false),
        application("某某省政务服务网", "live", true),
        application("旧版办税平台", "retired", false),
        application("一号帮办", "refused", false),
    ]);
    vec![
        (
            "console-onboarding",
            "console/onboarding.html",
            page(some, Some("/console/onboarding?state=live&before=x1")),
        ),
        ("console-onboarding-none", "console/onboarding.html", page(json!([]), None)),
    ]
}

fn one() -> Vec<Sample> {
    let page = |state: &str, all: bool| {
        let may = |name: &str| all || name == "hand_over";
        json!({
            "officer": officer("system_officer", None, &["acts", "operators", "onboarding", "clients"]),
            "id": ID, "state": state, "document": document(None, all),
            "report": if all { report(false) } else { Value::Null },
            "client_id": all.then_some("portal-5f3a9c1b2d4e"),
            "logo": all.then_some("/logo/portal-5f3a9c1b2d4e/0a1b"), "reviewed_by": all.then_some("李卫东"),
            "submitted_at": "2026-11-20 15:02", "renew_by": all.then_some("2026-12-09"),
            "waiting": if all {
                json!([{"kind": "go_live", "by": "王秀兰", "at": "2026-11-24 09:12"}])
            } else {
                json!([])
            },
            "may": {
                "approve": may("approve"), "return": may("return"), "refuse": may("refuse"),
                "renew": may("renew"), "go_live": may("go_live"), "retire": may("retire"),
                "hand_over": may("hand_over"),
            },
            "error": all.then_some("console-reason-needed"),
            "done": (!all).then_some("console-done"),
        })
    };
    let mut read = page("refused", false);
    read["may"]["hand_over"] = json!(false);
    vec![
        ("console-application", "console/application.html", page("live-asked", true)),
        ("console-application-handed", "console/application.html", page("live", false)),
        ("console-application-read", "console/application.html", read),
    ]
}
