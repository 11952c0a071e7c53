//! Subjects that are not computed: what clients knew a person by before two accounts became one (design D2).

use crate::domain::id::AccountId;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::db::fetch;

impl Store {
    /// What the clients of a sector know this account by, where that is not computed.
    pub async fn find_other_subject(
        &self,
        account: AccountId,
        sector: &str,
    ) -> Result<Option<String>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            (String,),
            "SELECT sub FROM subject_override WHERE account_id = $1 AND sector = $2",
            account.0,
            sector
        )?;
        Ok(row.map(|(sub,)| sub))
    }
}
