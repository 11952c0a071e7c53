//! Opening and migrating: the settings under which each engine keeps its promises (security.md 3.3).

use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::sqlite::SqliteJournalMode;
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::sqlite::SqliteSynchronous;

use crate::clock::Timestamp;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::cache::Caches;
use crate::store::redis;
use crate::store::sql::db::Db;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;
use crate::store::sql::db::store_error;
use crate::store::sql::writer::Writer;

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// How long anything waits for the database before it is told as away.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a write waits while another process, a command, holds the lock of the file.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// Where the database is and how much of it one node uses.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `sqlite://…` or `postgres://…`.
    pub url: String,
    /// Connections at most; SQLite has as many readers as there are cores, if that is less.
    pub connections: u32,
    /// `redis://…`, if changes shall be told to other nodes at once.
    pub redis_url: Option<String>,
}

impl Store {
    /// Connects. Does not migrate.
    pub async fn open(settings: &Settings) -> Result<Self, StoreError> {
        let db = if settings.url.starts_with("sqlite:") {
            open_sqlite(settings).await?
        } else {
            open_postgres(settings)?
        };
        let Some(url) = &settings.redis_url else {
            return Ok(Self { db, caches: Caches::new(None) });
        };
        let (bus, listener) = redis::open(url)?;
        let caches = Caches::new(Some(bus));
        listener.start(caches.clone());
        Ok(Self { db, caches })
    }

    /// Applies what is missing of the migrations; safe to run twice, on two nodes.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let done = match &self.db {
            Db::Postgres(pool) => {
                let mut connection = pool.acquire().await.map_err(store_error)?.detach();
                // An index over millions of rows takes longer than a request may wait.
                let unhurried = sqlx::query("SET statement_timeout = 0").execute(&mut connection);
                unhurried.await.map_err(store_error)?;
                POSTGRES.run(&mut connection).await
            }
            // The writer's connection is not a pool: one of the readers may write here, before
            // anything else does.
            Db::Sqlite { read, .. } => SQLITE.run(read).await,
        };
        done.map_err(|error| match error {
            sqlx::migrate::MigrateError::VersionMissing(version) => StoreError::Mismatch(format!(
                "the database is newer than this program (it has migration {version}); install the newer version"
            )),
            sqlx::migrate::MigrateError::VersionMismatch(version) => StoreError::Mismatch(format!(
                "migration {version} in the database differs from this program's; it was built from other sources"
            )),
            sqlx::migrate::MigrateError::Execute(error) => store_error(error),
            other => StoreError::Refused(Box::new(other)),
        })
    }

    /// Refuses a database that was never migrated, lacks a migration, or is ahead of this program.
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        let wanted = SQLITE.iter().map(|migration| migration.version).max().unwrap_or(0);
        let found: Result<Vec<(i64,)>, _> = fetch!(
            &self.db,
            fetch_all,
            (i64,),
            "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version",
        );
        let found = match found {
            Ok(rows) => rows.last().map_or(0, |row| row.0),
            Err(error) if error.is_away() => return Err(error),
            Err(_) => 0,
        };
        match found.cmp(&wanted) {
            std::cmp::Ordering::Equal => Ok(()),
            std::cmp::Ordering::Less => Err(StoreError::Mismatch(format!(
                "the database is at migration {found}, this program needs {wanted}; run `yihao migrate`"
            ))),
            std::cmp::Ordering::Greater => Err(StoreError::Mismatch(format!(
                "the database is newer than this program (migration {found}, known {wanted}); install the newer version"
            ))),
        }
    }

    /// Binds the database to one issuer at first start, and refuses another one ever after.
    pub async fn claim_issuer(&self, issuer: &str, now: Timestamp) -> Result<(), StoreError> {
        let bound = match self.bound_issuer().await? {
            Some(bound) => bound,
            None => self.bind_issuer(issuer.to_owned(), now).await?,
        };
        if bound == issuer {
            return Ok(());
        }
        Err(StoreError::Mismatch(format!(
            "the database belongs to another issuer than {issuer}; use its own database or set `issuer` back"
        )))
    }

    async fn bound_issuer(&self) -> Result<Option<String>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            (String,),
            "SELECT issuer FROM deployment WHERE id = 1"
        )?;
        Ok(row.map(|(bound,)| bound))
    }

    /// The issuer it is bound to now: this one, or that of who came first.
    async fn bind_issuer(&self, issuer: String, now: Timestamp) -> Result<String, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "INSERT INTO deployment (id, issuer, created_at) VALUES (1, $1, $2)
                     ON CONFLICT (id) DO NOTHING",
                    &issuer,
                    now.0
                )?;
                let row = crate::store::sql::db::fetch_in!(
                    tx,
                    fetch_optional,
                    (String,),
                    "SELECT issuer FROM deployment WHERE id = 1"
                )?;
                Ok(row.map_or(issuer, |(bound,)| bound))
            })
        })
        .await
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        fetch!(&self.db, fetch_optional, (i64,), "SELECT CAST(1 AS BIGINT)").map(drop)
    }

    /// The database's own clock, in milliseconds since 1970.
    pub async fn now(&self) -> Result<i64, StoreError> {
        let text = match &self.db {
            Db::Sqlite { .. } => "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)",
            Db::Postgres(_) => {
                "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"
            }
        };
        let row = fetch!(&self.db, fetch_optional, (i64,), text)?;
        row.map(|row| row.0).ok_or(StoreError::Unreadable("time"))
    }
}

async fn open_sqlite(settings: &Settings) -> Result<Db, StoreError> {
    let options = SqliteConnectOptions::from_str(&settings.url)
        .map_err(store_error)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // NORMAL loses acknowledged writes at a power cut (security.md 3.3).
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // Savepoints keep the pages they changed; beyond 64 KiB those would go to a file of their own.
        .pragma("temp_store", "memory")
        .busy_timeout(LOCK_PATIENCE);
    let writer = Writer::start(&options).await?;
    // Each reader is a thread. More than there are cores only wake one another up, each with a cache of
    // its own to warm.
    let cores = std::thread::available_parallelism().map_or(2, |cores| cores.get().max(2));
    let readers = settings.connections.min(u32::try_from(cores).unwrap_or(u32::MAX));
    let read = SqlitePoolOptions::new()
        .max_connections(readers)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .connect_with(options)
        .await
        .map_err(store_error)?;
    Ok(Db::Sqlite { read, writer })
}

fn open_postgres(settings: &Settings) -> Result<Db, StoreError> {
    let options = PgConnectOptions::from_str(&settings.url).map_err(store_error)?.options([
        ("statement_timeout", "2000"),
        ("lock_timeout", "2000"),
        ("idle_in_transaction_session_timeout", "5000"),
    ]);
    let pool = PgPoolOptions::new()
        .max_connections(settings.connections)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                // A half-open connection hangs; ask only those that have rested.
                if meta.idle_for > Duration::from_secs(30) {
                    let ping = sqlx::Connection::ping(connection);
                    let answer = tokio::time::timeout(Duration::from_millis(500), ping).await;
                    return Ok(matches!(answer, Ok(Ok(()))));
                }
                Ok(true)
            })
        })
        .connect_lazy_with(options);
    Ok(Db::Postgres(pool))
}
