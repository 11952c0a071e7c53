//! Accounts, passwords, TOTP apps, recovery codes and one-time codes, one caller at a time (design D1;
//! security.md ).

use yihao::domain::account::Profile;
use yihao::domain::audit_event::AuditKind;
use yihao::domain::id::AccountId;
use yihao::domain::id::OneTimeCodeId;
use yihao::store::StoreError;
use yihao::store::sql::NewOneTimeCode;
use yihao::store::sql::NewTotp;
use yihao::store::sql::OneTimeCodeTry;

use crate::store::NOW;
use crate::store::TestStore;
use crate::store::digest;
use crate::store::later;
use crate::store::on_both_stores;
use crate::support::Person;

on_both_stores!(an_account_is_found_by_each_of_its_identifiers, |test| {
    let new = test.new_account(&Person::synthetic(1).profile());
    let (account, identifiers) = (new.account.clone(), new.identifiers.clone());
    let (done, taken) = (test.record(AuditKind::SignUp), test.record(AuditKind::SignUp));
    let records = (done.clone(), taken.clone());
    assert!(test.store.add_account(new, records.0, records.1).await.unwrap());

    assert_eq!(identifiers.len(), 2);
    for (_, _, digest) in identifiers {
        let found = test.store.find_account_by_identifier(&digest).await.unwrap();
        assert_eq!(found.as_ref(), Some(&account));
    }
    assert_eq!(test.store.find_account(account.id).await.unwrap(), Some(account));
    assert!(test.store.find_account(AccountId::generate()).await.unwrap().is_none());
    assert_eq!((test.kept(&done).await, test.kept(&taken).await), (true, false));
});

on_both_stores!(a_taken_phone_keeps_nothing_but_the_refusal, |test| {
    let person = Person::synthetic(1);
    let first = test.new_account(&person.profile());
    let record = || test.record(AuditKind::SignUp);
    assert!(test.store.add_account(first, record(), record()).await.unwrap());

    let profile = Profile { id_number: Person::synthetic(2).id_number, ..person.profile() };
    let second = test.new_account(&profile);
    let id = second.account.id;
    let (done, taken) = (record(), record());
    let added = test.store.add_account(second, done.clone(), taken.clone()).await.unwrap();

    assert!(!added);
    assert!(test.store.find_account(id).await.unwrap().is_none());
    assert_eq!(test.count("identifier_index").await, 2);
    assert_eq!((test.kept(&done).await, test.kept(&taken).await), (false, true));
});

on_both_stores!(a_rehash_changes_the_hash_and_nothing_else, |test| {
    let account = test.account().await;
    let hash = |from: &str, to: &str| {
        test.store.replace_password_hash(account.id, from.to_owned(), to.to_owned())
    };
    let now = || async { test.store.find_account(account.id).await.unwrap().unwrap() };

    hash("another hash", "stronger").await.unwrap();
    assert_eq!(now().await, account, "the password was changed meanwhile");
    hash("a hash", "stronger").await.unwrap();

    let rehashed = now().await;
    assert_eq!(rehashed.password_hash.as_deref(), Some("stronger"));
    assert_eq!(rehashed.credential_epoch, account.credential_epoch);
});

on_both_stores!(one_totp_app_is_enrolled_and_removed_with_its_recovery_codes, |test| {
    let account = test.account().await.id;
    let new =
        |secret| NewTotp { secret: vec![secret], step: 7, recovery: vec![digest(), digest()] };
    let record = || test.record(AuditKind::TotpEnrolled);
    let enrolled = || async { test.store.find_account(account).await.unwrap().unwrap().has_totp };
    assert!(!enrolled().await);

    test.store.enrol_totp(account, new(1), record()).await.unwrap();
    assert!(enrolled().await);
    assert!(!test.store.spend_totp_step(account, 7).await.unwrap(), "that step proved it");
    let (second, refusal) = (record(), record());
    let again = test.store.enrol_totp(account, new(2), second.clone()).await;
    assert!(matches!(again, Err(StoreError::Taken)), "{again:?}");
    assert!(!test.kept(&second).await);
    assert_eq!(test.store.find_totp(account).await.unwrap(), Some(vec![1]));
    assert_eq!(test.store.count_recovery_codes(account).await.unwrap(), 2);

    assert!(test.store.remove_totp(account, record()).await.unwrap());
    assert!(!enrolled().await);
    assert_eq!(test.store.count_recovery_codes(account).await.unwrap(), 0);
    assert_eq!(test.store.find_totp(account).await.unwrap(), None);
    assert!(!test.store.remove_totp(account, refusal.clone()).await.unwrap());
    assert!(!test.kept(&refusal).await);
    assert!(!test.store.spend_totp_step(account, 8).await.unwrap());
});

on_both_stores!(recovery_codes_belong_to_one_account_and_new_ones_replace_old_ones, |test| {
    let (mine, theirs) = (test.account().await.id, test.account().await.id);
    let (old, new) = (digest(), digest());
    let replace = |codes| {
        let record = test.record(AuditKind::TotpEnrolled);
        test.store.replace_recovery_codes(mine, codes, record)
    };
    replace(vec![old, digest()]).await.unwrap();

    assert!(!test.store.spend_recovery_code(theirs, old, NOW).await.unwrap());
    replace(vec![new]).await.unwrap();
    assert!(!test.store.spend_recovery_code(mine, old, NOW).await.unwrap());
    assert!(test.store.spend_recovery_code(mine, new, NOW).await.unwrap());
    assert!(!test.store.spend_recovery_code(mine, new, NOW).await.unwrap());
    assert_eq!(test.store.count_recovery_codes(mine).await.unwrap(), 0);
});

on_both_stores!(a_one_time_code_is_good_for_its_purpose_flow_and_time, |test| {
    let right = add(&test, digest(), "login").await;
    let spend = |attempt, now| test.store.spend_one_time_code(attempt, now);
    let wrong = [
        OneTimeCodeTry { purpose: "sign-up", ..right.clone() },
        OneTimeCodeTry { binding: digest(), ..right.clone() },
        OneTimeCodeTry { id: OneTimeCodeId::generate(), ..right.clone() },
        OneTimeCodeTry { code_digest: digest(), ..right.clone() },
    ];

    for attempt in wrong {
        assert!(spend(attempt, NOW).await.unwrap().is_none());
    }
    assert!(spend(right.clone(), later(300)).await.unwrap().is_none(), "it is over");
    let payload = test.store.find_one_time_code_payload(&right, later(299)).await.unwrap();
    assert_eq!(payload.as_deref(), Some(&b"sealed"[..]));
    assert!(spend(right.clone(), later(299)).await.unwrap().is_some());
    assert!(spend(right.clone(), later(299)).await.unwrap().is_none(), "it was used");
    assert!(test.store.find_one_time_code_payload(&right, NOW).await.unwrap().is_none());
});

on_both_stores!(a_new_code_of_the_same_flow_voids_the_one_before, |test| {
    let flow = digest();
    let first = add(&test, flow, "login").await;
    let other_purpose = add(&test, flow, "step-up").await;
    let other_flow = add(&test, digest(), "login").await;

    let second = add(&test, flow, "login").await;

    let spend = |attempt| test.store.spend_one_time_code(attempt, NOW);
    assert!(spend(first).await.unwrap().is_none());
    for good in [second, other_purpose, other_flow] {
        assert!(spend(good).await.unwrap().is_some());
    }
});

on_both_stores!(a_renewed_code_takes_the_place_of_the_one_before, |test| {
    let old = add(&test, digest(), "sign-up").await;
    let new = OneTimeCodeTry { code_digest: digest(), ..old.clone() };
    let renew = |of: &OneTimeCodeTry, seconds| {
        let record = test.record_at(AuditKind::CodeSent, later(seconds));
        test.store.renew_one_time_code(of.clone(), later(seconds + 300), record)
    };

    assert!(renew(&new, 200).await.unwrap());
    let spend = |attempt, now| test.store.spend_one_time_code(attempt, now);
    assert!(spend(old, later(201)).await.unwrap().is_none());
    let done = spend(new.clone(), later(499)).await.unwrap();
    assert_eq!(done.unwrap().payload, b"sealed");
    assert!(!renew(&new, 250).await.unwrap(), "it was used");
    let over = add(&test, digest(), "sign-up").await;
    assert!(!renew(&over, 300).await.unwrap(), "it is over");
});

/// A one-time code that waits for five minutes, and its right answer.
async fn add(test: &TestStore, binding: [u8; 32], purpose: &'static str) -> OneTimeCodeTry {
    let (id, code_digest) = (OneTimeCodeId::generate(), digest());
    let new = NewOneTimeCode {
        id,
        account_id: None,
        purpose,
        binding,
        code_digest,
        payload: b"sealed".to_vec(),
        expires_at: later(300),
    };
    test.store.add_one_time_code(new, test.record(AuditKind::CodeSent)).await.unwrap();
    OneTimeCodeTry { id, purpose, binding, code_digest }
}
