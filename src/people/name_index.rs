//! The index of names: how an account stands in it, and the walk that adds those who were there before it.

use std::time::Duration;

use crate::domain::account::Profile;
use crate::domain::division;
use crate::domain::id::AccountId;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::store::sql::IndexedName;
use crate::store::sql::Unindexed;
use crate::vault::INDEX_EPOCH;
use crate::vault::Vault;

/// So many accounts share a transaction: nobody waits long behind it.
const BATCH: i64 = 100;
/// The walk stays so far behind: a key that is older is not committed any more.
const SETTLED: Duration = Duration::from_mins(10);

/// Under what this person is found by name.
pub fn entry(vault: &Vault, profile: &Profile) -> IndexedName {
    IndexedName {
        epoch: INDEX_EPOCH,
        digest: vault.index_name(&profile.name),
        division: profile.key().division().map_or(0, division::of_number),
    }
}

/// Walks on by one batch of accounts and adds the names that are not in the index; `false` at the end. Nodes of
/// the version before do not index whom they sign up, so the walk never stops for good.
pub async fn walk(provider: &Provider) -> Result<bool, StoreError> {
    let store = &provider.store;
    let now = provider.clock.now();
    let progress = store.name_index_progress(INDEX_EPOCH).await?;
    let (after, before) = (progress.account_id, AccountId::first_at(now.minus(SETTLED)));
    let batch = store.accounts_to_index(INDEX_EPOCH, (after, before), BATCH).await?;
    let Some(last) = batch.last().map(|account| account.id) else {
        if !progress.is_complete && store.complete_name_index(INDEX_EPOCH, now).await? {
            tracing::info!("every account can be found by name");
        }
        return Ok(false);
    };
    let missing = batch.iter().filter(|account| !account.is_settled);
    let names = missing.filter_map(|account| Some((account.id, read(provider, account)?)));
    store.advance_name_index(INDEX_EPOCH, (after, last), names.collect()).await?;
    Ok(true)
}

/// One account that does not open must not keep the others out of the index.
fn read(provider: &Provider, account: &Unindexed) -> Option<IndexedName> {
    let opened = provider.vault.open_profile_of(account.id, &account.person_key, &account.profile);
    match opened {
        Ok(profile) => Some(entry(&provider.vault, &profile)),
        Err(error) => {
            tracing::warn!(account = %account.id, %error, "a name cannot be indexed");
            None
        }
    }
}
