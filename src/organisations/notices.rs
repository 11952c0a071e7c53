//! People are told by text message what happens around their organisations and mandates. It is told beside the request
//! and after the change is kept: one message after the other, each account a few times an hour at most. The messages
//! name nobody and nothing; what they are about stands in the account.

use crate::clock::Timestamp;
use crate::domain::account::Account;
use crate::domain::id::AccountId;
use crate::domain::id::IdentifierDigest;
use crate::domain::id::OrganisationId;
use crate::domain::mandate::Principal;
use crate::domain::person_name::PersonName;
use crate::messages;
use crate::messages::Notice;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::store::sql::Agents;
use crate::throttle;
use crate::throttle::Counted;
use crate::vault::VaultError;

/// So many are looked up at once.
const BATCH: i64 = 100;

/// What officers did about an organisation, or the register says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nobody acts for it until it is resumed.
    Suspended,
    /// People act for it again.
    Resumed,
    /// Every mandate of it ended.
    Ended,
    /// The register says something else than before: its mandates are suspended.
    Registered,
}

/// Why somebody is not told.
#[derive(Debug, thiserror::Error)]
enum NoticeError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// Tells the person an offer names, who has an account of that number and name, that it waits. For anybody else
/// the same is counted and looked up, and nothing said; who offered it sees no difference.
pub fn offered(provider: &Provider, agent: IdentifierDigest, name: PersonName) {
    beside(provider, async move |provider| {
        // Counted by the number, which everybody has who is named.
        let admitted = throttle::admit_notice(&provider, "offered", Counted::Nobody(agent)).await?;
        let account = provider.store.find_account_by_identifier(&agent).await?;
        let Some(account) = account.filter(|account| admitted && account.status.is_kept()) else {
            return Ok(());
        };
        if provider.vault.open_profile(&account)?.name == name.expose() {
            messages::tell(&provider, &account, Notice::MandateOffered).await;
        }
        Ok(())
    });
}

/// Tells who offered a mandate what became of it.
pub fn answered(provider: &Provider, grantor: AccountId, accepted: bool) {
    let notice = if accepted { Notice::MandateAccepted } else { Notice::MandateDeclined };
    beside(provider, async move |provider| tell(&provider, grantor, ("answered", notice)).await);
}

/// Tells the agents whose mandates about this principal ended at that moment, but not who ended them.
pub fn ended(provider: &Provider, principal: Principal, at: Timestamp, by: Option<AccountId>) {
    beside(provider, async move |provider| {
        let told = ("ended", Notice::MandateEnded);
        tell_all(&provider, (principal, Agents::Ended(at)), told, by).await
    });
}

/// Tells everybody who acts for an organisation, or did until then, what became of it at that moment.
pub fn changed(provider: &Provider, organisation: OrganisationId, change: Change, at: Timestamp) {
    beside(provider, async move |provider| {
        tell_members(&provider, (organisation, change), at).await
    });
}

async fn tell_members(
    provider: &Provider,
    (organisation, change): (OrganisationId, Change),
    at: Timestamp,
) -> Result<(), NoticeError> {
    let (agents, notice) = match change {
        Change::Suspended => (Agents::InForce(at), Notice::OrganisationSuspended),
        Change::Resumed => (Agents::InForce(at), Notice::OrganisationResumed),
        Change::Ended => (Agents::Ended(at), Notice::OrganisationEnded),
        Change::Registered => (Agents::Suspended(at), Notice::OrganisationRegistered),
    };
    let whom = (Principal::Organisation(organisation), agents);
    tell_all(provider, whom, ("organisation", notice), None).await
}

async fn tell_all(
    provider: &Provider,
    (principal, agents): (Principal, Agents),
    told: (&str, Notice),
    but: Option<AccountId>,
) -> Result<(), NoticeError> {
    let mut after = None;
    loop {
        let found = provider.store.list_agents(principal, agents, (after, BATCH)).await?;
        let Some(last) = found.last() else { return Ok(()) };
        after = Some(*last);
        for account in found.into_iter().filter(|account| Some(*account) != but) {
            tell(provider, account, told).await?;
        }
    }
}

async fn tell(
    provider: &Provider,
    account: AccountId,
    (about, notice): (&str, Notice),
) -> Result<(), NoticeError> {
    if !throttle::admit_notice(provider, about, Counted::Account(account)).await? {
        return Ok(());
    }
    let account = provider.store.find_account(account).await?;
    let kept = |account: &Account| account.status.is_kept();
    if let Some(account) = account.filter(kept) {
        messages::tell(provider, &account, notice).await;
    }
    Ok(())
}

/// Runs beside the request; what cannot be told changes nothing.
fn beside<F>(provider: &Provider, work: impl FnOnce(Provider) -> F)
where
    F: Future<Output = Result<(), NoticeError>> + Send + 'static,
{
    let work = work(provider.clone());
    provider.under_way.spawn(async move { log(work.await) });
}

fn log(told: Result<(), NoticeError>) {
    if let Err(error) = told {
        tracing::error!(%error, "somebody is not told of an organisation or a mandate");
    }
}
