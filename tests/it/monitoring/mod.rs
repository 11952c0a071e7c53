//! Monitoring (GB/T 22239-2019 8.1.3.3 and 8.1.5.4; security.md F21, A-48, A-69, A-79): what happens at the
//! front door is found, told, and dealt with by those who may.

mod checks;
mod delivery;

use std::time::Duration;

use yihao::config::Config;
use yihao::domain::alert::Alert;
use yihao::domain::alert::Rule;
use yihao::domain::alert::State;
use yihao::store::sql::AlertSearch;

use crate::on_both;
use crate::on_both_backends;
use crate::support::Browser;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::console::Operator;
use crate::support::console::officers;
use crate::support::console::send;
use crate::support::login::try_password;

/// Every alert, newest first.
async fn alerts(provider: &TestProvider) -> Vec<Alert> {
    let search = AlertSearch { limit: 100, ..AlertSearch::default() };
    provider.provider.store.search_alerts(&search).await.unwrap()
}

/// The first alert, which comes a moment after what caused it.
async fn alert(provider: &TestProvider) -> Alert {
    for _ in 0..200 {
        if let Some(alert) = alerts(provider).await.pop() {
            return alert;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no alert came");
}

/// Waits until monitoring has read what happened so far.
async fn settle(provider: &TestProvider) {
    let store = &provider.provider.store;
    for _ in 0..200 {
        // In this order: what is sealed a moment later is not overlooked.
        let unsealed = store.unsealed_audit().await.unwrap();
        let tail = store.audit_tail().await.unwrap().sequence;
        if unsealed == 0 && store.monitor_cursor().await.unwrap() >= Some(tail) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("monitoring lags behind");
}

/// Guesses so often at a person's password.
async fn guess(provider: &TestProvider, person: &Person, times: usize) {
    for _ in 0..times {
        let identity = (&*person.id_number, "surely not this one");
        try_password(provider, &Browser::new(), identity).await;
    }
}

async fn get(provider: &TestProvider, operator: &Operator, path: &str) -> (u16, String) {
    let page = operator.browser.get(&provider.url(path)).await;
    (page.status, page.body)
}

on_both!(
    /// guessing at one account is one alert, that officers see, acknowledge and close; each step is
    /// recorded, and nothing on the pages names the person or the address.
    guessing_at_the_login_page_is_one_alert_that_officers_deal_with,
    |provider| {
        let person = Person::synthetic(31);
        provider.add_person(&person).await;
        let [_, security, audit] = officers(&provider).await;
        let (_, home) = get(&provider, &security, "/console").await;
        assert!(!home.contains("/console/alerts?state=open"), "nothing is open");
        guess(&provider, &person, 14).await;
        let alert = alert(&provider).await;
        settle(&provider).await;
        assert_eq!(alerts(&provider).await.len(), 1);
        assert_eq!((alert.finding.rule, alert.state), (Rule::Guessing, State::Open));
        let account = provider.account(&person).await.id;
        assert_eq!(alert.finding.subject.name(), account.to_string());

        let path = format!("/console/alerts/{}", alert.id);
        for officer in [&security, &audit] {
            let (_, home) = get(&provider, officer, "/console").await;
            assert!(home.contains("/console/alerts?state=open"), "{home}");
            for page in ["/console/alerts", "/console/alerts?state=open&rule=guessing", &path] {
                let (status, body) = get(&provider, officer, page).await;
                assert!(status == 200 && body.contains(&alert.id.to_string()), "{page}: {body}");
                for personal in [&*person.name, &*person.id_number, &*person.phone, "127.0.0.1"] {
                    assert!(!body.contains(personal), "{page} tells {personal}");
                }
            }
        }
        let (_, closed) = get(&provider, &security, "/console/alerts?state=closed").await;
        assert!(!closed.contains(&alert.id.to_string()));

        let step = |step, reason| [("step", step), ("reason", reason)];
        let short = send(&provider, &security, &path, &step("acknowledge", "x")).await;
        assert_eq!(short.status, 400);
        for (name, reason) in [("acknowledge", "已联系本人核实"), ("close", "本人忘记密码")] {
            assert_eq!(send(&provider, &security, &path, &step(name, reason)).await.status, 303);
            let again = send(&provider, &security, &path, &step(name, reason)).await;
            assert_eq!(again.status, 409, "a step is taken once");
        }
        let (_, told) = get(&provider, &audit, &path).await;
        assert!(told.contains("已联系本人核实") && told.contains("本人忘记密码"));
        let records = provider.audit(30).await;
        for kind in ["alert_acknowledged done", "alert_closed done"] {
            assert_eq!(records.iter().filter(|record| *record == kind).count(), 1, "{records:?}");
        }
        guess(&provider, &person, 12).await;
        settle(&provider).await;
        assert_eq!(alerts(&provider).await.len(), 1, "what goes on within the window is no news");
    }
);

on_both!(
    /// who may not see alerts sees none, who may not deal with them does not, and a form of another
    /// origin is none.
    alerts_are_for_those_whose_task_they_are,
    |provider| {
        let person = Person::synthetic(32);
        provider.add_person(&person).await;
        let [system, security, audit] = officers(&provider).await;
        guess(&provider, &person, 10).await;
        let path = format!("/console/alerts/{}", alert(&provider).await.id);
        let step = [("step", "close"), ("reason", "没有这回事")];
        for page in ["/console/alerts", &path] {
            assert_eq!(get(&provider, &system, page).await.0, 403, "{page}");
            assert_eq!(Browser::new().get(&provider.url(page)).await.status, 303, "{page}");
        }
        for officer in [&system, &audit] {
            assert_eq!(send(&provider, officer, &path, &step).await.status, 403);
        }
        let (_, home) = get(&provider, &system, "/console").await;
        assert!(!home.contains("/console/alerts"));
        let forged = security.browser.post(&provider.url(&path), &step).await;
        assert_eq!(forged.status, 403);
        assert_eq!(alerts(&provider).await[0].state, State::Open);
        for wrong in ["/console/alerts/1", "/console/alerts/019363d2-7a10-7cc2-9d5b-0f3f0f8f4a11"] {
            assert_eq!(get(&provider, &security, wrong).await.0, 404, "{wrong}");
        }
        for wrong in ["state=x", "rule=x", "before=x"] {
            let (status, _) = get(&provider, &security, &format!("/console/alerts?{wrong}")).await;
            assert_eq!(status, 400, "{wrong}");
        }
        let odd = send(&provider, &security, &path, &[("step", "forget"), ("reason", "好的")]).await;
        assert_eq!(odd.status, 400);
    }
);

on_both_backends!(
    /// the officer an alert is about cannot make it go away.
    an_officer_does_not_deal_with_an_alert_about_himself,
    |backend| {
        let few = |config: &mut Config| config.monitor.mass_look_ups.threshold = 3;
        let provider = TestProvider::start_with(backend, few).await;
        let [_, security, audit] = officers(&provider).await;
        for number in 40..43 {
            let phone = Person::synthetic(number).phone;
            send(&provider, &security, "/console/people", &[("identifier", &phone)]).await;
        }
        let alert = alert(&provider).await;
        assert_eq!(alert.finding.rule, Rule::MassLookUps);
        let path = format!("/console/alerts/{}", alert.id);
        for step in ["acknowledge", "close"] {
            let fields = [("step", step), ("reason", "工作需要")];
            let page = send(&provider, &security, &path, &fields).await;
            assert_eq!(page.status, 409, "{}", page.body);
        }
        assert_eq!(alerts(&provider).await[0].state, State::Open);
        assert_eq!(get(&provider, &audit, &path).await.0, 200);
        let records = provider.audit(10).await;
        let refused = |record: &&String| record.ends_with("refused about the operator himself");
        assert_eq!(records.iter().filter(refused).count(), 2, "{records:?}");
    }
);

on_both_backends!(
    /// An account whose alert is closed may be attacked again: that is another alert. Lists are pages.
    a_new_attack_after_a_closed_alert_is_a_new_alert,
    |backend| {
        let provider = TestProvider::start_with(backend, |config| {
            config.monitor.guessing.window_minutes = 1;
        })
        .await;
        let person = Person::synthetic(33);
        provider.add_person(&person).await;
        guess(&provider, &person, 10).await;
        let first = alert(&provider).await;
        provider.clock.advance(3 * 60_000);
        guess(&provider, &person, 10).await;
        settle(&provider).await;
        let counted = alerts(&provider).await;
        assert_eq!((counted.len(), counted[0].occurrences), (1, 2), "while it is open it counts");
        assert!(counted[0].finding.events > first.finding.events);

        let [_, security, _] = officers(&provider).await;
        let path = format!("/console/alerts/{}", first.id);
        let close = [("step", "close"), ("reason", "已处理完毕")];
        assert_eq!(send(&provider, &security, &path, &close).await.status, 303);
        provider.clock.advance(3 * 60_000);
        guess(&provider, &person, 10).await;
        settle(&provider).await;
        let all = alerts(&provider).await;
        let states: Vec<_> = all.iter().map(|alert| alert.state).collect();
        assert_eq!(states, [State::Open, State::Closed]);
        let search = AlertSearch { before: Some(all[0].id), limit: 1, ..AlertSearch::default() };
        let older = provider.provider.store.search_alerts(&search).await.unwrap();
        assert_eq!(older[0].id, first.id);
    }
);
