//! Whom a person represents: organisations and other people, each once, by the strongest mandate.

use crate::clock::Timestamp;
use crate::domain::account::Account;
use crate::domain::account::AccountStatus;
use crate::domain::acting::SubjectKind;
use crate::domain::assurance::IdentityAssurance;
use crate::domain::client::Client;
use crate::domain::id::AccountId;
use crate::domain::id::MandateId;
use crate::domain::mandate::Mandate;
use crate::domain::mandate::Principal;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::store::sql::Held;
use crate::vault::VaultError;

/// Read at once; lists of thousands are read in several goes.
const PAGE: i64 = 1000;
/// Nobody holds more that is looked at.
const MOST: usize = 5000;

/// Why it cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum RepresentedError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// Somebody who is represented.
#[derive(Debug, Clone)]
pub struct Represented {
    /// Under which mandate.
    pub mandate: Mandate,
    /// Name: of an organisation in full, of a person masked.
    pub name: String,
    /// The organisation's credit code.
    pub uscc: Option<String>,
    /// Whether the organisation is suspended: then nobody acts for it, and it comes to no portal.
    pub is_suspended: bool,
}

/// A mandate as whoever has or had it reads it.
#[derive(Debug, Clone)]
pub struct Past {
    /// The mandate.
    pub mandate: Mandate,
    /// Whom it is about: an organisation's name in full, a person's masked.
    pub name: String,
    /// The organisation's credit code.
    pub uscc: Option<String>,
    /// Who granted it, for an organisation.
    pub grantor: Option<String>,
}

/// So much of what a person ever held, newest first and before `before`.
pub async fn history(
    provider: &Provider,
    account: AccountId,
    part: (Option<MandateId>, i64),
) -> Result<Vec<Past>, RepresentedError> {
    let held = provider.store.list_mandates_of_agent(account, part).await?;
    held.into_iter().map(|held| past(provider, held)).collect()
}

/// What a person accepted and has not begun.
pub async fn coming(
    provider: &Provider,
    account: AccountId,
) -> Result<Vec<Past>, RepresentedError> {
    let held = provider.store.list_coming_mandates(account, provider.clock.now()).await?;
    held.into_iter().map(|held| past(provider, held)).collect()
}

fn past(provider: &Provider, held: Held) -> Result<Past, RepresentedError> {
    let mandate = held.mandate;
    let parties = provider.vault.open_parties(mandate.id, &mandate.parties)?;
    let Some(record) = &held.organisation else {
        let name = provider.config.masking.name(&parties.grantor_name);
        return Ok(Past { mandate, name, uscc: None, grantor: None });
    };
    let record = provider.vault.open_organisation(record)?;
    let (uscc, grantor) = (Some(record.uscc), Some(parties.grantor_name));
    Ok(Past { mandate, name: record.name, uscc, grantor })
}

/// Everybody a person represents now, the strongest mandate first, each principal once; also who is suspended.
pub async fn list(
    provider: &Provider,
    account: AccountId,
) -> Result<Vec<Represented>, RepresentedError> {
    collect(provider, account, |_| true).await
}

impl Represented {
    /// Whether a part of the name is so, or of the code as it is usually typed.
    pub fn matches(&self, search: &str) -> bool {
        let code = search.to_ascii_uppercase().replace([' ', '-'], "");
        search.is_empty()
            || self.name.contains(search)
            || (!code.is_empty() && self.uscc.as_ref().is_some_and(|uscc| uscc.contains(&code)))
    }
}

/// Those for whom a person may come to this client.
pub async fn at_client(
    provider: &Provider,
    account: AccountId,
    client: &Client,
) -> Result<Vec<Represented>, RepresentedError> {
    collect(provider, account, |held| !held.is_suspended && leads_to(&held.mandate, client)).await
}

/// One of them, if its mandate is this person's, in force, and leads to this client.
pub async fn one_at_client(
    provider: &Provider,
    account: AccountId,
    client: &Client,
    mandate: MandateId,
) -> Result<Option<Represented>, RepresentedError> {
    let now = provider.clock.now();
    let held = provider.store.find_mandate(mandate).await?;
    let held = held.filter(|held| {
        let mandate = &held.mandate;
        mandate.agent == Some(account)
            && mandate.is_in_force(now)
            && !held.is_suspended
            && leads_to(mandate, client)
    });
    match held {
        Some(held) => open(provider, held).await,
        None => Ok(None),
    }
}

/// Whether a mandate leads to this client, and the client takes such subjects.
pub fn leads_to(mandate: &Mandate, client: &Client) -> bool {
    client.policy.subject_kinds.contains(&SubjectKind::of(mandate.principal))
        && mandate.terms.matters.lead_to(&client.id)
}

async fn collect(
    provider: &Provider,
    account: AccountId,
    wanted: impl Fn(&Held) -> bool,
) -> Result<Vec<Represented>, RepresentedError> {
    let now: Timestamp = provider.clock.now();
    let mut held: Vec<Held> = Vec::new();
    let mut after = None;
    loop {
        let page = provider.store.list_held_mandates(account, (after, PAGE), now).await?;
        let full = page.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
        after = page.last().map(|last| last.mandate.id);
        held.extend(page.into_iter().filter(&wanted));
        if !full || held.len() >= MOST {
            break;
        }
    }
    // The strongest first: roles are ordered so, then wider matters before narrower ones, then longer terms.
    held.sort_by_key(|held| {
        let terms = &held.mandate.terms;
        let ends = (terms.term.until.is_some(), terms.term.until.map(|until| -until.0));
        (terms.role, terms.matters.narrowness(), ends)
    });
    let mut seen = std::collections::HashSet::new();
    held.retain(|held| seen.insert(held.mandate.principal));
    let mut all = Vec::with_capacity(held.len());
    for held in held {
        all.extend(open(provider, held).await?);
    }
    Ok(all)
}

async fn open(provider: &Provider, held: Held) -> Result<Option<Represented>, RepresentedError> {
    let Held { mandate, organisation, is_suspended } = held;
    match (mandate.principal, organisation) {
        (Principal::Organisation(_), Some(record)) => {
            let record = provider.vault.open_organisation(&record)?;
            let uscc = Some(record.uscc);
            Ok(Some(Represented { mandate, name: record.name, uscc, is_suspended }))
        }
        (Principal::Organisation(_), None) => Ok(None),
        (Principal::Person(id), _) => {
            let person: Option<Account> = provider.store.find_account(id).await?;
            let usable = |person: &Account| {
                person.status == AccountStatus::Active
                    && person.identity_assurance >= IdentityAssurance::REGISTER_MATCH
            };
            let Some(person) = person.filter(usable) else { return Ok(None) };
            let profile = provider.vault.open_profile(&person)?;
            let name = provider.config.masking.name(&profile.name);
            Ok(Some(Represented { mandate, name, uscc: None, is_suspended: false }))
        }
    }
}
