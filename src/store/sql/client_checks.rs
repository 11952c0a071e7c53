//! What was noted of clients in the sandbox: one row a client and check.

use crate::clock::Timestamp;
use crate::domain::client::ClientId;
use crate::domain::self_check::Check;
use crate::domain::self_check::Noted;
use crate::domain::self_check::Outcome;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;

impl Store {
    /// Notes how checks went; the last time counts.
    pub async fn note_checks(
        &self,
        client: ClientId,
        outcomes: Vec<(Check, Outcome)>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                for (check, outcome) in &outcomes {
                    execute!(
                        tx,
                        "INSERT INTO client_check (client_id, name, outcome, first_seen_at,
                                                   last_seen_at)
                         VALUES ($1, $2, $3, $4, $4)
                         ON CONFLICT (client_id, name) DO UPDATE
                         SET outcome = excluded.outcome, last_seen_at = excluded.last_seen_at",
                        client.as_str(),
                        check.as_str(),
                        outcome.as_str(),
                        now.0
                    )?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Everything noted of a client.
    pub async fn list_checks(&self, client: &ClientId) -> Result<Vec<Noted>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            (String, String, i64, i64),
            "SELECT name, outcome, first_seen_at, last_seen_at FROM client_check
              WHERE client_id = $1",
            client.as_str()
        )?;
        let read = |(name, outcome, first, last): (String, String, i64, i64)| {
            Some(Noted {
                check: Check::parse(&name)?,
                first_seen: Timestamp(first),
                last_seen: Timestamp(last),
                outcome: Outcome::parse(&outcome)?,
            })
        };
        let unreadable = StoreError::Unreadable("client check");
        rows.into_iter().map(read).collect::<Option<_>>().ok_or(unreadable)
    }
}
