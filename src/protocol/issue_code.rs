//! Issuing an authorization code (RFC 6749 §4.1.2): the authorization is written with the digest of its
//! code before anybody sees the code.

use std::time::Duration;

use crate::audit;
use crate::domain::account::Account;
use crate::domain::account::Profile;
use crate::domain::acting::Acting;
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
use crate::protocol::claims;
use crate::protocol::error::ErrorCode;
use crate::protocol::error::OAuthError;
use crate::protocol::token::refresh_token;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::subjects;

/// How long a code lives (security.md 0.3).
const LIFETIME: Duration = Duration::from_mins(1);

/// Answers the request with a code for this person and session. A request has one authorization, so a
/// code before it is void; none when that one was redeemed already.
pub async fn issue(
    provider: &Provider,
    context: &RequestContext,
    (id, client, request): (AuthorizationId, &Client, &AuthorizationRequest),
    (account, profile, session): (&Account, &Profile, &Session),
    acting: Option<Acting>,
) -> Result<Option<AuthorizationResponse>, OAuthError> {
    if !client.admits(profile.key(), provider.config.synthetic()) {
        return Err(ErrorCode::AccessDenied.because("the client is not for this person"));
    }
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
            opened: claims::opened(client, &request.scope, &request.claims)
                .into_iter()
                .map(str::to_owned)
                .collect(),
            nonce: request.nonce.clone(),
            redirect_uri: request.return_address.redirect_uri.clone(),
            code_challenge: request.code_challenge.clone(),
            resource: request.resource.clone(),
            authentication,
            subject: match &acting {
                Some(acting) => subjects::of_principal(provider, client, acting.principal).await?,
                None => subjects::of_account(provider, client, account).await?,
            },
            sid: match &acting {
                Some(acting) => subject::sid_for(key, client, session.id, acting.principal),
                None => subject::sid(key, client, session.id),
            },
            acting,
        },
        code_digest: CodeDigest::of(&code),
        code_expires_at: now.plus(LIFETIME),
        created_at: now,
    };
    let record = audit::done(AuditKind::CodeIssued)
        .account(account)
        .client(&client.id)
        .detail("scope", request.scope.to_string());
    let record = match &new.approval.acting {
        Some(acting) => record.detail("mandate", acting.mandate.to_string()),
        None => record,
    };
    let record = record.record(provider, context);
    let lives_until = now.plus(refresh_token::ABSOLUTE_LIFETIME);
    let kept = provider.store.add_authorization(new, lives_until, record).await;
    let issuer = provider.config.issuer_text();
    let answer = || authorization_response::success(issuer, &request.return_address, code);
    Ok(kept.map_err(session_over)?.then(answer))
}

fn session_over(error: StoreError) -> OAuthError {
    match error {
        StoreError::Taken => ErrorCode::LoginRequired.because("the session has ended"),
        StoreError::MandateOver => ErrorCode::AccessDenied.because("the mandate has ended"),
        other => other.into(),
    }
}
