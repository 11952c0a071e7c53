//! The operators' login where somebody means harm (security.md ): one code one session, only
//! its own half-minute, and never more than ten passwords compared.

use futures_util::future::join_all;

use crate::on_both;
use crate::on_both_backends;
use crate::support::Backend;
use crate::support::Browser;
use crate::support::TestProvider;
use crate::support::console::PASSWORD;
use crate::support::console::begin_step;
use crate::support::console::officers;
use crate::support::console::send;
use crate::support::console::try_log_in;
use crate::support::login::totp;
use crate::support::login::totp_of_step;
use crate::support::metered;

on_both!(
    /// A-46, 0.3: only the six plain digits of this half-minute: not those of the next or the last, not fewer
    /// or more, not of another script.
    only_the_code_of_this_step_logs_an_operator_in,
    |provider| {
        let [system, ..] = officers(&provider).await;
        let sessions = provider.rows(&["operator_session"]).await;
        let wide = |text: &str| -> String {
            text.chars().map(|c| char::from_u32(u32::from(c) + 0xFEE0).unwrap()).collect()
        };
        let arabic = |text: &str| -> String {
            text.chars().map(|c| char::from_u32(u32::from(c) - 0x30 + 0x660).unwrap()).collect()
        };
        for number in 0..8 {
            begin_step(&provider);
            let step = provider.clock.now().seconds() / 30;
            let at = |step: i64| totp_of_step(&system.secret, step);
            let now = at(step);
            let wrong = match number {
                0 => at(step + 1),
                1 => at(step - 1),
                2 => at(step + 10),
                3 => now[..5].to_owned(),
                4 => format!("{now}0"),
                5 => format!("0{now}"),
                6 => wide(&now),
                _ => arabic(&now),
            };
            assert_ne!(wrong, now);
            let typed = ("system", PASSWORD, &*wrong);
            let page = try_log_in(&provider, &Browser::new(), typed).await;
            assert_eq!(page.status, 400, "{number}: {wrong}");
            assert_eq!(provider.refusal_of(&page).await, "operator_login wrong answer", "{number}");
            // The delay after a failure is over at the next one.
            provider.wait_seconds(31);
        }
        assert_eq!(provider.rows(&["operator_session"]).await, sessions);
        begin_step(&provider);
        let right = totp(&provider, &system.secret);
        let page = try_log_in(&provider, &Browser::new(), ("system", PASSWORD, &right)).await;
        assert_eq!(page.status, 303, "{}", page.body);
        let twice = try_log_in(&provider, &Browser::new(), ("system", PASSWORD, &right)).await;
        assert_eq!(twice.status, 400);
        assert_eq!(provider.refusal_of(&twice).await, "operator_login the code was used");
    }
);

on_both_backends!(
    /// of twenty right logins with one code at the same time one begins a session, though nothing else
    /// holds them up.
    one_code_begins_one_session,
    |backend| {
        // Without the throttle, so that all of them come as far as the code.
        let provider = TestProvider::start_with(backend, |config| config.test_profile = true).await;
        let [system, ..] = officers(&provider).await;
        let sessions = provider.rows(&["operator_session"]).await[0];
        let browsers: Vec<Browser> = (0..20).map(|_| Browser::new()).collect();
        begin_step(&provider);
        let code = totp(&provider, &system.secret);
        let tries =
            browsers.iter().map(|browser| try_log_in(&provider, browser, ("system", PASSWORD, &code)));
        let pages = join_all(tries).await;
        let statuses: Vec<u16> = pages.iter().map(|page| page.status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| matches!(status, 303 | 400 | 503)), "{statuses:?}");
        assert_eq!(provider.rows(&["operator_session"]).await[0], sessions + 1);
        let used = "SELECT COUNT(*) FROM audit WHERE reason = 'the code was used'";
        assert!(provider.count(used).await > 0, "somebody came second: {statuses:?}");
    }
);

/// two hundred guesses at an operator's password at once, of the login and from inside, are ten.
fn guesses_at_once(backend: Backend) {
    metered(async |meter| {
        let provider = TestProvider::start(backend).await;
        let [system, ..] = officers(&provider).await;
        let browser = Browser::new();
        let page = browser.get(&provider.url("/console/login")).await;
        let guess = [("login_name", "system"), ("password", "not the one"), ("code", "000000")];
        let upper = [("login_name", "SYSTEM"), ("password", "not the one"), ("code", "000000")];
        let change = [
            ("current_password", "not the one"),
            ("password", "seven cranes over 2 rivers"),
            ("password_again", "seven cranes over 2 rivers"),
            ("code", "000000"),
        ];
        let before = meter.hashes();
        let (one, two, three) = tokio::join!(
            join_all((0..100).map(|_| browser.submit(&page, &guess))),
            join_all((0..50).map(|_| browser.submit(&page, &upper))),
            join_all((0..50).map(|_| send(&provider, &system, "/console/password", &change))),
        );
        let all: Vec<u16> = [one, two, three].iter().flatten().map(|page| page.status).collect();
        assert!(all.iter().all(|status| *status == 400), "{all:?}");
        let hashes = meter.hashes() - before;
        assert!((1..=10).contains(&hashes), "{hashes}");
        assert!(meter.value("throttled_attempts_total") >= 190);
        let still = system.browser.get(&provider.url("/console")).await;
        assert_eq!(still.status, 200, "an open session goes on");
    });
}

#[test]
fn guesses_at_an_operator_at_once_are_ten_on_sqlite() {
    guesses_at_once(Backend::Sqlite);
}

#[test]
fn guesses_at_an_operator_at_once_are_ten_on_postgres() {
    if let Some(backend) = Backend::postgres() {
        guesses_at_once(backend);
    }
}

on_both!(
    /// an operator who is disabled while he fills in a form has not sent it.
    a_form_of_somebody_disabled_meanwhile_does_nothing,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let person = crate::support::Person::synthetic(8_801);
        provider.add_person(&person).await;
        let account = provider.account(&person).await.id;
        let path = format!("/console/people/{account}");
        let page = security.browser.get(&provider.url(&path)).await;
        let switch = system.browser.get(&provider.url("/console/clients/web1")).await;
        assert_eq!((page.status, switch.status), (200, 200));
        let store = &provider.provider.store;
        for name in ["security", "system"] {
            let id = store.find_operator_by_login_name(name).await.unwrap().unwrap().id;
            let kind = yihao::domain::audit_event::AuditKind::OperatorDisabled;
            let context = yihao::domain::request_context::RequestContext::internal("test");
            let record = yihao::audit::done(kind).operator(id).record(&provider.provider, &context);
            assert!(store.disable_operator(id, record).await.unwrap());
        }
        let reason = [("reason", "核查")];
        let locked = security.browser.press(&page, "lock\"", &reason).await;
        let off = system.browser.press(&switch, "/switch\"", &reason).await;
        for page in [locked, off] {
            assert_eq!((page.status, page.header("location")), (303, "/console/login"));
        }
        assert_eq!(provider.rows(&["account WHERE status = 'active'"]).await, [1]);
        let web1 = yihao::domain::client::ClientId::parse("web1").unwrap();
        let web1 = store.find_client(&web1).await.unwrap().unwrap();
        assert_eq!(web1.disabled_at, None);
        begin_step(&provider);
        let code = totp(&provider, &system.secret);
        let again = try_log_in(&provider, &Browser::new(), ("system", PASSWORD, &code)).await;
        assert_eq!(again.status, 400);
    }
);
