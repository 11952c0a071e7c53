//! The local replica of the population register (design D11): found by blind index, sealed.

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::domain::id::IdentifierDigest;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::audit::append;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;

impl Store {
    /// The sealed entry of that number.
    pub async fn find_person(
        &self,
        digest: &IdentifierDigest,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            (Vec<u8>,),
            "SELECT record FROM population WHERE digest = $1",
            digest.as_bytes()
        )?;
        Ok(row.map(|row| row.0))
    }

    /// Writes a batch of sealed entries; a number that is there already is replaced.
    pub async fn import_people(
        &self,
        people: Vec<(IdentifierDigest, Vec<u8>)>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let mut written = 0;
                for (digest, record) in &people {
                    written += execute!(
                        tx,
                        "INSERT INTO population (digest, record, updated_at) VALUES ($1, $2, $3)
                         ON CONFLICT (digest) DO UPDATE
                         SET record = excluded.record, updated_at = excluded.updated_at",
                        digest.as_bytes(),
                        record.as_slice(),
                        now.0
                    )?;
                }
                Ok(written)
            })
        })
        .await
    }

    /// Records that an import ended.
    pub async fn record_import(&self, record: AuditRecord) -> Result<(), StoreError> {
        self.write(move |tx| Box::pin(async move { append(tx, &record).await })).await
    }
}
