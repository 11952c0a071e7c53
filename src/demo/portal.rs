//! A relying-party portal for the tour (OpenID Connect Core 1.0 §3.1, RP-Initiated and Back-Channel
//! Logout 1.0), built on the `openidconnect` crate.
//!
//! It is what a department's own portal would be: it knows the provider by its issuer alone, keeps
//! its own sessions, and shows what the provider said about the person. Register it with the
//! redirect URI `{base_url}/callback`, the post-logout redirect URI `{base_url}/`, the back-channel
//! logout URI `{base_url}/backchannel-logout` and `client_secret_basic`. Registering, keys and
//! people are the provider's side and live elsewhere.

mod client_types;
mod html;
mod logout_token;
mod pages;
mod relying_party;
mod routes;
mod shelf;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use url::Url;

use crate::clock::Clock;
use crate::outbound::AllowRule;
use crate::outbound::Outbound;
use crate::outbound::OutboundError;
use crate::outbound::OutboundRules;
use relying_party::RelyingParty;
use routes::Rooms;

/// Whose portal it is; decides its accent and the services on its front page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortalKind {
    /// The province's.
    Province,
    /// A city's.
    City,
}

/// The other portal, to which this one links.
#[derive(Debug, Clone)]
pub struct Peer {
    /// What people call it.
    pub name: String,
    /// Its front page.
    pub url: Url,
}

/// What a portal is told before it starts.
#[derive(Debug, Clone)]
pub struct PortalConfig {
    /// What people call it: `省政务服务网`.
    pub name: String,
    /// Whose it is.
    pub kind: PortalKind,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where browsers find it, without a path: `http://localhost:8081`.
    pub base_url: Url,
    /// The provider's issuer identifier, letter for letter as it publishes it.
    pub issuer: String,
    /// Its client identifier at the provider.
    pub client_id: String,
    /// Its client secret.
    pub client_secret: SecretString,
    /// Its session cookie. Ports share a jar, so every portal has a name of its own.
    pub cookie_name: String,
    /// The other portal.
    pub peer: Peer,
    /// What it asks for beyond `openid`.
    pub extra_scopes: Vec<String>,
    /// The `acr_values` of a step-up.
    pub step_up_acr: String,
    /// The `acr_values` that asks for somebody who was verified.
    pub verified_acr: String,
    /// A certification authority for the provider, beside the system's.
    pub ca_file: Option<PathBuf>,
}

/// Why a portal does not start.
#[derive(Debug, thiserror::Error)]
pub enum PortalError {
    /// A value is unusable.
    #[error("portal `{0}`: {1}")]
    Config(&'static str, String),
    /// The address is taken.
    #[error("portal cannot listen on {0}: {1}")]
    Listen(SocketAddr, #[source] std::io::Error),
    /// The HTTP client cannot be set up.
    #[error("portal cannot call its provider: {0}")]
    Outbound(#[from] OutboundError),
}

/// Starts portals.
#[derive(Debug, Clone, Copy)]
pub struct Portal;

/// A portal that runs until it is stopped or this handle is dropped.
pub struct RunningPortal {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Portal {
    /// Listens and serves. The provider need not run yet: it is looked for when it is needed.
    pub async fn start(config: PortalConfig) -> Result<RunningPortal, PortalError> {
        let outbound = towards_issuer(&config)?;
        let relying_party = RelyingParty::new(&config, outbound)?;
        let listen = config.listen;
        let taken = |error| PortalError::Listen(listen, error);
        let listener = TcpListener::bind(listen).await.map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        let router = routes::router(Arc::new(Rooms::new(config, relying_party, Clock::system())));
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let served = axum::serve(listener, router).with_graceful_shutdown(async {
                // A dropped handle stops the portal as well as a used one.
                let _ = stopped.await;
            });
            if let Err(error) = served.await {
                tracing::error!(%error, "a portal stopped serving");
            }
        });
        Ok(RunningPortal { address, stop, task })
    }
}

impl RunningPortal {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it: requests under way get two seconds.
    pub async fn stop(self) {
        // The portal may have ended by itself; then nobody listens, and nothing is left to stop.
        let _ = self.stop.send(());
        let abort = self.task.abort_handle();
        if tokio::time::timeout(Duration::from_secs(2), self.task).await.is_err() {
            abort.abort();
        }
    }
}

impl fmt::Debug for RunningPortal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("RunningPortal");
        shown.field("address", &self.address).finish_non_exhaustive()
    }
}

/// A portal talks to its provider and to nobody else.
fn towards_issuer(config: &PortalConfig) -> Result<Outbound, PortalError> {
    let wrong = |reason: &str| PortalError::Config("issuer", reason.to_owned());
    let issuer = Url::parse(&config.issuer).map_err(|error| wrong(&error.to_string()))?;
    let host = issuer.host_str().ok_or_else(|| wrong("has no host"))?;
    let port = issuer.port_or_known_default().ok_or_else(|| wrong("has no port"))?;
    let allow: AllowRule = format!("{host}:{port}").parse().map_err(|_| wrong("has a bad host"))?;
    let rules = OutboundRules { allow: vec![allow], ca_file: config.ca_file.clone() };
    let outbound = Outbound::new(rules)?;
    outbound.check_url(&issuer)?;
    Ok(outbound)
}
