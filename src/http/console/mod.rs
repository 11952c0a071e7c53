//! `/console`: the operators' pages. Who asks is an operator with a session of his own, never a citizen;
//! what he may is judged by `console`, and told here.

mod acts;
mod alerts;
mod audit;
mod audit_export;
mod clients;
mod code_files;
mod codes;
mod counter;
mod dashboards;
mod identities;
mod onboarding;
mod operators;
mod organisations;
mod people;
mod people_search;
mod sign_on;
mod system;

use axum::Router;
use axum::extract::FromRequest;
use axum::extract::FromRequestParts;
use axum::extract::Request;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use http::StatusCode;
use http::request::Parts;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::console;
use crate::console::Actor;
use crate::console::ConsoleError;
use crate::domain::guardianship::BirthDateError;
use crate::domain::id::OperatorSessionDigest;
use crate::domain::operator::Operator;
use crate::domain::operator::Permission;
use crate::domain::operator::Region;
use crate::http::cookies;
use crate::http::documents;
use crate::http::failure::Failure;
use crate::http::failure::log_cause;
use crate::http::respond;
use crate::http::site::Site;
use crate::http::visitor::Posted;
use crate::http::visitor::Visitor;
use crate::identifier::Typed;
use crate::protocol::parameters::Parameters;

/// The routes below `/console`.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/console", get(acts::home))
        .route("/console/login", get(sign_on::show).post(sign_on::submit))
        .route("/console/logout", post(sign_on::log_out))
        .route("/console/password", get(sign_on::show_password).post(sign_on::change_password))
        .route("/console/invitation", get(sign_on::invitation).post(sign_on::accept))
        .route("/console/people", get(people_search::ask).post(people_search::seek))
        .route("/console/people/by-name", get(people_search::ask).post(people_search::seek_by_name))
        .route("/console/people/doubts", get(identities::list))
        .route("/console/people/{id}", get(people::show))
        .route("/console/people/{id}/identity", get(identities::show))
        .route("/console/people/{id}/identity/{action}", post(identities::act))
        .route("/console/people/{id}/{action}", post(people::act))
        .route("/console/acts", get(acts::show))
        .route("/console/acts/{id}", post(acts::decide))
        .route("/console/operators", get(operators::show).post(operators::invite))
        .route("/console/operators/{id}/disable", post(operators::disable))
        .route("/console/clients", get(clients::list))
        .route("/console/clients/{id}", get(clients::show))
        .route("/console/clients/{id}/switch", post(clients::switch))
        .route("/console/dashboards", get(dashboards::show))
        .route("/console/dashboards/{file}", get(dashboards::download))
        .route("/console/clients/{id}/connect", post(clients::connect))
        .route("/console/codes", get(codes::list))
        .route(
            "/console/codes/new",
            get(code_files::ask).post(code_files::hand_in).layer(code_files::limit()),
        )
        .route("/console/codes/disputes", get(codes::disputes))
        .route("/console/codes/disputes/{id}", post(codes::settle))
        .route("/console/codes/{id}", get(codes::show))
        .route("/console/codes/{id}/{action}", post(codes::act))
        .route("/console/counter", get(counter::show))
        .route("/console/counter/{kind}", post(counter::file))
        .route("/console/organisations", get(organisations::ask).post(organisations::seek))
        .route("/console/organisations/{id}", get(organisations::show))
        .route("/console/organisations/{id}/{action}", post(organisations::act))
        .route("/console/system", get(system::show))
        .route("/console/system/keys", post(system::rotate_keys))
        .route("/console/system/deliveries/{id}", post(system::retry))
        .route("/console/onboarding", get(onboarding::list))
        .route("/console/onboarding/{id}", get(onboarding::show))
        .route("/console/onboarding/{id}/{action}", post(onboarding::act))
        .route("/console/audit", get(audit::show).post(audit::seek))
        .route("/console/audit/export", post(audit_export::export))
        .route("/console/alerts", get(alerts::list))
        .route("/console/alerts/{id}", get(alerts::show).post(alerts::handle))
}

/// Where an operator logs in.
const LOGIN: &str = "/console/login";

/// An operator who is logged in.
pub struct Officer {
    visitor: Visitor,
    operator: Operator,
    session: OperatorSessionDigest,
}

/// A form an operator sent.
pub struct OfficerForm {
    officer: Officer,
    form: Parameters,
}

impl Officer {
    async fn of(visitor: Visitor) -> Result<Self, Response> {
        let nobody = || respond::see_other(LOGIN);
        let session =
            visitor.console.as_deref().map(OperatorSessionDigest::of).ok_or_else(nobody)?;
        let found = console::sign_on::find(visitor.provider(), session).await;
        let found = found.map_err(|error| Failure::from(error).into_response())?;
        let operator = found.ok_or_else(nobody)?;
        Ok(Self { visitor, operator, session })
    }

    fn actor(&self) -> Actor<'_> {
        Actor {
            provider: self.visitor.provider(),
            operator: &self.operator,
            context: &self.visitor.context,
            scope: None,
        }
    }

    /// The documents that have to be named beside a number, with what was chosen.
    fn documents(&self, chosen: Typed<'_>) -> Value {
        let config = &self.visitor.provider().config;
        documents::ambiguous(config, self.visitor.look.locale, chosen)
    }

    /// Who is shown at the edge of every page, and where he can go.
    fn shown(&self) -> Result<Value, ConsoleError> {
        let name = console::name_of(self.visitor.provider(), &self.operator.name)?;
        let pages = [
            ("people", Permission::SeePeople),
            ("organisations", Permission::SeeOrganisations),
            ("counter", Permission::ServeAtCounter),
            ("operators", Permission::SeeOperators),
            ("onboarding", Permission::SeeApplications),
            ("clients", Permission::SeeClients),
            ("codes", Permission::SeeCodes),
            ("system", Permission::SeeSystem),
            ("audit", Permission::SeeAudit),
            ("alerts", Permission::SeeAlerts),
            ("dashboards", Permission::SeeStatistics),
        ];
        let may = pages.into_iter().filter(|(_, power)| self.operator.role.may(*power));
        let mut may: Vec<&str> = may.map(|(page, _)| page).collect();
        may.insert(0, "acts");
        Ok(json!({
            "name": name, "role": self.operator.role.as_str(),
            "region": self.operator.region.as_ref().map(Region::name), "may": may,
        }))
    }

    /// A page of the console; `page` is an object.
    fn page(
        &self,
        (status, template): (StatusCode, &str),
        mut page: Value,
    ) -> Result<Response, Failure> {
        page["officer"] = self.shown()?;
        self.visitor.page_towards(&[], (status, template), page)
    }

    /// What he is told when it cannot be: a page of the console where his role is in the way.
    fn refuse(&self, error: ConsoleError) -> Result<Response, Failure> {
        match error {
            ConsoleError::Forbidden => {
                self.page((StatusCode::FORBIDDEN, "console/forbidden.html"), json!({}))
            }
            other => Err(other.into()),
        }
    }
}

impl FromRequestParts<Site> for Officer {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Response> {
        let visitor = Visitor::from_request_parts(parts, site).await;
        Self::of(visitor.map_err(Failure::into_response)?).await
    }
}

impl FromRequest<Site> for OfficerForm {
    type Rejection = Response;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Response> {
        let Posted { visitor, form } = Posted::from_request(request, site).await?;
        Ok(Self { officer: Officer::of(visitor).await?, form })
    }
}

impl From<ConsoleError> for Failure {
    fn from(error: ConsoleError) -> Self {
        match error {
            ConsoleError::Store(error) => error.into(),
            ConsoleError::Vault(error) => error.into(),
            ConsoleError::Keys(error) => {
                log_cause(&error, StatusCode::INTERNAL_SERVER_ERROR);
                Self::server()
            }
            ConsoleError::NotFound => Self::not_found(),
            ConsoleError::RegisterAway => Self::away(),
            ConsoleError::Forbidden => {
                Self::new(StatusCode::FORBIDDEN, "access_denied", "forbidden")
            }
            other => Self::bad_request(other.to_string()),
        }
    }
}

/// Where the page before ended, in lists that go by time: `milliseconds.uuid`; none on the first one.
fn mark(officer: &Officer, name: &str) -> Result<Option<(Timestamp, Uuid)>, Failure> {
    let read = |text: &str| {
        let (at, id) = text.split_once('.')?;
        Some((Timestamp(at.parse().ok()?), id.parse().ok()?))
    };
    let Some(text) = officer.visitor.query.get(name) else { return Ok(None) };
    let mark = read(text).ok_or_else(|| Failure::bad_request(format!("{name} is no mark")))?;
    Ok(Some(mark))
}

/// The same, as an address carries it.
fn mark_text((at, id): (Timestamp, Uuid)) -> String {
    format!("{}.{id}", at.0)
}

/// What a page says of an error the operator can do something about.
fn message_key(error: &ConsoleError) -> Option<&'static str> {
    Some(match error {
        ConsoleError::Reason => "console-reason-needed",
        ConsoleError::Over => "console-act-over",
        ConsoleError::Own => "console-act-own",
        ConsoleError::AboutSelf => "console-alert-own",
        ConsoleError::AlertOver => "console-alert-over",
        ConsoleError::LastOfKind => "console-last-of-kind",
        ConsoleError::Name => "console-name-invalid",
        ConsoleError::NoDocument(..) => "signup-look-again",
        ConsoleError::BirthDate(BirthDateError::Missing) => "console-birth-date-needed",
        ConsoleError::BirthDate(BirthDateError::Differs) => "console-birth-date-differs",
        ConsoleError::NoRegion => "console-region-none",
        ConsoleError::Beyond => "console-region-not-yours",
        ConsoleError::NameTaken => "portal-name-taken",
        ConsoleError::NotGreen => "console-self-check-open",
        ConsoleError::NoMachine => "console-no-machine",
        ConsoleError::Unknown => "identity-nobody",
        ConsoleError::NotConfirmed => "identity-not-confirmed",
        ConsoleError::TooMany => "portal-too-many",
        ConsoleError::RegisterAway => "console-register-away",
        ConsoleError::NotActive => "console-organisation-not-active",
        ConsoleError::NoAccount => "console-no-account",
        ConsoleError::Documents => "console-documents-needed",
        ConsoleError::Age => "console-age",
        ConsoleError::Hours => "console-hours",
        ConsoleError::Matters => "console-matters",
        ConsoleError::Second => "console-second-needed",
        ConsoleError::CodeWithdrawn => "codes-batch-withdrawn",
        ConsoleError::NotSeen => "console-face-not-seen",
        ConsoleError::Document => "console-document-differs",
        ConsoleError::Forbidden
        | ConsoleError::NotFound
        | ConsoleError::Codes(_)
        | ConsoleError::Keys(_)
        | ConsoleError::Store(_)
        | ConsoleError::Vault(_) => return None,
    })
}

/// The status of a page that says so.
fn status_of(error: &ConsoleError) -> StatusCode {
    match error {
        ConsoleError::RegisterAway => StatusCode::SERVICE_UNAVAILABLE,
        ConsoleError::Over
        | ConsoleError::CodeWithdrawn
        | ConsoleError::NotActive
        | ConsoleError::NoAccount => StatusCode::CONFLICT,
        ConsoleError::Second => StatusCode::FORBIDDEN,
        ConsoleError::TooMany => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// The cookie of a console session, or its removal.
fn with_cookie(visitor: &Visitor, mut response: Response, value: &str) -> Response {
    let config = &visitor.provider().config;
    let age = value.is_empty().then_some(0);
    let secure = config.cookies_are_secure();
    if let Some(cookie) = cookies::set(cookies::names(config).console, value, secure, age) {
        response.headers_mut().append(http::header::SET_COOKIE, cookie);
    }
    response
}

/// A page that nobody has to be logged in for.
fn open_page(
    visitor: &Visitor,
    (status, template): (StatusCode, &str),
    page: impl Serialize,
) -> Result<Response, Failure> {
    visitor.page_towards(&[], (status, template), page)
}
