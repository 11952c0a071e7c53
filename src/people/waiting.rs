//! Sign-ups that wait: the phone is proven, the register was away. Nothing exists of them until it answers, nobody
//! is told anything a stranger could not know, and the person is told by text message what came of it.

use std::time::Duration;

use crate::audit;
use crate::domain::account::IdentifierKind;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::WaitingSignUpId;
use crate::domain::request_context::RequestContext;
use crate::messages;
use crate::messages::Notice;
use crate::people::sign_up;
use crate::people::sign_up::Payload;
use crate::people::sign_up::SignUpError;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::store::sql::WaitingSignUp;

/// How long a sign-up waits.
pub const PATIENCE: Duration = Duration::from_hours(72);
/// Between two questions to a register that was away.
const PAUSE: Duration = Duration::from_mins(1);
/// What the seal is bound to.
const PURPOSE: &str = "waiting sign-up";

/// Has a sign-up wait; `false` when too many do.
pub(super) async fn keep(
    provider: &Provider,
    context: &RequestContext,
    payload: &Payload,
) -> Result<bool, SignUpError> {
    let json = serde_json::to_vec(payload).map_err(|_| StoreError::Unreadable("sign-up"))?;
    let now = provider.clock.now();
    let phone = payload.profile.phone.as_deref().unwrap_or_default();
    let waiting = WaitingSignUp {
        id: WaitingSignUpId::generate(),
        phone: provider.vault.index(IdentifierKind::Phone, phone),
        payload: provider.vault.seal_data(PURPOSE, &json),
        created_at: now,
        due_at: now.plus(PAUSE),
        expires_at: now.plus(PATIENCE),
    };
    let record = audit::done(AuditKind::SignUpWaits).record(provider, context);
    Ok(provider.store.keep_sign_up(waiting, record).await?)
}

/// Asks the register about everybody who waits for it.
pub async fn follow(provider: &Provider) -> Result<(), StoreError> {
    let context = RequestContext::internal("sign-up");
    for waiting in provider.store.due_sign_ups(provider.clock.now()).await? {
        match look(provider, &context, &waiting).await {
            Ok(()) => {}
            Err(SignUpError::Store(error)) => return Err(error),
            Err(error) => {
                tracing::error!(%error, "a sign-up that waits could not be looked at");
                let due = provider.clock.now().plus(PAUSE);
                provider.store.put_off_sign_up(waiting.id, due).await?;
            }
        }
    }
    Ok(())
}

async fn look(
    provider: &Provider,
    context: &RequestContext,
    waiting: &WaitingSignUp,
) -> Result<(), SignUpError> {
    let json = provider.vault.open_data(PURPOSE, &waiting.payload)?;
    let mut payload: Payload =
        serde_json::from_slice(&json).map_err(|_| StoreError::Unreadable("sign-up"))?;
    let phone = payload.profile.phone.clone().unwrap_or_default();
    let now = provider.clock.now();
    if now >= waiting.expires_at {
        return give_up(provider, context, (waiting.id, &phone), "the register stayed away").await;
    }
    let profile = &payload.profile;
    let answer = provider.population.compare(&profile.name, profile.key()).await;
    match answer.map(|answer| sign_up::earned(answer, profile.key())) {
        Err(away) => {
            metrics::counter!("register_failures_total").increment(1);
            tracing::warn!(error = %away.0, "the population register is away");
            Ok(provider.store.put_off_sign_up(waiting.id, now.plus(PAUSE)).await?)
        }
        Ok(None) => {
            let why = "register does not confirm";
            give_up(provider, context, (waiting.id, &phone), why).await
        }
        Ok(Some(earned)) => {
            payload.assurance = earned;
            let notice = match sign_up::complete(provider, context, payload, Some(waiting.id)).await
            {
                Ok(_) => Notice::SignedUp,
                Err(SignUpError::Exists) => Notice::SignedUpBefore,
                Err(error) => return Err(error),
            };
            messages::notify_phone(provider, &phone, notice);
            Ok(())
        }
    }
}

async fn give_up(
    provider: &Provider,
    context: &RequestContext,
    (id, phone): (WaitingSignUpId, &str),
    why: &str,
) -> Result<(), SignUpError> {
    let record = audit::refused(AuditKind::SignUpWaits, why).record(provider, context);
    if provider.store.drop_sign_up(id, record).await? {
        messages::notify_phone(provider, phone, Notice::NotSignedUp);
    }
    Ok(())
}
