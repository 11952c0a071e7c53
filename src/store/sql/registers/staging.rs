//! On PostgreSQL: entries arrive by COPY in a table without index or log, and enter the replica in slices of
//! their digests, sorted, so that the index grows at one end and an unchanged entry is only looked at.

use sqlx::AssertSqlSafe;
use sqlx::PgConnection;

use crate::clock::Timestamp;
use crate::store::StoreError;
use crate::store::sql::db::Tx;
use crate::store::sql::db::store_error;
use crate::store::sql::registers::Register;
use crate::store::sql::registers::RegisterEntry;
use crate::store::sql::registers::put::Put;

/// PostgreSQL documentation, COPY, binary format: signature, flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xFF\r\n\0\0\0\0\0\0\0\0\0";
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();
/// The bytes a row takes beside its record, about.
const ROW: usize = 120;

/// One of so many equal parts of all digests.
#[derive(Clone, Copy)]
pub(super) struct Slice {
    pub number: i64,
    pub of: i64,
}

impl Slice {
    /// The least digest of it, by its first two bytes; none after the last one.
    fn from(self) -> Option<Vec<u8>> {
        let from = (self.number << 16) / self.of;
        u16::try_from(from).ok().map(|from| from.to_be_bytes().to_vec())
    }

    fn to(self) -> Option<Vec<u8>> {
        Self { number: self.number + 1, ..self }.from()
    }
}

fn table(register: Register) -> &'static str {
    match register {
        Register::Population => "_register_staging_population",
        Register::LegalEntities => "_register_staging_legal_entity",
    }
}

/// Makes the table, empty.
pub(super) async fn make(tx: &mut Tx<'_>, register: Register) -> Result<(), StoreError> {
    remove(tx, register).await?;
    let Tx::Postgres(connection) = tx else { return Ok(()) };
    let table = table(register);
    let text = format!(
        "CREATE UNLOGGED TABLE {table} (
             digest BYTEA NOT NULL, record BYTEA NOT NULL, content BYTEA NOT NULL,
             standing BYTEA NOT NULL, line BIGINT NOT NULL
         ) WITH (autovacuum_enabled = false)"
    );
    run(connection, text).await
}

/// Removes it.
pub(super) async fn remove(tx: &mut Tx<'_>, register: Register) -> Result<(), StoreError> {
    let Tx::Postgres(connection) = tx else { return Ok(()) };
    run(connection, format!("DROP TABLE IF EXISTS {}", table(register))).await
}

/// A statement about millions of rows may take longer than one of a request; and the server may still be
/// busy with what a killed import asked of it, to give it up in the end.
pub(in crate::store::sql) async fn take_time(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let Tx::Postgres(connection) = tx else { return Ok(()) };
    let text = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '2min'";
    run(connection, text.to_owned()).await
}

async fn run(connection: &mut PgConnection, text: String) -> Result<(), StoreError> {
    // Every name in it is one of ours.
    sqlx::raw_sql(AssertSqlSafe(text)).execute(connection).await.map(drop).map_err(store_error)
}

/// Adds a batch.
pub(super) async fn copy(
    tx: &mut Tx<'_>,
    register: Register,
    rows: &[(u64, RegisterEntry)],
) -> Result<(), StoreError> {
    let Tx::Postgres(connection) = tx else { return Ok(()) };
    let size: usize = rows.iter().map(|(_, entry)| entry.record.len() + ROW).sum();
    let mut bytes = Vec::with_capacity(size + HEADER.len() + TRAILER.len());
    bytes.extend_from_slice(HEADER);
    for (line, entry) in rows {
        bytes.extend_from_slice(&5_i16.to_be_bytes());
        for field in [&entry.digest[..], &entry.record, &entry.content, &entry.standing] {
            add_field(&mut bytes, field)?;
        }
        add_field(&mut bytes, &line.to_be_bytes())?;
    }
    bytes.extend_from_slice(&TRAILER);
    let statement = format!(
        "COPY {} (digest, record, content, standing, line) FROM STDIN (FORMAT binary)",
        table(register)
    );
    let mut copy = connection.copy_in_raw(&statement).await.map_err(store_error)?;
    copy.send(bytes).await.map_err(store_error)?;
    copy.finish().await.map(drop).map_err(store_error)
}

fn add_field(bytes: &mut Vec<u8>, field: &[u8]) -> Result<(), StoreError> {
    let length = i32::try_from(field.len()).map_err(|_| StoreError::Unreadable("record"))?;
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(field);
    Ok(())
}

/// How many entries are there; none where there is no table.
pub(super) async fn count(tx: &mut Tx<'_>, register: Register) -> Result<i64, StoreError> {
    take_time(tx).await?;
    let Tx::Postgres(connection) = tx else { return Ok(0) };
    let table = table(register);
    let there: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(table)
        .fetch_one(&mut **connection)
        .await
        .map_err(store_error)?;
    if !there {
        return Ok(0);
    }
    sqlx::query_scalar(AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}")))
        .fetch_one(&mut **connection)
        .await
        .map_err(store_error)
}

/// Moves a slice into the replica: of several rows with one digest the last one counts, what is
/// unchanged is left alone, and changes of standing are noted.
pub(super) async fn merge(
    tx: &mut Tx<'_>,
    register: Register,
    slice: Slice,
    now: Timestamp,
) -> Result<Put, StoreError> {
    let Tx::Postgres(connection) = tx else { return Ok(Put::default()) };
    run(connection, "SET LOCAL work_mem = '64MB'".to_owned()).await?;
    if slice.number == 0 {
        run(connection, format!("ANALYZE {}", table(register))).await?;
    }
    let (latest, added, rewritten, changed): (i64, i64, i64, i64) =
        sqlx::query_as(AssertSqlSafe(statement(register)))
            .bind(slice.from().unwrap_or_default())
            .bind(slice.to())
            .bind(now.0)
            .fetch_one(&mut **connection)
            .await
            .map_err(store_error)?;
    let number = |count: i64| u64::try_from(count).unwrap_or(0);
    Ok(Put {
        latest: number(latest),
        added: number(added),
        rewritten: number(rewritten),
        changed: number(changed),
    })
}

fn statement(register: Register) -> String {
    let (target, staging) = (register.name(), table(register));
    let (standing, moved, told) = match register {
        Register::Population => ("", "FALSE", ""),
        Register::LegalEntities => (
            ", standing",
            "known.digest IS NOT NULL AND known.standing <> latest.standing",
            ", told AS (
                 INSERT INTO legal_entity_change (digest, changed_at)
                 SELECT digest, $3 FROM different WHERE moved ORDER BY digest
                 ON CONFLICT (digest) DO UPDATE SET changed_at = excluded.changed_at)",
        ),
    };
    let set_standing = if standing.is_empty() { "" } else { ", standing = different.standing" };
    format!(
        "WITH latest AS MATERIALIZED (
             SELECT DISTINCT ON (digest) digest, record, content, standing FROM {staging}
              WHERE digest >= $1 AND (CAST($2 AS BYTEA) IS NULL OR digest < $2)
              ORDER BY digest, line DESC),
         different AS MATERIALIZED (
             SELECT latest.*, known.digest IS NOT NULL AS is_known, {moved} AS moved
               FROM latest LEFT JOIN {target} known ON known.digest = latest.digest
              WHERE known.digest IS NULL OR known.content IS DISTINCT FROM latest.content),
         rewritten AS (
             UPDATE {target}
                SET record = different.record, content = different.content, updated_at = $3
                    {set_standing}
               FROM different WHERE is_known AND {target}.digest = different.digest),
         added AS (
             INSERT INTO {target} (digest, record, content, updated_at{standing})
             SELECT digest, record, content, $3{standing} FROM different WHERE NOT is_known
              ORDER BY digest)
         {told}
         SELECT (SELECT COUNT(*) FROM latest),
                COUNT(*) FILTER (WHERE NOT is_known), COUNT(*) FILTER (WHERE is_known),
                COUNT(*) FILTER (WHERE moved)
           FROM different"
    )
}

#[cfg(test)]
mod tests {
    use super::Slice;

    #[test]
    fn slices_meet_and_cover_every_digest() {
        for of in [1, 2, 7, 64, 256] {
            let slices: Vec<Slice> = (0..of).map(|number| Slice { number, of }).collect();
            assert_eq!(slices[0].from(), Some(vec![0, 0]));
            assert_eq!(slices.last().unwrap().to(), None);
            for two in slices.windows(2) {
                assert_eq!(two[0].to(), two[1].from());
                assert!(two[0].from() < two[1].from());
            }
        }
    }
}
