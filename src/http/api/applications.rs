//! `/applications`: what portals apply for, the steps an officer decides alone, and asking for those that need a
//! second one.

use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::console::ConsoleError;
use crate::console::applications;
use crate::console::operators;
use crate::domain::act::Request;
use crate::domain::api_scope::ApiScope;
use crate::domain::application::State;
use crate::domain::id::ApplicationId;
use crate::domain::operator::Permission;
use crate::domain::self_check::Line;
use crate::http::api::call::Call;
use crate::http::api::fields::Moment;
use crate::http::api::fields::Reason;
use crate::http::api::fields::Text;
use crate::http::api::fields::credit_code;
use crate::http::api::fields::one_of;
use crate::http::api::fields::text;
use crate::http::api::operation::Asked;
use crate::http::api::operation::Done;
use crate::http::api::operation::One;
use crate::http::api::operation::Operation;
use crate::http::api::operation::Page;
use crate::http::api::problem::Problem;
use crate::onboarding::form;
use crate::onboarding::review;
use crate::onboarding::review::Decision;
use crate::onboarding::review::Wanted;
use crate::onboarding::tracking::Tracked;

/// The operations on applications.
pub fn operations() -> Vec<Operation> {
    use ApiScope::{ApplicationsRead, ApplicationsWrite, ContactsRead};
    vec![
        Operation::read("/applications", ApplicationsRead, list)
            .filter("state", "In this state", one_of(State::ALL.map(State::as_str)))
            .filter("supplier", "Of the supplier with this code", credit_code())
            .filter("due", "Those to be renewed within 30 days", one_of(["true", "false"]))
            .named("listApplications", "Applications, newest first"),
        Operation::read("/applications/{id}", ApplicationsRead, show)
            .named("getApplication", "One application"),
        Operation::read("/applications/{id}/contact", ContactsRead, contact)
            .named("getApplicationContact", "Who answers for the portal; nobody after a handover"),
        Operation::send("/applications/{id}/approve", ApplicationsWrite, approve)
            .named("approveApplication", "Pass the first review: it gets a client in the sandbox"),
        Operation::send("/applications/{id}/return", ApplicationsWrite, give_back)
            .named("returnApplication", "Send it back to its applicant"),
        Operation::send("/applications/{id}/refuse", ApplicationsWrite, refuse)
            .named("refuseApplication", "Refuse it"),
        Operation::send("/applications/{id}/renew", ApplicationsWrite, renew)
            .named("renewApplication", "Let the portal stay for another term"),
        Operation::send("/applications/{id}/acts", ApplicationsWrite, ask)
            .named("askAboutApplication", "Ask for what a second officer has to approve"),
    ]
}

/// A body with its unified social credit code.
#[derive(Serialize, ToSchema)]
struct Unit {
    /// Its name.
    name: String,
    /// Its code.
    code: String,
}

/// A portal's application for access.
#[derive(Serialize, ToSchema)]
struct Application {
    /// Its key.
    id: uuid::Uuid,
    /// How far it has come.
    state: String,
    /// What the portal is called.
    portal_name: String,
    /// Whose portal it is.
    unit: Unit,
    /// Who integrates for the unit.
    supplier: Option<Unit>,
    /// What it is for.
    purpose: String,
    /// Scope values it wants, each with the reason.
    scopes: std::collections::BTreeMap<String, String>,
    /// `redirect_uris`.
    redirect_uris: Vec<String>,
    /// `post_logout_redirect_uris`.
    post_logout_redirect_uris: Vec<String>,
    /// `backchannel_logout_uri`.
    backchannel_logout_uri: Option<String>,
    /// For whom people come: `persons`, `organisations` or `both`.
    subjects: String,
    /// What kind of software it is.
    profile: String,
    /// `id_token_signed_response_alg`.
    algorithm: String,
    /// The `client_id` of its client.
    client_id: Option<String>,
    /// What it has to show in the sandbox, of one application alone; null elsewhere.
    self_check: Option<Vec<CheckLine>>,
    /// Who reviewed it first.
    reviewed_by: Option<String>,
    /// What an officer last said to the applicant.
    remark: Option<String>,
    /// Until when it has to be renewed.
    renew_by: Option<Moment>,
    /// When it was filed.
    submitted_at: Moment,
    /// When it last changed.
    updated_at: Moment,
}

/// One thing a portal in the sandbox has to show.
#[derive(Serialize, ToSchema)]
struct CheckLine {
    /// What.
    check: String,
    /// `green`, `missing`, `failed`, `unchecked` or `not-needed`.
    finding: String,
    /// When it was last noted.
    last_seen: Option<Moment>,
}

/// Somebody to talk to.
#[derive(Serialize, ToSchema)]
struct PortalContact {
    /// The name.
    name: String,
    /// The mobile phone, E.164.
    phone: String,
    /// E-mail.
    email: String,
}

/// Who answers for a portal.
#[derive(Serialize, ToSchema)]
struct Contacts {
    /// Nobody yet, after it was handed over.
    contact: Option<PortalContact>,
}

/// What can be asked for about a portal.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ApplicationActKind {
    GoLive,
    Retire,
    NewTrackingLink,
    HandOver,
}

/// The unit a portal is handed over to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewUnit {
    /// Its name.
    #[schema(schema_with = text::<2, 100>)]
    name: Text<2, 100>,
    /// Its unified social credit code.
    #[schema(schema_with = credit_code)]
    code: Text<18, 18>,
}

/// What is asked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ApplicationAct {
    /// What.
    kind: ApplicationActKind,
    /// Whose portal it is to be, for `hand_over` alone.
    #[serde(default)]
    unit: Option<NewUnit>,
    /// Why: the second officer reads it.
    #[schema(schema_with = text::<2, 200>)]
    reason: Text<2, 200>,
}

async fn list(call: Call) -> Result<Page<Application>, Problem> {
    let wanted = call.page::<ApplicationId>()?;
    let code = |text: &str| {
        let plain = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
        (text.len() == 18 && text.bytes().all(plain)).then(|| text.to_owned())
    };
    let due = call.filter("due", |text| text.parse().ok())?;
    let search = Wanted {
        state: call.filter("state", State::parse)?,
        supplier: call.filter("supplier", code)?,
        due: due.unwrap_or(false),
        before: wanted.after,
        limit: wanted.limit.into(),
    };
    let (found, next) = review::list(call.actor(), search).await?;
    let next = next.map(|place| call.next(&place)).transpose()?;
    let names = operators::names(call.provider()).await?;
    let shown = found.into_iter().map(|tracked| {
        let reviewer = tracked.application.reviewed_by.map(|by| names.of(by));
        shown(tracked, reviewer)
    });
    Ok(Page(shown.collect(), next))
}

async fn show(call: Call) -> Result<One<Application>, Problem> {
    let tracked = review::find(call.actor(), call.key()?).await?;
    let names = operators::names(call.provider()).await?;
    let reviewer = tracked.application.reviewed_by.map(|by| names.of(by));
    Ok(One(shown(tracked, reviewer)))
}

/// Personal data, so it has an operation and a scope of its own.
async fn contact(call: Call) -> Result<One<Contacts>, Problem> {
    let found = review::find(call.actor(), call.key()?).await?.document.contact;
    let contact = found.map(|contact| PortalContact {
        name: contact.name,
        phone: contact.phone,
        email: contact.email,
    });
    Ok(One(Contacts { contact }))
}

async fn approve(call: Call, body: Reason) -> Result<Done, Problem> {
    decide(&call, Decision::Approve, &body).await
}

async fn give_back(call: Call, body: Reason) -> Result<Done, Problem> {
    decide(&call, Decision::Return, &body).await
}

async fn refuse(call: Call, body: Reason) -> Result<Done, Problem> {
    decide(&call, Decision::Refuse, &body).await
}

async fn renew(call: Call, body: Reason) -> Result<Done, Problem> {
    decide(&call, Decision::Renew, &body).await
}

async fn decide(call: &Call, decision: Decision, body: &Reason) -> Result<Done, Problem> {
    review::decide(call.actor(), call.key()?, decision, body.reason.as_str()).await?;
    Ok(Done)
}

async fn ask(call: Call, body: ApplicationAct) -> Result<Asked, Problem> {
    call.actor().demand(Permission::ReviewApplications).await?;
    let application: ApplicationId = call.key()?;
    let portal = review::find(call.actor(), application).await?.document.portal_name;
    let request = match (body.kind, &body.unit) {
        (ApplicationActKind::GoLive, None) => Request::GoLive { application, portal },
        (ApplicationActKind::Retire, None) => Request::RetirePortal { application, portal },
        (ApplicationActKind::NewTrackingLink, None) => {
            Request::HandOverPortal { application, portal, unit: None }
        }
        (ApplicationActKind::HandOver, Some(unit)) => {
            let (name, code) = (unit.name.as_str(), unit.code.as_str());
            let unit = form::read_unit(call.provider(), name, code).ok_or(ConsoleError::Name)?;
            Request::HandOverPortal { application, portal, unit: Some(unit) }
        }
        _ => return Err(Problem::bad_request("unit is said for hand_over, and for nothing else")),
    };
    Ok(applications::ask(call.actor(), request, body.reason.as_str()).await?.into())
}

/// Without the contact, which is asked for by itself, and without test people: they are the developer's.
fn shown(tracked: Tracked, reviewed_by: Option<String>) -> Application {
    let (application, document) = (tracked.application, tracked.document);
    let report = tracked.report.map(|lines| lines.iter().map(CheckLine::from).collect());
    let unit = |unit: crate::domain::application::Unit| Unit { name: unit.name, code: unit.code };
    Application {
        id: application.id.0,
        state: application.state.as_str().to_owned(),
        portal_name: document.portal_name,
        unit: unit(document.unit),
        supplier: document.supplier.map(unit),
        purpose: document.purpose,
        scopes: document.scopes,
        redirect_uris: document.redirect_uris,
        post_logout_redirect_uris: document.post_logout_redirect_uris,
        backchannel_logout_uri: document.backchannel_logout_uri,
        profile: document.profile.as_str().to_owned(),
        subjects: document.subjects.as_str().to_owned(),
        algorithm: document.algorithm.as_str().to_owned(),
        self_check: report,
        client_id: application.client_id.map(|id| id.to_string()),
        reviewed_by,
        remark: document.remark,
        renew_by: application.renew_by.map(Moment::from),
        submitted_at: application.submitted_at.into(),
        updated_at: application.updated_at.into(),
    }
}

impl From<&Line> for CheckLine {
    fn from(line: &Line) -> Self {
        Self {
            check: line.check.as_str().to_owned(),
            finding: line.finding.as_str().to_owned(),
            last_seen: line.last_seen.map(Moment::from),
        }
    }
}
