//! What an operator at a terminal types about organisations and mandates: looks are masked, changes count at once and have
//! a reason, and what is two officers' is not a terminal's.

use serde_json::Value;
use yihao::domain::masking::NameMask;
use yihao::domain::operator::Role;

use crate::on_both;
use crate::on_both_backends;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::console::officers;
use crate::support::machine;
use crate::support::officers::file;
use crate::support::organisation::mandates;
use crate::support::organisation::with_agent;
use crate::support::terminal;
use crate::support::terminal::run;
use crate::support::terminal::run_with;

const WHY: [&str; 2] = ["--reason", "来函协查"];

/// The key of the only organisation.
async fn organisation(provider: &TestProvider) -> String {
    provider.value::<uuid::Uuid>("SELECT id FROM organisation").await.to_string()
}

/// What a command answers that has to succeed.
async fn json(provider: &TestProvider, arguments: &[&str]) -> Value {
    terminal::json(&run(provider, arguments).await)
}

/// The same of a command that needs a reason.
async fn change(provider: &TestProvider, arguments: &[&str]) -> Value {
    json(provider, &[arguments, &WHY].concat()).await
}

/// A command that has to fail, and what it says.
async fn refused(provider: &TestProvider, arguments: &[&str]) -> String {
    let output = run(provider, arguments).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && !said.contains("panicked"), "{arguments:?}: {said}");
    said
}

on_both!(
    /// An organisation is shown and suspended, a mandate ended: masked, at once, with a reason that the record keeps.
    an_organisation_is_shown_and_suspended_and_a_mandate_ended,
    |provider| {
        let (uscc, _, (agent, browser)) = with_agent(&provider, 9701).await;
        let id = organisation(&provider).await;
        let shown = json(&provider, &["organisation", "show", &id]).await;
        assert_eq!((&shown["status"], &shown["register"]), (&"active".into(), &"active".into()));
        assert_eq!(shown["mandates"], 2);
        let listed = json(&provider, &["mandate", "list", "--organisation", &id]).await;
        let rows = listed.as_array().unwrap();
        assert_eq!((rows.len(), &rows[0]["role"]), (2, &Value::from("agent")));
        assert!(!listed.to_string().contains(&agent.name), "{listed}");
        assert!(!listed.to_string().contains(&agent.id_number), "{listed}");

        let mandate = rows[0]["mandate"].as_str().unwrap();
        assert_eq!(change(&provider, &["mandate", "end", mandate]).await["changed"], true);
        assert!(has_reason(&provider, "mandate_ended").await);
        assert_eq!(change(&provider, &["mandate", "end", mandate]).await["changed"], false);
        assert!(!mandates(&provider, &browser).await.body.contains(&uscc));
        let over = json(&provider, &["mandate", "list", "--organisation", &id, "--over"]).await;
        assert_eq!(over[0]["state"], "revoked");

        assert_eq!(change(&provider, &["organisation", "suspend", &id]).await["changed"], true);
        assert!(has_reason(&provider, "organisation_suspended").await);
        assert_eq!(change(&provider, &["organisation", "suspend", &id]).await["changed"], false);
        assert_eq!(json(&provider, &["organisation", "show", &id]).await["status"], "suspended");
        let nowhere = uuid::Uuid::now_v7().to_string();
        for wrong in [
            &["organisation", "show", "x"][..],
            &["organisation", "suspend", &nowhere, WHY[0], WHY[1]],
            &["mandate", "end", &nowhere, WHY[0], WHY[1]],
            &["mandate", "list"],
            &["mandate", "list", "--account", &nowhere, "--limit", "0"],
        ] {
            refused(&provider, wrong).await;
        }
    }
);

on_both!(
    /// What gives power back, or ends everything, is for two officers: a terminal neither resumes an organisation nor
    /// ends its representative's mandate, and changes nothing without a reason.
    a_terminal_passes_by_no_second_officer,
    |provider| {
        let (uscc, boss, (_, agent)) = with_agent(&provider, 9711).await;
        let id = organisation(&provider).await;
        let listed = json(&provider, &["mandate", "list", "--organisation", &id]).await;
        let [agents, first] = [0, 1].map(|row| listed[row]["mandate"].as_str().unwrap());
        assert_eq!(listed[1]["role"], "legal_representative");
        let said = refused(&provider, &["mandate", "end", first, WHY[0], WHY[1]]).await;
        assert!(said.contains("two officers"), "{said}");
        for (command, what) in [("organisation", "suspend"), ("mandate", "end")] {
            let key = if command == "mandate" { agents } else { &id };
            let said = refused(&provider, &[command, what, key]).await;
            assert!(said.contains("--reason"), "{said}");
            for none in ["", " ", "短", &"长".repeat(201)] {
                let said = refused(&provider, &[command, what, key, "--reason", none]).await;
                assert!(said.contains("a reason is needed"), "{said}");
            }
        }
        assert!(mandates(&provider, &agent).await.body.contains(&uscc), "nothing has changed");

        assert_eq!(change(&provider, &["organisation", "suspend", &id]).await["status"], "suspended");
        let page = mandates(&provider, &agent).await.body;
        assert!(page.contains(&uscc) && page.contains("单位账号已暂停"), "{page}");
        let said = refused(&provider, &["organisation", "resume", &id, WHY[0], WHY[1]]).await;
        assert!(said.contains("unrecognized subcommand"), "{said}");
        assert_eq!(json(&provider, &["organisation", "show", &id]).await["status"], "suspended");
        assert!(!mandates(&provider, &boss).await.body.contains(&format!("manage-{uscc}")));
    }
);

/// Whether the newest record of this kind has a reason, sealed.
async fn has_reason(provider: &TestProvider, kind: &str) -> bool {
    let sql = format!("SELECT details FROM audit WHERE kind = '{kind}' ORDER BY at DESC, id DESC");
    let details = provider.value::<String>(&sql).await;
    assert!(!details.contains(WHY[1]), "{details}");
    details.contains("\"why\":\"")
}

on_both_backends!(
    /// `[masking]` counts wherever officers, machines and terminals read names of people and of individual businesses.
    names_are_masked_as_the_configuration_says,
    |backend| {
        let provider =
            TestProvider::start_with(backend, |config| config.masking.name = NameMask::KeepFirst).await;
        // The organisation of this seed is an individual business.
        let (uscc, _, (agent, _)) = with_agent(&provider, 300_001).await;
        assert!(uscc.starts_with("92"), "{uscc}");
        let boss = Person::synthetic(300_001);
        let masked = |name: &str| {
            let first: String = name.chars().take(1).collect();
            format!("{first}{}", "*".repeat(name.chars().count() - 1))
        };
        let (business, agents) = (masked("样例企业300001号"), masked(&agent.name));
        let id = organisation(&provider).await;
        let officers = officers(&provider).await;
        let account = provider.account(&agent).await.id;
        let boss_account = provider.account(&boss).await.id;
        let read = async |path: String| officers[1].browser.get(&provider.url(&path)).await.body;

        let page = read(format!("/console/organisations/{id}")).await;
        assert!(page.contains(&business) && page.contains(&agents), "{page}");
        assert!(page.contains(&masked(&boss.name)), "{page}");
        let page = read(format!("/console/people/{account}")).await;
        assert!(page.contains(&business), "{page}");

        let robot = machine::robot(&provider, &officers, (Role::SecurityOfficer, ""), "robot").await;
        let get = async |path: String| machine::get(&provider, &robot, &path).await.json();
        assert_eq!(get(format!("/organisations/{id}")).await["name"], business);
        let listed = get(format!("/organisations/{id}/mandates")).await;
        assert_eq!(listed["items"][0]["name"], agents);
        let held = get(format!("/people/{boss_account}/mandates-held")).await;
        assert_eq!(held["items"][0]["principal_name"], business);

        let fields = [("code", uscc.as_str())];
        let filed = file(&provider, &officers[1], "claim", (&agent, &fields)).await;
        assert_eq!(filed.status, 303, "{}", filed.body);
        let page = read("/console/acts".to_owned()).await;
        assert!(page.contains(&format!("{agents} ")), "{page}");

        let masks = [("YIHAO__MASKING__NAME", "keep_first")];
        let shown = run_with(&provider, &masks, &["organisation", "show", &id]).await;
        assert_eq!(terminal::json(&shown)["name"], business);
        let listed = run_with(&provider, &masks, &["mandate", "list", "--organisation", &id]).await;
        assert_eq!(terminal::json(&listed)[0]["name"], agents);
    }
);
