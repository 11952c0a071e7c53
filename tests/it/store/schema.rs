//! Both migration folders make the same tables: columns, what may be missing, keys and indexes
//! (design D7).

use crate::store::Raw;
use crate::store::TestStore;
use crate::support::Backend;

/// What a type of SQLite may be in PostgreSQL.
const TYPES: &[(&str, &[&str])] =
    &[("INTEGER", &["bigint"]), ("TEXT", &["text"]), ("BLOB", &["bytea", "uuid"])];

/// Everything the migrations made, a line each, in SQLite's words. In a STRICT table a primary key is
/// never null, whether it says so or not.
const SQLITE_COLUMNS: &str = "
    SELECT m.name || '.' || c.name || '|' || c.type || '|' ||
           CASE WHEN c.\"notnull\" = 1 OR c.pk > 0 THEN 'required' ELSE 'optional' END
      FROM sqlite_master m, pragma_table_info(m.name) c
     WHERE m.type = 'table' AND m.name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY 1";
const POSTGRES_COLUMNS: &str = "
    SELECT table_name || '.' || column_name || '|' || data_type || '|' ||
           CASE is_nullable WHEN 'NO' THEN 'required' ELSE 'optional' END
      FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name NOT LIKE '\\_%' ORDER BY 1";

/// Primary keys and what must be unique: table and columns.
const SQLITE_UNIQUE: &str = "
    SELECT t || ' ' || group_concat(c, ',') FROM (
        SELECT m.name AS t, l.name AS i, x.name AS c
          FROM sqlite_master m, pragma_index_list(m.name) l, pragma_index_info(l.name) x
         WHERE m.type = 'table' AND l.\"unique\" = 1 ORDER BY l.name, x.seqno)
     WHERE t NOT LIKE '\\_%' ESCAPE '\\' GROUP BY t, i
     UNION
    SELECT m.name || ' ' || c.name FROM sqlite_master m, pragma_table_info(m.name) c
     WHERE m.type = 'table' AND c.pk = 1 AND c.type = 'INTEGER' AND NOT EXISTS
           (SELECT 1 FROM pragma_table_info(m.name) d WHERE d.pk = 2) ORDER BY 1";
const POSTGRES_UNIQUE: &str = "
    SELECT t.relname || ' ' || string_agg(a.attname, ',' ORDER BY k.place)
      FROM pg_index i
      JOIN pg_class t ON t.oid = i.indrelid
      JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = 'public'
      CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (number, place)
      JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number
     WHERE i.indisunique AND t.relname NOT LIKE '\\_%'
     GROUP BY i.indexrelid, t.relname ORDER BY 1";

/// Indexes by name, without those that keep something unique.
const SQLITE_INDEXES: &str = "
    SELECT tbl_name || ' ' || name FROM sqlite_master
     WHERE type = 'index' AND sql IS NOT NULL ORDER BY 1";
const POSTGRES_INDEXES: &str = "
    SELECT i.tablename || ' ' || i.indexname FROM pg_indexes i
     WHERE i.schemaname = 'public' AND i.tablename NOT LIKE '\\_%' AND NOT EXISTS
           (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname) ORDER BY 1";

/// What refers to what, and what goes with it.
const SQLITE_REFERENCES: &str = "
    SELECT m.name || '.' || f.\"from\" || ' ' || f.\"table\" || '.' || f.\"to\" || ' ' ||
           CASE f.on_delete WHEN 'CASCADE' THEN 'c' ELSE 'a' END
      FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table' ORDER BY 1";
const POSTGRES_REFERENCES: &str = "
    SELECT o.relname || '.' || a.attname || ' ' || t.relname || '.' || b.attname || ' ' ||
           c.confdeltype::text
      FROM pg_constraint c
      JOIN pg_class o ON o.oid = c.conrelid JOIN pg_class t ON t.oid = c.confrelid
      JOIN pg_attribute a ON a.attrelid = o.oid AND a.attnum = c.conkey[1]
      JOIN pg_attribute b ON b.attrelid = t.oid AND b.attnum = c.confkey[1]
     WHERE c.contype = 'f' ORDER BY 1";

#[tokio::test]
async fn both_databases_have_the_same_schema() {
    let Some(backend) = Backend::postgres() else { return };
    let sqlite = TestStore::open(Backend::Sqlite).await;
    let postgres = TestStore::open(backend).await;

    let (here, there) = (columns(&sqlite.raw).await, columns(&postgres.raw).await);
    assert!(here.len() > 100, "{here:?}");
    let shape = |column: &Column| format!("{} {}", column.name, column.presence);
    assert_same(here.iter().map(shape), there.iter().map(shape));
    for (one, two) in here.iter().zip(&there) {
        let (_, fits) = TYPES.iter().find(|row| row.0 == one.kind).expect("a known type");
        assert!(fits.contains(&&*two.kind), "{} is {} and {}", one.name, one.kind, two.kind);
    }
    for (here, there) in [
        (SQLITE_UNIQUE, POSTGRES_UNIQUE),
        (SQLITE_INDEXES, POSTGRES_INDEXES),
        (SQLITE_REFERENCES, POSTGRES_REFERENCES),
    ] {
        let (mut here, mut there) = (sqlite.raw.texts(here).await, postgres.raw.texts(there).await);
        assert!(!here.is_empty());
        here.sort();
        there.sort();
        assert_same(here, there);
    }
}

/// A column of a table.
#[derive(Debug)]
struct Column {
    name: String,
    kind: String,
    presence: String,
}

async fn columns(raw: &Raw) -> Vec<Column> {
    let lines = match raw {
        Raw::Sqlite(_) => raw.texts(SQLITE_COLUMNS).await,
        Raw::Postgres(_) => raw.texts(POSTGRES_COLUMNS).await,
    };
    let mut columns: Vec<_> = lines
        .iter()
        .map(|line| {
            let parts: Vec<_> = line.split('|').map(str::to_owned).collect();
            let [name, kind, presence] = parts.try_into().expect("three parts");
            Column { name, kind, presence }
        })
        .collect();
    columns.sort_by(|a, b| a.name.cmp(&b.name));
    columns
}

#[track_caller]
fn assert_same(here: impl IntoIterator<Item = String>, there: impl IntoIterator<Item = String>) {
    let [here, there]: [std::collections::BTreeSet<_>; 2] =
        [here.into_iter().collect(), there.into_iter().collect()];
    let only = |one: &std::collections::BTreeSet<String>, other| -> Vec<String> {
        one.difference(other).cloned().collect()
    };
    let (here_only, there_only) = (only(&here, &there), only(&there, &here));
    assert!(
        here_only.is_empty() && there_only.is_empty(),
        "only in SQLite: {here_only:?}\nonly in PostgreSQL: {there_only:?}"
    );
}
