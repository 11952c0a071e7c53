//! The store's promises, one suite on both databases (design D6, D7, D10; security.md P2, I1 to I13).
//! Every test has a database of its own and two nodes on it.

mod audit;
mod audit_chain;
mod clients;
mod credentials;
mod faults;
mod fixture;
mod housekeeping;
mod names;
mod opening;
mod outbox;
mod privacy;
mod races_codes;
mod races_proofs;
mod races_sessions;
mod registers;
mod schema;
mod sessions;
mod tokens;

use std::path::PathBuf;
use std::sync::Arc;

use sqlx::AssertSqlSafe;
use sqlx::Connection;
use sqlx::PgConnection;
use sqlx::PgPool;
use sqlx::SqlitePool;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use yihao::store::Store;
use yihao::store::sql::Settings;
use yihao::vault::Vault;

use crate::support::Backend;

pub use fixture::*;

/// Rounds of a race.
pub const ROUNDS: usize = 200;
/// Callers of a race.
pub const CALLERS: usize = 8;

/// A database of one test and two nodes on it.
pub struct TestStore {
    /// The first node.
    pub store: Store,
    /// The second node: on SQLite what the command line is beside the provider.
    pub other: Store,
    /// The keys both have.
    pub vault: Vault,
    /// The database itself, to look and to tamper.
    pub raw: Raw,
    /// Where it is.
    pub url: String,
    /// The folder of its files, if it has any.
    pub folder: PathBuf,
    server: Option<(String, String)>,
}

/// The database beside the store.
pub enum Raw {
    /// A file.
    Sqlite(SqlitePool),
    /// A server.
    Postgres(PgPool),
}

/// One test on both databases: `on_both_stores!(name, |test| { … })`.
macro_rules! on_both_stores {
    ($name:ident, |$test:ident| $body:block) => {
        async fn $name($test: $crate::store::TestStore) {
            $body
        }

        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                use $crate::support::Backend;
                super::$name($crate::store::TestStore::open(Backend::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                use $crate::support::Backend;
                if let Some(backend) = Backend::postgres() {
                    super::$name($crate::store::TestStore::open(backend).await).await;
                }
            }
        }
    };
}
pub(crate) use on_both_stores;

/// Lets the callers go at once, every second one at the other node, and gives what each got.
pub async fn race<T, F>(test: &TestStore, call: impl Fn(Store, usize) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let barrier = Arc::new(Barrier::new(CALLERS));
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let node = if caller % 2 == 0 { &test.store } else { &test.other };
        let (barrier, call) = (barrier.clone(), call(node.clone(), caller));
        callers.spawn(async move {
            barrier.wait().await;
            call.await
        });
    }
    callers.join_all().await
}

impl TestStore {
    /// An empty one with every migration.
    pub async fn open(backend: Backend) -> Self {
        let test = Self::unmigrated(backend).await;
        test.store.migrate().await.unwrap();
        test.store.claim_issuer("https://id.example", NOW).await.unwrap();
        test
    }

    /// An empty one without tables.
    pub async fn unmigrated(backend: Backend) -> Self {
        let name = format!("yihao_{}", uuid::Uuid::new_v4().simple());
        let folder = std::env::temp_dir().join(&name);
        let (url, server) = match backend {
            Backend::Sqlite => {
                std::fs::create_dir_all(&folder).unwrap();
                (format!("sqlite://{}", folder.join("yihao.db").display()), None)
            }
            Backend::Postgres(server) => {
                run(&server, format!("CREATE DATABASE {name}")).await;
                let mut url: url::Url = server.parse().unwrap();
                url.set_path(&name);
                (url.to_string(), Some((server, name)))
            }
        };
        let store = open(&url).await;
        let raw = match server {
            None => Raw::Sqlite(SqlitePool::connect(&url).await.unwrap()),
            Some(_) => Raw::Postgres(PgPool::connect_lazy(&url).unwrap()),
        };
        let other = open(&url).await;
        Self { store, other, vault: Vault::derive_from(&[7; 32]), raw, url, folder, server }
    }

    /// The rows of a table.
    pub async fn count(&self, table: &str) -> i64 {
        self.raw.number(format!("SELECT COUNT(*) FROM {table}")).await
    }
}

async fn open(url: &str) -> Store {
    let settings = Settings { url: url.to_owned(), connections: 4, redis_url: None };
    Store::open(&settings).await.unwrap()
}

async fn run(server: &str, statement: String) {
    let mut connection = PgConnection::connect(server).await.expect("the test server");
    sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await.expect("the statement");
}

impl Drop for TestStore {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
        let Some((server, name)) = self.server.take() else { return };
        let forget = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let drop_it = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            runtime.unwrap().block_on(run(&server, drop_it));
        };
        let _ = std::thread::spawn(forget).join();
    }
}

impl Raw {
    /// Runs a statement; gives the rows it changed.
    pub async fn execute(&self, sql: impl Into<String>) -> u64 {
        let query = AssertSqlSafe(sql.into());
        match self {
            Self::Sqlite(pool) => sqlx::query(query).execute(pool).await.unwrap().rows_affected(),
            Self::Postgres(pool) => sqlx::query(query).execute(pool).await.unwrap().rows_affected(),
        }
    }

    /// The one number a query gives.
    pub async fn number(&self, sql: impl Into<String>) -> i64 {
        let query = AssertSqlSafe(sql.into());
        match self {
            Self::Sqlite(pool) => sqlx::query_scalar(query).fetch_one(pool).await.unwrap(),
            Self::Postgres(pool) => sqlx::query_scalar(query).fetch_one(pool).await.unwrap(),
        }
    }

    /// The one column of text a query gives.
    pub async fn texts(&self, sql: impl Into<String>) -> Vec<String> {
        let query = AssertSqlSafe(sql.into());
        match self {
            Self::Sqlite(pool) => sqlx::query_scalar(query).fetch_all(pool).await.unwrap(),
            Self::Postgres(pool) => sqlx::query_scalar(query).fetch_all(pool).await.unwrap(),
        }
    }

    /// A row's key as it is written in a statement.
    pub fn key(&self, key: uuid::Uuid) -> String {
        match self {
            Self::Sqlite(_) => format!("x'{}'", key.simple()),
            Self::Postgres(_) => format!("'{key}'::uuid"),
        }
    }

    /// Bytes as they are written in a statement.
    pub fn bytes(&self, bytes: &[u8]) -> String {
        match self {
            Self::Sqlite(_) => format!("x'{}'", hex::encode(bytes)),
            Self::Postgres(_) => format!("'\\x{}'::bytea", hex::encode(bytes)),
        }
    }
}
