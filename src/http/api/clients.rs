//! `/clients`: the list, one of them, and its switch.

use serde::Serialize;
use utoipa::ToSchema;

use crate::console::ConsoleError;
use crate::console::clients;
use crate::domain::api_scope::ApiScope;
use crate::domain::client::Client as Known;
use crate::domain::client::ClientId;
use crate::http::api::call::Call;
use crate::http::api::fields::Moment;
use crate::http::api::fields::Reason;
use crate::http::api::operation::Done;
use crate::http::api::operation::One;
use crate::http::api::operation::Operation;
use crate::http::api::operation::Page;
use crate::http::api::problem::Problem;
use crate::http::failure::Failure;
use crate::protocol::registration;
use crate::protocol::registration::RegisterError;

/// The operations on clients.
pub fn operations() -> Vec<Operation> {
    use ApiScope::{ClientsRead, ClientsWrite};
    vec![
        Operation::read("/clients", ClientsRead, list)
            .named("listClients", "Every client, by its client_id"),
        Operation::read("/clients/{id}", ClientsRead, show).named("getClient", "One client"),
        Operation::send("/clients/{id}/disable", ClientsWrite, disable)
            .named("disableClient", "Switch a client off; what was issued to it is void"),
        Operation::send("/clients/{id}/enable", ClientsWrite, enable)
            .named("enableClient", "Switch a client on again"),
    ]
}

/// A client.
#[derive(Serialize, ToSchema)]
struct Client {
    /// `client_id`.
    id: String,
    /// `client_name`.
    name: String,
    /// The host people see.
    host: String,
    /// `redirect_uris`.
    redirect_uris: Vec<String>,
    /// The scope values it may ask for.
    scope: String,
    /// `grant_types`.
    grant_types: Vec<String>,
    /// `token_endpoint_auth_method`.
    authentication: String,
    /// `id_token_signed_response_alg`.
    algorithm: String,
    /// Whether no consent is asked.
    first_party: bool,
    /// Why it may ask for the full ID number.
    id_number_purpose: Option<String>,
    /// Whether only test people can log in there.
    sandbox: bool,
    /// Since when it is off.
    disabled_at: Option<Moment>,
}

impl From<&Known> for Client {
    fn from(known: &Known) -> Self {
        Self {
            id: known.id.to_string(),
            name: known.name.clone(),
            host: known.host(),
            redirect_uris: known.redirect_uris.clone(),
            scope: known.scope.to_string(),
            grant_types: known.grant_types.iter().map(|kind| kind.as_str().to_owned()).collect(),
            authentication: known.authentication.as_str().to_owned(),
            algorithm: known.id_token_signed_response_alg.as_str().to_owned(),
            first_party: known.policy.first_party,
            id_number_purpose: known.policy.id_number_purpose.clone(),
            sandbox: known.sandbox,
            disabled_at: known.disabled_at.map(Moment::from),
        }
    }
}

async fn list(call: Call) -> Result<Page<Client>, Problem> {
    let wanted = call.page::<ClientId>()?;
    let limit = wanted.limit.into();
    let (found, more) = clients::page(call.actor(), wanted.after.as_ref(), limit).await?;
    let next = found.last().filter(|_| more).map(|last| call.next(&last.id)).transpose()?;
    Ok(Page(found.iter().map(Client::from).collect(), next))
}

async fn show(call: Call) -> Result<One<Client>, Problem> {
    let found = clients::find(call.actor(), call.text()).await?;
    Ok(One(Client::from(&*found)))
}

async fn disable(call: Call, body: Reason) -> Result<Done, Problem> {
    switch(&call, &body, true).await
}

async fn enable(call: Call, body: Reason) -> Result<Done, Problem> {
    switch(&call, &body, false).await
}

async fn switch(call: &Call, body: &Reason, off: bool) -> Result<Done, Problem> {
    let allowed = clients::to_switch(call.actor(), call.text(), body.reason.as_str()).await;
    let (client, why) = allowed?;
    if client.disabled_at.is_some() == off {
        return Err(ConsoleError::Over.into());
    }
    let by = Some((call.operator.id, &*why));
    let done = registration::set_disabled(call.provider(), &call.context, &client, off, by).await;
    match done {
        Ok(()) => Ok(Done),
        Err(RegisterError::Store(error)) => Err(Failure::from(error).into()),
        Err(_) => Err(Problem::not_found()),
    }
}
