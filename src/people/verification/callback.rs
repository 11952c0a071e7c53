//! A verification service tells us that there is a result. That is no result: it is asked for (design D11).

use http::HeaderMap;
use serde::Deserialize;

use crate::audit;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::CheckId;
use crate::domain::identity_check::CheckKind;
use crate::domain::request_context::RequestContext;
use crate::incoming_call;
use crate::incoming_call::NotTaken;
use crate::people::verification::VerifyError;
use crate::people::verification::ask;
use crate::provider::Provider;
use crate::signed_call::IncomingCall;

/// Where a service tells us that there is a result; the kind follows.
pub(super) const CALLBACK: &str = "/verification/callback";
/// The same, as a route.
pub const ROUTE: &str = "/verification/callback/{kind}";

/// Takes the word of the service, once, and asks it.
pub async fn receive(
    provider: &Provider,
    context: &RequestContext,
    kind: &str,
    (path, headers, body): (&str, &HeaderMap, &[u8]),
) -> Result<(), NotTaken> {
    #[derive(Deserialize)]
    struct Told {
        check: CheckId,
    }
    let kind = CheckKind::parse(kind).ok_or(NotTaken::NotOffered)?;
    let verifier = provider.verifiers.get(kind).ok_or(NotTaken::NotOffered)?;
    let (now, call) = (provider.clock.now(), IncomingCall { path, headers, body });
    let nonce = verifier.verify_call(&call, now);
    if let Err(refused) = incoming_call::accept(provider, kind.as_str(), nonce).await? {
        let event = audit::refused(AuditKind::RequestRefused, "callback not of the service");
        let event = event.detail("source", kind.as_str()).detail("code", refused.code());
        provider.store.record(event.record(provider, context)).await?;
        return Err(refused.into());
    }
    let told: Told = serde_json::from_slice(body).map_err(|_| NotTaken::Unknown)?;
    let check = provider.store.find_check(told.check).await?;
    let check = check.filter(|check| check.kind == kind).ok_or(NotTaken::Unknown)?;
    let Some(account) = provider.store.find_account(check.account_id).await? else {
        return Err(NotTaken::Unknown);
    };
    match ask(provider, context, &check, &account).await {
        Err(VerifyError::Store(error)) => Err(error.into()),
        // What is over stays so; the service has nothing more to do.
        _ => Ok(()),
    }
}
