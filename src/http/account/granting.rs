//! Granting mandates: the form, the page of who acts for an organisation, and how mandates are shown there.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::clock::Timestamp;
use crate::domain::acting::SubjectKind;
use crate::domain::client::ClientId;
use crate::domain::id::MandateId;
use crate::domain::mandate::Mandate;
use crate::domain::mandate::MandateRole;
use crate::domain::mandate::Matters;
use crate::domain::mandate::Principal;
use crate::domain::mandate::Term;
use crate::domain::mandate::Terms;
use crate::http::account::Owner;
use crate::http::account::OwnerForm;
use crate::http::account::mandates;
use crate::http::documents;
use crate::http::failure::Failure;
use crate::http::visitor::Visitor;
use crate::identifier::Typed;
use crate::organisations::mandates as rules;
use crate::organisations::mandates::Managed;
use crate::organisations::mandates::Offer;
use crate::protocol::parameters::Parameters;
use crate::provider::Provider;

/// A day, as the end of a term is chosen.
const DAY: Duration = Duration::from_hours(24);
/// A list shows so many, and says where it goes on.
pub const PAGE: i64 = 50;

/// The form as typed.
#[derive(Debug, Clone, Default)]
pub struct Granting {
    name: String,
    number: String,
    card: String,
    country: String,
    role: Option<MandateRole>,
    all: bool,
    clients: BTreeSet<ClientId>,
    items: String,
    from: String,
    until: String,
    delegation: u8,
    /// The end of the message's name.
    error: Option<&'static str>,
}

impl Granting {
    fn typed(&self) -> Typed<'_> {
        Typed { text: &self.number, card: &self.card, country: &self.country }
    }

    /// Reads the form; `role` where the form leaves no choice.
    pub fn read(form: &Parameters, role: MandateRole) -> Self {
        let text = |name| form.get(name).unwrap_or_default().chars().take(2000).collect();
        let portal = |(name, _): (&str, &str)| ClientId::parse(name.strip_prefix("portal-")?);
        Self {
            name: text("name"),
            number: text("number"),
            card: text("id_type"),
            country: text("id_country"),
            role: form.get("role").map_or(Some(role), MandateRole::parse),
            all: form.get("matters") != Some("listed"),
            clients: form.iter().filter_map(portal).collect(),
            items: text("items"),
            from: text("from"),
            until: text("until"),
            delegation: form.get("delegation").and_then(|text| text.parse().ok()).unwrap_or(0),
            error: None,
        }
    }

    /// The same, and what is wrong with it.
    #[must_use]
    pub fn wrong(self, error: &'static str) -> Self {
        Self { error: Some(error), ..self }
    }

    fn terms(&self, now: Timestamp) -> Result<Terms, &'static str> {
        let items: BTreeSet<String> = self.items.split_whitespace().map(str::to_owned).collect();
        let sound = |item: &String| {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            item.len() <= 64 && item.bytes().all(allowed)
        };
        if !items.iter().all(sound) {
            return Err("items");
        }
        let matters = if self.all {
            Matters::All
        } else {
            Matters::Listed { clients: self.clients.clone(), items }
        };
        Ok(Terms {
            role: self.role.ok_or("role")?,
            matters,
            term: self.term(now)?,
            delegation: self.delegation,
        })
    }

    /// Days in China; the last one is part of the term.
    fn term(&self, now: Timestamp) -> Result<Term, &'static str> {
        let from = match self.from.trim() {
            "" => now,
            day => {
                let day = Timestamp::from_beijing(day).ok_or("from")?;
                if day.plus(DAY) <= now {
                    return Err("from");
                }
                day.max(now)
            }
        };
        let until = match self.until.trim() {
            "" => None,
            day => Some(Timestamp::from_beijing(day).ok_or("until")?.plus(DAY)),
        };
        Ok(Term { from, until })
    }

    /// The form on the page, with the portals that take such subjects.
    pub async fn shown(&self, visitor: &Visitor, kind: SubjectKind) -> Result<Value, Failure> {
        let clients = visitor.provider().store.list_clients().await?;
        let takes = clients.iter().filter(|client| client.policy.subject_kinds.contains(&kind));
        let portals: Vec<Value> = takes
            .filter(|client| client.disabled_at.is_none())
            .map(|client| {
                json!({
                    "id": client.id, "name": client.name,
                    "chosen": self.clients.contains(&client.id),
                })
            })
            .collect();
        let (config, locale) = (&visitor.provider().config, visitor.look.locale);
        Ok(json!({
            "documents": documents::ambiguous(config, locale, self.typed()),
            "name": self.name, "number": self.number, "listed": !self.all && self.role.is_some(),
            "items": self.items, "from": self.from, "until": self.until, "delegation": self.delegation,
            "role": self.role.map(MandateRole::as_str), "portals": portals,
            "error": self.error.map(|error| format!("mandates-error-{error}")),
        }))
    }
}

/// Offers what the form says; the message's name when that cannot be.
pub async fn offer(
    owner: &Owner,
    under: Option<MandateId>,
    granting: &Granting,
) -> Result<Option<&'static str>, Failure> {
    let (visitor, signed_in) = (&owner.visitor, &owner.signed_in);
    let provider = visitor.provider();
    let terms = match granting.terms(provider.clock.now()) {
        Ok(terms) => terms,
        Err(error) => return Ok(Some(error)),
    };
    let offer = Offer { under, name: &granting.name, number: granting.typed(), terms };
    let who = (&signed_in.account, &signed_in.profile);
    mandates::told(rules::offer(provider, &visitor.context, who, offer).await)
}

/// The status of a page that says why nothing was offered.
pub fn status(error: &str) -> StatusCode {
    if error == "too-many" { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::BAD_REQUEST }
}

/// `GET /account/mandates/{mandate}`: who acts for the organisation this mandate is about.
pub async fn show(Path(id): Path<String>, owner: Owner) -> Result<Response, Failure> {
    let held = find(&owner, &id).await?;
    page(&owner, &held, (StatusCode::OK, None), &Granting::default()).await
}

/// `POST /account/mandates/{mandate}`
pub async fn change(
    Path(id): Path<String>,
    OwnerForm { owner, form }: OwnerForm,
) -> Result<Response, Failure> {
    let held = find(&owner, &id).await?;
    let path = format!("{}/{}", mandates::PATH, held.mandate.id);
    match form.get("step") {
        Some("end") if !owner.is_fresh() && !is_below(&owner, &held, &form).await? => {
            Ok(Owner::ask_again(&path))
        }
        Some("end") => match mandates::end(&owner, &form).await? {
            None => Ok(mandates::done(&path, "ended")),
            Some(error) => {
                let wrong = (StatusCode::CONFLICT, Some(error));
                page(&owner, &held, wrong, &Granting::default()).await
            }
        },
        Some("offer") if !owner.is_fresh() => Ok(Owner::ask_again(&path)),
        Some("offer") => {
            let granting = Granting::read(&form, MandateRole::Agent);
            match offer(&owner, Some(held.mandate.id), &granting).await? {
                None => Ok(mandates::done(&path, "offered")),
                Some(error) => {
                    let granting = granting.wrong(error);
                    page(&owner, &held, (status(error), None), &granting).await
                }
            }
        }
        _ => Err(Failure::bad_request("step is none of this page's")),
    }
}

/// Whether what a form ends was given in the name of this organisation, and is not the owner's own: that is done at once.
/// What else the form may name ends with the password alone.
async fn is_below(owner: &Owner, held: &Managed, form: &Parameters) -> Result<bool, Failure> {
    let named = mandates::mandate(form)?;
    let found = owner.visitor.provider().store.find_mandate(named).await?;
    Ok(found.is_none_or(|found| {
        found.mandate.principal == held.mandate.principal
            && found.mandate.agent != Some(owner.signed_in.account.id)
    }))
}

/// A mandate of this person under which others can be appointed; to anybody else it does not exist.
async fn find(owner: &Owner, id: &str) -> Result<Managed, Failure> {
    let id = id.parse().map(MandateId).map_err(|_| Failure::not_found())?;
    let provider = owner.visitor.provider();
    let found = rules::managed(provider, owner.signed_in.account.id, id).await;
    match found {
        Ok(found) => found.ok_or_else(Failure::not_found),
        Err(error) => Err(mandates::told::<()>(Err(error)).err().unwrap_or_else(Failure::server)),
    }
}

async fn page(
    owner: &Owner,
    held: &Managed,
    (status, error): (StatusCode, Option<&str>),
    granting: &Granting,
) -> Result<Response, Failure> {
    let visitor = &owner.visitor;
    let provider = visitor.provider();
    let own = &held.mandate;
    let organisation = &held.organisation;
    let over = visitor.query.get("over").is_some();
    let part = (before(visitor)?, PAGE + 1);
    // Who manages an organisation sees all of its mandates, others those they granted.
    let found = if own.terms.role.manages() {
        provider.store.list_mandates_of(own.principal, !over, part).await?
    } else {
        provider.store.list_mandates_under(own.id, !over, part).await?
    };
    let (mut page, next) = part_of(found, |mandate| mandate.id);
    page.retain(|mandate| mandate.id != own.id);
    let roles: Vec<&str> = match own.terms.role {
        MandateRole::LegalRepresentative => vec!["agent", "administrator"],
        _ => vec!["agent"],
    };
    let context = json!({
        "mandate_id": own.id, "name": organisation.name, "uscc": organisation.uscc,
        "role_key": role_key(own.terms.role), "roles": roles,
        "deepest": own.terms.delegation.saturating_sub(1),
        "over": over,
        "rows": rows(provider, &page).await?,
        "next": next,
        "done": mandates::done_key(owner),
        "error": error.map(|error| format!("mandates-error-{error}")),
        "grant_form": granting.shown(&owner.visitor, SubjectKind::Organisation).await?,
    });
    visitor.page_towards(&[], (status, "account_mandate.html"), context)
}

/// Where the page before ended, in a list of mandates.
pub fn before(visitor: &Visitor) -> Result<Option<MandateId>, Failure> {
    let Some(text) = visitor.query.get("before") else { return Ok(None) };
    let id = text.parse().map(MandateId);
    id.map(Some).map_err(|_| Failure::bad_request("before is no mandate"))
}

/// What fits a page of what was found, one more than that having been asked for; and where the next one goes on.
pub fn part_of<T>(mut found: Vec<T>, id: impl Fn(&T) -> MandateId) -> (Vec<T>, Option<MandateId>) {
    let size = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = found.len() > size;
    found.truncate(size);
    let next = found.last().filter(|_| more).map(id);
    (found, next)
}

/// Mandates as lists show them, to who granted them or is the principal.
pub async fn rows(provider: &Provider, mandates: &[Mandate]) -> Result<Vec<Value>, Failure> {
    let mut rows = Vec::with_capacity(mandates.len());
    for mandate in mandates {
        let parties = provider.vault.open_parties(mandate.id, &mandate.parties)?;
        rows.push(json!({
            "mandate": mandate.id, "name": parties.agent_name, "number": parties.agent_number,
            "grantor": parties.grantor_name,
            "state_key": format!("mandate-state-{}", mandate.state.as_str()),
            "open": mandate.state.is_open(),
            "ended_at": mandate.ended_at.map(Timestamp::to_beijing),
            "terms": terms_shown(provider, mandate).await?,
        }));
    }
    Ok(rows)
}

/// Role, matters and term in words.
pub async fn terms_shown(provider: &Provider, mandate: &Mandate) -> Result<Value, Failure> {
    let terms = &mandate.terms;
    let (mut portals, mut items) = (Vec::new(), None);
    if let Matters::Listed { clients, items: listed } = &terms.matters {
        for id in clients {
            let client = provider.store.find_client(id).await?;
            portals.push(client.map_or_else(|| id.to_string(), |client| client.name.clone()));
        }
        let joined = listed.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        items = (!joined.is_empty()).then_some(joined);
    }
    Ok(json!({
        "role_key": role_key(terms.role),
        "all": terms.matters == Matters::All,
        "portals": portals,
        "items": items,
        "from": terms.term.from.to_beijing(),
        "later": terms.term.from > provider.clock.now(),
        "until": terms.term.last_minute().map(Timestamp::to_beijing),
        "person": matches!(mandate.principal, Principal::Person(_)),
    }))
}

/// The words for a role.
pub fn role_key(role: MandateRole) -> String {
    format!("mandate-role-{}", role.as_str().replace('_', "-"))
}
