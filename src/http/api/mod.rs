//! `/api/v1`: what the console does for officers, for machines. The rules are those of `console` and
//! `onboarding`; here requests become values, and values JSON. No cookie is read, and no script of another
//! origin may ask.

mod acts;
mod alerts;
mod applications;
mod audit;
mod call;
mod clients;
mod codes;
mod document;
mod fields;
mod gate;
mod identities;
mod operation;
mod operators;
mod organisations;
mod people;
mod people_by_name;
mod people_mandates;
mod problem;
mod statistics;
mod system;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::extract::Request;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::MethodFilter;
use axum::routing::get;
use axum::routing::on;
use http::Method;
use http::header;

use crate::http::api::operation::Operation;
use crate::http::api::operation::Sent;
use crate::http::api::problem::Problem;
use crate::http::site::Site;
use crate::protocol::discovery::ADMIN_API;

pub use problem::told;

/// Whether a path belongs to the API, so that every answer to it is JSON.
pub fn covers(path: &str) -> bool {
    path.strip_prefix(ADMIN_API).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The routes of the API, one an operation, and its document.
pub fn routes(site: &Site) -> Router<Site> {
    let operations = operations();
    let document = document::write(&operations, site.provider.config.issuer_text());
    let json = [(header::CONTENT_TYPE, "application/json")];
    let mut router =
        Router::new().route("/openapi.json", get(move || async move { (json, document) }));
    for operation in operations {
        let method =
            if operation.method == Method::GET { MethodFilter::GET } else { MethodFilter::POST };
        let (path, operation) = (operation.path, Arc::new(operation));
        let answered = Arc::clone(&operation);
        let handler = async move |State(site): State<Site>, request: Request| {
            gate::answer(site, Arc::clone(&answered), request).await
        };
        let route = match operation.sent {
            Sent::Csv(largest) => on(method, handler).layer(DefaultBodyLimit::max(largest)),
            Sent::Nothing | Sent::Json(..) => on(method, handler),
        };
        router = router.route(path, route);
    }
    Router::new()
        .nest(ADMIN_API, router.fallback(|| async { Problem::not_found().into_response() }))
}

/// Every operation there is.
fn operations() -> Vec<Operation> {
    let subjects = [
        people::operations(),
        people_by_name::operations(),
        people_mandates::operations(),
        identities::operations(),
        acts::operations(),
        operators::operations(),
        organisations::operations(),
        clients::operations(),
        applications::operations(),
        codes::operations(),
        audit::operations(),
        alerts::operations(),
        statistics::operations(),
        system::operations(),
    ];
    subjects.into_iter().flatten().collect()
}
