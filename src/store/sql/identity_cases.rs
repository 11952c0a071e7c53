//! Identities somebody has to look at: one open case an account, kept until an officer has settled it.

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::domain::account::Account;
use crate::domain::audit_event::AuditRecord;
use crate::domain::id::AccountId;
use crate::domain::id::IdentityCaseId;
use crate::domain::id::OperatorId;
use crate::domain::identity::IdentityCase;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::accounts;
use crate::store::sql::accounts::columns;
use crate::store::sql::audit::append;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;

type Row = (Uuid, Uuid, Vec<u8>, i64);

#[derive(sqlx::FromRow)]
struct Listed {
    case_id: Uuid,
    document: Vec<u8>,
    opened_at: i64,
    #[sqlx(flatten)]
    account: accounts::Row,
}

impl Store {
    /// Opens a case; `false` when one is open already, and stays as it is.
    pub async fn open_identity_case(
        &self,
        case: IdentityCase,
        division: i64,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let opened = execute!(
                    tx,
                    "INSERT INTO identity_case (id, account_id, division, document, state, opened_at)
                     VALUES ($1, $2, $3, $4, 'open', $5)
                     ON CONFLICT (account_id) WHERE state = 'open' DO NOTHING",
                    case.id.0,
                    case.account_id.0,
                    division,
                    case.document.as_slice(),
                    case.opened_at.0
                )? == 1;
                if opened {
                    append(tx, &record).await?;
                }
                Ok(opened)
            })
        })
        .await
    }

    /// Open cases of people whose numbers are of these divisions, each with the account, oldest first, after `after`.
    pub async fn list_identity_cases(
        &self,
        (first, last): (i64, i64),
        after: Option<IdentityCaseId>,
        limit: i64,
    ) -> Result<Vec<(IdentityCase, Account)>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            Listed,
            concat!(
                "SELECT ",
                columns!(),
                ", c.id AS case_id, c.document, c.opened_at
                   FROM identity_case c JOIN account a ON a.id = c.account_id
                  WHERE c.state = 'open' AND c.id > $1 AND c.division BETWEEN $2 AND $3
                  ORDER BY c.id LIMIT $4"
            ),
            after.map_or(Uuid::nil(), |id| id.0),
            first,
            last,
            limit
        )?;
        let listed = |row: Listed| {
            let account = row.account.into_account()?;
            Ok((read((row.case_id, account.id.0, row.document, row.opened_at)), account))
        };
        rows.into_iter().map(listed).collect()
    }

    /// The open case of an account.
    pub async fn find_identity_case(
        &self,
        account: AccountId,
    ) -> Result<Option<IdentityCase>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            Row,
            "SELECT id, account_id, document, opened_at FROM identity_case
              WHERE account_id = $1 AND state = 'open'",
            account.0
        )?;
        Ok(row.map(read))
    }

    /// An officer found nothing to put right; `false` when the case was settled before.
    pub async fn dismiss_identity_case(
        &self,
        id: IdentityCaseId,
        by: OperatorId,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let dismissed = execute!(
                    tx,
                    "UPDATE identity_case SET state = 'dismissed', settled_by = $2, settled_at = $3
                      WHERE id = $1 AND state = 'open'",
                    id.0,
                    by.0,
                    record.at.0
                )? == 1;
                if dismissed {
                    append(tx, &record).await?;
                }
                Ok(dismissed)
            })
        })
        .await
    }
}

/// What was doubtful about the account has been put right, if anything was.
pub(super) async fn settle(
    tx: &mut Tx<'_>,
    account: AccountId,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE identity_case SET state = 'settled', settled_at = $2
          WHERE account_id = $1 AND state = 'open'",
        account.0,
        now.0
    )
    .map(drop)
}

fn read((id, account, document, opened_at): Row) -> IdentityCase {
    IdentityCase {
        id: IdentityCaseId(id),
        account_id: AccountId(account),
        document,
        opened_at: Timestamp(opened_at),
    }
}
