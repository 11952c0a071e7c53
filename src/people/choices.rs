//! What the owner of an account chose of it: ways to log in that are switched off, browsers that are known,
//! language and print. Each is told to the phone, since somebody else may have chosen it.

use crate::audit;
use crate::clock::Timestamp;
use crate::domain::account::Account;
use crate::domain::assurance::Method;
use crate::domain::audit_event::AuditKind;
use crate::domain::choices::BLOCKABLE;
use crate::domain::id::KnownBrowserId;
use crate::domain::request_context::RequestContext;
use crate::domain::session::Session;
use crate::messages;
use crate::messages::Notice;
use crate::provider::Provider;
use crate::store::StoreError;

/// A browser the account knows.
#[derive(Debug, Clone)]
pub struct Browser {
    /// Its key.
    pub id: KnownBrowserId,
    /// What it called itself.
    pub user_agent: String,
    /// When it first logged in.
    pub first_at: Timestamp,
    /// When it last did.
    pub last_at: Timestamp,
}

/// Switches a method off, or on again; `false` when it cannot be, or already is. Switching off ends every
/// other session: one of them may have begun with it.
pub async fn block_method(
    provider: &Provider,
    context: &RequestContext,
    (account, session): (&Account, &Session),
    (method, blocked): (Method, bool),
) -> Result<bool, StoreError> {
    let from = account.choices.clone();
    if !BLOCKABLE.contains(&method) || from.allows(method) != blocked {
        return Ok(false);
    }
    let to = from.with(method, blocked);
    let record = audit::done(AuditKind::MethodBlocked).account(account);
    let record = record.detail("method", method.as_str()).detail("to", on_or_off(blocked));
    let record = record.record(provider, context);
    let keep = blocked.then_some(session.id);
    let done = provider.store.block_methods(account.id, (from, to), keep, record).await?;
    if done {
        let notice = if blocked { Notice::SmsLoginBlocked } else { Notice::SmsLoginAllowed };
        messages::notify(provider, account, notice);
    }
    Ok(done)
}

/// The word of the audit record.
pub(super) fn on_or_off(blocked: bool) -> &'static str {
    if blocked { "blocked" } else { "allowed" }
}

/// The browsers the account knows, the one that logged in last first.
pub async fn browsers(provider: &Provider, account: &Account) -> Result<Vec<Browser>, StoreError> {
    let read = |known: crate::store::sql::KnownBrowser| {
        let opened = provider.vault.open_personal(Some(account), &known.described);
        let user_agent = opened.map(|text| String::from_utf8_lossy(&text).into_owned());
        Browser {
            id: known.id,
            user_agent: user_agent.unwrap_or_default(),
            first_at: known.first_at,
            last_at: known.last_at,
        }
    };
    let known = provider.store.list_known_browsers(account.id).await?;
    Ok(known.into_iter().map(read).collect())
}

/// Forgets one of them, or all: their cookies are worth nothing from then on.
pub async fn forget(
    provider: &Provider,
    context: &RequestContext,
    account: &Account,
    one: Option<KnownBrowserId>,
) -> Result<(), StoreError> {
    let record = audit::done(AuditKind::BrowsersForgotten).account(account);
    let record = record.detail("which", if one.is_some() { "one" } else { "all" });
    let record = record.record(provider, context);
    if provider.store.forget_browsers(account.id, one, record).await? > 0 {
        messages::notify(provider, account, Notice::BrowsersForgotten);
    }
    Ok(())
}

/// Keeps language and print with the account, for every browser that logs in from now on.
pub async fn keep_look(
    provider: &Provider,
    context: &RequestContext,
    account: &Account,
    (locale, elder): (Option<&str>, Option<bool>),
) -> Result<(), StoreError> {
    let known = &account.choices;
    let locale = locale.filter(|tag| known.locale.as_deref() != Some(*tag));
    let elder = elder.filter(|on| known.elder != Some(*on));
    if locale.is_none() && elder.is_none() {
        return Ok(());
    }
    let record = audit::done(AuditKind::LookKept).account(account).record(provider, context);
    let look = (locale.map(str::to_owned), elder);
    provider.store.keep_look(account.id, look, record).await
}
