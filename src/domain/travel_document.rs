//! Numbers of documents without the citizen layout: travel permits of Hong Kong, Macao and Taiwan
//! residents, passports, and the permanent residence card of 2017 (ICAO Doc 9303).

use std::fmt;

use zeroize::ZeroizeOnDrop;

use crate::domain::country;
use crate::domain::masking;
use crate::domain::spelling;

/// Check weights of the machine-readable zone (ICAO Doc 9303 part 3, 4.9).
const WEIGHTS: [u32; 3] = [7, 3, 1];

/// A document number that has the form of its kind; most of these have no check character, so
/// only the authority knows whether it exists. Personal data: `Debug` is masked.
#[derive(Clone, PartialEq, Eq, Hash, ZeroizeOnDrop)]
pub struct TravelDocument {
    #[zeroize(skip)]
    kind: TravelDocumentKind,
    number: String,
}

/// The kinds. The key of a foreign passport needs the issuing country next to the number, because
/// numbers collide between countries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TravelDocumentKind {
    /// Mainland travel permit for Hong Kong and Macao residents, 回乡证.
    HongKongMacaoPermit,
    /// Mainland travel permit for Taiwan residents, 台胞证.
    TaiwanPermit,
    /// Ordinary Chinese passport.
    ChinesePassport,
    /// Passport of another country.
    ForeignPassport,
    /// Permanent residence card of a foreigner, the form of 2017, valid until its printed expiry.
    PermanentResidenceCard2017,
}

/// Why a text is not such a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TravelDocumentError {
    /// Nothing was typed.
    #[error("the document number is empty")]
    Empty,
    /// Not the form of that document.
    #[error("the document number does not have the form of its kind")]
    Shape,
    /// The nationality on a permanent residence card is no foreign country.
    #[error("the nationality is unknown")]
    NationalityUnknown,
    /// The check digit of a permanent residence card is wrong.
    #[error("the check digit is wrong")]
    CheckDigit,
}

impl TravelDocument {
    /// Reads the number of a document whose kind the end-user has chosen.
    pub fn parse(kind: TravelDocumentKind, text: &str) -> Result<Self, TravelDocumentError> {
        let folded = spelling::fold_grouped(text, &[' ']);
        if folded.is_empty() {
            return Err(TravelDocumentError::Empty);
        }
        if !kind.has_form_of(folded.as_bytes()) {
            return Err(TravelDocumentError::Shape);
        }
        if kind == TravelDocumentKind::PermanentResidenceCard2017 {
            if !country::is_foreign_alpha3(&folded[..3]) {
                return Err(TravelDocumentError::NationalityUnknown);
            }
            if !folded.ends_with(check_digit(&folded[..14])) {
                return Err(TravelDocumentError::CheckDigit);
            }
        }
        Ok(Self { kind, number: folded.as_str().to_owned() })
    }

    /// The kind of document.
    pub fn kind(&self) -> TravelDocumentKind {
        self.kind
    }

    /// The canonical form: for the register and the seal.
    pub fn expose(&self) -> &str {
        &self.number
    }

    /// What stays when a permit is issued again: older forms end in a count of re-issues.
    pub fn expose_person(&self) -> &str {
        match self.kind {
            TravelDocumentKind::HongKongMacaoPermit => &self.number[..9],
            TravelDocumentKind::TaiwanPermit => &self.number[..8],
            _ => &self.number,
        }
    }

    /// The first and last third, for pages. Logs show less: see `Debug`.
    pub fn masked(&self) -> String {
        masking::other_document(&self.number)
    }
}

impl fmt::Debug for TravelDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A third at each end of a short number leaves a thousand to guess, or shows a birth date.
        write!(f, "TravelDocument({:?}, {})", self.kind, masking::identity_number(&self.number))
    }
}

impl TravelDocumentKind {
    /// The type in keys and on the wire: GA/T 517-2004 where it has one, our own elsewhere. Both
    /// forms of the permanent residence card are 553.
    pub fn code(self) -> &'static str {
        match self {
            Self::HongKongMacaoPermit => "516",
            Self::TaiwanPermit => "511",
            Self::ChinesePassport => "414",
            Self::ForeignPassport => "FOREIGN_PASSPORT",
            Self::PermanentResidenceCard2017 => "553",
        }
    }

    fn has_form_of(self, number: &[u8]) -> bool {
        let digits = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_digit);
        let letters = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_uppercase);
        match (self, number) {
            (Self::HongKongMacaoPermit, [b'H' | b'M', rest @ ..]) => {
                matches!(rest.len(), 8 | 10) && digits(rest)
            }
            (Self::TaiwanPermit, all) => matches!(all.len(), 8 | 10) && digits(all),
            (Self::ChinesePassport, [b'E', letter, rest @ ..]) if letter.is_ascii_uppercase() => {
                !matches!(letter, b'I' | b'O') && rest.len() == 7 && digits(rest)
            }
            (Self::ChinesePassport, [b'E' | b'G', rest @ ..]) => rest.len() == 8 && digits(rest),
            (Self::ForeignPassport, all) => {
                all.len() <= 9 && all.iter().all(u8::is_ascii_alphanumeric)
            }
            (Self::PermanentResidenceCard2017, all) => {
                all.len() == 15 && letters(&all[..3]) && digits(&all[3..])
            }
            _ => false,
        }
    }
}

impl TravelDocumentError {
    /// A stable name of the reason, for audit and tests.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "E_EMPTY",
            Self::Shape => "E_SHAPE",
            Self::NationalityUnknown => "E_NATIONALITY_UNKNOWN",
            Self::CheckDigit => "E_CHECK_DIGIT",
        }
    }
}

/// ICAO Doc 9303: weights 7, 3, 1, modulo 10, letters counting 10 to 35.
fn check_digit(body: &str) -> char {
    let values = body.chars().filter_map(|character| character.to_digit(36));
    let weights = WEIGHTS.into_iter().cycle();
    let sum: u32 = values.zip(weights).map(|(value, weight)| value * weight).sum();
    char::from_digit(sum % 10, 10).expect("a remainder of 10 is a digit")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KINDS: [TravelDocumentKind; 5] = [
        TravelDocumentKind::HongKongMacaoPermit,
        TravelDocumentKind::TaiwanPermit,
        TravelDocumentKind::ChinesePassport,
        TravelDocumentKind::ForeignPassport,
        TravelDocumentKind::PermanentResidenceCard2017,
    ];

    #[test]
    fn reissue_count_is_not_the_person() {
        let first = TravelDocument::parse(KINDS[0], "h0000000001").unwrap();
        let second = TravelDocument::parse(KINDS[0], "H0000000002").unwrap();
        assert_eq!(first.expose_person(), second.expose_person());
        assert_ne!(first, second);
        assert_eq!(format!("{first:?}"), "TravelDocument(HongKongMacaoPermit, H*********1)");
        assert_eq!(first.masked(), "H00*****001");
    }

    #[test]
    fn permanent_residents_are_foreigners() {
        let error = TravelDocument::parse(KINDS[4], "CHN140100010113").unwrap_err();
        assert_eq!(error, TravelDocumentError::NationalityUnknown);
    }

    proptest! {
        #[test]
        fn parser_never_panics(text in any::<String>(), near in "[0-9A-Z]{0,16}") {
            for kind in KINDS {
                let _ = TravelDocument::parse(kind, &text);
                let _ = TravelDocument::parse(kind, &near);
            }
        }

        #[test]
        fn canonical_form_is_stable(text in "[0-9a-zA-Z]{1,9}") {
            let document = TravelDocument::parse(KINDS[3], &text).unwrap();
            let again = TravelDocument::parse(KINDS[3], document.expose()).unwrap();
            prop_assert_eq!(again, document);
        }
    }
}
