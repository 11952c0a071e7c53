//! What machines take from the Admin API in numbers: people of one name, and records of the audit chain
//! (security.md ).

use std::collections::BTreeSet;

use serde_json::Value;
use serde_json::json;
use yihao::domain::operator::Role;

use crate::on_both;
use crate::support::Page;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::console::officers;
use crate::support::machine::assert_problem;
use crate::support::machine::get;
use crate::support::machine::post;
use crate::support::machine::robot;

const NAME: &str = "测试·同名";
const BY_NAME: &str = "/people/search-by-name";
/// Of the newest look-up by name, what was recorded; other records come when they come.
const SOUGHT: &str =
    "SELECT details FROM audit WHERE kind = 'person_sought' ORDER BY at DESC, id DESC";

/// Adds so many people of the one name, in these divisions by turns.
async fn namesakes(provider: &TestProvider, seeds: std::ops::Range<u64>, divisions: &[&str]) {
    for (seed, division) in seeds.zip(divisions.iter().cycle()) {
        let person = Person {
            name: NAME.to_owned(),
            id_number: format!("{division}21000101{:03}X", seed % 1000),
            phone: format!("+861000001{seed}"),
            ..Person::synthetic(seed)
        };
        provider.add_account(&person.profile(), "a hash".to_owned(), &person).await;
    }
}

fn items(page: &Page) -> Vec<Value> {
    assert_eq!(page.status, 200, "{}", page.body);
    page.json()["items"].as_array().unwrap().clone()
}

on_both!(
    /// A machine finds people by their name as the console does: masked, within its region, each page recorded
    /// without the name, and a page's token good for this name, this region and this machine alone.
    people_are_found_by_name_a_page_at_a_time,
    |provider| {
        namesakes(&provider, 9400..9445, &["140105", "140106", "140202"]).await;
        namesakes(&provider, 9450..9451, &["110105"]).await;
        let officers = officers(&provider).await;
        let role = Role::RegionAdministrator;
        let token = robot(&provider, &officers, (role, "140000"), "robot-shanxi").await;
        let other = robot(&provider, &officers, (role, "140100"), "robot-taiyuan").await;
        let (mut seen, mut sizes, mut after) = (BTreeSet::new(), Vec::new(), Value::Null);
        let mut first = Value::Null;
        loop {
            let body = json!({ "name": " 测试•同名", "page_token": after });
            let page = post(&provider, &token, BY_NAME, &body).await;
            let found = items(&page);
            assert_eq!(provider.audit(1).await, ["person_sought done"]);
            assert!(!page.body.contains("测试") && !page.body.contains("21000101"), "{}", page.body);
            sizes.push(found.len());
            seen.extend(found.iter().map(|person| person["id"].to_string()));
            assert!(found[0]["division"].as_str().unwrap().starts_with("山西省"), "{}", page.body);
            assert_eq!(page.json()["is_complete"], true);
            after = page.json()["next_page_token"].clone();
            if first.is_null() {
                first = after.clone();
            }
            if after.is_null() {
                break;
            }
        }
        assert_eq!((sizes, seen.len()), (vec![20, 20, 5], 45));
        let details = provider.value::<String>(SOUGHT).await;
        assert!(details.contains("\"by\":\"name\"") && !details.contains("同名"), "{details}");
        let spent = [
            (&token, json!({ "name": "测试·别名", "page_token": first })),
            (&token, json!({ "name": NAME, "page_token": first })),
            (&token, json!({ "name": " 测试•同名", "region": "140100", "page_token": first })),
            (&other, json!({ "name": " 测试•同名", "page_token": first })),
            (&token, json!({ "name": NAME, "page_token": "x" })),
        ];
        for (machine, body) in spent {
            let page = post(&provider, machine, BY_NAME, &body).await;
            assert_problem(&page, 400, "invalid-request", &body.to_string());
        }
        let narrow = json!({ "name": NAME, "region": "140202" });
        assert_eq!(items(&post(&provider, &token, BY_NAME, &narrow).await).len(), 15);
        assert_eq!(items(&post(&provider, &other, BY_NAME, &narrow_to("140105")).await).len(), 15);
        for beyond in ["140000", "110105"] {
            let page = post(&provider, &other, BY_NAME, &narrow_to(beyond)).await;
            assert_problem(&page, 403, "beyond-own-powers", beyond);
            assert_eq!(provider.audit(1).await, ["person_sought refused another region"]);
        }
        for wrong in ["14", "990000", "' or 1=1--"] {
            let page = post(&provider, &token, BY_NAME, &narrow_to(wrong)).await;
            assert_problem(&page, 400, "invalid-request", wrong);
        }
        for nothing in [" ", "12345", "<b>测试", "测\u{0}试"] {
            let page = post(&provider, &token, BY_NAME, &json!({ "name": nothing })).await;
            assert_problem(&page, 422, "not-valid", nothing);
        }
        let nobody = post(&provider, &token, BY_NAME, &json!({ "name": "测试" })).await;
        assert_eq!(items(&nobody), Vec::<Value>::new());
        assert_eq!(provider.audit(1).await, ["person_sought refused nobody here"]);
    }
);

fn narrow_to(region: &str) -> Value {
    json!({ "name": NAME, "region": region })
}

on_both!(
    /// A machine of the audit officer takes records along, as lines or as a sheet: masked, recorded, with the state
    /// of the chain, in pieces that join without a gap.
    records_of_the_audit_chain_are_taken_along,
    |provider| {
        let person = Person::synthetic(8605);
        provider.add_person(&person).await;
        let officers = officers(&provider).await;
        let token = robot(&provider, &officers, (Role::AuditOfficer, ""), "robot-audit").await;
        let guard =
            robot(&provider, &officers, (Role::SecurityOfficer, ""), "robot-guard").await;
        let path = format!("/people/{}/lock", provider.account(&person).await.id);
        let why = json!({ "reason": format!("{} 报失 {}", person.name, person.phone) });
        assert_eq!(post(&provider, &guard, &path, &why).await.status, 204);
        yihao::audit::chain::seal(&provider.provider).await.unwrap();

        let page = get(&provider, &token, "/audit/export").await;
        let rows = lines(&page);
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(provider.audit(1).await, ["audit_exported done"]);
        assert_eq!((&rows[0]["changed"], &rows[0]["continues_below"]), (&json!(0), &Value::Null));
        assert_eq!(rows[0]["exported"], rows.len() - 1);
        let locked: Vec<&Value> =
            rows.iter().filter(|row| row["kind"] == "account_locked").collect();
        assert_eq!((locked.len(), &locked[0]["intact"]), (1, &json!("yes")));
        let operator = locked[0]["operator"].as_str().unwrap();

        let path = format!("/audit/export?kind=account_locked&operator={operator}");
        let page = get(&provider, &token, &path).await;
        assert_eq!(lines(&page).len(), 2, "{}", page.body);
        let place = locked[0]["sequence"].as_str().unwrap();
        let page = get(&provider, &token, &format!("{path}&below={place}")).await;
        assert_eq!(lines(&page).len(), 1, "nothing lies below: {}", page.body);
        let listed = get(&provider, &token, &format!("/audit/records?operator={operator}")).await;
        assert_eq!(items(&listed).len(), 1, "{}", listed.body);
        let at = locked[0]["at"].as_str().unwrap();
        for (times, count) in [(format!("from={at}"), 1), (format!("until={at}"), 0)] {
            let path = format!("/audit/records?kind=account_locked&{times}");
            assert_eq!(items(&get(&provider, &token, &path).await).len(), count, "{times}");
        }
        let number = json!({ "identifier": person.id_number });
        let found = post(&provider, &token, "/audit/search-account", &number).await.json();
        assert_eq!(found["id"], json!(provider.account(&person).await.id.to_string()));
        assert_eq!(provider.audit(1).await, ["person_sought done"]);
        let nobody = json!({ "identifier": "11010519491231002X" });
        let page = post(&provider, &token, "/audit/search-account", &nobody).await;
        assert_problem(&page, 404, "not-found", "nobody's number");
        let csv = get(&provider, &token, "/audit/export?format=csv").await;
        assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
        assert!(csv.body.lines().nth(1).unwrap().starts_with("\"sequence\",\"at\",\"kind\""));
        for personal in [&person.name, &person.id_number, &person.phone, "报失", "127.0.0.1"] {
            assert!(!csv.body.contains(personal), "{personal}");
        }
        for wrong in ["format=xlsx", "from=yesterday", "operator=1", "below=x", "below=-1", "client=%00"] {
            let page = get(&provider, &token, &format!("/audit/export?{wrong}")).await;
            assert_problem(&page, 400, "invalid-request", wrong);
        }
        provider.execute("UPDATE audit SET reason = 'nothing' WHERE kind = 'account_locked'").await;
        let page = get(&provider, &token, "/audit/export?kind=account_locked").await;
        assert_eq!(lines(&page)[0]["changed"], 1, "a changed record shows");
    }
);

/// An export, line by line.
fn lines(page: &Page) -> Vec<Value> {
    assert_eq!(page.status, 200, "{}", page.body);
    assert_eq!(page.header("content-type"), "application/jsonl; charset=utf-8");
    page.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
