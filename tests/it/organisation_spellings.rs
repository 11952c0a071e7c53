//! One credit code in every spelling (security.md A-52): the same organisation at every door, and look-alikes none
//! at any.

use std::collections::HashSet;

use serde_json::Value;
use serde_json::json;
use yihao::domain::operator::Role;
use yihao::domain::synthetic;

use crate::on_both;
use crate::support::Browser;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::console::officers;
use crate::support::console::send;
use crate::support::login::log_in;
use crate::support::machine;
use crate::support::machine::assert_problem;
use crate::support::organisation::at_enterprise_tab;
use crate::support::organisation::claim;
use crate::support::organisation::entity;
use crate::support::organisation::logged_in;
use crate::support::organisation::mandates;
use crate::support::organisation::takes_all;
use crate::support::organisation::tokens;
use crate::support::organisation::with_agent;
use crate::support::relying_party::claims;
use crate::support::terminal;

/// Spellings that people and their keyboards make of a code.
fn spellings(code: &str) -> [String; 8] {
    let wide = |text: &str| -> String {
        text.chars().map(|c| char::from_u32(u32::from(c) + 0xFEE0).unwrap()).collect()
    };
    let grouped =
        |between: &str| [&code[..2], &code[2..8], &code[8..17], &code[17..]].join(between);
    [
        code.to_lowercase(),
        wide(code),
        wide(&code.to_lowercase()),
        format!("{}{}", &code[..9], wide(&code[9..])),
        grouped(" ").to_lowercase(),
        grouped("-"),
        format!("  {code}\t"),
        format!("\u{3000}{}\u{3000}", grouped("\u{3000}")),
    ]
}

/// Texts that look like the code and are none. Each synthetic code has `P`, `D` and `Y`.
fn look_alikes(code: &str) -> Vec<String> {
    let last = if code.ends_with('0') { "1" } else { "0" };
    let mut all = vec![
        code[..17].to_owned(),
        format!("{code}0"),
        format!("{}{last}", &code[..17]),
        format!("{}\u{200B}{}", &code[..8], &code[8..]),
        format!("{}\0{}", &code[..8], &code[8..]),
        format!("{}--{}", &code[..8], &code[8..]),
        format!("\u{200F}{code}"),
        code.replacen('P', "Р", 1),
        code.replacen('Y', "У", 1),
    ];
    for (right, wrong) in [
        ('0', "O"),
        ('0', "o"),
        ('0', "Ｏ"),
        ('0', "О"),
        ('1', "I"),
        ('1', "l"),
        ('1', "①"),
        ('1', "١"),
    ] {
        all.push(code.replacen(right, wrong, 1));
    }
    for letter in ["I", "O", "S", "V", "Z"] {
        all.push(format!("{}{letter}{}", &code[..12], &code[13..]));
    }
    let distinct: HashSet<&String> = all.iter().collect();
    assert!(distinct.len() == all.len() && !all.iter().any(|text| text == code), "{all:?}");
    all
}

on_both!(every_spelling_is_the_same_organisation_at_the_enterprise_tab, |provider| {
    let (uscc, _, (agent, _)) = with_agent(&provider, 9_910).await;
    takes_all(&provider, "web1").await;
    let web1 = RelyingParty::new(&provider, "web1");
    for spelling in spellings(&uscc) {
        let landed = at_enterprise_tab(&provider, &web1, (&agent, &spelling)).await;
        let answer = tokens(&web1, &landed).await;
        assert_eq!(
            claims(answer["id_token"].as_str().unwrap())["org"]["uscc"],
            uscc,
            "{spelling:?}"
        );
    }
    let tables = ["approval", "mandate", "organisation"];
    let before = provider.rows(&tables).await;
    for wrong in look_alikes(&uscc) {
        let page = at_enterprise_tab(&provider, &web1, (&agent, &wrong)).await;
        let told = page.has("act-as-self") && page.body.contains("没有代表所填单位");
        assert!(told, "{wrong:?}: {}", page.body);
    }
    assert_eq!(provider.rows(&tables).await, before, "nobody came for anybody");
});

on_both!(every_spelling_claims_the_organisation_it_spells, |provider| {
    let (boss, browser) = logged_in(&provider, 9_920).await;
    let (refused, claimed) = (9_920, 9_921..=9_928);
    for seed in refused..=9_928 {
        provider.add_organisation(&entity(seed, &boss)).await;
    }
    let tables = ["organisation", "mandate", "throttle"];
    let before = provider.rows(&tables).await;
    for wrong in look_alikes(synthetic::uscc(refused).as_str()) {
        let page = claim(&provider, &browser, &wrong).await;
        assert_eq!(page.status, 400, "{wrong:?}");
        assert!(page.body.contains("统一社会信用代码不正确"), "{wrong:?}: {}", page.body);
    }
    assert_eq!(provider.rows(&tables).await, before, "before anything is looked up");
    for (seed, number) in claimed.zip(0..) {
        let uscc = synthetic::uscc(seed).to_string();
        let spelling = &spellings(&uscc)[number];
        // Nobody tries out who represents what: after some attempts the next ones wait.
        provider.wait_seconds(300);
        let browser = Browser::new();
        log_in(&provider, &browser, &boss).await;
        let done = claim(&provider, &browser, spelling).await;
        let claimed = (303, "/account/mandates?done=claimed");
        assert_eq!((done.status, done.header("location")), claimed, "{spelling:?}: {}", done.body);
        assert!(mandates(&provider, &browser).await.body.contains(&uscc), "{spelling:?}");
    }
    assert_eq!(provider.rows(&["organisation"]).await, [8]);
});

on_both!(every_spelling_finds_the_same_organisation_for_an_officer_and_a_machine, |provider| {
    let (uscc, ..) = with_agent(&provider, 9_930).await;
    let officers = officers(&provider).await;
    let role = (Role::SecurityOfficer, "");
    let token = machine::robot(&provider, &officers, role, "robot-spelling").await;
    let id: uuid::Uuid = provider.value("SELECT id FROM organisation").await;
    let found = format!("/console/organisations/{id}");
    let seek = async |code: &str| {
        let fields = [("code", code)];
        let page = send(&provider, &officers[1], "/console/organisations", &fields).await;
        let body = json!({ "code": code });
        (page, machine::post(&provider, &token, "/organisations/search", &body).await)
    };
    for spelling in spellings(&uscc) {
        let (page, answer) = seek(&spelling).await;
        assert_eq!((page.status, page.header("location")), (303, &*found), "{spelling:?}");
        assert_eq!(answer.status, 200, "{spelling:?}: {}", answer.body);
        let answer = answer.json();
        assert_eq!((&answer["id"], &answer["uscc"]), (&json!(id), &json!(uscc)), "{spelling:?}");
    }
    for wrong in look_alikes(&uscc) {
        let (page, answer) = seek(&wrong).await;
        assert_eq!(page.status, 404, "{wrong:?}");
        assert!(page.body.contains("没有这个单位"), "{wrong:?}: {}", page.body);
        if answer.status == 404 {
            assert_problem(&answer, 404, "not-found", &wrong);
        } else {
            assert!(wrong.contains('\0'), "{wrong:?}: {}", answer.body);
            assert_eq!(answer.status, 400, "no text at all");
        }
    }
});

/// What an operator is told who writes this to `yihao organisation show -`; the complaint when it is refused.
fn shown(provider: &TestProvider, typed: &str) -> Result<Value, String> {
    let told = terminal::asked(provider, &["organisation", "show", "-", "--json"], typed)?;
    Ok(serde_json::from_str(&told).unwrap())
}

on_both!(every_spelling_finds_the_same_organisation_at_a_terminal, |provider| {
    let (uscc, ..) = with_agent(&provider, 9_940).await;
    let id: uuid::Uuid = provider.value("SELECT id FROM organisation").await;
    for spelling in spellings(&uscc) {
        let found =
            shown(&provider, &spelling).unwrap_or_else(|told| panic!("{spelling:?}: {told}"));
        assert_eq!((&found["organisation"], &found["uscc"]), (&json!(id), &json!(uscc)));
    }
    for wrong in look_alikes(&uscc) {
        let told = shown(&provider, &wrong).unwrap_err();
        assert!(told.contains("not a code of an organisation"), "{wrong:?}: {told}");
    }
});
