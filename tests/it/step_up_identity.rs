//! A portal asks for more than a person's identity is established with: the person is verified on the way and comes back
//! into the login (design D4, decision 0018).

use serde_json::json;
use yihao::domain::identity_check::CheckKind;

use crate::on_both;
use crate::on_both_backends;
use crate::support::Person;
use crate::support::login::log_in;
use crate::support::province::Province;
use crate::support::province::SECRET;
use crate::support::step_up::THREE;
use crate::support::step_up::Way;
use crate::support::step_up::essential;
use crate::support::step_up::is_asked;

on_both_backends!(
    /// Voluntary or essential: who is verified comes back into the login, shows the second factor of the class, and the
    /// portal is told class 3 and what the identity rests on.
    who_is_verified_comes_back_into_the_login,
    |backend| {
        let province = Province::start(&[]);
        let provider = province.provider(backend, SECRET).await;
        let demand = essential("urn:yihao:acr:3");
        let table = [
            (CheckKind::Face, ("acr_values", "urn:yihao:acr:3")),
            (CheckKind::BankCard, ("claims", &*demand)),
        ];
        for ((kind, ask), seed) in table.into_iter().zip(1300..) {
            let way = Way::new(&provider, seed).await;
            let page = way.ask(&[ask]).await;
            assert!(is_asked(&page), "{} {}", page.url, page.body);
            assert!(page.body.contains("测试门户 web1") && page.body.contains("<strong>已实名（人脸或银行核验）"), "{}", page.body);
            let policy = page.header("content-security-policy");
            assert!(policy.contains("http://127.0.0.1:") && policy.contains("localhost:9443"), "{policy}");
            for kind in CheckKind::ALL {
                assert!(page.has(&format!("begin-{}", kind.as_str())), "{}", page.body);
            }
            let second = way.decide(&page, (&province, kind), "approve").await;
            assert_eq!(second.url.path(), "/login/second", "{}", second.body);
            way.citizen.is_told(&provider, "实名等级已提升").await;
            let landing = way.go_on(second).await;
            let token = way.told(&landing).await;
            assert_eq!(token["acr"], "urn:yihao:acr:3", "{token}");
            assert_eq!(token["amr"], json!(["pwd", "sms", "mfa"]), "{token}");
            assert_eq!(way.citizen.level(&provider).await, 2);
            // Once there, nothing is asked a second time, silently or not.
            let again = way.ask(&[ask, ("prompt", "none")]).await;
            assert_eq!(way.told(&way.portal.landing(&again).unwrap()).await["acr"], token["acr"]);
        }
    }
);

on_both_backends!(
    /// The portal is told what the verification was, where it asked and the person agreed.
    verified_claims_tell_of_the_verification,
    |backend| {
        let province = Province::start(&[]);
        let provider = province.provider(backend, SECRET).await;
        let way = Way::new(&provider, 1310).await;
        let asked = json!({
            "id_token": { "acr": { "essential": true, "value": "urn:yihao:acr:3" } },
            "userinfo": { "verified_claims": {
                "verification": { "assurance_level": { "value": "2" }, "evidence": [{ "type": { "value": "electronic_record" }, "record": { "type": null } }] },
                "claims": { "name": null },
            } },
        });
        let page = way.ask(&[("scope", "openid"), ("claims", &asked.to_string())]).await;
        let second = way.decide(&page, (&province, CheckKind::NetworkCertificate), "approve").await;
        let landing = way.go_on(second).await;
        let answer = way.portal.redeem(landing.code()).await.json();
        let told = way.portal.userinfo(answer["access_token"].as_str().unwrap()).await.json();
        assert_eq!(told["verified_claims"]["verification"]["assurance_level"], "2", "{told}");
        assert_eq!(told["verified_claims"]["claims"]["name"], json!(way.citizen.person.name));
    }
);

on_both_backends!(
    /// Who goes on without is told to the portal as what he is, or the portal is told that its demand is not met; no
    /// further factor is asked for in vain.
    who_goes_on_without_is_told_as_what_he_is,
    |backend| {
        let province = Province::start(&[]);
        let provider = province.provider(backend, SECRET).await;
        let way = Way::new(&provider, 1320).await;
        let page = way.ask(&THREE).await;
        let on = way.send(&page, &[("step", "without")]).await;
        let landing = way.go_on(on).await;
        let token = way.told(&landing).await;
        assert_eq!((&token["acr"], &token["amr"]), (&json!("urn:yihao:acr:1"), &json!(["pwd"])));
        // Another request asks again: it was said of that one alone.
        assert!(is_asked(&way.ask(&THREE).await));

        let demand = essential("urn:yihao:acr:3");
        let page = way.ask(&[("claims", &demand)]).await;
        let refused = way.send(&page, &[("step", "without")]).await;
        let refused = way.citizen.browser.follow(refused).await;
        let landing = way.portal.landing(&refused).unwrap();
        assert_eq!(landing.error(), "unmet_authentication_requirements");
        assert_eq!(way.citizen.level(&provider).await, 1);
        assert_eq!(provider.rows(&["identity_check"]).await, [0]);
    }
);

on_both_backends!(
    /// What was said in one login holds in no other: not in another browser, not for somebody else in this one, and
    /// not of an address somebody makes up.
    going_on_without_holds_for_one_request_and_person,
    |backend| {
        let province = Province::start(&[]);
        let provider = province.provider(backend, SECRET).await;
        let way = Way::new(&provider, 1330).await;
        let page = way.ask(&THREE).await;
        let on = way.send(&page, &[("step", "without")]).await;
        let address = on.header("location").to_owned();
        assert!(address.starts_with("/oauth2/authorize?tx="), "{address}");
        let tx = page.form().fields["tx"].clone();

        let other = Way::new(&provider, 1331).await;
        let refused = other.citizen.browser.get(&provider.url(&address)).await;
        assert_eq!(refused.status, 400, "another browser's login");
        let refused = other.citizen.browser.get(&provider.url(&format!("/verify?tx={tx}"))).await;
        assert_eq!(refused.status, 400, "another browser's login");
        let csrf = other.ask(&THREE).await.csrf();
        let stolen = [("csrf", &*csrf), ("tx", &*tx), ("step", "without")];
        let refused = other.citizen.browser.post(&provider.url("/verify"), &stolen).await;
        assert_eq!(refused.status, 400, "another browser's login");

        // Words beside the seal are none of the request.
        let made_up = format!("/oauth2/authorize?tx={tx}&unverified=1&step=without");
        let browser = &way.citizen.browser;
        let asked = browser.follow(browser.get(&provider.url(&made_up)).await).await;
        assert!(is_asked(&asked), "{}", asked.url);
        // Somebody else at the same browser is asked himself.
        let neighbour = Person::synthetic(1332);
        provider.add_person(&neighbour).await;
        let out = browser.get(&provider.url("/oauth2/logout")).await;
        browser.submit(&out, &[]).await;
        log_in(&provider, browser, &neighbour).await;
        let asked = browser.follow(browser.get(&provider.url(&address)).await).await;
        assert!(is_asked(&asked), "{} {}", asked.url, asked.body);
    }
);

on_both_backends!(
    /// What is not confirmed leads back to the page with its reason; nothing begins by itself, and every way on is open.
    a_verification_that_fails_leads_back_to_the_page,
    |backend| {
        let province = Province::start(&[]);
        let provider = province.provider(backend, SECRET).await;
        let way = Way::new(&provider, 1340).await;
        let page = way.ask(&THREE).await;
        let denied = way.decide(&page, (&province, CheckKind::Face), "refuse").await;
        assert!(is_asked(&denied) && denied.body.contains("notice-bad"), "{}", denied.body);
        assert_eq!(provider.rows(&["identity_check"]).await, [1]);
        // Who did not agree, and who comes back without having been through it.
        let refused = way.send(&denied, &[("step", "begin"), ("kind", "face")]).await;
        assert_eq!(refused.status, 400);
        assert!(refused.body.contains("单独同意") && refused.has("without"), "{}", refused.body);
        let begun = way.begin(&denied, CheckKind::BankCard).await;
        assert!(begun.starts_with("http://127.0.0.1:"), "{begun}");
        let waits = way.citizen.browser.get(denied.url.as_str()).await;
        assert!(waits.has("look") && waits.has("stop"), "{}", waits.body);
        let looked = way.send(&waits, &[("step", "look")]).await;
        assert!(looked.header("location").ends_with("&done=unfinished"), "{}", looked.body);
        let stopped = way.send(&waits, &[("step", "stop")]).await;
        assert!(stopped.header("location").ends_with("&done=stopped"), "{}", stopped.body);
        // What was given up raises nobody any more.
        let back = province.decide(&begun, &[("decision", "approve")]).await;
        let browser = &way.citizen.browser;
        let over = browser.follow(browser.get(&back).await).await;
        assert!(is_asked(&over) && over.url.as_str().ends_with("&done=over"), "{}", over.url);
        assert_eq!(way.citizen.level(&provider).await, 1);
        // And the login goes on: verified at the next attempt.
        let second = way.decide(&over, (&province, CheckKind::BankCard), "approve").await;
        let landing = way.go_on(second).await;
        assert_eq!(way.told(&landing).await["acr"], "urn:yihao:acr:3");
    }
);

on_both_backends!(
    /// A service that is away leaves the check waiting, on the page of the login too; what it says later leads on.
    a_verification_that_waits_holds_nobody_up,
    |backend| {
        let province = Province::start(&[]);
        let provider = province.provider(backend, SECRET).await;
        let way = Way::new(&provider, 1350).await;
        let browser = &way.citizen.browser;
        let page = way.ask(&THREE).await;
        let service = way.begin(&page, CheckKind::Face).await;
        let back = province.decide(&service, &[("decision", "approve")]).await;
        province.fail("down").await;
        let waits = browser.follow(browser.get(&back).await).await;
        assert!(is_asked(&waits) && waits.has("look"), "{} {}", waits.url, waits.body);
        let looked = way.send(&waits, &[("step", "look")]).await;
        assert_eq!(looked.status, 503, "{}", looked.body);
        assert!(!looked.header("retry-after").is_empty() && looked.has("without"));
        let begun = way.send(&waits, &[("step", "begin"), ("kind", "bank_card")]).await;
        assert_eq!(begun.status, 503, "{}", begun.body);
        // Nobody has to wait for it.
        let on = way.send(&waits, &[("step", "without")]).await;
        let landing = way.go_on(on).await;
        assert_eq!(way.told(&landing).await["acr"], "urn:yihao:acr:1");

        // The page of another login shows it too, and leads on once the service has spoken.
        let later = way.ask(&THREE).await;
        assert!(is_asked(&later) && later.has("look"), "{}", later.body);
        province.fail("none").await;
        provider.clock.advance(35_000);
        way.citizen.rises_to(&provider, 2).await;
        let second = browser.follow(browser.get(later.url.as_str()).await).await;
        assert_eq!(second.url.path(), "/login/second", "{}", second.body);
        let landing = way.go_on(second).await;
        assert_eq!(way.told(&landing).await["acr"], "urn:yihao:acr:3");
    }
);

on_both_backends!(
    /// a check begins with the password typed a moment ago, in a login as on the account's page; the page asks for
    /// it, and a wrong one begins nothing.
    an_old_session_types_the_password_first,
    |backend| {
        let province = Province::start(&[]);
        let provider = province.provider(backend, SECRET).await;
        let way = Way::new(&provider, 1360).await;
        provider.clock.advance(6 * 60 * 1000);
        let page = way.ask(&THREE).await;
        assert!(is_asked(&page) && page.has("prove") && !page.has("begin-face"), "{}", page.body);
        let fields = [("step", "begin"), ("kind", "face"), ("agreed", "1")];
        let refused = way.send(&page, &fields).await;
        assert!(refused.header("location").starts_with("/verify?tx="), "{}", refused.body);
        let wrong = way.send(&page, &[("step", "prove"), ("password", "wrong lantern")]).await;
        assert_eq!(wrong.status, 400, "{}", wrong.body);
        assert!(wrong.has("password-error"), "{}", wrong.body);
        assert_eq!(provider.rows(&["identity_check"]).await, [0]);
        let password = way.citizen.person.password();
        let proven = way.send(&page, &[("step", "prove"), ("password", password)]).await;
        assert_eq!(proven.status, 303, "{}", proven.body);
        let page = way.citizen.browser.follow(proven).await;
        assert!(is_asked(&page) && page.has("begin-face"), "{}", page.body);
    }
);

on_both_backends!(
    /// With `prompt=none` nothing is shown; class 4 is reached by no service, and neither is 3 by somebody whose document
    /// the services do not know.
    what_cannot_be_shown_or_reached_is_told_at_once,
    |backend| {
        let province = Province::start(&[]);
        let provider = province.provider(backend, SECRET).await;
        let way = Way::new(&provider, 1370).await;
        let demands = [essential("urn:yihao:acr:3"), essential("urn:yihao:acr:4")];
        for ask in [THREE[0], ("claims", &demands[0])] {
            let silent = way.ask(&[ask, ("prompt", "none")]).await;
            assert_eq!(way.portal.landing(&silent).unwrap().error(), "interaction_required");
        }
        let refused = way.ask(&[("claims", &demands[1])]).await;
        let landing = way.portal.landing(&refused).unwrap();
        assert_eq!(landing.error(), "unmet_authentication_requirements");
        let on = way.ask(&[("acr_values", "urn:yihao:acr:4")]).await;
        assert!(on.has("allow"), "{}", on.body);
        let landing = way.go_on(on).await;
        assert_eq!(way.told(&landing).await["acr"], "urn:yihao:acr:1");
    }
);

on_both!(
    /// Where no service is configured nothing is offered, and the answer is as it was.
    without_a_service_nothing_is_offered,
    |provider| {
        let way = Way::new(&provider, 1380).await;
        let on = way.ask(&THREE).await;
        assert!(on.has("allow"), "{} {}", on.url, on.body);
        let refused = way.ask(&[("claims", &essential("urn:yihao:acr:3"))]).await;
        let landing = way.portal.landing(&refused).unwrap();
        assert_eq!(landing.error(), "unmet_authentication_requirements");
        let own = way.citizen.browser.get(&provider.url("/verify")).await;
        assert_eq!(own.header("location"), "/account", "without a login there is nothing to verify for");
    }
);

on_both_backends!(
    /// Nothing is skipped by the step: too many attempts are too many here as well, who blocked the portal stays out, and
    /// whose account an officer locked is logged in no more.
    the_step_is_no_way_around_anything,
    |backend| {
        let province = Province::start(&[]);
        let provider = province.provider(backend, SECRET).await;
        let way = Way::new(&provider, 1390).await;
        let page = way.ask(&THREE).await;
        let mut last = page.status;
        for _ in 0..12 {
            let fields = [("step", "begin"), ("kind", "face"), ("agreed", "1")];
            last = way.send(&page, &fields).await.status;
            if last == 429 {
                break;
            }
        }
        assert_eq!(last, 429);
        let browser = &way.citizen.browser;
        // Whoever was at the portal before can block it.
        let on = way.send(&way.ask(&THREE).await, &[("step", "without")]).await;
        way.go_on(on).await.code();
        let csrf = browser.get(&provider.url("/account/phone")).await.csrf();
        let block = [("csrf", &*csrf), ("block", "web1")];
        let blocked = browser.post(&provider.url("/account/portals"), &block).await;
        assert_eq!(blocked.status, 303, "{}", blocked.body);
        let refused = browser.follow(browser.get(page.url.as_str()).await).await;
        assert_eq!(way.portal.landing(&refused).unwrap().error(), "access_denied");
        let other = Way::new(&provider, 1391).await;
        let page = other.ask(&THREE).await;
        let kind = yihao::domain::audit_event::AuditKind::AccountLocked;
        let inner = &provider.provider;
        let record = yihao::audit::done(kind)
            .record(inner, &yihao::domain::request_context::RequestContext::internal("test"));
        let account = provider.account(&other.citizen.person).await;
        let status = yihao::domain::account::AccountStatus::Locked;
        let now = inner.clock.now();
        assert!(inner.store.set_account_status(account.id, status, record, now).await.unwrap());
        let over = other.send(&page, &[("step", "without")]).await;
        assert!(over.header("location").starts_with("/login?tx="), "{} {}", over.status, over.body);
    }
);
