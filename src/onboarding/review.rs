//! What an officer does with an application alone: see it, review it, send it back, refuse it, renew it. What
//! needs a second officer is `console::applications`.

use std::time::Duration;

use crate::console::Actor;
use crate::console::ConsoleError;
use crate::console::applications;
use crate::console::reason;
use crate::domain::application::Application;
use crate::domain::application::RENEWAL;
use crate::domain::application::State;
use crate::domain::application::TERM;
use crate::domain::client::ClientId;
use crate::domain::client_name;
use crate::domain::id::ApplicationId;
use crate::domain::operator::Permission;
use crate::domain::uscc::Uscc;
use crate::onboarding::OnboardingError;
use crate::onboarding::changed;
use crate::onboarding::form;
use crate::onboarding::is_name_taken;
use crate::onboarding::tracking;
use crate::onboarding::tracking::Tracked;
use crate::protocol::registration;
use crate::store::sql::ApplicationQuery;
use crate::store::sql::ApplicationStep;
use crate::store::sql::ClientStep;

/// Applications on one page.
pub const PAGE: i64 = 50;
/// What a client is called at first: what it is, and chance.
const CLIENT_ID: &str = "portal-";

/// Which applications an officer wants to see.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// In this state.
    pub state: Option<State>,
    /// Of the supplier with this code.
    pub supplier: Option<String>,
    /// Those that have to be renewed soon.
    pub due: bool,
    /// Older than this one.
    pub before: Option<ApplicationId>,
    /// At most so many.
    pub limit: i64,
}

/// One thing an officer decides alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It gets a client in the sandbox.
    Approve,
    /// The applicant corrects it; from the question to go live, back into the sandbox.
    Return,
    /// It is refused.
    Refuse,
    /// The portal stays for another term.
    Renew,
}

impl Decision {
    /// The decision of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "approve" => Self::Approve,
            "return" => Self::Return,
            "refuse" => Self::Refuse,
            "renew" => Self::Renew,
            _ => return None,
        })
    }

    /// The name in audit.
    fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approved",
            Self::Return => "returned",
            Self::Refuse => "refused",
            Self::Renew => "renewed",
        }
    }
}

/// One page of applications, newest first, and where the next begins.
pub async fn list(
    actor: Actor<'_>,
    wanted: Wanted,
) -> Result<(Vec<Tracked>, Option<ApplicationId>), ConsoleError> {
    actor.demand(Permission::SeeApplications).await?;
    let provider = actor.provider;
    // What is no code is nobody's.
    let accepted = provider.config.synthetic();
    let supplier = match wanted.supplier.as_deref().map(|code| Uscc::parse(code, accepted)) {
        Some(Err(_)) => return Ok((Vec::new(), None)),
        Some(Ok(code)) => Some(code),
        None => None,
    };
    let query = ApplicationQuery {
        state: wanted.state,
        supplier: supplier.map(|code| code.as_str().to_owned()),
        due_before: wanted.due.then(|| provider.clock.now().plus(RENEWAL)),
        before: wanted.before,
        limit: wanted.limit + 1,
    };
    let mut found = provider.store.find_applications(&query).await?;
    let more = found.len() > usize::try_from(wanted.limit).unwrap_or(usize::MAX);
    if more {
        found.pop();
    }
    let next = found.last().map(|application| application.id).filter(|_| more);
    let read = |application: Application| {
        let document = applications::open(provider, &application)?;
        Ok(Tracked { application, document, client: None, report: None })
    };
    Ok((found.into_iter().map(read).collect::<Result<_, ConsoleError>>()?, next))
}

/// How many applications wait for an officer: those to be reviewed, and those that want to go live.
pub async fn count_waiting(actor: Actor<'_>) -> Result<i64, ConsoleError> {
    let waiting = [State::Submitted, State::LiveAsked];
    Ok(actor.provider.store.count_applications(waiting).await?)
}

/// One application, with everything.
pub async fn find(actor: Actor<'_>, id: ApplicationId) -> Result<Tracked, ConsoleError> {
    actor.demand(Permission::SeeApplications).await?;
    let found = actor.provider.store.find_application(id).await?;
    let opened = tracking::opened(actor.provider, found.ok_or(ConsoleError::NotFound)?).await;
    opened.map_err(told)
}

/// Decides about an application, with a reason the applicant reads.
pub async fn decide(
    actor: Actor<'_>,
    id: ApplicationId,
    decision: Decision,
    why: &str,
) -> Result<(), ConsoleError> {
    actor.demand(Permission::ReviewApplications).await?;
    let why = reason(why)?;
    let mut tracked = find(actor, id).await?;
    let (mut to, client) = match decision {
        Decision::Approve => approve(actor, &tracked).await?,
        Decision::Renew => (renewed(actor, &tracked.application)?, ClientStep::Keep),
        Decision::Return => {
            let back = match tracked.application.state {
                State::LiveAsked => State::Sandbox,
                State::RetireAsked => State::Live,
                _ => State::Returned,
            };
            (becoming(&tracked.application, back)?, ClientStep::Keep)
        }
        Decision::Refuse => (becoming(&tracked.application, State::Refused)?, ClientStep::Keep),
    };
    tracked.document.remark = (decision != Decision::Approve).then(|| why.clone());
    to.document = applications::seal(actor.provider, to.id, &tracked.document)?;
    let event = changed(&to, decision.as_str()).operator(actor.operator.id).why(&why);
    let record = event.record(actor.provider, actor.context);
    let step = ApplicationStep { to, client };
    let step = actor.provider.store.step_application(step, record).await?;
    step.then_some(()).ok_or(ConsoleError::Over)
}

/// The first review: the application gets a client for test people.
async fn approve(
    actor: Actor<'_>,
    tracked: &Tracked,
) -> Result<(Application, ClientStep), ConsoleError> {
    let (provider, name) = (actor.provider, &tracked.document.portal_name);
    let mut to = becoming(&tracked.application, State::Sandbox)?;
    // What was free when it was filed may be taken by now.
    if client_name::is_reserved(name) || is_name_taken(provider, name, None).await? {
        return Err(ConsoleError::NameTaken);
    }
    let chance = hex::encode(crate::crypto::random::bytes::<6>());
    let id = ClientId::parse(&format!("{CLIENT_ID}{chance}")).ok_or(ConsoleError::Over)?;
    let client = form::client(&tracked.document, id.clone());
    registration::check(&client, provider.config.issuer_is_loopback())
        .map_err(|_| ConsoleError::Over)?;
    to.client_id = Some(id);
    to.name_key = Some(client_name::fold(name));
    to.reviewed_by = Some(actor.operator.id);
    Ok((to, ClientStep::Add(Box::new(client))))
}

fn renewed(actor: Actor<'_>, application: &Application) -> Result<Application, ConsoleError> {
    let now = actor.provider.clock.now();
    if !application.is_due(now) {
        return Err(ConsoleError::Over);
    }
    let term: Duration = TERM;
    Ok(Application { renew_by: Some(now.plus(term)), ..application.clone() })
}

fn becoming(application: &Application, next: State) -> Result<Application, ConsoleError> {
    application.becoming(next).ok_or(ConsoleError::Over)
}

fn told(error: OnboardingError) -> ConsoleError {
    match error {
        OnboardingError::Store(error) => error.into(),
        OnboardingError::Vault(error) => error.into(),
        OnboardingError::NotFound => ConsoleError::NotFound,
        _ => ConsoleError::Over,
    }
}
