//! The two engines under one text: macros that run a statement on whichever is there.

use sqlx::PgConnection;
use sqlx::PgPool;
use sqlx::SqliteConnection;
use sqlx::SqlitePool;

use crate::domain::audit_event::ChainTail;
use crate::store::StoreError;
use crate::store::sql::writer::Writer;

/// The database.
#[derive(Clone)]
pub(super) enum Db {
    /// A bounded pool.
    Postgres(PgPool),
    /// A pool of readers and the one writer.
    Sqlite { read: SqlitePool, writer: Writer },
}

/// A write in progress.
pub(super) enum Tx<'c> {
    /// A transaction of its own.
    Postgres(&'c mut PgConnection),
    /// A savepoint inside the group that is committed together; the chain grows as it goes.
    Sqlite { connection: &'c mut SqliteConnection, tail: &'c mut ChainTail },
}

/// Runs a statement inside a write; gives the number of rows it changed.
macro_rules! execute {
    ($tx:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $tx {
            $crate::store::sql::db::Tx::Postgres(connection) => sqlx::query($sql)
                $(.bind($bind))*
                .execute(&mut **connection)
                .await
                .map(|done| done.rows_affected()),
            $crate::store::sql::db::Tx::Sqlite { connection, .. } => sqlx::query($sql)
                $(.bind($bind))*
                .execute(&mut **connection)
                .await
                .map(|done| done.rows_affected()),
        }
        .map_err($crate::store::sql::db::store_error)
    };
}

/// Reads rows inside a write, with `fetch_optional` or `fetch_all`.
macro_rules! fetch_in {
    ($tx:expr, $fetch:ident, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $tx {
            $crate::store::sql::db::Tx::Postgres(connection) => {
                sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.$fetch(&mut **connection).await
            }
            $crate::store::sql::db::Tx::Sqlite { connection, .. } => {
                sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.$fetch(&mut **connection).await
            }
        }
        .map_err($crate::store::sql::db::store_error)
    };
}

/// Reads rows outside any write, with `fetch_optional` or `fetch_all`.
macro_rules! fetch {
    ($db:expr, $fetch:ident, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $db {
            $crate::store::sql::db::Db::Postgres(pool) => {
                sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.$fetch(pool).await
            }
            $crate::store::sql::db::Db::Sqlite { read, .. } => {
                sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.$fetch(read).await
            }
        }
        .map_err($crate::store::sql::db::store_error)
    };
}

pub(super) use execute;
pub(super) use fetch;
pub(super) use fetch_in;

/// Tells "away" from "wrong" (design, style 5).
pub(super) fn store_error(error: sqlx::Error) -> StoreError {
    let away = match &error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(refusal) => refusal.code().is_some_and(|code| is_away(&code)),
        _ => false,
    };
    if away { StoreError::Away(Box::new(error)) } else { StoreError::Refused(Box::new(error)) }
}

/// PostgreSQL classes 08 connection, 53 resources, 57 operator intervention, 55P03 lock, 40001 and
/// 40P01 conflicts; SQLite primary codes 5 busy, 6 locked, 10 I/O, 13 full, 14 cannot open.
fn is_away(code: &str) -> bool {
    if code.len() == 5 {
        return ["08", "53", "57"].iter().any(|class| code.starts_with(class))
            || ["55P03", "40001", "40P01", "25006"].contains(&code);
    }
    code.parse::<u32>().is_ok_and(|code| [5, 6, 8, 10, 13, 14].contains(&(code & 0xFF)))
}
