//! What a code is worth (RFC 6749 §4.1.2, RFC 9700 §4.5 and §4.8; security.md A-09, A-13 to A-18).

use serde_json::Value;
use yihao::crypto::base64url;
use yihao::crypto::digest;
use yihao::domain::client::Client;
use yihao::domain::scope::Scope;

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::relying_party::VERIFIER;

fn assert_invalid_grant(page: &Page, what: &str) {
    assert_eq!(
        (page.status, &page.json()["error"]),
        (400, &Value::from("invalid_grant")),
        "{what}"
    );
    assert_eq!(page.header("cache-control"), "no-store", "{what}");
}

async fn code(provider: &TestProvider, client: &'static str) -> (RelyingParty, String) {
    let person = Person::synthetic(1);
    if provider.audit(200).await.iter().all(|line| !line.starts_with("sign_up")) {
        provider.add_person(&person).await;
    }
    let rp = RelyingParty::new(provider, client);
    let code = rp.log_in(&Browser::new(), &person, &[]).await.code().to_owned();
    (rp, code)
}

on_both!(
    /// A-13, oidcc-codereuse: a code used twice takes back what it issued.
    a_replayed_code_takes_back_the_tokens_it_issued,
    |provider| {
        let (web1, code) = code(&provider, "web1").await;
        let tokens = web1.redeem(&code).await.json();
        let access_token = tokens["access_token"].as_str().unwrap();
        assert_eq!(web1.userinfo(access_token).await.status, 200);

        assert_invalid_grant(&web1.redeem(&code).await, "replay");

        assert_eq!(web1.userinfo(access_token).await.status, 401);
        let refreshed = web1.refresh(tokens["refresh_token"].as_str().unwrap()).await;
        assert_invalid_grant(&refreshed, "refresh after replay");
        let active = web1.call("/oauth2/introspect", &[("token", access_token)]).await;
        assert_eq!(active.body, r#"{"active":false}"#);
        let audit = provider.audit(10).await;
        assert!(audit.iter().any(|l| l.starts_with("authorization_code_redeemed refused code was")));
    }
);

on_both!(
    /// A-14: of racing redemptions one wins at most, nobody sees a fault, and the winner's tokens die.
    racing_redemptions_have_one_winner_at_most,
    |provider| {
        for _ in 0..5 {
            let (web1, code) = code(&provider, "web1").await;
            let racers = (0..20).map(|_| web1.redeem(&code));
            let answers = futures_util::future::join_all(racers).await;
            let won: Vec<_> = answers.iter().filter(|page| page.status == 200).collect();
            assert!(won.len() <= 1, "{} winners", won.len());
            for page in answers.iter().filter(|page| page.status != 200) {
                assert_invalid_grant(page, "loser");
            }
            if let Some(winner) = won.first() {
                let token = winner.json()["access_token"].as_str().unwrap().to_owned();
                assert_eq!(web1.userinfo(&token).await.status, 401, "the replay was seen");
            }
        }
    }
);

on_both!(
    /// A-15: a stranger changes nothing; to any other client the code does not exist.
    a_wrong_client_does_not_burn_the_code,
    |provider| {
        let (web1, code) = code(&provider, "web1").await;
        for stranger in ["web2", "post1", "spa1"] {
            let stranger = RelyingParty::new(&provider, stranger);
            let change = [("redirect_uri", &*web1.redirect_uri)];
            assert_invalid_grant(&stranger.redeem_with(&code, &change).await, "stranger");
            assert_invalid_grant(&stranger.redeem(&code).await, "stranger with own URI");
        }
        assert_eq!(web1.redeem(&code).await.status, 200);
    }
);

on_both!(
    /// A-15: client, time, redirect URI and verifier, right and wrong in every combination: only all of them
    /// together are worth a token, and who is not the client spends nothing.
    only_all_conditions_together_redeem_a_code,
    |provider| {
        let person = Person::synthetic(1);
        provider.add_person(&person).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let post1 = RelyingParty::new(&provider, "post1");
        for row in 0..16_u8 {
            let wrong = |bit: u8| row & (1 << bit) != 0;
            let code = web1.log_in(&browser, &person, &[]).await.code().to_owned();
            if wrong(0) {
                provider.clock.advance(61_000);
            }
            let client = if wrong(1) { &post1 } else { &web1 };
            let path = if wrong(2) { "/" } else { "" };
            let uri = format!("{}{path}", web1.redirect_uri);
            let verifier = VERIFIER.replace('-', if wrong(3) { "_" } else { "-" });
            let change = [("redirect_uri", &*uri), ("code_verifier", &*verifier)];
            let page = client.redeem_with(&code, &change).await;
            match row {
                0 => assert_eq!(page.status, 200, "{}", page.body),
                _ => assert_invalid_grant(&page, &format!("{row:04b}")),
            }
            let after = web1.redeem(&code).await;
            let spent = row & 0b11 != 0b10;
            assert_eq!(after.status, if spent { 400 } else { 200 }, "{row:04b}: {}", after.body);
        }
    }
);

on_both!(
    /// A-09 (e–h, j), A-16: a failed proof by the right client spends the code.
    a_failed_proof_by_the_right_client_spends_the_code,
    |provider| {
        let long = "a".repeat(129);
        let short = "a".repeat(42);
        let challenge = base64url::encode(digest::sha256(VERIFIER.as_bytes()));
        let other = "http://localhost:9443/other";
        let uris = |client: &mut Client| client.redirect_uris.push(other.to_owned());
        provider.change_client("web1", uris).await;
        let changes = [
            ("code_verifier", ""),
            ("code_verifier", "wrong-wrong-wrong-wrong-wrong-wrong-wrong-wrong"),
            ("code_verifier", &challenge),
            ("code_verifier", &short),
            ("code_verifier", &long),
            ("redirect_uri", ""),
            ("redirect_uri", "http://localhost:9443/cb/"),
            ("redirect_uri", "http://localhost:9443/%63b"),
            ("redirect_uri", other),
        ];
        for change in changes {
            let (web1, code) = code(&provider, "web1").await;
            assert_invalid_grant(&web1.redeem_with(&code, &[change]).await, change.0);
            assert_invalid_grant(&web1.redeem(&code).await, "the code is burnt");
        }
    }
);

on_both!(
    /// A-17: 60 seconds, by a clock that may be moved.
    a_code_lives_a_minute,
    |provider| {
        let (web1, fresh) = code(&provider, "web1").await;
        provider.clock.advance(58_000);
        assert_eq!(web1.redeem(&fresh).await.status, 200);
        let (web1, old) = code(&provider, "web1").await;
        provider.clock.advance(61_000);
        assert_invalid_grant(&web1.redeem(&old).await, "after a minute, nobody having tried before");
        provider.clock.advance(-3_600_000);
        assert_invalid_grant(&web1.redeem(&old).await, "the clock went back");
    }
);

on_both!(
    /// A-18: a code belongs to the login that made it.
    another_person_in_the_same_browser_is_shown_and_asked,
    |provider| {
        let (one, other) = (Person::synthetic(1), Person::synthetic(2));
        provider.add_person(&one).await;
        provider.add_person(&other).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let page = browser.follow(browser.get(&web1.authorize(&[])).await).await;
        let fields = [("identifier", &*one.id_number), ("password", one.password())];
        let consent = browser.follow(browser.submit(&page, &fields).await).await;
        assert!(consent.has("allow"), "the first tab shows the consent of the first person");

        let second_tab = browser.get(&web1.authorize(&[("prompt", "login")])).await;
        let second_tab = browser.follow(second_tab).await;
        let fields = [("identifier", &*other.id_number), ("password", other.password())];
        browser.follow(browser.submit(&second_tab, &fields).await).await;

        let answered = browser.submit(&consent, &[("decision", "allow")]).await;
        let landing = web1.walk(&browser, &other, answered).await;
        let tokens = web1.redeem(landing.code()).await.json();
        let userinfo = web1.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
        assert_eq!(userinfo["name"], other.name, "never a code for the first person");
    }
);

on_both!(a_malformed_code_is_refused_before_any_look_up, |provider| {
    let (web1, code) = code(&provider, "web1").await;
    for broken in
        [&code[..20], &format!("{code}x"), &code.replace("yc1", "yr1"), "' or 1=1--", "%00"]
    {
        assert_invalid_grant(&web1.redeem(broken).await, broken);
    }
    assert_eq!(web1.redeem(&code).await.status, 200);
});

on_both!(
    /// A-17: a code that nobody tried before its end stays at its end when the clock goes back.
    a_code_that_expired_untouched_does_not_come_back,
    |provider| {
        let (web1, code) = code(&provider, "web1").await;
        provider.clock.advance(61_000);
        let page = web1.redeem("yc1").await;
        assert_invalid_grant(&page, "the provider has seen the later time");
        provider.clock.advance(-3_600_000);
        assert_invalid_grant(&web1.redeem(&code).await, "the clock went back");
    }
);

on_both!(
    /// A-22: a scope that the client lost after the code was issued is in no token.
    a_scope_lost_before_the_exchange_is_gone,
    |provider| {
        let (web1, code) = code(&provider, "web1").await;
        let less = Scope::parse("openid offline_access").unwrap();
        provider.change_client("web1", |client| client.scope = less).await;
        let answer = web1.redeem(&code).await.json();
        assert_eq!(answer["scope"], "offline_access openid");
        let access = answer["access_token"].as_str().unwrap();
        assert!(web1.userinfo(access).await.json().get("name").is_none());
        let known = web1.call("/oauth2/introspect", &[("token", access)]).await.json();
        assert_eq!(known["scope"], "offline_access openid");
    }
);

on_both!(
    /// A-35, RFC 8707 §2.2: a resource that the person did not agree to is none of this code's, and none of the
    /// refresh token's that came of it.
    a_resource_the_code_is_not_for_is_refused,
    |provider| {
        let (api, other) = ("https://api.example.test", "https://other.example.test");
        let resources = [api, other].map(str::to_owned).to_vec();
        provider.change_client("web1", |client| client.resources = resources).await;
        let person = Person::synthetic(1);
        provider.add_person(&person).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let asked = [("resource", api)];
        for (asked, wrong) in [
            (&asked[..], other),
            (&asked, "https://unknown.example"),
            (&[], api),
            (&[], "https://unknown.example"),
        ] {
            let code = web1.log_in(&browser, &person, asked).await.code().to_owned();
            let page = web1.redeem_with(&code, &[("resource", wrong)]).await;
            assert_eq!((page.status, &page.json()["error"]), (400, &"invalid_target".into()), "{wrong}");
            let code = web1.log_in(&browser, &person, asked).await.code().to_owned();
            let tokens = web1.redeem_with(&code, asked).await;
            assert_eq!(tokens.status, 200, "{}", tokens.body);
            let refresh = tokens.json()["refresh_token"].as_str().unwrap().to_owned();
            let fields = [("grant_type", "refresh_token"), ("refresh_token", &*refresh)];
            let page = web1.token(&[fields[0], fields[1], ("resource", wrong)]).await;
            assert_eq!((page.status, &page.json()["error"]), (400, &"invalid_target".into()), "{wrong}");
            let page = web1.token(&[&fields[..], asked].concat()).await;
            assert_eq!(page.status, 200, "the token lives: {}", page.body);
        }
    }
);
