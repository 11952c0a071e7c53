//! What two officers decide of batches of codes, and of mappings from legacy codes to credit codes. Of several that stand for a legacy code
//! one counts, and the others keep their place behind it: when it is taken back, the next one counts.
//!
//! `precedence` is that place. It grows with every mapping of a legacy code that counts anew, and who says the same
//! as what counts shares its place. `yielded_to` is the place a disputed mapping was settled against.

use crate::clock::Timestamp;
use crate::domain::id::CodeBatchId;
use crate::domain::id::LegacyCodeId;
use crate::domain::id::OperatorId;
use crate::store::StoreError;
use crate::store::sql::code_batches;
use crate::store::sql::code_publications;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch_in;
use crate::store::sql::registers::take_time;

/// What two officers decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeStep {
    /// The mappings of a batch count, or its new codes are published.
    Confirm(CodeBatchId),
    /// They count no more; what stood behind them does. New codes that were confirmed stay.
    RollBack(CodeBatchId),
    /// A disputed mapping counts, and what contradicts it does not.
    Accept(LegacyCodeId),
    /// A disputed mapping does not count.
    Reject(LegacyCodeId),
}

/// Does what was decided; `false` when it could not be done any more, and then nothing was.
pub(super) async fn take(
    tx: &mut Tx<'_>,
    step: CodeStep,
    by: OperatorId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    take_time(tx).await?;
    // One at a time: of two batches that say different things of a legacy code the later one sees the other's.
    execute!(
        tx,
        "INSERT INTO lease (name, holder, until_at) VALUES ('legacy codes', 'decision', 0)
         ON CONFLICT (name) DO UPDATE SET until_at = 0"
    )?;
    match step {
        CodeStep::Confirm(batch) => confirm(tx, batch, by, now).await,
        CodeStep::RollBack(batch) => roll_back(tx, batch, by, now).await,
        CodeStep::Accept(code) => accept(tx, code, by, now).await,
        CodeStep::Reject(code) => reject(tx, code, by, now).await,
    }
}

/// A batch is of one kind, and of the other one it has no rows. Nothing is confirmed of a code that is withdrawn.
async fn confirm(
    tx: &mut Tx<'_>,
    batch: CodeBatchId,
    by: OperatorId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let moved = execute!(
        tx,
        "UPDATE code_batch SET state = 'confirmed', decided_by = $2, decided_at = $3
          WHERE id = $1 AND state = 'staged' AND NOT EXISTS (
            SELECT 1 FROM code_announcement mine
              JOIN code_announcement gone ON gone.uscc_digest = mine.uscc_digest
             WHERE mine.batch_id = $1 AND gone.status = 'withdrawn' AND gone.received_at < $4)",
        batch.0,
        by.0,
        now.0,
        code_publications::WAITING.0
    )?;
    if moved != 1 {
        return Ok(false);
    }
    code_publications::confirm(tx, batch, now).await?;
    compare_anew(tx, batch).await?;
    execute!(
        tx,
        "UPDATE legacy_code SET status = 'confirmed', decided_by = $2, decided_at = $3,
                precedence = 1 + (SELECT COALESCE(MAX(other.precedence), 0) FROM legacy_code other
                                   WHERE other.digest = legacy_code.digest)
          WHERE batch_id = $1 AND status = 'candidate'",
        batch.0,
        by.0,
        now.0
    )?;
    code_batches::tally(tx, batch).await?;
    Ok(true)
}

/// What counted when the batch was read may count no more, and something else may: the same again is spare, anything
/// else is a dispute, and what is left waits to count.
async fn compare_anew(tx: &mut Tx<'_>, batch: CodeBatchId) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE legacy_code SET status = 'candidate', precedence = NULL
          WHERE batch_id = $1 AND status = 'superseded' AND decided_by IS NULL
            AND yielded_to IS NULL",
        batch.0
    )?;
    execute!(
        tx,
        "UPDATE legacy_code SET status = 'superseded',
                precedence = (SELECT held.precedence FROM legacy_code held
                               WHERE held.digest = legacy_code.digest AND held.status = 'confirmed')
          WHERE batch_id = $1 AND status = 'candidate' AND EXISTS (
            SELECT 1 FROM legacy_code held
             WHERE held.digest = legacy_code.digest AND held.status = 'confirmed'
               AND held.uscc_digest = legacy_code.uscc_digest)",
        batch.0
    )?;
    code_batches::mark_conflicts(tx, batch).await?;
    execute!(
        tx,
        "UPDATE legacy_code SET status = 'disputed'
          WHERE batch_id = $1 AND status = 'candidate' AND EXISTS (
            SELECT 1 FROM legacy_code held
             WHERE held.digest = legacy_code.digest AND held.status = 'confirmed')",
        batch.0
    )?;
    Ok(())
}

async fn roll_back(
    tx: &mut Tx<'_>,
    batch: CodeBatchId,
    by: OperatorId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let moved = execute!(
        tx,
        "UPDATE code_batch SET state = 'rolled_back', decided_by = $2, decided_at = $3
          WHERE id = $1 AND (state = 'staged' OR state = 'confirmed' AND kind = 'legacy_codes')",
        batch.0,
        by.0,
        now.0
    )?;
    if moved != 1 {
        return Ok(false);
    }
    execute!(
        tx,
        "UPDATE legacy_code SET status = 'superseded', decided_by = $2, decided_at = $3
          WHERE batch_id = $1 AND status <> 'superseded'",
        batch.0,
        by.0,
        now.0
    )?;
    code_publications::take_back(tx, batch).await?;
    restore(tx, batch).await?;
    let around = "SELECT DISTINCT batch_id FROM legacy_code
                  WHERE digest IN (SELECT digest FROM legacy_code WHERE batch_id = $1)";
    let batches = fetch_in!(tx, fetch_all, (uuid::Uuid,), around, batch.0)?;
    for (other,) in batches {
        code_batches::tally(tx, CodeBatchId(other)).await?;
    }
    Ok(true)
}

/// Where a batch that was taken back leaves a legacy code without a mapping, the next one in place counts, since its
/// own confirmation; and what was settled against a place that nobody holds any more is open again.
async fn restore(tx: &mut Tx<'_>, batch: CodeBatchId) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE legacy_code SET status = 'confirmed',
                decided_by = COALESCE(decided_by,
                    (SELECT b.decided_by FROM code_batch b WHERE b.id = legacy_code.batch_id)),
                decided_at = COALESCE(decided_at,
                    (SELECT b.decided_at FROM code_batch b WHERE b.id = legacy_code.batch_id))
          WHERE id IN (
            SELECT next.id FROM (
                SELECT spare.id, ROW_NUMBER() OVER (
                        PARTITION BY spare.digest
                        ORDER BY spare.precedence DESC, b.decided_at, spare.id) AS place
                  FROM legacy_code spare JOIN code_batch b ON b.id = spare.batch_id
                 WHERE b.state = 'confirmed' AND spare.status = 'superseded'
                   AND spare.precedence IS NOT NULL
                   AND spare.digest IN (SELECT digest FROM legacy_code WHERE batch_id = $1)
                   AND NOT EXISTS (
                        SELECT 1 FROM legacy_code held
                         WHERE held.digest = spare.digest AND held.status = 'confirmed')) next
             WHERE next.place = 1)",
        batch.0
    )?;
    execute!(
        tx,
        "UPDATE legacy_code SET status = 'disputed', yielded_to = NULL
          WHERE yielded_to IS NOT NULL
            AND digest IN (SELECT digest FROM legacy_code WHERE batch_id = $1)
            AND batch_id IN (SELECT id FROM code_batch WHERE state <> 'rolled_back')
            AND yielded_to > (
                SELECT COALESCE(MAX(held.precedence), 0) FROM legacy_code held
                 WHERE held.digest = legacy_code.digest AND held.status = 'confirmed')",
        batch.0
    )?;
    Ok(())
}

async fn accept(
    tx: &mut Tx<'_>,
    code: LegacyCodeId,
    by: OperatorId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let disputed = fetch_in!(
        tx,
        fetch_optional,
        (Vec<u8>, Vec<u8>, i64),
        "SELECT mine.digest, mine.uscc_digest,
                (SELECT COALESCE(MAX(other.precedence), 0) + 1 FROM legacy_code other
                  WHERE other.digest = mine.digest)
           FROM legacy_code mine JOIN code_batch b ON b.id = mine.batch_id
          WHERE mine.id = $1 AND mine.status = 'disputed' AND b.state = 'confirmed'",
        code.0
    )?;
    let Some((digest, uscc, precedence)) = disputed else { return Ok(false) };
    // What contradicts it steps back first: the unique index admits one. Who decided when of what counted before
    // stays, for the day on which it counts again.
    execute!(
        tx,
        "UPDATE legacy_code SET status = 'superseded',
                precedence = CASE WHEN status = 'disputed' AND uscc_digest = $3 THEN $4
                                  ELSE precedence END,
                yielded_to = CASE WHEN status = 'disputed' AND uscc_digest <> $3 THEN $4 END
          WHERE digest = $2 AND id <> $1 AND status IN ('confirmed', 'disputed')",
        code.0,
        digest.as_slice(),
        uscc.as_slice(),
        precedence
    )?;
    execute!(
        tx,
        "UPDATE legacy_code SET status = 'confirmed', precedence = $4, decided_by = $2,
                decided_at = $3
          WHERE id = $1",
        code.0,
        by.0,
        now.0,
        precedence
    )?;
    tally_around(tx, code).await?;
    Ok(true)
}

async fn reject(
    tx: &mut Tx<'_>,
    code: LegacyCodeId,
    by: OperatorId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let moved = execute!(
        tx,
        "UPDATE legacy_code SET status = 'superseded', decided_by = $2, decided_at = $3
          WHERE id = $1 AND status = 'disputed'",
        code.0,
        by.0,
        now.0
    )?;
    if moved == 1 {
        tally_around(tx, code).await?;
    }
    Ok(moved == 1)
}

/// Counts every batch anew that has a mapping of the same legacy code.
async fn tally_around(tx: &mut Tx<'_>, code: LegacyCodeId) -> Result<(), StoreError> {
    let batches = fetch_in!(
        tx,
        fetch_all,
        (uuid::Uuid,),
        "SELECT DISTINCT batch_id FROM legacy_code
          WHERE digest = (SELECT digest FROM legacy_code WHERE id = $1)",
        code.0
    )?;
    for (batch,) in batches {
        code_batches::tally(tx, CodeBatchId(batch)).await?;
    }
    Ok(())
}
