//! The data-sharing platform of a made-up province, a process of its own (design D11): it speaks the contracts
//! of `docs/integration/population-register.md`, `legal-entity-register.md` and `identity-verification.md`, and can be
//! told to fail, as real platforms do. What it knows is in `registers`, who is being verified in `checks`.

mod checks;
mod registers;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use anyhow::Context;
use anyhow::bail;
use axum::Router;
use axum::extract::OriginalUri;
use axum::extract::Path as InPath;
use axum::extract::State;
use axum::response::Html;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use axum::routing::put;
use http::HeaderMap;
use http::StatusCode;
use secrecy::ExposeSecret;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;
use tokio::io::AsyncBufReadExt;
use tokio::io::AsyncReadExt;
use tokio::io::BufReader;
use tokio::net::TcpListener;
use tokio::process::Child;
use tokio::process::Command;
use url::Url;

use crate::clock::Clock;
use crate::clock::Timestamp;
use crate::config::read_secret;
use crate::crypto::random;
use crate::demo::province::checks::AWAY;
use crate::demo::province::checks::Checks;
use crate::demo::province::checks::Decision;
use crate::demo::province::registers::COMPARE;
use crate::demo::province::registers::FIND;
use crate::demo::province::registers::Registers;
use crate::domain::identity_check::CheckKind;
use crate::outbound::Outbound;
use crate::outbound::OutboundRules;
use crate::signed_call::CallError;
use crate::signed_call::IncomingCall;
use crate::signed_call::NONCE;
use crate::signed_call::SIGNATURE;
use crate::signed_call::SignedCaller;
use crate::signed_call::TOLERANCE;
use crate::signed_call::answer_signature;

/// The one application it knows.
pub const APP_ID: &str = "yihao";
/// Longer than any caller waits.
const SLOW: Duration = Duration::from_secs(20);

/// What the platform is told before it starts.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Where it listens; a loopback address. Port 0 takes any.
    #[arg(long, default_value = "127.0.0.1:8083", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// A file with the secret it shares with the provider.
    #[arg(long, value_name = "FILE")]
    secret_file: PathBuf,
    /// People beside those of the demo: a CSV file with the columns `name`, `id_number` and, where needed, `id_type` and `id_country`.
    #[arg(long, value_name = "FILE")]
    people: Option<PathBuf>,
    /// Organisations beside those of the demo: a CSV file as `yihao register import organisations` takes it.
    #[arg(long, value_name = "FILE")]
    organisations: Option<PathBuf>,
    /// Ends when its standard input does, and so with whoever started it.
    #[arg(long)]
    until_stdin_ends: bool,
}

/// How the platform fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Fault {
    /// Not at all.
    None,
    /// 503.
    Down,
    /// No answer before the caller gives up.
    Slow,
    /// An answer that somebody else signed.
    Forged,
    /// An answer without a signature.
    Unsigned,
    /// The signed answer to an earlier question.
    Replayed,
    /// A signed answer that makes no sense.
    Garbage,
    /// It knows the caller no more.
    Refusing,
    /// Not at all, but it keeps no foreign passports.
    NoPassports,
}

struct Platform {
    /// Where its pages are.
    origin: String,
    secret: SecretString,
    registers: Registers,
    checks: Checks,
    clock: Clock,
    memory: Mutex<Memory>,
}

struct Memory {
    fault: Fault,
    nonces: HashMap<String, Timestamp>,
    /// The last answer that was signed.
    last: Option<Answer>,
}

/// Status, signature and body.
type Answer = (StatusCode, [(&'static str, String); 1], String);

#[derive(Deserialize)]
struct Question {
    app_id: String,
}

/// Runs the platform until it is told to end.
pub async fn run(options: Options) -> anyhow::Result<()> {
    if !options.listen.ip().is_loopback() {
        bail!("a made-up province listens on loopback addresses only");
    }
    let listener = TcpListener::bind(options.listen)
        .await
        .with_context(|| format!("cannot listen on {}", options.listen))?;
    let origin = format!("http://{}", listener.local_addr()?);
    let url = format!("{origin}{COMPARE}");
    let platform = Platform {
        origin,
        secret: read_secret(&options.secret_file)?,
        registers: Registers::new(options.people.as_deref(), options.organisations.as_deref())?,
        checks: Checks::default(),
        clock: Clock::system(),
        memory: Mutex::new(Memory { fault: Fault::None, nonces: HashMap::new(), last: None }),
    };
    let router = Router::new()
        .route(COMPARE, post(answer))
        .route(FIND, post(answer))
        .route("/verification/{kind}/begin", post(answer))
        .route("/verification/{kind}/result", post(answer))
        .route("/check/{reference}", get(show_check).post(decide_check))
        .route("/fault", put(set_fault))
        .with_state(Arc::new(platform));
    crate::cli::output::line(&url)?;
    let until = async move {
        if options.until_stdin_ends {
            let mut rest = Vec::new();
            // An input that cannot be read has ended as well.
            let _ = tokio::io::stdin().read_to_end(&mut rest).await;
        } else {
            crate::cli::serve::terminated().await;
        }
    };
    axum::serve(listener, router).with_graceful_shutdown(until).await?;
    Ok(())
}

async fn set_fault(State(platform): State<Arc<Platform>>, body: String) -> StatusCode {
    let Ok(fault) = serde_json::from_value(Value::String(body)) else {
        return StatusCode::BAD_REQUEST;
    };
    platform.memory().fault = fault;
    StatusCode::NO_CONTENT
}

async fn answer(
    State(platform): State<Arc<Platform>>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: String,
) -> Response {
    let fault = platform.memory().fault;
    let nonce = header(&headers, NONCE).to_owned();
    match fault {
        Fault::Down => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Fault::Slow => tokio::time::sleep(SLOW).await,
        Fault::Garbage => return platform.signed(StatusCode::OK, &nonce, &json!({ "code": 0 })),
        Fault::Replayed => {
            let earlier = platform.memory().last.clone();
            let nothing = || StatusCode::SERVICE_UNAVAILABLE.into_response();
            return earlier.map_or_else(nothing, IntoResponse::into_response);
        }
        _ => {}
    }
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    let judged = platform.judge(path, &headers, &body);
    let (status, said) = match judged {
        _ if fault == Fault::Refusing => (StatusCode::FORBIDDEN, json!({ "code": 4004 })),
        Ok(_) if fault == Fault::NoPassports && registers::is_of_passport(&body) => {
            (StatusCode::OK, json!({ "code": 0, "result": "not_kept" }))
        }
        Ok(said) => (StatusCode::OK, said),
        Err(AWAY) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Err(code) => (StatusCode::UNAUTHORIZED, json!({ "code": code })),
    };
    if fault == Fault::Unsigned {
        return (status, said.to_string()).into_response();
    }
    if fault == Fault::Forged {
        let text = said.to_string();
        let signature = answer_signature(b"of somebody else", 200, &nonce, text.as_bytes());
        return (status, [(SIGNATURE, signature)], text).into_response();
    }
    platform.signed(status, &nonce, &said)
}

async fn show_check(
    State(platform): State<Arc<Platform>>,
    InPath(reference): InPath<String>,
) -> Response {
    match platform.checks.page(&reference) {
        Some(html) => Html(html).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn decide_check(
    State(platform): State<Arc<Platform>>,
    InPath(reference): InPath<String>,
    body: String,
) -> Response {
    let Some(form) = Decision::read(&body) else { return StatusCode::BAD_REQUEST.into_response() };
    let Some(done) = platform.checks.decide((&reference, &form), platform.clock.now()) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    if let Some((url, body)) = done.callback {
        let called = call_back(&platform, url, body).await;
        if let Err(error) = called {
            tracing::warn!(%error, "the callback did not arrive");
        }
    }
    Redirect::to(&done.return_url).into_response()
}

/// Tells who asked for a check that there is a result.
async fn call_back(platform: &Platform, url: Url, body: Vec<u8>) -> anyhow::Result<()> {
    let authority = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let allow = vec![authority.parse().map_err(|error| anyhow::anyhow!("{error}"))?];
    let outbound = Outbound::new(OutboundRules { allow, ca_file: None })?;
    let (secret, clock) = (platform.secret.clone(), platform.clock.clone());
    SignedCaller::new(url, secret, outbound, clock)?.post(body).await?;
    Ok(())
}

impl Platform {
    /// What the register says, or the code of the refusal.
    fn judge(&self, path: &str, headers: &HeaderMap, body: &str) -> Result<Value, i64> {
        let (call, now) = (IncomingCall { path, headers, body: body.as_bytes() }, self.clock.now());
        let nonce = call.verify(self.secret.expose_secret().as_bytes(), now);
        let nonce = nonce.map_err(CallError::code)?;
        if !self.is_new(nonce, now) {
            return Err(CallError::Replayed.code());
        }
        let question: Question = serde_json::from_str(body).map_err(|_| 4000)?;
        if question.app_id != APP_ID {
            return Err(4004);
        }
        if path.starts_with(checks::PATH) {
            let us = (self.secret.expose_secret(), &*self.origin);
            return self.checks.answer((path, body), us, now);
        }
        self.registers.answer(path, body).ok_or(4000)
    }

    fn is_new(&self, nonce: &str, now: Timestamp) -> bool {
        let mut memory = self.memory();
        memory.nonces.retain(|_, seen| now.since(*seen) <= 2 * TOLERANCE);
        memory.nonces.insert(nonce.to_owned(), now).is_none()
    }

    fn signed(&self, status: StatusCode, nonce: &str, said: &Value) -> Response {
        let (text, secret) = (said.to_string(), self.secret.expose_secret().as_bytes());
        let signature = answer_signature(secret, status.as_u16(), nonce, text.as_bytes());
        let answer = (status, [(SIGNATURE, signature)], text);
        self.memory().last = Some(answer.clone());
        answer.into_response()
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The platform as the demo runs it: it ends with this process, however that ends.
pub struct Province {
    /// Where comparisons of people are posted.
    pub url: Url,
    /// The secret shared with it.
    pub secret_file: PathBuf,
    _process: Child,
}

impl Province {
    /// Where organisations are asked for.
    pub fn legal_entities_url(&self) -> anyhow::Result<Url> {
        Ok(self.url.join(FIND)?)
    }

    /// Where checks of this kind are begun and asked for.
    pub fn verification_url(&self, kind: CheckKind) -> anyhow::Result<Url> {
        Ok(self.url.join(&format!("{}{}", checks::PATH, kind.as_str()))?)
    }

    /// Starts it on a free port, with a secret that lives no longer than it does.
    pub async fn start(data_dir: &Path) -> anyhow::Result<Self> {
        let secret_file = data_dir.join("province.secret");
        let secret = hex::encode(random::bytes::<32>());
        std::fs::write(&secret_file, secret)
            .with_context(|| format!("cannot write {}", secret_file.display()))?;
        let mut process = Command::new(std::env::current_exe()?)
            .args(["mock-province", "--listen", "127.0.0.1:0", "--until-stdin-ends"])
            .arg("--secret-file")
            .arg(&secret_file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start the made-up province")?;
        let said = process.stdout.take().context("the made-up province says nothing")?;
        let first = BufReader::new(said).lines().next_line().await?;
        let url = first.context("the made-up province does not start")?.parse()?;
        Ok(Self { url, secret_file, _process: process })
    }
}
