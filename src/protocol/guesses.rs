//! Wrong client secrets and tokens that are nobody's (RFC 6749 §10.10), counted for each client and source
//! after the fact: their answers wait, a right one never does, whoever else guesses.

use std::time::Duration;

use crate::domain::attempts;
use crate::domain::client::ClientId;
use crate::domain::request_context::RequestContext;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::store::sql::AttemptKey;

/// A wrong answer waits so long at most.
const LONGEST: Duration = Duration::from_millis(300);

/// Counts a guess, and waits once there were too many.
pub async fn count(
    provider: &Provider,
    context: &RequestContext,
    client: Option<&ClientId>,
) -> Result<(), StoreError> {
    let client = client.map_or("", ClientId::as_str);
    let network = context.source_network();
    let parts = [b"client".as_slice(), client.as_bytes(), network.as_bytes()];
    let digest = provider.vault.short_secret.tag_parts(&parts);
    let now = provider.clock.now();
    let key = AttemptKey { digest, limits: attempts::CLIENT };
    if let Err(until) = provider.store.admit_attempt(vec![key], now).await? {
        tokio::time::sleep(until.since(now).min(LONGEST)).await;
    }
    Ok(())
}
