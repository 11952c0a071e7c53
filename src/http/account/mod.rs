//! `/account`: what a person sees and changes of their own. Every page asks first whether the session
//! suffices for its account, and what changes credentials asks for the password again.

mod certificate;
pub mod device;
pub mod granting;
mod leaving;
mod mandate_history;
mod mandates;
mod overview;
mod password;
mod phone;
mod portals;
mod totp;
pub mod verification;

use axum::Router;
use axum::extract::FromRequest;
use axum::extract::FromRequestParts;
use axum::extract::Request;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use http::request::Parts;

use crate::http::failure::Failure;
use crate::http::flow;
use crate::http::respond;
use crate::http::session::SignedIn;
use crate::http::site::Site;
use crate::http::visitor::Posted;
use crate::http::visitor::Visitor;
use crate::login::decide::Decision;
use crate::protocol::parameters::Parameters;

/// The routes below `/account`.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/account", get(overview::show))
        .route("/account/sessions", get(overview::sessions).post(overview::end_sessions))
        .route("/account/portals", get(portals::list).post(portals::change))
        .route("/account/portals/{client}", get(portals::show))
        .route("/account/mandates", get(mandates::show).post(mandates::change))
        .route(
            "/account/mandates/certificate",
            post(certificate::claim).layer(certificate::limit()),
        )
        .route("/account/mandates/history", get(mandate_history::show))
        .route("/account/mandates/{mandate}", get(granting::show).post(granting::change))
        .route("/account/history", get(overview::history).post(leaving::stop))
        .route("/account/password", get(password::show).post(password::change))
        .route("/account/phone", get(phone::show).post(phone::change))
        .route("/account/verification", get(verification::show).post(verification::change))
        .route("/account/verification/return", get(verification::come_back))
        .route("/account/export", get(leaving::show_export).post(leaving::export))
        .route("/account/cancel", get(leaving::show_cancellation).post(leaving::cancel))
        .route("/account/recovery", post(leaving::stop_recovery))
        .route("/account/totp", get(totp::show).post(totp::change))
        .route("/account/reauthenticate", get(password::ask_again).post(password::prove_again))
}

/// The owner of an account, logged in as well as the account itself demands.
pub struct Owner {
    /// The visitor.
    pub visitor: Visitor,
    /// Session and account.
    pub signed_in: SignedIn,
}

impl Owner {
    async fn of(mut visitor: Visitor) -> Result<Self, Response> {
        let decision = flow::next(&visitor, None).await.map_err(IntoResponse::into_response)?;
        match (decision, visitor.signed_in.take()) {
            (Decision::Respond, Some(signed_in)) => {
                visitor.signed_in = Some(signed_in.clone());
                Ok(Self { visitor, signed_in })
            }
            (decision, _) => Err(flow::go(&decision, None)),
        }
    }

    /// Whether the password was typed a moment ago.
    fn is_fresh(&self) -> bool {
        self.signed_in.is_fresh(self.visitor.provider())
    }

    /// The page that asks for the password, and comes back to `path`.
    fn ask_again(path: &str) -> Response {
        respond::see_other(&format!("/account/reauthenticate?return={path}"))
    }
}

impl FromRequestParts<Site> for Owner {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Response> {
        let visitor = Visitor::from_request_parts(parts, site).await;
        Self::of(visitor.map_err(Failure::into_response)?).await
    }
}

/// A form the owner sent.
pub struct OwnerForm {
    /// Who.
    pub owner: Owner,
    /// Its fields.
    pub form: Parameters,
}

impl FromRequest<Site> for OwnerForm {
    type Rejection = Response;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Response> {
        let Posted { visitor, form } = Posted::from_request(request, site).await?;
        Ok(Self { owner: Owner::of(visitor).await?, form })
    }
}
