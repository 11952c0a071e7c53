//! The audit chain in the database: on SQLite a record is chained as it is appended, since there
//! is one writer; on PostgreSQL a leased sealer chains what was committed (design D10).

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::domain::audit_event::ChainTail;
use crate::domain::client::ClientId;
use crate::domain::id::AccountId;
use crate::domain::id::AuditId;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::db::Db;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;
use crate::store::sql::db::store_error;

/// Which records are wanted.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// Of this account.
    pub account_id: Option<AccountId>,
    /// Older than this.
    pub before: Option<Timestamp>,
    /// At most so many.
    pub limit: i64,
}

/// A record with its place in the chain.
#[derive(Debug, Clone)]
pub struct SealedAudit {
    /// The record.
    pub record: AuditRecord,
    /// Its number and link, once sealed.
    pub seal: Option<(i64, Vec<u8>)>,
}

/// A signed statement of where the chain stood.
#[derive(Debug, Clone)]
pub struct SignedHead {
    /// The number of the last record it covers.
    pub sequence: i64,
    /// That record's link.
    pub link: Vec<u8>,
    /// When it was signed.
    pub signed_at: Timestamp,
    /// With which key.
    pub kid: String,
    /// SM2 over number, link and time.
    pub signature: Vec<u8>,
}

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: uuid::Uuid,
    sequence: Option<i64>,
    link: Option<Vec<u8>>,
    at: i64,
    kind: String,
    outcome: String,
    reason: String,
    account_id: Option<uuid::Uuid>,
    client_id: Option<String>,
    request_id: String,
    details: String,
    personal: Vec<u8>,
    mac: Vec<u8>,
}

/// Appends a record inside the transaction of what it tells.
pub(super) async fn append(tx: &mut Tx<'_>, record: &AuditRecord) -> Result<(), StoreError> {
    let seal = match tx {
        Tx::Postgres(_) => None,
        Tx::Sqlite { tail, .. } => {
            tail.extend(record);
            Some((tail.sequence, tail.link.clone()))
        }
    };
    execute!(
        tx,
        "INSERT INTO audit (id, sequence, link, at, kind, outcome, reason, account_id, client_id,
                            request_id, details, personal, mac)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        record.id.0,
        seal.as_ref().map(|seal| seal.0),
        seal.as_ref().map(|seal| seal.1.as_slice()),
        record.at.0,
        record.kind.as_str(),
        record.outcome.as_str(),
        record.reason.as_str(),
        record.account_id.map(|id| id.0),
        record.client_id.as_ref().map(ClientId::as_str),
        record.request_id.as_str(),
        record.details.as_str(),
        record.personal.as_slice(),
        record.mac.as_slice()
    )?;
    Ok(())
}

impl Store {
    /// Appends a record of something that changed nothing else: a refusal.
    pub async fn record(&self, record: AuditRecord) -> Result<(), StoreError> {
        self.write(move |tx| Box::pin(async move { append(tx, &record).await })).await
    }

    /// Chains committed records, oldest first; says how many. Only PostgreSQL has any to chain.
    pub async fn seal_audit(&self, limit: i64) -> Result<u64, StoreError> {
        let Db::Postgres(pool) = &self.db else { return Ok(0) };
        let mut tail = self.audit_tail().await?;
        let waiting = fetch!(
            &self.db,
            fetch_all,
            Row,
            "SELECT id, sequence, link, at, kind, outcome, reason, account_id, client_id,
                    request_id, details, personal, mac
               FROM audit WHERE sequence IS NULL ORDER BY at, id LIMIT $1",
            limit
        )?;
        let (mut ids, mut sequences, mut links) = (Vec::new(), Vec::new(), Vec::new());
        for row in waiting {
            let record = row.into_sealed()?.record;
            tail.extend(&record);
            ids.push(record.id.0);
            sequences.push(tail.sequence);
            links.push(tail.link.clone());
        }
        // The sequence is unique: of two sealers that disagree one fails, and with it its whole turn.
        sqlx::query(
            "UPDATE audit SET sequence = turn.sequence, link = turn.link
               FROM UNNEST($1, $2, $3) AS turn (id, sequence, link)
              WHERE audit.id = turn.id AND audit.sequence IS NULL",
        )
        .bind(ids)
        .bind(sequences)
        .bind(links)
        .execute(pool)
        .await
        .map(|done| done.rows_affected())
        .map_err(store_error)
    }

    /// Records of the chain after `after`, in order.
    pub async fn audit_chain(
        &self,
        after: i64,
        limit: i64,
    ) -> Result<Vec<SealedAudit>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            Row,
            "SELECT id, sequence, link, at, kind, outcome, reason, account_id, client_id,
                    request_id, details, personal, mac
               FROM audit WHERE sequence > $1 ORDER BY sequence LIMIT $2",
            after,
            limit
        )?;
        rows.into_iter().map(Row::into_sealed).collect()
    }

    /// Records that match, newest first.
    pub async fn find_audit(&self, query: &AuditQuery) -> Result<Vec<SealedAudit>, StoreError> {
        let before = query.before.map_or(i64::MAX, |before| before.0);
        let rows = match query.account_id {
            Some(account_id) => fetch!(
                &self.db,
                fetch_all,
                Row,
                "SELECT id, sequence, link, at, kind, outcome, reason, account_id, client_id,
                        request_id, details, personal, mac
                   FROM audit WHERE account_id = $1 AND at < $2
                  ORDER BY at DESC, id DESC LIMIT $3",
                account_id.0,
                before,
                query.limit
            )?,
            None => fetch!(
                &self.db,
                fetch_all,
                Row,
                "SELECT id, sequence, link, at, kind, outcome, reason, account_id, client_id,
                        request_id, details, personal, mac
                   FROM audit WHERE at < $1 ORDER BY at DESC, id DESC LIMIT $2",
                before,
                query.limit
            )?,
        };
        rows.into_iter().map(Row::into_sealed).collect()
    }

    /// How many records are not sealed yet.
    pub async fn unsealed_audit(&self) -> Result<i64, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            (i64,),
            "SELECT COUNT(*) FROM audit WHERE sequence IS NULL"
        )?;
        Ok(row.map_or(0, |row| row.0))
    }

    /// Keeps a signed head.
    pub async fn add_audit_head(&self, head: SignedHead) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "INSERT INTO audit_head (sequence, link, signed_at, kid, signature)
                     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (sequence) DO NOTHING",
                    head.sequence,
                    head.link.as_slice(),
                    head.signed_at.0,
                    head.kid.as_str(),
                    head.signature.as_slice()
                )
                .map(drop)
            })
        })
        .await
    }

    /// Of the heads signed before `before` keeps the last one of every `span`, in milliseconds.
    pub async fn thin_audit_heads(&self, before: Timestamp, span: i64) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "DELETE FROM audit_head
                      WHERE signed_at < $1 AND sequence NOT IN
                            (SELECT MAX(sequence) FROM audit_head GROUP BY signed_at / $2)",
                    before.0,
                    span
                )
                .map(drop)
            })
        })
        .await
    }

    /// The newest signed head.
    pub async fn last_audit_head(&self) -> Result<Option<SignedHead>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            (i64, Vec<u8>, i64, String, Vec<u8>),
            "SELECT sequence, link, signed_at, kid, signature FROM audit_head
              ORDER BY sequence DESC LIMIT 1"
        )?;
        Ok(row.map(read_head))
    }

    /// The signed heads, oldest first.
    pub async fn audit_heads(&self) -> Result<Vec<SignedHead>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            (i64, Vec<u8>, i64, String, Vec<u8>),
            "SELECT sequence, link, signed_at, kid, signature FROM audit_head ORDER BY sequence"
        )?;
        Ok(rows.into_iter().map(read_head).collect())
    }

    /// Where the chain ends.
    pub async fn audit_tail(&self) -> Result<ChainTail, StoreError> {
        let last = fetch!(
            &self.db,
            fetch_optional,
            (i64, Vec<u8>),
            "SELECT sequence, link FROM audit WHERE sequence IS NOT NULL
              ORDER BY sequence DESC LIMIT 1"
        )?;
        Ok(last.map_or_else(ChainTail::default, |(sequence, link)| ChainTail { sequence, link }))
    }
}

fn read_head(row: (i64, Vec<u8>, i64, String, Vec<u8>)) -> SignedHead {
    let (sequence, link, signed_at, kid, signature) = row;
    SignedHead { sequence, link, signed_at: Timestamp(signed_at), kid, signature }
}

impl Row {
    pub(super) fn into_sealed(self) -> Result<SealedAudit, StoreError> {
        let client_id = match self.client_id {
            None => None,
            Some(id) => Some(ClientId::parse(&id).ok_or(StoreError::Unreadable("audit record"))?),
        };
        Ok(SealedAudit {
            seal: self.sequence.zip(self.link),
            record: AuditRecord {
                id: AuditId(self.id),
                at: Timestamp(self.at),
                kind: self.kind,
                outcome: self.outcome,
                reason: self.reason,
                account_id: self.account_id.map(AccountId),
                client_id,
                request_id: self.request_id,
                details: self.details,
                personal: self.personal,
                mac: self.mac,
            },
        })
    }
}
