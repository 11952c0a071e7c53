//! The real program (`yihao serve`, SQLite) in a folder of its own, killed and started again; what was
//! acknowledged of it, and what its audit tells of that afterwards (security.md I5).

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;

use sqlx::AssertSqlSafe;
use sqlx::Connection;
use sqlx::SqliteConnection;
use yihao::audit;
use yihao::audit::chain;
use yihao::cli::compose;
use yihao::clock::Clock;
use yihao::config::Config;
use yihao::domain::account::Account;
use yihao::domain::account::Profile;
use yihao::domain::assurance::IdentityAssurance;
use yihao::domain::audit_event::AuditKind;
use yihao::domain::audit_event::AuditRecord;
use yihao::domain::request_context::RequestContext;
use yihao::people::sign_up;
use yihao::provider::Provider;
use yihao::store::sql::AuditQuery;

use crate::support::provider::free_port;

/// The kind of record a command leaves; its subject is the client, since nobody sees the request id.
pub const CLIENT_CHANGED: &str = "client_changed";

/// After this time the provider answers again.
const RESTART: Duration = Duration::from_secs(5);
/// Request ids of what is there before the load begin so.
const SEED: &str = "seed";

/// Where the provider runs, and what has been seen of it.
pub struct Deployment {
    /// What both the program and the test work with.
    pub config: Config,
    /// Further settings of the program.
    pub environment: Vec<(&'static str, String)>,
    /// What was told of it.
    pub ledger: Ledger,
}

/// What the audit must tell.
#[derive(Default)]
pub struct Ledger {
    /// Kind of record and request id, or client id, of what was acknowledged.
    acknowledged: Mutex<BTreeSet<(&'static str, String)>>,
    /// Kinds of what had no answer and turned out to be done.
    done_in_doubt: Mutex<Vec<&'static str>>,
}

/// A running process; it is killed, unless a test asks it to end.
pub struct Node(Child);

impl Deployment {
    /// A folder that is not there yet.
    pub fn new() -> Self {
        let port = free_port();
        let mut config = Config {
            issuer: format!("http://localhost:{port}").parse().unwrap(),
            listen: ([127, 0, 0, 1], port).into(),
            data_dir: std::env::temp_dir().join(format!("yihao-crash-{}", uuid::Uuid::new_v4())),
            accept_synthetic: true,
            ..Config::default()
        };
        config.password.workers = 1;
        Self { config, environment: Vec::new(), ledger: Ledger::default() }
    }

    /// A provider on the same folder, in this process.
    pub async fn provider(&self) -> Provider {
        compose::compose(self.config.clone(), Clock::system()).await.unwrap().provider
    }

    /// The real program with these arguments.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_yihao"));
        command
            .args(arguments)
            .env("YIHAO__ISSUER", self.config.issuer_text())
            .env("YIHAO__LISTEN", self.config.listen.to_string())
            .env("YIHAO__DATA_DIR", &self.config.data_dir)
            .env("YIHAO__ACCEPT_SYNTHETIC", "true")
            .env("YIHAO__LOG__FILTER", "error")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// The provider as a process; gives it as soon as it answers.
    pub async fn start(&self) -> Node {
        let child = self.command(&["serve"]).spawn().unwrap();
        let (node, begin) = (Node(child), Instant::now());
        let url = format!("{}/readyz", self.config.issuer_text());
        while reqwest::get(&url).await.map_or(0, |answer| answer.status().as_u16()) != 200 {
            assert!(begin.elapsed() < RESTART, "it does not come back");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        node
    }

    /// One record for each operation that was acknowledged or turned out to be done, and an unbroken
    /// chain in a sound file. Of `uncounted` kinds nobody knows how many were done in doubt.
    pub async fn check_audit(&self, counted: &[&'static str], uncounted: &[&'static str]) {
        let provider = self.provider().await;
        let query = AuditQuery { limit: i64::MAX, ..AuditQuery::default() };
        let acknowledged = self.ledger.acknowledged.lock().unwrap().clone();
        let (mut told, mut unasked) = (BTreeSet::new(), BTreeMap::new());
        for record in provider.store.find_audit(&query).await.unwrap() {
            let record = record.record;
            let kinds = counted.iter().chain(uncounted);
            let kind = kinds.copied().find(|kind| *kind == record.kind && is_of_load(&record));
            let Some(kind) = kind else { continue };
            let told_of = (kind, subject(record));
            if acknowledged.contains(&told_of) {
                assert!(told.insert(told_of.clone()), "{told_of:?} is told twice");
            } else {
                *unasked.entry(kind).or_insert(0_usize) += 1;
            }
        }
        let lost: Vec<_> = acknowledged.difference(&told).collect();
        assert!(lost.is_empty(), "acknowledged operations without a record: {lost:?}");
        for kind in counted {
            let in_doubt = self.ledger.done_in_doubt(kind);
            assert_eq!(unasked.get(kind).copied().unwrap_or(0), in_doubt, "{kind} in doubt");
        }
        let found = chain::verify(&provider).await.unwrap();
        assert_eq!((found.unsealed, found.breaks), (0, Vec::new()));
        assert_eq!(self.values::<String>("PRAGMA integrity_check").await, ["ok"]);
    }

    /// What a query finds in the database.
    pub async fn values<T>(&self, query: &'static str) -> Vec<T>
    where
        T: Send + Unpin + sqlx::Type<sqlx::Sqlite> + for<'r> sqlx::Decode<'r, sqlx::Sqlite>,
    {
        let url = format!("sqlite://{}", self.config.data_dir.join("yihao.db").display());
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        let query = sqlx::query_scalar(AssertSqlSafe(query));
        query.fetch_all(&mut connection).await.unwrap()
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.config.data_dir);
    }
}

impl Ledger {
    /// The operation was answered; it is told under this subject.
    pub fn acknowledge(&self, kind: &'static str, subject: &str) {
        self.acknowledged.lock().unwrap().insert((kind, subject.to_owned()));
    }

    /// An operation without an answer turned out to be done.
    pub fn turned_out_done(&self, kind: &'static str) {
        self.done_in_doubt.lock().unwrap().push(kind);
    }

    /// How many of this kind were acknowledged.
    pub fn acknowledged(&self, kind: &str) -> usize {
        self.acknowledged.lock().unwrap().iter().filter(|one| one.0 == kind).count()
    }

    /// How many of this kind were in doubt, and done.
    pub fn done_in_doubt(&self, kind: &str) -> usize {
        self.done_in_doubt.lock().unwrap().iter().filter(|one| **one == kind).count()
    }
}

impl Node {
    /// Asked to end, it ends, and says that all went well.
    pub async fn end(mut self) {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(30) {
            if let Some(status) = self.0.try_wait().unwrap() {
                assert!(status.success(), "{status}");
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it does not end");
    }

    /// Kills the process at a moment nobody chose, within a second.
    pub async fn kill_at_some_moment(self, before: impl FnOnce()) {
        let moment = u16::from_be_bytes(yihao::crypto::random::bytes()) % 1000;
        tokio::time::sleep(Duration::from_millis(u64::from(moment))).await;
        before();
        drop(self);
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // SIGKILL: nothing is written, flushed or said any more.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A record of something that is there before the load.
pub fn seed_record(provider: &Provider, kind: AuditKind) -> AuditRecord {
    audit::done(kind).record(provider, &RequestContext::internal(SEED))
}

/// An account that is there before the load.
pub async fn seed_account(
    provider: &Provider,
    profile: &Profile,
    password_hash: Option<String>,
) -> Account {
    let assurance = IdentityAssurance::REGISTER_MATCH;
    let new = sign_up::new_account(provider, profile, password_hash, assurance).unwrap();
    let account = new.account.clone();
    let record = || seed_record(provider, AuditKind::SignUp);
    assert!(provider.store.add_account(new, record(), record()).await.unwrap());
    account
}

fn is_of_load(record: &AuditRecord) -> bool {
    record.outcome == "done" && !record.request_id.starts_with(SEED)
}

/// What an operation is told under.
fn subject(record: AuditRecord) -> String {
    match record.client_id {
        Some(client) if record.kind == CLIENT_CHANGED => client.to_string(),
        _ => record.request_id,
    }
}
