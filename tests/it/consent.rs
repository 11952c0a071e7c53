//! Whose consent it is and what the page says of it (OpenID Connect Core §3.1.2.4; security.md,
//!

use yihao::domain::scope::Scope;

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::login::log_in;

/// The consent page of somebody who is logged in.
async fn consent_page(browser: &Browser, party: &RelyingParty) -> Page {
    let page = browser.follow(browser.get(&party.authorize(&[])).await).await;
    assert!(page.has("allow"), "{}: {}", page.url, page.body);
    page
}

async fn person(provider: &TestProvider, browser: &Browser, seed: u64) -> Person {
    let person = Person::synthetic(seed);
    provider.add_person(&person).await;
    log_in(provider, browser, &person).await;
    person
}

on_both!(
    /// the host on the page is where the answer of this request goes, not where another would.
    the_page_shows_the_host_that_gets_the_answer,
    |provider| {
        let uris = ["https://first.example.test/cb", "https://second.example.test/cb"];
        let registered = uris.map(str::to_owned).to_vec();
        provider.change_client("web1", |client| client.redirect_uris = registered).await;
        let browser = Browser::new();
        person(&provider, &browser, 1).await;
        for (used, other) in [(0, 1), (1, 0)] {
            let web1 = RelyingParty::of(&provider, "web1", uris[used]);
            let page = consent_page(&browser, &web1).await;
            let host = |which: usize| uris[which].trim_start_matches("https://").trim_end_matches("/cb");
            assert!(page.body.contains(host(used)), "{}", page.body);
            assert!(!page.body.contains(host(other)), "{}", page.body);
        }
    }
);

on_both!(
    /// a page that was made for one person is no consent of the next; who is logged in now is shown
    /// a page of their own.
    a_page_of_one_person_is_no_consent_of_another,
    |provider| {
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let one = person(&provider, &browser, 1).await;
        let of_one = consent_page(&browser, &web1).await;
        assert!(of_one.body.contains(&one.name));
        let page = browser.get(&provider.url("/oauth2/logout")).await;
        browser.submit(&page, &[]).await;
        let other = person(&provider, &browser, 2).await;

        let pressed = browser.submit(&of_one, &[("decision", "allow")]).await;

        assert_eq!((pressed.status, pressed.location().unwrap().path()), (303, "/consent"));
        assert_eq!(provider.rows(&["approval", "consent"]).await, [0, 0]);
        let own = browser.follow(pressed).await;
        assert!(own.has("allow") && own.body.contains(&other.name) && !own.body.contains(&one.name));
        let answered = browser.follow(browser.submit(&own, &[("decision", "allow")]).await).await;
        let landing = web1.landing(&answered).expect("a code for who consented");
        let tokens = web1.redeem(landing.code()).await.json();
        let userinfo = web1.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
        assert_eq!(userinfo["name"], other.name);
        assert_eq!(provider.rows(&["approval", "consent"]).await, [1, 1]);
    }
);

on_both!(
    /// a scope that the client lost while the person was on the way is in no code.
    a_scope_lost_on_the_way_ends_the_flow,
    |provider| {
        let known = Person::synthetic(1);
        provider.add_person(&known).await;
        let web1 = RelyingParty::new(&provider, "web1");
        let has = async |scope: &str| {
            let scope = Scope::parse(scope).unwrap();
            provider.change_client("web1", |client| client.scope = scope).await;
        };
        for at_consent in [false, true] {
            has("openid profile offline_access").await;
            let browser = Browser::new();
            if at_consent {
                log_in(&provider, &browser, &known).await;
            }
            let page = browser.follow(browser.get(&web1.authorize(&[])).await).await;
            assert_eq!(page.has("allow"), at_consent);
            has("openid offline_access").await;
            let fields = [
                ("identifier", &*known.id_number),
                ("password", known.password()),
                ("decision", "allow"),
            ];
            let page = browser.follow(browser.submit(&page, &fields).await).await;
            match web1.landing(&page) {
                Some(landing) => assert_eq!(landing.get("code"), None, "{landing:?}"),
                None => assert_eq!((page.status, page.has("allow")), (400, false), "{}", page.body),
            }
            assert_eq!(provider.rows(&["approval"]).await, [0]);
        }
    }
);
