//! Who learns of a decision from us, by text message: the owner of an account that officers change, and whoever
//! somebody may act for from then on, or no more.

use crate::clock::Timestamp;
use crate::console::ConsoleError;
use crate::domain::account::Account;
use crate::domain::act::CounterAsked;
use crate::domain::act::Request;
use crate::domain::id::AccountId;
use crate::domain::id::OrganisationId;
use crate::domain::policy::Synthetic;
use crate::domain::uscc::Uscc;
use crate::messages;
use crate::messages::Notice;
use crate::organisations::notices;
use crate::organisations::notices::Change;
use crate::provider::Provider;

/// Whom an approval concerns, as it is before the decision, and what is said.
pub enum Concerned {
    /// Nobody.
    Nobody,
    /// The owner of an account.
    Owner(Box<Account>, Notice),
    /// Everybody who acts for an organisation.
    Members(OrganisationId, Change),
}

impl Concerned {
    /// Whose second factors are gone learns it from us, whoever came to the counter; and so does who represented an
    /// organisation until now, and for whom somebody is to act.
    pub async fn by(provider: &Provider, request: &Request) -> Result<Self, ConsoleError> {
        let told = async |account: AccountId, notice| {
            let account = provider.store.find_account(account).await?;
            Ok(Self::owner(account, notice))
        };
        let its_owner = async |notice| match request.account() {
            Some(account) => told(account, notice).await,
            None => Ok(Self::Nobody),
        };
        match request {
            Request::ResetSecondFactors { .. } => its_owner(Notice::TotpRemoved).await,
            Request::RecoverAtCounter { .. } => its_owner(Notice::CounterRecovery).await,
            Request::MergeAccounts { .. } => its_owner(Notice::AccountsMerged).await,
            Request::SplitAccount { .. } => its_owner(Notice::AccountsParted).await,
            Request::CorrectIdentity { .. } => its_owner(Notice::IdentityCorrected).await,
            Request::VerifyAtCounter { .. } => its_owner(Notice::IdentityRaised).await,
            Request::Counter(request) => match &request.asked {
                CounterAsked::Claim { uscc } => match representative(provider, uscc).await? {
                    Some(account) => told(account, Notice::RepresentsNoMore).await,
                    None => Ok(Self::Nobody),
                },
                CounterAsked::Guardian { ward: person, .. }
                | CounterAsked::Helper { person, .. } => {
                    let digest = provider.vault.index_person(person.key());
                    let account = provider.store.find_account_by_identifier(&digest).await?;
                    Ok(Self::owner(account, Notice::SomebodyActs))
                }
            },
            Request::ResumeOrganisation { organisation } => {
                Ok(Self::Members(*organisation, Change::Resumed))
            }
            Request::EndOrganisation { organisation } => {
                Ok(Self::Members(*organisation, Change::Ended))
            }
            _ => Ok(Self::Nobody),
        }
    }

    fn owner(account: Option<Account>, notice: Notice) -> Self {
        account.map_or(Self::Nobody, |account| Self::Owner(Box::new(account), notice))
    }

    /// Tells it, once it was decided at that moment.
    pub fn tell(self, provider: &Provider, at: Timestamp) {
        match self {
            Self::Nobody => {}
            Self::Owner(account, notice) => messages::notify(provider, &account, notice),
            Self::Members(organisation, change) => {
                notices::changed(provider, organisation, change, at);
            }
        }
    }
}

async fn representative(
    provider: &Provider,
    uscc: &str,
) -> Result<Option<AccountId>, ConsoleError> {
    let Ok(uscc) = Uscc::parse(uscc, Synthetic::Accepted) else { return Ok(None) };
    let digest = provider.vault.index_uscc(&uscc);
    let Some(organisation) = provider.store.find_organisation_by_code(digest).await? else {
        return Ok(None);
    };
    let known = provider.store.find_representative(organisation.id).await?;
    Ok(known.map(|known| known.account))
}
