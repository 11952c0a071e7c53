//! What an applicant does: file, correct, follow, and look after the portal. Whoever has the tracking link is the
//! applicant; we know the link by a digest alone.

use std::sync::Arc;

use serde_json::Value;

use crate::audit;
use crate::audit::Event;
use crate::console::applications;
use crate::domain::application::Application;
use crate::domain::application::Document;
use crate::domain::application::State;
use crate::domain::application::TERM;
use crate::domain::audit_event::AuditKind;
use crate::domain::client::Client;
use crate::domain::client_change::ClientChange;
use crate::domain::id::ApplicationId;
use crate::domain::id::TrackingDigest;
use crate::domain::request_context::RequestContext;
use crate::domain::self_check;
use crate::domain::self_check::Line;
use crate::jose::json::parse_object;
use crate::onboarding::Errors;
use crate::onboarding::OnboardingError;
use crate::onboarding::changed;
use crate::onboarding::form;
use crate::onboarding::is_name_taken;
use crate::protocol::parameters::Parameters;
use crate::protocol::registration;
use crate::provider::Provider;
use crate::store::sql::ApplicationStep;
use crate::store::sql::ClientStep;
use crate::throttle;

/// An application with everything its applicant may see.
pub struct Tracked {
    /// The application.
    pub application: Application,
    /// What it says.
    pub document: Document,
    /// Its client, as it is now.
    pub client: Option<Arc<Client>>,
    /// The self-check, in the sandbox.
    pub report: Option<Vec<Line>>,
}

/// An applicant at work.
#[derive(Clone, Copy)]
pub struct Applicant<'a> {
    /// The provider.
    pub provider: &'a Provider,
    /// The request.
    pub context: &'a RequestContext,
}

/// Files an application; gives the token of its tracking link, which nobody can read again.
pub async fn submit(
    applicant: Applicant<'_>,
    fields: &Parameters,
) -> Result<String, OnboardingError> {
    let Applicant { provider, context } = applicant;
    let document = read(provider, fields, None).await?;
    // What is counted is what would be kept: mistakes cost nobody anything.
    let _counted = throttle::admit_application(provider, context).await?;
    let (id, now, token) =
        (ApplicationId::generate(), provider.clock.now(), crate::crypto::random::token());
    let new = Application {
        id,
        tracking: TrackingDigest::of(&token),
        state: State::Submitted,
        document: applications::seal(provider, id, &document)?,
        supplier: document.supplier.as_ref().map(|supplier| supplier.code.clone()),
        client_id: None,
        name_key: None,
        reviewed_by: None,
        renew_by: None,
        version: 0,
        submitted_at: now,
        updated_at: now,
    };
    let event = audit::done(AuditKind::ApplicationSubmitted).detail("application", id.to_string());
    provider.store.add_application(new, event.record(provider, context)).await?;
    Ok(token)
}

/// The application of a tracking link.
pub async fn find(provider: &Provider, token: &str) -> Result<Tracked, OnboardingError> {
    let digest = TrackingDigest::of(token);
    let found = provider.store.find_application_by_tracking(digest).await?;
    opened(provider, found.ok_or(OnboardingError::NotFound)?).await
}

/// An application with its client and report.
pub(super) async fn opened(
    provider: &Provider,
    application: Application,
) -> Result<Tracked, OnboardingError> {
    let document = applications::open(provider, &application)?;
    let client = match &application.client_id {
        Some(id) => provider.store.find_client(id).await?,
        None => None,
    };
    let report = applications::report(provider, &application, provider.clock.now()).await?;
    Ok(Tracked { application, document, client, report })
}

/// Corrects an application that was sent back.
pub async fn correct(
    applicant: Applicant<'_>,
    tracked: &Tracked,
    fields: &Parameters,
) -> Result<(), OnboardingError> {
    let to = becoming(tracked, State::Submitted)?;
    let document = read(applicant.provider, fields, tracked.client.as_deref()).await?;
    keep(applicant, (to, document), ClientStep::Keep, |event| event).await
}

/// Takes the application back, asks to go live or to be retired, or takes such a wish back.
pub async fn wish(
    applicant: Applicant<'_>,
    tracked: &Tracked,
    next: State,
) -> Result<(), OnboardingError> {
    let current = tracked.application.state;
    let allowed = matches!(
        (current, next),
        (State::Submitted | State::Returned, State::Withdrawn)
            | (State::Sandbox, State::LiveAsked)
            | (State::LiveAsked, State::Sandbox)
            | (State::Live, State::RetireAsked)
            | (State::RetireAsked, State::Live)
    );
    if !allowed {
        return Err(OnboardingError::Over);
    }
    let green = tracked.report.as_deref().is_some_and(self_check::is_green);
    if next == State::LiveAsked && !green {
        return Err(OnboardingError::NotGreen);
    }
    let to = becoming(tracked, next)?;
    keep(applicant, (to, tracked.document.clone()), ClientStep::Keep, |event| event).await
}

/// A new secret, shown once; the one before works on for a day.
pub async fn rotate_secret(
    applicant: Applicant<'_>,
    tracked: &Tracked,
) -> Result<String, OnboardingError> {
    working(tracked, Client::keeps_secret)?;
    let (text, kept) = registration::new_secret();
    let change = ClientStep::Change(ClientChange::Secret(kept));
    let same = (tracked.application.clone(), tracked.document.clone());
    keep(applicant, same, change, |event| event.detail("what", "secret")).await?;
    Ok(text)
}

/// Other keys.
pub async fn replace_keys(
    applicant: Applicant<'_>,
    tracked: &Tracked,
    fields: &Parameters,
) -> Result<(), OnboardingError> {
    form::refuse_foreign(fields, &["jwks"])?;
    let client = working(tracked, |client| client.jwks.is_some())?;
    let jwks = parse_object(fields.get("jwks").unwrap_or_default().as_bytes());
    let jwks = jwks.ok().map(Value::Object);
    let invalid = || OnboardingError::Fields(Errors::from([("jwks", "portal-jwks-invalid")]));
    let change = ClientChange::Keys(jwks.clone().ok_or_else(invalid)?);
    let changed = change.apply(client, applicant.provider.clock.now());
    let loopback = applicant.provider.config.issuer_is_loopback();
    registration::check(&changed, loopback).map_err(|_| invalid())?;
    let document = Document { jwks, ..tracked.document.clone() };
    let same = (tracked.application.clone(), document);
    keep(applicant, same, ClientStep::Change(change), |event| event.detail("what", "keys")).await
}

/// Somebody else to talk to.
pub async fn change_contact(
    applicant: Applicant<'_>,
    tracked: &Tracked,
    fields: &Parameters,
) -> Result<(), OnboardingError> {
    if tracked.application.state.is_over() {
        return Err(OnboardingError::Over);
    }
    let contact = form::read_contact(applicant.provider, fields)?;
    let document = Document { contact: Some(contact), ..tracked.document.clone() };
    let same = (tracked.application.clone(), document);
    keep(applicant, same, ClientStep::Keep, |event| event.detail("what", "contact")).await
}

/// The portal is still there, and still what it was.
pub async fn renew(applicant: Applicant<'_>, tracked: &Tracked) -> Result<(), OnboardingError> {
    let now = applicant.provider.clock.now();
    if !tracked.application.is_due(now) {
        return Err(OnboardingError::Over);
    }
    let renewed = Application { renew_by: Some(now.plus(TERM)), ..tracked.application.clone() };
    let renewed = (renewed, tracked.document.clone());
    keep(applicant, renewed, ClientStep::Keep, |event| event.detail("what", "renewal")).await
}

fn becoming(tracked: &Tracked, next: State) -> Result<Application, OnboardingError> {
    tracked.application.becoming(next).ok_or(OnboardingError::Over)
}

/// The client, if the portal works and this is so of it.
pub(super) fn working(
    tracked: &Tracked,
    so: impl Fn(&Client) -> bool,
) -> Result<&Client, OnboardingError> {
    let works = tracked.application.state.has_client();
    let client = tracked.client.as_deref().filter(|client| works && so(client));
    client.ok_or(OnboardingError::Over)
}

pub(super) async fn keep(
    applicant: Applicant<'_>,
    (mut to, document): (Application, Document),
    client: ClientStep,
    tell: impl FnOnce(Event<'_>) -> Event<'_>,
) -> Result<(), OnboardingError> {
    let Applicant { provider, context } = applicant;
    to.document = applications::seal(provider, to.id, &document)?;
    to.supplier = document.supplier.map(|supplier| supplier.code);
    let record = tell(changed(&to, "applicant")).record(provider, context);
    let step = ApplicationStep { to, client };
    let taken = provider.store.step_application(step, record).await?;
    taken.then_some(()).ok_or(OnboardingError::Over)
}

/// The form, and whether the name is free.
async fn read(
    provider: &Provider,
    fields: &Parameters,
    own: Option<&Client>,
) -> Result<Document, OnboardingError> {
    let document = form::read(provider, fields)?;
    if is_name_taken(provider, &document.portal_name, own).await? {
        let errors = Errors::from([("portal_name", "portal-name-taken")]);
        return Err(OnboardingError::Fields(errors));
    }
    Ok(document)
}
