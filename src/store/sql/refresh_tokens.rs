//! Refresh tokens: a family a chain, one live end (RFC 6749 §6, RFC 9700 §4.14.2; security.md 0.3).

use std::time::Duration;

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::domain::authorization::Authorization;
use crate::domain::authorization::NewRefreshToken;
use crate::domain::authorization::RefreshToken;
use crate::domain::authorization::Rotation;
use crate::domain::id::RefreshTokenDigest;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::cache::Change;
use crate::store::sql::audit::append;
use crate::store::sql::authorizations;
use crate::store::sql::authorizations::select_authorization;
use crate::store::sql::db::Db;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;
use crate::store::sql::one_trip;

/// The text that reads a refresh token with its authorization.
macro_rules! select_with_authorization {
    ($condition:literal) => {
        select_authorization!(
            ", t.idle_expires_at, t.expires_at AS token_expires_at, t.spent_at AS token_spent_at",
            "refresh_token t JOIN approval p ON p.id = t.approval_id",
            $condition
        )
    };
}

#[derive(sqlx::FromRow)]
struct RowWithAuthorization {
    #[sqlx(flatten)]
    authorization: authorizations::Row,
    idle_expires_at: i64,
    token_expires_at: i64,
    token_spent_at: Option<i64>,
}

impl RowWithAuthorization {
    fn read(
        self,
        digest: RefreshTokenDigest,
        now: Timestamp,
    ) -> Result<(RefreshToken, Authorization), StoreError> {
        let authorization = self.authorization.into_authorization(now)?;
        let token = RefreshToken {
            digest,
            authorization_id: authorization.id,
            is_spent: self.token_spent_at.is_some(),
            idle_expires_at: Timestamp(self.idle_expires_at),
            expires_at: Timestamp(self.token_expires_at),
        };
        Ok((token, authorization))
    }
}

impl Store {
    /// The refresh token of that digest, spent or not, and its authorization.
    pub async fn find_refresh_token(
        &self,
        digest: RefreshTokenDigest,
        now: Timestamp,
    ) -> Result<Option<(RefreshToken, Authorization)>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            RowWithAuthorization,
            select_with_authorization!("t.digest = $1"),
            digest.as_bytes()
        )?;
        row.map(|row| row.read(digest, now)).transpose()
    }

    /// The same, if nobody has spent it.
    pub async fn find_live_refresh_token(
        &self,
        digest: RefreshTokenDigest,
        now: Timestamp,
    ) -> Result<Option<(RefreshToken, Authorization)>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            RowWithAuthorization,
            select_with_authorization!("t.digest = $1 AND t.spent_at IS NULL"),
            digest.as_bytes()
        )?;
        row.map(|row| row.read(digest, now)).transpose()
    }

    /// Replaces a refresh token by its successor. Whoever presents a spent one takes the whole
    /// family down, unless it is the immediate predecessor, within `grace`, of a successor that
    /// nobody has used: then that successor dies and a new one takes its place.
    pub async fn rotate_refresh_token(
        &self,
        old: RefreshToken,
        new: NewRefreshToken,
        grace: Duration,
        records: (AuditRecord, AuditRecord),
    ) -> Result<Rotation, StoreError> {
        if let Db::Postgres(pool) = &self.db
            && one_trip::postgres::rotate_refresh_token(pool, &old, &new, &records.0).await?
        {
            return Ok(Rotation::Done);
        }
        let family = old.authorization_id.0;
        let rotation = self.write(move |tx| {
            Box::pin(async move {
                let (done, replay) = records;
                if one_trip::sqlite::rotate_refresh_token(tx, &old, &new, &done).await? {
                    return Ok(Rotation::Done);
                }
                let now = done.at;
                // Locks the family first: two rotations of one family never interleave.
                let live = execute!(
                    tx,
                    "UPDATE approval SET revoked_at = NULL WHERE id = $1 AND revoked_at IS NULL",
                    old.authorization_id.0
                )? == 1;
                if !live {
                    append(tx, &replay).await?;
                    return Ok(Rotation::Revoked);
                }
                let spent = spend(tx, &old, &new, now).await?;
                if !spent && !take_over(tx, &old, &new, now.minus(grace)).await? {
                    execute!(
                        tx,
                        "UPDATE approval SET revoked_at = $2 WHERE id = $1",
                        old.authorization_id.0,
                        now.0
                    )?;
                    append(tx, &replay).await?;
                    return Ok(Rotation::Replay);
                }
                insert(tx, &old, &new, now).await?;
                append(tx, &done).await?;
                Ok(Rotation::Done)
            })
        })
        .await?;
        if rotation != Rotation::Done {
            self.caches.forget(Change::Authorization(family));
        }
        Ok(rotation)
    }

    /// Notes the use of a refresh token that does not rotate; its idle time begins anew. `false`
    /// when its family was taken back meanwhile.
    pub async fn use_refresh_token(
        &self,
        token: RefreshToken,
        idle_expires_at: Timestamp,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        if let Db::Postgres(pool) = &self.db {
            return one_trip::postgres::use_refresh_token(pool, &token, idle_expires_at, &record)
                .await;
        }
        self.write(move |tx| {
            Box::pin(async move {
                one_trip::sqlite::use_refresh_token(tx, &token, idle_expires_at, &record).await
            })
        })
        .await
    }
}

async fn spend(
    tx: &mut Tx<'_>,
    old: &RefreshToken,
    new: &NewRefreshToken,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let spent = execute!(
        tx,
        "UPDATE refresh_token SET spent_at = $2, successor = $3
          WHERE digest = $1 AND spent_at IS NULL",
        old.digest.as_bytes(),
        now.0,
        new.digest.as_bytes()
    )?;
    Ok(spent == 1)
}

/// The grace rule: kills the unused successor of a token spent after `since`. It counts as spent long
/// ago: whoever still presents it takes the family down.
async fn take_over(
    tx: &mut Tx<'_>,
    old: &RefreshToken,
    new: &NewRefreshToken,
    since: Timestamp,
) -> Result<bool, StoreError> {
    let killed = execute!(
        tx,
        "UPDATE refresh_token SET spent_at = 0
          WHERE spent_at IS NULL AND digest IN
                (SELECT successor FROM refresh_token WHERE digest = $1 AND spent_at > $2)",
        old.digest.as_bytes(),
        since.0
    )? == 1;
    if killed {
        execute!(
            tx,
            "UPDATE refresh_token SET successor = $2 WHERE digest = $1",
            old.digest.as_bytes(),
            new.digest.as_bytes()
        )?;
    }
    Ok(killed)
}

async fn insert(
    tx: &mut Tx<'_>,
    old: &RefreshToken,
    new: &NewRefreshToken,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO refresh_token (digest, approval_id, issued_at, idle_expires_at, expires_at)
         VALUES ($1, $2, $3, $4, $5)",
        new.digest.as_bytes(),
        old.authorization_id.0,
        now.0,
        new.idle_expires_at.0,
        new.expires_at.0
    )
    .map(drop)
}
