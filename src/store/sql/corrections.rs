//! What a person is called, and by which number, when it has to be put right: the account stays, and with it what
//! clients know it by (design D1, D2).

use crate::clock::Timestamp;
use crate::domain::account::IdentifierKind;
use crate::domain::assurance::IdentityAssurance;
use crate::domain::evidence::Evidence;
use crate::domain::id::AccountId;
use crate::domain::id::IdentifierDigest;
use crate::store::StoreError;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::evidence;
use crate::store::sql::identity_cases;
use crate::store::sql::mandate_ends;
use crate::store::sql::name_index;
use crate::store::sql::name_index::IndexedName;
use crate::store::sql::sessions;

/// Another name or number in an account's profile.
#[derive(Debug, Clone)]
pub struct Correction {
    /// Whose.
    pub account: AccountId,
    /// The sealed profile it is made from.
    pub from: Vec<u8>,
    /// The sealed profile it leads to.
    pub to: Vec<u8>,
    /// The number before, where it is somebody else's and finds this account no more.
    pub freed: Option<IdentifierDigest>,
    /// The number from then on: epoch of the index key, kind, digest.
    pub number: (i64, IdentifierKind, IdentifierDigest),
    /// The name from then on.
    pub name: IndexedName,
    /// What the register says of them.
    pub evidence: Evidence,
    /// The level the account falls to when it is above it: what was verified was another number.
    pub level: Option<IdentityAssurance>,
}

/// Puts it right; none when the profile was changed meanwhile or the account is over, otherwise the authorizations that
/// end with it. `Taken` undoes it when the number finds another account.
pub(super) async fn correct(
    tx: &mut Tx<'_>,
    step: &Correction,
    now: Timestamp,
) -> Result<Option<Vec<uuid::Uuid>>, StoreError> {
    let account = step.account;
    let ceiling = step.level.map_or(i64::MAX, |level| i64::from(level.level()));
    let changed = execute!(
        tx,
        "UPDATE account SET profile = $3, updated_at = $4, credential_epoch = credential_epoch + 1,
                identity_assurance =
                    CASE WHEN identity_assurance > $5 THEN $5 ELSE identity_assurance END
          WHERE id = $1 AND profile = $2 AND status IN ('active', 'locked', 'stopped')",
        account.0,
        step.from.as_slice(),
        step.to.as_slice(),
        now.0,
        ceiling
    )?;
    if changed == 0 {
        return Ok(None);
    }
    let mut ended = Vec::new();
    evidence::insert(tx, &step.evidence).await?;
    if let Some(freed) = &step.freed {
        execute!(
            tx,
            "DELETE FROM identifier_index WHERE account_id = $1 AND digest = $2",
            account.0,
            freed.as_bytes()
        )?;
        // What was given to somebody else's number was not given to this person.
        ended = mandate_ends::give_up_number(tx, (account, *freed), now).await?;
    }
    let (epoch, kind, digest) = &step.number;
    // A number that found the account before is left as it is; anybody else's is refused.
    let written = execute!(
        tx,
        "INSERT INTO identifier_index (epoch, digest, kind, account_id, created_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (epoch, digest) DO UPDATE SET kind = excluded.kind
          WHERE identifier_index.account_id = excluded.account_id",
        *epoch,
        digest.as_bytes(),
        kind.as_str(),
        account.0,
        now.0
    )?;
    if written == 0 {
        return Err(StoreError::Taken);
    }
    execute!(tx, "DELETE FROM name_index WHERE account_id = $1", account.0)?;
    name_index::insert(tx, account, &step.name).await?;
    sessions::end_all(tx, account, None, now).await?;
    identity_cases::settle(tx, account, now).await?;
    Ok(Some(ended))
}
