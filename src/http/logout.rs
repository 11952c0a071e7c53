//! `/oauth2/logout` (OpenID Connect RP-Initiated Logout 1.0), also our own way out: one session ends, and
//! with it everything it reached.

use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use crate::audit;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::AccountId;
use crate::domain::id::SessionId;
use crate::http::failure::Failure;
use crate::http::respond;
use crate::http::visitor::Received;
use crate::http::visitor::Visitor;
use crate::login::sign_on;
use crate::protocol::logout;
use crate::protocol::logout::LogoutRequest;
use crate::protocol::parameters::Parameters;

/// `GET /oauth2/logout`
pub async fn by_query(visitor: Visitor) -> Result<Response, Failure> {
    let parameters = visitor.query.clone();
    answer(visitor, &parameters, (false, false)).await
}

/// `POST /oauth2/logout`: from a portal, or from our own page after the person said yes.
pub async fn by_form(Received { visitor, form, is_ours }: Received) -> Result<Response, Failure> {
    if form.get("csrf").is_some() && !is_ours {
        let why = ("form of another origin or browser", None);
        let kind = AuditKind::RequestRefused;
        audit::record_refusal(visitor.provider(), &visitor.context, kind, why).await?;
        return Err(Failure::forged());
    }
    answer(visitor, &form, (is_ours, true)).await
}

async fn answer(
    mut visitor: Visitor,
    parameters: &Parameters,
    (confirmed, is_form): (bool, bool),
) -> Result<Response, Failure> {
    let session = visitor.signed_in.as_ref().map(|signed_in| &signed_in.session);
    let read = logout::parse(visitor.provider(), parameters, session).await;
    let request = match read {
        Ok(request) => request,
        Err(error) => {
            let why = (error.code.as_str(), None);
            let kind = AuditKind::RequestRefused;
            audit::record_refusal(visitor.provider(), &visitor.context, kind, why).await?;
            return Err(error.into());
        }
    };
    if visitor.signed_in.is_some() && !request.proven && !confirmed {
        return ask(&visitor, parameters, &request);
    }
    // A form of another site arrives without the cookie. An address that does is no navigation of the
    // person's: a picture on a page could have asked for it.
    end(&visitor, request.elsewhere.filter(|_| is_form)).await?;
    visitor.signed_in = None;
    match &request.return_to {
        Some(uri) => Ok(respond::see_other(uri)),
        None => visitor.page("logged_out.html", json!({ "return_url": null })),
    }
}

/// Ends the session of this browser, or the one a hint names, and takes the cookie.
async fn end(visitor: &Visitor, hinted: Option<(AccountId, SessionId)>) -> Result<(), Failure> {
    let own = visitor.signed_in.as_ref();
    let own = own.map(|signed_in| (signed_in.account.id, signed_in.session.id));
    if let Some((account, session)) = own.or(hinted) {
        sign_on::sign_off(visitor.provider(), &visitor.context, account, session).await?;
    }
    visitor.cookie.clear().await
}

fn ask(
    visitor: &Visitor,
    parameters: &Parameters,
    request: &LogoutRequest,
) -> Result<Response, Failure> {
    let fields: serde_json::Map<_, _> = parameters
        .iter()
        .filter(|(name, _)| *name != "csrf")
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    let client = request.client.as_ref().map(|client| client.name.as_str());
    let page = json!({ "client_name": client, "fields": fields });
    let towards: Vec<&str> = request.return_to.as_deref().into_iter().collect();
    visitor.page_towards(&towards, (StatusCode::OK, "logout.html"), page)
}
