//! What a person types to say who they are: the number of a document or a phone, in any spelling people use, folded to
//! one canonical form before anything is looked up (design D1, security.md A-51).

use crate::config::Config;
use crate::domain::account::IdentifierKind;
use crate::domain::citizen_id::CitizenIdError;
use crate::domain::document_type::Card;
use crate::domain::id::IdentifierDigest;
use crate::domain::identity_document::IdentityDocument;
use crate::domain::identity_document::IdentityDocumentError;
use crate::domain::phone_number::PhoneNumber;
use crate::domain::policy::Synthetic;
use crate::domain::spelling;
use crate::domain::travel_document::TravelDocumentError;
use crate::provider::Provider;

/// Longer than any spelling of an identifier, in bytes: not even folded.
const LONGEST: usize = 200;

/// What was typed, and what was chosen beside it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Typed<'a> {
    /// The number.
    pub text: &'a str,
    /// Which document bears it; empty: it can be seen from the number.
    pub card: &'a str,
    /// Which country issued it, where that is a foreign passport.
    pub country: &'a str,
}

impl<'a> From<&'a str> for Typed<'a> {
    fn from(text: &'a str) -> Self {
        Self { text, ..Self::default() }
    }
}

/// Whether numbers nobody real can have are accepted here.
pub fn synthetic(config: &Config) -> Synthetic {
    config.synthetic()
}

/// The digest that finds the account; none when the text is no identifier at all. Always one, so that an attempt costs
/// one look-up whatever was typed.
pub fn digest<'a>(provider: &Provider, typed: impl Into<Typed<'a>>) -> Option<IdentifierDigest> {
    let typed = typed.into();
    // Test people of the sandbox have accounts everywhere; nobody else with such a number has one.
    if let Ok(document) = read(typed, Synthetic::Accepted) {
        return Some(provider.vault.index_person(document.key()));
    }
    if !typed.card.is_empty() || typed.text.len() > LONGEST {
        return None;
    }
    let phone = PhoneNumber::parse(typed.text, synthetic(&provider.config)).ok()?;
    Some(provider.vault.index(IdentifierKind::Phone, phone.expose()))
}

/// The document that was typed, for forms that say what is wrong with it.
pub fn document(
    config: &Config,
    typed: Typed<'_>,
) -> Result<IdentityDocument, IdentityDocumentError> {
    read(typed, synthetic(config))
}

/// Whether the text may be the number of a document that has to be named beside it. It says nothing about accounts.
pub fn needs_card(config: &Config, text: &str) -> bool {
    if text.len() > LONGEST {
        return false;
    }
    let folded = spelling::fold_grouped(text, &[' ']);
    let alike = (5..=10).contains(&folded.len())
        && folded.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && folded.bytes().any(|byte| byte.is_ascii_digit());
    alike && IdentityDocument::recognise(text, synthetic(config)).is_err()
}

/// The phone a code goes to, masked, where a phone was typed; it says nothing about accounts.
pub fn masked_phone(config: &Config, text: &str) -> Option<String> {
    let phone = PhoneNumber::parse(text, synthetic(config)).ok();
    phone.map(|phone| config.masking.phone(phone.expose()))
}

/// Which field of a form has to be changed, and the message that says why.
pub fn refusal(error: IdentityDocumentError) -> (&'static str, &'static str) {
    use CitizenIdError as Citizen;
    use TravelDocumentError as Travel;
    let key = match error {
        IdentityDocumentError::CardUnknown => return ("id_type", "id-type-unknown"),
        IdentityDocumentError::CountryMissing => return ("id_country", "id-country-missing"),
        IdentityDocumentError::CountryUnknown | IdentityDocumentError::CountryDiffers => {
            return ("id_country", "id-country-unknown");
        }
        IdentityDocumentError::CountryIsChina => return ("id_country", "id-country-china"),
        IdentityDocumentError::OtherKind => "id-number-other-kind",
        IdentityDocumentError::Citizen(Citizen::Empty)
        | IdentityDocumentError::Travel(Travel::Empty) => "id-number-empty",
        IdentityDocumentError::Citizen(Citizen::Length) => "id-number-length",
        IdentityDocumentError::Citizen(Citizen::Charset) => "id-number-charset",
        IdentityDocumentError::Citizen(Citizen::FifteenDigits | Citizen::AfterFifteenDigits) => {
            "id-number-fifteen-digits"
        }
        IdentityDocumentError::Citizen(Citizen::DivisionUnknown | Citizen::DivisionNotCounty) => {
            "id-number-division"
        }
        IdentityDocumentError::Citizen(Citizen::SyntheticRefused) => "id-number-test",
        IdentityDocumentError::Citizen(Citizen::NationalityUnknown)
        | IdentityDocumentError::Travel(Travel::NationalityUnknown) => "id-number-nationality",
        IdentityDocumentError::Citizen(Citizen::BirthDateInvalid)
        | IdentityDocumentError::Travel(Travel::BirthDateInvalid) => "id-number-birth-date",
        IdentityDocumentError::Citizen(Citizen::BirthDateFuture) => "id-number-future",
        IdentityDocumentError::Citizen(Citizen::BirthDateImplausible) => "id-number-too-old",
        IdentityDocumentError::Citizen(Citizen::CheckCharacter)
        | IdentityDocumentError::Travel(Travel::CheckDigit) => "id-number-check",
        IdentityDocumentError::Travel(Travel::Charset) => "id-number-letters-digits",
        IdentityDocumentError::Travel(Travel::Length) => "id-number-other-length",
        IdentityDocumentError::Travel(Travel::Shape) => "id-number-shape",
    };
    ("id_number", key)
}

fn read(typed: Typed<'_>, synthetic: Synthetic) -> Result<IdentityDocument, IdentityDocumentError> {
    if typed.text.len().max(typed.country.len()) > LONGEST {
        return Err(CitizenIdError::Length.into());
    }
    if typed.card.is_empty() {
        return IdentityDocument::recognise(typed.text, synthetic);
    }
    let card = Card::parse(typed.card).ok_or(IdentityDocumentError::CardUnknown)?;
    IdentityDocument::parse(card, typed.country, typed.text, synthetic)
}
