//! Refresh, revocation, introspection, UserInfo, client credentials (RFC 6749 §4.4 and §6, RFC 6750,
//! RFC 7009, RFC 7662, RFC 9068; security.md A-22 to A-31, A-34, A-35, A-37).

use serde_json::Value;
use serde_json::json;

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::relying_party::claims;

struct Tokens {
    rp: RelyingParty,
    person: Person,
    browser: Browser,
    access: String,
    refresh: String,
    id: String,
}

async fn tokens(provider: &TestProvider, client: &'static str) -> Tokens {
    let person = Person::synthetic(1);
    provider.add_person(&person).await;
    let (browser, rp) = (Browser::new(), RelyingParty::new(provider, client));
    let landing = rp.log_in(&browser, &person, &[]).await;
    let answer = rp.redeem(landing.code()).await.json();
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    Tokens {
        access: text("access_token"),
        refresh: text("refresh_token"),
        id: text("id_token"),
        rp,
        person,
        browser,
    }
}

fn assert_error(page: &Page, status: u16, error: &str) {
    assert_eq!((page.status, &page.json()["error"]), (status, &json!(error)), "{}", page.body);
}

async fn is_active(rp: &RelyingParty, token: &str) -> bool {
    let page = rp.call("/oauth2/introspect", &[("token", token)]).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let active = page.json()["active"] == true;
    assert!(active || page.body == r#"{"active":false}"#, "{}", page.body);
    active
}

fn refresh_of(page: &Page) -> String {
    assert_eq!(page.status, 200, "{}", page.body);
    page.json()["refresh_token"].as_str().unwrap().to_owned()
}

on_both!(
    /// A-23: a replayed refresh token takes its whole family with it.
    a_replayed_refresh_token_ends_its_family,
    |provider| {
        let had = tokens(&provider, "web1").await;
        let second = refresh_of(&had.rp.refresh(&had.refresh).await);
        let third = refresh_of(&had.rp.refresh(&second).await);
        assert_error(&had.rp.refresh(&had.refresh).await, 400, "invalid_grant");
        for dead in [&second, &third] {
            assert_error(&had.rp.refresh(dead).await, 400, "invalid_grant");
        }
        assert!(!is_active(&had.rp, &had.access).await);
    }
);

on_both!(
    /// A-23: inside the grace time, and while nobody used the successor, a repeated rotation is a lost
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
    }
);

on_both!(
    /// A-24: racing rotations leave one live chain at most.
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
    /// A-26, A-71: what a refresh token hangs on, each alone.
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
    /// A-26: `offline_access` outlives the session; a locked account and a disabled client end it.
    offline_access_outlives_the_session_and_nothing_else,
    |provider| {
        let had = tokens(&provider, "web1").await;
        let logout = provider.url("/oauth2/logout");
        had.browser.get(&format!("{logout}?id_token_hint={}", had.id)).await;
        let refresh = refresh_of(&had.rp.refresh(&had.refresh).await);
        provider.change_client("web1", |c| c.disabled_at = Some(yihao::clock::Timestamp(1))).await;
        assert_error(&had.rp.refresh(&refresh).await, 401, "invalid_client");
        provider.change_client("web1", |c| c.disabled_at = None).await;
        let refresh = refresh_of(&had.rp.refresh(&refresh).await);
        lock(&provider, &had.person, true).await;
        assert_error(&had.rp.refresh(&refresh).await, 400, "invalid_grant");
        lock(&provider, &had.person, false).await;
        assert_error(&had.rp.refresh(&refresh).await, 400, "invalid_grant");
    }
);

async fn lock(provider: &TestProvider, person: &Person, locked: bool) {
    use yihao::domain::account::AccountStatus;
    use yihao::domain::audit_event::AuditKind;
    let inner = &provider.provider;
    let account = provider.account(person).await;
    let context = yihao::domain::request_context::RequestContext::internal("test");
    let record = yihao::audit::done(AuditKind::AccountLocked).account(&account);
    let record = record.record(inner, &context);
    let status = if locked { AccountStatus::Locked } else { AccountStatus::Active };
    inner.store.set_account_status(account.id, status, record, inner.clock.now()).await.unwrap();
}

on_both!(
    /// A-27: idle 14 days, 90 days in all, whatever happens.
    refresh_tokens_have_an_idle_and_an_absolute_end,
    |provider| {
        let day = 24 * 60 * 60 * 1000;
        let mut had = tokens(&provider, "web1").await;
        for _ in 0..6 {
            provider.clock.advance(13 * day);
            had.refresh = refresh_of(&had.rp.refresh(&had.refresh).await);
        }
        provider.clock.advance(13 * day);
        assert_error(&had.rp.refresh(&had.refresh).await, 400, "invalid_grant");
        let landing = had.rp.log_in(&Browser::new(), &had.person, &[]).await;
        let idle = refresh_of(&had.rp.redeem(landing.code()).await);
        provider.clock.advance(15 * day);
        assert_error(&had.rp.refresh(&idle).await, 400, "invalid_grant");
    }
);

on_both!(
    /// A-22: scope shrinks and never grows.
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
        let back = ask(refresh_of(&narrowed), "openid profile").await;
        assert_eq!(back.status, 200, "what was granted can be asked for again: {}", back.body);
    }
);

on_both!(
    /// A-28: revocation is honest.
    revocation_takes_back_what_is_the_clients_own,
    |provider| {
        let had = tokens(&provider, "web1").await;
        let revoke = |rp: RelyingParty, token: String| async move {
            rp.call("/oauth2/revoke", &[("token", &token), ("token_type_hint", "nonsense")]).await
        };
        let other = RelyingParty::new(&provider, "post1");
        assert_eq!(revoke(other, had.access.clone()).await.status, 200);
        assert!(is_active(&had.rp, &had.access).await, "another client's token stays");
        assert_eq!(revoke(had.rp.clone(), "unknown".to_owned()).await.status, 200);
        assert_eq!(revoke(had.rp.clone(), had.access.clone()).await.status, 200);
        assert!(!is_active(&had.rp, &had.access).await);
        assert_eq!(had.rp.userinfo(&had.access).await.status, 401);
        let next = had.rp.refresh(&had.refresh).await.json();
        let access = next["access_token"].as_str().unwrap();
        let refresh = next["refresh_token"].as_str().unwrap();
        assert_eq!(revoke(had.rp.clone(), refresh.to_owned()).await.status, 200);
        assert!(!is_active(&had.rp, access).await, "its access tokens die with it");
        assert_error(&had.rp.refresh(refresh).await, 400, "invalid_grant");
        let url = provider.url("/oauth2/revoke");
        let nobody = Browser::new().post(&url, &[("token", "x")]).await;
        assert_error(&nobody, 401, "invalid_client");
    }
);

on_both!(
    /// A-29: introspection says nothing of what is not active, or not the caller's.
    introspection_says_no_more_than_it_must,
    |provider| {
        let had = tokens(&provider, "web1").await;
        let page = had.rp.call("/oauth2/introspect", &[("token", &had.access)]).await.json();
        assert_eq!((&page["active"], &page["client_id"]), (&json!(true), &json!("web1")));
        assert_eq!(page["sub"], claims(&had.id)["sub"]);
        assert!(is_active(&had.rp, &had.refresh).await);
        assert!(!is_active(&RelyingParty::new(&provider, "post1"), &had.access).await);
        let cut = had.access[..had.access.len() - 1].to_owned();
        let broken = [
            cut, had.access[..80].to_owned(), had.access.to_uppercase(), format!("{} ", had.access),
            format!("{}=", had.access), format!("{}%", had.access), format!("{}*", had.access),
            had.id.clone(),
        ];
        for token in broken {
            assert!(!is_active(&had.rp, &token).await, "{token}");
        }
        provider.clock.advance(601_000);
        assert!(!is_active(&had.rp, &had.access).await, "expired");
        let url = provider.url("/oauth2/introspect");
        let nobody = Browser::new().post(&url, &[("token", &had.access)]).await;
        assert_error(&nobody, 401, "invalid_client");
        let public = RelyingParty::new(&provider, "spa1");
        let public = public.call("/oauth2/introspect", &[("token", &had.access)]).await;
        assert_error(&public, 400, "unauthorized_client");
    }
);

on_both!(
    /// A-30, A-34: UserInfo takes an access token, in the right place, and nothing else.
    userinfo_takes_access_tokens_only,
    |provider| {
        let had = tokens(&provider, "web1").await;
        let url = provider.url("/oauth2/userinfo");
        for token in [&*had.id, &*had.refresh, "yc10aaaa", "a.b.c", &"a".repeat(9000)] {
            let page = had.rp.userinfo(token).await;
            assert_error(&page, 401, "invalid_token");
            assert!(page.header("www-authenticate").starts_with("Bearer "));
        }
        let browser = Browser::new();
        let bare = browser.get(&url).await;
        assert_eq!((bare.status, bare.body.len()), (401, 0));
        assert_eq!(bare.header("www-authenticate"), "Bearer realm=\"yihao\"");
        let query = browser.get(&format!("{url}?access_token={}", had.access)).await;
        assert_error(&query, 400, "invalid_request");
        let lower = [("authorization", &*format!("bearer {}", had.access))];
        assert_eq!(browser.get_with(&url, &lower).await.status, 200);
        let both = browser.post_with(&url, &lower, &[("access_token", &had.access)]).await;
        assert_error(&both, 400, "invalid_request");
        browser.set_cookie("access_token", &had.access);
        assert_eq!(browser.get(&url).await.status, 401);
    }
);

on_both!(
    /// A-35: an API's token is none of ours, and the ID number needs a declared purpose.
    audience_and_purpose_are_kept_apart,
    |provider| {
        let svc1 = RelyingParty::new(&provider, "svc1");
        let answer = svc1.token(&[("grant_type", "client_credentials")]).await.json();
        let token = answer["access_token"].as_str().unwrap();
        let said = claims(token);
        assert_eq!((&said["aud"], &said["sub"]), (&json!("https://api.example.test"), &json!("svc1")));
        assert_eq!(said["scope"], "records:read records:write");
        assert_error(&svc1.userinfo(token).await, 401, "invalid_token");
        assert!(is_active(&RelyingParty::new(&provider, "rs1"), token).await, "its own audience");
        assert!(!is_active(&RelyingParty::new(&provider, "web1"), token).await);
        let asked = [("grant_type", "client_credentials"), ("resource", "https://unknown.example")];
        assert_error(&svc1.token(&asked).await, 400, "invalid_target");

        let person = Person::synthetic(5);
        provider.add_person(&person).await;
        provider
            .change_client("web1", |client| {
                client.scope = yihao::domain::scope::Scope::parse("openid profile id_number").unwrap();
            })
            .await;
        let web1 = RelyingParty::new(&provider, "web1");
        let change = [("scope", "openid id_number")];
        let number = |page: Page| page.json().get("id_number").cloned();
        let landing = web1.log_in(&Browser::new(), &person, &change).await;
        let access = web1.redeem(landing.code()).await.json()["access_token"].clone();
        assert_eq!(number(web1.userinfo(access.as_str().unwrap()).await), None);
        let purpose = Some("办理养老保险".to_owned());
        provider.change_client("web1", |client| client.policy.id_number_purpose = purpose).await;
        let landing = web1.log_in(&Browser::new(), &person, &change).await;
        let answer = web1.redeem(landing.code()).await;
        assert!(!answer.body.contains(&person.id_number), "never in a token");
        let access = answer.json()["access_token"].clone();
        let given = number(web1.userinfo(access.as_str().unwrap()).await);
        assert_eq!(given, Some(json!(person.id_number)));
        assert!(provider.audit(5).await.iter().any(|line| line == "id_number_released done"));
    }
);

on_both!(
    /// A-37: grants that must not exist, and clients that may not use those that do.
    grants_that_must_not_exist_do_not,
    |provider| {
        let web1 = RelyingParty::new(&provider, "web1");
        for grant in [
            "password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "urn:ietf:params:oauth:grant-type:saml2-bearer", "nonsense",
        ] {
            let fields = [("grant_type", grant), ("username", "x"), ("password", "y")];
            assert_error(&web1.token(&fields).await, 400, "unsupported_grant_type");
        }
        assert_error(&web1.token(&[]).await, 400, "invalid_request");
        assert_error(&web1.token(&[("grant_type", "client_credentials")]).await, 400, "unauthorized_client");
        let svc1 = RelyingParty::new(&provider, "svc1");
        let code = [("grant_type", "authorization_code"), ("code", "x")];
        assert_error(&svc1.token(&code).await, 400, "unauthorized_client");
        let answer = svc1.token(&[("grant_type", "client_credentials")]).await.json();
        assert!(answer.get("refresh_token").is_none());
        for scope in ["openid", "admin", "records:read records:read", "OPENID"] {
            let fields = [("grant_type", "client_credentials"), ("scope", scope)];
            assert_error(&svc1.token(&fields).await, 400, "invalid_scope");
        }
    }
);

on_both!(
    /// A-31: what stands in an ID token.
    an_id_token_says_what_it_must_and_no_more,
    |provider| {
        let had = tokens(&provider, "web1").await;
        let said = claims(&had.id);
        let names: Vec<&str> = said.as_object().unwrap().keys().map(String::as_str).collect();
        for name in ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash"] {
            assert!(names.contains(&name), "{name}");
        }
        assert!(said["exp"].is_i64() && said["iat"].is_i64());
        assert_eq!(said["amr"], json!(["pwd"]));
        assert!(!said.to_string().contains(&had.person.id_number));
        let second = RelyingParty::new(&provider, "post1");
        let landing = second.log_in(&had.browser, &had.person, &[]).await;
        let there = second.redeem(landing.code()).await.json();
        let there = claims(there["id_token"].as_str().unwrap());
        assert_ne!((&there["sub"], &there["sid"]), (&said["sub"], &said["sid"]));
        assert_ne!(Value::Null, there["sid"]);
    }
);
