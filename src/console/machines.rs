//! Machines as operators: a client that a second officer made one works under a role and a region like anybody,
//! with the powers its token carries. It never decides, and cannot log in to the console.

use std::time::Duration;

use crate::console::Actor;
use crate::console::ConsoleError;
use crate::console::acts;
use crate::console::clients;
use crate::console::operators;
use crate::console::operators::Wanted;
use crate::console::person_name;
use crate::console::seal_name;
use crate::domain::act::Request;
use crate::domain::client::Client;
use crate::domain::client::ClientId;
use crate::domain::client::GrantType;
use crate::domain::id::ActId;
use crate::domain::id::OperatorId;
use crate::domain::operator::Operator;
use crate::domain::operator::Permission;
use crate::domain::operator::Region;
use crate::domain::operator::Role;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::throttle;

/// Asks a second officer to make a client an operator.
pub async fn ask_to_connect(
    actor: Actor<'_>,
    client: &str,
    wanted: Wanted<'_>,
) -> Result<ActId, ConsoleError> {
    actor.demand(Permission::AskAboutOperators).await?;
    let client = clients::find(actor, client).await?;
    let name = person_name(wanted.name)?;
    let (role, region) = operators::place(actor, wanted)?;
    check(actor.provider, &client).await?;
    let request = Request::ConnectMachine { client: client.id.clone(), name, role, region };
    acts::ask(actor, request, wanted.reason).await
}

/// The operator this client is, while it may work.
pub async fn find(provider: &Provider, client: &ClientId) -> Result<Option<Operator>, StoreError> {
    provider.store.find_machine(client).await
}

/// Counts a request of this machine, or says after how long it may ask again.
pub async fn admit(
    provider: &Provider,
    operator: &Operator,
) -> Result<Option<Duration>, StoreError> {
    let Some(client) = &operator.client_id else { return Ok(None) };
    let until = throttle::admit_machine(provider, client).await?;
    Ok(until.map(|until| until.since(provider.clock.now())))
}

/// Whether a client could be made an operator.
pub fn can_connect(client: &Client) -> bool {
    let has_credentials = !client.is_public() && client.may_use(GrantType::ClientCredentials);
    has_credentials && !client.sandbox && client.disabled_at.is_none()
}

/// The operator a client becomes, judged again when it is decided.
pub(super) async fn new(
    provider: &Provider,
    client: &ClientId,
    (name, role, region): (&str, Role, Option<Region>),
) -> Result<Operator, ConsoleError> {
    let client = provider.store.find_client(client).await?.ok_or(ConsoleError::NotFound)?;
    check(provider, &client).await?;
    let id = OperatorId::generate();
    Ok(Operator {
        id,
        // No login name has a colon, so this one can be typed nowhere.
        login_name: format!("machine:{id}"),
        name: seal_name(provider, name),
        role,
        region,
        is_active: true,
        password_hash: String::new(),
        totp_secret: Vec::new(),
        credential_epoch: 0,
        last_login_at: None,
        created_at: provider.clock.now(),
        client_id: Some(client.id.clone()),
    })
}

async fn check(provider: &Provider, client: &Client) -> Result<(), ConsoleError> {
    if !can_connect(client) {
        return Err(ConsoleError::NoMachine);
    }
    match find(provider, &client.id).await? {
        Some(_) => Err(ConsoleError::Over),
        None => Ok(()),
    }
}
