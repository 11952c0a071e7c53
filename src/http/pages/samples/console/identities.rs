//! Identities in doubt and what is put right of them: a context for every state.

use serde_json::json;

use super::super::Sample;

/// Doubts, and the page of a person's identity.
pub fn all() -> Vec<Sample> {
    let id = "0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88";
    let doubts = json!({
        "officer": super::officer("region_administrator", Some("太原市"), &["people", "acts"]),
        "doubts": [
            {"account": id, "name": "*晓明", "id_number": "1***************2X",
             "other": "*小明", "since": "2026-11-24 09:31"},
        ],
        "next": id,
    });
    let none = json!({"officer": super::counter_staff(), "doubts": [], "next": null});
    let documents = crate::http::pages::samples::documents::chosen(None);
    let full = json!({
        "officer": super::security_officer(), "documents": documents,
        "account": {"id": id, "status": "active", "name": "*晓明", "id_type_key": "document-111",
                    "id_number": "1***************2X", "merged_into": null},
        "doubt": {"name": "*小明", "since": "2026-11-24 09:31"},
        "parts": [{"id": "0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e99", "at": "2026-10-08 15:20"}],
        "waiting": [{"kind": "correct_identity", "at": "2026-11-24 10:02", "by": "王秀兰"}],
        "may": true, "error": "identity-not-confirmed", "done": null,
    });
    let merged = json!({
        "officer": super::security_officer(), "documents": documents,
        "account": {"id": id, "status": "merged", "name": "*晓明", "id_type_key": "document-516",
                    "id_number": "1***************2X",
                    "merged_into": "0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e99"},
        "doubt": null, "parts": [], "waiting": [], "may": false, "error": null,
        "done": "console-asked",
    });
    vec![
        ("console-doubts", "console/doubts.html", doubts),
        ("console-doubts-none", "console/doubts.html", none),
        ("console-identity", "console/identity.html", full),
        ("console-identity-merged", "console/identity.html", merged),
    ]
}
