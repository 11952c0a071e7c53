//! How a portal comes to be connected: it applies, is reviewed, is tried out in the sandbox, goes live, is renewed
//! and ends. Joins what `console` lets an officer do with what `protocol` asks of a client.

pub mod addresses;
pub mod form;
pub mod logo;
pub mod review;
pub mod testers;
pub mod tracking;

use std::collections::BTreeMap;

use crate::audit;
use crate::audit::Event;
use crate::console::ConsoleError;
use crate::domain::application::Application;
use crate::domain::audit_event::AuditKind;
use crate::domain::client::Client;
use crate::domain::client_name;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::throttle::ThrottleError;
use crate::vault::VaultError;

/// What is wrong with a form: field, and message.
pub type Errors = BTreeMap<&'static str, &'static str>;

/// Why an applicant does not get what he asks for.
#[derive(Debug, thiserror::Error)]
pub enum OnboardingError {
    /// Fields that have to be filled in differently.
    #[error("fields are not valid")]
    Fields(Errors),
    /// A field no form of ours has.
    #[error("a field is not known")]
    Foreign,
    /// There is no such application, or the link is not its own.
    #[error("there is no such application")]
    NotFound,
    /// It went on meanwhile, or that cannot follow.
    #[error("the application has gone on")]
    Over,
    /// The self-check is not green.
    #[error("the self-check is not green")]
    NotGreen,
    /// Too many at this moment.
    #[error("too many applications")]
    TooMany,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl From<ThrottleError> for OnboardingError {
    fn from(error: ThrottleError) -> Self {
        match error {
            ThrottleError::TooMany => Self::TooMany,
            ThrottleError::Store(error) => error.into(),
        }
    }
}

impl From<ConsoleError> for OnboardingError {
    fn from(error: ConsoleError) -> Self {
        match error {
            ConsoleError::Store(error) => error.into(),
            ConsoleError::Vault(error) => error.into(),
            ConsoleError::NotFound => Self::NotFound,
            ConsoleError::NotGreen => Self::NotGreen,
            _ => Self::Over,
        }
    }
}

/// The event that tells of a change of an application.
fn changed<'a>(application: &'a Application, what: &'a str) -> Event<'a> {
    let event = audit::done(AuditKind::ApplicationChanged).detail("change", what);
    let event = event.detail("application", application.id.to_string());
    let event = event.detail("state", application.state.as_str());
    match &application.client_id {
        Some(id) => event.client(id),
        None => event,
    }
}

/// Whether another client is called so, or could be taken for it. A client of its own is none.
async fn is_name_taken(
    provider: &Provider,
    name: &str,
    own: Option<&Client>,
) -> Result<bool, StoreError> {
    let folded = client_name::fold(name);
    let clients = provider.store.list_clients().await?;
    let others = clients.iter().filter(|client| own.is_none_or(|own| own.id != client.id));
    Ok(others.filter(|client| !client.is_retired()).any(|c| client_name::fold(&c.name) == folded))
}
