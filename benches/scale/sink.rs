//! Where rows go: COPY on PostgreSQL, with keys and indexes made after the rows are there; plain inserts on
//! SQLite.

use anyhow::Context;
use sqlx::AssertSqlSafe;
use sqlx::Connection;
use sqlx::Executor;
use sqlx::PgConnection;
use sqlx::SqliteConnection;

use crate::rows::Row;
use crate::rows::Table;
use crate::rows::Value;
use crate::rows::copied;

/// A connection of the run's own, beside the provider's.
pub enum Sink {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

/// What was taken off tables to be put back: a statement each, in the order in which they are made again.
pub struct TakenOff(Vec<String>);

impl Sink {
    /// Opens one.
    pub async fn open(url: &str) -> anyhow::Result<Self> {
        if url.starts_with("sqlite:") {
            let mut connection = SqliteConnection::connect(url).await?;
            connection.execute("PRAGMA synchronous = OFF").await?;
            return Ok(Self::Sqlite(connection));
        }
        let mut connection = PgConnection::connect(url).await?;
        let unhurried = "auto_explain.log_min_duration = -1";
        for setting in ["synchronous_commit = off", "maintenance_work_mem = '1GB'", unhurried] {
            connection.execute(AssertSqlSafe(format!("SET {setting}"))).await?;
        }
        Ok(Self::Postgres(connection))
    }

    /// Writes rows of one table.
    pub async fn write(&mut self, table: &Table, rows: &[Row]) -> anyhow::Result<()> {
        let Table { name, columns } = table;
        match self {
            Self::Postgres(connection) => {
                let sql = format!("COPY {name} ({columns}) FROM STDIN (FORMAT binary)");
                let mut copy = connection.copy_in_raw(&sql).await?;
                copy.send(copied(rows)).await?;
                copy.finish().await.with_context(|| format!("COPY {name}"))?;
            }
            Self::Sqlite(connection) => {
                let places: Vec<_> = (1..=table.width()).map(|place| format!("${place}")).collect();
                let places = places.join(", ");
                let sql = format!("INSERT INTO {name} ({columns}) VALUES ({places})");
                let mut transaction = connection.begin().await?;
                for row in rows {
                    let mut query = sqlx::query(AssertSqlSafe(sql.clone()));
                    for value in row {
                        query = match value {
                            Value::Null => query.bind(None::<i64>),
                            Value::Int(number) => query.bind(*number),
                            Value::Text(text) => query.bind(text.clone()),
                            Value::Bytes(bytes) => query.bind(bytes.clone()),
                            Value::Key(key) => query.bind(*key),
                        };
                    }
                    query.execute(&mut *transaction).await?;
                }
                transaction.commit().await?;
            }
        }
        Ok(())
    }

    /// Runs a statement.
    pub async fn run(&mut self, sql: &str) -> anyhow::Result<()> {
        let query = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Postgres(connection) => connection.execute(query).await.map(drop)?,
            Self::Sqlite(connection) => connection.execute(query).await.map(drop)?,
        }
        Ok(())
    }

    /// The lines of a query that gives text.
    pub async fn lines(&mut self, sql: &str) -> anyhow::Result<Vec<String>> {
        let query = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()));
        Ok(match self {
            Self::Postgres(connection) => query.fetch_all(connection).await?,
            Self::Sqlite(_) => Vec::new(),
        })
    }

    /// Forgets how tables were read.
    pub async fn forget_scans(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Postgres(_) => self.run("SELECT pg_stat_reset()").await,
            Self::Sqlite(_) => Ok(()),
        }
    }

    /// Large tables that were read from end to end since then, and how often.
    pub async fn scans(&mut self) -> anyhow::Result<Vec<String>> {
        self.lines(
            "SELECT relname || ' ' || seq_scan FROM pg_stat_user_tables
              WHERE seq_scan > 0 AND pg_relation_size(relid) > 8000000 ORDER BY 1",
        )
        .await
    }

    /// Takes keys and indexes off the tables: rows go in faster without, and indexes are better when they are
    /// made at once.
    pub async fn take_off(&mut self, tables: &[&Table]) -> anyhow::Result<TakenOff> {
        let names: Vec<_> =
            tables.iter().map(|table| format!("'{}'::regclass", table.name)).collect();
        let names = names.join(", ");
        if matches!(self, Self::Sqlite(_)) {
            return Ok(TakenOff(Vec::new()));
        }
        let constraints = |what: &str| {
            format!(
                "SELECT {what} FROM pg_constraint WHERE contype IN ('p', 'u', 'f')
                    AND (conrelid IN ({names}) OR confrelid IN ({names}))"
            )
        };
        let name = "'ALTER TABLE ' || conrelid::regclass || ' %s ' || conname";
        let made = constraints(&format!(
            "{} || ' ' || pg_get_constraintdef(oid)",
            name.replace("%s", "ADD CONSTRAINT")
        ));
        // Keys before what refers to them; what refers goes first.
        let mut statements = self.lines(&format!("{made} ORDER BY contype = 'f', conname")).await?;
        let indexes = |what: &str| {
            format!(
                "SELECT {what} FROM pg_index i WHERE i.indrelid IN ({names})
                    AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)"
            )
        };
        let keys = statements.iter().filter(|statement| !statement.contains("FOREIGN KEY")).count();
        let secondary = self.lines(&indexes("pg_get_indexdef(i.indexrelid)")).await?;
        let dropped = self.lines(&indexes("'DROP INDEX ' || i.indexrelid::regclass")).await?;
        let taken = constraints(&name.replace("%s", "DROP CONSTRAINT"));
        let off = self.lines(&format!("{taken} ORDER BY contype <> 'f'")).await?;
        for statement in dropped.iter().chain(&off) {
            self.run(statement).await?;
        }
        statements.splice(keys..keys, secondary);
        Ok(TakenOff(statements))
    }

    /// Puts back what was taken off, and lets the database look at what it has.
    pub async fn put_back(
        &mut self,
        taken: &TakenOff,
        mut tell: impl FnMut(&str),
    ) -> anyhow::Result<()> {
        for statement in &taken.0 {
            tell(statement);
            self.run(statement).await.with_context(|| statement.clone())?;
        }
        tell("VACUUM ANALYZE");
        match self {
            Self::Postgres(_) => self.run("VACUUM (ANALYZE)").await,
            Self::Sqlite(_) => self.run("ANALYZE").await,
        }
    }
}
