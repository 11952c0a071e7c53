//! Authorizations: issued with a code, redeemed once, read for every token's validity (RFC 6749
//! §4.1; design D8), and the consent they rest on.

use crate::clock::Timestamp;
use crate::domain::account::AccountStatus;
use crate::domain::audit_event::AuditRecord;
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
use crate::domain::scope::Scope;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::audit::append;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;

/// The text that reads authorizations, with everything their validity hangs on.
macro_rules! select_authorization {
    ($condition:literal) => {
        concat!(
            "SELECT p.id, p.client_id, p.account_id, p.session_id, p.document, p.code_expires_at,
                    p.code_spent_at, p.revoked_at, p.created_at, p.credential_epoch AS epoch_then,
                    a.credential_epoch AS epoch_now, a.status AS account_status,
                    s.ended_at AS session_ended, s.expires_at AS session_expires
               FROM approval p
               JOIN account a ON a.id = p.account_id
               JOIN session s ON s.id = p.session_id
              WHERE ",
            $condition
        )
    };
}

#[derive(sqlx::FromRow)]
struct Row {
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
}

/// What a person agreed to share with a client.
#[derive(Debug, Clone)]
pub struct Consent {
    /// With whom.
    pub client_id: ClientId,
    /// What.
    pub scope: Scope,
    /// Claims by name beyond the scope's.
    pub claims: Vec<String>,
    /// Since when.
    pub granted_at: Timestamp,
}

impl Store {
    /// Keeps an authorization with its code, and notes that the session reached this client.
    pub async fn add_authorization(
        &self,
        new: NewAuthorization,
        lives_until: Timestamp,
        record: AuditRecord,
    ) -> Result<(), StoreError> {
        let document = serde_json::to_string(&new.approval)
            .map_err(|_| StoreError::Unreadable("authorization"))?;
        self.write(move |tx| {
            Box::pin(async move {
                // The session may have ended since it was read: then nothing is issued.
                let reached = execute!(
                    tx,
                    "INSERT INTO session_client (session_id, client_id, sub, sid, created_at)
                     SELECT id, $2, $3, $4, $5 FROM session WHERE id = $1 AND ended_at IS NULL
                     ON CONFLICT (session_id, client_id) DO UPDATE SET sub = excluded.sub",
                    new.session_id.0,
                    new.client_id.as_str(),
                    new.approval.subject.as_str(),
                    new.approval.sid.as_str(),
                    new.created_at.0
                )?;
                if reached == 0 {
                    return Err(StoreError::Taken);
                }
                execute!(
                    tx,
                    "INSERT INTO approval (id, client_id, account_id, session_id, credential_epoch,
                            document, code_digest, code_expires_at, expires_at, created_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                    new.id.0,
                    new.client_id.as_str(),
                    new.account_id.0,
                    new.session_id.0,
                    new.credential_epoch,
                    document.as_str(),
                    new.code_digest.as_bytes(),
                    new.code_expires_at.0,
                    lives_until.0,
                    new.created_at.0
                )?;
                append(tx, &record).await
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

    /// The authorization of an access token, unless that token was revoked alone.
    pub async fn find_authorization_of_token(
        &self,
        id: AuthorizationId,
        jti: &str,
        now: Timestamp,
    ) -> Result<Option<Authorization>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            Row,
            select_authorization!(
                "p.id = $1 AND NOT EXISTS (SELECT 1 FROM revoked_access_token WHERE jti = $2)"
            ),
            id.0,
            jti
        )?;
        row.map(|row| row.into_authorization(now)).transpose()
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
        self.write(move |tx| {
            Box::pin(async move {
                // The row lock of the UPDATE decides the race; a SELECT first would reopen it.
                let won = execute!(
                    tx,
                    "UPDATE approval SET code_spent_at = $2
                      WHERE code_digest = $1 AND code_spent_at IS NULL",
                    code.as_bytes(),
                    first.at.0
                )? == 1;
                if !won {
                    execute!(
                        tx,
                        "UPDATE approval SET revoked_at = $2
                          WHERE code_digest = $1 AND revoked_at IS NULL",
                        code.as_bytes(),
                        first.at.0
                    )?;
                    append(tx, &replay).await?;
                    return Ok(Redemption::Replay);
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
                Ok(Redemption::First)
            })
        })
        .await
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
        .await
    }

    /// What the person agreed to share with this client.
    pub async fn find_consent(
        &self,
        account: AccountId,
        client: &ClientId,
    ) -> Result<Option<Consent>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            (String, String, String, i64),
            "SELECT client_id, scope, claims, granted_at FROM consent
              WHERE account_id = $1 AND client_id = $2",
            account.0,
            client.as_str()
        )?;
        row.map(read_consent).transpose()
    }

    /// Everything the person agreed to share, newest first.
    pub async fn list_consents(&self, account: AccountId) -> Result<Vec<Consent>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            (String, String, String, i64),
            "SELECT client_id, scope, claims, granted_at FROM consent
              WHERE account_id = $1 ORDER BY granted_at DESC LIMIT 500",
            account.0
        )?;
        rows.into_iter().map(read_consent).collect()
    }

    /// Remembers an agreement.
    pub async fn grant_consent(
        &self,
        account: AccountId,
        consent: Consent,
        record: AuditRecord,
    ) -> Result<(), StoreError> {
        let claims = serde_json::to_string(&consent.claims)
            .map_err(|_| StoreError::Unreadable("consent"))?;
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "INSERT INTO consent (account_id, client_id, scope, claims, granted_at)
                     VALUES ($1, $2, $3, $4, $5)
                     ON CONFLICT (account_id, client_id) DO UPDATE
                     SET scope = excluded.scope, claims = excluded.claims,
                         granted_at = excluded.granted_at",
                    account.0,
                    consent.client_id.as_str(),
                    consent.scope.to_string().as_str(),
                    claims.as_str(),
                    consent.granted_at.0
                )?;
                append(tx, &record).await
            })
        })
        .await
    }

    /// Takes an agreement back, and with it every authorization that rests on it.
    pub async fn withdraw_consent(
        &self,
        account: AccountId,
        client: &ClientId,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        let client = client.as_str().to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                let withdrawn = execute!(
                    tx,
                    "DELETE FROM consent WHERE account_id = $1 AND client_id = $2",
                    account.0,
                    client.as_str()
                )? == 1;
                revoke_of(tx, account, &client, record.at).await?;
                append(tx, &record).await?;
                Ok(withdrawn)
            })
        })
        .await
    }
}

async fn revoke_of(
    tx: &mut Tx<'_>,
    account: AccountId,
    client: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE approval SET revoked_at = $3
          WHERE account_id = $1 AND client_id = $2 AND revoked_at IS NULL",
        account.0,
        client,
        now.0
    )
    .map(drop)
}

fn read_consent(row: (String, String, String, i64)) -> Result<Consent, StoreError> {
    let unreadable = || StoreError::Unreadable("consent");
    let (client_id, scope, claims, granted_at) = row;
    Ok(Consent {
        client_id: ClientId::parse(&client_id).ok_or_else(unreadable)?,
        scope: Scope::parse(&scope).map_err(|_| unreadable())?,
        claims: serde_json::from_str(&claims).map_err(|_| unreadable())?,
        granted_at: Timestamp(granted_at),
    })
}

impl Row {
    fn into_authorization(self, now: Timestamp) -> Result<Authorization, StoreError> {
        let unreadable = || StoreError::Unreadable("authorization");
        let code = match self.code_spent_at {
            Some(_) => CodeState::Spent,
            None => CodeState::Fresh { expires_at: Timestamp(self.code_expires_at) },
        };
        Ok(Authorization {
            id: AuthorizationId(self.id),
            client_id: ClientId::parse(&self.client_id).ok_or_else(unreadable)?,
            account_id: AccountId(self.account_id),
            session_id: SessionId(self.session_id),
            approval: serde_json::from_str(&self.document).map_err(|_| unreadable())?,
            code,
            revoked_at: self.revoked_at.map(Timestamp),
            session_ended: self.session_ended.is_some() || self.session_expires <= now.0,
            account_status: AccountStatus::parse(&self.account_status).ok_or_else(unreadable)?,
            credentials_changed: self.epoch_then != self.epoch_now,
            created_at: Timestamp(self.created_at),
        })
    }
}
