//! Evidence of who somebody is: only ever added. The level it earns is reached in the same transaction, by one
//! conditional statement that never lowers it (design D4).

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::domain::evidence::AtCounter;
use crate::domain::evidence::Comparison;
use crate::domain::evidence::Evidence;
use crate::domain::evidence::Finding;
use crate::domain::evidence::SeenDocument;
use crate::domain::evidence::Source;
use crate::domain::id::AccountId;
use crate::domain::id::EvidenceId;
use crate::domain::id::OperatorId;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::audit::append;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;

/// So many verifications of an account are read; nobody has more.
const MOST: i64 = 500;

#[derive(sqlx::FromRow)]
struct Row {
    id: uuid::Uuid,
    source: String,
    compared: String,
    finding: String,
    document: Option<String>,
    clerk_id: Option<uuid::Uuid>,
    officer_id: Option<uuid::Uuid>,
    reference: Vec<u8>,
    at: i64,
}

impl Store {
    /// Every verification of an account, newest first.
    pub async fn list_evidence(&self, account: AccountId) -> Result<Vec<Evidence>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            Row,
            "SELECT id, source, compared, finding, document, clerk_id, officer_id, reference, at
               FROM evidence WHERE account_id = $1 ORDER BY at DESC, id DESC LIMIT $2",
            account.0,
            MOST
        )?;
        rows.into_iter().map(|row| row.read(account)).collect()
    }
}

/// Keeps a verification.
pub(super) async fn insert(tx: &mut Tx<'_>, evidence: &Evidence) -> Result<(), StoreError> {
    let level = i64::from(evidence.level());
    let seen = evidence.at_counter;
    execute!(
        tx,
        "INSERT INTO evidence (id, account_id, source, compared, finding, level, document, clerk_id,
                               officer_id, reference, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        evidence.id.0,
        evidence.account_id.0,
        evidence.source.as_str(),
        evidence.compared.to_string(),
        evidence.finding.as_str(),
        level,
        seen.map(|seen| seen.document.as_str()),
        seen.map(|seen| seen.clerk.0),
        seen.map(|seen| seen.officer.0),
        evidence.reference.as_slice(),
        evidence.at.0
    )
    .map(drop)
}

/// Keeps a verification with its record, and lets the account rise to what it earns: upwards only, and never
/// beyond what an account from another platform may reach. `false` when there is no usable account any more.
pub(super) async fn take(
    tx: &mut Tx<'_>,
    evidence: &Evidence,
    record: &AuditRecord,
) -> Result<bool, StoreError> {
    let level = i64::from(evidence.level());
    let usable = execute!(
        tx,
        "UPDATE account SET
            updated_at = CASE
                WHEN identity_assurance < $2 AND (assurance_cap IS NULL OR assurance_cap >= $2)
                THEN $3 ELSE updated_at END,
            identity_assurance = CASE
                WHEN identity_assurance < $2 AND (assurance_cap IS NULL OR assurance_cap >= $2)
                THEN $2 ELSE identity_assurance END
          WHERE id = $1 AND status = 'active'",
        evidence.account_id.0,
        level,
        evidence.at.0
    )? == 1;
    if usable {
        insert(tx, evidence).await?;
        append(tx, record).await?;
    }
    Ok(usable)
}

/// The same, while the sealed profile is the one that was judged.
pub(super) async fn take_of(
    tx: &mut Tx<'_>,
    evidence: &Evidence,
    record: &AuditRecord,
    profile: &[u8],
) -> Result<bool, StoreError> {
    let same = execute!(
        tx,
        "UPDATE account SET updated_at = updated_at WHERE id = $1 AND profile = $2",
        evidence.account_id.0,
        profile
    )? == 1;
    if same { take(tx, evidence, record).await } else { Ok(false) }
}

impl Row {
    fn read(self, account_id: AccountId) -> Result<Evidence, StoreError> {
        let unreadable = || StoreError::Unreadable("evidence");
        let at_counter = match (self.document, self.clerk_id, self.officer_id) {
            (None, None, None) => None,
            (Some(document), Some(clerk), Some(officer)) => Some(AtCounter {
                document: SeenDocument::parse(&document).ok_or_else(unreadable)?,
                clerk: OperatorId(clerk),
                officer: OperatorId(officer),
            }),
            _ => return Err(unreadable()),
        };
        Ok(Evidence {
            id: EvidenceId(self.id),
            account_id,
            source: Source::parse(&self.source).ok_or_else(unreadable)?,
            compared: Comparison::parse(&self.compared).ok_or_else(unreadable)?,
            finding: Finding::parse(&self.finding).ok_or_else(unreadable)?,
            at_counter,
            reference: self.reference,
            at: Timestamp(self.at),
        })
    }
}
