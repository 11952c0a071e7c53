//! Of concurrent callers one wins: one-time codes, TOTP steps, recovery codes, `jti`s, and attempts
//! (RFC 6238 §5.2; security.md P2, P6, I6, I7).

use yihao::clock::Timestamp;
use yihao::domain::attempts;
use yihao::domain::attempts::Attempts;
use yihao::domain::audit_event::AuditKind;
use yihao::domain::id::JtiDigest;
use yihao::domain::id::OneTimeCodeId;
use yihao::store::sql::AttemptKey;
use yihao::store::sql::NewOneTimeCode;
use yihao::store::sql::NewTotp;
use yihao::store::sql::OneTimeCodeTry;

use crate::store::CALLERS;
use crate::store::NOW;
use crate::store::ROUNDS;
use crate::store::TestStore;
use crate::store::digest;
use crate::store::later;
use crate::store::on_both_stores;
use crate::store::race;

on_both_stores!(a_totp_step_is_accepted_once_and_none_before_it, |test| {
    let account = test.account().await.id;
    let new = NewTotp { secret: vec![1], step: 0, recovery: Vec::new() };
    test.store.enrol_totp(account, new, test.record(AuditKind::TotpEnrolled)).await.unwrap();
    for round in 0..ROUNDS {
        let step = i64::try_from(10 * round + 10).unwrap();

        let same =
            race(
                &test,
                |node, _| async move { node.spend_totp_step(account, step).await.unwrap() },
            )
            .await;
        let neighbours = race(&test, |node, caller| async move {
            let step = step + i64::try_from(caller).unwrap() + 1;
            (step, node.spend_totp_step(account, step).await.unwrap())
        })
        .await;

        assert_eq!(same.iter().filter(|won| **won).count(), 1);
        let last = step + i64::try_from(CALLERS).unwrap();
        assert!(neighbours.contains(&(last, true)), "nothing later was there before it");
        assert!(!test.store.spend_totp_step(account, last).await.unwrap());
        assert!(!test.store.spend_totp_step(account, step).await.unwrap());
    }
});

on_both_stores!(a_recovery_code_is_accepted_once, |test| {
    let account = test.account().await.id;
    for _ in 0..ROUNDS {
        let code = digest();
        let codes = vec![code, digest()];
        let record = test.record(AuditKind::TotpEnrolled);
        test.store.replace_recovery_codes(account, codes, record).await.unwrap();

        let all = race(&test, |node, _| async move {
            node.spend_recovery_code(account, code, NOW).await.unwrap()
        })
        .await;

        assert_eq!(all.iter().filter(|won| **won).count(), 1);
        assert_eq!(test.store.count_recovery_codes(account).await.unwrap(), 1);
    }
});

on_both_stores!(a_jti_is_accepted_once, |test| {
    for _ in 0..ROUNDS {
        let jti = JtiDigest(digest());

        let all =
            race(&test, |node, _| async move { node.spend_jti(jti, later(60)).await.unwrap() })
                .await;

        assert_eq!(all.iter().filter(|won| **won).count(), 1);
    }
});

on_both_stores!(of_concurrent_right_answers_one_wins, |test| {
    for _ in 0..ROUNDS {
        let right = code(&test).await;

        let all = race(&test, |node, _| {
            let right = right.clone();
            async move { node.spend_one_time_code(right, NOW).await.unwrap() }
        })
        .await;

        assert_eq!(all.iter().flatten().count(), 1);
        assert_eq!(all.into_iter().flatten().next().unwrap().payload, b"sealed");
    }
});

on_both_stores!(a_one_time_code_is_tried_five_times_and_no_more, |test| {
    for _ in 0..ROUNDS {
        let right = code(&test).await;

        let wrong = race(&test, |node, _| {
            let wrong = OneTimeCodeTry { code_digest: digest(), ..right.clone() };
            async move { node.spend_one_time_code(wrong, NOW).await.unwrap() }
        })
        .await;

        assert_eq!(wrong.iter().flatten().count(), 0);
        let id = test.raw.key(right.id.0);
        let tries = format!("SELECT tries FROM one_time_code WHERE id = {id}");
        assert_eq!(test.raw.number(tries).await, 5, "eight tried, five were counted");
        let late = test.store.spend_one_time_code(right, NOW).await.unwrap();
        assert!(late.is_none(), "the right answer comes too late");
    }
});

on_both_stores!(no_more_attempts_are_admitted_than_the_rule_allows, |test| {
    for limits in [attempts::ACCOUNT, attempts::SECOND_FACTOR, attempts::MESSAGE] {
        for _ in 0..ROUNDS / 4 {
            let key = AttemptKey { digest: digest(), limits };
            let mut rule = Attempts::none(NOW);
            let mut now = NOW;
            for _ in 0..2 {
                let allowed = admitted_by(&mut rule, &key, now);

                let all = race(&test, |node, _| async move {
                    node.admit_attempt(vec![key], now).await.unwrap()
                })
                .await;

                assert_eq!(all.iter().filter(|one| one.is_ok()).count(), allowed);
                let wait = all.into_iter().find_map(Result::err).expect("eight are too many");
                assert_eq!(wait, rule.not_before);
                now = wait;
            }
        }
    }
});

on_both_stores!(an_attempt_counts_against_every_key_or_none, |test| {
    for _ in 0..ROUNDS / 4 {
        let tired = AttemptKey { digest: digest(), limits: attempts::MESSAGE };
        let source = AttemptKey { digest: digest(), limits: attempts::SOURCE };

        let all = race(&test, |node, _| async move {
            node.admit_attempt(vec![source, tired], NOW).await.unwrap()
        })
        .await;

        let admitted = all.iter().filter(|one| one.is_ok()).count();
        assert_eq!(failures(&test, &source).await, i64::try_from(admitted).unwrap());
        assert_eq!(failures(&test, &tired).await, i64::try_from(admitted).unwrap());
    }
});

/// How many of the callers the pure rule lets through, one after the other.
fn admitted_by(rule: &mut Attempts, key: &AttemptKey, now: Timestamp) -> usize {
    let before = rule.total;
    for _ in 0..CALLERS {
        if let Ok(next) = rule.admit(&key.limits, now) {
            *rule = next;
        }
    }
    usize::try_from(rule.total - before).unwrap()
}

async fn failures(test: &TestStore, key: &AttemptKey) -> i64 {
    let key = test.raw.bytes(&key.digest);
    test.raw.number(format!("SELECT failures FROM throttle WHERE key_digest = {key}")).await
}

/// A one-time code that waits, and its right answer.
async fn code(test: &TestStore) -> OneTimeCodeTry {
    let (id, binding, code_digest) = (OneTimeCodeId::generate(), digest(), digest());
    let new = NewOneTimeCode {
        id,
        account_id: None,
        purpose: "login",
        binding,
        code_digest,
        payload: b"sealed".to_vec(),
        expires_at: later(300),
    };
    test.store.add_one_time_code(new, test.record(AuditKind::CodeSent)).await.unwrap();
    OneTimeCodeTry { id, purpose: "login", binding, code_digest }
}
