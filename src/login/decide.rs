//! What an authorization request needs next from this browser: one pure function, asked again after
//! every step (OpenID Connect Core §3.1.2.1–§3.1.2.6; design D5).

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
    /// How well it would be established after a verification that can be made at once, without a counter.
    pub identity_reach: IdentityAssurance,
}

/// Everything the decision looks at.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// What the request asks.
    pub requirement: &'a Requirement,
    /// The session of this browser with its account, if there is one.
    pub signed_in: Option<(&'a Session, AccountFacts)>,
    /// Why this person is not logged in to the client at all, if so.
    pub barred: Option<Refused>,
    /// Whether it is settled for whom the person comes.
    pub subject: SubjectState,
    /// Whether the session is that of the person an `id_token_hint` names; true without a hint.
    pub is_hinted: bool,
    /// When the person agreed to everything that is asked; none when something is missing.
    pub consented_at: Option<Timestamp>,
    /// Whether this client needs no consent.
    pub first_party: bool,
    /// A password typed since then is fresh enough to enrol an app on.
    pub recent_since: Timestamp,
    /// The person does not want to be verified for this request.
    pub unverified: bool,
}

/// Whether it is settled for whom a person comes to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectState {
    /// It is.
    Settled,
    /// The person has to choose.
    Open,
    /// For nobody whom the client takes, or whom it asked for.
    Nobody,
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
    /// The class asks for this level of identity: be verified, or go on without.
    Verify(IdentityAssurance),
    /// Ask for whom the person comes.
    ChooseSubject,
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
    /// `access_denied`: the client is not for this person.
    NotAdmitted,
    /// `access_denied`: the person blocked the client.
    Blocked,
    /// `account_selection_required`
    SubjectOpen,
    /// `access_denied`: the person represents nobody the client takes.
    NoSubject,
    /// `consent_required`
    ConsentRequired,
    /// `unmet_authentication_requirements`
    UnmetRequirements,
}

/// Decides. First whose browser this is, then how sure we are, for whom they come, and what may be shared.
pub fn decide(situation: &Situation<'_>) -> Decision {
    let requirement = situation.requirement;
    let Some((session, account)) = situation.signed_in else {
        return ask(requirement, Decision::LogIn, Refused::LoginRequired);
    };
    let counted = session.counting(requirement).proofs;
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
    if let Some(refused) = situation.barred {
        return Decision::Refuse(refused);
    }
    let strong = strong_proofs(counted, account);
    match wanted(situation, &strong, account) {
        Err(refused) => return Decision::Refuse(refused),
        Ok(wanted) if AuthenticatorAssurance::of(&strong) < wanted.factors => {
            let step = next_factor(&strong, account, situation.recent_since);
            return ask(requirement, step, Refused::InteractionRequired);
        }
        Ok(Wanted { identity: Some(level), .. }) => {
            return ask(requirement, Decision::Verify(level), Refused::InteractionRequired);
        }
        Ok(_) => {}
    }
    match situation.subject {
        SubjectState::Settled => {}
        SubjectState::Open => {
            return ask(requirement, Decision::ChooseSubject, Refused::SubjectOpen);
        }
        SubjectState::Nobody => return Decision::Refuse(Refused::NoSubject),
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

/// Proofs that count as factors. A phone is no way around an app that was enrolled to be stronger,
/// whether it was shown first or second.
fn strong_proofs(counted: Vec<Proof>, account: AccountFacts) -> Vec<Proof> {
    let weak = |proof: &Proof| account.has_totp && proof.method == Method::Sms;
    counted.into_iter().filter(|proof| !weak(proof)).collect()
}

/// What has to be proven before the request goes on.
struct Wanted {
    /// How strong the proofs have to be.
    factors: AuthenticatorAssurance,
    /// The level of identity that is still to be reached.
    identity: Option<IdentityAssurance>,
}

/// What is wanted. A class out of reach is refused when essential and otherwise left alone: the answer then
/// tells the true, lower class. Who has to be verified first shows what the account itself asks for, and the
/// factors of the class afterwards: nobody is asked for them in vain who then goes on without.
fn wanted(
    situation: &Situation<'_>,
    strong: &[Proof],
    account: AccountFacts,
) -> Result<Wanted, Refused> {
    let requirement = situation.requirement;
    let own = if account.has_totp {
        AuthenticatorAssurance::TWO_FACTORS
    } else {
        AuthenticatorAssurance::ONE_FACTOR
    };
    let as_it_is = Wanted { factors: own, identity: None };
    let Some((identity, authenticator)) = requirement.acr.map(Acr::demands) else {
        return Ok(as_it_is);
    };
    if authenticator <= AuthenticatorAssurance::TWO_FACTORS {
        if account.identity_assurance >= identity {
            return Ok(Wanted { factors: own.max(authenticator), ..as_it_is });
        }
        let step = next_factor(strong, account, situation.recent_since);
        let provable = AuthenticatorAssurance::of(strong) >= authenticator
            || step != Decision::Refuse(Refused::UnmetRequirements);
        // A verification begins with the password.
        let verifiable = account.identity_reach >= identity && account.has_password && provable;
        if verifiable && !situation.unverified {
            return Ok(Wanted { identity: Some(identity), ..as_it_is });
        }
    }
    if requirement.acr_essential { Err(Refused::UnmetRequirements) } else { Ok(as_it_is) }
}

/// The factor that is still missing. An app is enrolled by who typed the password a moment ago: an old
/// session is no proof of who sits in front of it (security.md A-45).
fn next_factor(counted: &[Proof], account: AccountFacts, recent_since: Timestamp) -> Decision {
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
    let is_recent = |proof: &Proof| proof.method == Method::Password && proof.at >= recent_since;
    match methods.is_empty() {
        true if counted.iter().any(is_recent) => Decision::Enrol,
        true if has(Factor::Knowledge) => Decision::Prove(vec![Method::Password]),
        true => Decision::Refuse(Refused::UnmetRequirements),
        false => Decision::Prove(methods),
    }
}

#[cfg(test)]
mod tests;
