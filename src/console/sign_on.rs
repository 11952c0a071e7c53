//! An operator's login: password and a code of the app, together, judged with one answer for everything that
//! is wrong; a session of its own, idle 15 minutes, 8 hours at most (security.md 0.3; GB/T 22239-2019 8.1.4.1).

use std::time::Duration;

use crate::audit;
use crate::console;
use crate::console::Actor;
use crate::console::ConsoleError;
use crate::console::invitations;
use crate::console::invitations::AcceptError;
use crate::crypto::password::Verification;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::OperatorSessionDigest;
use crate::domain::operator::LoginName;
use crate::domain::operator::Operator;
use crate::domain::password;
use crate::domain::request_context::RequestContext;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::throttle;
use crate::throttle::Admitted;
use crate::throttle::ThrottleError;
use crate::totp;
use crate::totp::Skew;
use crate::vault::VaultError;

/// Without use, a session ends.
const IDLE: Duration = Duration::from_mins(15);
/// It ends after this time, whatever happens.
const ABSOLUTE: Duration = Duration::from_hours(8);
/// Use is noted to this.
const TOUCH: Duration = Duration::from_mins(1);

/// What the form says.
#[derive(Debug, Clone, Copy)]
pub struct Login<'a> {
    /// Who.
    pub login_name: &'a str,
    /// The password.
    pub password: &'a str,
    /// The code of the app.
    pub code: &'a str,
}

/// Why nobody is logged in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Something is wrong: nobody is told what.
    #[error("rejected")]
    Rejected,
    /// Too many hashes at this moment.
    #[error("busy")]
    Busy,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// Why an operator's password is not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The old one, or the code, is wrong.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// The new one may not be chosen.
    #[error(transparent)]
    New(#[from] AcceptError),
}

/// Logs in: the session of the new digest begins, that of the old one ends.
pub async fn log_in(
    provider: &Provider,
    context: &RequestContext,
    login: Login<'_>,
    sessions: (Option<OperatorSessionDigest>, OperatorSessionDigest),
) -> Result<(), LoginError> {
    let (operator, step, admitted) = prove(provider, context, login).await?;
    let record = audit::done(AuditKind::OperatorLogin).operator(operator.id);
    let record = record.record(provider, context);
    let times = (step, provider.clock.now().plus(ABSOLUTE));
    if !provider.store.start_operator_session(sessions, &operator, times, record).await? {
        return refuse(provider, context, Some(&operator), "the code was used").await;
    }
    throttle::forgive(provider, admitted).await?;
    metrics::counter!("operator_logins_total").increment(1);
    Ok(())
}

/// Sets another password for who shows the old one and the app; every session ends, this one among them.
pub async fn change_password(
    actor: Actor<'_>,
    (current, code): (&str, &str),
    (new, again): (&str, &str),
) -> Result<(), ChangeError> {
    let (provider, context) = (actor.provider, actor.context);
    let login_name = &actor.operator.login_name;
    let name = console::name_of(provider, &actor.operator.name).map_err(LoginError::from)?;
    let bytes = invitations::check_password(provider, (new, again), [&name, login_name]).await?;
    let login = Login { login_name, password: current, code };
    let (operator, step, admitted) = prove(provider, context, login).await?;
    let hash = provider.passwords.hash(&bytes).await.map_err(|_| LoginError::Busy)?;
    let record = audit::done(AuditKind::OperatorPasswordChanged).operator(operator.id);
    let record = record.record(provider, context);
    let change = provider.store.change_operator_password(operator.id, (step, hash), record);
    if !change.await.map_err(LoginError::from)? {
        return Ok(refuse(provider, context, Some(&operator), "the code was used").await?);
    }
    Ok(throttle::forgive(provider, admitted).await.map_err(LoginError::from)?)
}

/// Judges name, password and code; gives the step the code belongs to, which is not spent yet.
async fn prove(
    provider: &Provider,
    context: &RequestContext,
    login: Login<'_>,
) -> Result<(Operator, i64, Admitted), LoginError> {
    let Some(name) = LoginName::parse(login.login_name) else {
        return refuse(provider, context, None, "not a login name").await;
    };
    let operator = provider.store.find_operator_by_login_name(name.as_str()).await?;
    let admitted = match throttle::admit_operator(provider, context, name.as_str()).await {
        Ok(admitted) => admitted,
        Err(ThrottleError::TooMany) => {
            return refuse(provider, context, operator.as_ref(), "too many attempts").await;
        }
        Err(ThrottleError::Store(error)) => return Err(error.into()),
    };
    // One hash, whether or not anybody has the name; the code is looked at afterwards, so that a right
    // password alone is told from a wrong one by nothing.
    let right = match verify(provider, operator.as_ref(), login.password).await {
        Ok(right) => right,
        Err(error) => {
            throttle::give_back(provider, admitted).await?;
            return Err(error);
        }
    };
    let Some(operator) = operator else {
        return refuse(provider, context, None, "nobody").await;
    };
    let now = provider.clock.now();
    let secret = provider
        .vault
        .open_data(&invitations::secret_purpose(operator.id), &operator.totp_secret)?;
    let step = totp::matching_step(&secret, login.code, Skew::None, now);
    let Some(step) = step.filter(|_| right && operator.is_active) else {
        return refuse(provider, context, Some(&operator), "wrong answer").await;
    };
    Ok((operator, step, admitted))
}

/// Who is logged in under this digest.
pub async fn find(
    provider: &Provider,
    digest: OperatorSessionDigest,
) -> Result<Option<Operator>, ConsoleError> {
    let now = provider.clock.now();
    let found = provider.store.find_operator_session(digest, IDLE, now).await?;
    let Some(session) = found else { return Ok(None) };
    if now.since(session.last_seen_at) > TOUCH {
        provider.store.touch_operator_session(digest, now).await?;
    }
    Ok(Some(session.operator))
}

/// Logs out.
pub async fn log_out(
    provider: &Provider,
    context: &RequestContext,
    operator: &Operator,
    digest: OperatorSessionDigest,
) -> Result<(), StoreError> {
    let record = audit::done(AuditKind::OperatorLogout).operator(operator.id);
    provider.store.end_operator_session(digest, record.record(provider, context)).await
}

async fn verify(
    provider: &Provider,
    operator: Option<&Operator>,
    typed: &str,
) -> Result<bool, LoginError> {
    let Some(bytes) = password::normalize(typed) else { return Ok(false) };
    let verified = match operator {
        Some(operator) => provider.passwords.verify(&bytes, &operator.password_hash).await,
        None => provider.passwords.verify_nothing(&bytes).await,
    };
    let verified = verified.map_err(|_| LoginError::Busy)?;
    Ok(operator.is_some() && verified != Verification::Wrong)
}

async fn refuse<T>(
    provider: &Provider,
    context: &RequestContext,
    operator: Option<&Operator>,
    reason: &str,
) -> Result<T, LoginError> {
    let mut event = audit::refused(AuditKind::OperatorLogin, reason);
    if let Some(operator) = operator {
        event = event.operator(operator.id);
    }
    provider.store.record(event.record(provider, context)).await?;
    Err(LoginError::Rejected)
}
