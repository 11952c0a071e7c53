//! What the owner of an account chose: methods that log in no more, and how pages look.

use crate::domain::audit_event::AuditRecord;
use crate::domain::choices::Choices;
use crate::domain::id::AccountId;
use crate::domain::id::SessionId;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::cache::Change;
use crate::store::sql::audit::append;
use crate::store::sql::db::execute;
use crate::store::sql::sessions;

impl Store {
    /// Sets which methods are blocked, from what they were; `false` when that changed meanwhile. With `keep`
    /// every other session ends, and whoever is about to log in with what was allowed is too late.
    pub async fn block_methods(
        &self,
        account: AccountId,
        (from, to): (Choices, Choices),
        keep: Option<SessionId>,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        let done = self
            .write(move |tx| {
                Box::pin(async move {
                    let changed = execute!(
                        tx,
                        "UPDATE account SET blocked_methods = $3, updated_at = $4,
                                credential_epoch = credential_epoch + $5
                          WHERE id = $1 AND blocked_methods = $2",
                        account.0,
                        from.blocked_text().as_str(),
                        to.blocked_text().as_str(),
                        record.at.0,
                        i64::from(keep.is_some())
                    )? == 1;
                    if !changed {
                        return Ok(false);
                    }
                    if let Some(keep) = keep {
                        sessions::end_all(tx, account, Some(keep), record.at).await?;
                        execute!(
                            tx,
                            "UPDATE session SET credential_epoch = credential_epoch + 1
                              WHERE id = $1 AND account_id = $2",
                            keep.0,
                            account.0
                        )?;
                    }
                    append(tx, &record).await?;
                    Ok(true)
                })
            })
            .await?;
        self.caches.forget(Change::Account(account.0));
        Ok(done)
    }

    /// Keeps language and print with the account.
    pub async fn keep_look(
        &self,
        account: AccountId,
        (locale, elder): (Option<String>, Option<bool>),
        record: AuditRecord,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let changed = execute!(
                    tx,
                    "UPDATE account SET locale = COALESCE($2, locale), elder = COALESCE($3, elder)
                      WHERE id = $1 AND status = 'active'",
                    account.0,
                    locale.as_deref(),
                    elder.map(i64::from)
                )?;
                if changed == 1 {
                    append(tx, &record).await?;
                }
                Ok(())
            })
        })
        .await?;
        self.caches.forget(Change::Account(account.0));
        Ok(())
    }
}
