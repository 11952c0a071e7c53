//! Acting for organisations and for others through the front door (design D3; RFC 8693 §4.1, RFC 9396): claimed,
//! granted, chosen, told to portals, and over within five seconds.

use serde_json::json;

use crate::logout::listen;
use crate::logout::wait_for;
use crate::on_both;
use crate::on_both_backends;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::organisation::accept;
use crate::support::organisation::appoint;
use crate::support::organisation::at_enterprise_tab;
use crate::support::organisation::browser_page;
use crate::support::organisation::choose;
use crate::support::organisation::chooser;
use crate::support::organisation::claim;
use crate::support::organisation::entity;
use crate::support::organisation::logged_in;
use crate::support::organisation::managing;
use crate::support::organisation::offer;
use crate::support::organisation::portal;
use crate::support::organisation::row_of;
use crate::support::organisation::step;
use crate::support::organisation::takes_all;
use crate::support::organisation::tokens;
use crate::support::organisation::with_agent;
use crate::support::relying_party::claims;

on_both!(
    /// The portal deals with the organisation and knows who acts; another agent is another actor of the same.
    an_agent_comes_as_the_organisation,
    |provider| {
        let (uscc, boss, (agent, browser)) = with_agent(&provider, 9101).await;
        takes_all(&provider, "web1").await;
        let web1 = RelyingParty::new(&provider, "web1");

        let page = chooser(&browser, &web1, &[]).await;
        assert!(page.has("act-as-self"), "{}", page.body);
        let page = choose(&browser, &page, &uscc).await;
        let answer = tokens(&web1, &page).await;

        let id_token = claims(answer["id_token"].as_str().unwrap());
        assert_eq!(id_token["subject_type"], "organisation");
        assert_eq!(id_token["org"]["uscc"], uscc);
        assert_eq!(id_token["org"]["role"], "agent");
        assert_ne!(id_token["sub"], id_token["act"]["sub"]);
        assert!(answer["access_token"].as_str().unwrap().starts_with("ya1"), "always opaque");
        let userinfo = web1.userinfo(answer["access_token"].as_str().unwrap()).await.json();
        assert_eq!(userinfo["sub"], id_token["sub"]);
        assert_eq!(userinfo["name"], "样例企业9101号");
        assert_eq!(userinfo["act"]["name"], agent.name);
        assert_eq!(userinfo["act"]["sub"], id_token["act"]["sub"]);
        let told = [("token", answer["access_token"].as_str().unwrap())];
        let told = web1.call("/oauth2/introspect", &told).await.json();
        assert_eq!(told["active"], true);
        assert_eq!((&told["sub"], &told["act"]), (&id_token["sub"], &id_token["act"]));

        let himself = chooser(&browser, &web1, &[("prompt", "select_account")]).await;
        let himself = choose(&browser, &himself, "self").await;
        let himself = claims(tokens(&web1, &himself).await["id_token"].as_str().unwrap());
        assert_eq!(himself["sub"], id_token["act"]["sub"], "the person as the portal knows persons");
        let (other, other_browser) = logged_in(&provider, 9103).await;
        appoint(&provider, (&boss, &uscc), (&other, &other_browser), &[("matters", "all")]).await;
        let page = chooser(&other_browser, &web1, &[]).await;
        let page = choose(&other_browser, &page, &uscc).await;
        let second = claims(tokens(&web1, &page).await["id_token"].as_str().unwrap());
        assert_eq!(second["sub"], id_token["sub"], "the same organisation");
        assert_ne!(second["act"]["sub"], id_token["act"]["sub"], "another person");
        takes_all(&provider, "post1").await;
        let post1 = RelyingParty::new(&provider, "post1");
        let page = chooser(&browser, &post1, &[]).await;
        let page = choose(&browser, &page, &uscc).await;
        let there = claims(tokens(&post1, &page).await["id_token"].as_str().unwrap());
        assert_ne!(there["sub"], id_token["sub"], "another sector sees other values");
        assert_ne!(there["act"]["sub"], id_token["act"]["sub"]);
    }
);

on_both!(
    /// What was chosen stays chosen in the session, a switch needs no password, and a refresh keeps its subject.
    who_represents_two_switches_without_a_login,
    |provider| {
        let (first, _, (agent, browser)) = with_agent(&provider, 9111).await;
        let (boss, boss_browser) = logged_in(&provider, 9113).await;
        let known = entity(9113, &boss);
        provider.add_organisation(&known).await;
        let second = known.uscc.as_str();
        claim(&provider, &boss_browser, second).await;
        let agents = (&agent, &browser);
        appoint(&provider, (&boss_browser, second), agents, &[("matters", "all")]).await;
        takes_all(&provider, "web1").await;
        let web1 = RelyingParty::new(&provider, "web1");
        let scope = ("scope", "openid profile offline_access");
        let page = chooser(&browser, &web1, &[scope]).await;
        let page = choose(&browser, &page, &first).await;
        let one = tokens(&web1, &page).await;

        let again = browser.get(&web1.authorize(&[])).await;
        let again = tokens(&web1, &browser.follow(again).await).await;
        let switched = chooser(&browser, &web1, &[("prompt", "select_account")]).await;
        assert!(!switched.has("password"), "nobody logs in again: {}", switched.url);
        let two = tokens(&web1, &choose(&browser, &switched, second).await).await;

        let sub = |answer: &serde_json::Value| {
            claims(answer["id_token"].as_str().unwrap())["sub"].clone()
        };
        assert_eq!(sub(&again), sub(&one), "chosen once a session");
        assert_ne!(sub(&two), sub(&one));
        let refreshed = web1.refresh(one["refresh_token"].as_str().unwrap()).await.json();
        assert_eq!(sub(&refreshed), sub(&one), "a refresh keeps its subject");
        let silent = browser.get(&web1.authorize(&[("prompt", "none")])).await;
        assert_eq!(sub(&tokens(&web1, &silent).await), sub(&two), "the switch is remembered");
        let hint = one["id_token"].as_str().unwrap();
        let hinted = [("prompt", "none"), ("id_token_hint", hint)];
        let hinted = browser.get(&web1.authorize(&hinted)).await;
        assert_eq!(sub(&tokens(&web1, &hinted).await), sub(&one), "a hint names whom it is about");
    }
);

on_both!(
    /// `authorization_details` asks for one organisation: it is that one, or nobody.
    a_portal_asks_for_one_organisation,
    |provider| {
        let (uscc, _, (_, browser)) = with_agent(&provider, 9121).await;
        takes_all(&provider, "web1").await;
        let web1 = RelyingParty::new(&provider, "web1");
        let details = |uscc: &str| json!([{ "type": "act_for", "uscc": uscc }]).to_string();

        let page = browser.get(&web1.authorize(&[("authorization_details", &details(&uscc))])).await;
        let answer = tokens(&web1, &browser.follow(page).await).await;
        assert_eq!(answer["authorization_details"], json!([{ "type": "act_for", "uscc": uscc }]));
        assert_eq!(claims(answer["id_token"].as_str().unwrap())["org"]["uscc"], uscc);

        let stranger = yihao::domain::synthetic::uscc(9129);
        let asked = details(stranger.as_str());
        let page = browser.get(&web1.authorize(&[("authorization_details", &asked)])).await;
        assert_eq!(web1.landing(&browser.follow(page).await).unwrap().error(), "access_denied");
        let page = browser.get(&web1.authorize(&[("authorization_details", "[1]")])).await;
        let refused = web1.landing(&page).unwrap();
        assert_eq!(refused.error(), "invalid_authorization_details");
        let post1 = RelyingParty::new(&provider, "post1");
        let page = browser.get(&post1.authorize(&[("authorization_details", &asked)])).await;
        let refused = post1.landing(&page).unwrap();
        assert_eq!(refused.error(), "invalid_authorization_details", "it takes persons only");
    }
);

on_both_backends!(
    /// Taken back, a mandate ends what was given under it at once, and the portal is told which subject left.
    a_mandate_taken_back_is_over_at_once,
    |backend| {
        let (port, heard) = listen(0).await;
        let provider = TestProvider::start_with(backend, |config| {
            config.outbound.allow = vec![format!("localhost:{port}")];
        })
        .await;
        let (uscc, boss, (agent, browser)) = with_agent(&provider, 9131).await;
        let rp = portal(&provider, "acting1", port).await;
        let (other, other_browser) = logged_in(&provider, 9133).await;
        appoint(&provider, (&boss, &uscc), (&other, &other_browser), &[("matters", "all")]).await;
        let scope = ("scope", "openid profile offline_access");
        let page = chooser(&browser, &rp, &[scope]).await;
        let answer = tokens(&rp, &choose(&browser, &page, &uscc).await).await;
        let page = chooser(&other_browser, &rp, &[scope]).await;
        let others = tokens(&rp, &choose(&other_browser, &page, &uscc).await).await;
        let path = managing(&provider, &boss, &uscc).await;
        let page = browser_page(&provider, &boss, &path).await;
        let mandate = row_of(&page, &agent.name);

        let done = step(&provider, &boss, &path, &[("step", "end"), ("mandate", &mandate)]).await;

        assert_eq!(done.status, 303, "{}", done.body);
        let refused = rp.refresh(answer["refresh_token"].as_str().unwrap()).await;
        assert_eq!(refused.json()["error"], "invalid_grant");
        let token = [("token", answer["access_token"].as_str().unwrap())];
        assert_eq!(rp.call("/oauth2/introspect", &token).await.json(), json!({ "active": false }));
        let told = claims(wait_for(&heard, 1).await[0].strip_prefix("logout_token=").unwrap());
        let id_token = claims(answer["id_token"].as_str().unwrap());
        assert_eq!((&told["sub"], &told["sid"]), (&id_token["sub"], &id_token["sid"]));
        assert_eq!(rp.refresh(others["refresh_token"].as_str().unwrap()).await.status, 200);
        let page = browser.get(&rp.authorize(&[])).await;
        let page = browser.follow(page).await;
        let himself = claims(tokens(&rp, &page).await["id_token"].as_str().unwrap());
        assert!(himself.get("act").is_none(), "nobody but himself is left");
    }
);

on_both_backends!(
    /// An appointment for one portal leads to no other; after its term it leads nowhere.
    matters_and_term_are_kept_to,
    |backend| {
        let (port, heard) = listen(0).await;
        let provider = TestProvider::start_with(backend, |config| {
            config.outbound.allow = vec![format!("localhost:{port}")];
        })
        .await;
        let (uscc, boss, _) = with_agent(&provider, 9141).await;
        let here = portal(&provider, "acting1", port).await;
        let (agent, browser) = logged_in(&provider, 9143).await;
        let tomorrow = provider.clock.now().plus(std::time::Duration::from_hours(24)).to_beijing();
        let fields =
            [("matters", "listed"), ("portal-acting1", "1"), ("until", &tomorrow[..10])];
        appoint(&provider, (&boss, &uscc), (&agent, &browser), &fields).await;
        takes_all(&provider, "web1").await;
        let web1 = RelyingParty::new(&provider, "web1");

        let page = chooser(&browser, &here, &[("scope", "openid offline_access")]).await;
        let answer = tokens(&here, &choose(&browser, &page, &uscc).await).await;
        let there = browser.get(&web1.authorize(&[])).await;
        let there = tokens(&web1, &browser.follow(there).await).await;

        assert!(claims(there["id_token"].as_str().unwrap()).get("act").is_none(), "himself there");
        assert!(claims(answer["id_token"].as_str().unwrap())["org"]["valid_until"].is_i64());
        provider.clock.advance(49 * 3600 * 1000);
        let refused = here.refresh(answer["refresh_token"].as_str().unwrap()).await;
        assert_eq!(refused.json()["error"], "invalid_grant");
        let told = claims(wait_for(&heard, 1).await[0].strip_prefix("logout_token=").unwrap());
        assert_eq!(told["sub"], claims(answer["id_token"].as_str().unwrap())["sub"]);
    }
);

on_both!(
    /// One person acts for another who agreed, and neither sees more of the other than that.
    a_relative_acts_for_a_person,
    |provider| {
        let (elder, elder_browser) = logged_in(&provider, 9181).await;
        let (relative, browser) = logged_in(&provider, 9182).await;
        takes_all(&provider, "web1").await;
        let web1 = RelyingParty::new(&provider, "web1");
        let asked = [("matters", "listed"), ("portal-web1", "1")];
        let offered = offer(&provider, &elder_browser, "/account/mandates", (&relative, &asked));
        assert_eq!(offered.await.status, 303);
        let mandate = accept(&provider, &browser).await;

        let page = chooser(&browser, &web1, &[]).await;
        let page = choose(&browser, &page, &mandate).await;
        let answer = tokens(&web1, &page).await;

        let id_token = claims(answer["id_token"].as_str().unwrap());
        assert_eq!(id_token["subject_type"], "natural_person");
        assert_eq!(id_token["represented"]["role"], "relative");
        let own = chooser(&elder_browser, &web1, &[]).await;
        let own = claims(tokens(&web1, &own).await["id_token"].as_str().unwrap());
        assert_eq!(id_token["sub"], own["sub"], "the portal's file of the person");
        let userinfo = web1.userinfo(answer["access_token"].as_str().unwrap()).await.json();
        assert_eq!(userinfo["name"], elder.name);
        assert_eq!(userinfo["act"]["name"], relative.name);
        assert!(userinfo.get("phone_number").is_none(), "{userinfo}");
        let ended = [("step", "end"), ("mandate", mandate.as_str())];
        assert_eq!(step(&provider, &elder_browser, "/account/mandates", &ended).await.status, 303);
        let token = [("token", answer["access_token"].as_str().unwrap())];
        assert_eq!(web1.call("/oauth2/introspect", &token).await.json()["active"], false);
    }
);

on_both!(
    /// A represented person who stops the own account stops what is done in that name, too.
    who_stops_the_own_account_stops_its_relatives,
    |provider| {
        let (_, elder_browser) = logged_in(&provider, 9185).await;
        let (relative, browser) = logged_in(&provider, 9186).await;
        takes_all(&provider, "web1").await;
        let web1 = RelyingParty::new(&provider, "web1");
        let all = [("matters", "all")];
        offer(&provider, &elder_browser, "/account/mandates", (&relative, &all)).await;
        let mandate = accept(&provider, &browser).await;
        let page = chooser(&browser, &web1, &[("scope", "openid profile offline_access")]).await;
        let answer = tokens(&web1, &choose(&browser, &page, &mandate).await).await;
        let token = answer["access_token"].as_str().unwrap();
        assert_eq!(web1.userinfo(token).await.status, 200);

        let stopped = step(&provider, &elder_browser, "/account/history", &[("step", "stop")]).await;

        assert!(stopped.status < 400, "{}", stopped.body);
        assert_eq!(web1.userinfo(token).await.status, 401);
        let told = web1.call("/oauth2/introspect", &[("token", token)]).await.json();
        assert_eq!(told, json!({ "active": false }));
        let refused = web1.refresh(answer["refresh_token"].as_str().unwrap()).await;
        assert_eq!(refused.json()["error"], "invalid_grant");
    }
);

on_both!(
    /// Who names the organisation at the login is asked nothing more; who does not represent it is told.
    the_enterprise_tab_settles_it,
    |provider| {
        let (uscc, _, (agent, _)) = with_agent(&provider, 9191).await;
        takes_all(&provider, "web1").await;
        let web1 = RelyingParty::new(&provider, "web1");
        let landed = at_enterprise_tab(&provider, &web1, (&agent, &uscc)).await;
        let id_token = claims(tokens(&web1, &landed).await["id_token"].as_str().unwrap());
        assert_eq!(id_token["org"]["uscc"], uscc);
        let other = yihao::domain::synthetic::uscc(9199);
        let page = at_enterprise_tab(&provider, &web1, (&agent, other.as_str())).await;
        assert!(page.has("act-as-self") && page.body.contains("没有代表所填单位"), "{}", page.body);
    }
);
