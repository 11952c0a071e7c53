//! The session that remembers what was proven: begun with the first proof, its id changed with every further
//! one (security.md A-42).

use crate::audit;
use crate::domain::account::Account;
use crate::domain::account::Profile;
use crate::domain::assurance::Method;
use crate::domain::assurance::Proof;
use crate::domain::audit_event::AuditKind;
use crate::domain::division;
use crate::domain::id::AccountId;
use crate::domain::id::SessionDigest;
use crate::domain::id::SessionId;
use crate::domain::request_context::RequestContext;
use crate::domain::session::Session;
use crate::login::LoginError;
use crate::login::decide::AccountFacts;
use crate::provider::Provider;
use crate::store::sql::NewSession;
use crate::store::sql::SessionEnd;

/// The cookie the browser had and the one it gets.
pub struct CookieChange {
    /// The digest of the session cookie it sent.
    pub from: Option<SessionDigest>,
    /// The digest of the one it gets now.
    pub to: SessionDigest,
}

/// Remembers a proof: in the session of the same account, or in a new one that ends whatever session
/// the browser had. Says which session it is.
pub async fn remember(
    provider: &Provider,
    context: &RequestContext,
    (account, method): (&Account, Method),
    current: Option<&Session>,
    cookies: CookieChange,
) -> Result<SessionId, LoginError> {
    let now = provider.clock.now();
    let proof = Proof { method, at: now };
    let same = current.filter(|session| session.account_id == account.id);
    if let (Some(session), Some(from)) = (same, cookies.from) {
        let kind = if session.proofs.iter().any(|known| known.method == method) {
            AuditKind::Login
        } else {
            AuditKind::StepUp
        };
        let record = proven(provider, kind, account, method).record(provider, context);
        let proofs = session.proofs_with(proof);
        let raised = provider.store.raise_session(from, cookies.to, &proofs, record).await?;
        return if raised { Ok(session.id) } else { Err(LoginError::SessionOver) };
    }
    let record = proven(provider, AuditKind::Login, account, method).record(provider, context);
    let session = Session {
        id: SessionId::generate(),
        account_id: account.id,
        proofs: vec![proof],
        created_at: now,
        last_seen_at: now,
        expires_at: now.plus(provider.config.session_lifetime().absolute),
        credential_epoch: account.credential_epoch,
        user_agent: context.user_agent.clone(),
    };
    let id = session.id;
    let new = NewSession { session, digest: cookies.to, replaces: cookies.from };
    provider.store.start_session(new, record, now).await?;
    metrics::counter!("logins_total", "method" => method.as_str()).increment(1);
    Ok(id)
}

/// What the audit record of a proof says. The city, and no more of the number, is for the statistics: some
/// hundred thousand people have the same.
fn proven<'a>(
    provider: &Provider,
    kind: AuditKind,
    account: &'a Account,
    method: Method,
) -> audit::Event<'a> {
    let event = audit::done(kind).account(account).detail("method", method.as_str());
    if kind != AuditKind::Login {
        return event;
    }
    let profile = provider.vault.open_profile(account).ok();
    let division = profile.as_ref().and_then(|profile| profile.key().division());
    match division.and_then(division::city_of) {
        Some(city) => event.detail("city", city),
        None => event,
    }
}

/// Ends the session at its owner's wish; every client it reached is told.
pub async fn sign_off(
    provider: &Provider,
    context: &RequestContext,
    account: AccountId,
    session: SessionId,
) -> Result<(), LoginError> {
    let Some(account) = provider.store.find_account(account).await? else { return Ok(()) };
    let record = audit::done(AuditKind::Logout).account(&account).record(provider, context);
    provider.store.end_sessions(account.id, SessionEnd::One(session), record).await?;
    Ok(())
}

/// What `decide` looks at of an account; how far a verification would lead is not known here.
pub fn facts(account: &Account, profile: &Profile) -> AccountFacts {
    AccountFacts {
        identity_assurance: account.identity_assurance,
        has_password: account.password_hash.is_some(),
        has_totp: account.has_totp,
        has_phone: profile.phone.is_some() && account.choices.allows(Method::Sms),
        identity_reach: account.identity_assurance,
    }
}
