//! SQLite: several statements in one trip to the connection's thread. Each after the first asks whether the
//! one before it changed a row (`changes()`), so a chain that breaks writes nothing further, its audit
//! record least of all; the number of rows changed by all tells whether it held.

use sqlx::Sqlite;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::domain::authorization::NewAuthorization;
use crate::domain::authorization::NewRefreshToken;
use crate::domain::authorization::RefreshToken;
use crate::domain::client::ClientId;
use crate::domain::id::CodeDigest;
use crate::store::StoreError;
use crate::store::sql::db::Tx;
use crate::store::sql::db::store_error;

/// Statements whose last one appends the audit record, $1 to $13, if the one before it changed a row.
macro_rules! recorded {
    ($before:literal) => {
        concat!(
            $before,
            "; INSERT INTO audit (id, sequence, link, at, kind, outcome, reason, account_id,
                                  client_id, request_id, details, personal, mac)
               SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13
                WHERE changes() = 1"
        )
    };
}

type Statements<'q> = Query<'q, Sqlite, SqliteArguments>;

/// Runs statements that change `rows` rows if all is as hoped. The chain grows by the record, or stays.
/// Anywhere but on SQLite nothing is done.
async fn run<'q>(
    tx: &mut Tx<'_>,
    (sql, rows): (&'static str, u64),
    record: &'q AuditRecord,
    bind: impl FnOnce(Statements<'q>) -> Statements<'q>,
) -> Result<bool, StoreError> {
    let Tx::Sqlite { connection, tail } = tx else { return Ok(false) };
    let mut grown = tail.clone();
    grown.extend(record);
    let statements = sqlx::query(sql)
        .bind(record.id.0)
        .bind(grown.sequence)
        .bind(grown.link.clone())
        .bind(record.at.0)
        .bind(record.kind.as_str())
        .bind(record.outcome.as_str())
        .bind(record.reason.as_str())
        .bind(record.account_id.map(|id| id.0))
        .bind(record.client_id.as_ref().map(ClientId::as_str))
        .bind(record.request_id.as_str())
        .bind(record.details.as_str())
        .bind(record.personal.as_slice())
        .bind(record.mac.as_slice());
    let done = bind(statements).execute(&mut **connection).await.map_err(store_error)?;
    let holds = done.rows_affected() == rows;
    if holds {
        **tail = grown;
    }
    Ok(holds)
}

/// `Store::add_authorization`, if the session lives and no earlier code of this key was redeemed.
pub(in crate::store::sql) async fn add_authorization(
    tx: &mut Tx<'_>,
    new: &NewAuthorization,
    (document, lives_until): (&str, Timestamp),
    record: &AuditRecord,
) -> Result<bool, StoreError> {
    const SQL: &str = recorded!(
        "INSERT INTO session_client (session_id, client_id, sub, sid, created_at)
         SELECT id, $15, $16, $17, $18 FROM session WHERE id = $14 AND ended_at IS NULL
             ON CONFLICT (session_id, client_id) DO UPDATE
             SET sub = excluded.sub, sid = excluded.sid;
         INSERT INTO approval (id, client_id, account_id, session_id, credential_epoch, document,
                               code_digest, code_expires_at, expires_at, created_at)
         SELECT $19, $15, $20, $14, $21, $22, $23, $24, $25, $18 WHERE changes() = 1
             ON CONFLICT (id) DO UPDATE
            SET account_id = excluded.account_id, session_id = excluded.session_id,
                credential_epoch = excluded.credential_epoch, document = excluded.document,
                code_digest = excluded.code_digest, code_expires_at = excluded.code_expires_at,
                expires_at = excluded.expires_at, created_at = excluded.created_at
          WHERE approval.code_spent_at IS NULL AND approval.revoked_at IS NULL"
    );
    run(tx, (SQL, 3), record, |statements| {
        statements
            .bind(new.session_id.0)
            .bind(new.client_id.as_str())
            .bind(new.approval.subject.as_str())
            .bind(new.approval.sid.as_str())
            .bind(new.created_at.0)
            .bind(new.id.0)
            .bind(new.account_id.0)
            .bind(new.credential_epoch)
            .bind(document)
            .bind(new.code_digest.as_bytes())
            .bind(new.code_expires_at.0)
            .bind(lives_until.0)
    })
    .await
}

/// `Store::redeem_code`, if nobody has redeemed it.
pub(in crate::store::sql) async fn redeem_code(
    tx: &mut Tx<'_>,
    code: &CodeDigest,
    refresh_token: Option<&NewRefreshToken>,
    record: &AuditRecord,
) -> Result<bool, StoreError> {
    const ALONE: &str = recorded!(
        "UPDATE approval SET code_spent_at = $4 WHERE code_digest = $14 AND code_spent_at IS NULL"
    );
    const WITH_REFRESH_TOKEN: &str = recorded!(
        "UPDATE approval SET code_spent_at = $4 WHERE code_digest = $14 AND code_spent_at IS NULL;
         INSERT INTO refresh_token (digest, approval_id, issued_at, idle_expires_at, expires_at)
         SELECT $15, id, $4, $16, $17 FROM approval WHERE code_digest = $14 AND changes() = 1"
    );
    let Some(token) = refresh_token else {
        return run(tx, (ALONE, 2), record, |statements| statements.bind(code.as_bytes())).await;
    };
    run(tx, (WITH_REFRESH_TOKEN, 3), record, |statements| {
        statements
            .bind(code.as_bytes())
            .bind(token.digest.as_bytes())
            .bind(token.idle_expires_at.0)
            .bind(token.expires_at.0)
    })
    .await
}

/// `Store::rotate_refresh_token`, if the family lives and the token is its live end.
pub(in crate::store::sql) async fn rotate_refresh_token(
    tx: &mut Tx<'_>,
    old: &RefreshToken,
    new: &NewRefreshToken,
    record: &AuditRecord,
) -> Result<bool, StoreError> {
    const SQL: &str = recorded!(
        "UPDATE refresh_token SET spent_at = $4, successor = $16
          WHERE digest = $15 AND spent_at IS NULL AND approval_id = $14
            AND EXISTS (SELECT 1 FROM approval WHERE id = $14 AND revoked_at IS NULL);
         INSERT INTO refresh_token (digest, approval_id, issued_at, idle_expires_at, expires_at)
         SELECT $16, $14, $4, $17, $18 WHERE changes() = 1"
    );
    run(tx, (SQL, 3), record, |statements| {
        statements
            .bind(old.authorization_id.0)
            .bind(old.digest.as_bytes())
            .bind(new.digest.as_bytes())
            .bind(new.idle_expires_at.0)
            .bind(new.expires_at.0)
    })
    .await
}

/// `Store::use_refresh_token`, whole.
pub(in crate::store::sql) async fn use_refresh_token(
    tx: &mut Tx<'_>,
    token: &RefreshToken,
    idle_expires_at: Timestamp,
    record: &AuditRecord,
) -> Result<bool, StoreError> {
    const SQL: &str = recorded!(
        "UPDATE refresh_token SET idle_expires_at = $15
          WHERE digest = $14 AND spent_at IS NULL
            AND approval_id IN (SELECT id FROM approval WHERE id = $16 AND revoked_at IS NULL)"
    );
    run(tx, (SQL, 2), record, |statements| {
        statements
            .bind(token.digest.as_bytes())
            .bind(idle_expires_at.0)
            .bind(token.authorization_id.0)
    })
    .await
}
