//! Refresh tokens (RFC 6749 §6, RFC 9700 §4.14; security.md ).

use yihao::domain::account::AccountStatus;

use crate::on_both;
use crate::support::Browser;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::tokens::access_of;
use crate::support::tokens::assert_error;
use crate::support::tokens::is_active;
use crate::support::tokens::refresh_of;
use crate::support::tokens::tokens;

on_both!(
    /// a replayed refresh token takes its whole family with it.
    a_replayed_refresh_token_ends_its_family,
    |provider| {
        let had = tokens(&provider, "web1").await;
        let second = had.rp.refresh(&had.refresh).await;
        let third = had.rp.refresh(&refresh_of(&second)).await;
        let access = [had.access.clone(), access_of(&second), access_of(&third)];
        for token in &access {
            assert!(is_active(&had.rp, token).await);
        }
        assert_error(&had.rp.refresh(&had.refresh).await, 400, "invalid_grant");
        for dead in [&second, &third] {
            assert_error(&had.rp.refresh(&refresh_of(dead)).await, 400, "invalid_grant");
        }
        for token in &access {
            assert!(!is_active(&had.rp, token).await);
            assert_eq!(had.rp.userinfo(token).await.status, 401);
        }
    }
);

on_both!(
    /// inside the grace time, and while nobody used the successor, a repeated rotation is a lost
    /// answer and no theft.
    a_lost_answer_is_repeated_within_the_grace_time,
    |provider| {
        let had = tokens(&provider, "web1").await;
        let lost = refresh_of(&had.rp.refresh(&had.refresh).await);
        let found = refresh_of(&had.rp.refresh(&had.refresh).await);
        assert_ne!(lost, found);
        let next = refresh_of(&had.rp.refresh(&found).await);
        provider.clock.advance(11_000);
        assert_error(&had.rp.refresh(&found).await, 400, "invalid_grant");
        assert_error(&had.rp.refresh(&next).await, 400, "invalid_grant");

        let landing = had.rp.log_in(&had.browser, &had.person, &[]).await;
        let first = refresh_of(&had.rp.redeem(landing.code()).await);
        let unused = refresh_of(&had.rp.refresh(&first).await);
        provider.clock.advance(11_000);
        assert_error(&had.rp.refresh(&first).await, 400, "invalid_grant");
        assert_error(&had.rp.refresh(&unused).await, 400, "invalid_grant");
    }
);

on_both!(
    /// racing rotations leave one live chain at most.
    racing_rotations_leave_one_chain,
    |provider| {
        let had = tokens(&provider, "web1").await;
        provider.clock.advance(1);
        let answers =
            futures_util::future::join_all((0..20).map(|_| had.rp.refresh(&had.refresh))).await;
        let mut alive = 0;
        for page in &answers {
            assert!(matches!(page.status, 200 | 400), "{}: {}", page.status, page.body);
            if page.status == 200 {
                alive += u32::from(had.rp.refresh(&refresh_of(page)).await.status == 200);
            }
        }
        assert!(alive <= 1, "{alive} live successors");
    }
);

on_both!(
    /// what a refresh token hangs on, each alone.
    a_refresh_token_dies_with_what_it_hangs_on,
    |provider| {
        use yihao::domain::request_context::RequestContext;
        let had = tokens(&provider, "web1").await;
        for stranger in ["web2", "spa1", "post1"] {
            let stranger = RelyingParty::new(&provider, stranger);
            assert_error(&stranger.refresh(&had.refresh).await, 400, "invalid_grant");
        }
        let url = provider.url("/oauth2/token");
        let fields = [("grant_type", "refresh_token"), ("refresh_token", &*had.refresh)];
        assert_error(&Browser::new().post(&url, &fields).await, 401, "invalid_client");
        let mixed = [fields[0], fields[1], ("client_id", "post1")];
        assert_error(&had.rp.token(&mixed).await, 400, "invalid_request");
        let mut refresh = refresh_of(&had.rp.refresh(&had.refresh).await);

        provider.change_client("web1", |c| c.grant_types.retain(|g| g.as_str() != "refresh_token")).await;
        assert_error(&had.rp.refresh(&refresh).await, 400, "unauthorized_client");
        provider
            .change_client("web1", |c| {
                c.grant_types = yihao::domain::client::GrantType::ALL[..2].to_vec();
                c.scope = yihao::domain::scope::Scope::parse("openid offline_access").unwrap();
            })
            .await;
        let narrowed = had.rp.refresh(&refresh).await;
        refresh = refresh_of(&narrowed);
        assert_eq!(narrowed.json()["scope"], "offline_access openid", "a removed scope is gone");

        let client = yihao::domain::client::ClientId::parse("web1").unwrap();
        let account = provider.account(&had.person).await;
        let context = RequestContext::internal("test");
        yihao::people::account_centre::withdraw(&provider.provider, &context, &account, &client)
            .await
            .unwrap();
        assert_error(&had.rp.refresh(&refresh).await, 400, "invalid_grant");
        assert!(!is_active(&had.rp, &had.access).await);
    }
);

on_both!(
    /// `offline_access` outlives the session; a disabled client, a locked and a cancelled
    /// account end it.
    offline_access_outlives_the_session_and_nothing_else,
    |provider| {
        let had = tokens(&provider, "web1").await;
        let logout = provider.url("/oauth2/logout");
        had.browser.get(&format!("{logout}?id_token_hint={}", had.id)).await;
        let refresh = refresh_of(&had.rp.refresh(&had.refresh).await);
        provider.switch_client("web1", true).await;
        assert_error(&had.rp.refresh(&refresh).await, 401, "invalid_client");
        provider.switch_client("web1", false).await;
        assert_error(&had.rp.refresh(&refresh).await, 400, "invalid_grant");
        let landing = had.rp.log_in(&Browser::new(), &had.person, &[]).await;
        let refresh = refresh_of(&had.rp.redeem(landing.code()).await);
        for status in [AccountStatus::Locked, AccountStatus::Active] {
            set_status(&provider, &had.person, status).await;
            assert_error(&had.rp.refresh(&refresh).await, 400, "invalid_grant");
        }
        let landing = had.rp.log_in(&Browser::new(), &had.person, &[]).await;
        let refresh = refresh_of(&had.rp.redeem(landing.code()).await);
        set_status(&provider, &had.person, AccountStatus::Cancelled).await;
        assert_error(&had.rp.refresh(&refresh).await, 400, "invalid_grant");
    }
);

async fn set_status(provider: &TestProvider, person: &Person, status: AccountStatus) {
    use yihao::domain::audit_event::AuditKind;
    let inner = &provider.provider;
    let account = provider.account(person).await;
    let context = yihao::domain::request_context::RequestContext::internal("test");
    let record = yihao::audit::done(AuditKind::AccountLocked).account(&account);
    let record = record.record(inner, &context);
    inner.store.set_account_status(account.id, status, record, inner.clock.now()).await.unwrap();
}

on_both!(
    /// idle 14 days, 90 days in all, whatever happens, with rotation and without.
    refresh_tokens_have_an_idle_and_an_absolute_end,
    |provider| {
        let day = 24 * 60 * 60 * 1000;
        let person = Person::synthetic(1);
        provider.add_person(&person).await;
        for client in ["web1", "post1"] {
            let rp = RelyingParty::new(&provider, client);
            let first = async || {
                let landing = rp.log_in(&Browser::new(), &person, &[]).await;
                refresh_of(&rp.redeem(landing.code()).await)
            };
            let mut token = first().await;
            for _ in 0..6 {
                provider.clock.advance(13 * day);
                token = refresh_of(&rp.refresh(&token).await);
            }
            provider.clock.advance(13 * day);
            assert_error(&rp.refresh(&token).await, 400, "invalid_grant");
            let idle = first().await;
            provider.clock.advance(15 * day);
            assert_error(&rp.refresh(&idle).await, 400, "invalid_grant");
        }
    }
);

on_both!(
    /// scope shrinks and never grows.
    scope_only_shrinks,
    |provider| {
        let had = tokens(&provider, "web1").await;
        let ask = |refresh: String, scope: &'static str| {
            let rp = had.rp.clone();
            async move {
                let fields = [
                    ("grant_type", "refresh_token"),
                    ("refresh_token", &*refresh),
                    ("scope", scope),
                ];
                rp.token(&fields).await
            }
        };
        assert_error(&ask(had.refresh.clone(), "openid profile admin").await, 400, "invalid_scope");
        assert_error(&ask(had.refresh.clone(), "openid phone").await, 400, "invalid_scope");
        let narrowed = ask(had.refresh.clone(), "openid").await;
        assert_eq!(narrowed.json()["scope"], "openid");
        let token = narrowed.json()["access_token"].as_str().unwrap().to_owned();
        assert!(had.rp.userinfo(&token).await.json().get("name").is_none());
        let refresh = refresh_of(&narrowed);
        assert_error(&ask(refresh.clone(), "openid profile phone").await, 400, "invalid_scope");
        let back = ask(refresh, "openid profile").await;
        assert_eq!(back.status, 200, "what was granted can be asked for again: {}", back.body);
    }
);

on_both!(
    /// a replay is a replay as long as its family lives, also when the token itself would have died.
    a_replay_after_weeks_ends_the_family,
    |provider| {
        let day = 24 * 60 * 60 * 1000;
        let had = tokens(&provider, "web1").await;
        let mut last = refresh_of(&had.rp.refresh(&had.refresh).await);
        for days in [13, 2] {
            provider.clock.advance(days * day);
            last = refresh_of(&had.rp.refresh(&last).await);
        }
        provider.provider.store.purge(provider.clock.now()).await.unwrap();
        assert_error(&had.rp.refresh(&had.refresh).await, 400, "invalid_grant");
        assert_error(&had.rp.refresh(&last).await, 400, "invalid_grant");
    }
);

on_both!(
    /// no access token outlives its family.
    an_access_token_ends_with_its_family,
    |provider| {
        let day = 24 * 60 * 60 * 1000;
        let person = Person::synthetic(1);
        provider.add_person(&person).await;
        for client in ["web1", "post1"] {
            let rp = RelyingParty::new(&provider, client);
            let landing = rp.log_in(&Browser::new(), &person, &[]).await;
            let mut token = refresh_of(&rp.redeem(landing.code()).await);
            for _ in 0..6 {
                provider.clock.advance(13 * day);
                token = refresh_of(&rp.refresh(&token).await);
            }
            provider.clock.advance(12 * day - 60_000);
            let page = rp.refresh(&token).await;
            let access = access_of(&page);
            let left = page.json()["expires_in"].as_i64().unwrap();
            assert!((1..=60).contains(&left), "{left}");
            assert!(is_active(&rp, &access).await);
            provider.clock.advance(61_000);
            assert!(!is_active(&rp, &access).await, "the family is over");
            assert_eq!(rp.userinfo(&access).await.status, 401);
        }
    }
);
