//! Acts that wait for a second officer. The decision is one conditional statement, and what was
//! decided happens in its transaction (security.md A-69).

use crate::clock::Timestamp;
use crate::domain::act::Act;
use crate::domain::act::Request;
use crate::domain::act::State;
use crate::domain::audit_event::AuditRecord;
use crate::domain::evidence::Evidence;
use crate::domain::id::AccountId;
use crate::domain::id::ActId;
use crate::domain::id::OperatorId;
use crate::domain::operator::Operator;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::cache::Change;
use crate::store::sql::applications;
use crate::store::sql::applications::ApplicationStep;
use crate::store::sql::audit::append;
use crate::store::sql::corrections;
use crate::store::sql::corrections::Correction;
use crate::store::sql::credentials;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;
use crate::store::sql::evidence;
use crate::store::sql::legacy_decisions;
use crate::store::sql::legacy_decisions::CodeStep;
use crate::store::sql::merges;
use crate::store::sql::merges::Merge;
use crate::store::sql::merges::Split;
use crate::store::sql::operators;
use crate::store::sql::operators::Invitation;
use crate::store::sql::organisation_steps;
use crate::store::sql::organisation_steps::OrganisationStep;
use crate::store::sql::phones;
use crate::store::sql::phones::PhoneChange;
use crate::store::sql::sessions;
use crate::store::sql::signing_keys;
use crate::store::sql::signing_keys::KeyStep;

/// What a decision does besides being one.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Nothing more: who asked may now look.
    None,
    /// The app and the recovery codes of the account go, and every session with them.
    RemoveTotp(AccountId),
    /// The phone of the account goes.
    ChangePhone(AccountId, PhoneChange),
    /// The identity is verified, as long as the sealed profile is this one; the record tells of it.
    Verify(Box<(Evidence, AuditRecord, Vec<u8>)>),
    /// The invitation is made.
    Invite(Invitation),
    /// The machine becomes an operator.
    Connect(Box<Operator>),
    /// The operator is disabled.
    Disable(OperatorId),
    /// Signing keys take steps in their lives, each with its record.
    RotateKeys(Vec<(KeyStep, AuditRecord)>),
    /// The portal takes a step.
    Step(Box<ApplicationStep>),
    /// A batch of codes, or a mapping, takes a step.
    Codes(CodeStep),
    /// Two accounts become one.
    Merge(Box<Merge>),
    /// One account becomes two again.
    Split(Box<Split>),
    /// The name or number of an account is put right.
    Correct(Box<Correction>),
    /// An organisation, or a mandate, takes a step.
    Organisation(Box<OrganisationStep>),
}

/// The place of an act in a list: the time the list goes by, and the act.
pub type ActMark = (Timestamp, ActId);

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: uuid::Uuid,
    document: Vec<u8>,
    state: String,
    requested_by: uuid::Uuid,
    requested_at: i64,
    expires_at: i64,
    decided_by: Option<uuid::Uuid>,
    decided_at: Option<i64>,
}

/// The text that reads acts.
macro_rules! select_act {
    ($rest:literal) => {
        concat!(
            "SELECT id, document, state, requested_by, requested_at, expires_at, decided_by,
                    decided_at FROM act ",
            $rest
        )
    };
}

pub(super) use select_act;

impl Store {
    /// Keeps what was asked for.
    pub async fn add_act(
        &self,
        act: Act,
        request: &Request,
        record: AuditRecord,
    ) -> Result<(), StoreError> {
        let (kind, subject) = (request.kind(), request.subject());
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "INSERT INTO act (id, kind, subject_id, document, state, requested_by,
                                      requested_at, expires_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                    act.id.0,
                    kind,
                    subject,
                    act.document.as_slice(),
                    act.state.as_str(),
                    act.requested_by.0,
                    act.requested_at.0,
                    act.expires_at.0
                )?;
                append(tx, &record).await
            })
        })
        .await
    }

    /// The act of that key.
    pub async fn find_act(&self, id: ActId) -> Result<Option<Act>, StoreError> {
        let row = fetch!(&self.db, fetch_optional, Row, select_act!("WHERE id = $1"), id.0)?;
        row.map(Row::read).transpose()
    }

    /// Acts that wait, the one that expires first before the others, after the mark (time of expiry); of one
    /// operator, if one is named.
    pub async fn waiting_acts(
        &self,
        by: Option<OperatorId>,
        after: ActMark,
        limit: i64,
    ) -> Result<Vec<Act>, StoreError> {
        let (at, id) = (after.0.0, after.1.0);
        let rows = match by {
            None => fetch!(
                &self.db,
                fetch_all,
                Row,
                select_act!(
                    "WHERE state = 'waiting' AND (expires_at, id) > ($1, $2)
                     ORDER BY expires_at, id LIMIT $3"
                ),
                at,
                id,
                limit
            )?,
            Some(by) => fetch!(
                &self.db,
                fetch_all,
                Row,
                select_act!(
                    "WHERE state = 'waiting' AND (expires_at, id) > ($1, $2) AND requested_by = $4
                     ORDER BY expires_at, id LIMIT $3"
                ),
                at,
                id,
                limit,
                by.0
            )?,
        };
        rows.into_iter().map(Row::read).collect()
    }

    /// How many wait; of one operator, if one is named.
    pub async fn count_waiting_acts(
        &self,
        by: Option<OperatorId>,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        let row = match by {
            None => fetch!(
                &self.db,
                fetch_optional,
                (i64,),
                "SELECT COUNT(*) FROM act WHERE state = 'waiting' AND expires_at > $1",
                now.0
            )?,
            Some(by) => fetch!(
                &self.db,
                fetch_optional,
                (i64,),
                "SELECT COUNT(*) FROM act
                  WHERE state = 'waiting' AND expires_at > $1 AND requested_by = $2",
                now.0,
                by.0
            )?,
        };
        Ok(row.map_or(0, |row| row.0))
    }

    /// Acts that do not wait any more, newest first, before the mark (time of the request); of one operator,
    /// if one is named.
    pub async fn past_acts(
        &self,
        by: Option<OperatorId>,
        before: ActMark,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<Act>, StoreError> {
        let (at, id) = (before.0.0, before.1.0);
        let rows = match by {
            None => fetch!(
                &self.db,
                fetch_all,
                Row,
                select_act!(
                    "WHERE (requested_at, id) < ($1, $2) AND (state <> 'waiting' OR expires_at <= $3)
                     ORDER BY requested_at DESC, id DESC LIMIT $4"
                ),
                at,
                id,
                now.0,
                limit
            )?,
            Some(by) => fetch!(
                &self.db,
                fetch_all,
                Row,
                select_act!(
                    "WHERE (requested_at, id) < ($1, $2) AND (state <> 'waiting' OR expires_at <= $3)
                       AND requested_by = $5
                     ORDER BY requested_at DESC, id DESC LIMIT $4"
                ),
                at,
                id,
                now.0,
                limit,
                by.0
            )?,
        };
        rows.into_iter().map(Row::read).collect()
    }

    /// Acts about one row, asked for since then, newest first.
    pub async fn acts_about(
        &self,
        subject: uuid::Uuid,
        since: Timestamp,
    ) -> Result<Vec<Act>, StoreError> {
        let sql = select_act!(
            "WHERE subject_id = $1 AND requested_at > $2 ORDER BY requested_at DESC LIMIT 50"
        );
        let rows = fetch!(&self.db, fetch_all, Row, sql, subject, since.0)?;
        rows.into_iter().map(Row::read).collect()
    }

    /// Decides an act: once, in time, and never by who asked, who can only withdraw it. What it does is
    /// done in the same transaction; `false` when it could not be decided, or its effect not be had.
    pub async fn decide_act(
        &self,
        id: ActId,
        (state, by): (State, OperatorId),
        effect: Effect,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        let touched = effect.touched();
        let decided = self
            .write(move |tx| {
                Box::pin(async move {
                    if !settle(tx, id, (state, by), record.at).await? {
                        return Ok(None);
                    }
                    let mut ended = Vec::new();
                    let done = match &effect {
                        Effect::None => true,
                        Effect::RemoveTotp(account) => {
                            credentials::delete_totp(tx, *account).await?;
                            sessions::end_all(tx, *account, None, record.at).await?;
                            true
                        }
                        Effect::ChangePhone(account, change) => {
                            phones::put(tx, *account, change, record.at).await?.is_ok()
                        }
                        Effect::Verify(seen) => {
                            let (evidence, record, profile) = &**seen;
                            evidence::take_of(tx, evidence, record, profile).await?
                        }
                        Effect::Invite(invitation) => {
                            operators::insert_invitation(tx, invitation).await?
                        }
                        Effect::Connect(machine) => {
                            operators::insert_operator(tx, machine, 0).await.map(|()| true)?
                        }
                        Effect::Disable(operator) => {
                            operators::disable(tx, *operator, record.at).await?
                        }
                        Effect::RotateKeys(steps) => {
                            for (step, told) in steps {
                                signing_keys::take(tx, step, told).await?;
                            }
                            true
                        }
                        Effect::Step(step) => applications::take_step(tx, step, record.at).await?,
                        Effect::Codes(step) => {
                            legacy_decisions::take(tx, *step, by, record.at).await?
                        }
                        Effect::Merge(step) => {
                            noted(merges::merge(tx, step, record.at).await?, &mut ended)
                        }
                        Effect::Split(step) => merges::split(tx, step, record.at).await?,
                        Effect::Correct(step) => {
                            noted(corrections::correct(tx, step, record.at).await?, &mut ended)
                        }
                        Effect::Organisation(step) => {
                            noted(organisation_steps::take(tx, step, record.at).await?, &mut ended)
                        }
                    };
                    if !done {
                        // An error undoes the decision.
                        return Err(StoreError::Taken);
                    }
                    append(tx, &record).await?;
                    Ok(Some(ended))
                })
            })
            .await;
        for change in touched {
            self.caches.forget(change);
        }
        match decided {
            Err(StoreError::Taken) => Ok(false),
            other => Ok(self.forget_ended(other?)),
        }
    }
}

/// Whether a step was taken, and the authorizations that ended with it.
fn noted(gone: Option<Vec<uuid::Uuid>>, ended: &mut Vec<uuid::Uuid>) -> bool {
    let taken = gone.is_some();
    ended.extend(gone.into_iter().flatten());
    taken
}

impl Effect {
    /// What nodes may remember of before.
    fn touched(&self) -> Vec<Change> {
        let accounts = match self {
            Self::RemoveTotp(account) | Self::ChangePhone(account, _) => vec![*account],
            Self::Merge(step) => vec![step.into, step.from],
            Self::Split(step) => vec![step.into, step.from],
            Self::Correct(step) => vec![step.account],
            Self::Verify(seen) => vec![seen.0.account_id],
            Self::Step(step) => {
                return step.to.client_id.clone().map(Change::Client).into_iter().collect();
            }
            _ => return Vec::new(),
        };
        accounts.into_iter().map(|account| Change::Account(account.0)).collect()
    }
}

async fn settle(
    tx: &mut Tx<'_>,
    id: ActId,
    (state, by): (State, OperatorId),
    now: Timestamp,
) -> Result<bool, StoreError> {
    let settled = execute!(
        tx,
        "UPDATE act SET state = $2, decided_by = $3, decided_at = $4
          WHERE id = $1 AND state = 'waiting' AND expires_at > $4
            AND ((requested_by <> $3) <> ($2 = 'withdrawn'))",
        id.0,
        state.as_str(),
        by.0,
        now.0
    )?;
    Ok(settled == 1)
}

impl Row {
    pub(super) fn read(self) -> Result<Act, StoreError> {
        Ok(Act {
            id: ActId(self.id),
            document: self.document,
            state: State::parse(&self.state).ok_or(StoreError::Unreadable("act"))?,
            requested_by: OperatorId(self.requested_by),
            requested_at: Timestamp(self.requested_at),
            expires_at: Timestamp(self.expires_at),
            decided_by: self.decided_by.map(OperatorId),
            decided_at: self.decided_at.map(Timestamp),
        })
    }
}
