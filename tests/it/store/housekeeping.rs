//! Purging removes what is over, in batches, and nothing else; work of one node at a time is leased
//! (design 5).

use std::time::Duration;

use yihao::clock::Timestamp;
use yihao::domain::attempts;
use yihao::domain::audit_event::AuditKind;
use yihao::domain::id::AuthorizationId;
use yihao::domain::id::JtiDigest;
use yihao::domain::id::OneTimeCodeId;
use yihao::store::sql::AttemptKey;
use yihao::store::sql::NewOneTimeCode;
use yihao::store::sql::SessionEnd;

use crate::store::NOW;
use crate::store::TestStore;
use crate::store::digest;
use crate::store::later;
use crate::store::new_authorization;
use crate::store::new_session;
use crate::store::on_both_stores;
use crate::store::race;

const DAY: Duration = Duration::from_hours(24);
const MILLISECOND: Duration = Duration::from_millis(1);

on_both_stores!(what_has_expired_goes_and_what_has_not_stays, |test| {
    let over = later(100);
    test.store.spend_jti(JtiDigest(digest()), over).await.unwrap();
    one_time_code(&test, over).await;
    let record = test.record(AuditKind::TokenRevoked);
    test.store.revoke_access_token("jti".to_owned(), over, record).await.unwrap();
    let tables = ["spent_jti", "one_time_code", "revoked_access_token"];

    assert_eq!(test.store.purge(over).await.unwrap(), 0, "it counts to the end");
    for table in tables {
        assert_eq!(test.count(table).await, 1, "{table}");
    }
    assert_eq!(test.store.purge(over.plus(MILLISECOND)).await.unwrap(), 3);
    for table in tables {
        assert_eq!(test.count(table).await, 0, "{table}");
    }
});

on_both_stores!(an_authorization_goes_with_its_tokens_and_then_its_session, |test| {
    let account = test.account().await;
    let (session, _) = test.session(&account).await;
    let (short, long) = (later(1000), session.expires_at.plus(DAY * 10));
    let gone = add_authorization(&test, &session, short).await;
    let stays = add_authorization(&test, &session, long).await;

    assert_eq!(test.store.purge(short).await.unwrap(), 0);
    assert_eq!(test.store.purge(short.plus(MILLISECOND)).await.unwrap(), 1);
    assert_eq!((test.live_tokens(gone).await, test.live_tokens(stays).await), (0, 1));

    let old = session.expires_at.plus(DAY).plus(MILLISECOND);
    assert_eq!(test.store.purge(old).await.unwrap(), 0, "an authorization still asks it");
    assert_eq!(test.store.purge(long.plus(MILLISECOND)).await.unwrap(), 2);
    for table in ["approval", "refresh_token", "session", "session_client"] {
        assert_eq!(test.count(table).await, 0, "{table}");
    }
});

on_both_stores!(a_session_goes_a_day_after_its_end, |test| {
    let account = test.account().await;
    let new = new_session(&account, NOW);
    let end = new.session.expires_at;
    test.store.start_session(new, test.record(AuditKind::Login), NOW).await.unwrap();

    assert_eq!(test.store.purge(end.plus(DAY)).await.unwrap(), 0);
    assert_eq!(test.store.purge(end.plus(DAY).plus(MILLISECOND)).await.unwrap(), 1);
});

on_both_stores!(a_count_goes_after_a_day_unless_somebody_has_to_look_at_it, |test| {
    let key = AttemptKey { digest: digest(), limits: attempts::SOURCE };
    let stopped = AttemptKey { digest: digest(), limits: attempts::ACCOUNT };
    let admit = |key| test.store.admit_attempt(vec![key], NOW);
    admit(key).await.unwrap().unwrap();
    admit(stopped).await.unwrap().unwrap();
    let stop = test.raw.bytes(&stopped.digest);
    test.raw.execute(format!("UPDATE throttle SET total = 100 WHERE key_digest = {stop}")).await;

    assert_eq!(test.store.purge(NOW.plus(DAY)).await.unwrap(), 0);
    assert_eq!(test.store.purge(NOW.plus(DAY).plus(MILLISECOND)).await.unwrap(), 1);

    let much_later = NOW.plus(DAY * 30);
    let admitted = test.store.admit_attempt(vec![stopped], much_later).await.unwrap();
    assert!(admitted.is_err(), "a hundred in a row stay stopped");
});

on_both_stores!(a_message_that_is_over_goes_and_one_that_waits_stays, |test| {
    let account = test.account().await;
    let (session, _) = test.session(&account).await;
    for client in ["delivered", "waits", "given-up"] {
        test.authorization(&session, client).await;
    }
    let record = || test.record(AuditKind::LogoutDelivered);
    let one = SessionEnd::One(session.id);
    test.store.end_sessions(account.id, one, record()).await.unwrap();
    for delivery in test.store.lease_deliveries(10, DAY, NOW).await.unwrap() {
        let (id, problem) = (delivery.id, "no answer".to_owned());
        match delivery.client_id.as_str() {
            "delivered" => test.store.settle_delivery(id, record()).await.unwrap(),
            "waits" => test.store.postpone_delivery(id, problem, NOW, None).await.unwrap(),
            _ => test.store.postpone_delivery(id, problem, NOW, Some(record())).await.unwrap(),
        }
    }

    test.store.purge(NOW.plus(DAY)).await.unwrap();
    assert_eq!(test.count("outbox").await, 3);
    test.store.purge(NOW.plus(DAY).plus(MILLISECOND)).await.unwrap();

    assert_eq!(test.raw.texts("SELECT client_id FROM outbox").await, ["waits"]);
});

on_both_stores!(what_is_over_goes_in_batches, |test| {
    let mut spent = Vec::new();
    for _ in 0..1001 {
        spent.push(test.store.spend_jti(JtiDigest(digest()), NOW));
    }
    futures_util::future::join_all(spent).await;
    let now = later(1);

    for left in [501, 1, 0, 0] {
        test.store.purge(now).await.unwrap();
        assert_eq!(test.count("spent_jti").await, left);
    }
    assert_eq!(test.store.purge(now).await.unwrap(), 0);
});

on_both_stores!(a_lease_has_one_holder_until_it_ends, |test| {
    let (ten, mine, theirs) = (Duration::from_secs(10), "one", "two");
    let hold = |holder: &str, now| test.store.hold_lease("audit", holder.to_owned(), ten, now);

    assert!(hold(mine, NOW).await.unwrap());
    assert!(!hold(theirs, later(10)).await.unwrap());
    assert!(hold(mine, later(9)).await.unwrap(), "its holder renews it");
    assert!(!hold(theirs, later(19)).await.unwrap());
    assert!(hold(theirs, later(19).plus(MILLISECOND)).await.unwrap());
    assert!(!hold(mine, later(20)).await.unwrap());
    let other = test.store.hold_lease("housekeeping", mine.to_owned(), ten, later(20)).await;
    assert!(other.unwrap(), "another work has another lease");
});

on_both_stores!(of_concurrent_nodes_one_holds_the_lease, |test| {
    for round in 0..50 {
        let now = later(100 * round);

        let all = race(&test, |node, caller| async move {
            let lease = Duration::from_secs(10);
            node.hold_lease("audit", format!("node {caller}"), lease, now).await.unwrap()
        })
        .await;

        assert_eq!(all.iter().filter(|held| **held).count(), 1);
    }
});

/// An authorization with a refresh token, kept until then.
async fn add_authorization(
    test: &TestStore,
    session: &yihao::domain::session::Session,
    until: Timestamp,
) -> AuthorizationId {
    let new = new_authorization(session, "web1", "openid offline_access");
    let record = test.record(AuditKind::CodeIssued);
    test.store.add_authorization(new.clone(), until, record).await.unwrap();
    test.family(&new).await;
    new.id
}

async fn one_time_code(test: &TestStore, expires_at: Timestamp) {
    let new = NewOneTimeCode {
        id: OneTimeCodeId::generate(),
        account_id: None,
        purpose: "login",
        binding: digest(),
        code_digest: digest(),
        payload: Vec::new(),
        expires_at,
    };
    test.store.add_one_time_code(new, test.record(AuditKind::CodeSent)).await.unwrap();
}
