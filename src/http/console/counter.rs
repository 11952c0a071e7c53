//! The counter: what staff file when somebody shows documents, and another officer decides.

use std::collections::BTreeSet;

use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::console::ConsoleError;
use crate::console::Party;
use crate::console::counter;
use crate::console::counter::Shown;
use crate::console::counter::Wanted;
use crate::domain::act::CounterAsked;
use crate::domain::act::CounterRequest;
use crate::domain::acting::SubjectKind;
use crate::domain::client::ClientId;
use crate::domain::guardianship::LONGEST_HELP;
use crate::domain::identity::Identity;
use crate::domain::mandate::Matters;
use crate::domain::masking::Masks;
use crate::domain::operator::Permission;
use crate::domain::policy::Synthetic;
use crate::domain::uscc::Uscc;
use crate::http::console::Officer;
use crate::http::console::OfficerForm;
use crate::http::console::message_key;
use crate::http::console::status_of;
use crate::http::documents;
use crate::http::failure::Failure;
use crate::http::respond;
use crate::identifier;
use crate::identifier::Typed;
use crate::protocol::parameters::Parameters;

/// The forms of the page, by the last part of their addresses.
const KINDS: [&str; 3] = ["claim", "guardian", "helper"];
/// What is typed into them.
const FIELDS: [&str; 9] = [
    "code",
    "agent_name",
    "agent_number",
    "person_name",
    "person_number",
    "person_born",
    "items",
    "hours",
    "documents",
];
/// The two people of a form: how the names of their fields begin.
const PARTIES: [(&str, Party); 2] = [("agent", Party::Agent), ("person", Party::Principal)];

/// `GET /console/counter`
pub async fn show(officer: Officer) -> Result<Response, Failure> {
    if let Err(error) = officer.actor().demand(Permission::ServeAtCounter).await {
        return officer.refuse(error);
    }
    page(&officer, StatusCode::OK, &json!({})).await
}

/// `POST /console/counter/{kind}`
pub async fn file(
    Path(kind): Path<String>,
    OfficerForm { officer, form }: OfficerForm,
) -> Result<Response, Failure> {
    let text = |name| form.get(name).unwrap_or_default();
    let agent = Shown { name: text("agent_name"), document: typed(&form, "agent"), born: "" };
    let person = Shown {
        name: text("person_name"),
        document: typed(&form, "person"),
        born: text("person_born"),
    };
    let wanted = match kind.as_str() {
        "claim" => Ok(Wanted::Organisation(text("code"))),
        "guardian" => Ok(Wanted::Ward(person)),
        "helper" => {
            let matters = matters(&form);
            matters.map(|matters| Wanted::Help { person, matters, hours: text("hours") })
        }
        _ => Err(ConsoleError::NotFound),
    };
    let shown = (text("documents"), text("reason"));
    let asked = match wanted {
        Ok(wanted) => counter::ask(officer.actor(), (agent, wanted), shown).await.map(drop),
        // Who may not serve learns nothing else.
        Err(error) => {
            let demanded = officer.actor().demand(Permission::ServeAtCounter).await;
            demanded.and(Err(error))
        }
    };
    let Err(error) = asked else { return Ok(respond::see_other("/console/acts")) };
    let Some(key) = message_key(&error) else { return officer.refuse(error) };
    let mut wrong = json!({ "kind": kind, "error": key });
    for field in FIELDS {
        wrong[field] = text(field).into();
    }
    let config = &officer.visitor.provider().config;
    for (who, party) in PARTIES {
        let chosen = documents::choices(config, officer.visitor.look.locale, typed(&form, who));
        wrong[format!("{who}_document")] = chosen;
        if let ConsoleError::NoDocument(of, error) = error
            && of == party
        {
            let (field, key) = identifier::refusal(error);
            wrong[format!("{who}_errors")] = json!({ field: key });
        }
    }
    page(&officer, status_of(&error), &wrong).await
}

/// The document of one of the two people of a form.
fn typed<'f>(form: &'f Parameters, who: &str) -> Typed<'f> {
    let text = |name: &str| form.get(&format!("{who}_{name}")).unwrap_or_default();
    Typed { text: text("number"), card: text("id_type"), country: text("id_country") }
}

/// Portals and service items; at least one is judged by the rules.
fn matters(form: &Parameters) -> Result<Matters, ConsoleError> {
    let portal = |(name, _): (&str, &str)| ClientId::parse(name.strip_prefix("portal-")?);
    let clients: BTreeSet<ClientId> = form.iter().filter_map(portal).collect();
    let items = form.get("items").unwrap_or_default();
    let items: BTreeSet<String> = items.split_whitespace().map(str::to_owned).collect();
    let sound = |item: &String| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        item.len() <= 64 && item.bytes().all(allowed)
    };
    if items.iter().all(sound) {
        Ok(Matters::Listed { clients, items })
    } else {
        Err(ConsoleError::Matters)
    }
}

async fn page(officer: &Officer, status: StatusCode, wrong: &Value) -> Result<Response, Failure> {
    let clients = officer.visitor.provider().store.list_clients().await?;
    let portals = clients.iter().filter(|client| {
        client.disabled_at.is_none()
            && client.policy.subject_kinds.contains(&SubjectKind::RepresentedPerson)
    });
    let portals: Vec<Value> =
        portals.map(|client| json!({ "id": client.id, "name": client.name })).collect();
    let (config, locale) = (&officer.visitor.provider().config, officer.visitor.look.locale);
    let choices = documents::choices(config, locale, Typed::default());
    let empty = json!({ "agent_document": choices.clone(), "person_document": choices });
    let forms: serde_json::Map<String, Value> = KINDS
        .iter()
        .map(|kind| {
            let typed = if wrong["kind"] == *kind { wrong } else { &empty };
            ((*kind).to_owned(), typed.clone())
        })
        .collect();
    let page = json!({ "forms": forms, "portals": portals, "longest": LONGEST_HELP });
    officer.page((status, "console/counter.html"), page)
}

/// A request in one line for who decides: people masked, the organisation by its code.
pub fn shown(request: &CounterRequest, masks: Masks) -> String {
    let person = |named: &Identity| format!("{} {}", masks.name(&named.name), named.key().masked());
    let agent = person(&request.agent);
    match &request.asked {
        CounterAsked::Claim { uscc } => {
            let uscc = Uscc::parse(uscc, Synthetic::Accepted);
            let uscc = uscc.map_or_else(|_| String::new(), |uscc| uscc.masked().into_owned());
            format!("{agent} → {uscc}")
        }
        CounterAsked::Guardian { ward, .. } => format!("{agent} → {}", person(ward)),
        CounterAsked::Helper { person: helped, hours, .. } => {
            format!("{agent} → {} · {hours} h", person(helped))
        }
    }
}
