//! Consent (OpenID Connect Core §3.1.2.4): what a request would open, whether the person agreed to all of
//! it, and remembering the agreement.

use crate::audit;
use crate::clock::Timestamp;
use crate::domain::account::Account;
use crate::domain::audit_event::AuditKind;
use crate::domain::client::Client;
use crate::domain::request_context::RequestContext;
use crate::protocol::authorization_request::AuthorizationRequest;
use crate::protocol::claims;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::store::sql::Consent;

/// When the person agreed to everything the request asks; none when something is missing.
pub async fn agreed_at(
    provider: &Provider,
    account: &Account,
    client: &Client,
    request: &AuthorizationRequest,
) -> Result<Option<Timestamp>, StoreError> {
    let known = provider.store.find_consent(account.id, &client.id).await?;
    let opened = claims::opened(client, &request.scope, &request.claims);
    Ok(known
        .filter(|consent| {
            request.scope.is_within(&consent.scope)
                && opened.iter().all(|name| consent.claims.iter().any(|known| known == name))
        })
        .map(|consent| consent.granted_at))
}

/// Whether the person blocked the client: then nothing is asked and nothing is issued.
pub async fn is_blocked(
    provider: &Provider,
    account: &Account,
    client: &Client,
) -> Result<bool, StoreError> {
    provider.store.is_portal_blocked(account.id, &client.id).await
}

/// Remembers that the person agreed to what the request asks, beside what was agreed before.
pub async fn grant(
    provider: &Provider,
    context: &RequestContext,
    account: &Account,
    (client, request): (&Client, &AuthorizationRequest),
) -> Result<(), StoreError> {
    let before = provider.store.find_consent(account.id, &client.id).await?;
    let opened = claims::opened(client, &request.scope, &request.claims);
    let mut names: Vec<String> = opened.into_iter().map(str::to_owned).collect();
    let mut scope = request.scope.clone();
    if let Some(before) = before {
        names.extend(before.claims);
        names.sort();
        names.dedup();
        scope = scope.union(&before.scope);
    }
    let consent = Consent {
        client_id: client.id.clone(),
        scope,
        claims: names,
        granted_at: provider.clock.now(),
    };
    let record = audit::done(AuditKind::Consent)
        .account(account)
        .client(&client.id)
        .detail("scope", request.scope.to_string())
        .record(provider, context);
    provider.store.grant_consent(account.id, consent, record).await
}

/// Records that the person declined.
pub async fn decline(
    provider: &Provider,
    context: &RequestContext,
    account: &Account,
    client: &Client,
) -> Result<(), StoreError> {
    let record = audit::refused(AuditKind::Consent, "declined").account(account);
    provider.store.record(record.client(&client.id).record(provider, context)).await
}
