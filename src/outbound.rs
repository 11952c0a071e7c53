//! The one guarded HTTP client; nothing else reaches out (OWASP ASVS 5.0 §1.3.6, RFC 9700 §4.11).
//!
//! A call is denied unless `outbound.allow` admits it, judged by its text and again by the resolved
//! address at the moment of connecting, so a name that changes its mind reaches nothing. There are
//! no redirects, no proxies, no decompression and no retries; an exchange takes at most 3 seconds
//! and 64 KiB. Keeping a slow target from delaying other work is the caller's task: it decides what
//! runs at once. This is the only file that names `reqwest`.

mod rules;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Duration;

use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::header::ACCEPT;
use http::header::CONTENT_ENCODING;
use http::header::CONTENT_TYPE;
use reqwest::dns::Addrs;
use reqwest::dns::Name;
use reqwest::dns::Resolve;
use reqwest::dns::Resolving;
use reqwest::redirect;
use url::Url;

pub use rules::AllowRule;
pub use rules::AllowRuleError;
pub use rules::Refusal;

/// What the configuration's section `outbound` says.
#[derive(Debug, Clone, Default)]
pub struct OutboundRules {
    /// Whom the provider may call; nobody, when empty.
    pub allow: Vec<AllowRule>,
    /// Further certification authorities, PEM, beside those of the system.
    pub ca_file: Option<PathBuf>,
}

/// The guarded client. Clones share connections.
#[derive(Clone)]
pub struct Outbound {
    rules: Arc<[AllowRule]>,
    /// One client for each port a rule opens: its resolver then knows which port it judges for.
    /// Reading the system's authorities takes milliseconds, so each is made when first needed.
    clients: Arc<BTreeMap<u16, OnceLock<reqwest::Client>>>,
    authorities: Arc<[reqwest::Certificate]>,
    limits: Limits,
    lookup: Lookup,
}

/// What a target answered, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status; a redirect is an answer like any other and is not followed.
    pub status: u16,
    /// The `Content-Type`, where it is text.
    pub content_type: Option<String>,
    /// The body, at most 64 KiB.
    pub body: Vec<u8>,
}

/// Why a call gave no answer. Nothing here repeats what the target sent.
///
/// The variants tell targets apart that a stranger could use to map a network, so a message to a
/// client says one thing for all of them; the log and `yihao doctor` may show which it was.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The address is refused before or while connecting.
    #[error("{0}")]
    Denied(#[from] Refusal),
    /// The request itself is malformed.
    #[error("the request cannot be sent")]
    Request,
    /// No connection: unknown name, closed port, or a certificate that does not verify.
    #[error("the target cannot be reached")]
    Unreachable(#[source] Box<dyn Error + Send + Sync>),
    /// No complete answer in time; what was sent may have taken effect.
    #[error("the target did not answer in time")]
    TimedOut,
    /// The connection broke, or what came is not HTTP.
    #[error("the target's answer cannot be read")]
    Broken,
    /// More than the limit.
    #[error("the target's answer is too large")]
    TooLarge,
    /// Compressed, although nothing compressed was asked for.
    #[error("the target's answer is encoded")]
    Encoded,
    /// The file of certification authorities cannot be used.
    #[error("outbound.ca_file {0} cannot be used: {1}")]
    CaFile(PathBuf, String),
    /// The TLS client cannot be set up.
    #[error("the outbound client cannot be set up")]
    Setup,
}

impl Outbound {
    /// A client under these rules.
    pub fn new(rules: OutboundRules) -> Result<Self, OutboundError> {
        Self::with(rules, Limits::default(), &(Arc::new(system_lookup) as Lookup))
    }

    fn with(rules: OutboundRules, limits: Limits, lookup: &Lookup) -> Result<Self, OutboundError> {
        let authorities = read_authorities(rules.ca_file.as_deref())?.into();
        let ports = rules.allow.iter().map(|rule| (rule.port(), OnceLock::new()));
        let outbound = Self {
            clients: Arc::new(ports.collect()),
            rules: rules.allow.into(),
            authorities,
            limits,
            lookup: lookup.clone(),
        };
        if let (Some(file), Some(port)) = (rules.ca_file, outbound.clients.keys().next()) {
            // A certificate that is none shows here, not at the first call.
            let unusable = |_| OutboundError::CaFile(file, "no usable certificates".to_owned());
            outbound.client(*port).map_err(unusable)?;
        }
        Ok(outbound)
    }

    fn client(&self, port: u16) -> Result<&reqwest::Client, OutboundError> {
        let place = self.clients.get(&port).ok_or(Refusal::NotAllowed)?;
        if let Some(client) = place.get() {
            return Ok(client);
        }
        let guard = Guard { rules: self.rules.clone(), port, lookup: self.lookup.clone() };
        let client = client(&Arc::new(guard), &self.authorities, self.limits)?;
        Ok(place.get_or_init(|| client))
    }

    /// Whether a URL may be registered. Called again before every request.
    pub fn check_url(&self, url: &Url) -> Result<(), OutboundError> {
        Ok(rules::check_url(&self.rules, url)?)
    }

    /// `GET`, with JSON preferred.
    pub async fn get(&self, url: &Url) -> Result<Answer, OutboundError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, */*;q=0.5"));
        self.answer(Method::GET, url, headers, Vec::new()).await
    }

    /// `POST` of an HTML form (`application/x-www-form-urlencoded`).
    pub async fn post_form(
        &self,
        url: &Url,
        fields: &[(&str, &str)],
    ) -> Result<Answer, OutboundError> {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish()
            .into_bytes();
        let mut headers = HeaderMap::new();
        let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(CONTENT_TYPE, form_type);
        self.answer(Method::POST, url, headers, form).await
    }

    /// One request and its response in the types of the `http` crate, which is what the
    /// `openidconnect` crate asks of a client.
    pub async fn exchange(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, OutboundError> {
        let (parts, body) = request.into_parts();
        let url = Url::parse(&parts.uri.to_string()).map_err(|_| OutboundError::Request)?;
        let (status, headers, body) = self.send(parts.method, &url, parts.headers, body).await?;
        let mut response = http::Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }

    /// Where the host and port of a URL may be reached, for what speaks another protocol than HTTP: its
    /// scheme is read as `https` whatever is spoken there.
    pub async fn addresses(&self, url: &Url) -> Result<Vec<SocketAddr>, OutboundError> {
        self.check_url(url)?;
        let port = url.port_or_known_default().ok_or(Refusal::NotAllowed)?;
        let (name, found) = match url.host().ok_or(Refusal::Scheme)? {
            url::Host::Ipv4(address) => (None, vec![address.into()]),
            url::Host::Ipv6(address) => (None, vec![address.into()]),
            url::Host::Domain(name) => {
                let found = tokio::time::timeout(self.limits.total, (self.lookup)(name.to_owned()));
                let found = found.await.map_err(|_| OutboundError::TimedOut)?;
                (Some(name), found.map_err(|error| OutboundError::Unreachable(error.into()))?)
            }
        };
        let admitted = |address: &IpAddr| rules::admits_address(&self.rules, name, *address, port);
        let found = found.into_iter().filter(admitted);
        let found: Vec<SocketAddr> = found.map(|address| SocketAddr::new(address, port)).collect();
        if found.is_empty() { Err(Refusal::NotAllowed.into()) } else { Ok(found) }
    }

    async fn answer(
        &self,
        method: Method,
        url: &Url,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Answer, OutboundError> {
        let (status, headers, body) = self.send(method, url, headers, body).await?;
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        Ok(Answer { status: status.as_u16(), content_type: content_type.map(str::to_owned), body })
    }

    async fn send(
        &self,
        method: Method,
        url: &Url,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<(http::StatusCode, HeaderMap, Vec<u8>), OutboundError> {
        // The connector asks no resolver about a literal address, so this judgement is its only one.
        self.check_url(url)?;
        let port = url.port_or_known_default().ok_or(Refusal::NotAllowed)?;
        let client = self.client(port)?;
        let mut request = reqwest::Request::new(method, url.clone());
        *request.headers_mut() = headers;
        *request.body_mut() = Some(body.into());
        let exchange = receive(client, request, self.limits.body);
        tokio::time::timeout(self.limits.total, exchange)
            .await
            .map_err(|_| OutboundError::TimedOut)?
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Outbound").field("rules", &self.rules).finish_non_exhaustive()
    }
}

/// How long an exchange may take, name look-up included, and how large its answer may be.
#[derive(Debug, Clone, Copy)]
struct Limits {
    total: Duration,
    body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { total: Duration::from_secs(3), body: 64 * 1024 }
    }
}

fn client(
    guard: &Arc<Guard>,
    authorities: &[reqwest::Certificate],
    limits: Limits,
) -> Result<reqwest::Client, OutboundError> {
    let builder = || {
        reqwest::Client::builder()
            .user_agent("yihao")
            .dns_resolver(guard.clone())
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .referer(false)
            .timeout(limits.total)
            .pool_max_idle_per_host(8)
            .pool_idle_timeout(Duration::from_secs(30))
    };
    // A bare container has no certification authorities of its own. It then trusts those of the
    // file alone, and without a file nobody.
    builder()
        .tls_certs_merge(authorities.to_vec())
        .build()
        .or_else(|_| builder().tls_certs_only(authorities.to_vec()).build())
        .map_err(|_| OutboundError::Setup)
}

fn read_authorities(file: Option<&Path>) -> Result<Vec<reqwest::Certificate>, OutboundError> {
    let Some(file) = file else { return Ok(Vec::new()) };
    let unusable = |reason: String| OutboundError::CaFile(file.to_owned(), reason);
    let pem = std::fs::read(file).map_err(|error| unusable(error.to_string()))?;
    let found = reqwest::Certificate::from_pem_bundle(&pem)
        .map_err(|_| unusable("no PEM certificates".to_owned()))?;
    if found.is_empty() {
        return Err(unusable("no PEM certificates".to_owned()));
    }
    Ok(found)
}

async fn receive(
    client: &reqwest::Client,
    request: reqwest::Request,
    limit: usize,
) -> Result<(http::StatusCode, HeaderMap, Vec<u8>), OutboundError> {
    let mut response = client.execute(request).await.map_err(explain)?;
    let identity = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if !response.headers().get_all(CONTENT_ENCODING).iter().all(identity) {
        return Err(OutboundError::Encoded);
    }
    let limit_exceeded =
        |length: u64| usize::try_from(length).map_or(true, |length| length > limit);
    if response.content_length().is_some_and(limit_exceeded) {
        return Err(OutboundError::TooLarge);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(explain)? {
        if body.len() + chunk.len() > limit {
            return Err(OutboundError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok((response.status(), std::mem::take(response.headers_mut()), body))
}

/// The client's error in our words. Only the cause of a failed connection is kept: it tells of
/// names, ports and certificates, never of content.
fn explain(error: reqwest::Error) -> OutboundError {
    let mut cause = error.source();
    while let Some(link) = cause {
        if let Some(refusal) = link.downcast_ref::<Refusal>() {
            return OutboundError::Denied(*refusal);
        }
        cause = link.source();
    }
    if error.is_timeout() {
        OutboundError::TimedOut
    } else if error.is_connect() {
        OutboundError::Unreachable(Box::new(error.without_url()))
    } else {
        OutboundError::Broken
    }
}

type Found = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;
type Lookup = Arc<dyn Fn(String) -> Found + Send + Sync>;

fn system_lookup(name: String) -> Found {
    Box::pin(async move {
        let found = tokio::net::lookup_host((name, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    })
}

/// Resolves names and hands the connector allowed addresses only. The connector uses these very
/// addresses, so there is no second look-up that could answer differently.
struct Guard {
    rules: Arc<[AllowRule]>,
    port: u16,
    lookup: Lookup,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let rules = self.rules.clone();
        let port = self.port;
        let found = (self.lookup)(name.as_str().to_owned());
        Box::pin(async move {
            let allowed: Vec<SocketAddr> = found
                .await?
                .into_iter()
                .filter(|address| {
                    rules::admits_address(&rules, Some(name.as_str()), *address, port)
                })
                .map(|address| SocketAddr::new(address, port))
                .collect();
            if allowed.is_empty() {
                return Err(Refusal::NotAllowed.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}
