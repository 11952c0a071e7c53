//! Alerts. Of one rule and one subject at most one is not closed: a partial unique index decides it, so that
//! what is found again counts on the alert that is there. Every step of an officer is one conditional
//! statement, kept with its audit record.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::domain::alert::Alert;
use crate::domain::alert::Channel;
use crate::domain::alert::Finding;
use crate::domain::alert::Handling;
use crate::domain::alert::Rule;
use crate::domain::alert::State;
use crate::domain::alert::Step;
use crate::domain::alert::Subject;
use crate::domain::audit_event::AuditRecord;
use crate::domain::id::AlertId;
use crate::domain::id::OperatorId;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::alert_deliveries;
use crate::store::sql::audit::append;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;

/// What is found again after so long without is told again, as if it were new.
const LULL: Duration = Duration::from_hours(24);
/// The cursor of the rules over audit records.
const RECORDS: &str = "records";

/// An alert to be raised, if none of its rule and subject is there.
#[derive(Debug, Clone)]
pub struct NewAlert {
    /// Its key, if it is a new one.
    pub id: AlertId,
    /// What was found.
    pub finding: Finding,
    /// The record of it.
    pub record: AuditRecord,
    /// Where it is sent.
    pub channels: Vec<Channel>,
}

/// What a finding did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raised {
    /// There is an alert that was not there.
    New,
    /// The alert that is there counts once more, and is told again after a lull.
    Again,
    /// The alert that is there counts once more.
    Counted,
}

/// Which alerts are wanted.
#[derive(Debug, Clone, Default)]
pub struct AlertSearch {
    /// In this state.
    pub state: Option<State>,
    /// Of this rule.
    pub rule: Option<Rule>,
    /// Older than this one.
    pub before: Option<AlertId>,
    /// At most so many.
    pub limit: i64,
}

/// A row that tells of an alert.
#[derive(sqlx::FromRow)]
pub(super) struct AlertRow {
    id: uuid::Uuid,
    rule: String,
    subject: String,
    state: String,
    events: i64,
    occurrences: i64,
    first_at: i64,
    last_at: i64,
    request_id: String,
    raised_at: i64,
    acknowledged_by: Option<uuid::Uuid>,
    acknowledged_at: Option<i64>,
    acknowledged_note: Option<Vec<u8>>,
    closed_by: Option<uuid::Uuid>,
    closed_at: Option<i64>,
    closed_note: Option<Vec<u8>>,
}

/// The text that reads alerts.
macro_rules! select_alert {
    ($rest:literal) => {
        concat!(
            "SELECT id, rule, subject, state, events, occurrences, first_at, last_at, request_id,
                    raised_at, acknowledged_by, acknowledged_at, acknowledged_note, closed_by,
                    closed_at, closed_note FROM alert ",
            $rest
        )
    };
}

impl Store {
    /// Up to which audit record the rules have read; none before the first time.
    pub async fn monitor_cursor(&self) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT sequence FROM monitor_cursor WHERE name = $1";
        let row = fetch!(&self.db, fetch_optional, (i64,), sql, RECORDS)?;
        Ok(row.map(|row| row.0))
    }

    /// Sets the cursor where it never was, or where the chain ends before it.
    pub async fn set_monitor_cursor(&self, sequence: i64) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "INSERT INTO monitor_cursor (name, sequence) VALUES ($1, $2)
                     ON CONFLICT (name) DO UPDATE SET sequence = excluded.sequence",
                    RECORDS,
                    sequence
                )
                .map(drop)
            })
        })
        .await
    }

    /// Moves the cursor on and raises what was found on the way, in one transaction; nothing when another
    /// node has moved it, so that no record counts twice.
    pub async fn advance_monitor(
        &self,
        (from, to): (i64, i64),
        alerts: Vec<NewAlert>,
        now: Timestamp,
    ) -> Result<Option<Vec<Raised>>, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let moved = execute!(
                    tx,
                    "UPDATE monitor_cursor SET sequence = $3 WHERE name = $1 AND sequence = $2",
                    RECORDS,
                    from,
                    to
                )?;
                if moved == 0 {
                    return Ok(None);
                }
                let mut raised = Vec::with_capacity(alerts.len());
                for alert in &alerts {
                    raised.push(raise(tx, alert, now).await?);
                }
                Ok(Some(raised))
            })
        })
        .await
    }

    /// Raises an alert that no audit record gave rise to.
    pub async fn raise_alert(&self, alert: NewAlert, now: Timestamp) -> Result<Raised, StoreError> {
        self.write(move |tx| Box::pin(async move { raise(tx, &alert, now).await })).await
    }

    /// The alert of that key.
    pub async fn find_alert(&self, id: AlertId) -> Result<Option<Alert>, StoreError> {
        let sql = select_alert!("WHERE id = $1");
        let row = fetch!(&self.db, fetch_optional, AlertRow, sql, id.0)?;
        row.map(AlertRow::read).transpose()
    }

    /// Alerts that match, newest first.
    pub async fn search_alerts(&self, search: &AlertSearch) -> Result<Vec<Alert>, StoreError> {
        let before = search.before.map_or_else(uuid::Uuid::max, |before| before.0);
        let rule = search.rule.map(Rule::as_str);
        let rows = match search.state {
            // Few are open among many that are closed: their own index finds them.
            Some(state) => fetch!(
                &self.db,
                fetch_all,
                AlertRow,
                select_alert!(
                    "WHERE id < $1 AND (CAST($2 AS TEXT) IS NULL OR rule = $2) AND state = $4
                     ORDER BY id DESC LIMIT $3"
                ),
                before,
                rule,
                search.limit,
                state.as_str()
            )?,
            None => fetch!(
                &self.db,
                fetch_all,
                AlertRow,
                select_alert!(
                    "WHERE id < $1 AND (CAST($2 AS TEXT) IS NULL OR rule = $2) ORDER BY id DESC LIMIT $3"
                ),
                before,
                rule,
                search.limit
            )?,
        };
        rows.into_iter().map(AlertRow::read).collect()
    }

    /// How many alerts nobody has looked at.
    pub async fn count_open_alerts(&self) -> Result<i64, StoreError> {
        let sql = "SELECT COUNT(*) FROM alert WHERE state = 'open'";
        let row = fetch!(&self.db, fetch_optional, (i64,), sql)?;
        Ok(row.map_or(0, |row| row.0))
    }

    /// An officer takes an alert a step further: acknowledges one that is open, or closes one that is not
    /// closed. Never one about himself; `false` when he cannot.
    pub async fn handle_alert(
        &self,
        (id, step): (AlertId, Step),
        handling: Handling,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        let sql = match step {
            Step::Acknowledge => {
                "UPDATE alert SET state = 'acknowledged', acknowledged_by = $2,
                        acknowledged_at = $3, acknowledged_note = $4
                  WHERE id = $1 AND state = 'open' AND subject <> $5"
            }
            Step::Close => {
                "UPDATE alert SET state = 'closed', closed_by = $2, closed_at = $3,
                        closed_note = $4
                  WHERE id = $1 AND state <> 'closed' AND subject <> $5"
            }
        };
        let own = Subject::Operator(handling.by).to_string();
        self.write(move |tx| {
            Box::pin(async move {
                let handled = execute!(
                    tx,
                    sql,
                    id.0,
                    handling.by.0,
                    handling.at.0,
                    handling.note.as_slice(),
                    own.as_str()
                )?;
                if handled == 1 {
                    append(tx, &record).await?;
                }
                Ok(handled == 1)
            })
        })
        .await
    }
}

/// Raises a new alert, or counts on the one that is there. It may be closed between the two statements;
/// then there is none any more, and the second round raises one.
async fn raise(tx: &mut Tx<'_>, new: &NewAlert, now: Timestamp) -> Result<Raised, StoreError> {
    let (finding, subject) = (&new.finding, new.finding.subject.to_string());
    for _ in 0..2 {
        let inserted = execute!(
            tx,
            "INSERT INTO alert (id, rule, subject, state, events, occurrences, first_at, last_at,
                                request_id, raised_at)
             VALUES ($1, $2, $3, 'open', $4, 1, $5, $6, $7, $8)
             ON CONFLICT (rule, subject) WHERE state <> 'closed' DO NOTHING",
            new.id.0,
            finding.rule.as_str(),
            subject.as_str(),
            finding.events,
            finding.first_at.0,
            finding.last_at.0,
            finding.request_id.as_str(),
            now.0
        )?;
        if inserted == 1 {
            alert_deliveries::enqueue(tx, new, now).await?;
            append(tx, &new.record).await?;
            return Ok(Raised::New);
        }
        if count(tx, finding, &subject, finding.last_at.minus(LULL)).await? {
            alert_deliveries::enqueue(tx, new, now).await?;
            append(tx, &new.record).await?;
            return Ok(Raised::Again);
        }
        if count(tx, finding, &subject, Timestamp(i64::MAX)).await? {
            return Ok(Raised::Counted);
        }
    }
    Err(StoreError::Unreadable("alert"))
}

/// Counts what was found again on the alert that is there, if it was last found before `quiet_since`.
async fn count(
    tx: &mut Tx<'_>,
    finding: &Finding,
    subject: &str,
    quiet_since: Timestamp,
) -> Result<bool, StoreError> {
    let counted = execute!(
        tx,
        "UPDATE alert SET events = events + $3, occurrences = occurrences + 1, last_at = $4,
                request_id = $5
          WHERE rule = $1 AND subject = $2 AND state <> 'closed' AND last_at < $6",
        finding.rule.as_str(),
        subject,
        finding.events,
        finding.last_at.0,
        finding.request_id.as_str(),
        quiet_since.0
    )?;
    Ok(counted == 1)
}

impl AlertRow {
    pub(super) fn read(self) -> Result<Alert, StoreError> {
        let unreadable = || StoreError::Unreadable("alert");
        let handling = |by: Option<uuid::Uuid>, at: Option<i64>, note: Option<Vec<u8>>| {
            let (by, at) = by.zip(at)?;
            Some(Handling { by: OperatorId(by), at: Timestamp(at), note: note.unwrap_or_default() })
        };
        Ok(Alert {
            id: AlertId(self.id),
            finding: Finding {
                rule: Rule::parse(&self.rule).ok_or_else(unreadable)?,
                subject: Subject::parse(&self.subject).ok_or_else(unreadable)?,
                events: self.events,
                first_at: Timestamp(self.first_at),
                last_at: Timestamp(self.last_at),
                request_id: self.request_id,
            },
            occurrences: self.occurrences,
            raised_at: Timestamp(self.raised_at),
            state: State::parse(&self.state).ok_or_else(unreadable)?,
            acknowledged: handling(
                self.acknowledged_by,
                self.acknowledged_at,
                self.acknowledged_note,
            ),
            closed: handling(self.closed_by, self.closed_at, self.closed_note),
        })
    }
}
