//! Browsers an account has logged in with: failures of strangers at the same address do not hold them up
//! (security.md A-49). A known browser proves nothing, and is asked for every factor like any other.

use serde::Deserialize;
use serde::Serialize;

use crate::domain::account::Account;
use crate::domain::id::AccountId;
use crate::domain::id::KnownBrowserId;
use crate::domain::request_context::RequestContext;
use crate::provider::Provider;
use crate::store::StoreError;

/// What the cookie of a browser claims for one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Whose login succeeded there.
    pub account: AccountId,
    /// As which browser.
    pub browser: KnownBrowserId,
}

/// Whether the account still knows the browser with these claims.
pub async fn is_known(
    provider: &Provider,
    account: &Account,
    claims: &[Known],
) -> Result<bool, StoreError> {
    match claims.iter().find(|claim| claim.account == account.id) {
        Some(claim) => provider.store.is_known_browser(account.id, claim.browser).await,
        None => Ok(false),
    }
}

/// The account logged in there: notes it, and says what the cookie claims from now on. What was forgotten
/// does not come back under its old name.
pub async fn remember(
    provider: &Provider,
    context: &RequestContext,
    account: &Account,
    claims: &[Known],
) -> Result<Known, StoreError> {
    let now = provider.clock.now();
    let described = || {
        let name = context.user_agent.as_bytes();
        provider.vault.seal_personal(Some(account), name)
    };
    if let Some(claim) = claims.iter().find(|claim| claim.account == account.id) {
        let this = (claim.browser, described());
        if provider.store.recognise_browser(account.id, this, now).await? {
            return Ok(*claim);
        }
    }
    let known = Known { account: account.id, browser: KnownBrowserId::generate() };
    let this = (known.browser, described());
    provider.store.add_known_browser(account.id, this, now).await?;
    Ok(known)
}
