//! Back-channel logout (OpenID Connect Back-Channel Logout 1.0): one logout token per client session, out of
//! the durable outbox, tried again with growing pauses until delivered or given up.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::json;
use url::Url;

use crate::audit;
use crate::domain::audit_event::AuditKind;
use crate::domain::client::Client;
use crate::domain::delivery::Delivery;
use crate::domain::delivery::Message;
use crate::domain::request_context::RequestContext;
use crate::domain::self_check::Check;
use crate::protocol::error::OAuthError;
use crate::protocol::self_check;
use crate::provider::Provider;
use crate::store::StoreError;

/// How long a logout token may be used, in seconds (§2.4 recommends two minutes).
const LIFETIME_SECONDS: i64 = 120;
/// A message is given up after this time.
const PATIENCE: Duration = Duration::from_hours(24);
/// No other node tries a leased message meanwhile.
const LEASE: Duration = Duration::from_secs(30);
/// Messages tried at the same time, so that dead clients do not delay a live one.
const AT_ONCE: usize = 32;
/// While some are under way, new ones are looked for after this time.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Tries everything that is due, and what becomes due meanwhile: a client that hangs holds one of the
/// places up, and no other message. Once `is_over`, or once the store fails, what is under way ends and
/// nothing new begins; the first failure is the answer.
pub async fn deliver_due(
    provider: &Provider,
    is_over: impl Fn() -> bool,
) -> Result<(), StoreError> {
    let mut under_way = FuturesUnordered::new();
    let mut outcome = Ok(());
    loop {
        let free = if is_over() || outcome.is_err() { 0 } else { AT_ONCE - under_way.len() };
        if free > 0 {
            let limit = i64::try_from(free).unwrap_or(0);
            match provider.store.lease_deliveries(limit, LEASE, provider.clock.now()).await {
                Ok(due) => {
                    under_way.extend(due.into_iter().map(|delivery| deliver(provider, delivery)));
                }
                Err(error) => outcome = Err(error),
            }
        }
        if under_way.is_empty() {
            return outcome;
        }
        if let Ok(Some(done)) = tokio::time::timeout(LOOK_AGAIN, under_way.next()).await {
            outcome = outcome.and(done);
        }
    }
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
        Some((client, uri)) => {
            let told = post(provider, client, &uri, &delivery.message).await;
            self_check::note(provider, client, Check::BackchannelLogout, told.is_ok()).await;
            told
        }
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
