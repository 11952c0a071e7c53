//! What the identity of an account rests on: the evidence the register gives at sign-up, and what is told of
//! all of it to whom it concerns.

use crate::clock::Timestamp;
use crate::domain::account::Account;
use crate::domain::assurance::IdentityAssurance;
use crate::domain::evidence::Comparison;
use crate::domain::evidence::Evidence;
use crate::domain::evidence::Finding;
use crate::domain::evidence::Source;
use crate::domain::id::AccountId;
use crate::domain::id::EvidenceId;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::vault::VaultError;

/// What the seal of a source's reference is bound to.
pub const REFERENCE: &str = "verification reference";

/// Name and number belong together, says the population register. It names no transaction.
pub fn of_register(account: AccountId, at: Timestamp) -> Evidence {
    let (compared, _) = Source::PopulationRegister.demands();
    Evidence {
        id: EvidenceId::generate(),
        account_id: account,
        source: Source::PopulationRegister,
        compared: Comparison::of(compared),
        finding: Finding::Confirmed,
        at_counter: None,
        reference: Vec::new(),
        at,
    }
}

/// Every verification of an account, newest first.
pub async fn list(provider: &Provider, account: &Account) -> Result<Vec<Evidence>, StoreError> {
    provider.store.list_evidence(account.id).await
}

/// The level the account has now.
pub async fn level(
    provider: &Provider,
    account: &Account,
) -> Result<IdentityAssurance, StoreError> {
    let now = provider.store.find_account(account.id).await?;
    Ok(now.map_or(account.identity_assurance, |account| account.identity_assurance))
}

/// What the source calls a verification, for the person it is about.
pub fn reference(
    provider: &Provider,
    account: &Account,
    evidence: &Evidence,
) -> Result<Option<String>, VaultError> {
    if evidence.reference.is_empty() {
        return Ok(None);
    }
    let opened = provider.vault.open_of(account, REFERENCE, &evidence.reference)?;
    String::from_utf8(opened).map(Some).map_err(|_| VaultError::Sealed)
}
