//! Everything we keep of a person, for the person (PIPL art. 45): one document, the same for reading and
//! for machines.

use serde::Serialize;

use crate::audit;
use crate::clock::Timestamp;
use crate::domain::account::Account;
use crate::domain::audit_event::AuditKind;
use crate::domain::evidence::Compared;
use crate::domain::evidence::Evidence;
use crate::domain::request_context::RequestContext;
use crate::messages;
use crate::messages::Notice;
use crate::people::account_centre;
use crate::people::choices;
use crate::people::evidence;
use crate::people::portals;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::vault::VaultError;

/// So many events of the history are taken along at most.
const LONGEST_HISTORY: usize = 10_000;

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// All of it. Times are RFC 3339.
#[derive(Debug, Serialize)]
pub struct Export {
    /// When it was made.
    pub exported_at: String,
    /// The person.
    pub person: Person,
    /// How the account is protected.
    pub security: Security,
    /// What the identity rests on, newest first.
    pub verifications: Vec<Verification>,
    /// Sessions that live.
    pub sessions: Vec<Session>,
    /// How pages are to look.
    pub preferences: Preferences,
    /// What was agreed to.
    pub consents: Vec<Consent>,
    /// Portals nobody is logged in to with this account.
    pub blocked_portals: Vec<BlockedPortal>,
    /// What happened, newest first.
    pub history: Vec<Event>,
}

/// The person.
#[derive(Debug, Serialize)]
pub struct Person {
    /// Name.
    pub name: String,
    /// What bears the ID number: a code of GA/T 517-2004, or our own.
    pub id_type: &'static str,
    /// Which country or area issued it, ISO 3166-1 alpha-3.
    pub id_country: String,
    /// ID number.
    pub id_number: String,
    /// Mobile phone, E.164.
    pub phone_number: Option<String>,
    /// How well the identity was established, 0 to 3.
    pub identity_assurance: u8,
    /// When the account was made.
    pub created_at: String,
    /// When the person's data last changed.
    pub updated_at: String,
}

/// How the account is protected; never a secret.
#[derive(Debug, Serialize)]
pub struct Security {
    /// When the password was last set.
    pub password_changed_at: Option<String>,
    /// Whether an authenticator app is enrolled.
    pub totp_enrolled: bool,
    /// Methods that log in no more.
    pub blocked_methods: Vec<&'static str>,
    /// Browsers that logged in before.
    pub known_browsers: Vec<KnownBrowser>,
}

/// A browser the account knows.
#[derive(Debug, Serialize)]
pub struct KnownBrowser {
    /// What it called itself.
    pub user_agent: String,
    /// When it first logged in.
    pub first_login_at: String,
    /// When it last did.
    pub last_login_at: String,
}

/// How pages are to look; nothing where nothing was chosen.
#[derive(Debug, Serialize)]
pub struct Preferences {
    /// The language.
    pub locale: Option<String>,
    /// Large print.
    pub elder: Option<bool>,
}

/// A portal that was blocked.
#[derive(Debug, Serialize)]
pub struct BlockedPortal {
    /// Its id.
    pub client_id: String,
    /// Its name.
    pub client_name: String,
    /// Since when.
    pub blocked_at: String,
}

/// A verification of the identity.
#[derive(Debug, Serialize)]
pub struct Verification {
    /// Who was asked.
    pub source: &'static str,
    /// What was compared.
    pub compared: Vec<&'static str>,
    /// What came of it.
    pub finding: &'static str,
    /// Which document was seen, at a counter.
    pub document: Option<&'static str>,
    /// What the source calls it.
    pub reference: Option<String>,
    /// When.
    pub at: String,
}

/// A session.
#[derive(Debug, Serialize)]
pub struct Session {
    /// What the browser called itself.
    pub user_agent: String,
    /// When it began.
    pub started_at: String,
    /// When it was last used.
    pub last_seen_at: String,
}

/// A consent.
#[derive(Debug, Serialize)]
pub struct Consent {
    /// The portal's id.
    pub client_id: String,
    /// Its name.
    pub client_name: String,
    /// What for.
    pub scope: String,
    /// Single claims.
    pub claims: Vec<String>,
    /// Since when.
    pub granted_at: String,
}

/// Something that happened.
#[derive(Debug, Serialize)]
pub struct Event {
    /// When.
    pub at: String,
    /// What.
    pub kind: String,
    /// `done` or `refused`.
    pub outcome: String,
    /// How.
    pub method: Option<String>,
    /// From which address.
    pub source: Option<String>,
    /// At which portal.
    pub client_name: Option<String>,
    /// What the portal was allowed to know.
    pub scope: Option<String>,
}

/// Gathers the document; that is recorded, and its owner told.
pub async fn gather(
    provider: &Provider,
    context: &RequestContext,
    account: &Account,
) -> Result<Export, ExportError> {
    let profile = provider.vault.open_profile(account)?;
    let sessions = account_centre::sessions(provider, account).await?;
    let consents = account_centre::consents(provider, account).await?;
    let export = Export {
        exported_at: provider.clock.now().to_rfc3339(),
        person: Person {
            id_type: profile.key().document_type.code(),
            id_country: profile.key().country.to_owned(),
            name: profile.name,
            id_number: profile.id_number,
            phone_number: profile.phone,
            identity_assurance: account.identity_assurance.level(),
            created_at: account.created_at.to_rfc3339(),
            updated_at: account.updated_at.to_rfc3339(),
        },
        security: Security {
            password_changed_at: account.password_changed_at.map(Timestamp::to_rfc3339),
            totp_enrolled: account.has_totp,
            blocked_methods: account.choices.blocked.iter().map(|method| method.as_str()).collect(),
            known_browsers: known_browsers(provider, account).await?,
        },
        verifications: verifications(provider, account).await?,
        preferences: Preferences {
            locale: account.choices.locale.clone(),
            elder: account.choices.elder,
        },
        blocked_portals: blocked_portals(provider, account).await?,
        sessions: sessions
            .into_iter()
            .map(|session| Session {
                user_agent: session.user_agent,
                started_at: session.created_at.to_rfc3339(),
                last_seen_at: session.last_seen_at.to_rfc3339(),
            })
            .collect(),
        consents: consents
            .into_iter()
            .map(|(client, consent)| Consent {
                client_id: client.id.to_string(),
                client_name: client.name.clone(),
                scope: consent.scope.to_string(),
                claims: consent.claims.iter().map(ToString::to_string).collect(),
                granted_at: consent.granted_at.to_rfc3339(),
            })
            .collect(),
        history: history(provider, account).await?,
    };
    let record = audit::done(AuditKind::DataExported).account(account).record(provider, context);
    provider.store.record(record).await?;
    messages::notify(provider, account, Notice::DataExported);
    Ok(export)
}

async fn verifications(
    provider: &Provider,
    account: &Account,
) -> Result<Vec<Verification>, ExportError> {
    let told = |found: Evidence| -> Result<Verification, ExportError> {
        Ok(Verification {
            source: found.source.as_str(),
            compared: found.compared.iter().map(Compared::as_str).collect(),
            finding: found.finding.as_str(),
            document: found.at_counter.map(|seen| seen.document.as_str()),
            reference: evidence::reference(provider, account, &found)?,
            at: found.at.to_rfc3339(),
        })
    };
    evidence::list(provider, account).await?.into_iter().map(told).collect()
}

async fn known_browsers(
    provider: &Provider,
    account: &Account,
) -> Result<Vec<KnownBrowser>, StoreError> {
    let read = |browser: choices::Browser| KnownBrowser {
        user_agent: browser.user_agent,
        first_login_at: browser.first_at.to_rfc3339(),
        last_login_at: browser.last_at.to_rfc3339(),
    };
    Ok(choices::browsers(provider, account).await?.into_iter().map(read).collect())
}

async fn blocked_portals(
    provider: &Provider,
    account: &Account,
) -> Result<Vec<BlockedPortal>, StoreError> {
    let blocked = |portal: portals::Portal| {
        Some(BlockedPortal {
            client_id: portal.client.id.to_string(),
            client_name: portal.client.name.clone(),
            blocked_at: portal.blocked_at?.to_rfc3339(),
        })
    };
    Ok(portals::list(provider, account).await?.into_iter().filter_map(blocked).collect())
}

async fn history(provider: &Provider, account: &Account) -> Result<Vec<Event>, StoreError> {
    let (mut events, mut before) = (Vec::new(), None);
    while events.len() < LONGEST_HISTORY {
        let (page, next) = account_centre::history(provider, account, before).await?;
        events.extend(page.into_iter().map(|entry| Event {
            at: entry.at.to_rfc3339(),
            kind: entry.kind,
            outcome: entry.outcome,
            method: entry.method,
            source: entry.source,
            client_name: entry.client,
            scope: entry.scope,
        }));
        if next.is_none() {
            break;
        }
        before = next;
    }
    Ok(events)
}
