//! Who acts for somebody: each person once, a page at a time, however many mandates there are.

use crate::clock::Timestamp;
use crate::domain::id::AccountId;
use crate::domain::mandate::MandateState;
use crate::domain::mandate::Principal;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::db::fetch;

/// Which people are meant.
#[derive(Debug, Clone, Copy)]
pub enum Agents {
    /// Whose mandate is in force at this moment, whether or not its organisation is suspended.
    InForce(Timestamp),
    /// Whose mandate was taken back at this moment.
    Ended(Timestamp),
    /// Whose mandate the register suspended at this moment.
    Suspended(Timestamp),
}

/// The text that reads them, by the column of the principal.
macro_rules! select_agents {
    ($principal:literal) => {
        concat!(
            "SELECT DISTINCT agent_id FROM mandate WHERE ",
            $principal,
            " = $1 AND agent_id > $2 AND state = $3
                AND (ended_at = $4
                  OR (ended_at IS NULL AND valid_from <= $4
                      AND (valid_until IS NULL OR valid_until > $4)))
              ORDER BY agent_id LIMIT $5"
        )
    };
}

impl Store {
    /// So many of the people who act for somebody, or did until a moment, in the order of their keys and after
    /// `after`.
    pub async fn list_agents(
        &self,
        principal: Principal,
        agents: Agents,
        (after, limit): (Option<AccountId>, i64),
    ) -> Result<Vec<AccountId>, StoreError> {
        let (sql, id) = match principal {
            Principal::Organisation(id) => (select_agents!("organisation_id"), id.0),
            Principal::Person(id) => (select_agents!("person_id"), id.0),
        };
        let (state, at) = match agents {
            Agents::InForce(at) => (MandateState::Active, at),
            Agents::Ended(at) => (MandateState::Revoked, at),
            Agents::Suspended(at) => (MandateState::Suspended, at),
        };
        let state = state.as_str();
        let after = after.map_or(uuid::Uuid::nil(), |id| id.0);
        let rows = fetch!(&self.db, fetch_all, (uuid::Uuid,), sql, id, after, state, at.0, limit)?;
        Ok(rows.into_iter().map(|(id,)| AccountId(id)).collect())
    }
}
