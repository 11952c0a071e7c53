//! What a person sees of their account: itself, its sessions and browsers, its history.

use axum::response::Response;
use serde_json::Value;
use serde_json::json;

use crate::clock::Timestamp;
use crate::domain::id::KnownBrowserId;
use crate::domain::id::SessionId;
use crate::http::account::Owner;
use crate::http::account::OwnerForm;
use crate::http::account::device;
use crate::http::documents;
use crate::http::failure::Failure;
use crate::http::respond;
use crate::people::account_centre;
use crate::people::cancellation;
use crate::people::choices;
use crate::protocol::parameters::Parameters;
use crate::recovery::by_proof;

/// `GET /account`
pub async fn show(owner: Owner) -> Result<Response, Failure> {
    let Owner { visitor, signed_in } = owner;
    let (provider, account) = (visitor.provider(), &signed_in.account);
    let sessions = account_centre::sessions(provider, account).await?;
    let portals = account_centre::consents(provider, account).await?;
    let before = account_centre::login_before(provider, account, &signed_in.session).await?;
    let waiting = by_proof::waiting(provider, account).await?;
    let due = cancellation::due(provider, account).await?;
    let (profile, masks) = (&signed_in.profile, provider.config.masking);
    let page = json!({
        "recovery_waits": waiting.map(Timestamp::to_beijing),
        "cancellation_due": due.map(Timestamp::to_beijing),
        "name": profile.name,
        "id_type_key": documents::title_key(profile.key().document_type),
        "id_country": documents::country_name(profile.key(), visitor.look.locale),
        "id_number": masks.own_number(profile.key()),
        "phone": profile.phone.as_deref().map(|phone| masks.phone(phone)),
        "identity_assurance": account.identity_assurance.level(),
        "last_login": before.map(|(at, source)| json!({ "at": at.to_beijing(), "place": source })),
        "totp_enrolled": account.has_totp,
        "locale_kept": account.choices.locale, "elder_kept": account.choices.elder,
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
    let browsers = choices::browsers(visitor.provider(), &signed_in.account).await?;
    let browsers: Vec<Value> = browsers
        .into_iter()
        .map(|browser| {
            json!({
                "id": browser.id.to_string(),
                "device": device::describe(&browser.user_agent),
                "first_at": browser.first_at.to_beijing(),
                "last_at": browser.last_at.to_beijing(),
            })
        })
        .collect();
    visitor.page("account_sessions.html", json!({ "sessions": sessions, "browsers": browsers }))
}

/// `POST /account/sessions`: ends sessions, or forgets browsers.
pub async fn end_sessions(OwnerForm { owner, form }: OwnerForm) -> Result<Response, Failure> {
    if form.get("forget").is_some() {
        return forget_browsers(&owner, &form).await;
    }
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

/// One known browser, or all, are known no more: for who typed the password a moment ago.
async fn forget_browsers(owner: &Owner, form: &Parameters) -> Result<Response, Failure> {
    if !owner.is_fresh() {
        return Ok(Owner::ask_again("/account/sessions"));
    }
    let one = match form.get("forget").unwrap_or_default() {
        "all" => None,
        id => {
            let id = id.parse().map(KnownBrowserId);
            Some(id.map_err(|_| Failure::bad_request("there is no such browser"))?)
        }
    };
    let (visitor, account) = (&owner.visitor, &owner.signed_in.account);
    choices::forget(visitor.provider(), &visitor.context, account, one).await?;
    Ok(respond::see_other("/account/sessions"))
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
