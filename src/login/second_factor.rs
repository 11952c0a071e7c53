//! A further factor in a session that has the first: counted against the account, not the flow
//! (security.md A-46).

use crate::audit;
use crate::domain::account::Account;
use crate::domain::assurance::Method;
use crate::domain::audit_event::AuditKind;
use crate::domain::request_context::RequestContext;
use crate::login::LoginError;
use crate::login::authenticators;
use crate::login::authenticators::Attempt;
use crate::login::authenticators::Challenge;
use crate::provider::Provider;
use crate::throttle;
use crate::throttle::ThrottleError;

/// Begins a method that needs a challenge.
pub async fn begin(
    provider: &Provider,
    method: Method,
    attempt: &Attempt<'_>,
) -> Result<Challenge, LoginError> {
    authenticators::of(method).begin(provider, attempt).await
}

/// Judges the answer.
pub async fn prove(
    provider: &Provider,
    method: Method,
    attempt: &Attempt<'_>,
    answer: &str,
) -> Result<(), LoginError> {
    let account = attempt.account.ok_or(LoginError::SessionOver)?;
    let context = attempt.context;
    // A password in second place is guessed at like one in the first.
    let admitted = match method {
        Method::Password => {
            let counted = throttle::Counted::Account(account.id);
            throttle::admit(provider, context, counted, true).await
        }
        _ => throttle::admit_second(provider, account.id).await,
    };
    let admitted = match admitted {
        Ok(admitted) => admitted,
        Err(ThrottleError::TooMany) => {
            return refuse(provider, context, (account, method), "too many attempts").await;
        }
        Err(ThrottleError::Store(error)) => return Err(error.into()),
    };
    match authenticators::of(method).verify(provider, attempt, answer).await {
        Ok(()) => Ok(throttle::forgive(provider, admitted).await?),
        Err(LoginError::Rejected | LoginError::CodeWrong) => {
            refuse(provider, context, (account, method), "wrong answer").await
        }
        Err(error) => {
            throttle::give_back(provider, admitted).await?;
            Err(error)
        }
    }
}

async fn refuse(
    provider: &Provider,
    context: &RequestContext,
    (account, method): (&Account, Method),
    reason: &str,
) -> Result<(), LoginError> {
    let event = audit::refused(AuditKind::StepUp, reason).detail("method", method.as_str());
    let event = event.account(account);
    provider.store.record(event.record(provider, context)).await?;
    Err(LoginError::CodeWrong)
}
