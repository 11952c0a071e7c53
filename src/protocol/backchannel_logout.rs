//! Back-channel logout (OpenID Connect Back-Channel Logout 1.0): one logout token per client session, out of
//! the durable outbox, tried again with growing pauses until delivered or given up.

use std::time::Duration;

use serde_json::json;
use url::Url;

use crate::audit;
use crate::domain::audit_event::AuditKind;
use crate::domain::client::Client;
use crate::domain::delivery::Delivery;
use crate::domain::delivery::Message;
use crate::domain::request_context::RequestContext;
use crate::protocol::error::OAuthError;
use crate::provider::Provider;
use crate::store::StoreError;

/// How long a logout token may be used, in seconds (§2.4 recommends two minutes).
const LIFETIME_SECONDS: i64 = 120;
/// A message is given up after this time.
const PATIENCE: Duration = Duration::from_hours(24);
/// No other node tries a leased message meanwhile.
const LEASE: Duration = Duration::from_secs(30);
/// Messages tried at the same time, so that dead clients do not delay a live one.
const AT_ONCE: i64 = 32;

/// Tries everything that is due; says how many were tried.
pub async fn deliver_due(provider: &Provider) -> Result<usize, StoreError> {
    let now = provider.clock.now();
    let due = provider.store.lease_deliveries(AT_ONCE, LEASE, now).await?;
    let count = due.len();
    let tries = due.into_iter().map(|delivery| deliver(provider, delivery));
    for tried in futures_util::future::join_all(tries).await {
        tried?;
    }
    Ok(count)
}

async fn deliver(provider: &Provider, delivery: Delivery) -> Result<(), StoreError> {
    let context = RequestContext::internal("backchannel-logout");
    let client = provider.store.find_client(&delivery.client_id).await?;
    let endpoint = client.as_ref().and_then(|client| {
        let uri = client.backchannel_logout_uri.as_deref()?;
        Url::parse(uri).ok().map(|uri| (client, uri))
    });
    // A client without an endpoint has nothing to be told.
    let told = match endpoint {
        None => Ok(()),
        Some((client, uri)) => post(provider, client, &uri, &delivery.message).await,
    };
    let record = |event: audit::Event<'_>| {
        event
            .client(&delivery.client_id)
            .detail("delivery", delivery.id.to_string())
            .detail("attempts", delivery.attempts + 1)
            .record(provider, &context)
    };
    match told {
        Ok(()) => {
            let done = record(audit::done(AuditKind::LogoutDelivered));
            provider.store.settle_delivery(delivery.id, done).await
        }
        Err(problem) => {
            let now = provider.clock.now();
            tracing::warn!(client_id = %delivery.client_id, problem, "logout token not delivered");
            let over = now.since(delivery.created_at) >= PATIENCE;
            let given_up = over.then(|| {
                record(audit::refused(AuditKind::LogoutDelivered, "given up after a day"))
            });
            let due_at = now.plus(pause(delivery.attempts));
            provider.store.postpone_delivery(delivery.id, problem, due_at, given_up).await
        }
    }
}

/// 1, 2, 4 … seconds, at most an hour.
fn pause(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts).unwrap_or(0).min(12);
    Duration::from_secs(1 << doublings).min(Duration::from_hours(1))
}

async fn post(
    provider: &Provider,
    client: &Client,
    uri: &Url,
    message: &Message,
) -> Result<(), String> {
    let Message::Logout { sub, sid } = message;
    let token = logout_token(provider, client, sub, sid).map_err(|error| error.to_string())?;
    let answer = provider
        .outbound
        .post_form(uri, &[("logout_token", &token)])
        .await
        .map_err(|error| error.to_string())?;
    // §2.8: 200, and 204 as some frameworks answer.
    if matches!(answer.status, 200 | 204) {
        Ok(())
    } else {
        Err(format!("status {}", answer.status))
    }
}

/// The logout token (§2.4): both `sub` and `sid`, never a nonce.
fn logout_token(
    provider: &Provider,
    client: &Client,
    sub: &str,
    sid: &str,
) -> Result<String, OAuthError> {
    let now = provider.clock.now().seconds();
    let claims = json!({
        "iss": provider.config.issuer_text(),
        "aud": client.id,
        "sub": sub,
        "sid": sid,
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
        "jti": hex::encode(crate::crypto::random::bytes::<16>()),
        "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
    });
    let ring = provider.keyring.ring();
    let key = ring.signing_key(client.id_token_signed_response_alg)?;
    Ok(crate::jose::sign_jwt(key, "logout+jwt", &claims)?)
}

#[cfg(test)]
mod tests {
    use super::pause;

    #[test]
    fn pauses_grow_to_an_hour() {
        let seconds: Vec<_> = [0, 1, 5, 11, 12, 99].map(|n| pause(n).as_secs()).to_vec();
        assert_eq!(seconds, [1, 2, 32, 2048, 3600, 3600]);
    }
}
