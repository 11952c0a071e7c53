//! `/acts`: what this machine asked for. It can withdraw it; deciding is for people.

use serde::Serialize;
use utoipa::ToSchema;

use crate::console::acts;
use crate::console::acts::ReadAct;
use crate::console::operators;
use crate::console::operators::Names;
use crate::domain::act::State;
use crate::domain::api_scope::ApiScope;
use crate::domain::id::ActId;
use crate::http::api::call::Call;
use crate::http::api::call::cut;
use crate::http::api::fields::Moment;
use crate::http::api::operation::Done;
use crate::http::api::operation::One;
use crate::http::api::operation::Operation;
use crate::http::api::operation::Page;
use crate::http::api::problem::Problem;

/// The operations on acts.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::read("/acts", ApiScope::ActsRead, list)
            .named("listActs", "The acts this machine asked for, newest first"),
        Operation::read("/acts/{id}", ApiScope::ActsRead, show)
            .named("getAct", "One act this machine asked for"),
        Operation::change("/acts/{id}/withdraw", ApiScope::ActsWrite, withdraw)
            .named("withdrawAct", "Withdraw an act that waits"),
    ]
}

/// Something that needs a second officer.
#[derive(Serialize, ToSchema)]
struct Act {
    /// Its key.
    id: uuid::Uuid,
    /// What was asked for.
    kind: String,
    /// `waiting`, `approved`, `rejected`, `withdrawn`, or `expired`.
    state: String,
    /// Why.
    reason: String,
    /// Which account or application it is about.
    subject: Option<uuid::Uuid>,
    /// When it was asked for.
    requested_at: Moment,
    /// Until when it can be approved.
    expires_at: Moment,
    /// Who decided.
    decided_by: Option<String>,
    /// When.
    decided_at: Option<Moment>,
}

async fn list(call: Call) -> Result<Page<Act>, Problem> {
    let wanted = call.page::<ActId>()?;
    let found = acts::own(call.actor(), wanted.after, i64::from(wanted.limit) + 1).await?;
    let (found, more) = cut(found, wanted.limit);
    let last = found.last().filter(|_| more);
    let next = last.map(|read| call.next(&read.act.id)).transpose()?;
    let names = operators::names(call.provider()).await?;
    Ok(Page(found.iter().map(|read| shown(&call, &names, read)).collect(), next))
}

async fn show(call: Call) -> Result<One<Act>, Problem> {
    let read = acts::find(call.actor(), call.key()?).await?;
    let names = operators::names(call.provider()).await?;
    Ok(One(shown(&call, &names, &read)))
}

async fn withdraw(call: Call) -> Result<Done, Problem> {
    acts::decide(call.actor(), call.key()?, State::Withdrawn).await?;
    Ok(Done)
}

fn shown(call: &Call, names: &Names, read: &ReadAct) -> Act {
    let act = &read.act;
    let expired = act.state == State::Waiting && act.expires_at <= call.provider().clock.now();
    Act {
        id: act.id.0,
        kind: read.document.request.kind().to_owned(),
        state: if expired { "expired" } else { act.state.as_str() }.to_owned(),
        reason: read.document.reason.clone(),
        subject: read.document.request.subject(),
        requested_at: act.requested_at.into(),
        expires_at: act.expires_at.into(),
        decided_by: act.decided_by.map(|by| names.of(by)),
        decided_at: act.decided_at.map(Moment::from),
    }
}
