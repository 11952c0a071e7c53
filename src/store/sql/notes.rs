//! Notes of operators to accounts: only ever added, read newest first, a page at a time.

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::domain::id::AccountId;
use crate::domain::id::NoteId;
use crate::domain::id::OperatorId;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::audit::append;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;

/// The place of a note in the list.
pub type NoteMark = (Timestamp, NoteId);

/// A note of an operator to an account.
#[derive(Debug, Clone)]
pub struct Note {
    /// Its key.
    pub id: NoteId,
    /// Whose account.
    pub account_id: AccountId,
    /// By whom.
    pub operator_id: OperatorId,
    /// The text, sealed.
    pub text: Vec<u8>,
    /// When.
    pub created_at: Timestamp,
}

impl Store {
    /// Keeps a note.
    pub async fn add_note(&self, note: Note, record: AuditRecord) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "INSERT INTO account_note (id, account_id, operator_id, text, created_at)
                     VALUES ($1, $2, $3, $4, $5)",
                    note.id.0,
                    note.account_id.0,
                    note.operator_id.0,
                    note.text.as_slice(),
                    note.created_at.0
                )?;
                append(tx, &record).await
            })
        })
        .await
    }

    /// Notes to an account before this place, newest first.
    pub async fn list_notes(
        &self,
        account: AccountId,
        before: NoteMark,
        limit: i64,
    ) -> Result<Vec<Note>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            (uuid::Uuid, uuid::Uuid, Vec<u8>, i64),
            "SELECT id, operator_id, text, created_at FROM account_note
              WHERE account_id = $1 AND (created_at, id) < ($2, $3)
              ORDER BY created_at DESC, id DESC LIMIT $4",
            account.0,
            before.0.0,
            before.1.0,
            limit
        )?;
        let read = |(id, operator, text, created_at)| Note {
            id: NoteId(id),
            account_id: account,
            operator_id: OperatorId(operator),
            text,
            created_at: Timestamp(created_at),
        };
        Ok(rows.into_iter().map(read).collect())
    }
}
