//! Entries into a replica, many to a statement: what is unchanged is left alone, and a change of an
//! organisation's standing is noted in the same transaction.

use std::collections::HashMap;

use sqlx::Postgres;
use sqlx::QueryBuilder;
use sqlx::Sqlite;

use crate::clock::Timestamp;
use crate::domain::id::EntityDigest;
use crate::store::StoreError;
use crate::store::sql::db::Tx;
use crate::store::sql::db::store_error;
use crate::store::sql::registers::Register;
use crate::store::sql::registers::RegisterEntry;

/// So many rows go into one statement: both databases take far more parameters than they bring.
const ROWS: usize = 250;

/// What became of a batch.
#[derive(Default)]
pub(super) struct Put {
    /// Different entries that were looked at.
    pub latest: u64,
    /// Those that were not there.
    pub added: u64,
    /// Those that said something else.
    pub rewritten: u64,
    /// Organisations whose status or representative was another.
    pub changed: u64,
}

/// What an entry says so far.
struct Known {
    /// Nothing of one from before there was such a mark.
    content: Option<Vec<u8>>,
    standing: Option<Vec<u8>>,
}

/// Writes what differs. Of two entries with one digest the later one counts. Gives the organisations whose
/// standing changed, too.
pub(super) async fn put(
    tx: &mut Tx<'_>,
    register: Register,
    entries: Vec<RegisterEntry>,
    now: Timestamp,
) -> Result<(Put, Vec<EntityDigest>), StoreError> {
    let latest: HashMap<[u8; 32], RegisterEntry> =
        entries.into_iter().map(|entry| (entry.digest, entry)).collect();
    let mut latest: Vec<RegisterEntry> = latest.into_values().collect();
    // Neighbours in the index are written together.
    latest.sort_unstable_by_key(|entry| entry.digest);
    let mut done = Put { latest: latest.len() as u64, ..Put::default() };
    let mut changed = Vec::new();
    for rows in latest.chunks(ROWS) {
        let known = known(tx, register, rows).await?;
        let mut different = Vec::with_capacity(rows.len());
        let before = changed.len();
        for entry in rows {
            let Some(known) = known.get(&entry.digest[..]) else {
                done.added += 1;
                different.push(entry);
                continue;
            };
            if known.content.as_deref() == Some(&entry.content[..]) {
                continue;
            }
            done.rewritten += 1;
            different.push(entry);
            let is_organisation = register == Register::LegalEntities;
            if is_organisation && known.standing.as_deref() != Some(&entry.standing[..]) {
                changed.push(EntityDigest(entry.digest));
            }
        }
        write(tx, register, &different, now).await?;
        note(tx, &changed[before..], now).await?;
    }
    done.changed = changed.len() as u64;
    Ok((done, changed))
}

/// Builds a statement of many rows and runs it on whichever engine is there.
macro_rules! run {
    ($tx:expr, |$query:ident| $build:block) => {
        match $tx {
            Tx::Postgres(connection) => {
                let mut $query = QueryBuilder::<Postgres>::new("");
                $build
                $query.build().execute(&mut **connection).await.map(drop)
            }
            Tx::Sqlite { connection, .. } => {
                let mut $query = QueryBuilder::<Sqlite>::new("");
                $build
                $query.build().execute(&mut **connection).await.map(drop)
            }
        }
        .map_err(store_error)
    };
}

async fn known(
    tx: &mut Tx<'_>,
    register: Register,
    rows: &[RegisterEntry],
) -> Result<HashMap<Vec<u8>, Known>, StoreError> {
    type Row = (Vec<u8>, Option<Vec<u8>>, Option<Vec<u8>>);
    let text = match register {
        Register::Population => "SELECT digest, content, NULL FROM population WHERE digest IN (",
        Register::LegalEntities => {
            "SELECT digest, content, standing FROM legal_entity WHERE digest IN ("
        }
    };
    macro_rules! ask {
        ($db:ty, $connection:expr) => {{
            let mut query = QueryBuilder::<$db>::new(text);
            let mut list = query.separated(", ");
            for entry in rows {
                list.push_bind(&entry.digest[..]);
            }
            query.push(")");
            query.build_query_as::<Row>().fetch_all(&mut **$connection).await
        }};
    }
    let found = match tx {
        Tx::Postgres(connection) => ask!(Postgres, connection),
        Tx::Sqlite { connection, .. } => ask!(Sqlite, connection),
    };
    let found = found.map_err(store_error)?;
    Ok(found
        .into_iter()
        .map(|(digest, content, standing)| (digest, Known { content, standing }))
        .collect())
}

async fn write(
    tx: &mut Tx<'_>,
    register: Register,
    rows: &[&RegisterEntry],
    now: Timestamp,
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    run!(tx, |query| {
        let has_standing = register == Register::LegalEntities;
        query.push(match register {
            Register::Population => "INSERT INTO population (digest, record, content, updated_at) ",
            Register::LegalEntities => {
                "INSERT INTO legal_entity (digest, record, content, updated_at, standing) "
            }
        });
        query.push_values(rows, |mut row, entry| {
            row.push_bind(&entry.digest[..]);
            row.push_bind(&entry.record[..]).push_bind(&entry.content[..]).push_bind(now.0);
            if has_standing {
                row.push_bind(&entry.standing[..]);
            }
        });
        query.push(
            " ON CONFLICT (digest) DO UPDATE
             SET record = excluded.record, content = excluded.content,
                 updated_at = excluded.updated_at",
        );
        if has_standing {
            query.push(", standing = excluded.standing");
        }
    })
}

pub(super) async fn note(
    tx: &mut Tx<'_>,
    changed: &[EntityDigest],
    now: Timestamp,
) -> Result<(), StoreError> {
    if changed.is_empty() {
        return Ok(());
    }
    run!(tx, |query| {
        query.push("INSERT INTO legal_entity_change (digest, changed_at) ");
        query.push_values(changed, |mut row, digest| {
            row.push_bind(digest.as_bytes()).push_bind(now.0);
        });
        query.push(" ON CONFLICT (digest) DO UPDATE SET changed_at = excluded.changed_at");
    })
}
