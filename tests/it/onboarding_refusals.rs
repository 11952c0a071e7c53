//! What an application is refused for, and by whom it is not decided (security.md A-12, A-65 to A-70).

use crate::on_both;
use crate::support::Browser;
use crate::support::TestProvider;
use crate::support::console::Operator;
use crate::support::console::decide;
use crate::support::console::first_act;
use crate::support::console::log_in;
use crate::support::console::officers;
use crate::support::console::send;
use crate::support::portal::Portal;
use crate::support::portal::apply;
use crate::support::portal::fields_with;
use crate::support::portal::tester;

on_both!(
    /// Every field is judged at once, and says its own word.
    every_field_is_judged,
    |provider| {
        let long = "长".repeat(501);
        let key_1024 = r#"{"keys":[{"kty":"RSA","e":"AQAB","n":"AQAB"}]}"#;
        let key_private = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"a","y":"a","d":"a"}]}"#;
        for (field, values) in [
            ("unit_name", &["", "x", "a\u{202E}bc"][..]),
            ("unit_code", &["", "12345", "91990100PDY000019X"]),
            ("supplier_name", &["只有名称"]),
            ("portal_name", &["", "一号通行", "Ｙ i h a o 登录", "a\u{200B}b", &long]),
            ("contact_name", &["", "<b>"]),
            ("contact_phone", &["", "12345", "86"]),
            ("contact_email", &["", "a@b", "a b@c.cn"]),
            ("purpose", &["", "太短", &long]),
            ("reason_phone", &["x", &long]),
            ("redirect_uris", &[
                "",
                "http://portal.example/cb",
                "https://portal.example/cb#x",
                "https://*.portal.example/cb",
                "javascript:alert(1)",
                "https://a@portal.example/cb",
                "https://portal.example/cb\nhttp://portal.example/cb",
            ]),
            ("post_logout_redirect_uris", &["http://portal.example/"]),
            ("backchannel_logout_uri", &["http://10.0.0.1/", "file:///etc/passwd"]),
            ("profile", &["", "administrator"]),
            ("algorithm", &["", "none", "HS256"]),
        ] {
            for value in values {
                let page = apply(&provider, &fields_with(&[(field, value)])).await;
                assert_eq!(page.status, 400, "{field} {value}");
                let field = if field == "supplier_name" { "supplier_code" } else { field };
                let told = page.body.contains(&format!("id=\"{field}-error\""));
                assert!(told, "{field} {value}: {}", page.body);
                assert_eq!(page.body.matches("class=\"field-error\"").count(), 1, "{field} {value}");
            }
        }
        let twice = "{\"keys\": [], \"keys\": []}";
        let deep = format!("{}{}", "{\"keys\":[".repeat(20), "]}".repeat(20));
        for jwks in ["", "{}", "[]", key_1024, key_private, twice, &deep] {
            let change = [("profile", "server_with_key"), ("jwks", jwks)];
            let page = apply(&provider, &fields_with(&change)).await;
            assert!(page.status == 400 && page.has("jwks-error"), "{jwks}: {}", page.body);
        }
        let all = apply(&provider, &[("profile", "app".to_owned())]).await;
        assert!(all.body.matches("class=\"field-error\"").count() >= 9, "{}", all.body);
        assert_eq!(provider.rows(&["application"]).await, [0]);
    }
);

on_both!(
    /// A-65: nothing privileged can be set, neither by the form nor by a step.
    what_no_form_has_is_refused,
    |provider| {
        for (name, value) in [
            ("client_id", "web1"),
            ("client_secret", "x"),
            ("first_party", "true"),
            ("sandbox", "false"),
            ("state", "live"),
            ("reason_admin", "管理"),
            ("scope", "openid id_number"),
            ("grant_types", "client_credentials"),
            ("require_pkce", "false"),
            ("audiences", "https://api.example.test"),
            ("renew_by", "9999999999999"),
        ] {
            let page = apply(&provider, &fields_with(&[(name, value)])).await;
            assert_eq!(page.status, 400, "{name}");
            assert_eq!(
                provider.refusal_of(&page).await,
                "request_refused a field or step of no form of ours",
                "{name}"
            );
        }
        assert_eq!(provider.rows(&["application"]).await, [0]);
        let [system, ..] = officers(&provider).await;
        let portal = Portal::new(&provider).await;
        portal.officer(&provider, &system, "approve").await;
        for step in ["approve", "go-live", "sandbox", ""] {
            assert_eq!(portal.step(&provider, step, &[]).await.status, 400, "{step}");
        }
        let contact = [("contact_name", "赵敏"), ("state", "live")];
        assert_eq!(portal.step(&provider, "contact", &contact).await.status, 400);
        let id = portal.relying_party(&provider).await.client_id;
        let id = yihao::domain::client::ClientId::parse(id).unwrap();
        let client = provider.provider.store.find_client(&id).await.unwrap().unwrap();
        assert!(client.sandbox && !client.policy.first_party && client.policy.require_pkce);
        assert_eq!(client.scope.to_string(), "offline_access openid profile");
        assert!(client.policy.id_number_purpose.is_none());
    }
);

on_both!(
    /// A-65: a name that could be taken for another portal's is refused, when it is filed and when it is reviewed.
    a_name_belongs_to_one_portal,
    |provider| {
        let [system, ..] = officers(&provider).await;
        let name = |name: &'static str| fields_with(&[("portal_name", name)]);
        for alike in ["测试门户 web1", "测试门户ＷＥＢ１", "测试门户 wеb1"] {
            let page = apply(&provider, &name(alike)).await;
            assert!(page.status == 400 && page.has("portal_name-error"), "{alike}: {}", page.body);
        }
        let first = Portal::applied(&provider, &name("Cloud Portal")).await;
        let second = Portal::applied(&provider, &name("CLOUD  PORTAL")).await;
        assert_eq!(first.officer(&provider, &system, "approve").await.status, 303);
        assert_eq!(second.officer(&provider, &system, "approve").await.status, 409);
        assert_eq!(second.officer(&provider, &system, "refuse").await.status, 303);
        assert_eq!(apply(&provider, &name("С1oud Portal")).await.status, 400);
    }
);

on_both!(
    /// A-67, A-68: a link that is not right opens nothing, and one portal's link is no other's.
    nobody_follows_another_ones_application,
    |provider| {
        let [system, ..] = officers(&provider).await;
        let one = Portal::new(&provider).await;
        let other = Portal::applied(&provider, &fields_with(&[("portal_name", "省图书馆")])).await;
        one.officer(&provider, &system, "approve").await;
        let guessed = [
            format!("{}x", one.path),
            one.path[..one.path.len() - 1].to_owned(),
            format!("/onboarding/{}", one.id),
            "/onboarding/%00".to_owned(),
            format!("/onboarding/{}", "x".repeat(3_000)),
        ];
        for path in guessed {
            let page = Browser::new().get(&provider.url(&path)).await;
            assert_eq!(page.status, 404, "{path}");
        }
        assert!(!other.page(&provider).await.body.contains("portal-"), "no client of another");
        assert_eq!(other.step(&provider, "secret", &[]).await.status, 409);
        let found = provider.count("SELECT COUNT(*) FROM application WHERE tracking_digest IS NULL");
        assert_eq!(found.await, 0);
        let stored: Vec<u8> =
            provider.value("SELECT document FROM application ORDER BY id LIMIT 1").await;
        assert!(!String::from_utf8_lossy(&stored).contains("chen@yz"), "sealed");
    }
);

on_both!(
    /// An application that came back is corrected; one that is over stays over.
    an_application_is_returned_corrected_and_withdrawn,
    |provider| {
        let [system, ..] = officers(&provider).await;
        let portal = Portal::new(&provider).await;
        let path = format!("/console/onboarding/{}/return", portal.id);
        assert_eq!(send(&provider, &system, &path, &[]).await.status, 400, "a reason is needed");
        assert_eq!(portal.officer(&provider, &system, "return").await.status, 303);
        let page = portal.page(&provider).await;
        assert!(page.body.contains("材料齐全") && page.has("correct"), "{}", page.body);
        let wrong = fields_with(&[("unit_code", "1")]);
        let wrong: Vec<_> = wrong.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let page = portal.step(&provider, "correct", &wrong).await;
        assert!(page.status == 400 && page.has("unit_code-error"), "{}", page.body);
        let right = fields_with(&[("portal_name", "云州掌上办")]);
        let right: Vec<_> = right.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(portal.step(&provider, "correct", &right).await.status, 303);
        assert_eq!(portal.step(&provider, "correct", &right).await.status, 409, "once");
        assert!(portal.page(&provider).await.body.contains("云州掌上办"));
        assert_eq!(portal.step(&provider, "withdraw", &[]).await.status, 303);
        assert_eq!(portal.officer(&provider, &system, "approve").await.status, 409);
        assert_eq!(portal.step(&provider, "contact", &[]).await.status, 409);
    }
);

/// A portal that waits for the second officer.
async fn asked(provider: &TestProvider, system: &Operator) -> Portal {
    let tester = tester(provider).await;
    let portal = Portal::new(provider).await;
    assert_eq!(portal.officer(provider, system, "approve").await.status, 303);
    portal.show_all(provider, &tester).await;
    assert_eq!(portal.step(provider, "live", &[]).await.status, 303);
    assert_eq!(portal.officer(provider, system, "go-live").await.status, 303);
    portal
}

async fn is_live(provider: &TestProvider, portal: &Portal) -> bool {
    portal.page(provider).await.body.contains("已上线")
}

on_both!(
    /// A-69: too late, after a change of mind, and when it is not green any more, nothing goes live.
    what_was_asked_may_be_over,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let portal = asked(&provider, &system).await;
        assert_eq!(portal.step(&provider, "not-live", &[]).await.status, 303);
        assert_eq!(decide(&provider, &security, "approve").await.status, 409, "taken back");
        assert_eq!(portal.step(&provider, "live", &[]).await.status, 303);
        let page = security.browser.get(&provider.url("/console/acts")).await;
        let path = format!("/console/acts/{}", first_act(&page).unwrap());
        provider.wait_seconds(73 * 60 * 60);
        log_in(&provider, &security).await;
        let late = send(&provider, &security, &path, &[("decision", "approve")]).await;
        assert_eq!(late.status, 409, "{}", late.body);

        log_in(&provider, &system).await;
        assert_eq!(portal.officer(&provider, &system, "go-live").await.status, 303);
        let party = portal.relying_party(&provider).await;
        Browser::new().get(&party.authorize(&[("state", "")])).await;
        assert_eq!(decide(&provider, &security, "approve").await.status, 409, "not green any more");
        assert!(!is_live(&provider, &portal).await);
        assert_eq!(portal.officer(&provider, &system, "return").await.status, 303);
        assert_eq!(decide(&provider, &security, "approve").await.status, 409, "sent back");
        assert!(!is_live(&provider, &portal).await);
    }
);

on_both!(
    /// A-14, A-69: decided by many at once it goes live once; asked by somebody who is gone, not at all.
    it_goes_live_once_and_by_somebody_who_is_there,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let portal = asked(&provider, &system).await;
        provider
            .execute("UPDATE operator SET status = 'disabled' WHERE login_name = 'system'")
            .await;
        assert_eq!(decide(&provider, &security, "approve").await.status, 409, "who asked is gone");
        assert!(!is_live(&provider, &portal).await);
        provider
            .execute("UPDATE operator SET status = 'active' WHERE login_name = 'system'")
            .await;
        let page = security.browser.get(&provider.url("/console/acts")).await;
        let path = format!("/console/acts/{}", first_act(&page).unwrap());
        let approve = [("decision", "approve")];
        let racers = (0..8).map(|_| send(&provider, &security, &path, &approve));
        let answers = futures_util::future::join_all(racers).await;
        assert_eq!(answers.iter().filter(|page| page.status == 303).count(), 1);
        assert!(is_live(&provider, &portal).await);
    }
);

on_both!(
    /// P6: an office files many applications, a machine not thousands; mistakes cost nothing.
    applications_of_one_source_slow_down,
    |provider| {
        for number in 0..12 {
            let name = format!("第{number}个门户");
            let wrong = [("portal_name", &*name), ("unit_code", "1")];
            assert_eq!(apply(&provider, &fields_with(&wrong)).await.status, 400);
            let status = apply(&provider, &fields_with(&[("portal_name", &name)])).await.status;
            assert_eq!(status, if number < 11 { 200 } else { 429 }, "{number}");
        }
        provider.wait_seconds(3 * 60 * 60);
        assert_eq!(apply(&provider, &fields_with(&[])).await.status, 200);
        let huge = fields_with(&[("purpose", &"x".repeat(70_000))]);
        assert_eq!(apply(&provider, &huge).await.status, 413);
    }
);

on_both!(
    /// P9: who came to nothing is forgotten after half a year, and a portal that works is not.
    contacts_nobody_needs_are_forgotten,
    |provider| {
        let [system, ..] = officers(&provider).await;
        let kept = Portal::new(&provider).await;
        kept.officer(&provider, &system, "approve").await;
        let gone = Portal::applied(&provider, &fields_with(&[("portal_name", "省图书馆")])).await;
        gone.officer(&provider, &system, "refuse").await;
        provider.wait_seconds(181 * 24 * 60 * 60);
        provider.provider.store.purge(provider.clock.now()).await.unwrap();
        assert_eq!(gone.page(&provider).await.status, 404);
        assert_eq!(kept.page(&provider).await.status, 200);
    }
);

on_both!(
    /// A-14: many secrets asked for at once: each that was shown works, and no change of the client is lost.
    secrets_made_at_once_all_count,
    |provider| {
        let [system, ..] = officers(&provider).await;
        let portal = Portal::new(&provider).await;
        portal.officer(&provider, &system, "approve").await;
        portal.page(&provider).await;
        let racers = (0..6).map(|_| portal.step(&provider, "secret", &[]));
        let answers = futures_util::future::join_all(racers).await;
        let made = answers.iter().filter(|page| page.status == 200).count();
        assert!(made >= 1 && answers.iter().all(|page| matches!(page.status, 200 | 409)));
        let id = crate::support::portal::marked(&portal.page(&provider).await, "client-id").unwrap();
        let id = yihao::domain::client::ClientId::parse(&id).unwrap();
        let client = provider.provider.store.find_client(&id).await.unwrap().unwrap();
        assert_eq!(client.secrets.len(), made);
    }
);
