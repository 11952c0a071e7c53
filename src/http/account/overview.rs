//! What a person sees of their account: itself, its sessions, the portals it is shared with, its history.

use axum::response::Response;
use serde_json::Value;
use serde_json::json;

use crate::clock::Timestamp;
use crate::domain::client::ClientId;
use crate::domain::id::SessionId;
use crate::domain::masking;
use crate::domain::scope;
use crate::http::account::Owner;
use crate::http::account::OwnerForm;
use crate::http::account::device;
use crate::http::failure::Failure;
use crate::http::respond;
use crate::people::account_centre;

/// `GET /account`
pub async fn show(owner: Owner) -> Result<Response, Failure> {
    let Owner { visitor, signed_in } = owner;
    let (provider, account) = (visitor.provider(), &signed_in.account);
    let sessions = account_centre::sessions(provider, account).await?;
    let portals = account_centre::consents(provider, account).await?;
    let before = account_centre::login_before(provider, account, &signed_in.session).await?;
    let profile = &signed_in.profile;
    let page = json!({
        "name": profile.name,
        "id_number": masking::identity_number_for_owner(&profile.id_number),
        "phone": profile.phone.as_deref().map(masking::mobile),
        "identity_assurance": account.identity_assurance.level(),
        "last_login": before.map(|(at, source)| json!({ "at": at.to_beijing(), "place": source })),
        "totp_enrolled": account.has_totp,
        "portals_count": portals.len(),
        "sessions_count": sessions.len(),
    });
    visitor.page("account.html", page)
}

/// `GET /account/sessions`
pub async fn sessions(owner: Owner) -> Result<Response, Failure> {
    let Owner { visitor, signed_in } = owner;
    let sessions = account_centre::sessions(visitor.provider(), &signed_in.account).await?;
    let sessions: Vec<Value> = sessions
        .into_iter()
        .map(|session| {
            json!({
                "id": session.id.to_string(),
                "device": device::describe(&session.user_agent),
                "place": null,
                "started_at": session.created_at.to_beijing(),
                "last_seen_at": session.last_seen_at.to_beijing(),
                "current": session.id == signed_in.session.id,
            })
        })
        .collect();
    visitor.page("account_sessions.html", json!({ "sessions": sessions }))
}

/// `POST /account/sessions`
pub async fn end_sessions(OwnerForm { owner, form }: OwnerForm) -> Result<Response, Failure> {
    let Owner { visitor, signed_in } = owner;
    let (provider, context, account) = (visitor.provider(), &visitor.context, &signed_in.account);
    match form.get("end") {
        Some("all") => {
            account_centre::end_all_sessions(provider, context, account).await?;
            visitor.cookie.clear().await?;
            Ok(respond::see_other("/login"))
        }
        Some(id) => {
            let id = id.parse().map(SessionId);
            let id = id.map_err(|_| Failure::bad_request("there is no such session"))?;
            account_centre::end_session(provider, context, account, id).await?;
            Ok(respond::see_other("/account/sessions"))
        }
        None => Err(Failure::bad_request("end is missing")),
    }
}

/// `GET /account/portals`
pub async fn portals(owner: Owner) -> Result<Response, Failure> {
    let Owner { visitor, signed_in } = owner;
    let consents = account_centre::consents(visitor.provider(), &signed_in.account).await?;
    let portals: Vec<Value> = consents
        .into_iter()
        .map(|(client, consent)| {
            let titles = scope::CLAIM_SCOPES
                .iter()
                .filter(|entry| consent.scope.contains(entry.name))
                .map(|entry| entry.name)
                .chain([scope::OPENID])
                .map(|name| format!("scope-{}", name.replace('_', "-")));
            json!({
                "client_id": client.id,
                "name": client.name,
                "host": client.host(),
                "scopes": titles.collect::<Vec<_>>(),
                "granted_at": consent.granted_at.to_beijing(),
            })
        })
        .collect();
    visitor.page("account_portals.html", json!({ "portals": portals }))
}

/// `POST /account/portals`
pub async fn withdraw(OwnerForm { owner, form }: OwnerForm) -> Result<Response, Failure> {
    let Owner { visitor, signed_in } = owner;
    let client = form.get("withdraw").and_then(ClientId::parse);
    let client = client.ok_or_else(|| Failure::bad_request("withdraw names no client"))?;
    let (provider, account) = (visitor.provider(), &signed_in.account);
    account_centre::withdraw(provider, &visitor.context, account, &client).await?;
    Ok(respond::see_other("/account/portals"))
}

/// `GET /account/history`
pub async fn history(owner: Owner) -> Result<Response, Failure> {
    let Owner { visitor, signed_in } = owner;
    let before = match visitor.query.get("before") {
        None => None,
        Some(text) => {
            let at = text.parse().map(Timestamp);
            Some(at.map_err(|_| Failure::bad_request("before is no time"))?)
        }
    };
    let (entries, next) =
        account_centre::history(visitor.provider(), &signed_in.account, before).await?;
    let events: Vec<Value> = entries
        .into_iter()
        .map(|entry| {
            json!({
                "at": entry.at.to_beijing(),
                "what_key": format!("event-{}", entry.kind.replace('_', "-")),
                "outcome": entry.outcome,
                "method": entry.method,
                "source": entry.source,
                "client": entry.client,
            })
        })
        .collect();
    let next = next.map(|at| at.0.to_string());
    visitor.page("account_history.html", json!({ "events": events, "next": next }))
}
