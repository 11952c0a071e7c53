//! What survives a node, and what is checked without events: the chain and the clock.

use sqlx::Connection;
use sqlx::Executor;
use yihao::audit;
use yihao::audit::chain;
use yihao::config::Config;
use yihao::domain::alert::Rule;
use yihao::domain::request_context::RequestContext;
use yihao::monitor::Monitor;

use super::alerts;
use super::guess;
use crate::on_both_backends;
use crate::support::Backend;
use crate::support::Person;
use crate::support::TestProvider;

/// Takes the last two records away.
const CUT: &str = "DELETE FROM audit WHERE sequence > (SELECT MAX(sequence) - 2 FROM audit)";

/// A provider whose monitoring the test does by hand, and whose keys are all made: no record of them comes
/// between.
async fn unwatched(backend: Backend) -> TestProvider {
    let started = TestProvider::start_with(backend, |config| config.monitor.enabled = false).await;
    let provider = started.provider.clone();
    let context = RequestContext::internal("test");
    let record = audit::key_record(&provider.vault, &provider.clock, &context);
    let now = provider.clock.now();
    provider.keyring.advance(&provider.store, false, now, &record).await.unwrap();
    started
}

/// Monitoring as a node that has just begun does it.
fn node(provider: &TestProvider) -> Monitor {
    let provider = &provider.provider;
    Monitor::new(&provider.config, &provider.outbound, &provider.clock).unwrap()
}

/// Waits until every record is in the chain.
async fn sealed(provider: &TestProvider) {
    while provider.provider.store.unsealed_audit().await.unwrap() > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// Reads on once everything is sealed.
async fn follow(provider: &TestProvider, node: &Monitor) {
    sealed(provider).await;
    node.follow(&provider.provider).await.unwrap();
}

async fn tamper(config: &Config, statement: &'static str) {
    let url = config.database_url().unwrap();
    if url.starts_with("sqlite:") {
        let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
        connection.execute(statement).await.unwrap();
    } else {
        let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
        connection.execute(statement).await.unwrap();
    }
}

on_both_backends!(
    /// A node that takes over in the middle of an attack knows its first half; none of it counts twice.
    an_attack_is_found_once_whichever_node_follows,
    |backend| {
        let provider = unwatched(backend).await;
        let person = Person::synthetic(34);
        provider.add_person(&person).await;
        let (first, second) = (node(&provider), node(&provider));
        guess(&provider, &person, 6).await;
        follow(&provider, &first).await;
        guess(&provider, &person, 5).await;
        follow(&provider, &second).await;
        let found = alerts(&provider).await;
        assert_eq!((found.len(), found[0].finding.rule), (1, Rule::Guessing));
        assert_eq!(found[0].finding.events, 10);
        guess(&provider, &person, 12).await;
        for node in [&first, &second, &first] {
            follow(&provider, node).await;
        }
        assert_eq!(alerts(&provider).await, found, "nothing counts twice");
    }
);

on_both_backends!(
    /// What happened before anybody watched is no news, but for what the rules may still need.
    a_deployment_that_was_never_watched_begins_with_today,
    |backend| {
        let provider = unwatched(backend).await;
        let person = Person::synthetic(35);
        provider.add_person(&person).await;
        guess(&provider, &person, 10).await;
        provider.clock.advance(24 * 60 * 60 * 1000);
        guess(&provider, &person, 2).await;
        let node = node(&provider);
        follow(&provider, &node).await;
        assert_eq!(alerts(&provider).await, []);
        let tail = provider.provider.store.audit_tail().await.unwrap().sequence;
        assert_eq!(provider.provider.store.monitor_cursor().await.unwrap(), Some(tail));
    }
);

on_both_backends!(
    /// a record that was changed, and an end that was cut off, are told; each once.
    a_broken_chain_is_an_alert,
    |backend| {
        let provider = unwatched(backend).await;
        let person = Person::synthetic(36);
        provider.add_person(&person).await;
        guess(&provider, &person, 5).await;
        let node = node(&provider);
        follow(&provider, &node).await;
        node.check_chain(&provider.provider).await.unwrap();
        assert_eq!(alerts(&provider).await, [], "it holds");

        let config = &provider.provider.config;
        tamper(config, "UPDATE audit SET reason = 'nothing' WHERE sequence = 3").await;
        for _ in 0..3 {
            node.check_chain(&provider.provider).await.unwrap();
        }
        let found = alerts(&provider).await;
        assert_eq!((found.len(), found[0].finding.rule), (1, Rule::BrokenChain));
        assert_eq!(found[0].occurrences, 1, "the same break is told once");

        tamper(config, CUT).await;
        node.check_chain(&provider.provider).await.unwrap();
        let found = alerts(&provider).await;
        assert_eq!((found.len(), found[0].occurrences), (1, 2), "another one is told as well");
    }
);

on_both_backends!(
    /// an end that was cut off is told even where the rules had not read it yet.
    an_end_that_only_the_watch_had_seen_is_missed,
    |backend| {
        let provider = unwatched(backend).await;
        let person = Person::synthetic(37);
        provider.add_person(&person).await;
        let node = node(&provider);
        follow(&provider, &node).await;
        guess(&provider, &person, 5).await;
        sealed(&provider).await;
        node.check_chain(&provider.provider).await.unwrap();

        // A head that this watch has not read yet tells of the same end.
        provider.clock.advance(1_000);
        chain::sign_head(&provider.provider).await.unwrap();
        tamper(&provider.provider.config, CUT).await;
        for _ in 0..2 {
            node.check_chain(&provider.provider).await.unwrap();
        }
        let found = alerts(&provider).await;
        assert_eq!((found.len(), found[0].finding.rule), (1, Rule::BrokenChain));
        assert_eq!(found[0].occurrences, 1, "the chain goes on from where it ends");

        tamper(&provider.provider.config, CUT).await;
        guess(&provider, &person, 2).await;
        sealed(&provider).await;
        node.check_chain(&provider.provider).await.unwrap();
        assert_eq!(alerts(&provider).await[0].occurrences, 2, "though the chain is as long as before");
    }
);

on_both_backends!(
    /// F21: ten seconds of skew go unnoticed, a minute does not.
    a_clock_that_drifts_is_an_alert,
    |backend| {
        let provider = unwatched(backend).await;
        let node = node(&provider);
        provider.clock.advance(10_000);
        node.check_clock(&provider.provider).await.unwrap();
        assert_eq!(alerts(&provider).await, []);
        for drift in [50_000, -120_000] {
            provider.clock.advance(drift);
            node.check_clock(&provider.provider).await.unwrap();
        }
        let found = alerts(&provider).await;
        assert_eq!((found.len(), found[0].finding.rule), (1, Rule::ClockDrift));
        assert_eq!(found[0].occurrences, 2);
    }
);
