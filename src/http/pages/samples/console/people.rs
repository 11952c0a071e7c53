//! Looking people up, by number and by name.

use serde_json::Value;
use serde_json::json;

use super::Sample;
use super::counter_staff;
use super::security_officer;

/// The page in every state worth seeing.
pub fn all() -> Vec<Sample> {
    let form = |identifier: &str, error: Option<&str>| {
        let mut page = page(&counter_staff(), &json!([{"code": "990100", "name": "云州市"}]));
        page["identifier"] = identifier.into();
        page["error"] = error.into();
        page
    };
    let regions = json!([
        {"code": "140000", "name": "山西省"}, {"code": "140100", "name": "太原市"},
        {"code": "140200", "name": "大同市"},
    ]);
    let named = |fields: Value| {
        let mut page = page(&security_officer(), &regions);
        page["name"] = "王大友".into();
        for (field, value) in fields.as_object().into_iter().flatten() {
            page[field] = value.clone();
        }
        page
    };
    vec![
        ("console-people", "console/people.html", form("", None)),
        (
            "console-people-wrong",
            "console/people.html",
            form("1380000", Some("console-not-an-identifier")),
        ),
        (
            "console-people-nobody",
            "console/people.html",
            form("13800009050", Some("console-nobody")),
        ),
        (
            "console-people-named",
            "console/people.html",
            named(json!({
                "region": "140100", "next": "140105.0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88",
                "people": [
                    person("1****************4", Some("山西省太原市小店区"), "active"),
                    person("1****************X", Some("山西省太原市阳曲县"), "locked"),
                    person("1****************7", None, "stopped"),
                ],
            })),
        ),
        (
            "console-people-named-none",
            "console/people.html",
            named(json!({"people": [], "incomplete": true})),
        ),
        (
            "console-people-named-end",
            "console/people.html",
            named(json!({"people": [], "later": true})),
        ),
        (
            "console-people-name-wrong",
            "console/people.html",
            named(json!({"name": "王 1", "name_error": "console-not-a-name"})),
        ),
    ]
}

fn page(officer: &Value, regions: &Value) -> Value {
    json!({
        "officer": officer, "identifier": "", "error": null, "name": "", "region": "",
        "documents": crate::http::pages::samples::documents::chosen(None),
        "regions": regions, "name_error": null, "people": null, "later": false, "next": null,
        "incomplete": false,
    })
}

fn person(id_number: &str, division: Option<&str>, status: &str) -> Value {
    json!({
        "id": "0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88", "name": "*大友", "id_number": id_number,
        "id_type_key": "document-111", "division": division, "status": status,
    })
}
