//! The portals a person has to do with: withdrawing what was agreed, blocking one, and what each was told.

use axum::extract::Path;
use axum::response::Response;
use serde_json::Value;
use serde_json::json;

use crate::clock::Timestamp;
use crate::domain::client::ClientId;
use crate::domain::scope;
use crate::domain::scope::Scope;
use crate::http::account::Owner;
use crate::http::account::OwnerForm;
use crate::http::failure::Failure;
use crate::http::respond;
use crate::people::account_centre;
use crate::people::portals;
use crate::people::portals::Portal;

const PATH: &str = "/account/portals";

/// `GET /account/portals`
pub async fn list(owner: Owner) -> Result<Response, Failure> {
    let Owner { visitor, signed_in } = owner;
    let found = portals::list(visitor.provider(), &signed_in.account).await?;
    let portals: Vec<Value> = found.iter().map(shown).collect();
    visitor.page("account_portals.html", json!({ "portals": portals }))
}

/// `GET /account/portals/{client}`: what it was told, and when.
pub async fn show(Path(client): Path<String>, owner: Owner) -> Result<Response, Failure> {
    let Owner { visitor, signed_in } = owner;
    let (provider, account) = (visitor.provider(), &signed_in.account);
    let before = match visitor.query.get("before") {
        None => None,
        Some(text) => {
            let at = text.parse().map(Timestamp);
            Some(at.map_err(|_| Failure::bad_request("before is no time"))?)
        }
    };
    let client = ClientId::parse(&client).ok_or_else(Failure::not_found)?;
    let portal = portals::find(provider, account, &client).await?;
    let portal = portal.ok_or_else(Failure::not_found)?;
    let (told, next) = portals::told(provider, account, &client, before).await?;
    let told: Vec<Value> = told
        .iter()
        .map(|told| {
            let what = match &told.scope {
                Some(scope) => titles(scope),
                None => vec!["scope-id-number".to_owned()],
            };
            json!({ "at": told.at.to_beijing(), "login": told.scope.is_some(), "what": what })
        })
        .collect();
    let page = json!({
        "portal": shown(&portal), "told": told, "next": next.map(|at| at.0.to_string()),
    });
    visitor.page("account_portal.html", page)
}

/// `POST /account/portals`: takes back what was agreed, which asks for as little as agreeing did; blocks a
/// portal, or lifts that, for who typed the password a moment ago.
pub async fn change(OwnerForm { owner, form }: OwnerForm) -> Result<Response, Failure> {
    let nobody = || Failure::bad_request("withdraw, block or allow must name a client");
    let client = |name| form.get(name).map(|id| ClientId::parse(id).ok_or_else(nobody));
    let (visitor, account) = (&owner.visitor, &owner.signed_in.account);
    let (provider, context) = (visitor.provider(), &visitor.context);
    if let Some(client) = client("withdraw") {
        account_centre::withdraw(provider, context, account, &client?).await?;
        return Ok(respond::see_other(PATH));
    }
    let (client, blocked) = match (client("block"), client("allow")) {
        (Some(client), None) => (client?, true),
        (None, Some(client)) => (client?, false),
        _ => return Err(nobody()),
    };
    if portals::find(provider, account, &client).await?.is_none() {
        return Err(Failure::not_found());
    }
    if !owner.is_fresh() {
        return Ok(Owner::ask_again(PATH));
    }
    portals::block(provider, context, account, (&client, blocked)).await?;
    Ok(respond::see_other(PATH))
}

fn shown(portal: &Portal) -> Value {
    let scopes = portal.consent.as_ref().map(|consent| titles(&consent.scope));
    json!({
        "client_id": portal.client.id, "name": portal.client.name, "host": portal.client.host(),
        "scopes": scopes.unwrap_or_default(),
        "granted_at": portal.consent.as_ref().map(|consent| consent.granted_at.to_beijing()),
        "last_at": portal.last_at.map(Timestamp::to_beijing), "times": portal.times,
        "blocked_at": portal.blocked_at.map(Timestamp::to_beijing),
    })
}

/// The words of a scope, the person's identity last.
fn titles(scope: &Scope) -> Vec<String> {
    let known = scope::CLAIM_SCOPES.iter().map(|entry| entry.name);
    let known = known.filter(|name| scope.contains(name)).chain([scope::OPENID]);
    known.map(|name| format!("scope-{}", name.replace('_', "-"))).collect()
}
