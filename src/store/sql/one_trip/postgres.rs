//! PostgreSQL: each as one statement, so that it costs one trip and commits by itself. The row count of
//! the audit record tells whether it was done.

use sqlx::PgPool;
use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::domain::authorization::NewAuthorization;
use crate::domain::authorization::NewRefreshToken;
use crate::domain::authorization::RefreshToken;
use crate::domain::client::ClientId;
use crate::domain::id::CodeDigest;
use crate::store::StoreError;
use crate::store::sql::db::store_error;

/// A statement whose last part appends the audit record, $1 to $11, if `done` has a row.
macro_rules! recorded {
    ($before:literal) => {
        concat!(
            $before,
            " INSERT INTO audit (id, at, kind, outcome, reason, account_id, client_id, request_id,
                                 details, personal, mac)
              SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM done"
        )
    };
}

type Statement<'q> = Query<'q, Postgres, PgArguments>;

fn recording<'q>(sql: &'static str, record: &'q AuditRecord) -> Statement<'q> {
    sqlx::query(sql)
        .bind(record.id.0)
        .bind(record.at.0)
        .bind(record.kind.as_str())
        .bind(record.outcome.as_str())
        .bind(record.reason.as_str())
        .bind(record.account_id.map(|id| id.0))
        .bind(record.client_id.as_ref().map(ClientId::as_str))
        .bind(record.request_id.as_str())
        .bind(record.details.as_str())
        .bind(record.personal.as_slice())
        .bind(record.mac.as_slice())
}

/// Whether it was done: one row of audit says so.
async fn run(pool: &PgPool, statement: Statement<'_>) -> Result<bool, StoreError> {
    let done = statement.execute(pool).await.map_err(store_error)?;
    Ok(done.rows_affected() == 1)
}

/// `Store::add_authorization`, if the session lives and no earlier code of this key was redeemed.
pub(in crate::store::sql) async fn add_authorization(
    pool: &PgPool,
    new: &NewAuthorization,
    (document, lives_until): (&str, Timestamp),
    record: &AuditRecord,
) -> Result<bool, StoreError> {
    const SQL: &str = recorded!(
        "WITH live AS (
            SELECT id FROM session WHERE id = $12 AND ended_at IS NULL FOR SHARE
         ), reached AS (
            INSERT INTO session_client (session_id, client_id, sub, sid, created_at)
            SELECT id, $13, $14, $15, $16 FROM live
                ON CONFLICT (session_id, client_id) DO UPDATE
             SET sub = excluded.sub, sid = excluded.sid
         ), done AS (
            INSERT INTO approval (id, client_id, account_id, session_id, credential_epoch, document,
                                  code_digest, code_expires_at, expires_at, created_at)
            SELECT $17, $13, $18, id, $19, $20, $21, $22, $23, $16 FROM live
                ON CONFLICT (id) DO UPDATE
               SET account_id = excluded.account_id, session_id = excluded.session_id,
                   credential_epoch = excluded.credential_epoch,
                   document = excluded.document, code_digest = excluded.code_digest,
                   code_expires_at = excluded.code_expires_at,
                   expires_at = excluded.expires_at, created_at = excluded.created_at
             WHERE approval.code_spent_at IS NULL AND approval.revoked_at IS NULL
            RETURNING id
         )"
    );
    let statement = recording(SQL, record)
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
        .bind(lives_until.0);
    run(pool, statement).await
}

/// `Store::redeem_code`, if nobody has redeemed it.
pub(in crate::store::sql) async fn redeem_code(
    pool: &PgPool,
    code: CodeDigest,
    refresh_token: Option<&NewRefreshToken>,
    record: &AuditRecord,
) -> Result<bool, StoreError> {
    const ALONE: &str = recorded!(
        "WITH done AS (
            UPDATE approval SET code_spent_at = $2
             WHERE code_digest = $12 AND code_spent_at IS NULL RETURNING id
         )"
    );
    const WITH_REFRESH_TOKEN: &str = recorded!(
        "WITH done AS (
            UPDATE approval SET code_spent_at = $2
             WHERE code_digest = $12 AND code_spent_at IS NULL RETURNING id
         ), issued AS (
            INSERT INTO refresh_token (digest, approval_id, issued_at, idle_expires_at, expires_at)
            SELECT $13, id, $2, $14, $15 FROM done
         )"
    );
    let Some(token) = refresh_token else {
        return run(pool, recording(ALONE, record).bind(code.as_bytes())).await;
    };
    let statement = recording(WITH_REFRESH_TOKEN, record)
        .bind(code.as_bytes())
        .bind(token.digest.as_bytes())
        .bind(token.idle_expires_at.0)
        .bind(token.expires_at.0);
    run(pool, statement).await
}

/// `Store::rotate_refresh_token`, if the family lives and the token is its live end. The family is
/// locked before its token: the token's row is reached through it.
pub(in crate::store::sql) async fn rotate_refresh_token(
    pool: &PgPool,
    old: &RefreshToken,
    new: &NewRefreshToken,
    record: &AuditRecord,
) -> Result<bool, StoreError> {
    const SQL: &str = recorded!(
        "WITH family AS (
            SELECT id FROM approval WHERE id = $12 AND revoked_at IS NULL FOR UPDATE
         ), done AS (
            UPDATE refresh_token t SET spent_at = $2, successor = $14 FROM family
             WHERE t.digest = $13 AND t.spent_at IS NULL AND t.approval_id = family.id
            RETURNING family.id
         ), issued AS (
            INSERT INTO refresh_token (digest, approval_id, issued_at, idle_expires_at, expires_at)
            SELECT $14, id, $2, $15, $16 FROM done
         )"
    );
    let statement = recording(SQL, record)
        .bind(old.authorization_id.0)
        .bind(old.digest.as_bytes())
        .bind(new.digest.as_bytes())
        .bind(new.idle_expires_at.0)
        .bind(new.expires_at.0);
    run(pool, statement).await
}

/// `Store::use_refresh_token`, whole.
pub(in crate::store::sql) async fn use_refresh_token(
    pool: &PgPool,
    token: &RefreshToken,
    idle_expires_at: Timestamp,
    record: &AuditRecord,
) -> Result<bool, StoreError> {
    const SQL: &str = recorded!(
        "WITH done AS (
            UPDATE refresh_token SET idle_expires_at = $13
             WHERE digest = $12 AND spent_at IS NULL
               AND approval_id IN (SELECT id FROM approval WHERE id = $14 AND revoked_at IS NULL)
            RETURNING approval_id
         )"
    );
    let statement = recording(SQL, record)
        .bind(token.digest.as_bytes())
        .bind(idle_expires_at.0)
        .bind(token.authorization_id.0);
    run(pool, statement).await
}
