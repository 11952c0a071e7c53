//! Sessions and their end (design D5, D6): ids change at every rise of privilege, an ended session
//! stays ended, and whoever was reached by it is told through the outbox in the same transaction.

use crate::clock::Timestamp;
use crate::domain::account::Account;
use crate::domain::assurance::Proof;
use crate::domain::audit_event::AuditRecord;
use crate::domain::client::ClientId;
use crate::domain::delivery::Message;
use crate::domain::id::AccountId;
use crate::domain::id::DeliveryId;
use crate::domain::id::SessionDigest;
use crate::domain::id::SessionId;
use crate::domain::session::Session;
use crate::domain::session::SessionLifetime;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::cache::Change;
use crate::store::sql::accounts;
use crate::store::sql::audit::append;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;
use crate::store::sql::db::fetch_in;

/// A session to be begun.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The session.
    pub session: Session,
    /// The digest of its cookie.
    pub digest: SessionDigest,
    /// The cookie this browser had before: that session ends now.
    pub replaces: Option<SessionDigest>,
}

/// Which session shall end.
#[derive(Debug, Clone, Copy)]
pub enum SessionEnd {
    /// This one.
    One(SessionId),
    /// All of the account.
    All,
    /// All but this one.
    AllBut(SessionId),
}

/// What ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedSession {
    /// How many sessions ended.
    pub sessions: u64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: uuid::Uuid,
    account_id: uuid::Uuid,
    proofs: String,
    user_agent: String,
    created_at: i64,
    last_seen_at: i64,
    expires_at: i64,
    credential_epoch: i64,
}

/// A session with its account, which has the same `credential_epoch`.
#[derive(sqlx::FromRow)]
struct RowWithAccount {
    session_id: uuid::Uuid,
    proofs: String,
    user_agent: String,
    session_created_at: i64,
    last_seen_at: i64,
    expires_at: i64,
    #[sqlx(flatten)]
    account: accounts::Row,
}

impl RowWithAccount {
    fn read(self) -> Result<(Session, Account), StoreError> {
        let account = self.account.into_account()?;
        let row = Row {
            id: self.session_id,
            account_id: account.id.0,
            proofs: self.proofs,
            user_agent: self.user_agent,
            created_at: self.session_created_at,
            last_seen_at: self.last_seen_at,
            expires_at: self.expires_at,
            credential_epoch: account.credential_epoch,
        };
        Ok((row.into_session()?, account))
    }
}

impl Store {
    /// Begins a session, and ends the one the browser had.
    pub async fn start_session(
        &self,
        new: NewSession,
        record: AuditRecord,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let proofs = write_proofs(&new.session.proofs)?;
        let replaced = self
            .write(move |tx| {
                Box::pin(async move {
                    let mut replaced = None;
                    if let Some(old) = new.replaces {
                        let found = fetch_in!(
                            tx,
                            fetch_optional,
                            (uuid::Uuid, uuid::Uuid),
                            "SELECT id, account_id FROM session
                          WHERE digest = $1 AND ended_at IS NULL",
                            old.as_bytes()
                        )?;
                        if let Some((id, owner)) = found {
                            end_one(tx, SessionId(id), now).await?;
                            replaced = Some(owner);
                        }
                    }
                    let session = &new.session;
                    execute!(
                        tx,
                        "INSERT INTO session (id, digest, account_id, credential_epoch, proofs,
                                          user_agent, created_at, last_seen_at, expires_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
                        session.id.0,
                        new.digest.as_bytes(),
                        session.account_id.0,
                        session.credential_epoch,
                        proofs.as_str(),
                        session.user_agent.as_str(),
                        session.created_at.0,
                        session.expires_at.0
                    )?;
                    append(tx, &record).await?;
                    Ok(replaced)
                })
            })
            .await?;
        if let Some(owner) = replaced {
            self.caches.forget(Change::Account(owner));
        }
        Ok(())
    }

    /// Adds what was proven and changes the session's id with it. `false` when the session ended,
    /// or moved on, meanwhile.
    pub async fn raise_session(
        &self,
        from: SessionDigest,
        to: SessionDigest,
        proofs: &[Proof],
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        let proofs = write_proofs(proofs)?;
        self.write(move |tx| {
            Box::pin(async move {
                let raised = execute!(
                    tx,
                    "UPDATE session SET digest = $2, proofs = $3, last_seen_at = $4
                      WHERE digest = $1 AND ended_at IS NULL AND expires_at > $4",
                    from.as_bytes(),
                    to.as_bytes(),
                    proofs.as_str(),
                    record.at.0
                )? == 1;
                if raised {
                    append(tx, &record).await?;
                }
                Ok(raised)
            })
        })
        .await
    }

    /// The live session of that cookie, and its account: not ended, not expired, not idle too long, the
    /// account active and its credentials unchanged.
    pub async fn find_session(
        &self,
        digest: SessionDigest,
        lifetime: SessionLifetime,
        now: Timestamp,
    ) -> Result<Option<(Session, Account)>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            RowWithAccount,
            concat!(
                "SELECT s.id AS session_id, s.proofs, s.user_agent,
                        s.created_at AS session_created_at, s.last_seen_at, s.expires_at, ",
                accounts::columns!(),
                " FROM session s JOIN account a ON a.id = s.account_id
                  WHERE s.digest = $1 AND s.ended_at IS NULL AND s.expires_at > $2
                    AND s.last_seen_at > $3 AND a.status = 'active'
                    AND a.credential_epoch = s.credential_epoch"
            ),
            digest.as_bytes(),
            now.0,
            now.minus(lifetime.idle).0
        )?;
        row.map(RowWithAccount::read).transpose()
    }

    /// The session that a client knows by this `sid`, while it lives.
    pub async fn find_session_of_client(
        &self,
        client: &ClientId,
        sid: &str,
    ) -> Result<Option<(AccountId, SessionId)>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            (uuid::Uuid, uuid::Uuid),
            "SELECT s.account_id, s.id FROM session_client c JOIN session s ON s.id = c.session_id
              WHERE c.sid = $1 AND c.client_id = $2 AND s.ended_at IS NULL",
            sid,
            client.as_str()
        )?;
        Ok(row.map(|(account, session)| (AccountId(account), SessionId(session))))
    }

    /// Notes that the session was used. Never brings an ended one back.
    pub async fn touch_session(&self, id: SessionId, now: Timestamp) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "UPDATE session SET last_seen_at = $2
                      WHERE id = $1 AND ended_at IS NULL AND last_seen_at < $2",
                    id.0,
                    now.0
                )
                .map(drop)
            })
        })
        .await
    }

    /// The account's live sessions, newest first.
    pub async fn list_sessions(
        &self,
        account: AccountId,
        lifetime: SessionLifetime,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            Row,
            "SELECT id, account_id, proofs, user_agent, created_at, last_seen_at, expires_at,
                    credential_epoch
               FROM session WHERE account_id = $1 AND ended_at IS NULL AND expires_at > $2
                AND last_seen_at > $3 ORDER BY created_at DESC LIMIT 100",
            account.0,
            now.0,
            now.minus(lifetime.idle).0
        )?;
        rows.into_iter().map(Row::into_session).collect()
    }

    /// Ends sessions, puts a logout token for every client they reached into the outbox, and
    /// records it. Only the account's own: another's id ends nothing.
    pub async fn end_sessions(
        &self,
        account: AccountId,
        which: SessionEnd,
        record: AuditRecord,
    ) -> Result<EndedSession, StoreError> {
        let ended = self
            .write(move |tx| {
                Box::pin(async move {
                    let sessions = match which {
                        SessionEnd::One(id) => {
                            let own = fetch_in!(
                                tx,
                                fetch_optional,
                                (uuid::Uuid,),
                                "SELECT account_id FROM session WHERE id = $1 AND ended_at IS NULL",
                                id.0
                            )?;
                            match own {
                                Some((owner,)) if owner == account.0 => {
                                    u64::from(end_one(tx, id, record.at).await?)
                                }
                                _ => 0,
                            }
                        }
                        SessionEnd::All => end_all(tx, account, None, record.at).await?,
                        SessionEnd::AllBut(this) => {
                            end_all(tx, account, Some(this), record.at).await?
                        }
                    };
                    if sessions > 0 {
                        append(tx, &record).await?;
                    }
                    Ok(EndedSession { sessions })
                })
            })
            .await?;
        self.caches.forget(Change::Account(account.0));
        Ok(ended)
    }
}

/// Ends every live session of the account, but for one; says how many.
pub(super) async fn end_all(
    tx: &mut Tx<'_>,
    account: AccountId,
    but: Option<SessionId>,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let live = fetch_in!(
        tx,
        fetch_all,
        (uuid::Uuid,),
        // In one order, so that two who end them do not wait for each other.
        "SELECT id FROM session WHERE account_id = $1 AND ended_at IS NULL ORDER BY id",
        account.0
    )?;
    let mut ended = 0;
    for (id,) in live {
        let id = SessionId(id);
        if Some(id) != but {
            ended += u64::from(end_one(tx, id, now).await?);
        }
    }
    Ok(ended)
}

/// Ends one session. Who ends it first tells the clients; whoever comes later does nothing.
async fn end_one(tx: &mut Tx<'_>, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
    let first = execute!(
        tx,
        "UPDATE session SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL",
        id.0,
        now.0
    )? == 1;
    if first {
        tell_clients(tx, id, now).await?;
    }
    Ok(first)
}

async fn tell_clients(tx: &mut Tx<'_>, id: SessionId, now: Timestamp) -> Result<(), StoreError> {
    let reached = fetch_in!(
        tx,
        fetch_all,
        (String, String, String),
        "SELECT client_id, sub, sid FROM session_client WHERE session_id = $1",
        id.0
    )?;
    for (client_id, sub, sid) in reached {
        let Some(client_id) = ClientId::parse(&client_id) else { continue };
        let delivery = crate::domain::delivery::NewDelivery {
            id: DeliveryId::generate(),
            client_id,
            message: Message::Logout { sub, sid },
            created_at: now,
        };
        crate::store::sql::outbox::enqueue(tx, &delivery).await?;
    }
    Ok(())
}

fn write_proofs(proofs: &[Proof]) -> Result<String, StoreError> {
    serde_json::to_string(proofs).map_err(|_| StoreError::Unreadable("proof"))
}

impl Row {
    fn into_session(self) -> Result<Session, StoreError> {
        Ok(Session {
            id: SessionId(self.id),
            account_id: AccountId(self.account_id),
            proofs: serde_json::from_str(&self.proofs)
                .map_err(|_| StoreError::Unreadable("session"))?,
            created_at: Timestamp(self.created_at),
            last_seen_at: Timestamp(self.last_seen_at),
            expires_at: Timestamp(self.expires_at),
            credential_epoch: self.credential_epoch,
            user_agent: self.user_agent,
        })
    }
}
