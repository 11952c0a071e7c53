//! No security action without its record (security.md A-79): where the audit cannot be written, nothing is
//! done, and the caller is told to come back.

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::login::is_logged_in;
use crate::support::login::log_in;
use crate::support::login::try_password;

/// Lets every new record fail.
async fn break_audit(provider: &TestProvider) {
    if provider.is_on_postgres() {
        provider
            .execute(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
                 AS $$ BEGIN RAISE EXCEPTION 'the audit is broken'; END $$",
            )
            .await;
        provider
            .execute(
                "CREATE TRIGGER broken BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION refuse()",
            )
            .await;
        return;
    }
    provider
        .execute(
            "CREATE TRIGGER broken BEFORE INSERT ON audit
             BEGIN SELECT RAISE(ABORT, 'the audit is broken'); END",
        )
        .await;
}

async fn mend_audit(provider: &TestProvider) {
    let on = if provider.is_on_postgres() { " ON audit" } else { "" };
    provider.execute(&format!("DROP TRIGGER broken{on}")).await;
}

/// Records of what somebody asked for; housekeeping and monitoring write theirs when they come to it.
const ASKED_FOR: &str = "audit WHERE kind NOT IN ('keys_rotated', 'alert_raised')";

fn is_told(page: &Page, what: &str) {
    assert!(matches!(page.status, 500 | 503), "{what}: {} {}", page.status, page.body);
    assert!(!page.body.contains("broken") && !page.body.contains("trigger"), "{what}");
    assert!(page.location().is_none() && page.header("set-cookie").is_empty(), "{what}");
}

on_both!(
    /// Nobody logs in, consents, changes a password or signs out unseen.
    nobody_does_anything_unseen,
    |provider| {
        let person = Person::synthetic(411);
        provider.add_person(&person).await;
        let (inside, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        log_in(&provider, &inside, &person).await;
        let consent = inside.follow(inside.get(&web1.authorize(&[])).await).await;
        let password = inside.get(&provider.url("/account/password")).await;
        let logout = inside.get(&provider.url("/oauth2/logout")).await;
        let outside = Browser::new();
        outside.get(&provider.url("/login")).await;
        let tables = ["session WHERE ended_at IS NULL", "consent", "approval", ASKED_FOR];
        let before = provider.rows(&tables).await;
        let hash = provider.account(&person).await.password_hash;

        break_audit(&provider).await;

        for typed in [person.password(), "surely not this one"] {
            let identity = (&*person.id_number, typed);
            is_told(&try_password(&provider, &outside, identity).await, "login");
            provider.wait_seconds(31);
        }
        let new = "a quieter lake at night";
        let fields =
            [("current_password", person.password()), ("password", new), ("password_again", new)];
        is_told(&inside.submit(&password, &fields).await, "password");
        let allowed = inside.submit(&consent, &[("decision", "allow")]).await;
        is_told(&inside.follow(allowed).await, "consent");
        is_told(&inside.submit(&logout, &[]).await, "logout");
        assert_eq!(provider.rows(&tables).await, before);
        assert_eq!(provider.account(&person).await.password_hash, hash);
        assert!(!is_logged_in(&provider, &outside).await);
        assert!(is_logged_in(&provider, &inside).await);

        mend_audit(&provider).await;
        let landing = web1.walk(&inside, &person, consent).await;
        assert_eq!(web1.redeem(landing.code()).await.status, 200);
    }
);

on_both!(
    /// No code is made or redeemed, no token refreshed or revoked, unseen; afterwards all of it goes on.
    no_token_is_made_unseen,
    |provider| {
        let person = Person::synthetic(412);
        provider.add_person(&person).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let landing = web1.log_in(&browser, &person, &[]).await;
        let tokens = web1.redeem(landing.code()).await.json();
        let (access, refresh) = (&tokens["access_token"], &tokens["refresh_token"]);
        let (access, refresh) = (access.as_str().unwrap(), refresh.as_str().unwrap());
        let waiting = web1.log_in(&browser, &person, &[]).await;
        let tables = ["approval", "refresh_token", "revoked_access_token", ASKED_FOR];
        let before = provider.rows(&tables).await;

        break_audit(&provider).await;

        is_told(&browser.get(&web1.authorize(&[("prompt", "none")])).await, "authorize");
        is_told(&web1.redeem(waiting.code()).await, "code");
        is_told(&web1.refresh(refresh).await, "refresh");
        is_told(&web1.call("/oauth2/revoke", &[("token", access)]).await, "revoke");
        is_told(&web1.call("/oauth2/revoke", &[("token", refresh)]).await, "revoke");
        assert_eq!(provider.rows(&tables).await, before);

        mend_audit(&provider).await;
        assert_eq!(web1.userinfo(access).await.status, 200, "nothing was revoked");
        assert_eq!(web1.refresh(refresh).await.status, 200, "nothing was spent");
        assert_eq!(web1.redeem(waiting.code()).await.status, 200);
    }
);
