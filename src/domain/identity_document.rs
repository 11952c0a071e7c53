//! The natural key of a person: (document type, issuing country, number), whatever card bears it (design D1). What a
//! number must look like is told by [`citizen_id`] for the layout of citizens, by [`travel_document`] for the rest.

use std::fmt;

use time::Date;
use zeroize::ZeroizeOnDrop;

use crate::domain::citizen_id;
use crate::domain::citizen_id::CitizenId;
use crate::domain::citizen_id::CitizenIdError;
use crate::domain::country;
use crate::domain::document_type::Card;
use crate::domain::document_type::DocumentType;
use crate::domain::masking;
use crate::domain::policy::Synthetic;
use crate::domain::spelling;
use crate::domain::synthetic;
use crate::domain::travel_document::TravelDocument;
use crate::domain::travel_document::TravelDocumentError;
use crate::domain::travel_document::TravelDocumentKind;

/// A document whose number has the form of its kind, in one canonical spelling. Personal data: `Debug` is masked.
#[derive(Clone, PartialEq, Eq, Hash, ZeroizeOnDrop)]
pub struct IdentityDocument {
    #[zeroize(skip)]
    document_type: DocumentType,
    country: String,
    number: String,
}

/// The key, borrowed from a document or from the profile of an account.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PersonKey<'a> {
    /// What bears the number.
    pub document_type: DocumentType,
    /// The issuing country or area, ISO 3166-1 alpha-3.
    pub country: &'a str,
    /// The number.
    pub number: &'a str,
}

/// Why a text is no number of such a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentityDocumentError {
    /// As numbers of the citizens' layout are refused.
    #[error(transparent)]
    Citizen(#[from] CitizenIdError),
    /// As other numbers are refused.
    #[error(transparent)]
    Travel(#[from] TravelDocumentError),
    /// The number of another document than the one that was chosen.
    #[error("the number is one of another document")]
    OtherKind,
    /// There is no such document on the list.
    #[error("the document is unknown")]
    CardUnknown,
    /// A foreign passport without its country.
    #[error("the issuing country is missing")]
    CountryMissing,
    /// No country, or not the one that issues this document.
    #[error("the issuing country is unknown")]
    CountryUnknown,
    /// The country of another document than the one that has this number.
    #[error("the country does not issue this document")]
    CountryDiffers,
    /// China's own passport.
    #[error("a Chinese passport does not take the place of the citizen's number")]
    CountryIsChina,
}

impl IdentityDocument {
    /// Reads the number of a document that was chosen from the list. The country counts for foreign passports alone;
    /// that of the others follows from the document.
    pub fn parse(
        card: Card,
        country: &str,
        text: &str,
        synthetic: Synthetic,
    ) -> Result<Self, IdentityDocumentError> {
        match card {
            Card::ResidentIdentityCard | Card::ResidencePermit => {
                let number = CitizenId::parse(text, synthetic)?;
                let document = Self::of_citizen_layout(&number);
                if document.document_type.card() == card {
                    Ok(document)
                } else {
                    Err(IdentityDocumentError::OtherKind)
                }
            }
            Card::PermanentResidenceCard => residence_card(text, synthetic),
            Card::HongKongMacaoPermit => travel(TravelDocumentKind::HongKongMacaoPermit, text, ""),
            Card::TaiwanPermit => travel(TravelDocumentKind::TaiwanPermit, text, ""),
            Card::ForeignPassport => {
                let country = issuer(country, synthetic)?;
                travel(TravelDocumentKind::ForeignPassport, text, country)
            }
        }
    }

    /// Reads what a register says: the value of a card, or nothing where the number tells; and a country, or nothing,
    /// or the `CHN` that registers fill in for everybody but the holders of foreign passports.
    pub fn of_register(
        card: &str,
        country: &str,
        text: &str,
        synthetic: Synthetic,
    ) -> Result<Self, IdentityDocumentError> {
        let read = if card.is_empty() {
            Self::recognise(text, synthetic)?
        } else {
            let card = Card::parse(card).ok_or(IdentityDocumentError::CardUnknown)?;
            Self::parse(card, country, text, synthetic)?
        };
        let told = read.document_type == DocumentType::ForeignPassport
            || ["", "CHN", &*read.country].contains(&country);
        if told { Ok(read) } else { Err(IdentityDocumentError::CountryDiffers) }
    }

    /// Reads a number that can be of one kind only: the layout of citizens, a permit with its letter, the long number
    /// of a permanent resident. Eight or ten digits, and passports, need to be told.
    pub fn recognise(text: &str, synthetic: Synthetic) -> Result<Self, IdentityDocumentError> {
        let refused = match CitizenId::parse(text, synthetic) {
            Ok(number) => return Ok(Self::of_citizen_layout(&number)),
            Err(refused) => refused,
        };
        let own_form = [
            TravelDocumentKind::HongKongMacaoPermit,
            TravelDocumentKind::PermanentResidenceCard2017,
        ];
        let found = own_form.into_iter().find_map(|kind| travel(kind, text, "").ok());
        found.ok_or_else(|| refused.into())
    }

    /// The document with a number of the citizens' layout.
    pub fn of_citizen_layout(number: &CitizenId) -> Self {
        let document_type = DocumentType::of_layout(number.kind());
        let country = document_type.country(number.expose()).unwrap_or_default();
        Self { document_type, country: country.to_owned(), number: number.expose().to_owned() }
    }

    /// The key.
    pub fn key(&self) -> PersonKey<'_> {
        PersonKey {
            document_type: self.document_type,
            country: &self.country,
            number: &self.number,
        }
    }

    /// At sign-up: whether a living person can have the birth date in this number. `today` is China's day.
    pub fn check_birth_date(&self, today: Date) -> Result<(), IdentityDocumentError> {
        match CitizenId::parse(&self.number, Synthetic::Accepted) {
            Ok(number) => Ok(number.check_birth_date(today)?),
            // The others have no birth date, or one without its century.
            Err(_) => Ok(()),
        }
    }
}

impl fmt::Debug for IdentityDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key().fmt(f)
    }
}

impl<'a> PersonKey<'a> {
    /// The key of a number of this type. Which country issued it follows from the document, but for passports.
    pub fn new(document_type: DocumentType, country: &'a str, number: &'a str) -> Self {
        // Profiles sealed before types were kept all say that they are resident identity cards.
        let document_type = match document_type {
            DocumentType::ResidentIdentityCard => citizen_id::kind_of(number)
                .map_or(DocumentType::ResidentIdentityCard, DocumentType::of_layout),
            other => other,
        };
        Self { document_type, country: document_type.country(number).unwrap_or(country), number }
    }

    /// Whether the number has the layout of citizens', which no other document can have.
    pub fn has_citizen_layout(&self) -> bool {
        use DocumentType as T;
        match self.document_type {
            T::HongKongMacaoPermit | T::TaiwanPermit | T::ForeignPassport => false,
            T::PermanentResidenceCard => self.number.len() == 18,
            _ => true,
        }
    }

    /// The six digits of the division that a citizen's number, or a residence permit, begins with. Other numbers say
    /// nothing of a place, though they may begin like one.
    pub fn division(&self) -> Option<&'a str> {
        let has_none = self.document_type == DocumentType::PermanentResidenceCard
            || !self.has_citizen_layout();
        if has_none { None } else { self.number.get(..6) }
    }

    /// The birth date in the number, if it has one, with its century.
    pub fn birth_date(&self) -> Option<Date> {
        let number = self.has_citizen_layout().then_some(self.number)?;
        Some(CitizenId::parse(number, Synthetic::Accepted).ok()?.birth_date())
    }

    /// Whether the number allows this birth date: that of the card of 2017 has the last six digits of it.
    pub fn may_be_born(&self, day: Date) -> bool {
        if let Some(born) = self.birth_date() {
            return born == day;
        }
        if self.document_type != DocumentType::PermanentResidenceCard {
            return true;
        }
        let (year, month) = (day.year().rem_euclid(100), u8::from(day.month()));
        self.number.get(7..13) == Some(&*format!("{year:02}{month:02}{:02}", day.day()))
    }

    /// Whether it is one of those nobody can hold.
    pub fn is_synthetic(&self) -> bool {
        match self.document_type {
            DocumentType::ResidentIdentityCard => synthetic::is_synthetic(self.number),
            DocumentType::ForeignPassport => self.country == country::UTOPIA.alpha3,
            _ => false,
        }
    }

    /// For every page and portal: the ends of a number that holds a birth date, the outer thirds of the others.
    pub fn masked(&self) -> String {
        if self.has_citizen_layout() || self.document_type == DocumentType::PermanentResidenceCard {
            masking::identity_number(self.number)
        } else {
            masking::other_document(self.number)
        }
    }
}

impl fmt::Debug for PersonKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A third at each end of a short number leaves a thousand to guess; a log shows less than a page.
        let masked = masking::identity_number(self.number);
        write!(f, "IdentityDocument({}, {}, {masked})", self.document_type.code(), self.country)
    }
}

impl IdentityDocumentError {
    /// A stable name of the reason, for audit and tests.
    pub fn code(self) -> &'static str {
        match self {
            Self::Citizen(error) => error.code(),
            Self::Travel(error) => error.code(),
            Self::OtherKind => "E_DOCUMENT_OTHER_KIND",
            Self::CardUnknown => "E_DOCUMENT_UNKNOWN",
            Self::CountryMissing => "E_COUNTRY_MISSING",
            Self::CountryUnknown => "E_COUNTRY_UNKNOWN",
            Self::CountryDiffers => "E_COUNTRY_DIFFERS",
            Self::CountryIsChina => "E_COUNTRY_IS_CHINA",
        }
    }

    /// Whether it is the country that has to be changed, not the number.
    pub fn is_of_country(self) -> bool {
        matches!(
            self,
            Self::CountryMissing
                | Self::CountryUnknown
                | Self::CountryDiffers
                | Self::CountryIsChina
        )
    }
}

/// Both forms of the permanent residence card: the longer one has the layout of citizens.
fn residence_card(
    text: &str,
    synthetic: Synthetic,
) -> Result<IdentityDocument, IdentityDocumentError> {
    let old = travel(TravelDocumentKind::PermanentResidenceCard2017, text, "");
    let begins_old = spelling::fold(text).starts_with(|first: char| first.is_ascii_uppercase());
    if begins_old || old.is_ok() {
        return old;
    }
    let number = CitizenId::parse(text, synthetic).map_err(|error| match error {
        // The form of 2017 has 15 characters, and begins with letters.
        CitizenIdError::FifteenDigits => TravelDocumentError::Shape.into(),
        other => IdentityDocumentError::from(other),
    })?;
    let document = IdentityDocument::of_citizen_layout(&number);
    if document.document_type == DocumentType::PermanentResidenceCard {
        Ok(document)
    } else {
        Err(IdentityDocumentError::OtherKind)
    }
}

/// A number that is not of the citizens' layout. The count of re-issues at the end of a permit is the card's, not the
/// person's: it is no part of the key.
fn travel(
    kind: TravelDocumentKind,
    text: &str,
    country: &str,
) -> Result<IdentityDocument, IdentityDocumentError> {
    let document = TravelDocument::parse(kind, text)?;
    let document_type = DocumentType::from_code(kind.code());
    let document_type = document_type.ok_or(IdentityDocumentError::CardUnknown)?;
    let number = document.expose_person();
    let country = document_type.country(number).unwrap_or(country).to_owned();
    Ok(IdentityDocument { document_type, country, number: number.to_owned() })
}

/// The country on a foreign passport, in capitals.
fn issuer(text: &str, synthetic: Synthetic) -> Result<&'static str, IdentityDocumentError> {
    let code = spelling::fold(text);
    if code.is_empty() {
        return Err(IdentityDocumentError::CountryMissing);
    }
    let known = country::foreign(synthetic).find(|country| country.alpha3 == code.as_str());
    match known {
        Some(country) => Ok(country.alpha3),
        None if country::find(&code).is_some_and(|found| found != country::UTOPIA) => {
            Err(IdentityDocumentError::CountryIsChina)
        }
        None => Err(IdentityDocumentError::CountryUnknown),
    }
}

#[cfg(test)]
mod tests;
