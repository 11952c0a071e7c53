//! What an authorization request needs next from this browser: one pure function, asked again after
//! every step (OpenID Connect Core §3.1.2.1–§3.1.2.6; design D5).

use std::time::Duration;

use crate::clock::Timestamp;
use crate::domain::assurance::Acr;
use crate::domain::assurance::AuthenticatorAssurance;
use crate::domain::assurance::Factor;
use crate::domain::assurance::IdentityAssurance;
use crate::domain::assurance::Method;
use crate::domain::assurance::Proof;
use crate::domain::assurance::Requirement;
use crate::domain::session::Session;

/// What is known of the account behind the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountFacts {
    /// How well the identity is established.
    pub identity_assurance: IdentityAssurance,
    /// A password is set.
    pub has_password: bool,
    /// A TOTP app is enrolled: the account then asks for two factors everywhere.
    pub has_totp: bool,
    /// A phone can receive codes.
    pub has_phone: bool,
}

/// Everything the decision looks at.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// What the request asks.
    pub requirement: &'a Requirement,
    /// The session of this browser with its account, if there is one.
    pub signed_in: Option<(&'a Session, AccountFacts)>,
    /// Whether the session is that of the person an `id_token_hint` names; true without a hint.
    pub is_hinted: bool,
    /// When the person agreed to everything that is asked; none when something is missing.
    pub consented_at: Option<Timestamp>,
    /// Whether this client needs no consent.
    pub first_party: bool,
}

/// What happens next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Answer with a code.
    Respond,
    /// Show who you are, with the first factor.
    LogIn,
    /// Show a further factor, one of these.
    Prove(Vec<Method>),
    /// No further factor exists yet: enrol one.
    Enrol,
    /// Ask what may be shared.
    Consent,
    /// Tell the client why not.
    Refuse(Refused),
}

/// Why the request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refused {
    /// `login_required`
    LoginRequired,
    /// `interaction_required`
    InteractionRequired,
    /// `consent_required`
    ConsentRequired,
    /// `unmet_authentication_requirements`
    UnmetRequirements,
}

/// Decides. First whose browser this is, then how sure we are, then what may be shared.
pub fn decide(situation: &Situation<'_>) -> Decision {
    let requirement = situation.requirement;
    let Some((session, account)) = situation.signed_in else {
        return ask(requirement, Decision::LogIn, Refused::LoginRequired);
    };
    let counted = counted_proofs(requirement, session);
    if counted.is_empty() {
        return ask(requirement, Decision::LogIn, Refused::LoginRequired);
    }
    if !situation.is_hinted {
        // Whoever just logged in as somebody else is not asked a second time.
        let fresh = counted.iter().any(|proof| proof.at >= requirement.admitted_at);
        return if fresh {
            Decision::Refuse(Refused::LoginRequired)
        } else {
            ask(requirement, Decision::LogIn, Refused::LoginRequired)
        };
    }
    let strong = strong_proofs(counted, account);
    match wanted(requirement, account) {
        Err(refused) => return Decision::Refuse(refused),
        Ok(wanted) if AuthenticatorAssurance::of(&strong) < wanted => {
            let step = next_factor(&strong, account);
            return ask(requirement, step, Refused::InteractionRequired);
        }
        Ok(_) => {}
    }
    let agreed = situation
        .consented_at
        .is_some_and(|at| !requirement.fresh_consent || at >= requirement.admitted_at);
    if agreed || (situation.first_party && !requirement.fresh_consent) {
        return Decision::Respond;
    }
    ask(requirement, Decision::Consent, Refused::ConsentRequired)
}

/// `prompt=none` shows nothing.
fn ask(requirement: &Requirement, step: Decision, refused: Refused) -> Decision {
    if requirement.silent { Decision::Refuse(refused) } else { step }
}

/// Proofs that are fresh enough: none before the request where it asks for a new one, none older than
/// `max_age` when it was made.
fn counted_proofs(requirement: &Requirement, session: &Session) -> Vec<Proof> {
    let age = if requirement.fresh_login || requirement.fresh_account {
        Some(Duration::ZERO)
    } else {
        requirement.max_age
    };
    let oldest = age.map(|age| requirement.admitted_at.minus(age));
    session
        .proofs
        .iter()
        .copied()
        .filter(|proof| oldest.is_none_or(|oldest| proof.at >= oldest))
        .collect()
}

/// Proofs that count as factors. A phone is no way around an app that was enrolled to be stronger,
/// whether it was shown first or second.
fn strong_proofs(counted: Vec<Proof>, account: AccountFacts) -> Vec<Proof> {
    let weak = |proof: &Proof| account.has_totp && proof.method == Method::Sms;
    counted.into_iter().filter(|proof| !weak(proof)).collect()
}

/// How strong the proofs have to be. A class that the identity cannot reach is refused when essential
/// and otherwise left alone: the answer then tells the true, lower class.
fn wanted(
    requirement: &Requirement,
    account: AccountFacts,
) -> Result<AuthenticatorAssurance, Refused> {
    let own = if account.has_totp {
        AuthenticatorAssurance::TWO_FACTORS
    } else {
        AuthenticatorAssurance::ONE_FACTOR
    };
    let Some((identity, authenticator)) = requirement.acr.map(Acr::demands) else { return Ok(own) };
    let reachable = account.identity_assurance >= identity
        && authenticator <= AuthenticatorAssurance::TWO_FACTORS;
    if reachable {
        Ok(own.max(authenticator))
    } else if requirement.acr_essential {
        Err(Refused::UnmetRequirements)
    } else {
        Ok(own)
    }
}

/// The factor that is still missing.
fn next_factor(counted: &[Proof], account: AccountFacts) -> Decision {
    let has = |factor| counted.iter().any(|proof| proof.method.factor() == factor);
    let methods: Vec<_> = Method::ALL
        .into_iter()
        .filter(|method| !has(method.factor()))
        .filter(|method| match method {
            Method::Password => account.has_password,
            Method::Totp | Method::RecoveryCode => account.has_totp,
            Method::Sms => account.has_phone && !account.has_totp,
        })
        .collect();
    match methods.is_empty() {
        true if has(Factor::Knowledge) => Decision::Enrol,
        true => Decision::Refuse(Refused::UnmetRequirements),
        false => Decision::Prove(methods),
    }
}

#[cfg(test)]
mod tests;
