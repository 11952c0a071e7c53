//! `/identities` and what is put right of one: a machine asks, a second officer decides.

use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::console::identities;
use crate::domain::api_scope::ApiScope;
use crate::domain::id::AccountId;
use crate::domain::id::IdentityCaseId;
use crate::http::api::call::Call;
use crate::http::api::fields;
use crate::http::api::fields::Moment;
use crate::http::api::fields::Reason;
use crate::http::api::fields::Text;
use crate::http::api::fields::id_country;
use crate::http::api::fields::id_type;
use crate::http::api::fields::text;
use crate::http::api::operation::Asked;
use crate::http::api::operation::Done;
use crate::http::api::operation::Operation;
use crate::http::api::operation::Page;
use crate::http::api::problem::Problem;

/// The operations on identities.
pub fn operations() -> Vec<Operation> {
    use ApiScope::{PeopleRead, PeopleWrite};
    vec![
        Operation::read("/identities/doubts", PeopleRead, doubts).named(
            "listDoubts",
            "Accounts for whose number the register confirmed another name, oldest first",
        ),
        Operation::send("/people/{id}/dismiss-doubt", PeopleWrite, dismiss)
            .named("dismissDoubt", "Settle a doubt in which nothing has to be put right"),
        Operation::send("/people/{id}/merge", PeopleWrite, merge).named(
            "askToMerge",
            "Ask for another account of this person to become part of this one",
        ),
        Operation::send("/people/{id}/split", PeopleWrite, split)
            .named("askToSplit", "Ask for a merge to be undone"),
        Operation::send("/people/{id}/correct", PeopleWrite, correct)
            .named("askToCorrect", "Ask for a name or number to be put right"),
    ]
}

/// An account in doubt.
#[derive(Serialize, ToSchema)]
struct Doubt {
    /// The key of the account.
    account: uuid::Uuid,
    /// The name of the account, masked.
    name: String,
    /// The other name the register confirmed, masked.
    confirmed_name: String,
    /// The ID number, masked.
    id_number: String,
    /// Since when.
    opened_at: Moment,
}

/// Which account becomes part of this one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMerge {
    /// Its whole ID number or mobile number.
    #[schema(schema_with = text::<1, 64>)]
    identifier: Text<1, 64>,
    /// What bears it, where the number does not tell.
    #[serde(default)]
    #[schema(schema_with = id_type)]
    id_type: Option<String>,
    /// Which country issued it, where that is a passport.
    #[serde(default)]
    #[schema(schema_with = id_country)]
    id_country: Option<String>,
    /// Why: the second officer reads it.
    #[schema(schema_with = text::<2, 200>)]
    reason: Text<2, 200>,
}

/// Which account is used again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSplit {
    /// Its key.
    absorbed: uuid::Uuid,
    /// Why: the second officer reads it.
    #[schema(schema_with = text::<2, 200>)]
    reason: Text<2, 200>,
}

/// What is right; the register has to confirm it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCorrection {
    /// The name.
    #[schema(schema_with = text::<1, 100>)]
    name: Text<1, 100>,
    /// The ID number.
    #[schema(schema_with = text::<1, 64>)]
    id_number: Text<1, 64>,
    /// What bears it, where the number does not tell.
    #[serde(default)]
    #[schema(schema_with = id_type)]
    id_type: Option<String>,
    /// Which country issued it, where that is a passport.
    #[serde(default)]
    #[schema(schema_with = id_country)]
    id_country: Option<String>,
    /// Whether the number before is another person's, and finds this account no more.
    #[serde(default)]
    frees_number: bool,
    /// Why: the second officer reads it.
    #[schema(schema_with = text::<2, 200>)]
    reason: Text<2, 200>,
}

async fn doubts(call: Call) -> Result<Page<Doubt>, Problem> {
    let wanted = call.page::<IdentityCaseId>()?;
    let (found, more) =
        identities::cases(call.actor(), wanted.after, usize::from(wanted.limit)).await?;
    let next = more.map(|last| call.next(&last)).transpose()?;
    let masks = call.actor().provider.config.masking;
    let shown = found.into_iter().map(|read| Doubt {
        account: read.person.account.id.0,
        name: masks.name(&read.person.profile.name),
        confirmed_name: masks.name(&read.other.name),
        id_number: read.person.profile.key().masked(),
        opened_at: read.case.opened_at.into(),
    });
    Ok(Page(shown.collect(), next))
}

async fn dismiss(call: Call, body: Reason) -> Result<Done, Problem> {
    identities::dismiss(call.actor(), call.key()?, body.reason.as_str()).await?;
    Ok(Done)
}

async fn merge(call: Call, body: NewMerge) -> Result<Asked, Problem> {
    let typed = fields::typed(&body.identifier, (&body.id_type, &body.id_country));
    let why = body.reason.as_str();
    Ok(identities::ask_to_merge(call.actor(), call.key()?, typed, why).await?.into())
}

async fn split(call: Call, body: NewSplit) -> Result<Asked, Problem> {
    let (absorbed, why) = (AccountId(body.absorbed), body.reason.as_str());
    Ok(identities::ask_to_split(call.actor(), call.key()?, absorbed, why).await?.into())
}

async fn correct(call: Call, body: NewCorrection) -> Result<Asked, Problem> {
    let document = fields::typed(&body.id_number, (&body.id_type, &body.id_country));
    let identity = (body.name.as_str(), document, body.frees_number);
    let why = body.reason.as_str();
    Ok(identities::ask_to_correct(call.actor(), call.key()?, identity, why).await?.into())
}
