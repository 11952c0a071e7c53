//! Mandates in lists: what a person holds, is offered or held, and what there is about somebody.

use crate::clock::Timestamp;
use crate::domain::id::AccountId;
use crate::domain::id::MandateId;
use crate::domain::mandate::Mandate;
use crate::domain::mandate::Principal;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::db::fetch;
use crate::store::sql::mandates::Held;
use crate::store::sql::mandates::HeldRow;
use crate::store::sql::mandates::Row;
use crate::store::sql::mandates::columns;
use crate::store::sql::mandates::held;
use crate::store::sql::mandates::split;

/// Nobody looks at more at once; lists go on after the last one.
const PAGE: i64 = 50;

impl Store {
    /// What this person holds and is in force now, in the order it was granted, after `after`; also of who is suspended.
    pub async fn list_held_mandates(
        &self,
        agent: AccountId,
        (after, limit): (Option<MandateId>, i64),
        now: Timestamp,
    ) -> Result<Vec<Held>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            HeldRow,
            held!(
                "WHERE m.agent_id = $1 AND m.id > $2 AND m.state = 'active'
                   AND m.valid_from <= $3 AND (m.valid_until IS NULL OR m.valid_until > $3)
                 ORDER BY m.id LIMIT $4"
            ),
            agent.0,
            after.map_or(uuid::Uuid::nil(), |id| id.0),
            now.0,
            limit
        )?;
        rows.into_iter().map(HeldRow::read).collect()
    }

    /// What this person accepted and has not begun, what begins first at the front.
    pub async fn list_coming_mandates(
        &self,
        agent: AccountId,
        now: Timestamp,
    ) -> Result<Vec<Held>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            HeldRow,
            held!(
                "WHERE m.agent_id = $1 AND m.state = 'active' AND m.valid_from > $2
                 ORDER BY m.valid_from, m.id LIMIT $3"
            ),
            agent.0,
            now.0,
            PAGE
        )?;
        rows.into_iter().map(HeldRow::read).collect()
    }

    /// So much of what this person ever held, newest first and before `before`.
    pub async fn list_mandates_of_agent(
        &self,
        agent: AccountId,
        (before, limit): (Option<MandateId>, i64),
    ) -> Result<Vec<Held>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            HeldRow,
            held!("WHERE m.agent_id = $1 AND m.id < $2 ORDER BY m.id DESC LIMIT $3"),
            agent.0,
            before.map_or(uuid::Uuid::max(), |id| id.0),
            limit
        )?;
        rows.into_iter().map(HeldRow::read).collect()
    }

    /// So much of what was offered to this person, by any number that finds the account, and waits for an answer, in the
    /// order it was offered and after `after`.
    pub async fn list_offered_mandates(
        &self,
        agent: AccountId,
        (after, limit): (Option<MandateId>, i64),
        now: Timestamp,
    ) -> Result<Vec<Held>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            HeldRow,
            held!(
                "WHERE m.agent_digest IN (SELECT digest FROM identifier_index
                                           WHERE account_id = $1 AND kind <> 'phone')
                   AND m.state = 'offered' AND (m.valid_until IS NULL OR m.valid_until > $2)
                   AND m.id > $3 ORDER BY m.id LIMIT $4"
            ),
            agent.0,
            now.0,
            after.map_or(uuid::Uuid::nil(), |id| id.0),
            limit
        )?;
        rows.into_iter().map(HeldRow::read).collect()
    }

    /// So many mandates about somebody, newest first and before `before`: those that can still be used, or those
    /// that are over.
    pub async fn list_mandates_of(
        &self,
        principal: Principal,
        open: bool,
        (before, limit): (Option<MandateId>, i64),
    ) -> Result<Vec<Mandate>, StoreError> {
        let (organisation, person) = split(principal);
        let rows = fetch!(
            &self.db,
            fetch_all,
            Row,
            concat!(
                "SELECT ",
                columns!(),
                " FROM mandate m
                 WHERE (m.organisation_id = $1 OR m.person_id = $2)
                   AND (m.state IN ('offered', 'active')) = $3 AND m.id < $4
                 ORDER BY m.id DESC LIMIT $5"
            ),
            organisation,
            person,
            open,
            before.map_or(uuid::Uuid::max(), |id| id.0),
            limit
        )?;
        rows.into_iter().map(Row::read).collect()
    }

    /// So many of those that hang on a mandate itself, likewise.
    pub async fn list_mandates_under(
        &self,
        parent: MandateId,
        open: bool,
        (before, limit): (Option<MandateId>, i64),
    ) -> Result<Vec<Mandate>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            Row,
            concat!(
                "SELECT ",
                columns!(),
                " FROM mandate m
                 WHERE m.parent_id = $1 AND (m.state IN ('offered', 'active')) = $2 AND m.id < $3
                 ORDER BY m.id DESC LIMIT $4"
            ),
            parent.0,
            open,
            before.map_or(uuid::Uuid::max(), |id| id.0),
            limit
        )?;
        rows.into_iter().map(Row::read).collect()
    }
}
