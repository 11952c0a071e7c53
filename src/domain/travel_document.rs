//! Numbers of documents without the citizen layout: travel permits of Hong Kong, Macao and Taiwan
//! residents, passports, and the permanent residence card of 2017 (ICAO Doc 9303).

use std::fmt;

use time::Date;
use time::Month;
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
    /// Something else than letters and digits.
    #[error("the document number has characters other than letters and digits")]
    Charset,
    /// Shorter or longer than numbers of that document are.
    #[error("the document number does not have the length of its kind")]
    Length,
    /// Letters and digits stand where that document has others.
    #[error("the document number does not have the form of its kind")]
    Shape,
    /// The nationality on a permanent residence card is no foreign country.
    #[error("the nationality is unknown")]
    NationalityUnknown,
    /// The birth date on a permanent residence card is no day of any year.
    #[error("the birth date does not exist")]
    BirthDateInvalid,
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
        // A foreign character is named before the length, which an invisible one would distort.
        if !folded.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(TravelDocumentError::Charset);
        }
        if !kind.lengths().contains(&folded.len()) {
            return Err(TravelDocumentError::Length);
        }
        if !kind.has_form_of(folded.as_bytes()) {
            return Err(TravelDocumentError::Shape);
        }
        if kind == TravelDocumentKind::PermanentResidenceCard2017 {
            check_residence_card(&folded)?;
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

    fn lengths(self) -> &'static [usize] {
        match self {
            Self::HongKongMacaoPermit => &[9, 11],
            Self::TaiwanPermit => &[8, 10],
            Self::ChinesePassport => &[9],
            Self::ForeignPassport => &[1, 2, 3, 4, 5, 6, 7, 8, 9],
            Self::PermanentResidenceCard2017 => &[15],
        }
    }

    /// Whether letters and digits stand where they should, in a number of the right length.
    fn has_form_of(self, number: &[u8]) -> bool {
        let digits = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_digit);
        let letters = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_uppercase);
        match (self, number) {
            (Self::TaiwanPermit, all) => digits(all),
            (Self::ChinesePassport, [b'E', letter, rest @ ..]) if letter.is_ascii_uppercase() => {
                !matches!(letter, b'I' | b'O') && digits(rest)
            }
            (Self::HongKongMacaoPermit, [b'H' | b'M', rest @ ..])
            | (Self::ChinesePassport, [b'E' | b'G', rest @ ..]) => digits(rest),
            (Self::ForeignPassport, _) => true,
            (Self::PermanentResidenceCard2017, all) => letters(&all[..3]) && digits(&all[3..]),
            _ => false,
        }
    }
}

impl TravelDocumentError {
    /// A stable name of the reason, for audit and tests.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "E_EMPTY",
            Self::Charset => "E_CHARSET",
            Self::Length => "E_LENGTH",
            Self::Shape => "E_SHAPE",
            Self::NationalityUnknown => "E_NATIONALITY_UNKNOWN",
            Self::BirthDateInvalid => "E_BIRTHDATE_INVALID",
            Self::CheckDigit => "E_CHECK_DIGIT",
        }
    }
}

/// Nationality, place, birth date without its century, one digit and the check digit.
fn check_residence_card(number: &str) -> Result<(), TravelDocumentError> {
    if !country::is_foreign_alpha3(&number[..3]) {
        return Err(TravelDocumentError::NationalityUnknown);
    }
    if !is_day_of_some_century(&number[7..13]) {
        return Err(TravelDocumentError::BirthDateInvalid);
    }
    if !number.ends_with(check_digit(&number[..14])) {
        return Err(TravelDocumentError::CheckDigit);
    }
    Ok(())
}

fn is_day_of_some_century(digits: &str) -> bool {
    let part = |range: std::ops::Range<usize>| digits[range].parse::<u8>().unwrap_or_default();
    let day = |century: i32| {
        let month = Month::try_from(part(2..4)).ok()?;
        Date::from_calendar_date(century + i32::from(part(0..2)), month, part(4..6)).ok()
    };
    day(1900).or_else(|| day(2000)).is_some()
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
    }

    #[test]
    fn each_kind_refuses_bad_spellings_with_their_reasons() {
        use TravelDocumentError as E;
        let table = [
            (KINDS[0], "", E::Empty),
            (KINDS[0], "Н00000000", E::Charset),
            (KINDS[0], "H0000\u{200B}0000", E::Charset),
            (KINDS[0], "H-00000000", E::Charset),
            (KINDS[0], "H0000000", E::Length),
            (KINDS[0], "H000000000", E::Length),
            (KINDS[0], "A00000000", E::Shape),
            (KINDS[0], "HO0000000", E::Shape),
            (KINDS[1], "000000000", E::Length),
            (KINDS[1], "0000000O", E::Shape),
            (KINDS[1], "٠٠٠٠٠٠٠٠", E::Charset),
            (KINDS[3], "L898902C3X", E::Length),
            (KINDS[3], "L898902С3", E::Charset),
            (KINDS[3], "①", E::Charset),
            (KINDS[4], "USA14010001011", E::Length),
            (KINDS[4], "1SA140100010113", E::Shape),
            (KINDS[4], "USA14010001O113", E::Shape),
            (KINDS[4], "CHN140100010113", E::NationalityUnknown),
            (KINDS[4], "UTO140100010113", E::NationalityUnknown),
            (KINDS[4], "USA140100130113", E::BirthDateInvalid),
            (KINDS[4], "USA140101023011", E::BirthDateInvalid),
        ];
        for (kind, text, reason) in table {
            assert_eq!(TravelDocument::parse(kind, text).unwrap_err(), reason, "{kind:?} {text}");
        }
        let card: Vec<_> = (0..10)
            .filter(|check| {
                TravelDocument::parse(KINDS[4], &format!("USA14010001011{check}")).is_ok()
            })
            .collect();
        assert_eq!(card.len(), 1, "one check digit in ten");
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
