//! `/alerts`: what monitoring found, and what an officer does with it.

use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::console::ConsoleError;
use crate::console::alerts;
use crate::console::alerts::Search;
use crate::console::operators;
use crate::console::operators::Names;
use crate::domain::alert::Alert as Known;
use crate::domain::alert::Handling;
use crate::domain::alert::Rule;
use crate::domain::alert::State;
use crate::domain::alert::Step;
use crate::domain::api_scope::ApiScope;
use crate::domain::id::AlertId;
use crate::http::api::call::Call;
use crate::http::api::call::cut;
use crate::http::api::fields::Moment;
use crate::http::api::fields::Text;
use crate::http::api::fields::one_of;
use crate::http::api::fields::text;
use crate::http::api::operation::Done;
use crate::http::api::operation::One;
use crate::http::api::operation::Operation;
use crate::http::api::operation::Page;
use crate::http::api::problem::Problem;

/// The operations on alerts.
pub fn operations() -> Vec<Operation> {
    use ApiScope::{AlertsRead, AlertsWrite};
    vec![
        Operation::read("/alerts", AlertsRead, list)
            .filter("state", "In this state", one_of(State::ALL.iter().map(|state| state.as_str())))
            .filter("rule", "Of this rule", one_of(Rule::ALL.iter().map(|rule| rule.as_str())))
            .named("listAlerts", "Alerts, newest first"),
        Operation::read("/alerts/{id}", AlertsRead, show).named("getAlert", "One alert"),
        Operation::send("/alerts/{id}/acknowledge", AlertsWrite, acknowledge)
            .named("acknowledgeAlert", "Say that somebody looks into it"),
        Operation::send("/alerts/{id}/close", AlertsWrite, close)
            .named("closeAlert", "Say what it was"),
    ]
}

/// What monitoring found.
#[derive(Serialize, ToSchema)]
struct Alert {
    /// Its key.
    id: uuid::Uuid,
    /// Which rule.
    rule: String,
    /// `notice`, `warning` or `critical`.
    severity: String,
    /// `open`, `acknowledged` or `closed`.
    state: String,
    /// About what kind of thing.
    subject_kind: String,
    /// Which one.
    subject: String,
    /// How many events it took.
    events: i64,
    /// How often it was found.
    occurrences: i64,
    /// The first event.
    first_at: Moment,
    /// The last event.
    last_at: Moment,
    /// When the alert was raised.
    raised_at: Moment,
    /// Who looks into it.
    acknowledged: Option<AlertStep>,
    /// What it was.
    closed: Option<AlertStep>,
}

/// What an officer did with an alert.
#[derive(Serialize, ToSchema)]
struct AlertStep {
    /// Who.
    by: String,
    /// When.
    at: Moment,
    /// What was written.
    note: String,
}

/// What is said at a step.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AlertNote {
    /// What; no personal data.
    #[schema(schema_with = text::<2, 200>)]
    note: Text<2, 200>,
}

async fn list(call: Call) -> Result<Page<Alert>, Problem> {
    let wanted = call.page::<AlertId>()?;
    let search = Search {
        state: call.filter("state", State::parse)?,
        rule: call.filter("rule", Rule::parse)?,
        before: wanted.after,
        limit: i64::from(wanted.limit) + 1,
    };
    let found = alerts::list(call.actor(), search).await?;
    let (found, more) = cut(found, wanted.limit);
    let next = found.last().filter(|_| more).map(|last| call.next(&last.id)).transpose()?;
    let names = operators::names(call.provider()).await?;
    let shown = found.iter().map(|alert| shown(&call, &names, alert));
    Ok(Page(shown.collect::<Result<_, ConsoleError>>()?, next))
}

async fn show(call: Call) -> Result<One<Alert>, Problem> {
    let alert = alerts::find(call.actor(), call.key()?).await?;
    let names = operators::names(call.provider()).await?;
    Ok(One(shown(&call, &names, &alert)?))
}

async fn acknowledge(call: Call, body: AlertNote) -> Result<Done, Problem> {
    handle(&call, Step::Acknowledge, &body).await
}

async fn close(call: Call, body: AlertNote) -> Result<Done, Problem> {
    handle(&call, Step::Close, &body).await
}

async fn handle(call: &Call, step: Step, body: &AlertNote) -> Result<Done, Problem> {
    alerts::handle(call.actor(), call.key()?, step, body.note.as_str()).await?;
    Ok(Done)
}

fn shown(call: &Call, names: &Names, alert: &Known) -> Result<Alert, ConsoleError> {
    let step = |handling: &Option<Handling>| -> Result<Option<AlertStep>, ConsoleError> {
        let Some(handling) = handling else { return Ok(None) };
        let note = alerts::note(call.actor(), handling)?;
        Ok(Some(AlertStep { by: names.of(handling.by), at: handling.at.into(), note }))
    };
    let finding = &alert.finding;
    Ok(Alert {
        id: alert.id.0,
        rule: finding.rule.as_str().to_owned(),
        severity: finding.rule.severity().as_str().to_owned(),
        state: alert.state.as_str().to_owned(),
        subject_kind: finding.subject.kind().to_owned(),
        subject: finding.subject.name(),
        events: finding.events,
        occurrences: alert.occurrences,
        first_at: finding.first_at.into(),
        last_at: finding.last_at.into(),
        raised_at: alert.raised_at.into(),
        acknowledged: step(&alert.acknowledged)?,
        closed: step(&alert.closed)?,
    })
}
