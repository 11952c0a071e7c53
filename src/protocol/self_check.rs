//! What a client in the sandbox is seen to do right (RFC 9700 §2.1, OpenID Connect Core §3.1.2.1): noted for its
//! developer as requests go by. Clients that are live are not watched.

use crate::domain::client::Client;
use crate::domain::self_check::Check;
use crate::domain::self_check::Outcome;
use crate::protocol::parameters::Parameters;
use crate::protocol::pkce;
use crate::provider::Provider;

/// Notes one check.
pub async fn note(provider: &Provider, client: &Client, check: Check, passed: bool) {
    note_all(provider, client, &[(check, passed)]).await;
}

/// Notes what an authorization request carries.
pub async fn note_request(provider: &Provider, client: &Client, parameters: &Parameters) {
    let has = |name| parameters.get(name).is_some();
    let challenged = parameters.get("code_challenge").is_some_and(pkce::is_challenge)
        && parameters.get("code_challenge_method") == Some(pkce::METHOD);
    let seen =
        [(Check::Pkce, challenged), (Check::State, has("state")), (Check::Nonce, has("nonce"))];
    note_all(provider, client, &seen).await;
}

/// A note that cannot be kept stops nobody: it is made again at the next request.
async fn note_all(provider: &Provider, client: &Client, seen: &[(Check, bool)]) {
    if !client.sandbox {
        return;
    }
    let outcomes = seen.iter().map(|(check, passed)| (*check, Outcome::of(*passed))).collect();
    let noted = provider.store.note_checks(client.id.clone(), outcomes, provider.clock.now());
    if let Err(error) = noted.await {
        tracing::warn!(client_id = %client.id, %error, "a self-check was not noted");
    }
}
