//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0): who may skip the question, and where the
//! browser may go afterwards.

use std::sync::Arc;

use crate::domain::client::Client;
use crate::domain::client::ClientId;
use crate::domain::id::AccountId;
use crate::domain::id::SessionId;
use crate::domain::self_check::Check;
use crate::domain::session::Session;
use crate::domain::subject;
use crate::protocol::error::ErrorCode;
use crate::protocol::error::OAuthError;
use crate::protocol::id_token_hint;
use crate::protocol::id_token_hint::Hint;
use crate::protocol::parameters::Parameters;
use crate::protocol::self_check;
use crate::provider::Provider;
use crate::subjects;

/// A logout request that was read.
pub struct LogoutRequest {
    /// The client that sent the browser here.
    pub client: Option<Arc<Client>>,
    /// Whether a genuine hint names the session of this browser: then nobody is asked.
    pub proven: bool,
    /// Where to go afterwards: a registered URI of the client, with `state`.
    pub return_to: Option<String>,
    /// The session a genuine hint names, where the browser sent no cookie: a form of another site
    /// arrives without it.
    pub elsewhere: Option<(AccountId, SessionId)>,
}

/// Reads a logout request against the session of this browser. A hint or URI that is not right is an
/// error: the person is never sent on by it.
pub async fn parse(
    provider: &Provider,
    parameters: &Parameters,
    session: Option<&Session>,
) -> Result<LogoutRequest, OAuthError> {
    let invalid = |why| ErrorCode::InvalidRequest.because(why);
    let asked_client = match parameters.get("client_id") {
        None => None,
        Some(id) => Some(ClientId::parse(id).ok_or_else(|| invalid("client_id is unknown"))?),
    };
    let hint = match parameters.get("id_token_hint") {
        None => None,
        Some(hint) => Some(id_token_hint::verify(provider, hint, asked_client.as_ref())?),
    };
    let client_id = hint.as_ref().map(|hint| hint.client_id.clone()).or(asked_client);
    let client = match &client_id {
        None => None,
        Some(id) => provider.store.find_client(id).await?,
    };
    if let Some(client) = &client {
        self_check::note(provider, client, Check::Logout, hint.is_some()).await;
    }
    let return_to = match parameters.get("post_logout_redirect_uri") {
        None => None,
        Some(uri) => {
            // Without a hint anybody could have sent the browser here (§3).
            let known = hint.is_some()
                && client.as_ref().filter(|client| client.disabled_at.is_none()).is_some_and(
                    |client| {
                        client.post_logout_redirect_uris.iter().any(|registered| registered == uri)
                    },
                );
            if !known {
                return Err(invalid(
                    "post_logout_redirect_uri is not registered for a proven client",
                ));
            }
            Some(with_state(uri, parameters.get("state")))
        }
    };
    let acted = match (&hint, session) {
        // Whoever acts for somebody has a client session of another name.
        (Some(Hint { sid: Some(sid), client_id, .. }), Some(session)) => {
            let found = provider.store.find_session_of_client(client_id, sid).await?;
            found.is_some_and(|(_, id)| id == session.id)
        }
        _ => false,
    };
    let proven = acted
        || match (&hint, &client, session) {
            (Some(hint), Some(client), Some(session)) => {
                let key = &provider.vault.subject;
                let own_sid = subject::sid(key, client, session.id);
                let own_sub = subjects::of(provider, client, session.account_id).await?;
                hint.sid.as_ref().map_or(hint.subject == own_sub, |sid| *sid == own_sid)
                    && hint.subject == own_sub
            }
            // Nobody is logged in here: there is nothing to ask.
            (Some(_), Some(_), None) => true,
            _ => false,
        };
    let elsewhere = match (&hint, session) {
        (Some(Hint { sid: Some(sid), client_id, .. }), None) => {
            provider.store.find_session_of_client(client_id, sid).await?
        }
        _ => None,
    };
    Ok(LogoutRequest { client, proven, return_to, elsewhere })
}

fn with_state(uri: &str, state: Option<&str>) -> String {
    let Some(state) = state else { return uri.to_owned() };
    let separator = if uri.contains('?') { '&' } else { '?' };
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("state", state);
    format!("{uri}{separator}{}", query.finish())
}
