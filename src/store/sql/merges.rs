//! Two accounts that are one person's become one, and one that was joined wrongly becomes two again. Everything
//! of a step happens in the transaction that decides it; clients go on knowing people as they did (design D2).

use std::collections::HashSet;

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::domain::account::IdentifierKind;
use crate::domain::client::ClientId;
use crate::domain::id::AccountId;
use crate::domain::id::IdentifierDigest;
use crate::domain::mandate::MandateState;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;
use crate::store::sql::db::fetch_in;
use crate::store::sql::mandate_ends;
use crate::store::sql::name_index;
use crate::store::sql::name_index::IndexedName;
use crate::store::sql::sessions;

/// What one account is called at each client: the client, its sector, the `sub`.
pub type ComputedSubjects = Vec<(ClientId, String, String)>;

/// Two accounts become one.
#[derive(Debug, Clone)]
pub struct Merge {
    /// The one that stays.
    pub into: AccountId,
    /// The one that is used no more.
    pub from: AccountId,
    /// What is computed for the one that goes.
    pub subjects: ComputedSubjects,
}

/// One account becomes two again.
#[derive(Debug, Clone)]
pub struct Split {
    /// The one that had stayed.
    pub into: AccountId,
    /// The one that is used again.
    pub from: AccountId,
    /// The numbers that find it.
    pub numbers: Vec<IdentifierDigest>,
    /// Its phone, which comes back unless somebody has it now: epoch of the index key, digest.
    pub phone: Option<(i64, IdentifierDigest)>,
    /// Its profile without the phone, sealed.
    pub profile_without_phone: Vec<u8>,
    /// Its name.
    pub name: IndexedName,
    /// What is computed for it.
    pub subjects: ComputedSubjects,
}

impl Store {
    /// The accounts that became part of this one, and when; those that had become part of them, too.
    pub async fn list_merged(
        &self,
        into: AccountId,
    ) -> Result<Vec<(AccountId, Timestamp)>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            (Uuid, i64),
            "WITH RECURSIVE part (id, at) AS (
                SELECT id, merged_at FROM account WHERE merged_into = $1
                UNION ALL
                SELECT a.id, a.merged_at FROM account a JOIN part p ON a.merged_into = p.id)
             SELECT id, at FROM part",
            into.0
        )?;
        Ok(rows.into_iter().map(|(id, at)| (AccountId(id), Timestamp(at))).collect())
    }
}

/// Joins two accounts that are both kept; the authorizations that end with it, or none when one is not kept any more.
pub(super) async fn merge(
    tx: &mut Tx<'_>,
    step: &Merge,
    now: Timestamp,
) -> Result<Option<Vec<Uuid>>, StoreError> {
    let (into, from) = (step.into.0, step.from.0);
    lock(tx, [into, from]).await?;
    let joined = execute!(
        tx,
        "UPDATE account SET status = 'merged', status_before = status, merged_into = $2,
                merged_at = $3, updated_at = $3, credential_epoch = credential_epoch + 1
          WHERE id = $1 AND status IN ('active', 'locked', 'stopped')
            AND EXISTS (SELECT 1 FROM account k
                         WHERE k.id = $2 AND k.status IN ('active', 'locked', 'stopped'))",
        from,
        into,
        now.0
    )?;
    if joined == 0 {
        return Ok(None);
    }
    keep_subjects(tx, step).await?;
    // A number goes on finding its person; a phone is a contact, and the one that stays has its own.
    execute!(
        tx,
        "DELETE FROM identifier_index WHERE account_id = $1 AND kind = $2",
        from,
        IdentifierKind::Phone.as_str()
    )?;
    execute!(tx, "UPDATE identifier_index SET account_id = $2 WHERE account_id = $1", from, into)?;
    execute!(tx, "DELETE FROM name_index WHERE account_id = $1", from)?;
    execute!(tx, "DELETE FROM cancellation WHERE account_id = $1 AND done_at IS NULL", from)?;
    sessions::end_all(tx, step.from, None, now).await?;
    // What one held from the other is nothing between a person and himself.
    let ending = Uuid::now_v7();
    execute!(
        tx,
        "UPDATE mandate SET state = 'revoked', ended_at = $3, ending = $4
          WHERE state IN ('offered', 'active')
            AND ((agent_id = $1 AND person_id = $2) OR (agent_id = $2 AND person_id = $1))",
        from,
        into,
        now.0,
        ending
    )?;
    let ended = mandate_ends::finish(tx, ending, MandateState::Revoked, now).await?;
    execute!(
        tx,
        "UPDATE mandate SET agent_id = $2 WHERE agent_id = $1 AND state = 'active'",
        from,
        into
    )?;
    execute!(
        tx,
        "UPDATE mandate SET person_id = $2
          WHERE person_id = $1 AND state IN ('offered', 'active')",
        from,
        into
    )?;
    Ok(Some(ended))
}

/// Undoes it; `false` when the one is no part of the other. Both log in anew: what was approved since may have
/// been either's. One that was locked or stopped before is so again; of which that is not known, it is stopped.
pub(super) async fn split(
    tx: &mut Tx<'_>,
    step: &Split,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let (into, from) = (step.into.0, step.from.0);
    lock(tx, [into, from]).await?;
    let parted = execute!(
        tx,
        "UPDATE account SET merged_into = NULL, merged_at = NULL, status_before = NULL,
                status = CASE WHEN status_before IS NULL THEN 'stopped' ELSE status_before END,
                updated_at = $3, credential_epoch = credential_epoch + 1
          WHERE id = $1 AND merged_into = $2 AND status = 'merged'",
        from,
        into,
        now.0
    )?;
    if parted == 0 {
        return Ok(false);
    }
    execute!(
        tx,
        "UPDATE account SET updated_at = $2, credential_epoch = credential_epoch + 1 WHERE id = $1",
        into,
        now.0
    )?;
    sessions::end_all(tx, step.into, None, now).await?;
    part_subjects(tx, step).await?;
    for number in &step.numbers {
        execute!(
            tx,
            "UPDATE identifier_index SET account_id = $2 WHERE account_id = $1 AND digest = $3",
            into,
            from,
            number.as_bytes()
        )?;
        // Who had been found by his own number holds again what was his.
        execute!(
            tx,
            "UPDATE mandate SET agent_id = $2
              WHERE agent_id = $1 AND state = 'active' AND agent_digest = $3",
            into,
            from,
            number.as_bytes()
        )?;
    }
    execute!(
        tx,
        "UPDATE mandate SET person_id = $2
          WHERE person_id = $1 AND granted_by = $2 AND state IN ('offered', 'active')",
        into,
        from
    )?;
    bring_phone_back(tx, step, now).await?;
    name_index::insert(tx, step.from, &step.name).await?;
    Ok(true)
}

/// In one order, so that two who join the same accounts do not wait for each other.
async fn lock(tx: &mut Tx<'_>, mut accounts: [Uuid; 2]) -> Result<(), StoreError> {
    accounts.sort_unstable();
    for id in accounts {
        execute!(tx, "UPDATE account SET updated_at = updated_at WHERE id = $1", id)?;
    }
    Ok(())
}

/// Where only the one that goes was known, the one that stays is known as that one was.
async fn keep_subjects(tx: &mut Tx<'_>, step: &Merge) -> Result<(), StoreError> {
    let (known, own) = (reached(tx, step.from).await?, reached(tx, step.into).await?);
    let sectors = |reached: &HashSet<String>| -> HashSet<&str> {
        let known = step.subjects.iter().filter(|(client, ..)| reached.contains(client.as_str()));
        known.map(|(_, sector, _)| sector.as_str()).collect()
    };
    let (known, own) = (sectors(&known), sectors(&own));
    let others = others(tx, step.from).await?;
    for (_, sector, sub) in &step.subjects {
        if !known.contains(sector.as_str()) || own.contains(sector.as_str()) {
            continue;
        }
        let sub = others.iter().find(|(other, _)| other == sector).map_or(sub, |(_, sub)| sub);
        execute!(
            tx,
            "INSERT INTO subject_override (account_id, sector, sub) VALUES ($1, $2, $3)
             ON CONFLICT (account_id, sector) DO NOTHING",
            step.into.0,
            sector.as_str(),
            sub.as_str()
        )?;
    }
    Ok(())
}

/// The one that had stayed is not known any more as the other one was.
async fn part_subjects(tx: &mut Tx<'_>, step: &Split) -> Result<(), StoreError> {
    let own = others(tx, step.from).await?;
    for (sector, sub) in others(tx, step.into).await? {
        let kept = own.iter().any(|(_, own)| *own == sub);
        if kept || step.subjects.iter().any(|(.., computed)| *computed == sub) {
            execute!(
                tx,
                "DELETE FROM subject_override WHERE account_id = $1 AND sector = $2",
                step.into.0,
                sector.as_str()
            )?;
        }
    }
    Ok(())
}

/// The clients that ever got a `sub` of this account: the audit chain knows.
async fn reached(tx: &mut Tx<'_>, account: AccountId) -> Result<HashSet<String>, StoreError> {
    let rows = fetch_in!(
        tx,
        fetch_all,
        (String,),
        "SELECT DISTINCT client_id FROM audit
          WHERE account_id = $1 AND kind = 'authorization_code_issued' AND client_id IS NOT NULL",
        account.0
    )?;
    Ok(rows.into_iter().map(|(client,)| client).collect())
}

async fn others(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<(String, String)>, StoreError> {
    fetch_in!(
        tx,
        fetch_all,
        (String, String),
        "SELECT sector, sub FROM subject_override WHERE account_id = $1",
        account.0
    )
}

async fn bring_phone_back(tx: &mut Tx<'_>, step: &Split, now: Timestamp) -> Result<(), StoreError> {
    let Some((epoch, digest)) = &step.phone else { return Ok(()) };
    let free = execute!(
        tx,
        "INSERT INTO identifier_index (epoch, digest, kind, account_id, created_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (epoch, digest) DO NOTHING",
        *epoch,
        digest.as_bytes(),
        IdentifierKind::Phone.as_str(),
        step.from.0,
        now.0
    )? == 1;
    if !free {
        execute!(
            tx,
            "UPDATE account SET profile = $2 WHERE id = $1",
            step.from.0,
            step.profile_without_phone.as_slice()
        )?;
    }
    Ok(())
}
