//! Batches of legacy codes and disputes: a context for every state of their pages.

use serde_json::Value;
use serde_json::json;

use super::Sample;
use super::security_officer;

fn batch(state: &str) -> Value {
    json!({
        "id": "0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88", "state": state, "records": 182_340,
        "kind": "legacy_codes",
        "authority": "云州市市场监督管理局", "created_at": "2026-11-24 09:12",
    })
}

/// Their pages.
pub fn all() -> Vec<Sample> {
    let counts = |total: i64| json!({"total": total, "converted": 9, "pending": 2, "disputed": 1});
    let row = json!({
        "authority": "云州市市场监督管理局", "city": "云州市", "total": 182_352,
        "converted": 182_340, "pending": 0, "disputed": 12,
    });
    let list = json!({
        "officer": security_officer(), "all": counts(182_352), "rows": [row],
        "batches": [of_new("staged"), batch("confirmed"), batch("rolled_back")],
        "next": "1795579200000.0193f6a2-7c1e", "may_hand_in": true, "reading": true,
    });
    let empty = json!({
        "officer": security_officer(), "all": counts(0), "rows": [], "batches": [], "next": null,
        "may_hand_in": false, "reading": false,
    });
    let mut all = vec![
        ("console-codes", "console/codes.html", list),
        ("console-codes-none", "console/codes.html", empty),
        ("console-code-batch", "console/code_batch.html", one("staged", true)),
        ("console-code-batch-over", "console/code_batch.html", one("rolled_back", false)),
        ("console-code-batch-new", "console/code_batch.html", new("staged", true)),
        ("console-code-batch-new-gone", "console/code_batch.html", new("rolled_back", false)),
        ("console-code-disputes", "console/code_disputes.html", disputes()),
        (
            "console-code-disputes-none",
            "console/code_disputes.html",
            json!({
                "officer": security_officer(), "disputes": [], "next": null, "error": null,
                "may_settle": true,
            }),
        ),
        ("console-code-file", "console/code_file.html", file("", json!({}))),
    ];
    let (full, clean) = (report(true), report(false));
    let looked = [
        ("console-code-file-looked", "legacy_codes", full),
        ("console-code-file-clean", "new_codes", clean),
    ];
    all.extend(looked.map(|(name, kind, found)| {
        let more = json!({"found": found, "kind": kind});
        (name, "console/code_file.html", file(kind, more))
    }));
    let wrong = |key: &&str| {
        let error = json!({
            "key": key, "line": 4711, "column": "统一社会信用代码", "rows": 200_000,
            "reason": "e-announced",
        });
        let page = file("new_codes", json!({ "error": error }));
        ("console-code-file-wrong", "console/code_file.html", page)
    };
    all.extend(WRONG.iter().map(wrong));
    all.extend(ANNOUNCED.iter().map(|reason| {
        let error = json!({"key": "codes-file-line", "line": 2, "reason": reason});
        let page = file("new_codes", json!({ "error": error }));
        ("console-code-file-line", "console/code_file.html", page)
    }));
    all
}

/// What can be wrong with a file.
const WRONG: [&str; 16] = [
    "codes-file-kind-needed",
    "codes-file-needed",
    "codes-file-too-large",
    "codes-file-authority",
    "codes-file-evidence",
    "codes-file-too-many",
    "codes-file-no-rows",
    "codes-file-over",
    "codes-file-utf16",
    "codes-file-encoding",
    "codes-file-no-header",
    "codes-file-no-column",
    "codes-file-twice",
    "codes-file-characters",
    "codes-file-row",
    "codes-file-line",
];
/// What can be wrong with a row of new codes, and with no other.
const ANNOUNCED: [&str; 5] =
    ["e-status", "e-announced", "e-not-announced", "e-withdrawn", "e-announcement-waits"];

fn of_new(state: &str) -> Value {
    let mut batch = batch(state);
    batch["kind"] = "new_codes".into();
    batch
}

/// The form, and what came of it.
fn file(kind: &str, mut page: Value) -> Value {
    page["officer"] = security_officer();
    page["largest"] = 4.into();
    page["form"] = json!({
        "kind": kind, "authority": "云州市市场监督管理局", "evidence": "云市监函〔2026〕12号",
        "encoding": "gbk",
    });
    page
}

/// A batch of new codes, with the codes it holds.
fn new(state: &str, open: bool) -> Value {
    let code = |uscc: &str, name: Option<&str>, status: &str| json!({"uscc": uscc, "name": name, "status": status, "date": "2026-11-26"});
    let codes = [
        code("91140100PDY00001XL", Some("样例企业壹"), "issued"),
        code("92140100PDY300001N", None, "changed"),
        code("51140000PDY000028K", Some("样例协会"), "withdrawn"),
    ];
    let mut page = one(state, open);
    page["batch"] = of_new(state);
    page["error"] = open.then_some("codes-batch-withdrawn").into();
    page["found"] = report(false);
    page["codes"] = if open { codes.as_slice().into() } else { json!([]) };
    page["next"] = open.then_some("0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88").into();
    page
}

/// What was found in a file, each reason once.
fn report(full: bool) -> Value {
    let reasons = [
        "E_KIND",
        "E_EMPTY",
        "E_LENGTH",
        "E_CHARSET",
        "E_CHECK_DIGIT",
        "E_AUTHORITY_TEST_FORBIDDEN",
        "E_ORG_CHECK",
        "E_ORG_PRIVATE_ZONE",
        "E_DIVISION_UNKNOWN",
        "E_OWNER_NUMBER",
        "E_USCC_EMPTY",
        "E_USCC_LENGTH",
        "E_USCC_CHARSET",
        "E_AUTHORITY",
        "E_USCC_CHECK",
        "E_NAME",
        "E_DATE",
        "E_CATEGORY",
        "E_ORG_CODE_DIFFERS",
        "E_CONVERTED",
        "E_CONFLICT",
        "E_CONFLICT_IN_FILE",
        "E_DUPLICATE",
    ];
    let finding = |(line, reason): (usize, &&str)| {
        let key = reason.to_ascii_lowercase().replace('_', "-");
        json!({"line": line + 2, "code": reason, "key": key})
    };
    let findings: Vec<Value> =
        if full { reasons.iter().enumerate().map(finding).collect() } else { Vec::new() };
    json!({
        "rows": 182_400, "valid": 182_340, "refused": if full { 40 } else { 0 }, "duplicate": 8,
        "conflict": 12, "converted": 3, "warned": 1, "findings": findings,
    })
}

fn one(state: &str, open: bool) -> Value {
    json!({
        "officer": security_officer(), "batch": batch(state), "found": report(open),
        "evidence": "云市监函〔2026〕12号", "error": if open { "console-reason-needed".into() } else { Value::Null },
        "may_confirm": open, "may_roll_back": open,
        "decided_by": if open { Value::Null } else { "李卫东".into() },
        "decided_at": if open { Value::Null } else { "2026-11-24 16:40".into() },
    })
}

fn disputes() -> Value {
    let dispute = |id: &str, kind: &str, value: &str, ready: bool, rival: bool| {
        json!({
            "id": id, "kind": kind, "value": value, "uscc": "91140100PDY00001XL", "line": 4711,
            "name": rival.then_some("样例企业壹"), "batch": batch("confirmed"), "ready": ready,
            "rival": rival.then(|| json!({
                "uscc": "51140000PDY000028K", "batch": batch("confirmed"),
            })),
        })
    };
    json!({
        "officer": security_officer(), "error": "console-reason-needed", "may_settle": true,
        "disputes": [
            dispute("d1", "registration_number", "149999000000019", true, true),
            dispute("d2", "organisation_code", "PDY00001X", false, true),
            dispute("d3", "tax_number", "9****************X", true, false),
            dispute("d4", "certificate", "云社证字(2008)第0123号", true, false),
        ],
        "next": "0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88",
    })
}
