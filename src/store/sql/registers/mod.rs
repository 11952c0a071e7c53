//! The local replicas of the population and the legal-entity register (design D11): found by blind index,
//! sealed.

mod import;
mod put;
mod staging;

pub use import::ImportMark;
pub use import::ImportState;
pub use import::ImportTally;

use crate::clock::Timestamp;
use crate::domain::id::EntityDigest;
use crate::domain::id::IdentifierDigest;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;
use crate::store::sql::registers::put::Put;
use crate::store::sql::registers::put::put;

pub(super) use staging::take_time;

/// A register of which there may be a replica here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Register {
    /// People.
    Population,
    /// Organisations.
    LegalEntities,
}

impl Register {
    /// Its name in the database, which is that of its table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Population => "population",
            Self::LegalEntities => "legal_entity",
        }
    }
}

/// An entry as a replica keeps it.
pub struct RegisterEntry {
    /// The blind index it is found by.
    pub digest: [u8; 32],
    /// Sealed.
    pub record: Vec<u8>,
    /// Differs when it says something else.
    pub content: [u8; 16],
    /// Differs when an organisation's status or representative are others; of people it is nothing.
    pub standing: [u8; 16],
}

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

    /// The sealed entry of that organisation.
    pub async fn find_legal_entity(
        &self,
        digest: &EntityDigest,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            (Vec<u8>,),
            "SELECT record FROM legal_entity WHERE digest = $1",
            digest.as_bytes()
        )?;
        Ok(row.map(|row| row.0))
    }

    /// Writes a batch of people; an entry that says the same already is left alone. Gives the number of
    /// entries written.
    pub async fn import_people(
        &self,
        people: Vec<RegisterEntry>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let (done, _) = self.put_entries(Register::Population, people, now).await?;
        Ok(done.added + done.rewritten)
    }

    /// Writes a batch of organisations; an entry that says the same already is left alone. Gives those
    /// that were there and whose status or representative is another now; they also stand in
    /// [`Store::legal_entity_changes`] from the same commit on.
    pub async fn import_legal_entities(
        &self,
        entities: Vec<RegisterEntry>,
        now: Timestamp,
    ) -> Result<Vec<EntityDigest>, StoreError> {
        Ok(self.put_entries(Register::LegalEntities, entities, now).await?.1)
    }

    async fn put_entries(
        &self,
        register: Register,
        entries: Vec<RegisterEntry>,
        now: Timestamp,
    ) -> Result<(Put, Vec<EntityDigest>), StoreError> {
        self.write(move |tx| Box::pin(async move { put(tx, register, entries, now).await })).await
    }

    /// Organisations whose status or representative changed, until they are
    /// [settled](Self::settle_legal_entity_change). Those that somebody claimed come first, the oldest
    /// changes before the others: an import may change all there are.
    pub async fn legal_entity_changes(
        &self,
        limit: i64,
    ) -> Result<Vec<(EntityDigest, Timestamp)>, StoreError> {
        let mut rows = fetch!(
            &self.db,
            fetch_all,
            (Vec<u8>, i64),
            "SELECT c.digest, c.changed_at
               FROM legal_entity_change c JOIN organisation o ON o.digest = c.digest
              ORDER BY c.changed_at, c.digest LIMIT $1",
            limit
        )?;
        let rest = limit - i64::try_from(rows.len()).unwrap_or(limit);
        if rest > 0 {
            rows.extend(fetch!(
                &self.db,
                fetch_all,
                (Vec<u8>, i64),
                "SELECT c.digest, c.changed_at FROM legal_entity_change c
                  WHERE NOT EXISTS (SELECT 1 FROM organisation o WHERE o.digest = c.digest)
                  LIMIT $1",
                rest
            )?);
        }
        let read = |(digest, at): (Vec<u8>, i64)| {
            let digest = digest.try_into().map_err(|_| StoreError::Unreadable("digest"))?;
            Ok((EntityDigest(digest), Timestamp(at)))
        };
        rows.into_iter().map(read).collect()
    }

    /// Notes that the register said something changed at these organisations.
    pub async fn note_legal_entity_changes(
        &self,
        digests: Vec<EntityDigest>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |tx| Box::pin(async move { put::note(tx, &digests, now).await })).await
    }

    /// It could not be followed: it waits behind the others.
    pub async fn defer_legal_entity_change(
        &self,
        digest: EntityDigest,
        (changed_at, now): (Timestamp, Timestamp),
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "UPDATE legal_entity_change SET changed_at = $3
                      WHERE digest = $1 AND changed_at = $2",
                    digest.as_bytes(),
                    changed_at.0,
                    now.0
                )?;
                Ok(())
            })
        })
        .await
    }

    /// What hung on that organisation has followed the change of that moment; a later change stays.
    pub async fn settle_legal_entity_change(
        &self,
        digest: EntityDigest,
        changed_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "DELETE FROM legal_entity_change WHERE digest = $1 AND changed_at = $2",
                    digest.as_bytes(),
                    changed_at.0
                )?;
                Ok(())
            })
        })
        .await
    }

    /// How many entries a local replica held when it was last filled, and when that was.
    pub async fn register_state(
        &self,
        name: &'static str,
    ) -> Result<Option<(i64, Timestamp)>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            (i64, i64),
            "SELECT entries, imported_at FROM register_state WHERE name = $1",
            name
        )?;
        Ok(row.map(|(entries, at)| (entries, Timestamp(at))))
    }
}

/// Has what hangs on that organisation compared with the register, soon.
pub(super) async fn note_change(
    tx: &mut Tx<'_>,
    digest: EntityDigest,
    now: Timestamp,
) -> Result<(), StoreError> {
    put::note(tx, &[digest], now).await
}
