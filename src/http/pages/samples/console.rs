//! The operators' console: a context for every state of its pages.

mod alerts;
mod audit;
mod clients;
mod codes;
mod dashboards;
mod identities;
mod organisations;
mod people;
mod system;

use serde_json::Value;
use serde_json::json;

use super::Sample;

/// Every page of the console in every state worth seeing.
pub fn all() -> Vec<Sample> {
    let pages = [gate(), home(), people::all(), person(), acts(), operators()];
    let others = [audit::all(), clients::all(), system::all(), alerts::all(), dashboards::all()];
    let named = [codes::all(), identities::all(), organisations::all()];
    [pages.concat(), others.concat(), named.concat()].concat()
}

const EVERYTHING: [&str; 12] = [
    "people",
    "organisations",
    "counter",
    "acts",
    "alerts",
    "dashboards",
    "operators",
    "onboarding",
    "clients",
    "codes",
    "system",
    "audit",
];

pub(super) fn officer(role: &str, region: Option<&str>, may: &[&str]) -> Value {
    json!({"name": "李卫东", "role": role, "region": region, "may": may})
}

pub(super) fn security_officer() -> Value {
    officer("security_officer", None, &EVERYTHING)
}

pub fn counter_staff() -> Value {
    officer("counter_staff", Some("云州市"), &["people", "organisations", "counter", "acts"])
}

fn gate() -> Vec<Sample> {
    let invitation = |errors: Value, has_errors: bool| {
        json!({
            "token": "yi1.abc", "name": "王秀兰", "role": "region_administrator",
            "region": "云州市", "qr_svg": "otpauth://totp/x", "challenge": "c1",
            "secret": "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP",
            "fields": {"login_name": if has_errors { "Wang" } else { "" }},
            "errors": errors, "has_errors": has_errors,
        })
    };
    let none = json!({
        "login_name": null, "password": null, "password_again": null, "code": null, "form": null,
    });
    let some = json!({
        "login_name": "login-name-invalid", "password": "password-common",
        "password_again": "password-mismatch", "code": "totp-wrong", "form": null,
    });
    vec![
        ("console-login", "console/login.html", json!({"error": null})),
        ("console-login-error", "console/login.html", json!({"error": "console-login-rejected"})),
        ("console-invitation", "console/invitation.html", invitation(none, false)),
        ("console-invitation-errors", "console/invitation.html", invitation(some, true)),
        ("console-invitation-gone", "console/invitation_gone.html", json!({})),
        ("console-forbidden", "console/forbidden.html", json!({"officer": counter_staff()})),
    ]
}

pub(super) fn chain() -> Value {
    json!({"records": 1_284_003, "unsealed": 12, "head_at": "2026-11-24 09:31"})
}

fn home() -> Vec<Sample> {
    vec![
        (
            "console-home",
            "console/home.html",
            json!({
                "officer": security_officer(), "waiting": 3, "chain": chain(),
                "people": {"accounts": 23_418_207, "locked": 1_904}, "operators_count": 146,
                "open_alerts": 2,
                "applications": 4,
            }),
        ),
        (
            "console-home-quiet",
            "console/home.html",
            json!({
                "officer": counter_staff(), "waiting": 0, "chain": null, "people": null,
                "operators_count": null, "applications": null, "open_alerts": null,
            }),
        ),
        (
            "console-home-audit",
            "console/home.html",
            json!({
                "officer": officer("audit_officer", None, &["audit"]), "waiting": 0,
                "chain": {"records": 0, "unsealed": 0, "head_at": null}, "people": null,
                "operators_count": null, "applications": null, "open_alerts": 0,
            }),
        ),
    ]
}

fn account(status: &str, phone: Option<&str>) -> Value {
    json!({
        "id": "0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88", "status": status, "name": "张**",
        "id_type_key": "document-foreign-passport", "id_country": "法国",
        "id_number": "L89***2C3", "phone": phone, "assurance": 1, "has_password": true,
        "has_totp": false, "created": "2026-03-02 10:14",
    })
}

fn person() -> Vec<Sample> {
    let full = json!({
        "officer": security_officer(), "account": account("active", Some("137****9050")),
        "documents": ["id_card", "temporary_id_card", "social_security_card"],
        "evidence": super::verification::evidence(),
        "sessions": [
            {"device": "Windows · Edge", "started_at": "2026-11-23 08:02",
             "last_seen_at": "2026-11-24 09:31"},
            {"device": "HarmonyOS · 华为浏览器", "started_at": "2026-11-20 19:40",
             "last_seen_at": "2026-11-22 21:07"},
        ],
        "portals": [
            {"name": "某某省政务服务网", "since": "2026-03-02 10:16"},
            {"name": "云州市民生服务平台", "since": "2026-10-01 14:20"},
        ],
        "history": [
            {"at": "2026-11-24 09:31", "kind": "login", "outcome": "done", "reason": ""},
            {"at": "2026-11-24 09:30", "kind": "login", "outcome": "refused",
             "reason": "wrong_password"},
            {"at": "2026-10-01 14:20", "kind": "consent", "outcome": "done", "reason": ""},
            {"at": "2026-03-02 10:14", "kind": "sign_up", "outcome": "done", "reason": ""},
        ],
        "notes": [
            {"at": "2026-11-20 15:02", "author": "王秀兰",
             "text": "本人到窗口反映收到不明验证码短信，已建议修改密码。"},
        ],
        "older_notes": "1774000000000.0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88",
        "acting": organisations::acting(),
        "may": {"lock": true, "unlock": false, "end_sessions": true, "note": true, "end_mandate": true,
                "ask_unmask": true, "ask_reset": true, "ask_recover": true, "ask_release": true,
                "counter_code": true, "verify": true},
        "unmasked": null,
        "waiting": [
            {"kind": "reset_second_factors", "at": "2026-11-24 09:12", "by": "王秀兰"},
        ],
        "error": "console-reason-needed", "done": null,
    });
    let unmasked = json!({
        "officer": security_officer(), "account": account("locked", Some("137****9050")),
        "documents": [], "evidence": [],
        "sessions": [], "portals": [], "history": [], "notes": [],
        "older_notes": null,
        "acting": organisations::acting_for_nobody(),
        "may": {"lock": false, "unlock": true, "end_sessions": false, "note": true, "end_mandate": false,
                "ask_unmask": false, "ask_reset": true, "ask_recover": false,
                "ask_release": false, "counter_code": false, "verify": false},
        "unmasked": {"name": "张晓明", "id_number": "11010519491231002X",
                     "phone": "13700009050", "reason": "公安机关协查函〔2026〕118 号"},
        "waiting": [], "error": null, "done": "console-done",
    });
    let closed = json!({
        "officer": counter_staff(), "account": account("cancelled", None), "sessions": [],
        "documents": [], "evidence": [],
        "portals": [], "history": [], "notes": [],
        "older_notes": null,
        "acting": organisations::acting_for_nobody(),
        "may": {"lock": false, "unlock": false, "end_sessions": false, "note": false, "end_mandate": false,
                "ask_unmask": false, "ask_reset": false, "ask_recover": false,
                "ask_release": false, "counter_code": false, "verify": false},
        "unmasked": null, "waiting": [], "error": null, "done": null,
    });
    vec![
        ("console-person", "console/person.html", full),
        ("console-person-unmasked", "console/person.html", unmasked),
        ("console-person-closed", "console/person.html", closed),
    ]
}

fn acts() -> Vec<Sample> {
    let waiting = |id: &str, kind: &str, subject: &str, own: bool, may_decide: bool| {
        json!({
            "id": id, "kind": kind, "subject": subject,
            "application": (kind == "go_live").then_some("0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88"),
            "codes": (kind.ends_with("_codes")).then_some("0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88"),
            "organisation": (kind == "resume_organisation").then_some("0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88"),
            "born": (kind == "appoint_guardian").then_some("2015-03-02"),
            "documents": (kind == "claim_organisation").then_some("营业执照副本、法定代表人身份证原件"),
            "role": match kind {
                "invite_operator" | "connect_machine" => Some("counter_staff"),
                _ => None,
            },
            "reason": "本人持身份证到窗口，手机已丢失，无法使用动态口令。",
            "requested_by": if own { "李卫东" } else { "王秀兰" },
            "requested_at": "2026-11-24 09:12", "expires_at": "2026-11-25 09:12", "own": own,
            "may_decide": may_decide,
        })
    };
    let decided = |kind: &str, subject: &str, by: Option<&str>, state: &str| {
        json!({
            "kind": kind, "subject": subject, "reason": "公安机关协查函〔2026〕118 号",
            "requested_by": "王秀兰", "decided_by": by, "decided_at": "2026-11-23 16:40",
            "state": state,
        })
    };
    vec![
        (
            "console-acts",
            "console/acts.html",
            json!({
                "officer": security_officer(), "error": "console-act-over",
                "later": "1795579200000.0193f6a2-7c1e", "older": "1795579200000.0193f6a2-7c1e",
                "tracking": null, "invitation": "https://id.example.gov.cn/console/invitation?token=q8Zt3mWvX0cR5n",
                "waiting": [
                    waiting("a1", "reset_second_factors", "张** 1401**********1234", false, true),
                    waiting("a2", "invite_operator", "陈建国，窗口工作人员，云州市", true, false),
                    waiting("a3", "unmask", "刘* 1402**********0517", false, false),
                    waiting("a4", "go_live", "云州市民生服务平台", false, true),
                    waiting("a6", "confirm_codes", "0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88", false, true),
                    waiting("a9", "publish_codes", "0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88", false, true),
                    waiting("a7", "claim_organisation", "*明 1****************4 → 91140000PDY000123X", false, true),
                    waiting("a9", "appoint_guardian", "*明 1****************4 → *** L89***2C3", false, true),
                    waiting("a8", "resume_organisation", "0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88", false, true),
                    waiting("a5", "connect_machine", "政务数据平台 · data-platform", false, true),
                ],
                "decided": [
                    decided("unmask", "张** 1401**********1234", Some("李卫东"), "approved"),
                    decided("disable_operator", "赵敏", Some("李卫东"), "rejected"),
                    decided("invite_operator", "孙丽", None, "expired"),
                    decided("invite_operator", "周涛", None, "withdrawn"),
                ],
            }),
        ),
        (
            "console-acts-none",
            "console/acts.html",
            json!({
                "officer": counter_staff(), "error": null, "invitation": null,
                "later": null, "older": null,
                "tracking": "https://id.example.gov.cn/onboarding/q8Zt3mWvX0cR5n",
                "waiting": [], "decided": [],
            }),
        ),
    ]
}

fn operators() -> Vec<Sample> {
    let operator = |id: &str, name: &str, role: &str, region: Option<&str>, status: &str| {
        json!({
            "id": id, "name": name, "login_name": format!("officer.{id}"), "role": role,
            "region": region, "status": status, "is_self": id == "o2",
            "last_login": if id == "o5" { Value::Null } else { json!("2026-11-24 08:30") },
            "client": (id == "o6").then_some("data-platform"),
        })
    };
    let list = json!([
        operator("o1", "陈建国", "system_officer", None, "active"),
        operator("o2", "李卫东", "security_officer", None, "active"),
        operator("o3", "周海燕", "audit_officer", None, "active"),
        operator("o4", "王秀兰", "region_administrator", Some("云州市"), "active"),
        operator("o5", "赵敏", "counter_staff", Some("云州市城东区"), "disabled"),
        operator("o6", "政务数据平台", "audit_officer", None, "active"),
    ]);
    let roles = json!(["security_officer", "region_administrator", "counter_staff"]);
    let regions = json!([
        {"code": "990100", "name": "云州市"}, {"code": "990102", "name": "云州市城东区"},
    ]);
    vec![
        (
            "console-operators",
            "console/operators.html",
            json!({
                "officer": security_officer(), "operators": list, "may_invite": true,
                "next": "0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88",
                "invitations": [
                    {"role": "counter_staff", "name": "孙丽", "region": "云州市",
                     "expires_at": "2026-11-25 09:31",
                     "url": "https://id.example.gov.cn/console/invitation?token=yi1.\
                             q8Zt3mWvX0cR5nJ2hLk7pA9sDfG4yUeB"},
                    {"role": "system_officer", "name": "周涛", "region": null,
                     "expires_at": "2026-11-25 08:00", "url": null},
                ],
                "roles": roles, "regions": regions,
                "fields": {"name": "", "role": "", "region": ""}, "error": null,
                "done": "console-asked",
            }),
        ),
        (
            "console-operators-error",
            "console/operators.html",
            json!({
                "officer": security_officer(), "operators": list, "may_invite": true,
                "next": null, "invitations": [], "roles": roles, "regions": regions,
                "fields": {"name": "孙 1", "role": "counter_staff", "region": "990102"},
                "error": "console-name-invalid", "done": null,
            }),
        ),
    ]
}
