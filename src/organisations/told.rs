//! The register tells us that something changed at organisations; the contract is
//! `docs/integration/legal-entity-register.md`. What changed is not believed, but asked: `following` does.

use std::collections::BTreeSet;

use http::HeaderMap;
use serde::Deserialize;

use crate::audit;
use crate::domain::audit_event::AuditKind;
use crate::domain::request_context::RequestContext;
use crate::domain::uscc::Uscc;
use crate::incoming_call;
use crate::incoming_call::NotTaken;
use crate::provider::Provider;
use crate::signed_call::IncomingCall;

/// Where the register tells us.
pub const ROUTE: &str = "/registers/legal-entities/changed";
/// Codes in one call at most.
const MOST: usize = 1_000;

/// Takes the word of the register, once: what hangs on these organisations is compared with it, soon.
pub async fn receive(
    provider: &Provider,
    context: &RequestContext,
    (path, headers, body): (&str, &HeaderMap, &[u8]),
) -> Result<(), NotTaken> {
    #[derive(Deserialize)]
    struct Told {
        uscc: Vec<String>,
    }
    let (now, call) = (provider.clock.now(), IncomingCall { path, headers, body });
    let nonce = provider.legal_entities.verify_call(&call, now).ok_or(NotTaken::NotOffered)?;
    if let Err(refused) = incoming_call::accept(provider, "legal entities", nonce).await? {
        let event = audit::refused(AuditKind::RequestRefused, "call not of the register");
        let event = event.detail("source", "legal_entities").detail("code", refused.code());
        provider.store.record(event.record(provider, context)).await?;
        return Err(refused.into());
    }
    let told: Told = serde_json::from_slice(body).map_err(|_| NotTaken::Unknown)?;
    if !(1..=MOST).contains(&told.uscc.len()) {
        return Err(NotTaken::Unknown);
    }
    let synthetic = provider.config.synthetic();
    let digest = |code: &String| {
        let uscc = Uscc::parse(code, synthetic).map_err(|_| NotTaken::Unknown)?;
        Ok(provider.vault.index_uscc(&uscc))
    };
    let digests: Result<BTreeSet<_>, NotTaken> = told.uscc.iter().map(digest).collect();
    provider.store.note_legal_entity_changes(digests?.into_iter().collect(), now).await?;
    Ok(())
}
