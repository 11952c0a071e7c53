//! The outbox: a message is tried by one node at a time, until it is delivered or given up (security.md
//!

use std::time::Duration;

use yihao::clock::Timestamp;
use yihao::domain::audit_event::AuditKind;
use yihao::domain::delivery::Delivery;
use yihao::domain::id::DeliveryId;
use yihao::store::Store;
use yihao::store::sql::SessionEnd;

use crate::store::NOW;
use crate::store::ROUNDS;
use crate::store::TestStore;
use crate::store::later;
use crate::store::on_both_stores;
use crate::store::race;

const LEASE: Duration = Duration::from_secs(30);

on_both_stores!(a_leased_message_is_not_leased_again_before_the_lease_ends, |test| {
    messages(&test, 1).await;

    let first = lease(&test.store, NOW).await;
    let second = lease(&test.other, later(29)).await;
    let third = lease(&test.other, later(30)).await;

    assert_eq!((first.len(), first[0].attempts), (1, 0));
    assert!(second.is_empty());
    assert_eq!((third.len(), third[0].attempts), (1, 1), "its node may be dead");
});

on_both_stores!(a_delivered_message_is_over, |test| {
    messages(&test, 1).await;
    let id = lease(&test.store, NOW).await[0].id;
    let record = test.record(AuditKind::LogoutDelivered);

    test.store.settle_delivery(id, record.clone()).await.unwrap();

    assert!(lease(&test.store, later(3600)).await.is_empty());
    assert!(test.kept(&record).await);
});

on_both_stores!(a_postponed_message_is_tried_again_when_it_is_due, |test| {
    messages(&test, 1).await;
    let id = lease(&test.store, NOW).await[0].id;

    postpone(&test, id, later(8)).await;

    assert!(lease(&test.store, later(7)).await.is_empty());
    assert_eq!(lease(&test.store, later(8)).await.len(), 1);
});

on_both_stores!(a_message_that_is_given_up_is_over_and_says_so, |test| {
    messages(&test, 1).await;
    let id = lease(&test.store, NOW).await[0].id;
    let record = test.record(AuditKind::LogoutDelivered);

    let given_up = Some(record.clone());
    let problem = "no answer".to_owned();
    test.store.postpone_delivery(id, problem, later(8), given_up).await.unwrap();

    assert!(lease(&test.store, later(3600)).await.is_empty());
    assert!(test.kept(&record).await);
    let problems = test.raw.texts("SELECT last_problem FROM outbox").await;
    assert_eq!(problems, ["no answer"]);
});

on_both_stores!(the_oldest_messages_are_leased_first_and_no_more_than_wanted, |test| {
    let all = messages(&test, 3).await;
    test.store.postpone_delivery(all[0], String::new(), later(2), None).await.unwrap();
    test.store.postpone_delivery(all[1], String::new(), later(1), None).await.unwrap();

    let leased = test.store.lease_deliveries(2, LEASE, later(5)).await.unwrap();

    let ids: Vec<_> = leased.iter().map(|delivery| delivery.id).collect();
    assert_eq!(ids, [all[2], all[1]]);
});

on_both_stores!(of_concurrent_nodes_one_tries_a_message_and_nobody_before_it_is_due, |test| {
    for round in 0..ROUNDS / 4 {
        let now = later(100 * u64::try_from(round).unwrap());
        messages_at(&test, 3, now).await;

        let tried = race(&test, |node, caller| async move {
            let leased = lease(&node, now).await;
            for delivery in &leased {
                // Every second node fails at once, so that the lease is given back early.
                if caller % 2 == 0 {
                    let (problem, due_at) = (String::new(), now.plus(LEASE));
                    node.postpone_delivery(delivery.id, problem, due_at, None).await.unwrap();
                }
            }
            leased.len()
        })
        .await;

        assert_eq!(tried.iter().sum::<usize>(), 3, "each once");
        test.raw.execute("DELETE FROM outbox").await;
    }
});

async fn lease(node: &Store, now: Timestamp) -> Vec<Delivery> {
    node.lease_deliveries(10, LEASE, now).await.unwrap()
}

async fn postpone(test: &TestStore, id: DeliveryId, due_at: Timestamp) {
    test.store.postpone_delivery(id, "no answer".to_owned(), due_at, None).await.unwrap();
}

async fn messages(test: &TestStore, count: usize) -> Vec<DeliveryId> {
    messages_at(test, count, NOW).await
}

/// So many logouts that wait to be told since then.
async fn messages_at(test: &TestStore, count: usize, now: Timestamp) -> Vec<DeliveryId> {
    let account = test.account().await;
    let (session, _) = test.session(&account).await;
    for client in 0..count {
        test.authorization(&session, &format!("client{client}")).await;
    }
    let record = test.record_at(AuditKind::Logout, now);
    test.store.end_sessions(account.id, SessionEnd::One(session.id), record).await.unwrap();
    // Leased for no time at all: only looked at.
    let due = test.store.lease_deliveries(100, Duration::ZERO, now).await.unwrap();
    assert_eq!(due.len(), count);
    test.raw.execute("UPDATE outbox SET attempts = 0").await;
    let mut ids: Vec<_> = due.into_iter().map(|delivery| delivery.id).collect();
    ids.sort();
    ids
}
