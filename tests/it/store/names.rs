//! The index of names under races: a person who leaves while the walk comes by is not brought back, and of two
//! nodes one moves the walk.

use yihao::domain::account::Profile;
use yihao::domain::audit_event::AuditKind;
use yihao::domain::id::AccountId;
use yihao::people::name_index;
use yihao::store::sql::IndexedName;
use yihao::vault::INDEX_EPOCH;

use crate::store::NOW;
use crate::store::ROUNDS;
use crate::store::TestStore;
use crate::store::later;
use crate::store::on_both_stores;
use crate::store::race;
use crate::support::Person;

const NIL: AccountId = AccountId(uuid::Uuid::nil());

async fn somebody(test: &TestStore, seed: u64) -> (AccountId, IndexedName) {
    let profile = Profile { phone: None, ..Person::synthetic(seed).profile() };
    let new = test.new_account(&profile);
    let (id, name) = (new.account.id, new.name);
    let record = || test.record(AuditKind::SignUp);
    assert!(test.store.add_account(new, record(), record()).await.unwrap());
    (id, name)
}

on_both_stores!(who_leaves_while_the_walk_comes_by_is_not_brought_back, |test| {
    for round in 0..ROUNDS {
        let (id, name) = somebody(&test, 40_000 + round as u64).await;
        test.raw.execute("DELETE FROM name_index").await;
        let from = test.store.name_index_progress(INDEX_EPOCH).await.unwrap().account_id;
        test.store.ask_cancellation(id, NOW, test.record(AuditKind::SignUp)).await.unwrap();
        let record = test.record_at(AuditKind::AccountCancelled, later(1));
        let leave = test.other.cancel_account(id, (vec![(id, Vec::new())], later(2)), record);
        let walk = test.store.advance_name_index(INDEX_EPOCH, (from, id), vec![(id, name)]);
        let (left, walked) = tokio::join!(leave, walk);
        assert!(left.unwrap().is_some() && walked.unwrap());
        assert_eq!(test.count("name_index").await, 0, "round {round}");
    }
});

on_both_stores!(one_node_moves_the_walk, |test| {
    let (first, name) = somebody(&test, 50_000).await;
    test.raw.execute("DELETE FROM name_index").await;
    let moved = race(&test, |store, _| async move {
        store.advance_name_index(INDEX_EPOCH, (NIL, first), vec![(first, name)]).await.unwrap()
    })
    .await;
    assert_eq!(moved.iter().filter(|moved| **moved).count(), 1);
    assert_eq!(test.count("name_index").await, 1);

    let completed = race(&test, |store, _| async move {
        store.complete_name_index(INDEX_EPOCH, NOW).await.unwrap()
    })
    .await;
    assert_eq!(completed.iter().filter(|completed| **completed).count(), 1);
    let progress = test.store.name_index_progress(INDEX_EPOCH).await.unwrap();
    assert_eq!((progress.account_id, progress.is_complete), (first, true));
});

on_both_stores!(the_walk_looks_at_accounts_in_order_and_skips_what_is_settled, |test| {
    let (first, _) = somebody(&test, 50_001).await;
    let (second, _) = somebody(&test, 50_002).await;
    test.raw
        .execute(format!("DELETE FROM name_index WHERE account_id = {}", test.raw.key(second.0)))
        .await;
    let until = AccountId(uuid::Uuid::max());
    let seen = test.store.accounts_to_index(INDEX_EPOCH, (NIL, until), 10).await.unwrap();
    let seen: Vec<_> = seen.iter().map(|account| (account.id, account.is_settled)).collect();
    assert_eq!(seen, [(first, true), (second, false)]);
    let rest = test.store.accounts_to_index(INDEX_EPOCH, (first, until), 10).await.unwrap();
    assert_eq!(rest.len(), 1);
    let name = name_index::entry(&test.vault, &Person::synthetic(50_001).profile());
    let key = (name.epoch, name.digest);
    for (divisions, found) in
        [((0, 999_999), 1), ((name.division, name.division), 1), ((110_000, 119_999), 0)]
    {
        let accounts = test.store.find_accounts_by_name(key, divisions, None, 10).await.unwrap();
        assert_eq!(accounts.len(), found, "{divisions:?}");
    }
});
