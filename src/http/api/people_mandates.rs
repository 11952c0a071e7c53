//! `/people/{id}/mandates` and what else a machine may know and do of acting for people: who acts for a person, what
//! the person represents, and the end of a mandate about the person.

use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::console::organisations;
use crate::console::organisations::Held;
use crate::domain::api_scope::ApiScope;
use crate::domain::id::MandateId;
use crate::domain::mandate::Principal;
use crate::http::api::call::Call;
use crate::http::api::fields::Text;
use crate::http::api::fields::one_of;
use crate::http::api::fields::text;
use crate::http::api::operation::Done;
use crate::http::api::operation::Operation;
use crate::http::api::operation::Page;
use crate::http::api::organisations::Mandate;
use crate::http::api::organisations::told;
use crate::http::api::problem::Problem;
use crate::http::failure::Failure;
use crate::provider::Provider;

/// The operations on mandates about or in the hands of a person.
pub fn operations() -> Vec<Operation> {
    use ApiScope::{PeopleRead, PeopleWrite};
    vec![
        Operation::read("/people/{id}/mandates", PeopleRead, about)
            .filter(
                "open",
                "Those that can be used, or those that are over",
                one_of(["true", "false"]),
            )
            .named("listMandatesAboutPerson", "Who acts or acted for a person, newest first"),
        Operation::read("/people/{id}/mandates-held", PeopleRead, held)
            .named("listMandatesOfPerson", "What a person represents or represented, newest first"),
        Operation::send("/people/{id}/end-mandate", PeopleWrite, end)
            .named("endMandateAboutPerson", "End a mandate about a person, with what hangs on it"),
    ]
}

/// What a person represents or represented.
#[derive(Serialize, ToSchema)]
struct HeldMandate {
    /// The organisation it is for; none where it is for a person.
    organisation: Option<uuid::Uuid>,
    /// The person it is for; none where it is for an organisation.
    person: Option<uuid::Uuid>,
    /// The name of whom it is for; masked where it leads to a person.
    principal_name: String,
    /// The mandate.
    mandate: Mandate,
}

/// Which mandate ends.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EndOfMandate {
    /// Its key.
    mandate: uuid::Uuid,
    /// Why; it stands in the audit chain.
    #[schema(schema_with = text::<2, 200>)]
    reason: Text<2, 200>,
}

async fn about(call: Call) -> Result<Page<Mandate>, Problem> {
    let wanted = call.page::<MandateId>()?;
    let open = call.filter("open", |text| text.parse::<bool>().ok())?.unwrap_or(true);
    let part = (open, wanted.after, usize::from(wanted.limit));
    let (found, more) = organisations::mandates_about(call.actor(), call.key()?, part).await?;
    let next = found.last().filter(|_| more).map(|last| call.next(&last.id)).transpose()?;
    let shown = found.iter().map(|mandate| told(call.provider(), mandate));
    Ok(Page(shown.collect::<Result<_, Problem>>()?, next))
}

async fn held(call: Call) -> Result<Page<HeldMandate>, Problem> {
    let wanted = call.page::<MandateId>()?;
    let part = (wanted.after, usize::from(wanted.limit));
    let (found, more) = organisations::mandates_held(call.actor(), call.key()?, part).await?;
    let last = found.last().filter(|_| more);
    let next = last.map(|last| call.next(&last.mandate.id)).transpose()?;
    let shown = found.iter().map(|held| shown(call.provider(), held));
    Ok(Page(shown.collect::<Result<_, Problem>>()?, next))
}

async fn end(call: Call, body: EndOfMandate) -> Result<Done, Problem> {
    let which = (MandateId(body.mandate), call.key()?);
    let ended = organisations::end_mandate_of_person(call.actor(), which, body.reason.as_str());
    ended.await?;
    Ok(Done)
}

fn shown(provider: &Provider, held: &Held) -> Result<HeldMandate, Problem> {
    let mandate = &held.mandate;
    let (organisation, person) = match mandate.principal {
        Principal::Organisation(id) => (Some(id.0), None),
        Principal::Person(id) => (None, Some(id.0)),
    };
    let principal_name = if let Some(record) = &held.organisation {
        organisations::masked_name(provider, record)?
    } else {
        let parties = provider.vault.open_parties(mandate.id, &mandate.parties);
        provider.config.masking.name(&parties.map_err(Failure::from)?.grantor_name)
    };
    Ok(HeldMandate { organisation, person, principal_name, mandate: told(provider, mandate)? })
}
