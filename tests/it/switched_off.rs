//! What is switched off is off at every door (security.md A-71): a client, an account that is locked, and one
//! that is cancelled.

use yihao::domain::account::AccountStatus;
use yihao::domain::client::GrantType;

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::login::answer;
use crate::support::login::ask_for_code;
use crate::support::login::enrol;
use crate::support::login::is_logged_in;
use crate::support::login::log_in;
use crate::support::login::totp;
use crate::support::login::try_password;

const RESOURCE: &str = "https://api.example.test";

/// Tokens of a person at a portal, and a code that was not redeemed.
struct Held {
    web1: RelyingParty,
    browser: Browser,
    access: String,
    refresh: String,
    code: String,
}

async fn held(provider: &TestProvider, person: &Person) -> Held {
    let (browser, web1) = (Browser::new(), RelyingParty::new(provider, "web1"));
    let landing = web1.log_in(&browser, person, &[]).await;
    let tokens = web1.redeem(landing.code()).await.json();
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let (access, refresh) = (text("access_token"), text("refresh_token"));
    let code = web1.log_in(&browser, person, &[]).await.code().to_owned();
    Held { web1, browser, access, refresh, code }
}

async fn is_active(party: &RelyingParty, token: &str) -> bool {
    let page = party.call("/oauth2/introspect", &[("token", token)]).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.json()["active"] == true
}

async fn switch(provider: &TestProvider, id: &str, off: bool) {
    provider.switch_client(id, off).await;
}

fn is_refused(page: &Page, error: &str) {
    assert_eq!(page.json()["error"], error, "{}: {}", page.status, page.body);
}

on_both!(
    /// A client that is off gets nothing for what it holds, and nobody gets anything out of it.
    a_client_that_is_off_gets_nothing_for_what_it_holds,
    |provider| {
        let person = Person::synthetic(401);
        provider.add_person(&person).await;
        let held = held(&provider, &person).await;

        switch(&provider, "web1", true).await;

        is_refused(&held.web1.redeem(&held.code).await, "invalid_client");
        is_refused(&held.web1.refresh(&held.refresh).await, "invalid_client");
        let fields = [("token", &*held.access)];
        is_refused(&held.web1.call("/oauth2/introspect", &fields).await, "invalid_client");
        is_refused(&held.web1.call("/oauth2/revoke", &fields).await, "invalid_client");
        assert_eq!(held.web1.userinfo(&held.access).await.status, 401);
        let page = held.browser.get(&held.web1.authorize(&[("prompt", "none")])).await;
        assert_eq!((page.status, page.location()), (400, None));
        assert!(is_logged_in(&provider, &held.browser).await, "the person goes on");
    }
);

on_both!(
    /// A resource server learns that the tokens of a client that is off are off.
    a_resource_server_sees_a_client_that_is_off,
    |provider| {
        let (svc1, rs1) = (RelyingParty::new(&provider, "svc1"), RelyingParty::new(&provider, "rs1"));
        let asked = [("grant_type", "client_credentials"), ("resource", RESOURCE)];
        let token = svc1.token(&asked).await.json()["access_token"].as_str().unwrap().to_owned();
        assert!(is_active(&rs1, &token).await);

        switch(&provider, "svc1", true).await;

        assert!(!is_active(&rs1, &token).await);
        is_refused(&svc1.token(&asked).await, "invalid_client");
    }
);

/// Every door for somebody whose account was closed in this way, while much was under way.
async fn is_out_at_every_door(provider: &TestProvider, person: &Person, status: AccountStatus) {
    let held = held(provider, person).await;
    let phone = Browser::new();
    let asked = ask_for_code(provider, &phone, &person.phone).await;
    let code = provider.code_sent_to(&person.phone).await;
    let consent = Browser::new();
    let ask = held.web1.authorize(&[("prompt", "consent")]);
    log_in(provider, &consent, person).await;
    let page = consent.follow(consent.get(&ask).await).await;
    assert!(page.has("allow"));
    let rows = provider.rows(&["session WHERE ended_at IS NULL", "consent", "approval"]).await;

    provider.set_status(person, status).await;

    is_refused(&held.web1.redeem(&held.code).await, "invalid_grant");
    is_refused(&held.web1.refresh(&held.refresh).await, "invalid_grant");
    for token in [&held.access, &held.refresh] {
        assert!(!is_active(&held.web1, token).await);
    }
    assert_eq!(held.web1.userinfo(&held.access).await.status, 401);
    assert!(!is_logged_in(provider, &held.browser).await);
    assert_eq!(answer(&phone, &asked, &code).await.status, 400, "the code in hand is nothing");
    let allowed = consent.submit(&page, &[("decision", "allow")]).await;
    assert_eq!(allowed.location().map(|to| to.path().to_owned()).as_deref(), Some("/login"));
    let identity = (&*person.id_number, person.password());
    assert_eq!(try_password(provider, &Browser::new(), identity).await.status, 400);
    let after = provider.rows(&["session WHERE ended_at IS NULL", "consent", "approval"]).await;
    assert_eq!((after[0], &after[1..]), (0, &rows[1..]));
}

on_both!(a_locked_account_is_out_at_every_door, |provider| {
    let person = Person::synthetic(402);
    provider.add_person(&person).await;
    is_out_at_every_door(&provider, &person, AccountStatus::Locked).await;
});

on_both!(a_cancelled_account_is_out_at_every_door, |provider| {
    let person = Person::synthetic(403);
    provider.add_person(&person).await;
    is_out_at_every_door(&provider, &person, AccountStatus::Cancelled).await;
});

on_both!(
    /// Between the factors, the second is worth nothing once the account is closed.
    an_account_closed_between_the_factors_is_out,
    |provider| {
        for (seed, status) in [(404, AccountStatus::Locked), (405, AccountStatus::Cancelled)] {
            let person = Person::synthetic(seed);
            provider.add_person(&person).await;
            let (first, half) = (Browser::new(), Browser::new());
            log_in(&provider, &first, &person).await;
            let (secret, _) = enrol(&provider, &first).await;
            provider.wait_seconds(60);
            log_in(&provider, &half, &person).await;
            let page = half.get(&provider.url("/login/second")).await;

            provider.set_status(&person, status).await;

            let code = totp(&provider, &secret);
            let page = half.submit(&page, &[("code", &code)]).await;
            assert_eq!(page.location().map(|to| to.path().to_owned()).as_deref(), Some("/login"));
            assert!(!is_logged_in(&provider, &half).await);
        }
    }
);

on_both!(
    /// What a client held when it was switched off is dead, and stays dead when it is switched on again.
    a_client_that_is_on_again_begins_anew,
    |provider| {
        let person = Person::synthetic(406);
        provider.add_person(&person).await;
        let held = held(&provider, &person).await;
        let (svc1, rs1) = (RelyingParty::new(&provider, "svc1"), RelyingParty::new(&provider, "rs1"));
        let asked = [("grant_type", "client_credentials"), ("resource", RESOURCE)];
        let token = svc1.token(&asked).await.json()["access_token"].as_str().unwrap().to_owned();

        for id in ["web1", "svc1"] {
            switch(&provider, id, true).await;
            provider.wait_seconds(6);
            switch(&provider, id, false).await;
        }

        is_refused(&held.web1.redeem(&held.code).await, "invalid_grant");
        is_refused(&held.web1.refresh(&held.refresh).await, "invalid_grant");
        assert!(!is_active(&held.web1, &held.access).await);
        assert_eq!(held.web1.userinfo(&held.access).await.status, 401);
        assert!(!is_active(&rs1, &token).await);
        assert_eq!(svc1.token(&asked).await.status, 200, "what is new is good");
    }
);

on_both!(
    /// What a client got by a grant type it has lost is worth nothing any more, and good again when that is
    /// taken back.
    a_grant_type_that_is_lost_takes_its_tokens_along,
    |provider| {
        let person = Person::synthetic(409);
        provider.add_person(&person).await;
        let Held { web1, access, refresh, .. } = held(&provider, &person).await;
        assert!(is_active(&web1, &access).await && is_active(&web1, &refresh).await);

        provider.change_client("web1", |client| client.grant_types = vec![GrantType::AuthorizationCode]).await;
        assert!(is_active(&web1, &access).await && !is_active(&web1, &refresh).await);
        provider.change_client("web1", |client| client.grant_types = vec![GrantType::RefreshToken]).await;
        assert!(!is_active(&web1, &access).await && is_active(&web1, &refresh).await);
        let (nobody, bearer) = (Browser::new(), format!("Bearer {access}"));
        let told = nobody.get_with(&provider.url("/oauth2/userinfo"), &[("authorization", &bearer)]).await;
        assert_eq!(told.status, 401);

        let svc1 = RelyingParty::new(&provider, "svc1");
        let asked = [("grant_type", "client_credentials"), ("resource", RESOURCE)];
        let own = svc1.call("/oauth2/token", &asked).await.json()["access_token"].clone();
        let own = own.as_str().unwrap();
        assert!(is_active(&svc1, own).await);
        provider.change_client("svc1", |client| client.grant_types = vec![GrantType::RefreshToken]).await;
        assert!(!is_active(&svc1, own).await);
    }
);

on_both!(
    /// A scope the client has lost is gone from what its tokens open, at UserInfo, at introspection and at the
    /// next refresh.
    a_scope_that_is_lost_is_gone_from_the_tokens,
    |provider| {
        let person = Person::synthetic(410);
        provider.add_person(&person).await;
        let Held { web1, access, refresh, .. } = held(&provider, &person).await;
        let scope = async |token: &str| {
            let page = web1.call("/oauth2/introspect", &[("token", token)]).await;
            page.json()["scope"].as_str().unwrap_or_default().to_owned()
        };
        assert_eq!(web1.userinfo(&access).await.json()["name"], *person.name);
        assert!(scope(&access).await.contains("profile") && scope(&refresh).await.contains("profile"));

        let less = yihao::domain::scope::Scope::parse("openid offline_access").unwrap();
        provider.change_client("web1", |client| client.scope = less).await;

        let told = web1.userinfo(&access).await;
        assert_eq!(told.status, 200, "{}", told.body);
        assert!(told.json().get("name").is_none() && !told.body.contains(&person.name), "{}", told.body);
        assert!(!scope(&access).await.contains("profile") && !scope(&refresh).await.contains("profile"));
        let asked = [("grant_type", "refresh_token"), ("refresh_token", &*refresh), ("scope", "openid profile")];
        is_refused(&web1.call("/oauth2/token", &asked).await, "invalid_scope");
        let renewed = web1.refresh(&refresh).await.json();
        assert_eq!(renewed["scope"], "offline_access openid", "{renewed}");
        let renewed = web1.userinfo(renewed["access_token"].as_str().unwrap()).await;
        assert!(!renewed.body.contains(&person.name), "{}", renewed.body);
    }
);
