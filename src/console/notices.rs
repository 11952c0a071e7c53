//! Who learns of a decision from us, by text message: the owner of an account that officers change, and whoever
//! somebody may act for from then on, or no more.

use crate::console::ConsoleError;
use crate::domain::account::Account;
use crate::domain::act::CounterAsked;
use crate::domain::act::Request;
use crate::domain::id::AccountId;
use crate::domain::policy::Synthetic;
use crate::domain::uscc::Uscc;
use crate::messages;
use crate::messages::Notice;
use crate::provider::Provider;

/// Whom an approval concerns, as it is before the decision, and what is said.
pub struct Concerned(Option<(Account, Notice)>);

impl Concerned {
    /// Nobody.
    pub fn nobody() -> Self {
        Self(None)
    }

    /// Whose second factors are gone learns it from us, whoever came to the counter; and so does who represented an
    /// organisation until now, and for whom somebody is to act.
    pub async fn by(provider: &Provider, request: &Request) -> Result<Self, ConsoleError> {
        let told = async |account: AccountId, notice| {
            let account = provider.store.find_account(account).await?;
            Ok(Self(account.map(|account| (account, notice))))
        };
        let its_owner = async |notice| match request.account() {
            Some(account) => told(account, notice).await,
            None => Ok(Self::nobody()),
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
                    None => Ok(Self::nobody()),
                },
                CounterAsked::Guardian { ward: person, .. }
                | CounterAsked::Helper { person, .. } => {
                    let digest = provider.vault.index_person(person.key());
                    let account = provider.store.find_account_by_identifier(&digest).await?;
                    Ok(Self(account.map(|account| (account, Notice::SomebodyActs))))
                }
            },
            _ => Ok(Self::nobody()),
        }
    }

    /// Tells it.
    pub fn tell(self, provider: &Provider) {
        if let Some((account, notice)) = self.0 {
            messages::notify(provider, &account, notice);
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
    Ok(known.map(|(account, ..)| account))
}
