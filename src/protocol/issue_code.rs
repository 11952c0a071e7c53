//! Issuing an authorization code (RFC 6749 §4.1.2): the authorization is written with the digest of its
//! code before anybody sees the code.

use std::time::Duration;

use crate::audit;
use crate::domain::account::Account;
use crate::domain::audit_event::AuditKind;
use crate::domain::authorization::Approval;
use crate::domain::authorization::Authentication;
use crate::domain::authorization::NewAuthorization;
use crate::domain::client::Client;
use crate::domain::id::AuthorizationId;
use crate::domain::id::CodeDigest;
use crate::domain::request_context::RequestContext;
use crate::domain::session::Session;
use crate::domain::subject;
use crate::domain::token::OpaqueKind;
use crate::protocol::authorization_request::AuthorizationRequest;
use crate::protocol::authorization_response;
use crate::protocol::authorization_response::AuthorizationResponse;
use crate::protocol::error::ErrorCode;
use crate::protocol::error::OAuthError;
use crate::protocol::token::refresh_token;
use crate::provider::Provider;
use crate::store::StoreError;

/// How long a code lives (security.md 0.3).
const LIFETIME: Duration = Duration::from_mins(1);

/// Answers the request with a code for this person and session. A request has one authorization, so a
/// code before it is void; none when that one was redeemed already.
pub async fn issue(
    provider: &Provider,
    context: &RequestContext,
    (id, client, request): (AuthorizationId, &Client, &AuthorizationRequest),
    (account, session): (&Account, &Session),
) -> Result<Option<AuthorizationResponse>, OAuthError> {
    let code = OpaqueKind::Code.generate();
    let now = provider.clock.now();
    let key = &provider.vault.subject;
    let authentication = Authentication::of(
        session.auth_time(),
        &session.amr(),
        account.identity_assurance,
        session.authenticator_assurance(),
    );
    let new = NewAuthorization {
        id,
        client_id: client.id.clone(),
        account_id: account.id,
        session_id: session.id,
        credential_epoch: account.credential_epoch,
        approval: Approval {
            scope: request.scope.clone(),
            claims: request.claims.clone(),
            nonce: request.nonce.clone(),
            redirect_uri: request.return_address.redirect_uri.clone(),
            code_challenge: request.code_challenge.clone(),
            resource: request.resource.clone(),
            authentication,
            subject: subject::subject(key, client, account.id),
            sid: subject::sid(key, client, session.id),
        },
        code_digest: CodeDigest::of(&code),
        code_expires_at: now.plus(LIFETIME),
        created_at: now,
    };
    let record = audit::done(AuditKind::CodeIssued)
        .account(account)
        .client(&client.id)
        .detail("scope", request.scope.to_string())
        .record(provider, context);
    let lives_until = now.plus(refresh_token::ABSOLUTE_LIFETIME);
    let kept = provider.store.add_authorization(new, lives_until, record).await;
    let issuer = provider.config.issuer_text();
    let answer = || authorization_response::success(issuer, &request.return_address, code);
    Ok(kept.map_err(session_over)?.then(answer))
}

fn session_over(error: StoreError) -> OAuthError {
    match error {
        StoreError::Taken => ErrorCode::LoginRequired.because("the session has ended"),
        other => other.into(),
    }
}
