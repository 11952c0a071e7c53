//! Organisations as officers see them: looked up by code, which is posted so that it stands in no address; the
//! account, who acts for it, and what can be done about it.

use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::clock::Timestamp;
use crate::console::ConsoleError;
use crate::console::organisations;
use crate::console::organisations::AtRegister;
use crate::console::organisations::Found;
use crate::domain::division;
use crate::domain::id::MandateId;
use crate::domain::id::OrganisationId;
use crate::domain::mandate::Mandate;
use crate::domain::mandate::MandateRole;
use crate::domain::masking::Masks;
use crate::domain::operator::Permission;
use crate::http::account::granting;
use crate::http::console::Officer;
use crate::http::console::OfficerForm;
use crate::http::console::message_key;
use crate::http::console::status_of;
use crate::http::failure::Failure;
use crate::http::respond;
use crate::protocol::parameters::Parameters;
use crate::provider::Provider;

/// `GET /console/organisations`
pub async fn ask(officer: Officer) -> Result<Response, Failure> {
    if let Err(error) = officer.actor().demand(Permission::SeeOrganisations).await {
        return officer.refuse(error);
    }
    search_page(&officer, StatusCode::OK, ("", None), &Value::Null)
}

/// `POST /console/organisations`
pub async fn seek(OfficerForm { officer, form }: OfficerForm) -> Result<Response, Failure> {
    let typed = form.get("code").unwrap_or_default();
    let found = match organisations::seek(officer.actor(), typed).await {
        Ok(found) => found,
        Err(error) => match message_key(&error) {
            Some(key) => {
                return search_page(&officer, status_of(&error), (typed, Some(key)), &Value::Null);
            }
            None => return officer.refuse(error),
        },
    };
    match found {
        Some(Found { account: Some(account), .. }) => {
            Ok(respond::see_other(&format!("/console/organisations/{}", account.id)))
        }
        Some(found) => {
            let register = organisations::at_register(officer.actor(), &found.uscc).await;
            let masks = officer.visitor.provider().config.masking;
            let shown = shown(&found, &register, masks);
            search_page(&officer, StatusCode::OK, (typed, None), &shown)
        }
        None => {
            let said = (typed, Some("console-organisation-nobody"));
            search_page(&officer, StatusCode::NOT_FOUND, said, &Value::Null)
        }
    }
}

/// `GET /console/organisations/{id}`
pub async fn show(Path(id): Path<String>, officer: Officer) -> Result<Response, Failure> {
    let seen = match key(&id) {
        Ok(id) => organisations::look(officer.actor(), id).await,
        Err(error) => Err(error),
    };
    match seen {
        Ok(found) => page(&officer, &found, (StatusCode::OK, None)).await,
        Err(error) => officer.refuse(error),
    }
}

/// `POST /console/organisations/{id}/…`
pub async fn act(
    Path((id, action)): Path<(String, String)>,
    OfficerForm { officer, form }: OfficerForm,
) -> Result<Response, Failure> {
    let id = match key(&id) {
        Ok(id) => id,
        Err(error) => return officer.refuse(error),
    };
    let (actor, why) = (officer.actor(), form.get("reason").unwrap_or_default());
    let (done, told) = match action.as_str() {
        "suspend" => (organisations::suspend(actor, id, why).await, "done"),
        "end-mandate" => (end_mandate(&officer, id, &form).await, "done"),
        "ask" => {
            let asked = match form.get("kind") {
                Some("resume_organisation") => organisations::ask(actor, (id, true), why).await,
                Some("end_organisation") => organisations::ask(actor, (id, false), why).await,
                _ => Err(ConsoleError::NotFound),
            };
            (asked.map(drop), "asked")
        }
        _ => (Err(ConsoleError::NotFound), ""),
    };
    let Err(error) = done else {
        return Ok(respond::see_other(&format!("/console/organisations/{id}?done={told}")));
    };
    match (message_key(&error), organisations::find(actor, id).await) {
        (Some(key), Ok(found)) => page(&officer, &found, (status_of(&error), Some(key))).await,
        _ => officer.refuse(error),
    }
}

/// Ends a mandate of this organisation, and of no other.
async fn end_mandate(
    officer: &Officer,
    id: OrganisationId,
    form: &Parameters,
) -> Result<(), ConsoleError> {
    let mandate = form.get("mandate").and_then(|text| text.parse().ok()).map(MandateId);
    // What is no key is nobody's, for those who may ask at all.
    let which = (mandate.unwrap_or(MandateId(uuid::Uuid::nil())), Some(id));
    let why = form.get("reason").unwrap_or_default();
    organisations::end_mandate_of_organisation(officer.actor(), which, why).await
}

fn search_page(
    officer: &Officer,
    status: StatusCode,
    (typed, error): (&str, Option<&str>),
    found: &Value,
) -> Result<Response, Failure> {
    let page = json!({
        "code": typed, "error": error, "found": found,
        "may_serve": officer.operator.role.may(Permission::ServeAtCounter),
    });
    officer.page((status, "console/organisations.html"), page)
}

async fn page(
    officer: &Officer,
    found: &Found,
    (status, error): (StatusCode, Option<&str>),
) -> Result<Response, Failure> {
    let actor = officer.actor();
    let Some(account) = &found.account else { return Err(Failure::not_found()) };
    let register = organisations::at_register(actor, &found.uscc).await;
    let query = &officer.visitor.query;
    let (over, before) = (query.get("over").is_some(), before(officer, "before")?);
    let part = (!over, before, organisations::PAGE);
    let (mandates, more) = organisations::mandates(actor, account.id, part).await?;
    let power = |permission| officer.operator.role.may(permission);
    let mut organisation = shown(found, &register, actor.provider.config.masking);
    organisation["id"] = account.id.to_string().into();
    organisation["claimed_at"] = account.claimed_at.to_beijing().into();
    organisation["suspended_at"] = account.suspended_at.map(Timestamp::to_beijing).into();
    let done = query.get("done").filter(|done| matches!(*done, "done" | "asked"));
    let (change, ask) =
        (power(Permission::ChangeOrganisations), power(Permission::AskAboutOrganisations));
    let page = json!({
        "organisation": organisation,
        "mandates": rows(actor.provider, &mandates).await?,
        "over": over,
        "next": mandates.last().filter(|_| more).map(|last| last.id.to_string()),
        "may": {
            "suspend": change && account.suspended_at.is_none(),
            "end_mandate": change,
            "ask_resume": ask && account.suspended_at.is_some(),
            "ask_end": ask,
        },
        "error": error, "done": done.map(|done| format!("console-{done}")),
    });
    officer.page((status, "console/organisation.html"), page)
}

/// What leads to a person is masked, as everywhere in the console.
fn shown(found: &Found, register: &AtRegister, masks: Masks) -> Value {
    let status = match register {
        AtRegister::Known(entity) => entity.status.as_str(),
        AtRegister::Unknown => "unknown",
        AtRegister::Away => "away",
    };
    json!({
        "name": found.masked_name(masks), "uscc": found.uscc.masked(), "status": status,
        "division": division::full_name(found.uscc.division_code()),
    })
}

/// Mandates as officers see them: who has them is masked.
pub async fn rows(provider: &Provider, mandates: &[Mandate]) -> Result<Vec<Value>, Failure> {
    let (masks, mut rows) = (provider.config.masking, Vec::with_capacity(mandates.len()));
    for mandate in mandates {
        let parties = provider.vault.open_parties(mandate.id, &mandate.parties)?;
        rows.push(json!({
            "id": mandate.id.to_string(),
            "name": masks.name(&parties.agent_name),
            "number": parties.agent_number,
            "grantor": masks.name(&parties.grantor_name),
            "account": mandate.agent.map(|agent| agent.to_string()),
            "state": mandate.state.as_str(),
            "evidence": mandate.evidence.as_str(),
            "open": mandate.state.is_open(),
            "alone": mandate.terms.role != MandateRole::LegalRepresentative,
            "offered_at": mandate.offered_at.to_beijing(),
            "ended_at": mandate.ended_at.map(Timestamp::to_beijing),
            "terms": granting::terms_shown(provider, mandate).await?,
        }));
    }
    Ok(rows)
}

/// Where the page before ended, in the list of mandates whose place this parameter tells.
pub fn before(officer: &Officer, name: &str) -> Result<Option<MandateId>, Failure> {
    let Some(text) = officer.visitor.query.get(name) else { return Ok(None) };
    let id = text.parse().map(MandateId);
    id.map(Some).map_err(|_| Failure::bad_request("the mark is no mandate"))
}

fn key(id: &str) -> Result<OrganisationId, ConsoleError> {
    id.parse().map(OrganisationId).map_err(|_| ConsoleError::NotFound)
}
