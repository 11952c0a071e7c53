//! What a browser, a stranger or a forger brings to the verification of an identity decides nothing (design D4,
//! D11; domain facts 6.2: the result at the front is never proof).

use serde_json::json;
use yihao::domain::identity_check::CheckKind;

use crate::on_both_backends;
use crate::support::Browser;
use crate::support::TestProvider;
use crate::support::login::log_in;
use crate::support::province::Call;
use crate::support::province::Province;
use crate::support::province::SECRET;
use crate::support::verification::Citizen;
use crate::support::verification::PATH;

/// A callback of the service of that kind about this check.
fn callback(kind: &str, check: &str) -> Call {
    let body = json!({ "app_id": "yihao", "check": check }).to_string();
    Call::new(&format!("/verification/callback/{kind}"), body)
}

/// The key of the one check there is.
async fn check_id(provider: &TestProvider, citizen: &Citizen) -> String {
    let account = provider.account(&citizen.person).await;
    provider.provider.store.last_check(account.id).await.unwrap().unwrap().id.to_string()
}

on_both_backends!(
    /// Coming back is no proof: who has not been through it, and who makes an address up, is raised by nothing.
    coming_back_is_no_proof,
    |backend| {
        let province = Province::start(&[]);
        let provider = province.provider(backend, SECRET).await;
        let citizen = Citizen::new(&provider, 1000).await;
        let back = citizen.decide((&provider, &province), CheckKind::Face, "leave").await;
        let page = citizen.browser.get(&back).await;
        assert_eq!(page.header("location"), "/account/verification?done=unfinished");
        for made_up in [
            "/account/verification/return",
            "/account/verification/return?check=",
            "/account/verification/return?check=confirmed&state=confirmed",
            "/account/verification?done=confirmed&level=2",
        ] {
            let page = citizen.browser.get(&provider.url(made_up)).await;
            assert!(matches!(page.status, 200 | 400 | 409), "{made_up}: {}", page.status);
        }
        assert_eq!(citizen.level(&provider).await, 1);
        let refused = citizen.browser.get(&provider.url("/account/verification/return?check=x")).await;
        assert_eq!(refused.status, 409);
        let why = provider.refusal_of(&refused).await;
        assert_eq!(why, "identity_verified not begun in this session");
    }
);

on_both_backends!(
    /// A check belongs to the session and the account it was begun in.
    a_check_belongs_to_its_session_and_account,
    |backend| {
        let province = Province::start(&[]);
        let provider = province.provider(backend, SECRET).await;
        let (one, other) = (Citizen::new(&provider, 1010).await, Citizen::new(&provider, 1011).await);
        let back = one.decide((&provider, &province), CheckKind::Face, "approve").await;

        let stranger = other.browser.get(&back).await;
        assert_eq!(stranger.status, 409, "{}", stranger.body);
        let second = Browser::new();
        log_in(&provider, &second, &one.person).await;
        assert_eq!(second.get(&back).await.status, 409, "another session of the same person");
        assert_eq!(Browser::new().get(&back).await.status, 303, "nobody: to the login page");
        assert_eq!((one.level(&provider).await, other.level(&provider).await), (1, 1));

        let own = one.browser.get(&back).await;
        assert_eq!(own.header("location"), "/account/verification?done=confirmed");
        assert_eq!(other.level(&provider).await, 1);
    }
);

on_both_backends!(
    /// It is over with its time, with the session, with other credentials, with a newer check, and when its
    /// owner gives it up.
    a_check_ends_with_what_it_hangs_on,
    |backend| {
        let province = Province::start(&[]);
        let provider = province.provider(backend, SECRET).await;

        let citizen = Citizen::new(&provider, 1020).await;
        let first = citizen.decide((&provider, &province), CheckKind::Face, "approve").await;
        let second = citizen.decide((&provider, &province), CheckKind::Face, "approve").await;
        assert_eq!(citizen.browser.get(&first).await.status, 409, "a newer one took its place");
        let stopped = citizen.send(&provider, &[("step", "stop")]).await;
        assert_eq!(stopped.header("location"), "/account/verification?done=stopped");
        assert_eq!(citizen.browser.get(&second).await.status, 409, "given up");
        assert_eq!(citizen.send(&provider, &[("step", "stop")]).await.status, 409);
        assert_eq!(citizen.send(&provider, &[("step", "look")]).await.status, 409);

        let citizen = Citizen::new(&provider, 1021).await;
        let back = citizen.decide((&provider, &province), CheckKind::Face, "approve").await;
        let id = check_id(&provider, &citizen).await;
        let page = citizen.browser.get(&provider.url("/account/sessions")).await;
        let csrf = page.csrf();
        let all = [("end", "all"), ("csrf", &*csrf)];
        citizen.browser.post(&provider.url("/account/sessions"), &all).await;
        assert_eq!(callback("face", &id).make(&provider).await, (200, 0), "the service cannot know");
        log_in(&provider, &citizen.browser, &citizen.person).await;
        assert_eq!(citizen.browser.get(&back).await.status, 409, "its session is over");
        assert_eq!(citizen.level(&provider).await, 1);

        let citizen = Citizen::new(&provider, 1022).await;
        let back = citizen.decide((&provider, &province), CheckKind::Face, "approve").await;
        let page = citizen.browser.get(&provider.url("/account/password")).await;
        let fields = [
            ("current_password", citizen.person.password()),
            ("password", "seven herons over the ferry"),
            ("password_again", "seven herons over the ferry"),
        ];
        let changed = citizen.browser.submit(&page, &fields).await;
        assert!(matches!(changed.status, 200 | 303), "{}", changed.body);
        assert_eq!(citizen.browser.get(&back).await.status, 409, "other credentials");
        assert_eq!(citizen.level(&provider).await, 1);

        let citizen = Citizen::new(&provider, 1023).await;
        let back = citizen.decide((&provider, &province), CheckKind::Face, "approve").await;
        provider.clock.advance(16 * 60 * 1000);
        assert_eq!(citizen.browser.get(&back).await.status, 409, "its time is over");
        assert_eq!(citizen.level(&provider).await, 1);
    }
);

on_both_backends!(
    /// Two at once: one settles it, and one piece of evidence is kept.
    a_check_is_settled_once,
    |backend| {
        let province = Province::start(&[]);
        let provider = province.provider(backend, SECRET).await;
        let citizen = Citizen::new(&provider, 1030).await;
        let back = citizen.decide((&provider, &province), CheckKind::BankCard, "approve").await;
        let id = check_id(&provider, &citizen).await;
        let (first, second, call) = (
            citizen.browser.get(&back),
            citizen.browser.get(&back),
            callback("bank_card", &id),
        );
        let (first, second, _) = tokio::join!(first, second, call.make(&provider));
        for page in [&first, &second] {
            assert!(matches!(page.status, 303 | 409), "{}", page.body);
        }
        assert_eq!(citizen.level(&provider).await, 2);
        assert_eq!(citizen.kept(&provider, "bank_card").await, 1);
        let count = "SELECT COUNT(*) FROM audit WHERE kind = 'identity_verified' AND outcome = 'done'";
        assert_eq!(provider.count(count).await, 1);
    }
);

on_both_backends!(
    /// A service's own word that there is a result has us ask for it, whether or not the person comes back.
    a_callback_has_us_ask,
    |backend| {
        let province = Province::start(&[]);
        let provider = province.provider(backend, SECRET).await;
        let citizen = Citizen::new(&provider, 1040).await;
        let begun = citizen.begin(&provider, CheckKind::Face).await;
        let fields = [("decision", "approve"), ("call_back", "1")];
        let page = begun.header("location").to_owned();
        let back = province.decide(&page, &fields).await;
        citizen.rises_to(&provider, 2).await;
        let done = citizen.browser.get(&back).await;
        assert_eq!(done.header("location"), "/account/verification?done=confirmed");
        assert_eq!(citizen.kept(&provider, "face").await, 1);
    }
);

on_both_backends!(
    /// Forged, replayed, old, of another service, about another check, or claiming a result: a callback decides
    /// nothing by itself.
    a_forged_callback_decides_nothing,
    |backend| {
        let province = Province::start(&[]);
        let provider = province.provider(backend, SECRET).await;
        let citizen = Citizen::new(&provider, 1050).await;
        let begun = citizen.begin(&provider, CheckKind::Face).await;
        let page = begun.header("location").to_owned();
        let id = check_id(&provider, &citizen).await;
        let face = || callback("face", &id);

        // Signed and true, but nobody has been through it: what it claims beside is not read.
        let claim = json!({ "app_id": "yihao", "check": id, "state": "confirmed", "level": 3 });
        let claim = Call { body: claim.to_string(), ..face() };
        assert_eq!(claim.make(&provider).await, (200, 0));
        assert_eq!(claim.make(&provider).await, (401, 4003), "once alone");
        assert_eq!(citizen.level(&provider).await, 1);

        province.decide(&page, &[("decision", "approve")]).await;
        let other = "0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88";
        let table = [
            (Call { secret: "a secret of somebody else", ..face() }, (401, 4001)),
            (Call { signs: Some(String::from("{}")), ..face() }, (401, 4001)),
            (Call { skew: -400, ..face() }, (401, 4002)),
            (Call { skew: 400, ..face() }, (401, 4002)),
            (Call { body: String::from("not json"), ..face() }, (400, 4000)),
            (Call { body: String::from("{}"), ..face() }, (400, 4000)),
            (callback("face", other), (400, 4000)),
            (callback("bank_card", &id), (400, 4000)),
            (callback("counter", &id), (404, 4004)),
            (callback("population_register", &id), (404, 4004)),
        ];
        for (call, expected) in table {
            assert_eq!(call.make(&provider).await, expected, "{} {}", call.path, call.body);
        }
        assert_eq!(citizen.level(&provider).await, 1);
        let lines = provider.audit(20).await;
        let forged = "request_refused refused callback not of the service";
        assert!(lines.iter().any(|line| line == forged), "{lines:?}");

        assert_eq!(face().make(&provider).await, (200, 0));
        assert_eq!(citizen.level(&provider).await, 2);
    }
);

on_both_backends!(
    /// A callback while the service is away has the check wait; a plain GET and a body that is too large reach
    /// nothing.
    a_callback_of_a_service_that_is_away_waits,
    |backend| {
        let province = Province::start(&[]);
        let provider = province.provider(backend, SECRET).await;
        let citizen = Citizen::new(&provider, 1060).await;
        citizen.decide((&provider, &province), CheckKind::Face, "approve").await;
        let id = check_id(&provider, &citizen).await;
        province.fail("down").await;
        assert_eq!(callback("face", &id).make(&provider).await, (200, 0));
        assert_eq!(citizen.level(&provider).await, 1);
        province.fail("none").await;
        provider.clock.advance(21_000);
        citizen.rises_to(&provider, 2).await;

        let browser = Browser::new();
        let url = provider.url("/verification/callback/face");
        assert_eq!(browser.get(&url).await.status, 405);
    }
);

on_both_backends!(
    /// Nothing is offered, or taken, that is not configured, not known, or leads nowhere.
    what_is_not_offered_is_not_begun,
    |backend| {
        let province = Province::start(&[]);
        let provider = province.provider(backend, SECRET).await;
        let citizen = Citizen::new(&provider, 1070).await;
        for kind in ["counter", "population_register", "", "face\0", "FACE"] {
            let page = citizen.send(&provider, &[("step", "begin"), ("kind", kind)]).await;
            assert_eq!(page.status, 400, "{kind}");
        }
        assert_eq!(citizen.send(&provider, &[("step", "raise")]).await.status, 400);
        let back = citizen.decide((&provider, &province), CheckKind::Face, "approve").await;
        citizen.browser.get(&back).await;
        let again = citizen.begin(&provider, CheckKind::BankCard).await;
        assert_eq!(again.status, 409, "there is nothing to gain: {}", again.body);

        let alone = TestProvider::start(crate::support::Backend::Sqlite).await;
        let citizen = Citizen::new(&alone, 1071).await;
        assert_eq!(citizen.begin(&alone, CheckKind::Face).await.status, 400);
        let page = citizen.browser.get(&alone.url(PATH)).await;
        assert_eq!(page.status, 200);
    }
);

on_both_backends!(
    /// Every check costs somebody money: an account begins only so many.
    checks_are_counted,
    |backend| {
        let province = Province::start(&[]);
        let provider = province.provider(backend, SECRET).await;
        let citizen = Citizen::new(&provider, 1080).await;
        let mut answers = Vec::new();
        for _ in 0..8 {
            answers.push(citizen.begin(&provider, CheckKind::Face).await.status);
        }
        assert_eq!(answers[..5], [303; 5]);
        assert!(answers.contains(&429), "{answers:?}");
        let lines = provider.audit(3).await;
        assert!(lines.contains(&"identity_check_begun refused too many attempts".to_owned()), "{lines:?}");
    }
);
