//! Organisations and mandates for machines: by exact code, a page at a time, masked, within the region; and what a
//! machine may end.

use serde_json::json;
use yihao::domain::operator::Role;

use crate::on_both;
use crate::support::console::decide;
use crate::support::console::officers;
use crate::support::machine;
use crate::support::machine::assert_problem;
use crate::support::machine::connect;
use crate::support::organisation::appoint;
use crate::support::organisation::claim;
use crate::support::organisation::entity_in;
use crate::support::organisation::logged_in;
use crate::support::organisation::mandates;

on_both!(
    /// A machine of the region finds an organisation, reads who acts for it, suspends it, asks for more, and ends a
    /// mandate; one of another region learns of nothing.
    a_machine_reads_and_ends_mandates_of_its_region,
    |provider| {
        let (boss, boss_browser) = logged_in(&provider, 9801).await;
        let (agent, browser) = logged_in(&provider, 9802).await;
        let known = entity_in("140105", 9801, &boss);
        provider.add_organisation(&known).await;
        let uscc = known.uscc.as_str();
        assert_eq!(claim(&provider, &boss_browser, uscc).await.status, 303);
        let all = [("matters", "all")];
        appoint(&provider, (&boss_browser, uscc), (&agent, &browser), &all).await;
        let [system, security, _] = officers(&provider).await;
        let both = [&system, &security];
        let here = connect(&provider, both, (Role::RegionAdministrator, "140100"), "robot-here").await;
        let there = connect(&provider, both, (Role::RegionAdministrator, "110100"), "robot-there").await;
        let (here, there) = (here.token(&provider).await, there.token(&provider).await);

        let code = json!({ "code": uscc });
        let found = machine::post(&provider, &here, "/organisations/search", &code).await;
        assert_eq!(found.status, 200, "{}", found.body);
        let found = found.json();
        let id = found["id"].as_str().unwrap();
        assert_eq!((&found["register_status"], &found["uscc"]), (&json!("active"), &json!(uscc)));
        let path = format!("/organisations/{id}");
        for (what, page) in [
            ("search", machine::post(&provider, &there, "/organisations/search", &code).await),
            ("show", machine::get(&provider, &there, &path).await),
            ("mandates", machine::get(&provider, &there, &format!("{path}/mandates")).await),
            ("suspend", {
                let why = json!({ "reason": "来函协查" });
                machine::post(&provider, &there, &format!("{path}/suspend"), &why).await
            }),
        ] {
            assert_problem(&page, 404, "not-found", what);
        }

        let first = machine::get(&provider, &here, &format!("{path}/mandates?limit=1")).await;
        let first = first.json();
        assert_eq!(first["items"][0]["role"], "agent");
        assert!(!first.to_string().contains(&agent.name), "{first}");
        let token = first["next_page_token"].as_str().unwrap();
        let next = format!("{path}/mandates?limit=1&page_token={token}");
        let second = machine::get(&provider, &here, &next).await.json();
        assert_eq!(second["items"][0]["role"], "legal_representative");
        assert_eq!(second["next_page_token"], json!(null));
        let none = machine::get(&provider, &here, &format!("{path}/mandates?open=false")).await;
        assert_eq!(none.json()["items"], json!([]));
        let wrong = machine::get(&provider, &here, &format!("{path}/mandates?open=maybe")).await;
        assert_problem(&wrong, 400, "invalid-request", "no such filter");

        let why = json!({ "reason": "来函协查" });
        let mandate = first["items"][0]["id"].as_str().unwrap();
        let end = format!("/mandates/{mandate}/end");
        assert_problem(&machine::post(&provider, &there, &end, &why).await, 404, "not-found", "there");
        assert_eq!(machine::post(&provider, &here, &end, &why).await.status, 204);
        assert!(!mandates(&provider, &browser).await.body.contains(uscc));
        let over = machine::post(&provider, &here, &end, &why).await;
        assert_problem(&over, 409, "over", "it ended");
        let shown = machine::get(&provider, &here, &format!("/mandates/{mandate}")).await;
        assert_eq!(shown.json()["state"], "revoked");
        let first = second["items"][0]["id"].as_str().unwrap();
        let alone = machine::post(&provider, &here, &format!("/mandates/{first}/end"), &why).await;
        assert_problem(&alone, 403, "second-officer-needed", "all hang on it");

        let suspend = format!("{path}/suspend");
        assert_eq!(machine::post(&provider, &here, &suspend, &why).await.status, 204);
        assert!(!mandates(&provider, &boss_browser).await.body.contains(&format!("manage-{uscc}")));
        let ask = json!({ "kind": "resume_organisation", "reason": "已核实" });
        let asked = machine::post(&provider, &here, &format!("{path}/acts"), &ask).await;
        assert_eq!(asked.status, 202, "{}", asked.body);
        crate::support::console::log_in(&provider, &security).await;
        assert_eq!(decide(&provider, &security, "approve").await.status, 303);
        assert!(mandates(&provider, &boss_browser).await.body.contains(&format!("manage-{uscc}")));
    }
);
