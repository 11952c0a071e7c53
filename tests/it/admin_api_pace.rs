//! How often a machine may ask (security.md P6; RFC 6585 §4): its own pace, over all nodes, told with the time
//! to wait.

use serde_json::json;
use yihao::domain::account::AccountStatus;
use yihao::domain::operator::Role;

use crate::on_both_backends;
use crate::support::Backend;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::console::officers;
use crate::support::machine::assert_problem;
use crate::support::machine::get;
use crate::support::machine::post_as;
use crate::support::machine::robot;

/// Requests a minute in these tests; one every ten seconds.
const PACE: u32 = 6;

on_both_backends!(
    /// So many a minute, then one at a time; another machine has its own count, another node the same one, and what was
    /// told to wait was not begun.
    a_machine_that_asks_too_much_waits_and_nobody_else, |backend| {
    let slow = |config: &mut yihao::config::Config| config.api.requests_per_minute = PACE;
    let provider = TestProvider::start_with(backend, slow).await;
    let person = Person::synthetic(8701);
    provider.add_person(&person).await;
    let path = format!("/people/{}/lock", provider.account(&person).await.id);
    let officers = officers(&provider).await;
    let role = (Role::SecurityOfficer, "");
    let token = robot(&provider, &officers, role, "robot").await;
    let other = robot(&provider, &officers, role, "robot-two").await;
    for round in 0..PACE {
        assert_eq!(get(&provider, &token, "/alerts").await.status, 200, "{round}");
    }

    let why = json!({ "reason": "例行检查" });
    let late = post_as(&provider, (&token, "lock-at-a-pace"), &path, &why).await;

    assert_problem(&late, 429, "too-many-requests", "the seventh");
    let wait: i64 = late.header("retry-after").parse().expect("seconds");
    assert!((1..=10).contains(&wait), "{wait}");
    let elsewhere = provider.second_node(|_| {}).await;
    let page = get(&elsewhere, &token, "/alerts").await;
    assert_problem(&page, 429, "too-many-requests", "at another node");
    for wrong in ["/clients", "/alerts?limit=0"] {
        let page = get(&provider, &token, wrong).await;
        assert_problem(&page, 429, "too-many-requests", wrong);
    }
    assert_eq!(get(&provider, &other, "/alerts").await.status, 200, "another machine's pace is its own");
    assert_eq!(provider.account(&person).await.status, AccountStatus::Active);

    // Who waits as he was told comes through, and the key was not spent.
    provider.clock.advance(wait * 1000);
    let now = post_as(&provider, (&token, "lock-at-a-pace"), &path, &why).await;
    assert_eq!(now.status, 204, "{}", now.body);
    assert_eq!(provider.account(&person).await.status, AccountStatus::Locked);
    assert_eq!(get(&provider, &token, "/alerts").await.status, 429, "one at a time now");
    provider.clock.advance(60_000);
    for round in 0..PACE {
        assert_eq!(get(&provider, &token, "/alerts").await.status, 200, "a new minute, {round}");
    }
    assert_eq!(get(&provider, &token, "/alerts").await.status, 429);
});

#[tokio::test]
async fn every_operation_says_that_it_may_tell_to_wait() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let page =
        crate::support::Browser::new().get(&provider.url("/api/v1/openapi.json")).await.json();
    let operations: Vec<_> = page["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|path| path.as_object().unwrap())
        .collect();
    assert!(operations.len() > 30);
    for (method, operation) in operations {
        let told = &operation["responses"]["429"];
        let what = format!("{method} {}", operation["operationId"]);
        assert!(told["content"]["application/problem+json"].is_object(), "{what}");
        assert_eq!(told["headers"]["Retry-After"]["schema"]["type"], "integer", "{what}");
    }
}
