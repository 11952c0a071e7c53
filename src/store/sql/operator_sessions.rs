//! Sessions of operators: begun with a code of the app that counts once, found while they live, ended.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::domain::id::OperatorId;
use crate::domain::id::OperatorSessionDigest;
use crate::domain::operator::Operator;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::audit::append;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;
use crate::store::sql::operators::Row;
use crate::store::sql::operators::select_operator;

/// An operator's session, while it lives.
#[derive(Debug, Clone)]
pub struct OperatorSession {
    /// Whose.
    pub operator: Operator,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct SessionRow {
    #[sqlx(flatten)]
    operator: Row,
    last_seen_at: i64,
}

impl Store {
    /// Begins a session and ends the one this browser had, if the step of the code was not used before and the operator is as he was when
    /// his password was checked.
    pub async fn start_operator_session(
        &self,
        (replaced, digest): (Option<OperatorSessionDigest>, OperatorSessionDigest),
        operator: &Operator,
        (step, expires_at): (i64, Timestamp),
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        let (id, epoch) = (operator.id, operator.credential_epoch);
        self.write(move |tx| {
            Box::pin(async move {
                let spent = execute!(
                    tx,
                    "UPDATE operator SET totp_last_step = $3, last_login_at = $4
                      WHERE id = $1 AND credential_epoch = $2 AND status = 'active'
                        AND totp_last_step < $3",
                    id.0,
                    epoch,
                    step,
                    record.at.0
                )? == 1;
                if spent {
                    if let Some(replaced) = replaced {
                        execute!(
                            tx,
                            "UPDATE operator_session SET ended_at = $2
                              WHERE digest = $1 AND ended_at IS NULL",
                            replaced.as_bytes(),
                            record.at.0
                        )?;
                    }
                    execute!(
                        tx,
                        "INSERT INTO operator_session (digest, operator_id, credential_epoch,
                                                       created_at, last_seen_at, expires_at)
                         VALUES ($1, $2, $3, $4, $4, $5)",
                        digest.as_bytes(),
                        id.0,
                        epoch,
                        record.at.0,
                        expires_at.0
                    )?;
                    append(tx, &record).await?;
                }
                Ok(spent)
            })
        })
        .await
    }

    /// The session of that cookie, if it lives.
    pub async fn find_operator_session(
        &self,
        digest: OperatorSessionDigest,
        idle: Duration,
        now: Timestamp,
    ) -> Result<Option<OperatorSession>, StoreError> {
        let sql = select_operator!(
            ", s.last_seen_at FROM operator_session s JOIN operator o ON o.id = s.operator_id
              WHERE s.digest = $1 AND s.ended_at IS NULL AND s.expires_at > $2
                AND s.last_seen_at > $3 AND o.status = 'active'
                AND o.credential_epoch = s.credential_epoch"
        );
        let since = now.minus(idle).0;
        let row =
            fetch!(&self.db, fetch_optional, SessionRow, sql, digest.as_bytes(), now.0, since)?;
        row.map(|row| {
            let last_seen_at = Timestamp(row.last_seen_at);
            Ok(OperatorSession { operator: row.operator.read()?, last_seen_at })
        })
        .transpose()
    }

    /// Notes that the session is used.
    pub async fn touch_operator_session(
        &self,
        digest: OperatorSessionDigest,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "UPDATE operator_session SET last_seen_at = $2
                      WHERE digest = $1 AND ended_at IS NULL AND last_seen_at < $2",
                    digest.as_bytes(),
                    now.0
                )
                .map(drop)
            })
        })
        .await
    }

    /// Sets another password, for a code that nobody used: every session of the operator is over.
    pub async fn change_operator_password(
        &self,
        id: OperatorId,
        (step, password_hash): (i64, String),
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let changed = execute!(
                    tx,
                    "UPDATE operator SET password_hash = $3, totp_last_step = $2,
                            credential_epoch = credential_epoch + 1
                      WHERE id = $1 AND totp_last_step < $2 AND status = 'active'",
                    id.0,
                    step,
                    password_hash.as_str()
                )? == 1;
                if changed {
                    append(tx, &record).await?;
                }
                Ok(changed)
            })
        })
        .await
    }

    /// Ends the session.
    pub async fn end_operator_session(
        &self,
        digest: OperatorSessionDigest,
        record: AuditRecord,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let ended = execute!(
                    tx,
                    "UPDATE operator_session SET ended_at = $2
                      WHERE digest = $1 AND ended_at IS NULL",
                    digest.as_bytes(),
                    record.at.0
                )? == 1;
                if ended { append(tx, &record).await } else { Ok(()) }
            })
        })
        .await
    }
}
