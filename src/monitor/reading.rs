//! From an audit record to what the rules see of it. The address is opened here, where it is needed, and goes
//! no further: rules get a keyed digest of its network, and where that network is.

use std::net::IpAddr;

use crate::domain::audit_event::AuditKind;
use crate::domain::audit_event::Outcome;
use crate::domain::id::OperatorId;
use crate::domain::request_context::network_of;
use crate::monitor::places::Places;
use crate::monitor::rules::Event;
use crate::provider::Provider;
use crate::store::sql::FollowedAudit;

/// The event of a record; none of a kind only a newer version knows.
pub fn read(provider: &Provider, places: Option<&Places>, record: &FollowedAudit) -> Option<Event> {
    let kind = AuditKind::parse(&record.kind)?;
    let outcome = Outcome::parse(&record.outcome)?;
    let login = matches!(kind, AuditKind::Login | AuditKind::OperatorLogin);
    let is_placed = places.is_some() && kind == AuditKind::Login && outcome == Outcome::Done;
    let needs_address = is_placed || login && outcome == Outcome::Refused;
    let address = needs_address.then(|| address(provider, record)).flatten();
    let digest = |address: IpAddr| {
        let network = network_of(address);
        let tag = provider.vault.short_secret.tag_parts(&[b"monitor", network.as_bytes()]);
        let mut short = [0; 16];
        short.copy_from_slice(&tag[..16]);
        short
    };
    let position = places.zip(address).filter(|_| is_placed);
    Some(Event {
        at: record.at,
        kind,
        outcome,
        reason: record.reason.clone(),
        account: record.account.as_ref().map(|(id, _)| *id),
        operator: operator(&record.details),
        client: record.client_id.clone(),
        source: address.map(digest),
        position: position.and_then(|(places, address)| places.find(address)),
        request_id: record.request_id.clone(),
    })
}

fn address(provider: &Provider, record: &FollowedAudit) -> Option<IpAddr> {
    let person = record.account.as_ref().map(|(id, key)| (*id, key.as_slice()));
    let opened = provider.vault.open_personal_of(person, &record.personal).ok()?;
    let personal: serde_json::Value = serde_json::from_slice(&opened).ok()?;
    personal.get("source")?.as_str()?.parse().ok()
}

fn operator(details: &str) -> Option<OperatorId> {
    if !details.contains("\"operator\"") {
        return None;
    }
    let details: serde_json::Value = serde_json::from_str(details).ok()?;
    details.get("operator")?.as_str()?.parse().ok().map(OperatorId)
}
