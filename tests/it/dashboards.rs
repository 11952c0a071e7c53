//! The dashboards: what happens at the front door is counted, once, whoever counts; each operator sees the
//! numbers that are his (security.md ).

use std::time::Duration;
use std::time::Instant;

use yihao::clock::Timestamp;
use yihao::domain::account::AccountStatus;
use yihao::domain::operator::Role;
use yihao::domain::tally::Measure;
use yihao::domain::tally::Tallies;
use yihao::statistics;
use yihao::statistics::Statistics;

use crate::on_both;
use crate::on_both_backends;
use crate::support::Browser;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::console::Operator;
use crate::support::console::appoint;
use crate::support::console::officers;
use crate::support::login::log_in;
use crate::support::login::sign_up_form;
use crate::support::login::try_password;

/// Counts what happened so far, beside the node's own turns.
async fn settle(provider: &TestProvider) {
    let (statistics, store) = (Statistics::default(), &provider.provider.store);
    for _ in 0..200 {
        let unsealed = store.unsealed_audit().await.unwrap();
        let tail = store.audit_tail().await.unwrap().sequence;
        statistics.count_on(&provider.provider).await.unwrap();
        if unsealed == 0 && store.tally_cursor().await.unwrap() >= Some(tail) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("counting lags behind");
}

/// The lines of a file, without its head and the times.
async fn lines(provider: &TestProvider, operator: &Operator, file: &str) -> Vec<String> {
    let page = operator.browser.get(&provider.url(&format!("/console/dashboards/{file}"))).await;
    assert_eq!(page.status, 200, "{file}: {}", page.body);
    assert!(page.header("content-type").starts_with("text/csv"), "{file}");
    assert!(page.header("content-disposition").starts_with("attachment"), "{file}");
    let text = page.body.trim_start_matches('\u{feff}');
    let rest = |line: &str| line.split_once(',').map(|(_, rest)| rest.replace('"', ""));
    text.lines().skip(1).filter_map(rest).collect()
}

fn of_beijing(seed: u64) -> Person {
    Person { id_number: "11010519491231002X".to_owned(), ..Person::synthetic(seed) }
}

/// Fills in the sign-up form, and the code.
async fn sign_up(provider: &TestProvider, person: &Person) {
    provider.add_person(&person.clone().without_account()).await;
    let browser = Browser::new();
    let page = browser.get(&provider.url("/signup")).await;
    let asked = browser.submit(&page, &sign_up_form(person, person.password())).await;
    let code = provider.code_sent_to(&person.phone).await;
    let done = browser.submit(&asked, &[("code", &code), ("step", "verify")]).await;
    assert_eq!(done.status, 200, "{}", done.body);
}

on_both_backends!(
    /// A login, a failure, a sign-up and a portal's login are on page and file, with monitoring or without; no
    /// more of a person than the city is.
    what_happens_at_the_front_door_is_counted,
    |backend| {
        let quiet = |config: &mut yihao::config::Config| config.monitor.enabled = false;
        let provider = TestProvider::start_with(backend, quiet).await;
        let [system, ..] = officers(&provider).await;
        let person = of_beijing(51);
        sign_up(&provider, &person).await;
        for _ in 0..2 {
            try_password(&provider, &Browser::new(), (&person.id_number, "not this one")).await;
        }
        RelyingParty::new(&provider, "web1").log_in(&Browser::new(), &person, &[]).await;
        settle(&provider).await;

        let all = async |file: &str| lines(&provider, &system, file).await;
        for range in ["24h", "14d", "12m"] {
            let logins = all(&format!("logins.csv?range={range}")).await;
            assert_eq!(logins, ["password.done,,1", "password.refused,,2"], "{range}");
            let regions = all(&format!("regions.csv?range={range}")).await;
            assert_eq!(regions, ["1101,北京市,1"], "{range}");
        }
        assert_eq!(all("accounts.csv").await, ["1101,北京市,1"]);
        assert_eq!(all("portals.csv").await, ["web1,测试门户 web1,1"]);
        assert!(all("failures.csv").await.contains(&"login,,2".to_owned()));
        let url = provider.url("/console/dashboards?range=14d");
        let page = system.browser.get(&url).await;
        assert_eq!(page.status, 200, "{}", page.body);
        for shown in ["北京市", "测试门户 web1", "<svg class=\"plot-area\""] {
            assert!(page.body.contains(shown), "{shown}: {}", page.body);
        }
        for personal in [&*person.id_number, &person.name, &person.phone, "110105"] {
            assert!(!page.body.contains(personal), "{personal}");
        }
    }
);

on_both!(
    /// Two nodes that count at once count each record once.
    two_followers_count_once,
    |provider| {
        let [system, ..] = officers(&provider).await;
        let person = of_beijing(52);
        provider.add_person(&person).await;
        let nodes: Vec<Statistics> = (0..4).map(|_| Statistics::default()).collect();
        for _ in 0..5 {
            log_in(&provider, &Browser::new(), &person).await;
            let turns = nodes.iter().map(|node| node.count_on(&provider.provider));
            for turn in futures_util::future::join_all(turns).await {
                turn.unwrap();
            }
        }
        settle(&provider).await;

        assert_eq!(lines(&provider, &system, "regions.csv?range=12m").await, ["1101,北京市,5"]);
        assert_eq!(lines(&provider, &system, "logins.csv?range=12m").await, ["password.done,,5"]);
    }
);

on_both!(
    /// a region administrator sees the cities of his region, and nothing that tells of others.
    a_region_administrator_sees_his_cities_alone,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let both = [&system, &security];
        let taiyuan = appoint(&provider, both, (Role::RegionAdministrator, "140100"), "taiyuan").await;
        let county = appoint(&provider, both, (Role::RegionAdministrator, "110105"), "chaoyang").await;
        let province = appoint(&provider, both, (Role::RegionAdministrator, "110000"), "beijing").await;
        let (mut tallies, now) = (Tallies::default(), provider.clock.now());
        for (city, count) in [("1401", 7), ("1402", 11), ("1101", 13), ("1102", 17), ("none", 19)] {
            tallies.add((Measure::Regions, city), now, count);
            tallies.add((Measure::Accounts, city), now, count);
        }
        tallies.add((Measure::Portals, "web1"), now, 23);
        provider.provider.store.add_tallies(tallies, now).await.unwrap();

        for file in ["regions.csv", "accounts.csv"] {
            let own = lines(&provider, &taiyuan, file).await;
            assert_eq!(own, ["1401,山西省 太原市,7"], "{file}");
            let own = lines(&provider, &province, file).await;
            assert_eq!(own, ["1101,北京市,13", "1102,北京市,17"], "{file}");
            assert_eq!(lines(&provider, &county, file).await, Vec::<String>::new(), "{file}");
            assert_eq!(lines(&provider, &system, file).await.len(), 5, "{file}");
        }
        let get = async |operator: &Operator, path: &str| {
            operator.browser.get(&provider.url(&format!("/console/dashboards{path}"))).await
        };
        for measure in ["logins", "portals", "failures", "levels", "latency", "outbox"] {
            let page = get(&taiyuan, &format!("/{measure}.csv")).await;
            assert_eq!(page.status, 404, "{measure}");
            let page = get(&taiyuan, "").await;
            assert!(!page.body.contains(&format!("chart-{measure}")), "{measure}");
        }
        let page = get(&taiyuan, "?range=12m").await;
        assert!(page.body.contains("太原市") && !page.body.contains("北京市"), "{}", page.body);
        let page = get(&county, "").await;
        assert!(page.status == 200 && !page.body.contains("id=\"chart-"), "{}", page.body);
        for (path, status) in [
            ("?range=1y", 400),
            ("/logins.csv?range=x", 400),
            ("/logins", 404),
            ("/passwords.csv", 404),
            ("/.csv", 404),
        ] {
            assert_eq!(get(&system, path).await.status, status, "{path}");
        }
    }
);

on_both!(
    /// What is looked at: accounts by level and status, what waits, and how long answers take; another look takes
    /// the place of the one before.
    what_is_looked_at_is_as_of_the_last_look,
    |provider| {
        let [system, ..] = officers(&provider).await;
        let person = of_beijing(53);
        provider.add_person(&person).await;
        let look = async || {
            provider.execute("DELETE FROM tally WHERE measure = 'levels'").await;
            Statistics::default().look(&provider.provider).await.unwrap();
        };
        look().await;
        let levels = lines(&provider, &system, "levels.csv?range=12m").await;
        assert!(levels.contains(&"active.1,,1".to_owned()), "{levels:?}");
        provider.set_status(&person, AccountStatus::Locked).await;
        look().await;
        let levels = lines(&provider, &system, "levels.csv?range=12m").await;
        assert!(levels.contains(&"active.1,,0".to_owned()), "{levels:?}");
        assert!(levels.contains(&"locked.1,,1".to_owned()), "{levels:?}");
        let waits = lines(&provider, &system, "outbox.csv").await;
        assert!(waits.contains(&"logout_tokens.waiting,,0".to_owned()), "{waits:?}");

        statistics::keep_latency(&provider.provider).await.unwrap();
        let times = lines(&provider, &system, "latency.csv").await;
        let page = times.iter().find(|line| line.starts_with("page,")).expect("a page was answered");
        let numbers: Vec<i64> = page.split(',').skip(2).map(|text| text.parse().unwrap()).collect();
        let [answers, p50, p95, p99] = numbers[..] else { panic!("{page}") };
        assert!(answers > 0 && p50 > 0 && p50 <= p95 && p95 <= p99, "{page}");
        let body = system.browser.get(&provider.url("/console/dashboards")).await.body;
        assert!(body.contains("id=\"chart-latency\"") && body.contains("p95"), "{body}");
    }
);

on_both!(
    /// As many cities and portals as a province can have, in every span that is shown: the page reads a few thousand
    /// sums and no more.
    a_full_year_is_shown_at_once,
    |provider| {
        let [system, ..] = officers(&provider).await;
        let now = provider.clock.now();
        for hours in (0..24).chain((1..14).map(|day| day * 24)).chain((1..12).map(|month| month * 730)) {
            let (mut tallies, at) = (Tallies::default(), now.minus(Duration::from_hours(hours)));
            for number in 0..300 {
                let (city, portal) = (format!("{}", 1100 + number), format!("portal-{number}"));
                tallies.add((Measure::Regions, &city), at, 1);
                tallies.add((Measure::Portals, &portal), at, 1);
            }
            provider.provider.store.add_tallies(tallies, now).await.unwrap();
        }
        for range in ["24h", "14d", "12m"] {
            let begin = Instant::now();
            let url = provider.url(&format!("/console/dashboards?range={range}"));
            let page = system.browser.get(&url).await;
            let taken = begin.elapsed();
            assert_eq!(page.status, 200, "{}", page.body);
            assert!(page.body.matches("<svg class=\"bar\"").count() >= 40, "{range}");
            assert!(taken < Duration::from_secs(2), "{range}: {taken:?}");
            println!("{range}: {taken:?}");
        }
    }
);

on_both!(
    /// What is older than its span is kept for goes, in batches; the rest stays.
    old_tallies_are_purged,
    |provider| {
        let store = &provider.provider.store;
        let now = provider.clock.now();
        let day = Duration::from_hours(24);
        let mut tallies = Tallies::default();
        tallies.add((Measure::Logins, "password.done"), now.minus(day * 15), 1);
        tallies.add((Measure::Logins, "password.done"), now.minus(day * 401), 1);
        store.add_tallies(tallies, now).await.unwrap();
        while store.purge(now).await.unwrap() > 0 {}
        let spans = async |span: &str| {
            let sql = "SELECT COUNT(*) FROM tally WHERE measure = 'logins' AND span = ";
            provider.count(&format!("{sql}'{span}'")).await
        };
        let left = (spans("hour").await, spans("day").await, spans("month").await);
        assert_eq!(left, (0, 1, 2));
        let much_later = Timestamp(now.0 + 6 * 366 * 24 * 3_600_000);
        while store.purge(much_later).await.unwrap() > 0 {}
        assert_eq!(spans("month").await, 0);
    }
);

on_both!(
    /// A chain that was cut is counted on from its new end, and what was counted stays.
    counting_goes_on_after_the_chain_was_cut,
    |provider| {
        let person = of_beijing(54);
        provider.add_person(&person).await;
        settle(&provider).await;
        let store = &provider.provider.store;
        let tail = store.audit_tail().await.unwrap().sequence;
        store.set_tally_cursor(tail + 1_000).await.unwrap();
        Statistics::default().count_on(&provider.provider).await.unwrap();
        let cursor = store.tally_cursor().await.unwrap().unwrap();
        assert!((tail..tail + 1_000).contains(&cursor), "{cursor}");
        log_in(&provider, &Browser::new(), &person).await;
        settle(&provider).await;
        let sql = "SELECT count FROM tally WHERE measure = 'regions' AND span = 'month'";
        assert_eq!(provider.count(sql).await, 1);
    }
);
