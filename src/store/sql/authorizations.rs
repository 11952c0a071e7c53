//! Authorizations: issued with a code, redeemed once, read for every token's validity (RFC 6749
//! §4.1; design D8).

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::domain::account::AccountStatus;
use crate::domain::audit_event::AuditRecord;
use crate::domain::authorization::Approval;
use crate::domain::authorization::Authorization;
use crate::domain::authorization::CodeState;
use crate::domain::authorization::NewAuthorization;
use crate::domain::authorization::NewRefreshToken;
use crate::domain::authorization::Redemption;
use crate::domain::client::ClientId;
use crate::domain::id::AccountId;
use crate::domain::id::AuthorizationId;
use crate::domain::id::CodeDigest;
use crate::domain::id::SessionId;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::cache::Change;
use crate::store::sql::audit::append;
use crate::store::sql::db::Db;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;
use crate::store::sql::db::fetch_in;
use crate::store::sql::mandates;
use crate::store::sql::one_trip;

/// Notes that a session that has not ended reached a client; `$lock` as the engine needs it.
macro_rules! reach {
    ($lock:literal) => {
        concat!(
            "INSERT INTO session_client (session_id, client_id, sub, sid, created_at)
             SELECT id, $2, $3, $4, $5 FROM session WHERE id = $1 AND ended_at IS NULL ",
            $lock,
            " ON CONFLICT (session_id, client_id) DO UPDATE
               SET sub = excluded.sub, sid = excluded.sid"
        )
    };
}

/// The text that reads an authorization, with everything its validity hangs on; `$more` are further columns
/// and `$from` the tables before the condition.
macro_rules! select_authorization {
    ($condition:literal) => {
        crate::store::sql::authorizations::select_authorization!("", "approval p", $condition)
    };
    ($more:literal, $from:literal, $condition:literal) => {
        concat!(
            "SELECT p.id, p.client_id, p.account_id, p.session_id, p.document, p.code_expires_at,
                    p.code_spent_at, p.revoked_at, p.created_at, p.credential_epoch AS epoch_then,
                    a.credential_epoch AS epoch_now, a.status AS account_status,
                    s.ended_at AS session_ended, s.expires_at AS session_expires,
                    (SELECT COUNT(*) FROM portal_block b
                      WHERE b.account_id = p.account_id AND b.client_id = p.client_id
                        AND p.created_at <= COALESCE(b.lifted_at, p.created_at)) AS blocks",
            $more,
            " FROM ",
            $from,
            " JOIN account a ON a.id = p.account_id
              JOIN session s ON s.id = p.session_id
             WHERE ",
            $condition
        )
    };
}
pub(super) use select_authorization;

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: uuid::Uuid,
    client_id: String,
    account_id: uuid::Uuid,
    session_id: uuid::Uuid,
    document: String,
    code_expires_at: i64,
    code_spent_at: Option<i64>,
    revoked_at: Option<i64>,
    created_at: i64,
    epoch_then: i64,
    epoch_now: i64,
    account_status: String,
    session_ended: Option<i64>,
    session_expires: i64,
    blocks: i64,
}

impl Store {
    /// Keeps an authorization with its code, and notes that the session reached this client. An
    /// authorization of the same key whose code nobody redeemed gives way, so that the newest code
    /// alone is good; `false` when it was redeemed or revoked.
    pub async fn add_authorization(
        &self,
        new: NewAuthorization,
        lives_until: Timestamp,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        let document = serde_json::to_string(&new.approval)
            .map_err(|_| StoreError::Unreadable("authorization"))?;
        let mandate = new.approval.acting.as_ref().map(|acting| acting.mandate);
        if let Db::Postgres(pool) = &self.db
            && mandate.is_none()
            && one_trip::postgres::add_authorization(pool, &new, (&document, lives_until), &record)
                .await?
        {
            return Ok(true);
        }
        self.write(move |tx| {
            Box::pin(async move {
                let terms = (document.as_str(), lives_until);
                if mandate.is_none()
                    && one_trip::sqlite::add_authorization(tx, &new, terms, &record).await?
                {
                    return Ok(true);
                }
                // So may the mandate: then nothing is issued under it.
                if let Some(mandate) = mandate
                    && !mandates::hold(tx, mandate, new.created_at).await?
                {
                    return Err(StoreError::MandateOver);
                }
                // The session may have ended since it was read: then nothing is issued. PostgreSQL
                // waits for whoever is ending it, so that this client is told or gets nothing.
                let reach = match tx {
                    Tx::Postgres(_) => reach!("FOR SHARE"),
                    Tx::Sqlite { .. } => reach!(""),
                };
                let reached = execute!(
                    tx,
                    reach,
                    new.session_id.0,
                    new.client_id.as_str(),
                    new.approval.subject.as_str(),
                    new.approval.sid.as_str(),
                    new.created_at.0
                )?;
                if reached == 0 {
                    return Err(StoreError::Taken);
                }
                let kept = insert(tx, &new, (&document, lives_until)).await?;
                if kept {
                    append(tx, &record).await?;
                }
                Ok(kept)
            })
        })
        .await
    }

    /// The authorization a code stands for, whatever its state.
    pub async fn find_authorization_by_code(
        &self,
        code: CodeDigest,
        now: Timestamp,
    ) -> Result<Option<Authorization>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            Row,
            select_authorization!("p.code_digest = $1"),
            code.as_bytes()
        )?;
        row.map(|row| row.into_authorization(now)).transpose()
    }

    /// The authorization of that key, with everything its validity hangs on.
    pub async fn find_authorization(
        &self,
        id: AuthorizationId,
        now: Timestamp,
    ) -> Result<Option<Authorization>, StoreError> {
        let row = fetch!(&self.db, fetch_optional, Row, select_authorization!("p.id = $1"), id.0)?;
        row.map(|row| row.into_authorization(now)).transpose()
    }

    /// The same, at most five seconds old: good enough to answer what a token is worth (design D8).
    pub async fn known_authorization(
        &self,
        id: AuthorizationId,
        now: Timestamp,
    ) -> Result<Option<Arc<Authorization>>, StoreError> {
        if let Some(known) = self.caches.authorization(id.0, now) {
            return Ok(Some(known));
        }
        let reading = self.caches.begin(now);
        let found = self.find_authorization(id, now).await?.map(Arc::new);
        if let Some(found) = &found {
            self.caches.keep_authorization(reading, found);
        }
        Ok(found)
    }

    /// Spends the code, and with it stores the refresh token it issued. Of concurrent callers
    /// exactly one gets `First`; every other one takes back what the code issued (RFC 6749 §4.1.2).
    pub async fn redeem_code(
        &self,
        code: CodeDigest,
        refresh_token: Option<NewRefreshToken>,
        first: AuditRecord,
        replay: AuditRecord,
    ) -> Result<Redemption, StoreError> {
        if let Db::Postgres(pool) = &self.db
            && one_trip::postgres::redeem_code(pool, code, refresh_token.as_ref(), &first).await?
        {
            return Ok(Redemption::First);
        }
        let (redemption, revoked) = self
            .write(move |tx| {
                Box::pin(async move {
                    let token = refresh_token.as_ref();
                    if one_trip::sqlite::redeem_code(tx, &code, token, &first).await? {
                        return Ok((Redemption::First, None));
                    }
                    // The row lock of the UPDATE decides the race; a SELECT first would reopen it.
                    let won = execute!(
                        tx,
                        "UPDATE approval SET code_spent_at = $2
                      WHERE code_digest = $1 AND code_spent_at IS NULL",
                        code.as_bytes(),
                        first.at.0
                    )? == 1;
                    if !won {
                        let revoked = fetch_in!(
                            tx,
                            fetch_optional,
                            (uuid::Uuid,),
                            "UPDATE approval SET revoked_at = $2
                          WHERE code_digest = $1 AND revoked_at IS NULL RETURNING id",
                            code.as_bytes(),
                            first.at.0
                        )?;
                        append(tx, &replay).await?;
                        return Ok((Redemption::Replay, revoked));
                    }
                    if let Some(token) = &refresh_token {
                        execute!(
                            tx,
                            "INSERT INTO refresh_token
                                (digest, approval_id, issued_at, idle_expires_at, expires_at)
                         SELECT $2, id, $3, $4, $5 FROM approval WHERE code_digest = $1",
                            code.as_bytes(),
                            token.digest.as_bytes(),
                            first.at.0,
                            token.idle_expires_at.0,
                            token.expires_at.0
                        )?;
                    }
                    append(tx, &first).await?;
                    Ok((Redemption::First, None))
                })
            })
            .await?;
        if let Some((id,)) = revoked {
            self.caches.forget(Change::Authorization(id));
        }
        Ok(redemption)
    }

    /// Takes an authorization back; every token of it is dead with the commit.
    pub async fn revoke_authorization(
        &self,
        id: AuthorizationId,
        record: AuditRecord,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "UPDATE approval SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
                    id.0,
                    record.at.0
                )?;
                append(tx, &record).await
            })
        })
        .await?;
        self.caches.forget(Change::Authorization(id.0));
        Ok(())
    }
}

/// Writes an authorization; one of the same key whose code nobody redeemed gives way.
async fn insert(
    tx: &mut Tx<'_>,
    new: &NewAuthorization,
    (document, lives_until): (&str, Timestamp),
) -> Result<bool, StoreError> {
    let mandate = new.approval.acting.as_ref().map(|acting| acting.mandate.0);
    let written = execute!(
        tx,
        "INSERT INTO approval (id, client_id, account_id, session_id, credential_epoch,
                            document, code_digest, code_expires_at, expires_at, created_at,
                            mandate_id)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                     ON CONFLICT (id) DO UPDATE
                        SET account_id = excluded.account_id, session_id = excluded.session_id,
                            credential_epoch = excluded.credential_epoch,
                            document = excluded.document, code_digest = excluded.code_digest,
                            code_expires_at = excluded.code_expires_at,
                            expires_at = excluded.expires_at, created_at = excluded.created_at,
                            mandate_id = excluded.mandate_id
                      WHERE approval.code_spent_at IS NULL AND approval.revoked_at IS NULL",
        new.id.0,
        new.client_id.as_str(),
        new.account_id.0,
        new.session_id.0,
        new.credential_epoch,
        document,
        new.code_digest.as_bytes(),
        new.code_expires_at.0,
        lives_until.0,
        new.created_at.0,
        mandate
    )?;
    Ok(written == 1)
}

impl Row {
    pub(super) fn into_authorization(self, now: Timestamp) -> Result<Authorization, StoreError> {
        let unreadable = || StoreError::Unreadable("authorization");
        let code = match self.code_spent_at {
            Some(_) => CodeState::Spent,
            None => CodeState::Fresh { expires_at: Timestamp(self.code_expires_at) },
        };
        let approval: Approval = serde_json::from_str(&self.document).map_err(|_| unreadable())?;
        let until = approval.acting.as_ref().and_then(|acting| acting.valid_until);
        Ok(Authorization {
            id: AuthorizationId(self.id),
            client_id: ClientId::parse(&self.client_id).ok_or_else(unreadable)?,
            account_id: AccountId(self.account_id),
            session_id: SessionId(self.session_id),
            approval,
            code,
            revoked_at: self.revoked_at.map(Timestamp).or(until.filter(|until| *until <= now)),
            session_ended: self.session_ended.is_some() || self.session_expires <= now.0,
            account_status: AccountStatus::parse(&self.account_status).ok_or_else(unreadable)?,
            credentials_changed: self.epoch_then != self.epoch_now,
            is_blocked: self.blocks > 0,
            created_at: Timestamp(self.created_at),
        })
    }
}
