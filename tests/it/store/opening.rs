//! Opening: which schema and issuer a node accepts, and how keys are listed (design D7, D9; security.md
//! F5, F25).

use yihao::domain::audit_event::AuditKind;
use yihao::store::StoreError;
use yihao::store::sql::StoredKey;

use crate::store::NOW;
use crate::store::TestStore;
use crate::store::later;
use crate::store::on_both_stores;
use crate::support::Backend;

on_both_stores!(a_database_belongs_to_one_issuer, |test| {
    let other = test.other.claim_issuer("https://other.example", NOW).await;

    assert!(matches!(&other, Err(StoreError::Mismatch(why)) if why.contains("another issuer")));
    test.other.claim_issuer("https://id.example", later(1)).await.unwrap();
    assert_eq!(test.count("deployment").await, 1);
    assert_eq!(test.raw.texts("SELECT issuer FROM deployment").await, ["https://id.example"]);
});

on_both_stores!(a_database_of_this_version_is_accepted_and_migrated_twice_without_harm, |test| {
    test.store.check_schema().await.unwrap();
    test.other.migrate().await.unwrap();
    test.other.check_schema().await.unwrap();
});

on_both_stores!(an_older_database_is_refused_until_it_is_migrated, |test| {
    test.raw.execute("DELETE FROM _sqlx_migrations").await;

    let refused = mismatch(test.store.check_schema().await);

    assert!(refused.contains("run `yihao migrate`"), "{refused}");
});

on_both_stores!(a_newer_database_is_refused_and_left_alone, |test| {
    test.raw
        .execute(
            "INSERT INTO _sqlx_migrations
                    (version, description, installed_on, success, checksum, execution_time)
             SELECT 9999, 'of tomorrow', installed_on, success, checksum, execution_time
               FROM _sqlx_migrations WHERE version = 1",
        )
        .await;

    let refused = mismatch(test.store.check_schema().await);
    let migrated = mismatch(test.store.migrate().await);

    assert!(refused.contains("newer than this program"), "{refused}");
    assert!(migrated.contains("newer than this program"), "{migrated}");
});

on_both_stores!(a_migration_from_other_sources_is_refused, |test| {
    let other = test.raw.bytes(b"other");
    test.raw.execute(format!("UPDATE _sqlx_migrations SET checksum = {other}")).await;

    let refused = mismatch(test.store.migrate().await);

    assert!(refused.contains("other sources"), "{refused}");
});

#[tokio::test]
async fn a_file_that_was_never_migrated_is_refused() {
    never_migrated(Backend::Sqlite).await;
}

#[tokio::test]
async fn a_server_that_was_never_migrated_is_refused_and_two_nodes_migrate_it_at_once() {
    let Some(backend) = Backend::postgres() else { return };
    let test = never_migrated(backend).await;
    let (one, two) = tokio::join!(test.store.migrate(), test.other.migrate());
    assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
    test.store.check_schema().await.unwrap();
}

on_both_stores!(the_database_answers_and_tells_the_time, |test| {
    test.store.ping().await.unwrap();
    let (before, after) = (test.store.now().await.unwrap(), test.other.now().await.unwrap());
    let ours = yihao::clock::Clock::system().now().0;
    assert!(before <= after && (ours - after).abs() < 60_000);
});

on_both_stores!(a_key_goes_from_next_to_current_to_retired_to_gone, |test| {
    let add = |kid: &str, state: &str, promoted: Option<&str>| {
        let (key, record) = (key(kid, state), test.record(AuditKind::KeysRotated));
        test.store.rotate_signing_key(key, promoted.map(str::to_owned), later(100), record)
    };
    assert!(add("a", "current", None).await.unwrap());
    assert!(add("b", "next", None).await.unwrap());
    assert!(!add("x", "current", None).await.unwrap(), "there is one");
    assert!(!add("x", "next", None).await.unwrap(), "there is one");
    assert!(!add("x", "next", Some("nobody")).await.unwrap());
    assert_eq!(states(&test, NOW).await, ["a current", "b next"], "a lost turn changes nothing");

    assert!(add("c", "next", Some("b")).await.unwrap());
    assert!(!add("d", "next", Some("b")).await.unwrap(), "another node was first");

    assert_eq!(states(&test, later(99)).await, ["a retired", "b current", "c next"]);
    assert_eq!(states(&test, later(100)).await, ["b current", "c next"]);
    assert_eq!(test.count("audit").await, 3, "one record a turn that was taken");
});

async fn never_migrated(backend: Backend) -> TestStore {
    let test = TestStore::unmigrated(backend).await;
    let refused = mismatch(test.store.check_schema().await);
    assert!(refused.contains("run `yihao migrate`"), "{refused}");
    test
}

fn mismatch(refused: Result<(), StoreError>) -> String {
    match refused {
        Err(StoreError::Mismatch(why)) => why,
        other => panic!("not refused for its schema: {other:?}"),
    }
}

async fn states(test: &TestStore, now: yihao::clock::Timestamp) -> Vec<String> {
    let keys = test.other.list_signing_keys(now).await.unwrap();
    keys.into_iter().map(|key| format!("{} {}", key.kid, key.state)).collect()
}

fn key(kid: &str, state: &str) -> StoredKey {
    StoredKey {
        kid: kid.to_owned(),
        algorithm: "ES256".to_owned(),
        state: state.to_owned(),
        private_key: vec![1],
        created_at: NOW,
        activates_at: NOW,
        expires_at: None,
    }
}
