//! Counting the audit chain: in order, from a place the database keeps, each record once.

use crate::domain::tally::Tallies;
use crate::provider::Provider;
use crate::statistics::Statistics;
use crate::statistics::reading;
use crate::store::StoreError;

/// Records read at once.
const BATCH: i64 = 1000;
/// Batches that are added in one transaction: they mostly count the same things.
const BATCHES: usize = 20;
/// A deployment whose records were never counted begins with so many of the newest.
const REWIND: i64 = 500_000;

impl Statistics {
    /// Counts on to the end of the chain.
    pub async fn count_on(&self, provider: &Provider) -> Result<(), StoreError> {
        let store = &provider.store;
        let mut cursor = if let Some(cursor) = store.tally_cursor().await? {
            cursor
        } else {
            let first = (store.audit_tail().await?.sequence - REWIND).max(0);
            store.set_tally_cursor(first).await?;
            first
        };
        loop {
            let from = cursor;
            let mut tallies = Tallies::default();
            for _ in 0..BATCHES {
                let records = store.audit_to_tally(cursor, BATCH).await?;
                let Some(last) = records.last() else { break };
                cursor = last.sequence;
                for record in &records {
                    reading::count(record, &mut tallies);
                }
            }
            if cursor == from {
                break;
            }
            let now = provider.clock.now();
            if !store.advance_tallies((from, cursor), tallies, now).await? {
                // Another node was faster; the next turn begins where it is.
                return Ok(());
            }
        }
        // A chain that was cut is counted on from its new end.
        let tail = store.audit_tail().await?.sequence;
        if cursor > tail {
            store.set_tally_cursor(tail).await?;
        }
        Ok(())
    }
}
