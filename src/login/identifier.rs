//! What a person types to say who they are: an ID number or a phone, in any spelling people use, folded to
//! one canonical form before anything is looked up (design D1, security.md A-51).

use crate::config::Config;
use crate::domain::account::IdentifierKind;
use crate::domain::citizen_id::CitizenId;
use crate::domain::id::IdentifierDigest;
use crate::domain::phone_number::PhoneNumber;
use crate::domain::policy::Synthetic;
use crate::provider::Provider;

/// Whether numbers nobody real can have are accepted here.
pub fn synthetic(config: &Config) -> Synthetic {
    if config.accept_synthetic { Synthetic::Accepted } else { Synthetic::Refused }
}

/// The digest that finds the account; none when the text is no identifier at all.
pub fn digest(provider: &Provider, text: &str) -> Option<IdentifierDigest> {
    // Longer than any spelling of an identifier: not even folded.
    if text.len() > 200 {
        return None;
    }
    let synthetic = synthetic(&provider.config);
    if let Ok(number) = CitizenId::parse(text, synthetic) {
        return Some(provider.vault.index(IdentifierKind::CitizenId, number.expose()));
    }
    let phone = PhoneNumber::parse(text, synthetic).ok()?;
    Some(provider.vault.index(IdentifierKind::Phone, phone.expose()))
}

/// The phone a code goes to, masked, where a phone was typed; it says nothing about accounts.
pub fn masked_phone(config: &Config, text: &str) -> Option<String> {
    PhoneNumber::parse(text, synthetic(config)).ok().map(|phone| phone.masked())
}
