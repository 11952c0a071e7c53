//! What bears the number of a person: the types of documents in keys and on the wire (GA/T 517-2004), and the cards
//! people choose from a list.

use serde::Deserialize;
use serde::Serialize;

use crate::domain::citizen_id;
use crate::domain::travel_document::TravelDocumentKind;

/// The documents a person can be known by. A Chinese passport is none: its holder has a citizen's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum DocumentType {
    /// Resident identity card, 居民身份证.
    #[default]
    #[serde(rename = "111")]
    ResidentIdentityCard,
    /// Residence permit of a Hong Kong resident, 港澳台居民居住证.
    #[serde(rename = "HMT_RP_HK")]
    HongKongResidencePermit,
    /// Residence permit of a Macao resident.
    #[serde(rename = "HMT_RP_MO")]
    MacaoResidencePermit,
    /// Residence permit of a Taiwan resident.
    #[serde(rename = "HMT_RP_TW")]
    TaiwanResidencePermit,
    /// Permanent residence card of a foreigner, 外国人永久居留身份证, of 2023 or of 2017.
    #[serde(rename = "553")]
    PermanentResidenceCard,
    /// Mainland travel permit of a Hong Kong or Macao resident, 港澳居民来往内地通行证.
    #[serde(rename = "516")]
    HongKongMacaoPermit,
    /// Mainland travel permit of a Taiwan resident, 台湾居民来往大陆通行证.
    #[serde(rename = "511")]
    TaiwanPermit,
    /// Passport of another country.
    #[serde(rename = "FOREIGN_PASSPORT")]
    ForeignPassport,
}

/// A card as people choose it from a list; the number tells the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Card {
    /// 居民身份证.
    ResidentIdentityCard,
    /// 港澳台居民居住证.
    ResidencePermit,
    /// 港澳居民来往内地通行证.
    HongKongMacaoPermit,
    /// 台湾居民来往大陆通行证.
    TaiwanPermit,
    /// 外国人永久居留身份证.
    PermanentResidenceCard,
    /// 外国护照; the one that needs its country beside the number.
    ForeignPassport,
}

impl DocumentType {
    /// Each of them.
    pub const ALL: [Self; 8] = [
        Self::ResidentIdentityCard,
        Self::HongKongResidencePermit,
        Self::MacaoResidencePermit,
        Self::TaiwanResidencePermit,
        Self::PermanentResidenceCard,
        Self::HongKongMacaoPermit,
        Self::TaiwanPermit,
        Self::ForeignPassport,
    ];

    /// The type in keys and on the wire: GA/T 517-2004 where it has one, our own elsewhere.
    pub fn code(self) -> &'static str {
        use citizen_id::DocumentKind as Layout;
        match self {
            Self::ResidentIdentityCard => Layout::ResidentIdentityCard.code(),
            Self::HongKongResidencePermit => Layout::HongKongResidencePermit.code(),
            Self::MacaoResidencePermit => Layout::MacaoResidencePermit.code(),
            Self::TaiwanResidencePermit => Layout::TaiwanResidencePermit.code(),
            Self::PermanentResidenceCard => Layout::PermanentResidenceCard.code(),
            Self::HongKongMacaoPermit => TravelDocumentKind::HongKongMacaoPermit.code(),
            Self::TaiwanPermit => TravelDocumentKind::TaiwanPermit.code(),
            Self::ForeignPassport => TravelDocumentKind::ForeignPassport.code(),
        }
    }

    /// The type with that code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }

    /// As which card people know it.
    pub fn card(self) -> Card {
        match self {
            Self::ResidentIdentityCard => Card::ResidentIdentityCard,
            Self::HongKongResidencePermit
            | Self::MacaoResidencePermit
            | Self::TaiwanResidencePermit => Card::ResidencePermit,
            Self::PermanentResidenceCard => Card::PermanentResidenceCard,
            Self::HongKongMacaoPermit => Card::HongKongMacaoPermit,
            Self::TaiwanPermit => Card::TaiwanPermit,
            Self::ForeignPassport => Card::ForeignPassport,
        }
    }

    /// The country or area that goes with the number; none for a passport, whose country has to be told.
    pub(super) fn country(self, number: &str) -> Option<&'static str> {
        Some(match self {
            Self::ResidentIdentityCard | Self::PermanentResidenceCard => "CHN",
            Self::MacaoResidencePermit => "MAC",
            Self::TaiwanResidencePermit | Self::TaiwanPermit => "TWN",
            Self::HongKongMacaoPermit if number.starts_with('M') => "MAC",
            Self::HongKongResidencePermit | Self::HongKongMacaoPermit => "HKG",
            Self::ForeignPassport => return None,
        })
    }

    /// The type of a number with the layout of citizens'.
    pub fn of_layout(kind: citizen_id::DocumentKind) -> Self {
        use citizen_id::DocumentKind as Layout;
        match kind {
            Layout::ResidentIdentityCard => Self::ResidentIdentityCard,
            Layout::HongKongResidencePermit => Self::HongKongResidencePermit,
            Layout::MacaoResidencePermit => Self::MacaoResidencePermit,
            Layout::TaiwanResidencePermit => Self::TaiwanResidencePermit,
            Layout::PermanentResidenceCard => Self::PermanentResidenceCard,
        }
    }
}

impl Card {
    /// Each of them, in the order of the list.
    pub const ALL: [Self; 6] = [
        Self::ResidentIdentityCard,
        Self::ResidencePermit,
        Self::HongKongMacaoPermit,
        Self::TaiwanPermit,
        Self::PermanentResidenceCard,
        Self::ForeignPassport,
    ];

    /// The value in a form or a file: the code of the type, or of the three residence permits together.
    pub fn value(self) -> &'static str {
        match self {
            Self::ResidentIdentityCard => DocumentType::ResidentIdentityCard.code(),
            Self::ResidencePermit => "HMT_RP",
            Self::HongKongMacaoPermit => DocumentType::HongKongMacaoPermit.code(),
            Self::TaiwanPermit => DocumentType::TaiwanPermit.code(),
            Self::PermanentResidenceCard => DocumentType::PermanentResidenceCard.code(),
            Self::ForeignPassport => DocumentType::ForeignPassport.code(),
        }
    }

    /// The card of that value, or of that type's code.
    pub fn parse(value: &str) -> Option<Self> {
        let of_value = || Self::ALL.into_iter().find(|card| card.value() == value);
        of_value().or_else(|| DocumentType::from_code(value).map(DocumentType::card))
    }
}
