//! Audit: turns what happened into a record with its MAC (design D10). The record is written by the
//! store in the transaction of what it tells; `chain` seals and verifies.

pub mod chain;

use serde_json::json;

use crate::clock::Clock;
use crate::crypto::base64url;
use crate::domain::account::Account;
use crate::domain::audit_event::AuditKind;
use crate::domain::audit_event::AuditRecord;
use crate::domain::audit_event::Outcome;
use crate::domain::client::ClientId;
use crate::domain::id::AccountId;
use crate::domain::id::AuditId;
use crate::domain::id::OperatorId;
use crate::domain::request_context::RequestContext;
use crate::provider::Provider;
use crate::vault::Vault;

/// An event on its way to becoming a record.
#[must_use]
pub struct Event<'a> {
    kind: AuditKind,
    outcome: Outcome,
    reason: &'a str,
    account: Option<&'a Account>,
    account_id: Option<AccountId>,
    client_id: Option<&'a ClientId>,
    details: serde_json::Map<String, serde_json::Value>,
    why: Option<String>,
}

/// What the seal of an operator's words is bound to.
const WHY: &str = "audit why";

/// Something was done.
pub fn done<'a>(kind: AuditKind) -> Event<'a> {
    Event {
        kind,
        outcome: Outcome::Done,
        reason: "",
        account: None,
        account_id: None,
        client_id: None,
        details: serde_json::Map::new(),
        why: None,
    }
}

/// Something was refused, for this reason: a word or two of ours, never a value of the request.
pub fn refused(kind: AuditKind, reason: &str) -> Event<'_> {
    Event { outcome: Outcome::Refused, reason, ..done(kind) }
}

impl<'a> Event<'a> {
    /// Whose account; personal fields are then sealed under that person's key.
    pub fn account(mut self, account: &'a Account) -> Self {
        self.account = Some(account);
        self.account_id = Some(account.id);
        self
    }

    /// Whose account, where only its key is known.
    pub fn account_id(mut self, id: AccountId) -> Self {
        self.account_id = Some(id);
        self
    }

    /// Which client.
    pub fn client(mut self, id: &'a ClientId) -> Self {
        self.client_id = Some(id);
        self
    }

    /// Which operator did it, or tried.
    pub fn operator(self, id: OperatorId) -> Self {
        self.detail("operator", id.to_string())
    }

    /// Why an operator did it, in his own words: sealed, since they may name somebody.
    pub fn why(mut self, text: &str) -> Self {
        self.why = Some(text.to_owned());
        self
    }

    /// A further fact, never a personal one.
    pub fn detail(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }

    /// The record, complete with its MAC.
    pub fn record(self, provider: &Provider, context: &RequestContext) -> AuditRecord {
        self.seal(&provider.vault, &provider.clock, context)
    }

    fn seal(self, vault: &Vault, clock: &Clock, context: &RequestContext) -> AuditRecord {
        metrics::counter!(
            "audit_events_total",
            "kind" => self.kind.as_str(), "outcome" => self.outcome.as_str()
        )
        .increment(1);
        let personal = json!({ "source": context.source, "user_agent": context.user_agent });
        let personal = personal.to_string().into_bytes();
        let mut details = self.details;
        if let Some(why) = &self.why {
            let sealed = base64url::encode(vault.seal_data(WHY, why.as_bytes()));
            details.insert("why".to_owned(), sealed.into());
        }
        let details = if details.is_empty() {
            String::from("{}")
        } else {
            serde_json::Value::Object(details).to_string()
        };
        let mut record = AuditRecord {
            id: AuditId::generate(),
            at: clock.now(),
            kind: self.kind.as_str().to_owned(),
            outcome: self.outcome.as_str().to_owned(),
            reason: self.reason.to_owned(),
            account_id: self.account_id,
            client_id: self.client_id.cloned(),
            request_id: context.id.clone(),
            details,
            personal: vault.seal_personal(self.account, &personal),
            mac: Vec::new(),
        };
        record.mac = record.expected_mac(&vault.audit).to_vec();
        record
    }
}

/// Makes the record of a rotation, before and after there is a provider; takes the algorithm.
pub fn key_record(
    vault: &Vault,
    clock: &Clock,
    context: &RequestContext,
) -> impl Fn(&str) -> AuditRecord + Send + Sync {
    move |algorithm| {
        done(AuditKind::KeysRotated).detail("alg", algorithm).seal(vault, clock, context)
    }
}

/// Records a refusal that changed nothing else: one record, with the reason (security.md G6).
pub async fn record_refusal(
    provider: &Provider,
    context: &RequestContext,
    kind: AuditKind,
    (reason, client): (&str, Option<&ClientId>),
) -> Result<(), crate::store::StoreError> {
    let mut event = refused(kind, reason);
    if let Some(client) = client {
        event = event.client(client);
    }
    provider.store.record(event.record(provider, context)).await
}

/// The details of a record, an operator's words among them opened.
pub fn open_details(provider: &Provider, details: &str) -> serde_json::Value {
    let mut value = serde_json::from_str(details).unwrap_or(serde_json::Value::Null);
    if let Some(why) = value.get_mut("why") {
        let sealed = why.as_str().and_then(|text| base64url::decode(text).ok());
        let opened = sealed.and_then(|sealed| provider.vault.open_data(WHY, &sealed).ok());
        *why = opened.map(|text| String::from_utf8_lossy(&text).into_owned()).into();
    }
    value
}

/// Source and user agent of a record, for the person it belongs to.
pub fn open_personal(
    provider: &Provider,
    account: &Account,
    record: &AuditRecord,
) -> Option<serde_json::Value> {
    let opened = provider.vault.open_personal(Some(account), &record.personal).ok()?;
    serde_json::from_slice(&opened).ok()
}
