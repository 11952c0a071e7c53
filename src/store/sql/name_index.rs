//! People by their exact name: a blind index whose key goes on with the division of the number, so that a search
//! within a region reads one range of it. Names of accounts that were there before it are added by a walk over
//! the accounts, oldest first, which stands in a row and is resumed from there.

use crate::clock::Timestamp;
use crate::domain::account::Account;
use crate::domain::id::AccountId;
use crate::domain::id::NameDigest;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::accounts;
use crate::store::sql::accounts::columns;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;

/// Under what a person is found by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexedName {
    /// Epoch of the index key.
    pub epoch: i64,
    /// Digest of the name.
    pub digest: NameDigest,
    /// The division of the number, six digits; 0 where there is none.
    pub division: i64,
}

/// The place of a person among those of one name: division, account.
pub type NameMark = (i64, AccountId);

/// An account the walk has come to.
#[derive(Debug, Clone)]
pub struct Unindexed {
    /// Its key.
    pub id: AccountId,
    /// The person's own key, sealed.
    pub person_key: Vec<u8>,
    /// The profile, sealed.
    pub profile: Vec<u8>,
    /// Whether the name stands in the index already, or is not to.
    pub is_settled: bool,
}

/// How far the walk has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameIndexProgress {
    /// The last account it has seen.
    pub account_id: AccountId,
    /// Whether it once came to the end; what comes later is indexed as it comes.
    pub is_complete: bool,
}

#[derive(sqlx::FromRow)]
struct Found {
    division: i64,
    #[sqlx(flatten)]
    account: accounts::Row,
}

/// The text that adds a name, unless its account is used no more; `$lock` as the engine needs it, so that an account
/// cannot end between the look and the row.
macro_rules! add_name {
    ($lock:literal) => {
        concat!(
            "INSERT INTO name_index (epoch, digest, division, account_id)
             SELECT $1, $2, $3, a.id FROM account a WHERE a.id = $4 AND a.status NOT IN ('cancelled', 'merged') ",
            $lock,
            " ON CONFLICT (epoch, digest, division, account_id) DO NOTHING"
        )
    };
}

/// Adds the name of an account inside a write; nothing when the account is over.
pub(super) async fn insert(
    tx: &mut Tx<'_>,
    account: AccountId,
    name: &IndexedName,
) -> Result<(), StoreError> {
    let sql = match tx {
        Tx::Postgres(_) => add_name!("FOR SHARE"),
        Tx::Sqlite { .. } => add_name!(""),
    };
    execute!(tx, sql, name.epoch, name.digest.as_bytes(), name.division, account.0).map(drop)
}

impl Store {
    /// Accounts of people of one name whose numbers are of these divisions, in order of division and account,
    /// after the mark.
    pub async fn find_accounts_by_name(
        &self,
        (epoch, digest): (i64, NameDigest),
        (first, last): (i64, i64),
        after: Option<NameMark>,
        limit: i64,
    ) -> Result<Vec<(NameMark, Account)>, StoreError> {
        let begin = (first, AccountId(uuid::Uuid::nil()));
        // A mark before the first division would lead out of them.
        let (division, account) = after.map_or(begin, |after| after.max(begin));
        let rows = fetch!(
            &self.db,
            fetch_all,
            Found,
            concat!(
                "SELECT ",
                columns!(),
                ", n.division FROM name_index n JOIN account a ON a.id = n.account_id
                  WHERE n.epoch = $1 AND n.digest = $2 AND n.division <= $3
                    AND (n.division, n.account_id) > ($4, $5)
                  ORDER BY n.division, n.account_id LIMIT $6"
            ),
            epoch,
            digest.as_bytes(),
            last,
            division,
            account.0,
            limit
        )?;
        let read = |found: Found| {
            let account = found.account.into_account()?;
            Ok(((found.division, account.id), account))
        };
        rows.into_iter().map(read).collect()
    }

    /// How far the walk has come.
    pub async fn name_index_progress(&self, epoch: i64) -> Result<NameIndexProgress, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            (uuid::Uuid, Option<i64>),
            "SELECT account_id, caught_up_at FROM name_index_progress WHERE epoch = $1",
            epoch
        )?;
        let (account, caught_up_at) = row.unwrap_or_default();
        Ok(NameIndexProgress {
            account_id: AccountId(account),
            is_complete: caught_up_at.is_some(),
        })
    }

    /// The accounts between these two, oldest first, as the walk looks at them.
    pub async fn accounts_to_index(
        &self,
        epoch: i64,
        (after, before): (AccountId, AccountId),
        limit: i64,
    ) -> Result<Vec<Unindexed>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            (uuid::Uuid, Vec<u8>, Vec<u8>, i64),
            "SELECT a.id, a.person_key, a.profile,
                    CASE WHEN a.status IN ('cancelled', 'merged') OR EXISTS
                        (SELECT 1 FROM name_index n WHERE n.account_id = a.id AND n.epoch = $1)
                    THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END
               FROM account a WHERE a.id > $2 AND a.id < $3 ORDER BY a.id LIMIT $4",
            epoch,
            after.0,
            before.0,
            limit
        )?;
        let read = |(id, person_key, profile, settled)| Unindexed {
            id: AccountId(id),
            person_key,
            profile,
            is_settled: settled == 1,
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// Adds what was found between two accounts and moves the walk on, in one transaction; `false` when
    /// another node has moved it.
    pub async fn advance_name_index(
        &self,
        epoch: i64,
        (from, to): (AccountId, AccountId),
        names: Vec<(AccountId, IndexedName)>,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                begin_walk(tx, epoch).await?;
                let moved = execute!(
                    tx,
                    "UPDATE name_index_progress SET account_id = $3
                      WHERE epoch = $1 AND account_id = $2",
                    epoch,
                    from.0,
                    to.0
                )?;
                if moved == 0 {
                    return Ok(false);
                }
                for (account, name) in &names {
                    insert(tx, *account, name).await?;
                }
                Ok(true)
            })
        })
        .await
    }

    /// The walk has come to the end, for the first time; `true` once.
    pub async fn complete_name_index(
        &self,
        epoch: i64,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                begin_walk(tx, epoch).await?;
                let completed = execute!(
                    tx,
                    "UPDATE name_index_progress SET caught_up_at = $2
                      WHERE epoch = $1 AND caught_up_at IS NULL",
                    epoch,
                    now.0
                )?;
                Ok(completed == 1)
            })
        })
        .await
    }
}

async fn begin_walk(tx: &mut Tx<'_>, epoch: i64) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO name_index_progress (epoch, account_id) VALUES ($1, $2)
         ON CONFLICT (epoch) DO NOTHING",
        epoch,
        uuid::Uuid::nil()
    )
    .map(drop)
}
