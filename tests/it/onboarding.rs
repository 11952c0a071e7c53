//! A portal's way from the application to everybody, and to its end (the acceptance; security.md A-65,
//!

use crate::on_both;
use crate::support::Browser;
use crate::support::TestProvider;
use crate::support::console::decide;
use crate::support::console::log_in;
use crate::support::console::officers;
use crate::support::portal::Portal;
use crate::support::portal::apply;
use crate::support::portal::citizen;
use crate::support::portal::fields_with;
use crate::support::portal::marked;
use crate::support::portal::tester;

async fn findings(provider: &TestProvider, portal: &Portal) -> Vec<String> {
    let page = portal.page(provider).await;
    let lines = page.body.split("<li class=\"check check-").skip(1);
    lines.map(|line| line.split('"').next().unwrap().to_owned()).collect()
}

on_both!(
    /// The acceptance: application, review, sandbox, self-check, second officer, live; and the relying party
    /// that logs in is the one that was tried out.
    a_portal_goes_from_application_to_live,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let (tester, citizen) = (tester(&provider).await, citizen(&provider).await);
        let portal = Portal::new(&provider).await;
        let page = portal.page(&provider).await;
        assert!(page.body.contains("等待审核") && marked(&page, "client-id").is_none());
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("cache-control"), "no-store");

        assert_eq!(portal.officer(&provider, &security, "approve").await.status, 403);
        assert_eq!(portal.officer(&provider, &system, "approve").await.status, 303);
        assert_eq!(portal.officer(&provider, &system, "approve").await.status, 409, "once");
        assert_eq!(findings(&provider, &portal).await, [
            "missing", "missing", "missing", "missing", "missing", "not-needed", "missing", "missing",
        ]);
        assert_eq!(portal.step(&provider, "live", &[]).await.status, 409, "nothing was shown");

        let party = portal.relying_party(&provider).await;
        let refused = party.log_in(&Browser::new(), &citizen, &[]).await;
        assert_eq!(refused.error(), "access_denied", "no citizen in the sandbox");
        assert_eq!(provider.rows(&["approval", "consent"]).await, [0, 0]);

        portal.show_all(&provider, &tester).await;
        assert!(findings(&provider, &portal).await.iter().all(|finding| finding == "green"));
        assert_eq!(portal.officer(&provider, &system, "go-live").await.status, 409, "not asked for");
        assert_eq!(portal.step(&provider, "live", &[]).await.status, 303);
        assert_eq!(portal.officer(&provider, &security, "go-live").await.status, 403);
        assert_eq!(portal.officer(&provider, &system, "go-live").await.status, 303);
        assert_eq!(decide(&provider, &system, "approve").await.status, 409, "not by who asked");
        assert_eq!(decide(&provider, &security, "approve").await.status, 303);
        provider.wait_seconds(1);

        let sandboxed = portal.page(&provider).await;
        assert!(sandboxed.body.contains("已上线"), "{}", sandboxed.body);
        let landing = party.log_in(&Browser::new(), &citizen, &[]).await;
        let old = party.redeem(landing.code()).await;
        assert_eq!(old.json()["error"], "invalid_client", "the sandbox's secret ended");
        let party = portal.relying_party(&provider).await;
        let landing = party.log_in(&Browser::new(), &citizen, &[]).await;
        let tokens = party.redeem(landing.code()).await.json();
        let access = tokens["access_token"].as_str().unwrap_or_else(|| panic!("{tokens}"));
        let told = party.userinfo(access).await.json();
        assert_eq!(told["name"], "李明");
        assert!(told.get("phone_number").is_none(), "nobody asked for it");
    }
);

on_both!(
    /// What a portal does wrong last is what counts, and what it did right it has to show again in time.
    the_self_check_tells_the_truth,
    |provider| {
        let [system, ..] = officers(&provider).await;
        let tester = tester(&provider).await;
        let portal = Portal::new(&provider).await;
        portal.officer(&provider, &system, "approve").await;
        portal.show_all(&provider, &tester).await;
        let party = portal.relying_party(&provider).await;
        let browser = Browser::new();
        browser.get(&party.authorize(&[("state", ""), ("nonce", ""), ("code_challenge", "")])).await;
        let landing = party.log_in(&browser, &tester, &[("nonce", "")]).await;
        let wrong = [("code_verifier", "another-verifier-of-at-least-forty-three-characters-xyz")];
        assert_eq!(party.redeem_with(landing.code(), &wrong).await.status, 400);
        let logout = provider.url(&format!("/oauth2/logout?client_id={}", party.client_id));
        browser.get(&logout).await;
        assert_eq!(findings(&provider, &portal).await, [
            "green", "green", "failed", "failed", "green", "green", "failed", "green",
        ]);
        assert_eq!(portal.step(&provider, "live", &[]).await.status, 409);
        assert_eq!(portal.step(&provider, "addresses", &[]).await.status, 429, "not in a row");
        provider.wait_seconds(31 * 24 * 60 * 60);
        assert!(!findings(&provider, &portal).await.contains(&"green".to_owned()));
    }
);

on_both!(
    /// a secret is shown once, in the answer that made it; the one before works for a day.
    a_secret_is_shown_once_and_turns_smoothly,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let (tester, citizen) = (tester(&provider).await, citizen(&provider).await);
        let portal = Portal::new(&provider).await;
        portal.go_live(&provider, [&system, &security], &tester).await;
        let first = portal.relying_party(&provider).await;
        assert!(marked(&portal.page(&provider).await, "client-secret").is_none());
        let second = portal.relying_party(&provider).await;
        for (party, hours, works) in [(&first, 0, true), (&second, 0, true), (&first, 25, false), (&second, 0, true)] {
            provider.wait_seconds(hours * 60 * 60);
            let landing = party.log_in(&Browser::new(), &citizen, &[]).await;
            assert_eq!(party.redeem(landing.code()).await.status == 200, works);
        }
    }
);

on_both!(
    /// a retired portal is refused at every door, and switching it on again finds nothing.
    a_retired_portal_is_over,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let (tester, citizen) = (tester(&provider).await, citizen(&provider).await);
        let portal = Portal::new(&provider).await;
        portal.go_live(&provider, [&system, &security], &tester).await;
        let party = portal.relying_party(&provider).await;
        let browser = Browser::new();
        let landing = party.log_in(&browser, &citizen, &[]).await;
        let tokens = party.redeem(landing.code()).await.json();
        let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
        let code = party.log_in(&browser, &citizen, &[]).await.code().to_owned();

        assert_eq!(portal.step(&provider, "retire", &[]).await.status, 303);
        assert_eq!(party.userinfo(&text("access_token")).await.status, 200, "until it is approved");
        assert_eq!(portal.officer(&provider, &system, "retire").await.status, 303);
        assert_eq!(decide(&provider, &security, "approve").await.status, 303);

        for switched_on in [false, true] {
            if switched_on {
                provider.switch_client(party.client_id, false).await;
            }
            assert_eq!(party.redeem(&code).await.json()["error"], "invalid_client");
            assert_eq!(party.refresh(&text("refresh_token")).await.json()["error"], "invalid_client");
            assert_eq!(party.userinfo(&text("access_token")).await.status, 401);
            let fields = [("token", &*text("access_token"))];
            for path in ["/oauth2/introspect", "/oauth2/revoke"] {
                assert_eq!(party.call(path, &fields).await.json()["error"], "invalid_client", "{path}");
            }
            let page = browser.get(&party.authorize(&[])).await;
            assert_eq!((page.status, page.location()), (400, None));
        }
        for step in ["secret", "live", "retire", "not-retire", "renew", "withdraw"] {
            assert_eq!(portal.step(&provider, step, &[]).await.status, 409, "{step}");
        }
        assert!(portal.page(&provider).await.body.contains("已下线"));
        Portal::new(&provider).await;
    }
);

on_both!(
    /// A live portal is renewed in the last thirty days of its year, by its developer or an officer.
    a_portal_is_renewed_in_time,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let tester = tester(&provider).await;
        let portal = Portal::new(&provider).await;
        portal.go_live(&provider, [&system, &security], &tester).await;
        assert_eq!(portal.step(&provider, "renew", &[]).await.status, 409, "too early");
        provider.wait_seconds(340 * 24 * 60 * 60);
        log_in(&provider, &system).await;
        let list = system.browser.get(&provider.url("/console/onboarding?due=1")).await;
        assert!(list.body.contains(&portal.id), "{}", list.body);
        assert_eq!(portal.step(&provider, "renew", &[]).await.status, 303);
        let list = system.browser.get(&provider.url("/console/onboarding?due=1")).await;
        assert!(!list.body.contains(&portal.id));
        assert_eq!(portal.officer(&provider, &system, "renew").await.status, 409, "it was renewed");
    }
);

on_both!(
    /// handed over, the old link opens nothing, and the new unit has its own.
    a_portal_is_handed_over,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let tester = tester(&provider).await;
        let mut portal = Portal::new(&provider).await;
        portal.go_live(&provider, [&system, &security], &tester).await;
        let path = format!("/console/onboarding/{}/hand-over", portal.id);
        let unit = yihao::domain::synthetic::uscc(8).to_string();
        let mut asked = vec![("reason", "机构改革"), ("unit_name", "云州市数据局"), ("unit_code", "1")];
        let page = crate::support::console::send(&provider, &system, &path, &asked).await;
        assert_eq!(page.status, 400, "a code that is none");
        asked[2].1 = &unit;
        let page = crate::support::console::send(&provider, &system, &path, &asked).await;
        assert_eq!(page.status, 303, "{}", page.body);
        let made = decide(&provider, &security, "approve").await;
        assert_eq!(made.status, 200, "{}", made.body);
        let link = marked(&made, "tracking").unwrap();

        assert_eq!(portal.page(&provider).await.status, 404);
        assert_eq!(portal.step(&provider, "secret", &[]).await.status, 404);
        portal.path = link[link.find("/onboarding").unwrap()..].to_owned();
        let page = portal.page(&provider).await;
        assert!(page.body.contains("云州市数据局") && !page.body.contains("陈建国"), "{}", page.body);
        let contact = [
            ("contact_name", "赵敏"),
            ("contact_phone", "13700009052"),
            ("contact_email", "zhao@yz.example.gov.cn"),
        ];
        assert_eq!(portal.step(&provider, "contact", &contact).await.status, 303);
        assert!(portal.page(&provider).await.body.contains("赵敏"));
    }
);

on_both!(
    /// One supplier integrates for many units: the next application begins with what stays the same, and each
    /// unit has a client and a name of its own.
    a_supplier_applies_for_many_units,
    |provider| {
        let [system, ..] = officers(&provider).await;
        let code = yihao::domain::synthetic::uscc(9).to_string();
        let supplier = [("supplier_name", "云州数科有限公司"), ("supplier_code", &*code)];
        let fields = crate::support::portal::fields_with(&supplier);
        let first = Portal::applied(&provider, &fields).await;
        let next = first.step(&provider, "another", &[]).await;
        assert_eq!(next.status, 200, "{}", next.body);
        assert!(next.body.contains("云州数科有限公司") && next.body.contains("chen@yz.example.gov.cn"));
        assert!(!next.body.contains("云州市民生服务平台") && !next.body.contains("9555"));
        let other = [supplier[0], supplier[1], ("portal_name", "临江市掌上办事")];
        let second =
            Portal::applied(&provider, &crate::support::portal::fields_with(&other)).await;
        let alone = crate::support::portal::fields_with(&[("portal_name", "省图书馆")]);
        let alone = Portal::applied(&provider, &alone).await;
        for portal in [&first, &second] {
            assert_eq!(portal.officer(&provider, &system, "approve").await.status, 303);
        }
        let [one, two] = [first.relying_party(&provider).await, second.relying_party(&provider).await];
        assert_ne!(one.client_id, two.client_id);
        let path = format!("/console/onboarding?supplier={code}");
        let list = system.browser.get(&provider.url(&path)).await;
        assert!(list.body.contains(&first.id) && list.body.contains(&second.id));
        assert!(!list.body.contains(&alone.id));
    }
);

on_both!(
    /// For whom people come is said in the application, seen in the review, and carried to the client: in the sandbox
    /// its test people come for themselves, live those it serves alone.
    a_portal_for_organisations_takes_them_once_it_is_live,
    |provider| {
        use yihao::domain::acting::SubjectKind;
        let [system, security, _] = officers(&provider).await;
        let (tester, _) = (tester(&provider).await, citizen(&provider).await);
        let wrong = apply(&provider, &fields_with(&[("subjects", "robots")])).await;
        assert!(wrong.status == 400 && wrong.has("subjects-error"), "{}", wrong.body);
        let chosen = fields_with(&[("subjects", "organisations")]);
        let portal = Portal::applied(&provider, &chosen).await;
        let url = provider.url(&format!("/console/onboarding/{}", portal.id));
        let review = security.browser.get(&url).await;
        assert!(review.body.contains("服务对象") && review.body.contains("单位"), "{}", review.body);
        assert_eq!(portal.officer(&provider, &system, "approve").await.status, 303);
        let id = marked(&portal.page(&provider).await, "client-id").unwrap();
        let kinds = async || {
            let id = yihao::domain::client::ClientId::parse(&id).unwrap();
            let client = provider.provider.store.find_client(&id).await.unwrap().unwrap();
            client.policy.subject_kinds.iter().copied().collect::<Vec<_>>()
        };
        let sandbox = [SubjectKind::NaturalPerson, SubjectKind::Organisation];
        assert_eq!(kinds().await, sandbox);
        portal.show_all(&provider, &tester).await;
        assert_eq!(portal.step(&provider, "live", &[]).await.status, 303);
        assert_eq!(portal.officer(&provider, &system, "go-live").await.status, 303);
        assert_eq!(decide(&provider, &security, "approve").await.status, 303);
        assert_eq!(kinds().await, [SubjectKind::Organisation]);
    }
);
