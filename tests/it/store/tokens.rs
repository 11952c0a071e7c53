//! Authorizations, their codes and their refresh tokens, one caller at a time (RFC 6749 §4.1.2 and §6,
//! RFC 9700 §4.14.2; design D8; security.md 0.3).

use std::time::Duration;

use yihao::clock::Timestamp;
use yihao::domain::account::AccountStatus;
use yihao::domain::audit_event::AuditKind;
use yihao::domain::authorization::CodeState;
use yihao::domain::authorization::NewRefreshToken;
use yihao::domain::authorization::Redemption;
use yihao::domain::authorization::RefreshToken;
use yihao::domain::authorization::Rotation;
use yihao::store::StoreError;
use yihao::store::sql::SessionEnd;

use crate::store::NOW;
use crate::store::TestStore;
use crate::store::later;
use crate::store::new_authorization;
use crate::store::on_both_stores;
use crate::store::refresh_token;

const GRACE: Duration = Duration::from_secs(10);

on_both_stores!(a_code_is_fresh_until_it_is_redeemed, |test| {
    let account = test.account().await;
    let (session, _) = test.session(&account).await;
    let new = test.authorization(&session, "web1").await;

    let fresh = test.store.find_authorization_by_code(new.code_digest, NOW).await.unwrap().unwrap();
    let first = redeem(&test, &new).await;
    let spent = test.found(new.id).await;
    let second = redeem(&test, &new).await;

    assert_eq!(fresh.approval, new.approval);
    assert_eq!(fresh.code, CodeState::Fresh { expires_at: later(60) });
    assert_eq!(first, Redemption::First);
    assert_eq!((spent.code, spent.is_live()), (CodeState::Spent, true));
    assert_eq!(second, Redemption::Replay);
    assert!(!test.found(new.id).await.is_live(), "a replay takes back what it issued");
});

on_both_stores!(nothing_is_authorized_in_a_session_that_has_ended, |test| {
    let account = test.account().await;
    let (session, _) = test.session(&account).await;
    let record = test.record(AuditKind::Logout);
    test.store.end_sessions(account.id, SessionEnd::One(session.id), record).await.unwrap();

    let (new, record) =
        (new_authorization(&session, "web1", "openid"), test.record(AuditKind::CodeIssued));
    let refused = test.store.add_authorization(new, later(3600), record.clone()).await;

    assert!(matches!(refused, Err(StoreError::Taken)), "{refused:?}");
    assert_eq!(test.count("approval").await, 0);
    assert_eq!(test.count("session_client").await, 0);
    assert!(!test.kept(&record).await);
});

on_both_stores!(tokens_end_with_their_session_unless_they_were_meant_to_outlive_it, |test| {
    let account = test.account().await;
    let (session, _) = test.session(&account).await;
    let bound = test.authorization(&session, "web1").await;
    let offline = new_authorization(&session, "web2", "openid offline_access");
    let offline = test.authorization_of(offline).await;
    let expired = session.expires_at;
    let at = |id, now| test.store.find_authorization(id, now);
    assert!(test.found(bound.id).await.is_live());

    assert!(!at(bound.id, expired).await.unwrap().unwrap().is_live(), "the session has expired");
    let record = test.record(AuditKind::Logout);
    test.store.end_sessions(account.id, SessionEnd::One(session.id), record).await.unwrap();

    assert!(!test.found(bound.id).await.is_live(), "the session was ended");
    assert!(test.found(offline.id).await.is_live());
});

on_both_stores!(tokens_end_with_the_account_and_with_its_credentials, |test| {
    for change in ["lock", "cancel", "password"] {
        let account = test.account().await;
        let (session, _) = test.session(&account).await;
        let offline = new_authorization(&session, "web1", "openid offline_access");
        let offline = test.authorization_of(offline).await;
        let record = test.record(AuditKind::AccountLocked);
        let status =
            |status, record| test.store.set_account_status(account.id, status, record, NOW);
        match change {
            "lock" => assert!(status(AccountStatus::Locked, record).await.unwrap()),
            "cancel" => assert!(status(AccountStatus::Cancelled, record).await.unwrap()),
            _ => {
                let keep = Some(session.id);
                test.store.set_password(account.id, "new".to_owned(), keep, record).await.unwrap();
            }
        }
        assert!(!test.found(offline.id).await.is_live(), "{change}");

        let record = test.record(AuditKind::AccountUnlocked);
        status(AccountStatus::Active, record).await.unwrap();
        assert!(!test.found(offline.id).await.is_live(), "{change}: nothing comes back");
    }
});

on_both_stores!(a_token_rotates_and_only_the_last_one_is_live, |test| {
    let (id, first) = family(&test).await;

    let second = rotate(&test, &first, 1).await.unwrap();
    let third = rotate(&test, &second, 60).await.unwrap();

    assert_eq!(test.live_tokens(id).await, 1);
    assert!(test.store.find_live_refresh_token(first.digest, NOW).await.unwrap().is_none());
    assert!(test.store.find_live_refresh_token(third.digest, NOW).await.unwrap().is_some());
    assert!(test.store.find_refresh_token(first.digest, NOW).await.unwrap().is_some());
    assert!(test.found(id).await.is_live());
});

on_both_stores!(within_the_grace_a_spent_token_replaces_its_unused_successor, |test| {
    let (id, first) = family(&test).await;
    let lost = rotate(&test, &first, 0).await.unwrap();

    let second = rotate(&test, &first, 5).await.unwrap();
    let third = rotate(&test, &first, 9).await.unwrap();

    for gone in [&lost, &second] {
        let found = test.store.find_refresh_token(gone.digest, NOW).await.unwrap();
        assert!(found.is_some_and(|(token, _)| token.is_spent));
    }
    assert_eq!(test.live_tokens(id).await, 1);
    assert!(test.store.find_live_refresh_token(third.digest, NOW).await.unwrap().is_some());
    assert!(test.found(id).await.is_live());

    assert!(rotate(&test, &lost, 9).await.is_err(), "somebody has it after all");
    assert!(!test.found(id).await.is_live(), "and takes the family down");
});

on_both_stores!(the_grace_is_over_after_ten_seconds, |test| {
    let (id, first) = family(&test).await;
    let second = rotate(&test, &first, 0).await.unwrap();

    let late = rotate(&test, &first, 10).await;

    assert_eq!(late.unwrap_err(), Rotation::Replay);
    assert!(!test.found(id).await.is_live());
    assert_eq!(rotate(&test, &second, 11).await.unwrap_err(), Rotation::Revoked);
});

on_both_stores!(there_is_no_grace_once_the_successor_was_used, |test| {
    let (id, first) = family(&test).await;
    let second = rotate(&test, &first, 0).await.unwrap();
    let third = rotate(&test, &second, 1).await.unwrap();

    let replay = rotate(&test, &first, 2).await;

    assert_eq!(replay.unwrap_err(), Rotation::Replay);
    assert!(!test.found(id).await.is_live(), "the whole family is taken back");
    assert_eq!(rotate(&test, &third, 3).await.unwrap_err(), Rotation::Revoked);
});

on_both_stores!(a_rotation_records_what_it_was, |test| {
    let (_, first) = family(&test).await;
    for (grace, wanted) in [(GRACE, "done"), (Duration::ZERO, "replay"), (GRACE, "replay")] {
        let (done, replay) = (test.record(AuditKind::Refreshed), test.record(AuditKind::Refreshed));
        let records = (done.clone(), replay.clone());
        let old = first.clone();
        test.store.rotate_refresh_token(old, refresh_token(NOW), grace, records).await.unwrap();
        assert_eq!(
            (test.kept(&done).await, test.kept(&replay).await),
            match wanted {
                "done" => (true, false),
                _ => (false, true),
            }
        );
    }
});

on_both_stores!(a_token_that_does_not_rotate_lives_on_while_it_is_used, |test| {
    let (id, token) = family(&test).await;
    let usage = |until| {
        let record = test.record(AuditKind::Refreshed);
        test.store.use_refresh_token(token.clone(), until, record)
    };

    assert!(usage(later(1000)).await.unwrap());
    let (found, _) = test.store.find_refresh_token(token.digest, NOW).await.unwrap().unwrap();
    assert_eq!(found.idle_expires_at, later(1000));
    assert_eq!(found.expires_at, token.expires_at, "use does not move the end");

    test.store.revoke_authorization(id, test.record(AuditKind::TokenRevoked)).await.unwrap();
    assert!(!usage(later(2000)).await.unwrap());

    let (_, token) = family(&test).await;
    rotate(&test, &token, 1).await.unwrap();
    let record = test.record(AuditKind::Refreshed);
    assert!(!test.store.use_refresh_token(token, later(2000), record).await.unwrap());
});

on_both_stores!(a_revocation_is_seen_here_at_once_and_elsewhere_within_five_seconds, |test| {
    let (id, _) = family(&test).await;
    let (jti, soon) = ("0123".to_owned(), later(5));
    for node in [&test.store, &test.other] {
        assert!(node.known_authorization(id, NOW).await.unwrap().unwrap().is_live());
        assert!(!node.is_access_token_revoked(&jti, NOW).await.unwrap());
    }

    let record = || test.record(AuditKind::TokenRevoked);
    test.store.revoke_authorization(id, record()).await.unwrap();
    test.store.revoke_access_token(jti.clone(), later(600), record()).await.unwrap();

    assert!(!test.store.known_authorization(id, NOW).await.unwrap().unwrap().is_live());
    assert!(test.store.is_access_token_revoked(&jti, NOW).await.unwrap());
    let after = soon.plus(Duration::from_millis(1));
    assert!(!test.other.known_authorization(id, after).await.unwrap().unwrap().is_live());
    assert!(test.other.is_access_token_revoked(&jti, after).await.unwrap());
});

on_both_stores!(a_locked_account_is_seen_here_at_once_and_elsewhere_within_five_seconds, |test| {
    let account = test.account().await;
    let status = |node, now: Timestamp| {
        let node: &yihao::store::Store = node;
        let known = node.known_account(account.id, now);
        async { known.await.unwrap().unwrap().status }
    };
    for node in [&test.store, &test.other] {
        assert_eq!(status(node, NOW).await, AccountStatus::Active);
    }

    let record = test.record(AuditKind::AccountLocked);
    test.store.set_account_status(account.id, AccountStatus::Locked, record, NOW).await.unwrap();

    assert_eq!(status(&test.store, NOW).await, AccountStatus::Locked);
    assert_eq!(status(&test.other, later(6)).await, AccountStatus::Locked);
});

/// A family of refresh tokens: its authorization and its first token.
async fn family(test: &TestStore) -> (yihao::domain::id::AuthorizationId, RefreshToken) {
    let account = test.account().await;
    let (session, _) = test.session(&account).await;
    let authorization = test.authorization(&session, "web1").await;
    (authorization.id, test.family(&authorization).await)
}

async fn redeem(
    test: &TestStore,
    of: &yihao::domain::authorization::NewAuthorization,
) -> Redemption {
    let record = || test.record(AuditKind::CodeRedeemed);
    test.store.redeem_code(of.code_digest, None, record(), record()).await.unwrap()
}

/// Rotates so many seconds after [`NOW`].
async fn rotate(
    test: &TestStore,
    old: &RefreshToken,
    seconds: u64,
) -> Result<RefreshToken, Rotation> {
    let new: NewRefreshToken = refresh_token(later(seconds));
    let digest = new.digest;
    let record = || test.record_at(AuditKind::Refreshed, later(seconds));
    let records = (record(), record());
    match test.store.rotate_refresh_token(old.clone(), new, GRACE, records).await.unwrap() {
        Rotation::Done => Ok(test.store.find_refresh_token(digest, NOW).await.unwrap().unwrap().0),
        other => Err(other),
    }
}
