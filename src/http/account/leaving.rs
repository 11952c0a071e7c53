//! Taking one's data along, stopping an account somebody else is at, and giving it up.

use axum::response::IntoResponse;
use axum::response::Response;
use http::StatusCode;
use http::header;
use serde_json::json;

use crate::clock::Timestamp;
use crate::http::account::Owner;
use crate::http::account::OwnerForm;
use crate::http::documents;
use crate::http::failure::Failure;
use crate::http::respond;
use crate::people::account_centre;
use crate::people::cancellation;
use crate::people::export;
use crate::recovery::by_proof;

/// `GET /account/export`
pub async fn show_export(owner: Owner) -> Result<Response, Failure> {
    owner.visitor.page("account_export.html", json!({ "export": null, "fresh": owner.is_fresh() }))
}

/// `POST /account/export`
pub async fn export(OwnerForm { owner, form }: OwnerForm) -> Result<Response, Failure> {
    if !owner.is_fresh() {
        return Ok(Owner::ask_again("/account/export"));
    }
    let (visitor, account) = (&owner.visitor, &owner.signed_in.account);
    let gathered = export::gather(visitor.provider(), &visitor.context, account).await;
    let gathered = gathered.map_err(|error| match error {
        export::ExportError::Store(error) => Failure::from(error),
        export::ExportError::Vault(error) => error.into(),
    })?;
    if form.get("format") != Some("json") {
        let key = owner.signed_in.profile.key();
        let page = json!({
            "export": gathered, "fresh": true,
            "id_type_key": documents::title_key(key.document_type),
            "id_country": documents::country_name(key, visitor.look.locale),
        });
        return visitor.page("account_export.html", page);
    }
    let text = serde_json::to_vec_pretty(&gathered).map_err(|_| Failure::server())?;
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"my-account.json\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text).into_response())
}

/// `GET /account/cancel`
pub async fn show_cancellation(owner: Owner) -> Result<Response, Failure> {
    page(&owner, (StatusCode::OK, None)).await
}

/// `POST /account/cancel`
pub async fn cancel(OwnerForm { owner, form }: OwnerForm) -> Result<Response, Failure> {
    let (visitor, account) = (&owner.visitor, &owner.signed_in.account);
    let (provider, context) = (visitor.provider(), &visitor.context);
    match form.get("step") {
        // Keeping it is as easy as can be.
        Some("keep") => cancellation::withdraw(provider, context, account).await?,
        Some("cancel") if !owner.is_fresh() => return Ok(Owner::ask_again("/account/cancel")),
        Some("cancel") if form.get("understood").is_none() => {
            let told = (StatusCode::BAD_REQUEST, Some("cancel-understand"));
            return page(&owner, told).await;
        }
        Some("cancel") => cancellation::ask(provider, context, account).await?,
        _ => return Err(Failure::bad_request("step must be cancel or keep")),
    }
    Ok(respond::see_other("/account/cancel"))
}

/// `POST /account/history`: it was not me. Stopping asks for no password: whoever is right is in a hurry, and
/// whoever is wrong has only made work.
pub async fn stop(OwnerForm { owner, form }: OwnerForm) -> Result<Response, Failure> {
    if form.get("step") != Some("stop") {
        return Err(Failure::bad_request("step must be stop"));
    }
    let (visitor, account) = (&owner.visitor, &owner.signed_in.account);
    account_centre::stop(visitor.provider(), &visitor.context, account).await?;
    visitor.cookie.clear().await?;
    visitor.page("account_stopped.html", json!({}))
}

/// `POST /account/recovery`: the recovery that waits is not the owner's.
pub async fn stop_recovery(OwnerForm { owner, .. }: OwnerForm) -> Result<Response, Failure> {
    let (visitor, account) = (&owner.visitor, &owner.signed_in.account);
    by_proof::stop(visitor.provider(), &visitor.context, account).await?;
    Ok(respond::see_other("/account"))
}

async fn page(
    owner: &Owner,
    (status, error): (StatusCode, Option<&str>),
) -> Result<Response, Failure> {
    let provider = owner.visitor.provider();
    let due = cancellation::due(provider, &owner.signed_in.account).await?;
    let page = json!({
        "due": due.map(Timestamp::to_beijing),
        "days": provider.config.account.cancellation_days,
        "retention_days": provider.config.account.retention_days,
        "fresh": owner.is_fresh(), "error": error,
    });
    owner.visitor.page_towards(&[], (status, "account_cancel.html"), page)
}
