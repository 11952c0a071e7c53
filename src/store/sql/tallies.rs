//! Tallies: what happened, counted as it happens, so that no page ever scans audit records or accounts. The
//! counts of some audit records and the place up to which they were counted change in one transaction.

use crate::clock::Timestamp;
use crate::domain::tally::Measure;
use crate::domain::tally::Span;
use crate::domain::tally::Tallies;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;

/// The cursor over audit records.
const RECORDS: &str = "records";

/// An audit record, as far as it is counted.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct TalliedAudit {
    /// Its place in the chain.
    pub sequence: i64,
    /// When, in milliseconds.
    pub at: i64,
    /// What.
    pub kind: String,
    /// How it ended.
    pub outcome: String,
    /// Which client.
    pub client_id: Option<String>,
    /// What else, as JSON.
    pub details: String,
}

/// Which counts are wanted.
#[derive(Debug, Clone, Copy)]
pub struct TallyQuery<'a> {
    /// Of what.
    pub measure: Measure,
    /// By what time.
    pub span: Span,
    /// Of spans that began then or later.
    pub since: Timestamp,
    /// Only labels that begin so.
    pub prefix: &'a str,
    /// At most so many rows.
    pub limit: i64,
}

impl Store {
    /// Up to which audit record the tallies have counted; none before the first time.
    pub async fn tally_cursor(&self) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT sequence FROM tally_cursor WHERE name = $1";
        let row = fetch!(&self.db, fetch_optional, (i64,), sql, RECORDS)?;
        Ok(row.map(|row| row.0))
    }

    /// Sets the cursor where it never was, or where the chain ends before it.
    pub async fn set_tally_cursor(&self, sequence: i64) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "INSERT INTO tally_cursor (name, sequence) VALUES ($1, $2)
                     ON CONFLICT (name) DO UPDATE SET sequence = excluded.sequence",
                    RECORDS,
                    sequence
                )
                .map(drop)
            })
        })
        .await
    }

    /// Records of the chain after `after`, in order.
    pub async fn audit_to_tally(
        &self,
        after: i64,
        limit: i64,
    ) -> Result<Vec<TalliedAudit>, StoreError> {
        fetch!(
            &self.db,
            fetch_all,
            TalliedAudit,
            "SELECT sequence, at, kind, outcome, client_id, details
               FROM audit WHERE sequence > $1 ORDER BY sequence LIMIT $2",
            after,
            limit
        )
    }

    /// Moves the cursor on and adds what was counted on the way, in one transaction; `false` when another
    /// node has moved it, so that no record counts twice.
    pub async fn advance_tallies(
        &self,
        (from, to): (i64, i64),
        tallies: Tallies,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let moved = execute!(
                    tx,
                    "UPDATE tally_cursor SET sequence = $3 WHERE name = $1 AND sequence = $2",
                    RECORDS,
                    from,
                    to
                )?;
                if moved == 1 {
                    add(tx, &tallies, now).await?;
                }
                Ok(moved == 1)
            })
        })
        .await
    }

    /// Adds what a node counted by itself.
    pub async fn add_tallies(&self, tallies: Tallies, now: Timestamp) -> Result<(), StoreError> {
        self.write(move |tx| Box::pin(async move { add(tx, &tallies, now).await })).await
    }

    /// Keeps what was found at a look, in place of what was found before in the same span.
    pub async fn set_tallies(&self, tallies: Tallies, now: Timestamp) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                for ((measure, span, begins_at, label), count) in tallies.iter() {
                    execute!(
                        tx,
                        "INSERT INTO tally (measure, span, begins_at, label, count, counted_at)
                         VALUES ($1, $2, $3, $4, $5, $6)
                         ON CONFLICT (measure, span, begins_at, label) DO UPDATE
                         SET count = excluded.count, counted_at = excluded.counted_at",
                        measure.as_str(),
                        span.as_str(),
                        begins_at.0,
                        label.as_str(),
                        count,
                        now.0
                    )?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Counts by when their span began and by label, in this order.
    pub async fn tallies(
        &self,
        query: TallyQuery<'_>,
    ) -> Result<Vec<(Timestamp, String, i64)>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            (i64, String, i64),
            "SELECT begins_at, label, count FROM tally
              WHERE measure = $1 AND span = $2 AND begins_at >= $3
                AND SUBSTR(label, 1, LENGTH($4)) = $4
              ORDER BY begins_at, label LIMIT $5",
            query.measure.as_str(),
            query.span.as_str(),
            query.since.0,
            query.prefix,
            query.limit
        )?;
        Ok(rows.into_iter().map(|(at, label, count)| (Timestamp(at), label, count)).collect())
    }

    /// Sums over all labels, by when their span began.
    pub async fn tallies_by_time(
        &self,
        query: TallyQuery<'_>,
    ) -> Result<Vec<(Timestamp, i64)>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            (i64, i64),
            "SELECT begins_at, CAST(SUM(count) AS BIGINT) FROM tally
              WHERE measure = $1 AND span = $2 AND begins_at >= $3
                AND SUBSTR(label, 1, LENGTH($4)) = $4
              GROUP BY begins_at ORDER BY begins_at LIMIT $5",
            query.measure.as_str(),
            query.span.as_str(),
            query.since.0,
            query.prefix,
            query.limit
        )?;
        Ok(rows.into_iter().map(|(at, count)| (Timestamp(at), count)).collect())
    }

    /// Sums over all spans, by label, the largest first.
    pub async fn tallies_by_label(
        &self,
        query: TallyQuery<'_>,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        fetch!(
            &self.db,
            fetch_all,
            (String, i64),
            "SELECT label, CAST(SUM(count) AS BIGINT) FROM tally
              WHERE measure = $1 AND span = $2 AND begins_at >= $3
                AND SUBSTR(label, 1, LENGTH($4)) = $4
              GROUP BY label ORDER BY 2 DESC, label LIMIT $5",
            query.measure.as_str(),
            query.span.as_str(),
            query.since.0,
            query.prefix,
            query.limit
        )
    }

    /// What was found at the last look, and when that was.
    pub async fn last_tallies(
        &self,
        measure: Measure,
    ) -> Result<Option<(Timestamp, Vec<(String, i64)>)>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            (String, i64, i64),
            "SELECT label, count, counted_at FROM tally
              WHERE measure = $1 AND span = 'day' AND begins_at =
                    (SELECT MAX(begins_at) FROM tally WHERE measure = $1 AND span = 'day')
              ORDER BY label",
            measure.as_str()
        )?;
        let Some(at) = rows.iter().map(|row| row.2).max() else { return Ok(None) };
        let counts = rows.into_iter().map(|(label, count, _)| (label, count)).collect();
        Ok(Some((Timestamp(at), counts)))
    }
}

async fn add(tx: &mut Tx<'_>, tallies: &Tallies, now: Timestamp) -> Result<(), StoreError> {
    for ((measure, span, begins_at, label), count) in tallies.iter() {
        execute!(
            tx,
            "INSERT INTO tally (measure, span, begins_at, label, count, counted_at)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (measure, span, begins_at, label) DO UPDATE
             SET count = tally.count + excluded.count, counted_at = excluded.counted_at",
            measure.as_str(),
            span.as_str(),
            begins_at.0,
            label.as_str(),
            count,
            now.0
        )?;
    }
    Ok(())
}

/// Removes one batch of counts that are older than their span is kept for.
pub(super) async fn purge(tx: &mut Tx<'_>, now: Timestamp, batch: i64) -> Result<u64, StoreError> {
    let mut removed = 0;
    for span in Span::ALL {
        removed += execute!(
            tx,
            "DELETE FROM tally WHERE (measure, span, begins_at, label) IN
                (SELECT measure, span, begins_at, label FROM tally
                  WHERE span = $1 AND begins_at < $2 LIMIT $3)",
            span.as_str(),
            now.minus(span.kept_for()).0,
            batch
        )?;
    }
    Ok(removed)
}
