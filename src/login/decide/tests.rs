//! The table of `decide`: each row a situation and what happens next.

use std::time::Duration;

use super::*;
use crate::domain::id::AccountId;
use crate::domain::id::SessionId;

const ADMITTED: Timestamp = Timestamp(1_000_000);
const BEFORE: Timestamp = Timestamp(400_000);
const AFTER: Timestamp = Timestamp(1_000_500);
const RECENT_SINCE: Timestamp = Timestamp(700_000);

fn session(proofs: &[(Method, Timestamp)]) -> Session {
    Session {
        id: SessionId::generate(),
        account_id: AccountId::generate(),
        proofs: proofs.iter().map(|&(method, at)| Proof { method, at }).collect(),
        created_at: BEFORE,
        last_seen_at: BEFORE,
        expires_at: Timestamp(i64::MAX),
        credential_epoch: 0,
        user_agent: String::new(),
    }
}

fn facts(level: u8, has_totp: bool, has_phone: bool) -> AccountFacts {
    AccountFacts {
        identity_assurance: IdentityAssurance::from_level(level).unwrap(),
        has_password: true,
        has_totp,
        has_phone,
        identity_reach: IdentityAssurance::from_level(level).unwrap(),
    }
}

fn plain() -> Requirement {
    Requirement { admitted_at: ADMITTED, ..Requirement::default() }
}

fn on(requirement: &Requirement, session: Option<&Session>, account: AccountFacts) -> Decision {
    decide(&Situation {
        requirement,
        signed_in: session.map(|session| (session, account)),
        barred: None,
        subject: SubjectState::Settled,
        is_hinted: true,
        consented_at: Some(BEFORE),
        first_party: false,
        recent_since: RECENT_SINCE,
        unverified: false,
    })
}

#[test]
fn nobody_signed_in() {
    let account = facts(1, false, true);
    assert_eq!(on(&plain(), None, account), Decision::LogIn);
    let silent = Requirement { silent: true, ..plain() };
    assert_eq!(on(&silent, None, account), Decision::Refuse(Refused::LoginRequired));
}

#[test]
fn a_session_is_enough_where_nothing_more_is_asked() {
    let session = session(&[(Method::Password, BEFORE)]);
    let silent = Requirement { silent: true, ..plain() };
    assert_eq!(on(&silent, Some(&session), facts(1, false, true)), Decision::Respond);
}

#[test]
fn a_fresh_login_counts_only_what_came_after_the_request() {
    let account = facts(1, false, true);
    let (old, new) =
        (session(&[(Method::Password, BEFORE)]), session(&[(Method::Password, AFTER)]));
    for requirement in [
        Requirement { fresh_login: true, ..plain() },
        Requirement { fresh_account: true, ..plain() },
        Requirement { max_age: Some(Duration::ZERO), ..plain() },
        Requirement { max_age: Some(Duration::from_secs(599)), ..plain() },
    ] {
        assert_eq!(on(&requirement, Some(&old), account), Decision::LogIn);
        assert_eq!(on(&requirement, Some(&new), account), Decision::Respond);
    }
    let young_enough = Requirement { max_age: Some(Duration::from_mins(10)), ..plain() };
    assert_eq!(on(&young_enough, Some(&old), account), Decision::Respond);
}

#[test]
fn step_up_asks_for_the_missing_factor() {
    use Method::{Password, RecoveryCode, Sms, Totp};
    let two = Requirement { acr: Some(Acr::Two), ..plain() };
    let known = session(&[(Password, BEFORE)]);
    let owned = session(&[(Sms, BEFORE)]);
    let both = session(&[(Password, BEFORE), (Totp, BEFORE)]);
    let prove = |methods: &[Method]| Decision::Prove(methods.to_vec());
    assert_eq!(on(&two, Some(&known), facts(1, true, true)), prove(&[Totp, RecoveryCode]));
    assert_eq!(on(&two, Some(&known), facts(1, false, true)), prove(&[Sms]));
    let just_now = session(&[(Password, RECENT_SINCE)]);
    assert_eq!(on(&two, Some(&just_now), facts(1, false, false)), Decision::Enrol);
    assert_eq!(on(&two, Some(&known), facts(1, false, false)), prove(&[Password]));
    assert_eq!(on(&two, Some(&owned), facts(1, false, true)), prove(&[Password]));
    assert_eq!(on(&two, Some(&both), facts(1, true, true)), Decision::Respond);
    let silent = Requirement { silent: true, ..two };
    let refused = Decision::Refuse(Refused::InteractionRequired);
    assert_eq!(on(&silent, Some(&known), facts(1, true, true)), refused);
}

#[test]
fn an_enrolled_app_is_asked_for_everywhere() {
    let known = session(&[(Method::Password, BEFORE)]);
    let asked = Decision::Prove(vec![Method::Totp, Method::RecoveryCode]);
    assert_eq!(on(&plain(), Some(&known), facts(0, true, true)), asked);
}

#[test]
fn a_phone_is_no_way_around_the_app() {
    use Method::{Password, RecoveryCode, Sms, Totp};
    let account = facts(1, true, true);
    let next = |methods: &[Method]| {
        let proofs: Vec<_> = methods.iter().map(|&method| (method, BEFORE)).collect();
        on(&plain(), Some(&session(&proofs)), account)
    };
    assert_eq!(next(&[Sms]), Decision::Prove(vec![Password, Totp, RecoveryCode]));
    assert_eq!(next(&[Sms, Password]), Decision::Prove(vec![Totp, RecoveryCode]));
    assert_eq!(next(&[Password, Sms]), Decision::Prove(vec![Totp, RecoveryCode]));
    assert_eq!(next(&[Sms, Totp]), Decision::Prove(vec![Password]));
    assert_eq!(next(&[Sms, Password, Totp]), Decision::Respond);
}

#[test]
fn without_a_password_or_app_there_is_nothing_left_to_ask() {
    let two = Requirement { acr: Some(Acr::Two), ..plain() };
    let owned = session(&[(Method::Sms, BEFORE)]);
    let account = AccountFacts { has_password: false, ..facts(1, false, true) };
    let refused = Decision::Refuse(Refused::UnmetRequirements);
    assert_eq!(on(&two, Some(&owned), account), refused);
}

#[test]
fn a_class_out_of_reach_is_refused_only_when_essential() {
    let known = session(&[(Method::Password, BEFORE)]);
    let voluntary = Requirement { acr: Some(Acr::Three), ..plain() };
    assert_eq!(on(&voluntary, Some(&known), facts(1, false, true)), Decision::Respond);
    let essential = Requirement { acr_essential: true, ..voluntary };
    let refused = Decision::Refuse(Refused::UnmetRequirements);
    assert_eq!(on(&essential, Some(&known), facts(1, false, true)), refused);
    let hardware = Requirement { acr: Some(Acr::Four), acr_essential: true, ..plain() };
    assert_eq!(on(&hardware, Some(&known), facts(3, true, true)), refused);
}

/// Somebody of level 1 whom a service could verify to level 2.
fn verifiable() -> AccountFacts {
    AccountFacts { identity_reach: IdentityAssurance::LIVE, ..facts(1, false, true) }
}

#[test]
fn a_class_within_reach_of_a_verification_leads_there() {
    use Method::{Password, Sms};
    let known = session(&[(Password, BEFORE)]);
    let voluntary = Requirement { acr: Some(Acr::Three), ..plain() };
    let essential = Requirement { acr_essential: true, ..voluntary.clone() };
    let verify = Decision::Verify(IdentityAssurance::LIVE);
    assert_eq!(on(&voluntary, Some(&known), verifiable()), verify);
    assert_eq!(on(&essential, Some(&known), verifiable()), verify);
    for requirement in [voluntary.clone(), essential] {
        let silent = Requirement { silent: true, ..requirement };
        let refused = Decision::Refuse(Refused::InteractionRequired);
        assert_eq!(on(&silent, Some(&known), verifiable()), refused);
    }
    // Once verified, the factors of the class are asked for as ever.
    let risen = facts(2, false, true);
    assert_eq!(on(&voluntary, Some(&known), risen), Decision::Prove(vec![Sms]));
    let both = session(&[(Password, BEFORE), (Sms, BEFORE)]);
    assert_eq!(on(&voluntary, Some(&both), risen), Decision::Respond);
    assert_eq!(on(&voluntary, Some(&both), verifiable()), verify);
    // A lower class asks for no verification, and the highest is reached by none.
    let two = Requirement { acr: Some(Acr::Two), ..plain() };
    assert_eq!(on(&two, Some(&both), verifiable()), Decision::Respond);
    let four = Requirement { acr: Some(Acr::Four), ..plain() };
    assert_eq!(on(&four, Some(&known), verifiable()), Decision::Respond);
    let four = Requirement { acr_essential: true, ..four };
    let unmet = Decision::Refuse(Refused::UnmetRequirements);
    assert_eq!(on(&four, Some(&known), verifiable()), unmet);
}

#[test]
fn what_the_account_asks_for_comes_before_a_verification() {
    use Method::{Password, RecoveryCode, Totp};
    let three = Requirement { acr: Some(Acr::Three), acr_essential: true, ..plain() };
    let account = AccountFacts { has_totp: true, ..verifiable() };
    let known = session(&[(Password, BEFORE)]);
    let asked = Decision::Prove(vec![Totp, RecoveryCode]);
    assert_eq!(on(&three, Some(&known), account), asked);
    let both = session(&[(Password, BEFORE), (Totp, BEFORE)]);
    assert_eq!(on(&three, Some(&both), account), Decision::Verify(IdentityAssurance::LIVE));
    assert_eq!(on(&three, None, account), Decision::LogIn);
    let fresh = Requirement { fresh_login: true, ..three };
    assert_eq!(on(&fresh, Some(&both), account), Decision::LogIn);
}

#[test]
fn nobody_is_verified_in_vain() {
    let three = Requirement { acr: Some(Acr::Three), acr_essential: true, ..plain() };
    let owned = session(&[(Method::Sms, BEFORE)]);
    let unmet = Decision::Refuse(Refused::UnmetRequirements);
    let without_password = AccountFacts { has_password: false, ..verifiable() };
    assert_eq!(on(&three, Some(&owned), without_password), unmet);
    assert_eq!(on(&three, Some(&owned), verifiable()), Decision::Verify(IdentityAssurance::LIVE));
}

#[test]
fn who_goes_on_without_a_verification_is_not_asked_again() {
    let known = session(&[(Method::Password, BEFORE)]);
    let judge = |acr_essential, account| {
        let requirement = Requirement { acr: Some(Acr::Three), acr_essential, ..plain() };
        decide(&Situation {
            requirement: &requirement,
            signed_in: Some((&known, account)),
            barred: None,
            subject: SubjectState::Settled,
            is_hinted: true,
            consented_at: Some(BEFORE),
            first_party: false,
            recent_since: RECENT_SINCE,
            unverified: true,
        })
    };
    assert_eq!(judge(false, verifiable()), Decision::Respond);
    assert_eq!(judge(true, verifiable()), Decision::Refuse(Refused::UnmetRequirements));
    // Who was verified meanwhile, elsewhere, is told as what he is.
    assert_eq!(judge(true, facts(2, false, true)), Decision::Prove(vec![Method::Sms]));
}

#[test]
fn who_is_barred_is_not_verified_first() {
    let known = session(&[(Method::Password, BEFORE)]);
    let requirement = Requirement { acr: Some(Acr::Three), ..plain() };
    let decision = decide(&Situation {
        requirement: &requirement,
        signed_in: Some((&known, verifiable())),
        barred: Some(Refused::Blocked),
        subject: SubjectState::Open,
        is_hinted: true,
        consented_at: None,
        first_party: false,
        recent_since: RECENT_SINCE,
        unverified: false,
    });
    assert_eq!(decision, Decision::Refuse(Refused::Blocked));
}

#[test]
fn the_person_of_the_hint_is_asked_once() {
    let judge = |at, silent| {
        let session = session(&[(Method::Password, at)]);
        let requirement = Requirement { silent, ..plain() };
        decide(&Situation {
            requirement: &requirement,
            signed_in: Some((&session, facts(1, false, true))),
            barred: None,
            subject: SubjectState::Settled,
            is_hinted: false,
            consented_at: Some(BEFORE),
            first_party: false,
            recent_since: RECENT_SINCE,
            unverified: false,
        })
    };
    assert_eq!(judge(BEFORE, false), Decision::LogIn);
    assert_eq!(judge(BEFORE, true), Decision::Refuse(Refused::LoginRequired));
    assert_eq!(judge(AFTER, false), Decision::Refuse(Refused::LoginRequired));
}

#[test]
fn consent_is_asked_when_missing_or_asked_for_anew() {
    let session = session(&[(Method::Password, BEFORE)]);
    let judge = |requirement: &Requirement, consented_at, first_party| {
        decide(&Situation {
            requirement,
            signed_in: Some((&session, facts(1, false, true))),
            barred: None,
            subject: SubjectState::Settled,
            is_hinted: true,
            consented_at,
            first_party,
            recent_since: RECENT_SINCE,
            unverified: false,
        })
    };
    let silent = Requirement { silent: true, ..plain() };
    let anew = Requirement { fresh_consent: true, ..plain() };
    assert_eq!(judge(&plain(), None, false), Decision::Consent);
    assert_eq!(judge(&plain(), None, true), Decision::Respond);
    assert_eq!(judge(&silent, None, false), Decision::Refuse(Refused::ConsentRequired));
    assert_eq!(judge(&anew, Some(BEFORE), false), Decision::Consent);
    assert_eq!(judge(&anew, Some(BEFORE), true), Decision::Consent);
    assert_eq!(judge(&anew, Some(AFTER), false), Decision::Respond);
}

#[test]
fn who_blocked_the_client_is_not_logged_in_to_it() {
    let requirement = plain();
    let session = session(&[(Method::Password, BEFORE)]);
    let judge = |silent, proofs: &Session| {
        decide(&Situation {
            requirement: &Requirement { silent, ..requirement.clone() },
            signed_in: Some((proofs, facts(1, false, true))),
            barred: Some(Refused::Blocked),
            subject: SubjectState::Settled,
            is_hinted: true,
            consented_at: Some(BEFORE),
            first_party: true,
            recent_since: RECENT_SINCE,
            unverified: false,
        })
    };
    assert_eq!(judge(false, &session), Decision::Refuse(Refused::Blocked));
    assert_eq!(judge(true, &session), Decision::Refuse(Refused::Blocked));
}
