//! `/operators` and `/invitations`: who works here, and asking for somebody new or for somebody's end.

use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::console::ConsoleError;
use crate::console::name_of;
use crate::console::operators;
use crate::console::operators::Wanted;
use crate::domain::api_scope::ApiScope;
use crate::domain::id::OperatorId;
use crate::domain::operator::Region;
use crate::domain::operator::Role;
use crate::http::api::call::Call;
use crate::http::api::call::cut;
use crate::http::api::fields::Moment;
use crate::http::api::fields::Reason;
use crate::http::api::fields::Text;
use crate::http::api::fields::division;
use crate::http::api::fields::region;
use crate::http::api::fields::role;
use crate::http::api::fields::text;
use crate::http::api::operation::Asked;
use crate::http::api::operation::Operation;
use crate::http::api::operation::Page;
use crate::http::api::problem::Problem;

/// The operations on operators.
pub fn operations() -> Vec<Operation> {
    use ApiScope::{OperatorsRead, OperatorsWrite};
    vec![
        Operation::read("/operators", OperatorsRead, list)
            .named("listOperators", "Who works here, people and machines, oldest first"),
        Operation::send("/operators/{id}/disable", OperatorsWrite, disable)
            .named("askToDisable", "Ask a second officer to end somebody's work here"),
        Operation::read("/invitations", OperatorsRead, invitations)
            .named("listInvitations", "Invitations nobody accepted yet, oldest first"),
        Operation::send("/invitations", OperatorsWrite, invite)
            .named("askToInvite", "Ask a second officer to invite somebody"),
    ]
}

/// Somebody who works here.
#[derive(Serialize, ToSchema)]
struct Operator {
    /// The key.
    id: uuid::Uuid,
    /// The name.
    name: String,
    /// The role.
    role: String,
    /// A six-digit code; null for the whole province.
    region: Option<String>,
    /// Whether the operator may work.
    is_active: bool,
    /// The `client_id` of a machine.
    client_id: Option<String>,
    /// When the operator last logged in.
    last_login_at: Option<Moment>,
    /// Since when.
    created_at: Moment,
}

/// An invitation nobody accepted yet.
#[derive(Serialize, ToSchema)]
struct Invitation {
    /// Who is invited.
    name: String,
    /// As what.
    role: String,
    /// A six-digit code; null for the whole province.
    region: Option<String>,
    /// When it was approved.
    created_at: Moment,
    /// Until when it can be accepted.
    expires_at: Moment,
}

/// Who should be invited.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewOperator {
    /// The name.
    #[schema(schema_with = text::<2, 50>)]
    name: Text<2, 50>,
    /// As what.
    #[schema(schema_with = role)]
    role: Role,
    /// A six-digit code; null for the whole province, where only officers work.
    #[serde(default)]
    #[schema(schema_with = region)]
    region: Option<String>,
    /// Why.
    #[schema(schema_with = text::<2, 200>)]
    reason: Text<2, 200>,
}

async fn list(call: Call) -> Result<Page<Operator>, Problem> {
    let wanted = call.page::<OperatorId>()?;
    let limit = wanted.limit.into();
    let (found, more) = operators::page(call.actor(), wanted.after, limit).await?;
    let next = found.last().filter(|_| more).map(|last| call.next(&last.id)).transpose()?;
    let shown = found.iter().map(|known| {
        Ok(Operator {
            id: known.id.0,
            name: name_of(call.provider(), &known.name)?,
            role: known.role.as_str().to_owned(),
            region: known.region.as_ref().map(Region::code),
            is_active: known.is_active,
            client_id: known.client_id.as_ref().map(ToString::to_string),
            last_login_at: known.last_login_at.map(Moment::from),
            created_at: known.created_at.into(),
        })
    });
    Ok(Page(shown.collect::<Result<_, ConsoleError>>()?, next))
}

async fn invitations(call: Call) -> Result<Page<Invitation>, Problem> {
    let wanted = call.page::<(Timestamp, [u8; 32])>()?;
    let mut found = operators::invitations(call.actor()).await?;
    found.sort_by_key(|known| (known.created_at, known.digest.0));
    found.retain(|known| {
        wanted.after.is_none_or(|after| (known.created_at, known.digest.0) > after)
    });
    let (found, more) = cut(found, wanted.limit);
    let last = found.last().filter(|_| more);
    let next = last.map(|last| call.next(&(last.created_at, last.digest.0))).transpose()?;
    let shown = found.iter().map(|known| {
        Ok(Invitation {
            name: name_of(call.provider(), &known.name)?,
            role: known.role.as_str().to_owned(),
            region: known.region.as_ref().map(Region::code),
            created_at: known.created_at.into(),
            expires_at: known.expires_at.into(),
        })
    });
    Ok(Page(shown.collect::<Result<_, ConsoleError>>()?, next))
}

async fn invite(call: Call, body: NewOperator) -> Result<Asked, Problem> {
    let wanted = Wanted {
        name: body.name.as_str(),
        role: body.role.as_str(),
        region: division(body.region.as_deref())?,
        reason: body.reason.as_str(),
    };
    Ok(operators::ask_to_invite(call.actor(), wanted).await?.into())
}

async fn disable(call: Call, body: Reason) -> Result<Asked, Problem> {
    let asked = operators::ask_to_disable(call.actor(), call.key()?, body.reason.as_str()).await?;
    Ok(asked.into())
}
