//! What a second officer decides about portals: going live, retirement, handing over. Judged when it is asked
//! for and again when it is decided, since a portal may have changed between.

use crate::clock::Timestamp;
use crate::console::Actor;
use crate::console::ConsoleError;
use crate::console::acts;
use crate::domain::act::Request;
use crate::domain::application::Application;
use crate::domain::application::Document;
use crate::domain::application::State;
use crate::domain::application::TERM;
use crate::domain::client_change::ClientChange;
use crate::domain::id::ActId;
use crate::domain::id::ApplicationId;
use crate::domain::id::TrackingDigest;
use crate::domain::operator::Permission;
use crate::domain::self_check;
use crate::domain::self_check::Line;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::store::sql::ApplicationStep;
use crate::store::sql::ClientStep;
use crate::store::sql::Effect;
use crate::vault::VaultError;

/// Asks for something about a portal that needs a second officer.
pub async fn ask(actor: Actor<'_>, request: Request, why: &str) -> Result<ActId, ConsoleError> {
    actor.demand(Permission::ReviewApplications).await?;
    let id = request.application().ok_or(ConsoleError::NotFound)?;
    effect(actor, &request, id).await?;
    acts::ask(actor, request, why).await
}

/// What an approval does, with the address it makes.
pub(super) async fn effect(
    actor: Actor<'_>,
    request: &Request,
    id: ApplicationId,
) -> Result<(Effect, Option<String>), ConsoleError> {
    let provider = actor.provider;
    let found = provider.store.find_application(id).await?.ok_or(ConsoleError::NotFound)?;
    let (to, client, address) = match request {
        Request::GoLive { .. } => {
            let to = go_live(provider, &found).await?;
            let kinds = open(provider, &found)?.subjects.kinds();
            (to, ClientStep::Change(ClientChange::GoLive(kinds)), None)
        }
        Request::RetirePortal { .. } => {
            let mut to = found.becoming(State::Retired).ok_or(ConsoleError::Over)?;
            to.name_key = None;
            to.renew_by = None;
            (to, ClientStep::Change(ClientChange::Retire), None)
        }
        Request::HandOverPortal { unit, .. } => {
            if found.state.is_over() {
                return Err(ConsoleError::Over);
            }
            let mut document = open(provider, &found)?;
            if let Some(unit) = unit {
                document.unit = unit.clone();
                document.contact = None;
            }
            let token = crate::crypto::random::token();
            let mut to = found.clone();
            to.tracking = TrackingDigest::of(&token);
            to.document = seal(provider, found.id, &document)?;
            (to, ClientStep::Keep, Some(tracking_url(provider, &token)))
        }
        _ => return Err(ConsoleError::NotFound),
    };
    Ok((Effect::Step(Box::new(ApplicationStep { to, client })), address))
}

/// The application as it is once everybody can log in.
async fn go_live(provider: &Provider, found: &Application) -> Result<Application, ConsoleError> {
    let now = provider.clock.now();
    // `RetireAsked` may become `Live` again, but not by this way.
    if found.state != State::LiveAsked {
        return Err(ConsoleError::Over);
    }
    if !report(provider, found, now).await?.is_some_and(|lines| self_check::is_green(&lines)) {
        return Err(ConsoleError::NotGreen);
    }
    let mut to = found.becoming(State::Live).ok_or(ConsoleError::Over)?;
    to.renew_by = Some(now.plus(TERM));
    Ok(to)
}

/// The report of a portal in the sandbox; none before it has a client.
pub async fn report(
    provider: &Provider,
    application: &Application,
    now: Timestamp,
) -> Result<Option<Vec<Line>>, StoreError> {
    let Some(id) = application.client_id.as_ref().filter(|_| application.state.is_sandbox()) else {
        return Ok(None);
    };
    let Some(client) = provider.store.find_client(id).await? else { return Ok(None) };
    let noted = provider.store.list_checks(id).await?;
    Ok(Some(self_check::report(&client, &noted, now)))
}

/// What an application says.
pub fn open(provider: &Provider, application: &Application) -> Result<Document, ConsoleError> {
    let json = provider.vault.open_data(&purpose(application.id), &application.document)?;
    serde_json::from_slice(&json).map_err(|_| StoreError::Unreadable("application").into())
}

/// The same, sealed for its row.
pub fn seal(
    provider: &Provider,
    id: ApplicationId,
    document: &Document,
) -> Result<Vec<u8>, VaultError> {
    let json = serde_json::to_vec(document).map_err(|_| VaultError::Sealed)?;
    Ok(provider.vault.seal_data(&purpose(id), &json))
}

/// Where its applicant follows an application.
pub fn tracking_url(provider: &Provider, token: &str) -> String {
    let issuer = provider.config.issuer_text();
    format!("{}/onboarding/{token}", issuer.trim_end_matches('/'))
}

/// What the seal of an application is bound to.
fn purpose(id: ApplicationId) -> String {
    format!("application {id}")
}
