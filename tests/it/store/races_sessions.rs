//! Races of accounts, sessions and keys: one account an identifier, an ended session stays ended,
//! every client a session reached is told, one key of a state (security.md P2, P11, I3, I10, A-57).

use std::time::Duration;

use yihao::domain::account::Profile;
use yihao::domain::audit_event::AuditKind;
use yihao::domain::id::SessionDigest;
use yihao::domain::session::Session;
use yihao::store::StoreError;
use yihao::store::sql::SessionEnd;
use yihao::store::sql::StoredKey;

use crate::store::CALLERS;
use crate::store::LIFETIME;
use crate::store::NOW;
use crate::store::ROUNDS;
use crate::store::TestStore;
use crate::store::digest;
use crate::store::later;
use crate::store::new_authorization;
use crate::store::new_session;
use crate::store::on_both_stores;
use crate::store::password_at;
use crate::store::race;
use crate::support::Person;

on_both_stores!(an_identifier_finds_one_account_whoever_else_wants_it, |test| {
    for round in 0..ROUNDS {
        let person = Person::synthetic(u64::try_from(round).unwrap());
        let accounts = test.count("account").await;

        let all = race(&test, |node, caller| {
            // Half of them share the number, half of them only the phone.
            let number = Person::synthetic(u64::try_from(1000 + round * CALLERS + caller).unwrap());
            let id_number =
                if caller < CALLERS / 2 { person.id_number.clone() } else { number.id_number };
            let profile = Profile { id_number, ..person.profile() };
            let new = test.new_account(&profile);
            let records = (test.record(AuditKind::SignUp), test.record(AuditKind::SignUp));
            async move { node.add_account(new, records.0, records.1).await.unwrap() }
        })
        .await;

        assert_eq!(all.iter().filter(|won| **won).count(), 1);
        assert_eq!(test.count("account").await, accounts + 1, "a loser leaves nothing behind");
    }
    assert_eq!(test.count("identifier_index").await, 2 * i64::try_from(ROUNDS).unwrap());
    assert_eq!(test.count("audit").await, i64::try_from(ROUNDS * CALLERS).unwrap());
});

on_both_stores!(an_ended_session_never_comes_back, |test| {
    let account = test.account().await;
    for _ in 0..ROUNDS {
        let (session, cookie) = test.session(&account).await;
        let (id, owner) = (session.id, account.id);

        let raised = race(&test, |node, caller| {
            let to = SessionDigest(digest());
            let record = test.record_at(AuditKind::StepUp, later(1));
            async move {
                if caller == 0 {
                    node.end_sessions(owner, SessionEnd::One(id), record).await.unwrap();
                    return None;
                }
                if caller == 1 {
                    node.touch_session(id, later(2)).await.unwrap();
                    return None;
                }
                let raised = node.raise_session(cookie, to, &[password_at(NOW)], record).await;
                raised.unwrap().then_some(to)
            }
        })
        .await;

        let raised: Vec<_> = raised.into_iter().flatten().collect();
        assert!(raised.len() <= 1, "a cookie is exchanged once");
        for cookie in raised.into_iter().chain([cookie]) {
            assert!(find(&test, cookie).await.is_none());
            let record = test.record_at(AuditKind::StepUp, later(3));
            let proofs = [password_at(later(3))];
            let to = SessionDigest(digest());
            assert!(!test.store.raise_session(cookie, to, &proofs, record).await.unwrap());
        }
    }
});

on_both_stores!(whoever_a_session_reached_is_told_of_its_end_once, |test| {
    let account = test.account().await;
    for _ in 0..ROUNDS {
        let (session, _) = test.session(&account).await;
        let (id, owner) = (session.id, account.id);

        let reached = race(&test, |node, caller| {
            let record = test.record_at(AuditKind::CodeIssued, later(1));
            let new = new_authorization(&session, &format!("client{caller}"), "openid");
            async move {
                if caller % 4 == 0 {
                    node.end_sessions(owner, SessionEnd::One(id), record).await.unwrap();
                    return false;
                }
                match node.add_authorization(new, later(3600), record).await {
                    Ok(kept) => kept,
                    Err(StoreError::Taken) => false,
                    Err(other) => panic!("{other:?}"),
                }
            }
        })
        .await;

        let reached = reached.into_iter().filter(|one| *one).count();
        let told = test.raw.execute("DELETE FROM outbox").await;
        assert_eq!(told, u64::try_from(reached).unwrap());
    }
});

on_both_stores!(every_session_of_an_account_can_be_ended_from_everywhere_at_once, |test| {
    const SESSIONS: usize = 6;
    let account = test.account().await;
    let owner = account.id;
    for _ in 0..ROUNDS {
        let mut sessions = Vec::new();
        for _ in 0..SESSIONS {
            sessions.push(test.session(&account).await);
        }

        let ended = race(&test, |node, caller| {
            let record = test.record_at(AuditKind::SessionEnded, later(1));
            let ids: Vec<_> = sessions.iter().map(|(session, _)| session.id).collect();
            async move {
                match caller {
                    0..=2 => {
                        let all = SessionEnd::All;
                        node.end_sessions(owner, all, record).await.unwrap().sessions
                    }
                    3 => {
                        let one = SessionEnd::One(ids[0]);
                        node.end_sessions(owner, one, record).await.unwrap().sessions
                    }
                    _ => {
                        // Use moves rows about, so that no two see them in the same order.
                        for (second, id) in (1..).zip(&ids[caller % 4..]) {
                            node.touch_session(*id, later(second)).await.unwrap();
                        }
                        0
                    }
                }
            }
        })
        .await;

        assert_eq!(usize::try_from(ended.iter().sum::<u64>()).unwrap(), SESSIONS, "each once");
        for (_, cookie) in &sessions {
            assert!(find(&test, *cookie).await.is_none());
        }
    }
});

on_both_stores!(a_changed_password_ends_a_session_that_begins_at_the_same_time, |test| {
    for _ in 0..ROUNDS {
        let account = test.account().await;
        let owner = account.id;

        let cookies = race(&test, |node, caller| {
            let record = test.record_at(AuditKind::PasswordChanged, later(1));
            let new = new_session(&account, NOW);
            async move {
                if caller == 0 {
                    node.set_password(owner, "another".to_owned(), None, record).await.unwrap();
                    return None;
                }
                let cookie = new.digest;
                node.start_session(new, record, NOW).await.unwrap();
                Some(cookie)
            }
        })
        .await;

        for cookie in cookies.into_iter().flatten() {
            assert!(find(&test, cookie).await.is_none(), "it rests on the old password");
        }
    }
});

on_both_stores!(two_nodes_that_rotate_at_once_leave_one_key_of_a_state, |test| {
    for round in 0..ROUNDS {
        let algorithm = format!("A{round}");

        let first = race(&test, |node, _| {
            let (added, record) = (key(&algorithm, "current"), test.record(AuditKind::KeysRotated));
            async move { node.rotate_signing_key(added, None, NOW, record).await.unwrap() }
        })
        .await;
        let next = key(&algorithm, "next");
        let record = test.record(AuditKind::KeysRotated);
        assert!(test.store.rotate_signing_key(next.clone(), None, NOW, record).await.unwrap());
        let second = race(&test, |node, _| {
            let (added, record) = (key(&algorithm, "next"), test.record(AuditKind::KeysRotated));
            let (kid, until) = (next.kid.clone(), later(3600));
            async move { node.rotate_signing_key(added, Some(kid), until, record).await.unwrap() }
        })
        .await;

        assert_eq!(first.iter().filter(|won| **won).count(), 1);
        assert_eq!(second.iter().filter(|won| **won).count(), 1);
        let sql = format!("SELECT state FROM signing_key WHERE algorithm = '{algorithm}'");
        let states = test.raw.texts(format!("{sql} ORDER BY state")).await;
        assert_eq!(states, ["current", "next", "retired"]);
    }
});

async fn find(test: &TestStore, cookie: SessionDigest) -> Option<Session> {
    test.store.find_session(cookie, LIFETIME, later(2)).await.unwrap().map(|found| found.0)
}

/// A key nobody signs with.
fn key(algorithm: &str, state: &str) -> StoredKey {
    StoredKey {
        kid: hex::encode(digest()),
        algorithm: algorithm.to_owned(),
        state: state.to_owned(),
        private_key: vec![1],
        created_at: NOW,
        activates_at: NOW.plus(Duration::from_hours(1)),
        expires_at: None,
    }
}
