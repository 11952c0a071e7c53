//! Routes, extractors and pages: the only place that speaks HTTP to a browser or a client.

mod account;
mod api;
pub mod assets;
mod audit_file;
mod authorize;
mod browser;
mod callback;
mod chart;
mod choose;
mod codes;
mod consent;
mod console;
mod cookies;
mod documents;
mod failure;
mod flow;
mod frame;
mod login;
mod logout;
mod look;
mod metadata;
mod oauth;
mod onboarding;
pub mod pages;
mod public;
mod recover;
mod respond;
mod second_factor;
mod session;
mod sheet;
mod signup;
mod site;
mod turns;
mod upload;
mod verify;
mod visitor;

pub use site::Site;

use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::get;
use axum::routing::post;
use http::StatusCode;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::Any;
use tower_http::cors::CorsLayer;
use tower_http::timeout::TimeoutLayer;

use crate::http::failure::Failure;
use crate::organisations::told::ROUTE as REGISTER_TOLD;
use crate::people::verification::callback::ROUTE as VERIFICATION_CALLBACK;
use crate::protocol::discovery;

/// Longest body, in bytes (security.md 0.3).
const BODY: usize = 64 * 1024;
/// A request that takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Every route of the provider.
pub fn router(site: Site) -> Router {
    let framed = |routes: Router<Site>| {
        routes
            .layer(DefaultBodyLimit::max(BODY))
            .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE))
            .layer(CatchPanicLayer::custom(|_| {
                axum::response::IntoResponse::into_response(Failure::server())
            }))
    };
    framed(pages(&site).merge(programs()).merge(api::routes(&site)))
        .fallback(|| async { Failure::not_found() })
        .layer(middleware::from_fn_with_state(site.clone(), frame::frame))
        .with_state(site)
}

/// Routes for browsers: they know the browser and its session.
fn pages(site: &Site) -> Router<Site> {
    let routes = Router::new()
        .route(discovery::AUTHORIZE, get(authorize::by_query).post(authorize::by_form))
        .route(discovery::LOGOUT, get(logout::by_query).post(logout::by_form))
        .route("/login", get(login::show).post(login::submit))
        .route("/login/second", get(second_factor::show).post(second_factor::submit))
        .route("/login/enrol", get(second_factor::show_enrolment).post(second_factor::enrol))
        .route("/consent", get(consent::show).post(consent::answer))
        .route(verify::PATH, get(verify::show).post(verify::answer))
        .route("/choose", get(choose::show).post(choose::answer))
        .route("/signup", get(signup::show).post(signup::submit))
        .route("/signup/code", post(signup::confirm))
        .route("/preferences", get(public::preferences))
        .route("/", get(public::home))
        .route("/help", get(public::help))
        .route("/privacy", get(public::privacy))
        .route("/codes", get(codes::list))
        .route("/codes/{number}", get(codes::show))
        .merge(recover::routes())
        .merge(account::routes())
        .merge(onboarding::routes())
        .merge(console::routes());
    let routes = match site.outbox {
        Some(_) => routes.route("/demo/outbox", get(public::outbox)),
        None => routes,
    };
    routes
        .layer(session::layer(&site.provider.config))
        .layer(middleware::from_fn_with_state(site.clone(), browser::remember))
}

/// Routes for programs: no cookie is read. Scripts of any origin may call what needs no cookie.
fn programs() -> Router<Site> {
    let shared = Router::new()
        .route(discovery::OPENID_CONFIGURATION, get(metadata::metadata))
        .route(discovery::OAUTH_CONFIGURATION, get(metadata::metadata))
        .route(discovery::JWKS, get(metadata::jwks))
        .route(discovery::JWKS_SM2, get(metadata::jwks_with_sm2))
        .route(discovery::TOKEN, post(oauth::token))
        .route("/codes/feed.json", get(codes::feed))
        .route("/codes/batches/{file}", get(codes::batch))
        .route("/codes/keys.json", get(codes::keys))
        .route(discovery::REVOKE, post(oauth::revoke))
        .route(discovery::USERINFO, get(oauth::userinfo).post(oauth::userinfo_by_form))
        .layer(CorsLayer::new().allow_origin(Any).allow_methods(Any).allow_headers(Any));
    Router::new()
        .route(discovery::INTROSPECT, post(oauth::introspect))
        .route(VERIFICATION_CALLBACK, post(callback::receive))
        .route(REGISTER_TOLD, post(callback::legal_entities))
        .route("/assets/{*path}", get(public::asset))
        .route("/logo/{client}/{digest}", get(onboarding::show_logo))
        .route("/healthz", get(public::healthz))
        .route("/readyz", get(public::readyz))
        .route("/robots.txt", get(public::robots))
        .merge(shared)
}
