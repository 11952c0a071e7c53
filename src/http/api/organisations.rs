//! `/organisations` and `/mandates`: an organisation by its exact code, who acts for it, and what a machine may do
//! about that. What is shown at a counter stays with people.

use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::console::organisations;
use crate::console::organisations::AtRegister;
use crate::console::organisations::Found;
use crate::domain::api_scope::ApiScope;
use crate::domain::id::MandateId;
use crate::domain::mandate::Mandate as Known;
use crate::domain::mandate::Matters;
use crate::http::api::call::Call;
use crate::http::api::fields::Moment;
use crate::http::api::fields::Reason;
use crate::http::api::fields::Text;
use crate::http::api::fields::one_of;
use crate::http::api::fields::text;
use crate::http::api::operation::Asked;
use crate::http::api::operation::Done;
use crate::http::api::operation::One;
use crate::http::api::operation::Operation;
use crate::http::api::operation::Page;
use crate::http::api::problem::Problem;
use crate::http::failure::Failure;
use crate::provider::Provider;

/// The operations on organisations and mandates.
pub fn operations() -> Vec<Operation> {
    use ApiScope::{OrganisationsRead, OrganisationsWrite};
    vec![
        Operation::send("/organisations/search", OrganisationsRead, search).looking().named(
            "searchOrganisation",
            "Look an organisation up by its credit code or one it had before; every look-up is recorded",
        ),
        Operation::read("/organisations/{id}", OrganisationsRead, show)
            .named("getOrganisation", "The account of an organisation; every look is recorded"),
        Operation::read("/organisations/{id}/mandates", OrganisationsRead, list)
            .filter("open", "Those that can be used, or those that are over", one_of(["true", "false"]))
            .named("listMandates", "The mandates of an organisation, newest first"),
        Operation::send("/organisations/{id}/suspend", OrganisationsWrite, suspend)
            .named("suspendOrganisation", "Suspend an organisation; what goes on in its name ends"),
        Operation::send("/organisations/{id}/acts", OrganisationsWrite, ask)
            .named("askAboutOrganisation", "Ask for what a second officer has to approve"),
        Operation::read("/mandates/{id}", OrganisationsRead, one)
            .named("getMandate", "One mandate for an organisation"),
        Operation::send("/mandates/{id}/end", OrganisationsWrite, end)
            .named("endMandate", "End a mandate for an organisation, with what hangs on it"),
    ]
}

/// Which organisation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OrganisationSearch {
    /// A whole credit code, or a code it had before.
    #[schema(schema_with = text::<1, 64>)]
    code: Text<1, 64>,
}

/// An organisation.
#[derive(Serialize, ToSchema)]
struct Organisation {
    /// The key of its account; none while nobody claimed it.
    id: Option<uuid::Uuid>,
    /// Its credit code; masked where it leads to a person.
    uscc: String,
    /// Its name; masked where it leads to a person.
    name: String,
    /// `active`, `revoked`, `deregistered` or `moved`; `unknown` to the register, or the register is `away`.
    register_status: String,
    /// When somebody first claimed it.
    claimed_at: Option<Moment>,
    /// Since when it is suspended.
    suspended_at: Option<Moment>,
}

/// Who may act for an organisation or a person.
#[derive(Serialize, ToSchema)]
pub struct Mandate {
    /// Its key.
    id: uuid::Uuid,
    /// On which it hangs.
    parent: Option<uuid::Uuid>,
    /// `legal_representative`, `administrator` or `agent`.
    role: String,
    /// `offered`, `active`, `declined`, `revoked`, `suspended` or `lapsed`.
    state: String,
    /// `register`, `granted`, `counter` or `certificate`.
    evidence: String,
    /// The agent's name, masked.
    name: String,
    /// The agent's number, masked.
    id_number: String,
    /// The agent's account, once accepted.
    account: Option<uuid::Uuid>,
    /// Whether it is for all matters.
    all_matters: bool,
    /// The portals it is for, otherwise.
    clients: Vec<String>,
    /// The service items it is for, otherwise.
    items: Vec<String>,
    /// From when.
    valid_from: Moment,
    /// Until when.
    valid_until: Option<Moment>,
    /// When it was offered.
    offered_at: Moment,
    /// When it ended.
    ended_at: Option<Moment>,
}

/// What can be asked for about an organisation.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum OrganisationActKind {
    ResumeOrganisation,
    EndOrganisation,
}

/// What is asked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OrganisationAct {
    /// What.
    kind: OrganisationActKind,
    /// Why: the second officer reads it.
    #[schema(schema_with = text::<2, 200>)]
    reason: Text<2, 200>,
}

async fn search(call: Call, body: OrganisationSearch) -> Result<One<Organisation>, Problem> {
    let found = organisations::seek(call.actor(), body.code.as_str()).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    Ok(One(shown(&call, &found).await))
}

async fn show(call: Call) -> Result<One<Organisation>, Problem> {
    let found = organisations::look(call.actor(), call.key()?).await?;
    Ok(One(shown(&call, &found).await))
}

async fn list(call: Call) -> Result<Page<Mandate>, Problem> {
    let wanted = call.page::<MandateId>()?;
    let read = |text: &str| text.parse::<bool>().ok();
    let open = call.filter("open", read)?.unwrap_or(true);
    let part = (open, wanted.after, usize::from(wanted.limit));
    let (found, more) = organisations::mandates(call.actor(), call.key()?, part).await?;
    let next = found.last().filter(|_| more).map(|last| call.next(&last.id)).transpose()?;
    let shown = found.iter().map(|mandate| told(call.provider(), mandate));
    Ok(Page(shown.collect::<Result<_, Problem>>()?, next))
}

async fn suspend(call: Call, body: Reason) -> Result<Done, Problem> {
    organisations::suspend(call.actor(), call.key()?, body.reason.as_str()).await?;
    Ok(Done)
}

async fn ask(call: Call, body: OrganisationAct) -> Result<Asked, Problem> {
    let resume = matches!(body.kind, OrganisationActKind::ResumeOrganisation);
    let wanted = (call.key()?, resume);
    let asked = organisations::ask(call.actor(), wanted, body.reason.as_str()).await?;
    Ok(asked.into())
}

async fn one(call: Call) -> Result<One<Mandate>, Problem> {
    let mandate = organisations::mandate_of_organisation(call.actor(), call.key()?).await?;
    Ok(One(told(call.provider(), &mandate)?))
}

async fn end(call: Call, body: Reason) -> Result<Done, Problem> {
    let which = (call.key()?, None);
    organisations::end_mandate_of_organisation(call.actor(), which, body.reason.as_str()).await?;
    Ok(Done)
}

async fn shown(call: &Call, found: &Found) -> Organisation {
    let status = match organisations::at_register(call.actor(), &found.uscc).await {
        AtRegister::Known(entity) => entity.status.as_str(),
        AtRegister::Unknown => "unknown",
        AtRegister::Away => "away",
    };
    let account = found.account.as_ref();
    Organisation {
        id: account.map(|account| account.id.0),
        uscc: found.uscc.masked().into_owned(),
        name: found.masked_name(call.provider().config.masking),
        register_status: status.to_owned(),
        claimed_at: account.map(|account| account.claimed_at.into()),
        suspended_at: account.and_then(|account| account.suspended_at).map(Moment::from),
    }
}

/// A mandate as machines read it.
pub fn told(provider: &Provider, mandate: &Known) -> Result<Mandate, Problem> {
    let parties = provider.vault.open_parties(mandate.id, &mandate.parties);
    let parties = parties.map_err(Failure::from)?;
    let (clients, items) = match &mandate.terms.matters {
        Matters::All => (Vec::new(), Vec::new()),
        Matters::Listed { clients, items } => {
            (clients.iter().map(ToString::to_string).collect(), items.iter().cloned().collect())
        }
    };
    Ok(Mandate {
        id: mandate.id.0,
        parent: mandate.parent.map(|parent| parent.0),
        role: mandate.terms.role.as_str().to_owned(),
        state: mandate.state.as_str().to_owned(),
        evidence: mandate.evidence.as_str().to_owned(),
        name: provider.config.masking.name(&parties.agent_name),
        id_number: parties.agent_number,
        account: mandate.agent.map(|agent| agent.0),
        all_matters: mandate.terms.matters == Matters::All,
        clients,
        items,
        valid_from: mandate.terms.term.from.into(),
        valid_until: mandate.terms.term.until.map(Moment::from),
        offered_at: mandate.offered_at.into(),
        ended_at: mandate.ended_at.map(Moment::from),
    })
}
