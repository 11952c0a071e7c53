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
use crate::domain::masking;
use crate::domain::masking::NameMask;
use crate::domain::request_context::RequestContext;
use crate::http::browser;
use crate::http::browser::Browser;
use crate::http::failure::Failure;
use crate::http::look::Look;
use crate::http::pages::Frame;
use crate::http::respond;
use crate::http::session;
use crate::http::session::SessionCookie;
use crate::http::session::SignedIn;
use crate::http::site::Site;
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

    /// Remembers that this person proved who they are; the browser gets a new session cookie.
    pub async fn remember(&self, account: &Account, method: Method) -> Result<(), Failure> {
        let cookies = CookieChange { from: self.cookie.digest(), to: self.cookie.renew().await? };
        let current = self.signed_in.as_ref().map(|signed_in| &signed_in.session);
        let proven = (account, method);
        sign_on::remember(self.provider(), &self.context, proven, current, cookies).await?;
        Ok(())
    }

    fn frame(&self) -> Frame {
        let name = |signed_in: &SignedIn| {
            masking::person_name(&signed_in.profile.name, NameMask::HideFirst)
        };
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
        let query = Parameters::parse(parts.uri.query().unwrap_or_default().as_bytes())?;
        let cookie = SessionCookie::from_request_parts(parts, site).await?;
        let signed_in = session::find(&site.provider, &cookie).await?;
        // A form's answer is no place to come back to: the page it stood on is.
        let path_and_query = match parts.uri.path_and_query() {
            Some(both) if parts.method == http::Method::GET => both.as_str(),
            _ => parts.uri.path(),
        };
        Ok(Self {
            site: site.clone(),
            context,
            look: Look::read(&parts.headers),
            query,
            browser,
            cookie,
            signed_in,
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
        let form = read_form(Request::from_parts(parts, body), site).await?;
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
            let why = ("form of another origin or browser", None);
            let kind = AuditKind::RequestRefused;
            audit::record_refusal(&site.provider, &visitor.context, kind, why)
                .await
                .map_err(|error| Failure::from(error).into_response())?;
            return Err(Failure::forged().into_response());
        }
        Ok(Self { visitor, form })
    }
}

/// The page a form stood on. The answer to a form cannot be asked for again, so that page is what a
/// visitor comes back to, with the flow that led there.
fn page_of(path: &str, form: &Parameters) -> String {
    let path = if path == "/signup/code" { "/signup" } else { path };
    let kept = ["method", "return", "tx"].map(|name| form.get(name).map(|value| (name, value)));
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(kept.into_iter().flatten());
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// The fields of a form-encoded body.
pub async fn read_form(request: Request, site: &Site) -> Result<Parameters, Response> {
    if !is_form(request.headers()) {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response());
    }
    let body = Bytes::from_request(request, site).await.map_err(IntoResponse::into_response)?;
    Parameters::parse(&body).map_err(|error| Failure::from(error).into_response())
}

/// Whether the body says it is a form, in UTF-8.
pub fn is_form(headers: &HeaderMap) -> bool {
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
