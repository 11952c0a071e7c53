//! The one writer of SQLite: waiting writes share one commit, so that durability costs one fsync
//! for many (design D7). Each write runs in a savepoint of its own and fails alone.

use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::Connection;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteConnectOptions;
use tokio::sync::mpsc;
use tokio::sync::oneshot;

use crate::domain::audit_event::ChainTail;
use crate::store::StoreError;
use crate::store::sql::db::Tx;
use crate::store::sql::db::store_error;

/// At most this many writes share a commit.
const GROUP: usize = 64;
/// So often others get their turn before a group is closed. It costs nothing where nobody is about to
/// write.
const YIELDS: usize = 2;
/// At most this many writes wait; more are told to come back.
const QUEUE: usize = 4096;
/// How long a write waits for its turn in the queue.
const PATIENCE: Duration = Duration::from_secs(2);

/// A write, boxed so that different results can wait in one queue.
trait Job: Send {
    /// Runs inside the savepoint; says whether to keep what it did.
    fn run<'c>(&'c mut self, tx: &'c mut Tx<'_>) -> BoxFuture<'c, bool>;
    /// Tells the caller, after the commit.
    fn finish(self: Box<Self>, committed: Result<(), StoreError>);
}

/// A closure that writes and the place where its caller waits.
struct Write<F, T> {
    body: Option<F>,
    result: Option<Result<T, StoreError>>,
    caller: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Job for Write<F, T>
where
    F: for<'c> FnOnce(&'c mut Tx<'_>) -> BoxFuture<'c, Result<T, StoreError>> + Send,
    T: Send,
{
    fn run<'c>(&'c mut self, tx: &'c mut Tx<'_>) -> BoxFuture<'c, bool> {
        Box::pin(async move {
            let Some(body) = self.body.take() else { return false };
            let result = body(tx).await;
            let keep = result.is_ok();
            self.result = Some(result);
            keep
        })
    }

    fn finish(self: Box<Self>, committed: Result<(), StoreError>) {
        let Self { result, caller, .. } = *self;
        // A refusal, too, rests on what the group wrote before it, and falls with it.
        let unread = || Err(StoreError::Unreadable("write"));
        let result = committed.and_then(|()| result.unwrap_or_else(unread));
        // A caller who left does not mind.
        drop(caller.send(result));
    }
}

/// Sends writes to the task that owns the connection.
#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Box<dyn Job>>,
}

impl Writer {
    /// Opens the connection and starts the task; it ends with the last clone.
    pub(super) async fn start(options: &SqliteConnectOptions) -> Result<Self, StoreError> {
        let connection = SqliteConnection::connect_with(options).await.map_err(store_error)?;
        let (jobs, queue) = mpsc::channel(QUEUE);
        tokio::spawn(work(connection, queue));
        Ok(Self { jobs })
    }

    /// Runs `body` in its turn; the answer comes after the commit.
    pub(super) async fn write<F, T>(&self, body: F) -> Result<T, StoreError>
    where
        F: for<'c> FnOnce(&'c mut Tx<'_>) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
        T: Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let job = Box::new(Write { body: Some(body), result: None, caller });
        self.jobs.send_timeout(job, PATIENCE).await.map_err(|error| away(&error.to_string()))?;
        answer.await.map_err(|error| away(&error.to_string()))?
    }
}

fn away(what: &str) -> StoreError {
    StoreError::Away(what.to_owned().into())
}

async fn work(mut connection: SqliteConnection, mut queue: mpsc::Receiver<Box<dyn Job>>) {
    let mut group = Vec::with_capacity(GROUP);
    while queue.recv_many(&mut group, GROUP).await > 0 {
        // Who is about to write anyway comes along: a commit costs the same for one and for many.
        for _ in 0..YIELDS {
            tokio::task::yield_now().await;
            while group.len() < GROUP
                && let Ok(job) = queue.try_recv()
            {
                group.push(job);
            }
        }
        let committed = commit_group(&mut connection, &mut group).await;
        if committed.is_err() {
            // What the transaction did is unknown or undone; start the next one from a clean state.
            drop(run(&mut connection, "ROLLBACK").await);
        }
        let problem = committed.err().map(|error| match error {
            StoreError::Away(cause) | StoreError::Refused(cause) => cause.to_string(),
            other => other.to_string(),
        });
        for job in group.drain(..) {
            job.finish(problem.as_deref().map_or(Ok(()), |text| Err(away(text))));
        }
    }
}

/// One transaction for all of them. Every statement is a trip to the connection's thread and back, so
/// those that need no answer in between travel together.
async fn commit_group(
    connection: &mut SqliteConnection,
    group: &mut [Box<dyn Job>],
) -> Result<(), StoreError> {
    let mut tail = begin(connection).await?;
    for (number, job) in group.iter_mut().enumerate() {
        if number > 0 {
            run(connection, "RELEASE job; SAVEPOINT job").await?;
        }
        let before = tail.clone();
        let kept = {
            let mut tx = Tx::Sqlite { connection: &mut *connection, tail: &mut tail };
            job.run(&mut tx).await
        };
        if !kept {
            tail = before;
            run(connection, "ROLLBACK TO job").await?;
        }
    }
    // It releases the last savepoint, too.
    run(connection, "COMMIT").await
}

async fn run(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), StoreError> {
    sqlx::query(sql).execute(connection).await.map(drop).map_err(store_error)
}

/// Begins, sets the first savepoint, and tells where the audit chain ends: another process (the command
/// line) may have appended since, so it is asked and not remembered.
async fn begin(connection: &mut SqliteConnection) -> Result<ChainTail, StoreError> {
    let last: Option<(i64, Vec<u8>)> = sqlx::query_as(
        "BEGIN IMMEDIATE;
         SAVEPOINT job;
         SELECT sequence, link FROM audit WHERE sequence IS NOT NULL
          ORDER BY sequence DESC LIMIT 1",
    )
    .fetch_optional(connection)
    .await
    .map_err(store_error)?;
    Ok(last.map_or_else(ChainTail::default, |(sequence, link)| ChainTail { sequence, link }))
}
