//! What a code is worth (RFC 6749 §4.1.2, RFC 9700 §4.5 and §4.8; security.md A-09, A-13 to A-18).

use serde_json::Value;

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;

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
    /// A-09 (e–h, j), A-16: a failed proof by the right client spends the code.
    a_failed_proof_by_the_right_client_spends_the_code,
    |provider| {
        let long = "a".repeat(129);
        let short = "a".repeat(42);
        let changes = [
            ("code_verifier", ""),
            ("code_verifier", "wrong-wrong-wrong-wrong-wrong-wrong-wrong-wrong"),
            ("code_verifier", "ZtNPunH49FD35FWYhT5Tv8I7vRKQJ8uxMaL0_9eHjNA"),
            ("code_verifier", &short),
            ("code_verifier", &long),
            ("redirect_uri", ""),
            ("redirect_uri", "http://localhost:9443/cb/"),
            ("redirect_uri", "http://localhost:9443/%63b"),
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
        assert_invalid_grant(&web1.redeem(&old).await, "after a minute");
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
