//! Audit records: kept with what they tell, or not at all, and chained in order (design D10; security.md
//! P11, I5).

use std::collections::BTreeSet;

use yihao::domain::account::AccountStatus;
use yihao::domain::audit_event::AuditKind;
use yihao::domain::audit_event::AuditRecord;
use yihao::domain::audit_event::ChainTail;
use yihao::domain::id::AccountId;
use yihao::domain::id::SessionDigest;
use yihao::domain::scope::Scope;
use yihao::store::StoreError;
use yihao::store::sql::AuditQuery;
use yihao::store::sql::Consent;
use yihao::store::sql::ImportMark;
use yihao::store::sql::NewTotp;
use yihao::store::sql::Register;
use yihao::store::sql::SessionEnd;
use yihao::store::sql::SignedHead;

use crate::store::CALLERS;
use crate::store::NOW;
use crate::store::ROUNDS;
use crate::store::Raw;
use crate::store::TestStore;
use crate::store::client_id;
use crate::store::digest;
use crate::store::later;
use crate::store::new_session;
use crate::store::on_both_stores;
use crate::store::password_at;
use crate::store::race;
use crate::support::fixture::client;

on_both_stores!(every_write_keeps_its_record_and_no_other, |test| {
    let account = test.account().await;
    let (session, cookie) = test.session(&account).await;
    let authorization = test.authorization(&session, "web1").await.id;
    test.raw.execute("DELETE FROM audit").await;
    let mut wanted = Vec::new();
    let mut record = || {
        let record = test.record(AuditKind::Login);
        wanted.push(record.clone());
        record
    };
    let store = &test.store;
    let portal = client("portal", "https://rp.example/cb");
    let consent = Consent {
        client_id: client_id("portal"),
        scope: Scope::parse("openid").unwrap(),
        claims: Vec::new(),
        granted_at: NOW,
    };
    let totp = NewTotp { secret: vec![1], step: 0, recovery: vec![digest()] };
    let to = SessionDigest(digest());

    store.record(record()).await.unwrap();
    assert!(store.begin_import(Register::Population, ImportMark::default(), NOW).await.unwrap());
    assert!(store.finish_import(Register::Population, 0, record()).await.unwrap());
    store.add_client(&portal, record(), NOW).await.unwrap();
    store.replace_client(&portal, record(), NOW).await.unwrap();
    store.grant_consent(account.id, consent, record()).await.unwrap();
    store.withdraw_consent(account.id, &client_id("portal"), record()).await.unwrap();
    store.enrol_totp(account.id, totp, record()).await.unwrap();
    store.replace_recovery_codes(account.id, vec![digest()], record()).await.unwrap();
    store.remove_totp(account.id, record()).await.unwrap();
    store.start_session(new_session(&account, NOW), record(), NOW).await.unwrap();
    store.raise_session(cookie, to, &[password_at(NOW)], record()).await.unwrap();
    store.revoke_authorization(authorization, record()).await.unwrap();
    store.revoke_access_token("jti".to_owned(), later(1), record()).await.unwrap();
    store.set_password(account.id, "new".to_owned(), Some(session.id), record()).await.unwrap();
    let all = SessionEnd::All;
    store.end_sessions(account.id, all, record()).await.unwrap();
    store.set_account_status(account.id, AccountStatus::Locked, record(), NOW).await.unwrap();

    let kept: BTreeSet<_> = recent(&test, 100).await.into_iter().map(|one| one.id).collect();
    assert_eq!(kept, wanted.iter().map(|one| one.id).collect());
});

on_both_stores!(a_write_that_fails_half_way_keeps_nothing, |test| {
    let account = test.account().await.id;
    let before = test.count("audit").await;
    let twice = digest();
    let totp = NewTotp { secret: vec![1], step: 0, recovery: vec![twice, twice] };

    let refused = test.store.enrol_totp(account, totp, test.record(AuditKind::TotpEnrolled)).await;

    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    assert_eq!(test.store.find_totp(account).await.unwrap(), None);
    assert_eq!(test.store.count_recovery_codes(account).await.unwrap(), 0);
    assert_eq!(test.count("audit").await, before);
});

on_both_stores!(a_write_that_fails_harms_none_of_those_it_is_committed_with, |test| {
    let account = test.account().await.id;
    for _ in 0..ROUNDS / 4 {
        let kept = race(&test, |node, caller| {
            let record = test.record(AuditKind::TotpEnrolled);
            let (copy, twice) = (record.clone(), digest());
            async move {
                if caller % 3 == 0 {
                    let codes = vec![twice, twice];
                    let failed = node.replace_recovery_codes(account, codes, record).await;
                    assert!(matches!(failed, Err(StoreError::Refused(_))), "{failed:?}");
                    return None;
                }
                node.record(record).await.unwrap();
                Some(copy)
            }
        })
        .await;
        let kept: Vec<_> = kept.into_iter().flatten().collect();
        assert_eq!(kept.len(), CALLERS - 3);
        for record in &kept {
            assert!(test.kept(record).await);
        }
    }
    seal(&test).await;
    assert_chained(&test).await;
});

on_both_stores!(two_nodes_that_append_and_seal_at_once_make_one_chain, |test| {
    for round in 0..ROUNDS {
        race(&test, |node, caller| {
            let at = later(u64::try_from((round + caller) % 5).unwrap());
            let record = test.record_at(AuditKind::Login, at);
            async move {
                if caller < 2 {
                    // Of two sealers one may be refused; its records wait for the next turn.
                    drop(node.seal_audit(100).await);
                    return;
                }
                node.record(record).await.unwrap();
            }
        })
        .await;
    }

    seal(&test).await;
    assert_chained(&test).await;
    assert_eq!(test.count("audit").await, i64::try_from(ROUNDS * (CALLERS - 2)).unwrap());
});

on_both_stores!(records_are_sealed_oldest_first_and_no_more_than_wanted, |test| {
    for second in [3, 1, 2] {
        test.store.record(test.record_at(AuditKind::Login, later(second))).await.unwrap();
    }
    match test.raw {
        Raw::Sqlite(_) => {
            assert_eq!(test.store.unsealed_audit().await.unwrap(), 0, "chained as they come");
            assert_eq!(test.store.seal_audit(10).await.unwrap(), 0);
        }
        Raw::Postgres(_) => {
            assert_eq!(test.store.unsealed_audit().await.unwrap(), 3);
            assert_eq!(test.store.seal_audit(2).await.unwrap(), 2);
            assert_eq!(test.store.seal_audit(2).await.unwrap(), 1);
            let chain = test.store.audit_chain(0, 10).await.unwrap();
            let times: Vec<_> = chain.iter().map(|sealed| sealed.record.at).collect();
            assert_eq!(times, [later(1), later(2), later(3)]);
        }
    }
    assert_chained(&test).await;
    assert_eq!(test.store.audit_chain(2, 10).await.unwrap().len(), 1);
    assert_eq!(test.store.audit_chain(0, 2).await.unwrap().len(), 2);
});

on_both_stores!(records_are_found_by_account_and_time_newest_first, |test| {
    let mine = AccountId::generate();
    for second in 0..6 {
        let mut record = test.record_at(AuditKind::Login, later(second));
        record.account_id = (second % 2 == 0).then_some(mine);
        test.store.record(record).await.unwrap();
    }
    let store = &test.store;
    let times = |query: AuditQuery| async move {
        let found = store.find_audit(&query).await.unwrap();
        found.into_iter().map(|one| one.record.at.since(NOW).as_secs()).collect::<Vec<_>>()
    };
    let query = AuditQuery { limit: 2, ..AuditQuery::default() };

    assert_eq!(times(query.clone()).await, [5, 4]);
    let of = AuditQuery { account_id: Some(mine), ..query.clone() };
    assert_eq!(times(of.clone()).await, [4, 2]);
    assert_eq!(times(AuditQuery { before: Some(later(4)), ..of }).await, [2, 0]);
    assert_eq!(times(AuditQuery { before: Some(later(3)), ..query }).await, [2, 1]);
});

on_both_stores!(a_signed_head_is_kept_as_it_was_first_signed, |test| {
    let head = |sequence, link: u8| SignedHead {
        sequence,
        link: vec![link],
        signed_at: NOW,
        kid: "kid".to_owned(),
        signature: vec![1],
    };
    for (sequence, link) in [(2, 2), (5, 5), (2, 9)] {
        test.store.add_audit_head(head(sequence, link)).await.unwrap();
    }

    let heads = test.store.audit_heads().await.unwrap();

    let links: Vec<_> = heads.iter().map(|head| (head.sequence, head.link[0])).collect();
    assert_eq!(links, [(2, 2), (5, 5)]);
    assert_eq!(test.store.last_audit_head().await.unwrap().unwrap().sequence, 5);
});

async fn recent(test: &TestStore, limit: i64) -> Vec<AuditRecord> {
    let query = AuditQuery { limit, ..AuditQuery::default() };
    let found = test.store.find_audit(&query).await.unwrap();
    found.into_iter().map(|sealed| sealed.record).collect()
}

async fn seal(test: &TestStore) {
    while test.store.seal_audit(1000).await.unwrap() > 0 {}
}

/// Every record is in the chain, each follows its predecessor, and none was changed.
async fn assert_chained(test: &TestStore) {
    let chain = test.store.audit_chain(0, 100_000).await.unwrap();
    assert_eq!(i64::try_from(chain.len()).unwrap(), test.count("audit").await);
    let mut tail = ChainTail::default();
    for sealed in chain {
        tail.extend(&sealed.record);
        assert_eq!(sealed.seal, Some((tail.sequence, tail.link.clone())));
        assert_eq!(sealed.record.mac, sealed.record.expected_mac(&test.vault.audit));
    }
    assert_eq!(test.store.audit_tail().await.unwrap(), tail);
}
