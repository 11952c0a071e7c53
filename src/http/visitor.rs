//! Who asks: everything a page handler knows of a request, gathered once.

use axum::body::Bytes;
use axum::extract::FromRequest;
use axum::extract::FromRequestParts;
use axum::extract::Request;
use axum::response::IntoResponse;
use axum::response::Response;
use http::HeaderMap;
use http::StatusCode;
use http::header;
use http::request::Parts;
use serde::Serialize;

use crate::audit;
use crate::domain::account::Account;
use crate::domain::assurance::Method;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::SessionId;
use crate::domain::request_context::RequestContext;
use crate::http::browser;
use crate::http::browser::Browser;
use crate::http::cookies;
use crate::http::failure::Failure;
use crate::http::look::Look;
use crate::http::pages::Frame;
use crate::http::respond;
use crate::http::session;
use crate::http::session::SessionCookie;
use crate::http::session::SignedIn;
use crate::http::site::Site;
use crate::login::known_browsers;
use crate::login::sign_on;
use crate::login::sign_on::CookieChange;
use crate::protocol::parameters::Parameters;
use crate::provider::Provider;

/// A visitor of a page.
pub struct Visitor {
    /// The router's state.
    pub site: Site,
    /// The request's id and source.
    pub context: RequestContext,
    /// Language and print.
    pub look: Look,
    /// The parameters of the query.
    pub query: Parameters,
    /// The browser.
    pub browser: Browser,
    /// Its session cookie.
    pub cookie: SessionCookie,
    /// Who is logged in, whether or not that suffices for what is asked.
    pub signed_in: Option<SignedIn>,
    /// The cookie of an operator's session.
    pub console: Option<String>,
    path_and_query: String,
}

/// A form of ours, sent by the browser it was made for.
pub struct Posted {
    /// Who sent it.
    pub visitor: Visitor,
    /// Its fields.
    pub form: Parameters,
}

/// A form anybody may send.
pub struct Received {
    /// Who sent it.
    pub visitor: Visitor,
    /// Its fields.
    pub form: Parameters,
    /// Whether a page of ours made it for this browser.
    pub is_ours: bool,
}

impl Visitor {
    /// The provider.
    pub fn provider(&self) -> &Provider {
        &self.site.provider
    }

    /// The same visitor, at the page that a form with files stands on: its answer cannot be asked for again.
    #[must_use]
    pub fn at(self, path: &str) -> Self {
        Self { path_and_query: path.to_owned(), ..self }
    }

    /// A page with the status 200.
    pub fn page(&self, template: &str, page: impl Serialize) -> Result<Response, Failure> {
        self.page_towards(&[], (StatusCode::OK, template), page)
    }

    /// A page whose forms may lead, through our redirects, to these URIs.
    pub fn page_towards(
        &self,
        uris: &[&str],
        (status, template): (StatusCode, &str),
        page: impl Serialize,
    ) -> Result<Response, Failure> {
        let html = self.site.pages.render(template, &self.frame(), page)?;
        let targets: Vec<String> = uris.iter().filter_map(|u| respond::policy_source(u)).collect();
        Ok(respond::html(status, html, &targets))
    }

    /// A page whose form a script of ours sends to this URI.
    pub fn scripted_page(
        &self,
        uri: &str,
        template: &str,
        page: impl Serialize,
    ) -> Result<Response, Failure> {
        let html = self.site.pages.render(template, &self.frame(), page)?;
        let targets: Vec<String> = respond::policy_source(uri).into_iter().collect();
        Ok(respond::scripted_html(html, &targets))
    }

    /// The failure, once the refusal stands in the audit chain. Failures of our own are none.
    pub async fn refuse(&self, why: &str, failure: Failure) -> Failure {
        if failure.status.is_server_error() {
            return failure;
        }
        refuse(&self.site, &self.context, why, failure).await
    }

    /// Remembers that this person proved who they are; the browser gets a new session cookie. Says which
    /// session it is.
    pub async fn remember(&self, account: &Account, method: Method) -> Result<SessionId, Failure> {
        let cookies = CookieChange { from: self.cookie.digest(), to: self.cookie.renew().await? };
        let current = self.signed_in.as_ref().map(|signed_in| &signed_in.session);
        let proven = (account, method);
        let provider = self.provider();
        let claims = self.browser.known_accounts(provider);
        let goes_on = current.is_some_and(|session| session.account_id == account.id);
        let session = sign_on::remember(provider, &self.context, proven, current, cookies).await?;
        // A further proof in the same session tells nothing new of the browser.
        if !(goes_on && claims.iter().any(|claim| claim.account == account.id)) {
            let known = known_browsers::remember(provider, &self.context, account, &claims).await;
            self.browser.note_login(known?, &account.choices);
        }
        Ok(session)
    }

    fn frame(&self) -> Frame {
        let name =
            |signed_in: &SignedIn| self.provider().config.masking.name(&signed_in.profile.name);
        Frame {
            locale: self.look.locale,
            elder: self.look.elder,
            request_id: self.context.id.clone(),
            path_and_query: self.path_and_query.clone(),
            csrf: self.browser.csrf(self.provider()),
            signed_in: self.signed_in.as_ref().map(name),
        }
    }
}

impl FromRequestParts<Site> for Visitor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Failure> {
        let missing = Failure::server;
        let context = parts.extensions.get::<RequestContext>().cloned().ok_or_else(missing)?;
        let browser = parts.extensions.get::<Browser>().cloned().ok_or_else(missing)?;
        let query = parts.uri.query().unwrap_or_default();
        let query = read_parameters(site, &context, query.as_bytes()).await?;
        let cookie = SessionCookie::from_request_parts(parts, site).await?;
        // Operators' pages know no citizen.
        let for_operators = parts.uri.path().starts_with("/console");
        let signed_in =
            if for_operators { None } else { session::find(&site.provider, &cookie).await? };
        // A form's answer is no place to come back to: the page it stood on is.
        let path_and_query = match parts.uri.path_and_query() {
            Some(both) if parts.method == http::Method::GET => both.as_str(),
            _ => parts.uri.path(),
        };
        Ok(Self {
            site: site.clone(),
            context,
            look: Look::read(&parts.headers, cookies::names(&site.provider.config)),
            query,
            browser,
            cookie,
            signed_in,
            console: cookies::find(&parts.headers, cookies::names(&site.provider.config).console),
            path_and_query: path_and_query.to_owned(),
        })
    }
}

impl FromRequest<Site> for Received {
    type Rejection = Response;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, site).await;
        let visitor = visitor.map_err(IntoResponse::into_response)?;
        let headers = parts.headers.clone();
        let request = Request::from_parts(parts, body);
        let form = read_form(request, site, &visitor.context).await?;
        let token = form.get("csrf").unwrap_or_default();
        let is_ours = browser::is_from_us(&site.provider.config, &headers)
            && visitor.browser.owns(&site.provider, token);
        Ok(Self { visitor, form, is_ours })
    }
}

impl FromRequest<Site> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Response> {
        let Received { mut visitor, form, is_ours } = Received::from_request(request, site).await?;
        visitor.path_and_query = page_of(&visitor.path_and_query, &form);
        if !is_ours {
            let (why, failure) = ("form of another origin or browser", Failure::forged());
            return Err(refuse(site, &visitor.context, why, failure).await.into_response());
        }
        Ok(Self { visitor, form })
    }
}

/// The page a form stood on. The answer to a form cannot be asked for again, so that page is what a
/// visitor comes back to, with the flow that led there.
fn page_of(path: &str, form: &Parameters) -> String {
    let path = match path {
        "/signup/code" => "/signup",
        "/recover/code" | "/recover/second" | "/recover/password" => "/recover",
        "/recover/counter/code" => "/recover/counter",
        "/account/recovery" => "/account",
        path => path,
    };
    let kept = ["method", "return", "tx"].map(|name| form.get(name).map(|value| (name, value)));
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(kept.into_iter().flatten());
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// The failure, once the refusal stands in the audit chain.
pub async fn refuse(site: &Site, context: &RequestContext, why: &str, failure: Failure) -> Failure {
    let kind = AuditKind::RequestRefused;
    match audit::record_refusal(&site.provider, context, kind, (why, None)).await {
        Ok(()) => failure,
        Err(away) => away.into(),
    }
}

async fn read_parameters(
    site: &Site,
    context: &RequestContext,
    text: &[u8],
) -> Result<Parameters, Failure> {
    match Parameters::parse(text) {
        Ok(parameters) => Ok(parameters),
        Err(error) => Err(refuse(site, context, error.code.as_str(), error.into()).await),
    }
}

/// The fields of a form-encoded body.
async fn read_form(
    request: Request,
    site: &Site,
    context: &RequestContext,
) -> Result<Parameters, Response> {
    if !is_form(request.headers()) {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response());
    }
    let body = Bytes::from_request(request, site).await.map_err(IntoResponse::into_response)?;
    read_parameters(site, context, &body).await.map_err(IntoResponse::into_response)
}

/// Whether the body says it is a form, in UTF-8 and as it is: we unpack nothing.
pub fn is_form(headers: &HeaderMap) -> bool {
    if headers.contains_key(header::CONTENT_ENCODING) {
        return false;
    }
    let typed = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let Some(typed) = typed else { return false };
    let (kind, parameters) = typed.split_once(';').unwrap_or((typed, ""));
    let parameters = parameters.trim().to_ascii_lowercase();
    kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
        && (parameters.is_empty() || parameters.replace('"', "") == "charset=utf-8")
}

#[cfg(test)]
mod tests {
    use super::page_of;
    use crate::protocol::parameters::Parameters;

    #[test]
    fn the_page_of_a_form_keeps_its_flow_and_nothing_else() {
        let form = |body: &[u8]| Parameters::parse(body).unwrap();
        let login = form(b"csrf=c&tx=a.b&method=sms&identifier=1101&password=x");
        assert_eq!(page_of("/login", &login), "/login?method=sms&tx=a.b");
        assert_eq!(page_of("/signup/code", &form(b"tx=a%26b&code=1")), "/signup?tx=a%26b");
        assert_eq!(page_of("/account/password", &form(b"password=x")), "/account/password");
    }
}
