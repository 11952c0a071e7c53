//! The data-sharing platform of a made-up province, a process of its own (design D11): it speaks the contract
//! of `docs/integration/population-register.md` and can be told to fail, as real platforms do.

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
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Response;
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
use crate::crypto::constant_time_eq;
use crate::crypto::random;
use crate::demo::people;
use crate::signed_call::DATE;
use crate::signed_call::NONCE;
use crate::signed_call::SIGNATURE;
use crate::signed_call::answer_signature;
use crate::signed_call::request_signature;

/// Where comparisons are posted.
const COMPARE: &str = "/population/compare";
/// The one application it knows.
pub const APP_ID: &str = "yihao";
/// How far a caller's clock may be off, and how long a nonce is remembered.
const TOLERANCE: Duration = Duration::from_mins(5);
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
    /// People beside those of the demo: a CSV file with the columns `name` and `id_number`.
    #[arg(long, value_name = "FILE")]
    people: Option<PathBuf>,
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
    /// A signed answer that makes no sense.
    Garbage,
    /// It knows the caller no more.
    Refusing,
}

struct Platform {
    secret: SecretString,
    /// Names by ID number.
    people: HashMap<String, String>,
    clock: Clock,
    memory: Mutex<Memory>,
}

struct Memory {
    fault: Fault,
    nonces: HashMap<String, Timestamp>,
}

#[derive(Deserialize)]
struct Question {
    app_id: String,
    name: String,
    id_number: String,
}

/// Runs the platform until it is told to end.
pub async fn run(options: Options) -> anyhow::Result<()> {
    if !options.listen.ip().is_loopback() {
        bail!("a made-up province listens on loopback addresses only");
    }
    let platform = Platform {
        secret: read_secret(&options.secret_file)?,
        people: people_of(options.people.as_deref())?,
        clock: Clock::system(),
        memory: Mutex::new(Memory { fault: Fault::None, nonces: HashMap::new() }),
    };
    let router = Router::new()
        .route(COMPARE, post(compare))
        .route("/fault", put(set_fault))
        .with_state(Arc::new(platform));
    let listener = TcpListener::bind(options.listen)
        .await
        .with_context(|| format!("cannot listen on {}", options.listen))?;
    let url = format!("http://{}{COMPARE}", listener.local_addr()?);
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

fn people_of(file: Option<&Path>) -> anyhow::Result<HashMap<String, String>> {
    let known = people::all().into_iter().map(|person| (person.identifier, person.name));
    let mut found: HashMap<String, String> = known.collect();
    let Some(file) = file else { return Ok(found) };
    let named = || format!("cannot read {}", file.display());
    let mut reader = csv::Reader::from_path(file).with_context(named)?;
    for row in reader.deserialize() {
        let (name, id_number): (String, String) = row.with_context(named)?;
        found.insert(id_number, name);
    }
    Ok(found)
}

async fn set_fault(State(platform): State<Arc<Platform>>, body: String) -> StatusCode {
    let Ok(fault) = serde_json::from_value(Value::String(body)) else {
        return StatusCode::BAD_REQUEST;
    };
    platform.memory().fault = fault;
    StatusCode::NO_CONTENT
}

async fn compare(
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
        Fault::None | Fault::Forged | Fault::Refusing => {}
    }
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    let judged = platform.judge(path, &headers, &body);
    let (status, said) = match judged {
        _ if fault == Fault::Refusing => (StatusCode::FORBIDDEN, json!({ "code": 4004 })),
        Ok(result) => (StatusCode::OK, json!({ "code": 0, "result": result })),
        Err(code) => (StatusCode::UNAUTHORIZED, json!({ "code": code })),
    };
    if fault == Fault::Forged {
        let text = said.to_string();
        let signature = answer_signature(b"of somebody else", 200, &nonce, text.as_bytes());
        return (status, [(SIGNATURE, signature)], text).into_response();
    }
    platform.signed(status, &nonce, &said)
}

impl Platform {
    /// What the register says, or the code of the refusal.
    fn judge(&self, path: &str, headers: &HeaderMap, body: &str) -> Result<&'static str, i64> {
        let (date, nonce) = (header(headers, DATE), header(headers, NONCE));
        let lines = ["POST", path, date, nonce];
        let secret = self.secret.expose_secret().as_bytes();
        let expected = request_signature(secret, &lines, body.as_bytes());
        if !constant_time_eq(expected.as_bytes(), header(headers, SIGNATURE).as_bytes()) {
            return Err(4001);
        }
        let now = self.clock.now();
        let at = Timestamp::from_rfc3339(date).ok_or(4002)?;
        if now.since(at) > TOLERANCE || at.since(now) > TOLERANCE {
            return Err(4002);
        }
        if !self.is_new(nonce, now) {
            return Err(4003);
        }
        let question: Question = serde_json::from_str(body).map_err(|_| 4000)?;
        if question.app_id != APP_ID {
            return Err(4004);
        }
        let known = self.people.get(&question.id_number);
        Ok(if known == Some(&question.name) { "match" } else { "no_match" })
    }

    fn is_new(&self, nonce: &str, now: Timestamp) -> bool {
        let mut memory = self.memory();
        memory.nonces.retain(|_, seen| now.since(*seen) <= 2 * TOLERANCE);
        memory.nonces.insert(nonce.to_owned(), now).is_none()
    }

    fn signed(&self, status: StatusCode, nonce: &str, said: &Value) -> Response {
        let (text, secret) = (said.to_string(), self.secret.expose_secret().as_bytes());
        let signature = answer_signature(secret, status.as_u16(), nonce, text.as_bytes());
        (status, [(SIGNATURE, signature)], text).into_response()
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
    /// Where comparisons are posted.
    pub url: Url,
    /// The secret shared with it.
    pub secret_file: PathBuf,
    _process: Child,
}

impl Province {
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
