//! How mandates end: with everything that hangs on them, every authorization that was given under them, and
//! word to the portals concerned, in one transaction (design D3, D8).

use std::collections::HashSet;
use std::time::Duration;

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::domain::authorization::Approval;
use crate::domain::client::ClientId;
use crate::domain::delivery::Message;
use crate::domain::delivery::NewDelivery;
use crate::domain::id::AccountId;
use crate::domain::id::DeliveryId;
use crate::domain::id::IdentifierDigest;
use crate::domain::id::MandateId;
use crate::domain::id::OrganisationId;
use crate::domain::mandate::MandateState;
use crate::domain::mandate::Principal;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::cache::Change;
use crate::store::sql::audit::append;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch_in;
use crate::store::sql::outbox;

/// Mandates whose term is over that end in one transaction.
const BATCH: i64 = 200;
/// An offer that nobody answers stands for so long.
const OFFER_STANDS: Duration = Duration::from_hours(30 * 24);

/// An authorization that ended: its key, client, session and what it says.
type Revoked = (Uuid, String, Uuid, String);

/// What came of suspending an organisation's mandates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suspension {
    /// They are suspended.
    Done,
    /// There was none left.
    Nothing,
    /// Somebody else represents it by now.
    Overtaken,
}

/// Takes back what was authorized under mandates of this condition.
macro_rules! revoke {
    ($condition:literal) => {
        concat!(
            "UPDATE approval SET revoked_at = $2
              WHERE mandate_id IN (SELECT id FROM mandate WHERE ",
            $condition,
            ") AND revoked_at IS NULL
             RETURNING id, client_id, session_id, document"
        )
    };
}

impl Store {
    /// Ends one mandate and what hangs on it; `false` when it had ended before.
    pub async fn end_mandate(
        &self,
        id: MandateId,
        state: MandateState,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        let ended = self
            .write(move |tx| {
                Box::pin(async move {
                    let ending = Uuid::now_v7();
                    let first = execute!(
                        tx,
                        "UPDATE mandate SET state = $2, ended_at = $3, ending = $4
                          WHERE id = $1 AND state IN ('offered', 'active')",
                        id.0,
                        state.as_str(),
                        record.at.0,
                        ending
                    )?;
                    if first == 0 {
                        return Ok(None);
                    }
                    append(tx, &record).await?;
                    let gone = finish(tx, ending, state, record.at).await?;
                    Ok(Some(gone))
                })
            })
            .await?;
        Ok(self.forget_ended(ended))
    }

    /// Suspends every mandate of an organisation: the register says something else than before of the representative
    /// whose mandate was looked at, or who there is none of. Where somebody else represents it by now, that was said of
    /// nobody, and nothing ends.
    pub async fn suspend_mandates(
        &self,
        (organisation, representative): (OrganisationId, Option<MandateId>),
        record: AuditRecord,
    ) -> Result<Suspension, StoreError> {
        let ended = self
            .write(move |tx| {
                Box::pin(async move {
                    // Locked: who claims at the same moment comes before or after.
                    let sql = "UPDATE organisation SET updated_at = $2 WHERE id = $1";
                    execute!(tx, sql, organisation.0, record.at.0)?;
                    let by = fetch_in!(
                        tx,
                        fetch_optional,
                        (Uuid,),
                        "SELECT id FROM mandate WHERE organisation_id = $1
                            AND role = 'legal_representative' AND state = 'active'",
                        organisation.0
                    )?;
                    if by.map(|(id,)| MandateId(id)) != representative {
                        return Ok(Err(()));
                    }
                    let suspended = suspend_all(tx, organisation, record.at).await?;
                    if suspended.is_some() {
                        append(tx, &record).await?;
                    }
                    Ok(Ok(suspended))
                })
            })
            .await?;
        let Ok(ended) = ended else { return Ok(Suspension::Overtaken) };
        Ok(if self.forget_ended(ended) { Suspension::Done } else { Suspension::Nothing })
    }

    /// Ends mandates whose term is over, and offers nobody answered; says how many of a batch there were.
    pub async fn lapse_mandates(&self, now: Timestamp) -> Result<u64, StoreError> {
        let (count, gone) = self
            .write(move |tx| {
                Box::pin(async move {
                    let ending = Uuid::now_v7();
                    let count = execute!(
                        tx,
                        "UPDATE mandate SET state = 'lapsed', ended_at = $1, ending = $2
                          WHERE id IN (SELECT id FROM mandate
                                        WHERE valid_until <= $1 AND state IN ('offered', 'active')
                                        ORDER BY valid_until LIMIT $3)
                            AND state IN ('offered', 'active')",
                        now.0,
                        ending,
                        BATCH
                    )? + execute!(
                        tx,
                        "UPDATE mandate SET state = 'lapsed', ended_at = $1, ending = $2
                          WHERE id IN (SELECT id FROM mandate
                                        WHERE state = 'offered' AND offered_at <= $3
                                        ORDER BY offered_at LIMIT $4)
                            AND state = 'offered'",
                        now.0,
                        ending,
                        now.minus(OFFER_STANDS).0,
                        BATCH
                    )?;
                    let gone = finish(tx, ending, MandateState::Lapsed, now).await?;
                    Ok((count, gone))
                })
            })
            .await?;
        self.forget_ended(Some(gone));
        Ok(count)
    }

    /// Forgets the authorizations that ended, here and on other nodes; says whether anything ended at all.
    pub(super) fn forget_ended(&self, ended: Option<Vec<Uuid>>) -> bool {
        let Some(ended) = ended else { return false };
        for id in ended {
            self.caches.forget(Change::Authorization(id));
        }
        true
    }
}

/// Suspends every mandate of an organisation; the authorizations that end with them, or none without mandates.
pub(super) async fn suspend_all(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    now: Timestamp,
) -> Result<Option<Vec<Uuid>>, StoreError> {
    end_all(tx, (organisation, MandateState::Suspended), now).await
}

/// Ends every mandate of an organisation because officers said so, likewise.
pub(super) async fn revoke_all(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    now: Timestamp,
) -> Result<Option<Vec<Uuid>>, StoreError> {
    end_all(tx, (organisation, MandateState::Revoked), now).await
}

/// Ends what a person holds and what others hold for that person, with what hangs on it; the authorizations that end,
/// and whom the mandates were about.
pub(super) async fn give_up_all(
    tx: &mut Tx<'_>,
    account: AccountId,
    now: Timestamp,
) -> Result<(Vec<Uuid>, Vec<Principal>), StoreError> {
    let (ending, state) = (Uuid::now_v7(), MandateState::Revoked);
    execute!(
        tx,
        "UPDATE mandate SET state = $2, ended_at = $3, ending = $4
          WHERE (agent_id = $1 OR person_id = $1) AND state IN ('offered', 'active')",
        account.0,
        state.as_str(),
        now.0,
        ending
    )?;
    let gone = finish(tx, ending, state, now).await?;
    let about = fetch_in!(
        tx,
        fetch_all,
        (Option<Uuid>, Option<Uuid>),
        "SELECT DISTINCT organisation_id, person_id FROM mandate WHERE ending = $1",
        ending
    )?;
    let read = |(organisation, person): (Option<Uuid>, Option<Uuid>)| match organisation {
        Some(id) => Some(Principal::Organisation(OrganisationId(id))),
        None => person.map(|id| Principal::Person(AccountId(id))),
    };
    Ok((gone, about.into_iter().filter_map(read).collect()))
}

/// Ends what a person was given by a number that is somebody else's, with what hangs on it; the authorizations that end.
pub(super) async fn give_up_number(
    tx: &mut Tx<'_>,
    (account, number): (AccountId, IdentifierDigest),
    now: Timestamp,
) -> Result<Vec<Uuid>, StoreError> {
    let (ending, state) = (Uuid::now_v7(), MandateState::Revoked);
    execute!(
        tx,
        "UPDATE mandate SET state = $3, ended_at = $4, ending = $5
          WHERE agent_id = $1 AND agent_digest = $2 AND state = 'active'",
        account.0,
        number.as_bytes(),
        state.as_str(),
        now.0,
        ending
    )?;
    finish(tx, ending, state, now).await
}

/// Ends what is going on in the name of an organisation, and leaves its mandates as they are.
pub(super) async fn leave_all(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    now: Timestamp,
) -> Result<Vec<Uuid>, StoreError> {
    let revoked =
        fetch_in!(tx, fetch_all, Revoked, revoke!("organisation_id = $1"), organisation.0, now.0)?;
    tell(tx, revoked, now).await
}

async fn end_all(
    tx: &mut Tx<'_>,
    (organisation, state): (OrganisationId, MandateState),
    now: Timestamp,
) -> Result<Option<Vec<Uuid>>, StoreError> {
    let ending = Uuid::now_v7();
    let ended = execute!(
        tx,
        "UPDATE mandate SET state = $2, ended_at = $3, ending = $4
          WHERE organisation_id = $1 AND state IN ('offered', 'active')",
        organisation.0,
        state.as_str(),
        now.0,
        ending
    )?;
    if ended == 0 {
        return Ok(None);
    }
    finish(tx, ending, state, now).await.map(Some)
}

/// What hangs on the mandates of this ending goes with them, level by level: each is locked before those
/// below it are looked for, so that nobody adds one unseen. Says which authorizations ended.
pub(super) async fn finish(
    tx: &mut Tx<'_>,
    ending: Uuid,
    state: MandateState,
    now: Timestamp,
) -> Result<Vec<Uuid>, StoreError> {
    loop {
        let below = execute!(
            tx,
            "UPDATE mandate SET state = $2, ended_at = $3, ending = $1
              WHERE state IN ('offered', 'active')
                AND parent_id IN (SELECT id FROM mandate WHERE ending = $1)",
            ending,
            state.as_str(),
            now.0
        )?;
        if below == 0 {
            break;
        }
    }
    let revoked = fetch_in!(tx, fetch_all, Revoked, revoke!("ending = $1"), ending, now.0)?;
    tell(tx, revoked, now).await
}

/// Each portal and session learns once of what ended there. Says which authorizations ended.
async fn tell(
    tx: &mut Tx<'_>,
    revoked: Vec<Revoked>,
    now: Timestamp,
) -> Result<Vec<Uuid>, StoreError> {
    let (mut gone, mut told) = (Vec::with_capacity(revoked.len()), HashSet::new());
    for (id, client_id, session, document) in revoked {
        let approval: Approval =
            serde_json::from_str(&document).map_err(|_| StoreError::Unreadable("authorization"))?;
        gone.push(id);
        if told.insert((client_id.clone(), session, approval.subject.clone())) {
            leave(tx, (&client_id, session), approval, now).await?;
        }
    }
    Ok(gone)
}

/// The session leaves the client as whom it came, whoever it came as since, and the client is told so. When a
/// session ended, it was told then.
async fn leave(
    tx: &mut Tx<'_>,
    (client_id, session): (&str, Uuid),
    approval: Approval,
    now: Timestamp,
) -> Result<(), StoreError> {
    let lives = fetch_in!(
        tx,
        fetch_optional,
        (Uuid,),
        "SELECT id FROM session WHERE id = $1 AND ended_at IS NULL",
        session
    )?;
    if lives.is_none() {
        return Ok(());
    }
    execute!(
        tx,
        "DELETE FROM session_client WHERE session_id = $1 AND client_id = $2 AND sub = $3",
        session,
        client_id,
        approval.subject.as_str()
    )?;
    let delivery = NewDelivery {
        id: DeliveryId::generate(),
        client_id: ClientId::parse(client_id).ok_or(StoreError::Unreadable("authorization"))?,
        message: Message::Logout { sub: approval.subject, sid: approval.sid },
        created_at: now,
    };
    outbox::enqueue(tx, &delivery).await
}
