//! Under which `sub` a client knows somebody (OpenID Connect Core §8; design D2): computed from the account,
//! unless the client knew the person by another one before two accounts became one.

use crate::domain::account::Account;
use crate::domain::client::Client;
use crate::domain::id::AccountId;
use crate::domain::mandate::Principal;
use crate::domain::subject;
use crate::provider::Provider;
use crate::store::StoreError;

/// `sub` of this account at this client; nothing is looked up unless the account has others.
pub async fn of_account(
    provider: &Provider,
    client: &Client,
    account: &Account,
) -> Result<String, StoreError> {
    if account.has_other_subjects {
        of(provider, client, account.id).await
    } else {
        Ok(subject::subject(&provider.vault.subject, client, account.id))
    }
}

/// The same, where only the key of the account is at hand.
pub async fn of(
    provider: &Provider,
    client: &Client,
    account: AccountId,
) -> Result<String, StoreError> {
    let other = provider.store.find_other_subject(account, subject::sector(client)).await?;
    Ok(other.unwrap_or_else(|| subject::subject(&provider.vault.subject, client, account)))
}

/// `sub` of whom somebody acts for at this client.
pub async fn of_principal(
    provider: &Provider,
    client: &Client,
    principal: Principal,
) -> Result<String, StoreError> {
    match principal {
        Principal::Person(account) => of(provider, client, account).await,
        Principal::Organisation(organisation) => {
            Ok(subject::organisation(&provider.vault.subject, client, organisation))
        }
    }
}
