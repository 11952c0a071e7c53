//! Raising one's own level by a face, a bank card or a network certificate (design D4, D11): the services are
//! `yihao mock-province`, a process of its own that checks every line of the contract.

use yihao::domain::identity_check::CheckKind;
use yihao::domain::identity_check::FACE_CONSENT;

use crate::on_both_backends;
use crate::support::Browser;
use crate::support::Person;
use crate::support::login::log_in;
use crate::support::province::Province;
use crate::support::province::SECRET;
use crate::support::verification::Citizen;
use crate::support::verification::PATH;

on_both_backends!(
    /// Each of the three leads to level 2, is told to the owner, and stands on the page, in the export and in
    /// the audit chain.
    each_kind_raises_the_level,
    |backend| {
        let province = Province::start(&[]);
        let provider = province.provider(backend, SECRET).await;
        for (kind, seed) in CheckKind::ALL.into_iter().zip(900..) {
            let citizen = Citizen::new(&provider, seed).await;
            let page = citizen.browser.get(&provider.url(PATH)).await;
            let policy = page.header("content-security-policy");
            assert!(policy.contains("form-action 'self' http://127.0.0.1:"), "{policy}");
            assert!(page.has(&format!("begin-{}", kind.as_str())), "{}", page.body);

            let back = citizen.decide((&provider, &province), kind, "approve").await;
            assert!(back.starts_with(&provider.url("/account/verification/return?check=")));
            let done = citizen.browser.get(&back).await;
            assert_eq!(done.header("location"), "/account/verification?done=confirmed");

            assert_eq!(citizen.level(&provider).await, 2);
            let page = citizen.browser.get(&provider.url(done.header("location"))).await;
            assert!(page.body.contains("badge-2") && page.body.contains("notice-good"), "{}", page.body);
            assert!(!page.has(&format!("begin-{}", kind.as_str())), "nothing more to gain by it");
            assert_eq!(citizen.kept(&provider, kind.as_str()).await, 1);
            let lines = provider.audit(6).await;
            assert!(lines.iter().any(|line| line == "identity_verified done"), "{lines:?}");
            assert!(lines.iter().any(|line| line == "identity_check_begun done"), "{lines:?}");
            // Who comes back once more finds what was found, and nothing is kept twice.
            let again = citizen.browser.get(&back).await;
            assert_eq!(again.header("location"), "/account/verification?done=confirmed");
            assert_eq!(citizen.kept(&provider, kind.as_str()).await, 1);
            citizen.is_told(&provider, "实名等级已提升").await;
        }
    }
);

on_both_backends!(
    /// At sign-up the first evidence is written: name and number, by the register.
    the_register_is_the_first_evidence,
    |backend| {
        let person = Person::synthetic(910).without_account();
        let province = Province::start(&[&person]);
        let provider = province.provider(backend, SECRET).await;
        let browser = Browser::new();
        let page = browser.get(&provider.url("/signup")).await;
        let form = crate::support::login::sign_up_form(&person, "lantern over the lake");
        let sent = browser.submit(&page, &form).await;
        let code = provider.code_sent_to(&person.phone).await;
        assert_eq!(browser.submit(&sent, &[("code", &code)]).await.status, 200);
        let account = provider.account(&person).await;
        let kept = provider.provider.store.list_evidence(account.id).await.unwrap();
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].source.as_str(), "population_register");
        assert_eq!(kept[0].compared.to_string(), "name id_number");
        assert_eq!(kept[0].earns(), Some(account.identity_assurance));
    }
);

on_both_backends!(
    /// A face is agreed to apart from everything else, and which text was agreed to is kept.
    a_face_needs_a_consent_of_its_own,
    |backend| {
        let province = Province::start(&[]);
        let provider = province.provider(backend, SECRET).await;
        let citizen = Citizen::new(&provider, 920).await;
        let fields = [("step", "begin"), ("kind", "face")];
        let refused = citizen.send(&provider, &fields).await;
        assert_eq!(refused.status, 400, "{}", refused.body);
        assert!(refused.body.contains("单独同意"), "{}", refused.body);
        assert_eq!(provider.rows(&["identity_check"]).await, [0]);

        let agreed = citizen.begin(&provider, CheckKind::Face).await;
        assert_eq!(agreed.status, 303, "{}", agreed.body);
        let count = format!("SELECT COUNT(*) FROM identity_check WHERE consent = '{FACE_CONSENT}'");
        assert_eq!(provider.count(&count).await, 1);
        let count = format!(
            "SELECT COUNT(*) FROM audit WHERE kind = 'identity_check_begun' AND details LIKE '%\"consent\":\"{FACE_CONSENT}\"%'"
        );
        assert_eq!(provider.count(&count).await, 1);
        let page = citizen.browser.get(&provider.url(PATH)).await;
        assert!(page.body.contains(FACE_CONSENT), "the text says which it is");
    }
);

on_both_backends!(
    /// who typed no password a moment ago begins nothing.
    an_old_session_begins_nothing,
    |backend| {
        let province = Province::start(&[]);
        let provider = province.provider(backend, SECRET).await;
        let citizen = Citizen::new(&provider, 930).await;
        provider.clock.advance(6 * 60 * 1000);
        let asked = citizen.begin(&provider, CheckKind::Face).await;
        assert_eq!(asked.header("location"), "/account/reauthenticate?return=/account/verification");
        assert_eq!(provider.rows(&["identity_check"]).await, [0]);
    }
);

on_both_backends!(
    /// What is not confirmed, confirmed with less, or confirmed of somebody else raises nobody.
    what_is_not_this_person_raises_nobody,
    |backend| {
        let province = Province::start(&[]);
        let provider = province.provider(backend, SECRET).await;
        let table = [
            ("refuse", "identity_verified refused not confirmed"),
            ("fewer", "identity_verified refused too little was compared"),
            ("another", "identity_verified refused the result is another person's"),
        ];
        for (kind, seed) in CheckKind::ALL.into_iter().zip(940..) {
            let citizen = Citizen::new(&provider, seed).await;
            for (decision, line) in table {
                let back = citizen.decide((&provider, &province), kind, decision).await;
                let done = citizen.browser.get(&back).await;
                assert_eq!(done.header("location"), "/account/verification?done=denied", "{decision}");
                assert_eq!(citizen.level(&provider).await, 1, "{decision}");
                let lines = provider.audit(4).await;
                assert!(lines.iter().any(|known| known == line), "{decision}: {lines:?}");
            }
            let page = citizen.browser.get(&provider.url("/account/verification?done=denied")).await;
            assert!(page.body.contains("notice-bad") && page.body.contains("badge-1"), "{}", page.body);
        }
    }
);

on_both_backends!(
    /// A service that says nothing, or nothing that can be believed, leaves the check waiting: 503 now, and the
    /// result as soon as the service says one. The page tells so, and the owner may ask himself.
    a_service_that_is_away_is_asked_again,
    |backend| {
        let province = Province::start(&[]);
        let provider = province.provider(backend, SECRET).await;
        for (fault, seed) in ["down", "forged", "unsigned"].into_iter().zip(950..) {
            let citizen = Citizen::new(&provider, seed).await;
            let back = citizen.decide((&provider, &province), CheckKind::BankCard, "approve").await;
            province.fail(fault).await;
            let page = citizen.browser.get(&back).await;
            assert_eq!(page.status, 503, "{fault}: {}", page.body);
            assert!(!page.header("retry-after").is_empty(), "{fault}");
            assert!(page.has("look") && page.has("stop"), "{fault}: {}", page.body);
            assert_eq!(citizen.level(&provider).await, 1, "{fault}");
            let asked = citizen.send(&provider, &[("step", "look")]).await;
            assert_eq!(asked.status, 503, "{fault}: {}", asked.body);

            province.fail("none").await;
            provider.clock.advance(35_000);
            citizen.rises_to(&provider, 2).await;
            citizen.is_told(&provider, "实名等级已提升").await;
            assert_eq!(citizen.kept(&provider, "bank_card").await, 1);
        }
    }
);

on_both_backends!(
    /// A service that is away when a check is to begin: nothing is kept, and it is told to come back.
    a_service_that_is_away_begins_nothing,
    |backend| {
        let province = Province::start(&[]);
        let provider = province.provider(backend, SECRET).await;
        let citizen = Citizen::new(&provider, 960).await;
        for fault in ["down", "forged", "replayed", "garbage", "refusing"] {
            province.fail(fault).await;
            let page = citizen.begin(&provider, CheckKind::Face).await;
            assert_eq!(page.status, 503, "{fault}: {}", page.body);
            assert!(!page.header("retry-after").is_empty(), "{fault}");
            assert_eq!(provider.rows(&["identity_check"]).await, [0], "{fault}");
        }
        province.fail("none").await;
        provider.clock.advance(31_000);
        assert_eq!(citizen.begin(&provider, CheckKind::Face).await.status, 303);
    }
);

on_both_backends!(
    /// The owner takes along what his identity rests on, the service's name for it included.
    the_export_tells_what_the_identity_rests_on,
    |backend| {
        let province = Province::start(&[]);
        let provider = province.provider(backend, SECRET).await;
        let citizen = Citizen::new(&provider, 970).await;
        let back = citizen.decide((&provider, &province), CheckKind::NetworkCertificate, "approve").await;
        citizen.browser.get(&back).await;
        let page = citizen.browser.get(&provider.url("/account/export")).await;
        let export = citizen.browser.submit(&page, &[("format", "json")]).await.json();
        let kept = export["verifications"].as_array().unwrap();
        assert_eq!(kept.len(), 2);
        assert_eq!(kept[0]["source"], "network_certificate");
        assert_eq!(kept[0]["finding"], "confirmed");
        assert!(kept[0]["reference"].as_str().is_some_and(|name| name.len() > 10));
        assert_eq!(kept[1]["source"], "population_register");
    }
);

on_both_backends!(
    /// Nothing of the person, and nothing the service calls the check, can be read in a row.
    rows_tell_nothing_of_the_person,
    |backend| {
        let province = Province::start(&[]);
        let provider = province.provider(backend, SECRET).await;
        let citizen = Citizen::new(&provider, 980).await;
        let begun = citizen.begin(&provider, CheckKind::Face).await;
        let page = begun.header("location").to_owned();
        let reference = page.rsplit('/').next().unwrap().to_owned();
        let back = province.decide(&page, &[("decision", "approve")]).await;
        citizen.browser.get(&back).await;
        let token = back.split("check=").nth(1).unwrap();
        for text in [&*citizen.person.name, &citizen.person.id_number, &reference, token] {
            for (table, columns) in [
                ("evidence", "source || compared || finding || COALESCE(document, '')"),
                ("identity_check", "kind || state || COALESCE(consent, '')"),
                ("audit", "kind || reason || details"),
            ] {
                let count =
                    format!("SELECT COUNT(*) FROM {table} WHERE {columns} LIKE '%{text}%'");
                assert_eq!(provider.count(&count).await, 0, "{table}: {text}");
            }
        }
        let account = provider.account(&citizen.person).await;
        let kept = provider.provider.store.list_evidence(account.id).await.unwrap();
        let clear = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(&reference);
        assert!(kept.iter().all(|one| !clear(&one.reference)));
    }
);

on_both_backends!(
    /// With an account go its evidence and its checks.
    what_it_rests_on_goes_with_the_account,
    |backend| {
        let province = Province::start(&[]);
        let provider = province.provider(backend, SECRET).await;
        let citizen = Citizen::new(&provider, 990).await;
        let back = citizen.decide((&provider, &province), CheckKind::Face, "approve").await;
        citizen.browser.get(&back).await;
        let page = citizen.browser.get(&provider.url("/account/cancel")).await;
        let fields = [("step", "cancel"), ("understood", "1")];
        assert_eq!(citizen.browser.submit(&page, &fields).await.status, 303);
        provider.clock.advance(8 * 24 * 60 * 60 * 1000);
        yihao::people::cancellation::end_due(&provider.provider, drop).await.unwrap();
        for _ in 0..100 {
            if provider.rows(&["evidence", "identity_check"]).await == [0, 0] {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert_eq!(provider.rows(&["evidence", "identity_check"]).await, [0, 0]);
    }
);

#[tokio::test]
async fn without_a_service_there_is_the_counter() {
    let provider = crate::support::TestProvider::start(crate::support::Backend::Sqlite).await;
    let person = Person::synthetic(995);
    provider.add_person(&person).await;
    let citizen = Citizen { person, browser: Browser::new() };
    log_in(&provider, &citizen.browser, &citizen.person).await;
    let page = citizen.browser.get(&provider.url(PATH)).await;
    assert!(page.status == 200 && !page.body.contains("id=\"begin-"), "{}", page.body);
    assert!(page.body.contains("窗口"), "{}", page.body);
}
