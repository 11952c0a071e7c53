//! What the store does when the database is locked, absent or cut off, and when its caller leaves: it says
//! so, keeps a whole or nothing, and recovers by itself (security.md F6, F7, F8, F13, I13).

use std::time::Duration;

use yihao::domain::audit_event::AuditKind;
use yihao::domain::authorization::CodeState;
use yihao::domain::id::SessionId;
use yihao::store::Store;
use yihao::store::StoreError;
use yihao::store::sql::Settings;

use crate::store::NOW;
use crate::store::Raw;
use crate::store::on_both_stores;
use crate::store::refresh_token;
use crate::support::Backend;

on_both_stores!(a_foreign_lock_is_told_as_away_while_reads_go_on, |test| {
    let account = test.account().await.id;
    let change = |record| test.store.set_password(account, "new".to_owned(), None, record);
    let refused = test.record(AuditKind::PasswordChanged);
    let (locked, read) = match &test.raw {
        Raw::Sqlite(pool) => {
            let lock = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
            let locked = change(refused.clone()).await;
            let read = test.store.find_account(account).await;
            lock.rollback().await.unwrap();
            (locked, read)
        }
        Raw::Postgres(pool) => {
            let mut lock = pool.begin().await.unwrap();
            sqlx::query("LOCK TABLE account IN EXCLUSIVE MODE").execute(&mut *lock).await.unwrap();
            (change(refused.clone()).await, test.store.find_account(account).await)
        }
    };

    assert!(matches!(locked, Err(StoreError::Away(_))), "{locked:?}");
    assert_eq!(read.unwrap().unwrap().credential_epoch, 0);
    assert!(!test.kept(&refused).await);
    change(test.record(AuditKind::PasswordChanged)).await.unwrap();
    assert_eq!(test.store.find_account(account).await.unwrap().unwrap().credential_epoch, 1);
});

on_both_stores!(a_caller_who_leaves_leaves_a_whole_or_nothing, |test| {
    let account = test.account().await;
    let (session, _) = test.session(&account).await;
    let mut spent = 0;
    for round in 0..100 {
        let authorization = test.authorization(&session, "web1").await;
        let (first, replay) =
            (test.record(AuditKind::CodeRedeemed), test.record(AuditKind::CodeRedeemed));
        let (node, kept) = (test.store.clone(), first.clone());
        let code = authorization.code_digest;
        let caller = tokio::spawn(async move {
            node.redeem_code(code, Some(refresh_token(NOW)), first, replay).await
        });

        tokio::time::sleep(Duration::from_micros(30 * round)).await;
        caller.abort();
        let _ = caller.await;

        // What was under way mostly ends before this does: it waits for the same row, or in the same queue.
        let record = test.record(AuditKind::TokenRevoked);
        test.store.revoke_authorization(authorization.id, record).await.unwrap();
        // What a busy PostgreSQL has not begun yet ends between two looks; what is half done stays so.
        let mut facts = (false, 0, false);
        for _ in 0..100 {
            let done = test.found(authorization.id).await.code == CodeState::Spent;
            facts = (done, test.live_tokens(authorization.id).await, test.kept(&kept).await);
            if matches!(facts, (false, 0, false) | (true, 1, true)) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(matches!(facts, (false, 0, false) | (true, 1, true)), "{facts:?}");
        spent += u32::from(facts.0);
    }
    assert!(spent > 0, "nobody got so far");
});

#[tokio::test]
async fn a_server_that_is_not_there_is_away_and_keeps_nobody_waiting() {
    let url = "postgres://nobody@127.0.0.1:1/nothing".to_owned();
    let settings = Settings { url, connections: 2, redis_url: None };
    let store = Store::open(&settings).await.unwrap();
    let begin = std::time::Instant::now();

    for refused in [store.ping().await, store.check_schema().await, store.migrate().await] {
        assert!(matches!(refused, Err(StoreError::Away(_))), "{refused:?}");
    }

    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_were_cut_are_replaced() {
    let Some(backend) = Backend::postgres() else { return };
    let test = crate::store::TestStore::open(backend).await;
    let account = test.account().await;
    for _ in 0..5 {
        // More than one connection, so that more than one is cut.
        let pings = (0..4).map(|_| test.store.ping());
        futures_util::future::join_all(pings).await;
        test.raw
            .execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                  WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            .await;

        let mut failures = 0;
        loop {
            let written = test.store.touch_session(SessionId::generate(), NOW).await;
            let read = test.store.find_account(account.id).await;
            match written.and(read) {
                Ok(found) => break assert_eq!(found, Some(account.clone())),
                Err(error) => assert!(error.is_away(), "{error:?}"),
            }
            failures += 1;
            assert!(failures <= 4, "every connection fails once at most");
        }
    }
}
