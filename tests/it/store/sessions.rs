//! Sessions: when a cookie finds one, what raises it, what ends it, and who is told (design D5, D6;
//! security.md P11, A-42, A-57, A-58).

use std::time::Duration;

use yihao::clock::Timestamp;
use yihao::domain::account::AccountStatus;
use yihao::domain::audit_event::AuditKind;
use yihao::domain::delivery::Message;
use yihao::domain::id::SessionDigest;
use yihao::domain::session::Session;
use yihao::store::sql::NewSession;
use yihao::store::sql::SessionEnd;

use crate::store::LIFETIME;
use crate::store::NOW;
use crate::store::TestStore;
use crate::store::digest;
use crate::store::later;
use crate::store::new_session;
use crate::store::on_both_stores;
use crate::store::password_at;

const MILLISECOND: Duration = Duration::from_millis(1);

on_both_stores!(a_session_is_found_until_it_was_idle_for_too_long, |test| {
    let account = test.account().await;
    let (session, cookie) = test.session(&account).await;
    let idle = NOW.plus(LIFETIME.idle);

    assert_eq!(find(&test, cookie, idle.minus(MILLISECOND)).await, Some(session.clone()));
    assert_eq!(find(&test, cookie, idle).await, None);

    test.store.touch_session(session.id, later(60)).await.unwrap();
    assert!(find(&test, cookie, idle).await.is_some(), "it was used meanwhile");
    test.store.touch_session(session.id, later(30)).await.unwrap();
    assert_eq!(find(&test, cookie, idle).await.unwrap().last_seen_at, later(60));
});

on_both_stores!(no_use_moves_the_end_of_a_session, |test| {
    let account = test.account().await;
    let (session, cookie) = test.session(&account).await;
    let end = session.expires_at;
    test.store.touch_session(session.id, end.minus(MILLISECOND)).await.unwrap();

    assert!(find(&test, cookie, end.minus(MILLISECOND)).await.is_some());
    assert_eq!(find(&test, cookie, end).await, None);
    assert!(!raise(&test, cookie, SessionDigest(digest()), end).await);
});

on_both_stores!(a_locked_account_has_no_sessions_and_unlocking_brings_none_back, |test| {
    let account = test.account().await;
    let (_, cookie) = test.session(&account).await;
    let set = |status, record| test.store.set_account_status(account.id, status, record, NOW);

    let record = test.record(AuditKind::AccountLocked);
    assert!(set(AccountStatus::Locked, record).await.unwrap());
    assert_eq!(find(&test, cookie, NOW).await, None);
    let again = test.record(AuditKind::AccountLocked);
    assert!(!set(AccountStatus::Locked, again.clone()).await.unwrap(), "it was locked already");
    assert!(!test.kept(&again).await);
    assert!(set(AccountStatus::Active, test.record(AuditKind::AccountUnlocked)).await.unwrap());

    assert_eq!(find(&test, cookie, NOW).await, None);
    let account = test.store.find_account(account.id).await.unwrap().unwrap();
    let (_, fresh) = test.session(&account).await;
    assert!(find(&test, fresh, NOW).await.is_some());
});

on_both_stores!(a_new_password_ends_every_session_but_the_one_it_was_set_in, |test| {
    let account = test.account().await;
    let (kept, here) = test.session(&account).await;
    let (_, there) = test.session(&account).await;
    let stranger = test.account().await;
    let (_, strangers) = test.session(&stranger).await;

    let record = test.record(AuditKind::PasswordChanged);
    test.store.set_password(account.id, "new".to_owned(), Some(kept.id), record).await.unwrap();

    assert!(find(&test, here, NOW).await.is_some());
    assert_eq!(find(&test, there, NOW).await, None);
    assert!(find(&test, strangers, NOW).await.is_some());
    let changed = test.store.find_account(account.id).await.unwrap().unwrap();
    assert_eq!(changed.password_hash.as_deref(), Some("new"));
    assert_eq!(changed.credential_epoch, find(&test, here, NOW).await.unwrap().credential_epoch);
});

on_both_stores!(nothing_brings_an_ended_session_back, |test| {
    let account = test.account().await;
    let (session, cookie) = test.session(&account).await;
    assert_eq!(end(&test, &session, SessionEnd::One(session.id)).await, 1);

    test.store.touch_session(session.id, later(1)).await.unwrap();

    assert!(!raise(&test, cookie, SessionDigest(digest()), later(1)).await);
    assert_eq!(find(&test, cookie, later(1)).await, None);
    assert_eq!(end(&test, &session, SessionEnd::One(session.id)).await, 0, "it ends once");
});

on_both_stores!(the_id_of_another_ends_nothing, |test| {
    let (mine, theirs) = (test.account().await, test.account().await);
    let (session, cookie) = test.session(&theirs).await;

    let record = test.record(AuditKind::SessionEnded);
    let one = SessionEnd::One(session.id);
    let ended = test.store.end_sessions(mine.id, one, record.clone()).await.unwrap();

    assert_eq!(ended.sessions, 0);
    assert!(find(&test, cookie, NOW).await.is_some());
    assert!(!test.kept(&record).await);
});

on_both_stores!(all_others_end_and_this_one_stays, |test| {
    let account = test.account().await;
    let (this, here) = test.session(&account).await;
    let (_, there) = test.session(&account).await;
    let (_, elsewhere) = test.session(&account).await;

    let others = SessionEnd::AllBut(this.id);
    assert_eq!(end(&test, &this, others).await, 2);

    assert!(find(&test, here, NOW).await.is_some());
    assert_eq!(find(&test, there, NOW).await, None);
    assert_eq!(find(&test, elsewhere, NOW).await, None);
    assert_eq!(end(&test, &this, SessionEnd::All).await, 1);
    assert_eq!(find(&test, here, NOW).await, None);
});

on_both_stores!(a_raised_session_has_a_new_cookie_and_the_old_one_is_nothing, |test| {
    let account = test.account().await;
    let (session, old) = test.session(&account).await;
    let new = SessionDigest(digest());

    assert!(raise(&test, old, new, later(5)).await);

    let found = find(&test, new, later(5)).await.unwrap();
    assert_eq!((found.id, found.proofs), (session.id, vec![password_at(later(5))]));
    assert_eq!(find(&test, old, later(5)).await, None);
    assert!(!raise(&test, old, SessionDigest(digest()), later(6)).await);
});

on_both_stores!(a_login_ends_the_session_the_browser_had, |test| {
    let (before, after) = (test.account().await, test.account().await);
    let (session, old) = test.session(&before).await;
    test.authorization(&session, "web1").await;

    let new = NewSession { replaces: Some(old), ..new_session(&after, NOW) };
    let cookie = new.digest;
    test.store.start_session(new, test.record(AuditKind::Login), NOW).await.unwrap();

    assert_eq!(find(&test, old, NOW).await, None);
    assert_eq!(find(&test, cookie, NOW).await.unwrap().account_id, after.id);
    assert_eq!(test.count("outbox").await, 1, "the client of the old session is told");
});

on_both_stores!(every_client_a_session_reached_is_told_once_of_its_end, |test| {
    let account = test.account().await;
    let (session, _) = test.session(&account).await;
    let (other, _) = test.session(&account).await;
    test.authorization(&session, "web1").await;
    test.authorization(&session, "web1").await;
    test.authorization(&session, "web2").await;
    test.authorization(&other, "post1").await;

    end(&test, &session, SessionEnd::One(session.id)).await;
    end(&test, &session, SessionEnd::One(session.id)).await;

    let lease = Duration::from_secs(30);
    let mut told: Vec<_> = test
        .store
        .lease_deliveries(10, lease, NOW)
        .await
        .unwrap()
        .into_iter()
        .map(|delivery| (delivery.client_id.to_string(), delivery.message))
        .collect();
    told.sort_by(|a, b| a.0.cmp(&b.0));
    let message = |client: &str| {
        let (sub, sid) = (format!("sub at {client}"), format!("sid at {client}"));
        (client.to_owned(), Message::Logout { sub, sid })
    };
    assert_eq!(told, [message("web1"), message("web2")]);
});

on_both_stores!(a_person_sees_the_live_sessions_newest_first, |test| {
    let account = test.account().await;
    let stranger = test.account().await;
    test.session(&stranger).await;
    let mut ids = Vec::new();
    for minute in 0..4 {
        let at = later(60 * minute);
        let new = new_session(&account, at);
        ids.push(new.session.id);
        test.store.start_session(new, test.record(AuditKind::Login), at).await.unwrap();
    }
    let ended = SessionEnd::One(ids[1]);
    test.store.end_sessions(account.id, ended, test.record(AuditKind::Logout)).await.unwrap();

    let listed = |now| test.store.list_sessions(account.id, LIFETIME, now);
    let ids_of = |sessions: Vec<Session>| -> Vec<_> { sessions.iter().map(|s| s.id).collect() };

    assert_eq!(ids_of(listed(later(180)).await.unwrap()), [ids[3], ids[2], ids[0]]);
    let idle = NOW.plus(LIFETIME.idle);
    assert_eq!(ids_of(listed(idle).await.unwrap()), [ids[3], ids[2]]);
});

async fn find(test: &TestStore, cookie: SessionDigest, now: Timestamp) -> Option<Session> {
    test.store.find_session(cookie, LIFETIME, now).await.unwrap().map(|found| found.0)
}

async fn raise(test: &TestStore, from: SessionDigest, to: SessionDigest, now: Timestamp) -> bool {
    let record = test.record_at(AuditKind::StepUp, now);
    test.store.raise_session(from, to, &[password_at(now)], record).await.unwrap()
}

async fn end(test: &TestStore, own: &Session, which: SessionEnd) -> u64 {
    let record = test.record(AuditKind::SessionEnded);
    test.store.end_sessions(own.account_id, which, record).await.unwrap().sessions
}
