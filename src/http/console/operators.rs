//! Who works here, and asking for somebody new or for somebody's end.

use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::console::ConsoleError;
use crate::console::name_of;
use crate::console::operators;
use crate::console::operators::Wanted;
use crate::domain::division;
use crate::domain::id::OperatorId;
use crate::domain::operator::Permission;
use crate::domain::operator::Region;
use crate::domain::operator::Role;
use crate::http::console::Officer;
use crate::http::console::OfficerForm;
use crate::http::console::message_key;
use crate::http::failure::Failure;
use crate::http::respond;
use crate::protocol::parameters::Parameters;

/// What the page says.
type Said<'a> = (StatusCode, Option<&'a str>, Option<&'a str>);

/// `GET /console/operators`
pub async fn show(officer: Officer) -> Result<Response, Failure> {
    let done = officer.visitor.query.get("done").map(|_| "console-asked");
    page(&officer, &Parameters::default(), (StatusCode::OK, None, done)).await
}

/// `POST /console/operators`
pub async fn invite(OfficerForm { officer, form }: OfficerForm) -> Result<Response, Failure> {
    let text = |name| form.get(name).unwrap_or_default();
    let wanted = Wanted {
        name: text("name"),
        role: text("role"),
        region: text("region"),
        reason: text("reason"),
    };
    let asked = operators::ask_to_invite(officer.actor(), wanted).await.map(drop);
    answer(&officer, &form, asked).await
}

/// `POST /console/operators/{id}/disable`
pub async fn disable(
    Path(id): Path<String>,
    OfficerForm { officer, form }: OfficerForm,
) -> Result<Response, Failure> {
    let id = id.parse().map(OperatorId).map_err(|_| Failure::not_found())?;
    let why = form.get("reason").unwrap_or_default();
    let asked = operators::ask_to_disable(officer.actor(), id, why).await.map(drop);
    answer(&officer, &Parameters::default(), asked).await
}

async fn answer(
    officer: &Officer,
    form: &Parameters,
    asked: Result<(), ConsoleError>,
) -> Result<Response, Failure> {
    match asked {
        Ok(()) => Ok(respond::see_other("/console/operators?done=1")),
        Err(error) => match message_key(&error) {
            Some(key) => page(officer, form, (StatusCode::BAD_REQUEST, Some(key), None)).await,
            None => officer.refuse(error),
        },
    }
}

async fn page(
    officer: &Officer,
    form: &Parameters,
    (status, error, done): Said<'_>,
) -> Result<Response, Failure> {
    let after = officer.visitor.query.get("after").map(str::parse).transpose();
    let after = after.map_err(|_| Failure::bad_request("after is no operator"))?.map(OperatorId);
    let (operators, more) = match operators::page(officer.actor(), after, operators::PAGE).await {
        Ok(found) => found,
        Err(error) => return officer.refuse(error),
    };
    let invitations = operators::invitations(officer.actor()).await?;
    let provider = officer.visitor.provider();
    let mut shown = Vec::new();
    for other in &operators {
        shown.push(json!({
            "id": other.id.to_string(), "name": name_of(provider, &other.name)?,
            "login_name": other.login_name, "client": other.client_id, "role": other.role.as_str(),
            "region": other.region.as_ref().map(Region::name),
            "status": if other.is_active { "active" } else { "disabled" },
            "last_login": other.last_login_at.map(crate::clock::Timestamp::to_beijing),
            "is_self": other.id == officer.operator.id,
        }));
    }
    let mut waiting = Vec::new();
    for invitation in &invitations {
        waiting.push(json!({
            "role": invitation.role.as_str(), "name": name_of(provider, &invitation.name)?,
            "region": invitation.region.as_ref().map(Region::name),
            "expires_at": invitation.expires_at.to_beijing(), "url": null,
        }));
    }
    let own = officer.operator.role;
    let text = |name| form.get(name).unwrap_or_default();
    let page = json!({
        "operators": shown, "invitations": waiting,
        "next": operators.last().filter(|_| more).map(|last| last.id.to_string()),
        "may_invite": own.may(Permission::AskAboutOperators),
        "roles": Role::ALL.iter().filter(|role| own.may_ask_for(**role)).map(|r| r.as_str())
            .collect::<Vec<_>>(),
        "regions": regions(officer),
        "fields": { "name": text("name"), "role": text("role"), "region": text("region") },
        "error": error, "done": done,
    });
    officer.page((status, "console/operators.html"), page)
}

/// The regions an operator can name: his own and those below it; without one, every province and city.
pub(super) fn regions(officer: &Officer) -> Vec<Value> {
    let own = officer.operator.region.as_ref();
    division::current()
        .filter(|(code, _)| match own {
            Some(own) => own.contains(code),
            None => code.ends_with("00"),
        })
        .map(|(code, name)| json!({ "code": code, "name": name }))
        .collect()
}
