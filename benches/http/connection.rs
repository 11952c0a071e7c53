//! One kept HTTP/1.1 connection to a loopback address.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use anyhow::ensure;
use http::HeaderMap;
use http::Method;
use http::Request;
use http::StatusCode;
use http::header;
use http_body_util::BodyExt;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// An answer that takes longer is an error.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection; it is opened with the first request, and again when the server closed it.
pub struct Connection {
    address: SocketAddr,
    sender: Option<SendRequest<Full<Bytes>>>,
}

/// An answer, read to its end.
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

/// What a request carries beside its path.
#[derive(Default)]
pub struct Extra<'a> {
    /// `Cookie`.
    pub cookies: &'a str,
    /// `Authorization`.
    pub authorization: &'a str,
    /// A form, which makes the request a POST.
    pub form: Option<&'a [(&'a str, &'a str)]>,
}

impl Connection {
    /// To this address, which must be loopback: a load driver is a weapon.
    pub fn new(address: SocketAddr) -> anyhow::Result<Self> {
        ensure!(address.ip().is_loopback(), "{address} is not loopback; nothing is sent there");
        Ok(Self { address, sender: None })
    }

    /// Sends a request and reads the answer.
    pub async fn send(&mut self, path: &str, extra: Extra<'_>) -> anyhow::Result<Answer> {
        let request = self.request(path, &extra)?;
        let told = tokio::time::timeout(PATIENCE, self.exchange(request)).await;
        if !matches!(told, Ok(Ok(_))) {
            self.sender = None;
        }
        told.context("no answer in time")?
    }

    fn request(&self, path: &str, extra: &Extra<'_>) -> anyhow::Result<Request<Full<Bytes>>> {
        let mut request =
            Request::builder().uri(path).header(header::HOST, self.address.to_string());
        if !extra.cookies.is_empty() {
            request = request.header(header::COOKIE, extra.cookies);
        }
        if !extra.authorization.is_empty() {
            request = request.header(header::AUTHORIZATION, extra.authorization);
        }
        let Some(form) = extra.form else { return Ok(request.body(Full::default())?) };
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let typed = "application/x-www-form-urlencoded";
        let request = request.method(Method::POST).header(header::CONTENT_TYPE, typed);
        Ok(request.body(Full::from(body))?)
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> anyhow::Result<Answer> {
        let sender = match &mut self.sender {
            Some(sender) if !sender.is_closed() => sender,
            closed => closed.insert(connect(self.address).await?),
        };
        sender.ready().await?;
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Answer { status: head.status, headers: head.headers, body })
    }
}

async fn connect(address: SocketAddr) -> anyhow::Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await.context("connect")?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // It ends with the sender; what went wrong is told to whoever waits for an answer.
    tokio::spawn(connection);
    Ok(sender)
}

impl Answer {
    /// The body as JSON, if the status is the one that was expected.
    pub fn json(&self, what: &str) -> anyhow::Result<serde_json::Value> {
        self.expect(StatusCode::OK, what)?;
        serde_json::from_slice(&self.body).with_context(|| format!("{what}: not JSON"))
    }

    /// Where a redirect leads.
    pub fn location(&self, what: &str) -> anyhow::Result<&str> {
        self.expect(StatusCode::SEE_OTHER, what)?;
        let location = self.headers.get(header::LOCATION).context("a redirect without Location")?;
        Ok(location.to_str()?)
    }

    /// Refuses every other status, and shows how the answer begins.
    pub fn expect(&self, status: StatusCode, what: &str) -> anyhow::Result<()> {
        let begin: String = String::from_utf8_lossy(&self.body).chars().take(200).collect();
        ensure!(self.status == status, "{what}: {} {begin}", self.status);
        Ok(())
    }
}
