//! What machines read of a person beside the account itself: who acts for the person, what the person represents, on what
//! the identity rests, and which accounts became one.

use serde_json::json;
use yihao::domain::operator::Role;

use crate::on_both;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::console::decide;
use crate::support::console::officers;
use crate::support::machine;
use crate::support::machine::WHY;
use crate::support::machine::assert_problem;
use crate::support::machine::resident;
use crate::support::organisation::accept;
use crate::support::organisation::claim;
use crate::support::organisation::entity;
use crate::support::organisation::logged_in;
use crate::support::organisation::mandates;
use crate::support::organisation::offer;

async fn path(provider: &TestProvider, person: &Person) -> String {
    format!("/people/{}", provider.account(person).await.id)
}

on_both!(
    /// A machine reads both sides of a person's mandates a page at a time, masked, and ends one about the person; one of
    /// another region learns of nothing.
    both_sides_of_a_persons_mandates_are_read_and_one_is_ended,
    |provider| {
        let person = resident(9_821);
        provider.add_person(&person).await;
        let browser = crate::support::Browser::new();
        crate::support::login::log_in(&provider, &browser, &person).await;
        let (agent, agents) = logged_in(&provider, 9_822).await;
        let known = entity(9_823, &agent);
        provider.add_organisation(&known).await;
        assert_eq!(claim(&provider, &agents, known.uscc.as_str()).await.status, 303);
        let all = [("matters", "all")];
        let offered = offer(&provider, &browser, "/account/mandates", (&agent, &all)).await;
        assert_eq!(offered.status, 303, "{}", offered.body);
        let mandate = accept(&provider, &agents).await;
        let officers = officers(&provider).await;
        let region = |region| (Role::RegionAdministrator, region);
        let all = machine::robot(&provider, &officers, (Role::SecurityOfficer, ""), "robot").await;
        let here = machine::robot(&provider, &officers, region("110100"), "robot-here").await;
        let there = machine::robot(&provider, &officers, region("310100"), "robot-there").await;
        let (about, held) = (path(&provider, &person).await, path(&provider, &agent).await);

        let list = format!("{about}/mandates");
        let found = machine::get(&provider, &here, &list).await.json();
        assert_eq!(found["items"][0]["id"], mandate, "{found}");
        assert_eq!((&found["items"][0]["state"], found["items"].as_array().unwrap().len()), (&json!("active"), 1));
        for whole in [&agent.name, &agent.id_number, &person.name] {
            assert!(!found.to_string().contains(whole.as_str()), "{found}");
        }
        let wrong = machine::get(&provider, &here, &format!("{list}?open=maybe")).await;
        assert_problem(&wrong, 400, "invalid-request", "no such filter");
        let first = machine::get(&provider, &all, &format!("{held}/mandates-held?limit=1")).await.json();
        let newest = &first["items"][0];
        assert_eq!(newest["person"], json!(provider.account(&person).await.id.to_string()), "{first}");
        assert_eq!((&newest["mandate"]["id"], &newest["organisation"]), (&json!(mandate), &json!(null)));
        assert!(!first.to_string().contains(&person.name), "{first}");
        let token = first["next_page_token"].as_str().unwrap();
        let next = format!("{held}/mandates-held?limit=1&page_token={token}");
        let second = machine::get(&provider, &all, &next).await.json();
        assert_eq!(second["items"][0]["principal_name"], "样例企业9823号", "{second}");
        assert_eq!(second["items"][0]["mandate"]["role"], "legal_representative");
        assert_eq!((&second["items"][0]["person"], &second["next_page_token"]), (&json!(null), &json!(null)));

        let end = format!("{about}/end-mandate");
        let of = |mandate: &str| json!({ "mandate": mandate, "reason": WHY });
        for path in [&list, &format!("{about}/mandates-held")] {
            assert_problem(&machine::get(&provider, &there, path).await, 404, "not-found", path);
        }
        let page = machine::post(&provider, &there, &end, &of(&mandate)).await;
        assert_problem(&page, 404, "not-found", "another region");
        let unit = second["items"][0]["mandate"]["id"].as_str().unwrap();
        let page = machine::post(&provider, &here, &end, &of(unit)).await;
        assert_problem(&page, 404, "not-found", "it is not about this person");
        assert_eq!(machine::post(&provider, &here, &end, &of(&mandate)).await.status, 204);
        let page = machine::post(&provider, &here, &end, &of(&mandate)).await;
        assert_problem(&page, 409, "over", "it ended");
        assert!(!mandates(&provider, &agents).await.body.contains(&mandate), "the agent has it no more");
        assert_eq!(machine::get(&provider, &here, &list).await.json()["items"], json!([]));
        let over = machine::get(&provider, &here, &format!("{list}?open=false")).await.json();
        assert_eq!(over["items"][0]["state"], "revoked");
    }
);

on_both!(
    /// A machine learns which accounts became one, which it needs to ask for a split, and on what an identity rests.
    a_machine_reads_what_a_split_needs_and_what_an_identity_rests_on,
    |provider| {
        let [stays, goes] = [Person::synthetic(9_831), Person::synthetic(9_832)];
        for person in [&stays, &goes] {
            provider.add_person(person).await;
        }
        let officers = officers(&provider).await;
        let robot = machine::robot(&provider, &officers, (Role::SecurityOfficer, ""), "robot").await;
        let (stays_at, goes_at) = (path(&provider, &stays).await, path(&provider, &goes).await);
        let get = async |path: &str| machine::get(&provider, &robot, path).await.json();
        let before = get(&stays_at).await;
        assert_eq!((&before["absorbed"], &before["merged_into"]), (&json!([]), &json!(null)), "{before}");

        let merge = json!({ "identifier": goes.id_number, "reason": WHY });
        let asked = machine::post(&provider, &robot, &format!("{stays_at}/merge"), &merge).await;
        assert_eq!(asked.status, 202, "{}", asked.body);
        assert_eq!(decide(&provider, &officers[0], "approve").await.status, 303);

        let whole = get(&stays_at).await;
        let absorbed = whole["absorbed"][0]["id"].as_str().unwrap();
        assert!(goes_at.ends_with(absorbed) && whole["absorbed"][0]["merged_at"].is_string(), "{whole}");
        let part = get(&goes_at).await;
        assert!(stays_at.ends_with(part["merged_into"].as_str().unwrap()), "{part}");
        let split = json!({ "absorbed": absorbed, "reason": WHY });
        let asked = machine::post(&provider, &robot, &format!("{stays_at}/split"), &split).await;
        assert_eq!(asked.status, 202, "{}", asked.body);
        assert_eq!(decide(&provider, &officers[0], "approve").await.status, 303);
        assert_eq!(get(&stays_at).await["absorbed"], json!([]));
    }
);
