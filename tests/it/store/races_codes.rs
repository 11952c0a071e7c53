//! Of concurrent callers one wins: codes and refresh tokens (RFC 6749 §4.1.2, RFC 9700 §4.14.2;
//! security.md P2, I1, I2).

use std::time::Duration;

use yihao::domain::audit_event::AuditKind;
use yihao::domain::authorization::Redemption;
use yihao::domain::authorization::Rotation;

use crate::store::CALLERS;
use crate::store::NOW;
use crate::store::ROUNDS;
use crate::store::TestStore;
use crate::store::later;
use crate::store::on_both_stores;
use crate::store::race;
use crate::store::refresh_token;

const GRACE: Duration = Duration::from_secs(10);

on_both_stores!(of_concurrent_redemptions_exactly_one_is_first, |test| {
    let account = test.account().await;
    let (session, _) = test.session(&account).await;
    for _ in 0..ROUNDS {
        let authorization = test.authorization(&session, "web1").await;
        let code = authorization.code_digest;

        let all = race(&test, |node, _| {
            let records =
                (test.record(AuditKind::CodeRedeemed), test.record(AuditKind::CodeRedeemed));
            let token = refresh_token(NOW);
            async move { node.redeem_code(code, Some(token), records.0, records.1).await.unwrap() }
        })
        .await;

        assert_eq!(all.iter().filter(|one| **one == Redemption::First).count(), 1);
        let found = test.found(authorization.id).await;
        assert!(found.revoked_at.is_some(), "a replay takes back what the code issued");
        assert!(!found.is_live());
        assert_eq!(test.live_tokens(authorization.id).await, 1, "one caller's tokens were kept");
    }
});

on_both_stores!(of_concurrent_rotations_one_succeeds_and_the_replays_end_the_family, |test| {
    let account = test.account().await;
    let (session, _) = test.session(&account).await;
    for _ in 0..ROUNDS {
        let authorization = test.authorization(&session, "web1").await;
        let old = test.family(&authorization).await;

        let all = rotations(&test, &old, Duration::ZERO).await;

        let count = |wanted| all.iter().filter(|one| **one == wanted).count();
        assert_eq!(count(Rotation::Done), 1);
        assert_eq!(count(Rotation::Replay), 1, "the second caller takes the family back");
        assert_eq!(count(Rotation::Revoked), CALLERS - 2);
        assert!(test.found(authorization.id).await.revoked_at.is_some());
    }
});

on_both_stores!(concurrent_rotations_within_the_grace_leave_one_live_successor, |test| {
    let account = test.account().await;
    let (session, _) = test.session(&account).await;
    for _ in 0..ROUNDS {
        let authorization = test.authorization(&session, "web1").await;
        let old = test.family(&authorization).await;

        let all = rotations(&test, &old, GRACE).await;

        assert!(all.iter().all(|one| *one == Rotation::Done), "{all:?}");
        assert_eq!(test.live_tokens(authorization.id).await, 1);
        assert!(test.found(authorization.id).await.is_live());
    }
});

on_both_stores!(a_revocation_and_a_rotation_leave_no_live_family, |test| {
    let account = test.account().await;
    let (session, _) = test.session(&account).await;
    for _ in 0..ROUNDS {
        let authorization = test.authorization(&session, "web1").await;
        let (id, old) = (authorization.id, test.family(&authorization).await);

        race(&test, |node, caller| {
            let (old, token) = (old.clone(), refresh_token(NOW));
            let records = (test.record(AuditKind::Refreshed), test.record(AuditKind::Refreshed));
            let revocation = test.record(AuditKind::TokenRevoked);
            async move {
                if caller == CALLERS / 2 {
                    node.revoke_authorization(id, revocation).await.unwrap();
                } else {
                    node.rotate_refresh_token(old, token, GRACE, records).await.unwrap();
                }
            }
        })
        .await;

        assert!(!test.found(id).await.is_live(), "no rotation undoes a revocation");
        let (live, _) = test.store.find_refresh_token(old.digest, NOW).await.unwrap().unwrap();
        let records = (test.record(AuditKind::Refreshed), test.record(AuditKind::Refreshed));
        let late = test
            .store
            .rotate_refresh_token(live, refresh_token(NOW), GRACE, records)
            .await
            .unwrap();
        assert_eq!(late, Rotation::Revoked);
    }
});

async fn rotations(
    test: &TestStore,
    old: &yihao::domain::authorization::RefreshToken,
    grace: Duration,
) -> Vec<Rotation> {
    race(test, |node, _| {
        let (old, token) = (old.clone(), refresh_token(later(1)));
        let record = || test.record_at(AuditKind::Refreshed, later(1));
        let records = (record(), record());
        async move { node.rotate_refresh_token(old, token, grace, records).await.unwrap() }
    })
    .await
}
