//! Browsers an account has logged in with. The cookie names a row; without it the cookie is worth nothing
//! (security.md A-49).

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::domain::id::AccountId;
use crate::domain::id::KnownBrowserId;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::audit::append;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;

/// So many browsers are known to one account; the one that was away longest goes first.
const MOST: i64 = 20;

/// A browser an account has logged in with.
#[derive(Debug, Clone)]
pub struct KnownBrowser {
    /// Its key.
    pub id: KnownBrowserId,
    /// What it called itself, sealed under the person's key.
    pub described: Vec<u8>,
    /// When it first logged in.
    pub first_at: Timestamp,
    /// When it last did.
    pub last_at: Timestamp,
}

impl Store {
    /// Whether the account knows this browser.
    pub async fn is_known_browser(
        &self,
        account: AccountId,
        browser: KnownBrowserId,
    ) -> Result<bool, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            (i64,),
            "SELECT last_at FROM known_browser WHERE id = $1 AND account_id = $2",
            browser.0,
            account.0
        )?;
        Ok(row.is_some())
    }

    /// Notes a login with the browser this cookie claims to be, if the account still knows it; `false`
    /// otherwise.
    pub async fn recognise_browser(
        &self,
        account: AccountId,
        (browser, described): (KnownBrowserId, Vec<u8>),
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let known = execute!(
                    tx,
                    "UPDATE known_browser SET last_at = $3, described = $4
                      WHERE id = $1 AND account_id = $2",
                    browser.0,
                    account.0,
                    now.0,
                    described.as_slice()
                )?;
                Ok(known == 1)
            })
        })
        .await
    }

    /// Makes a browser known to the account.
    pub async fn add_known_browser(
        &self,
        account: AccountId,
        (browser, described): (KnownBrowserId, Vec<u8>),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "INSERT INTO known_browser (id, account_id, described, first_at, last_at)
                     VALUES ($1, $2, $3, $4, $4)",
                    browser.0,
                    account.0,
                    described.as_slice(),
                    now.0
                )?;
                execute!(
                    tx,
                    "DELETE FROM known_browser WHERE account_id = $1 AND id NOT IN
                        (SELECT id FROM known_browser WHERE account_id = $1
                          ORDER BY last_at DESC, id DESC LIMIT $2)",
                    account.0,
                    MOST
                )
                .map(drop)
            })
        })
        .await
    }

    /// The browsers of an account, the one that logged in last first.
    pub async fn list_known_browsers(
        &self,
        account: AccountId,
    ) -> Result<Vec<KnownBrowser>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            (uuid::Uuid, Vec<u8>, i64, i64),
            "SELECT id, described, first_at, last_at FROM known_browser
              WHERE account_id = $1 ORDER BY last_at DESC, id DESC LIMIT $2",
            account.0,
            MOST
        )?;
        let read = |(id, described, first_at, last_at)| KnownBrowser {
            id: KnownBrowserId(id),
            described,
            first_at: Timestamp(first_at),
            last_at: Timestamp(last_at),
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// Forgets one browser of the account, or all; says how many it were.
    pub async fn forget_browsers(
        &self,
        account: AccountId,
        one: Option<KnownBrowserId>,
        record: AuditRecord,
    ) -> Result<u64, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let forgotten = match one {
                    Some(browser) => execute!(
                        tx,
                        "DELETE FROM known_browser WHERE id = $1 AND account_id = $2",
                        browser.0,
                        account.0
                    )?,
                    None => forget_all(tx, account).await?,
                };
                if forgotten > 0 {
                    append(tx, &record).await?;
                }
                Ok(forgotten)
            })
        })
        .await
    }
}

/// No browser is known to the account from now on.
pub(super) async fn forget_all(tx: &mut Tx<'_>, account: AccountId) -> Result<u64, StoreError> {
    execute!(tx, "DELETE FROM known_browser WHERE account_id = $1", account.0)
}
