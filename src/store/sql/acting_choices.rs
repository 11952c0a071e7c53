//! For whom a person acts at a client: chosen once a session, remembered for the next one (design D3).

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::domain::client::ClientId;
use crate::domain::id::AccountId;
use crate::domain::id::MandateId;
use crate::domain::id::SessionId;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::audit::append;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;

/// What somebody chose: to act under a mandate, or for himself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActingChoice {
    /// Under which mandate; none for himself.
    pub mandate: Option<MandateId>,
    /// When.
    pub chosen_at: Timestamp,
}

impl Store {
    /// Keeps a choice; the one before it in the same session gives way.
    pub async fn choose_acting(
        &self,
        (session, account): (SessionId, AccountId),
        client: ClientId,
        mandate: Option<MandateId>,
        record: AuditRecord,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "INSERT INTO acting_choice
                        (session_id, client_id, account_id, mandate_id, chosen_at)
                     VALUES ($1, $2, $3, $4, $5)
                     ON CONFLICT (session_id, client_id) DO UPDATE
                     SET account_id = excluded.account_id, mandate_id = excluded.mandate_id,
                         chosen_at = excluded.chosen_at",
                    session.0,
                    client.as_str(),
                    account.0,
                    mandate.map(|mandate| mandate.0),
                    record.at.0
                )?;
                append(tx, &record).await
            })
        })
        .await
    }

    /// What was chosen in this session.
    pub async fn find_acting_choice(
        &self,
        session: SessionId,
        account: AccountId,
        client: &ClientId,
    ) -> Result<Option<ActingChoice>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            (Option<uuid::Uuid>, i64),
            "SELECT mandate_id, chosen_at FROM acting_choice
              WHERE session_id = $1 AND client_id = $2 AND account_id = $3",
            session.0,
            client.as_str(),
            account.0
        )?;
        Ok(row.map(read))
    }

    /// What this person chose last at this client, in whatever session.
    pub async fn last_acting_choice(
        &self,
        account: AccountId,
        client: &ClientId,
    ) -> Result<Option<ActingChoice>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            (Option<uuid::Uuid>, i64),
            "SELECT mandate_id, chosen_at FROM acting_choice
              WHERE account_id = $1 AND client_id = $2 ORDER BY chosen_at DESC LIMIT 1",
            account.0,
            client.as_str()
        )?;
        Ok(row.map(read))
    }
}

fn read((mandate, chosen_at): (Option<uuid::Uuid>, i64)) -> ActingChoice {
    ActingChoice { mandate: mandate.map(MandateId), chosen_at: Timestamp(chosen_at) }
}
