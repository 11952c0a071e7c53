//! Resident identity number, 公民身份号码 (GB 11643-1999), and the numbers that share its layout:
//! residence permits of Hong Kong, Macao and Taiwan residents, and permanent residence cards of
//! 2023. Prefixes keep the kinds apart, so one number names one person whatever the card.

use std::fmt;

use time::Date;
use time::Month;
use zeroize::ZeroizeOnDrop;
use zeroize::Zeroizing;

use crate::domain::country;
use crate::domain::division;
use crate::domain::division::Standing;
use crate::domain::masking;
use crate::domain::policy::Synthetic;
use crate::domain::spelling;

/// Nobody is older (oldest person on record: 122); a typing error is.
const AGE_LIMIT_YEARS: i32 = 150;

/// An identity number that has been checked: shape, prefix, birth date and check character.
///
/// It is personal data, so `Debug` prints the masked form, there is no `Display`, and the text is
/// wiped when dropped.
#[derive(Clone, PartialEq, Eq, Hash, ZeroizeOnDrop)]
pub struct CitizenId(String);

/// The documents that carry a number of this layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DocumentKind {
    /// Resident identity card, 居民身份证.
    ResidentIdentityCard,
    /// Residence permit of a Hong Kong resident, 港澳台居民居住证.
    HongKongResidencePermit,
    /// Residence permit of a Macao resident.
    MacaoResidencePermit,
    /// Residence permit of a Taiwan resident.
    TaiwanResidencePermit,
    /// Permanent residence card of a foreigner, 外国人永久居留身份证, the form of 2023.
    PermanentResidenceCard,
}

/// What digit 17 says about the holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sex {
    /// Even.
    Female,
    /// Odd.
    Male,
}

/// Why a text is not an identity number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CitizenIdError {
    /// Nothing was typed.
    #[error("the number is empty")]
    Empty,
    /// Not 18 characters.
    #[error("the number does not have 18 characters")]
    Length,
    /// Something else than digits, or X before the end.
    #[error("the number has characters other than 17 digits and a digit or X")]
    Charset,
    /// A first-generation number; those cards lapsed on 2013-01-01.
    #[error("a 15-digit number is not accepted")]
    FifteenDigits,
    /// No such province, or not the prefix of that document.
    #[error("the division is unknown")]
    DivisionUnknown,
    /// The code of a province or of a city.
    #[error("the division is not a county")]
    DivisionNotCounty,
    /// Division 99 where synthetic numbers are refused.
    #[error("the division is reserved for tests")]
    SyntheticRefused,
    /// The nationality of a permanent resident is no foreign country.
    #[error("the nationality is unknown")]
    NationalityUnknown,
    /// Not a day of the calendar.
    #[error("the birth date does not exist")]
    BirthDateInvalid,
    /// A day that has not come.
    #[error("the birth date lies in the future")]
    BirthDateFuture,
    /// More than 150 years ago.
    #[error("the birth date lies too far back")]
    BirthDateImplausible,
    /// ISO 7064 MOD 11-2 does not hold.
    #[error("the check character is wrong")]
    CheckCharacter,
    /// A 15-digit number whose birth date lies after such numbers ended.
    #[error("no 15-digit number was allotted to that birth date")]
    AfterFifteenDigits,
}

impl CitizenId {
    /// Reads a number, whichever document of this layout it stands on.
    ///
    /// Whether the birth date is plausible depends on the day: see [`Self::check_birth_date`].
    pub fn parse(text: &str, synthetic: Synthetic) -> Result<Self, CitizenIdError> {
        let number = shape(text)?;
        check(DocumentKind::of(&number), &number, synthetic)
    }

    /// Reads the number of a document whose kind the end-user has chosen; a number of another kind
    /// is refused.
    pub fn parse_as(
        kind: DocumentKind,
        text: &str,
        synthetic: Synthetic,
    ) -> Result<Self, CitizenIdError> {
        check(kind, &shape(text)?, synthetic)
    }

    /// The canonical form, 18 characters: for the register, the seal and the index.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The document that carries this number.
    pub fn kind(&self) -> DocumentKind {
        DocumentKind::of(&self.0)
    }

    /// The six digits of the division; a permanent resident's province and nationality.
    pub fn division_code(&self) -> &str {
        &self.0[..6]
    }

    /// Whether the table lacks the county of a citizen's number: the register has to confirm it.
    pub fn has_unlisted_county(&self) -> bool {
        self.kind() == DocumentKind::ResidentIdentityCard
            && division::standing(self.division_code()) == Standing::UnlistedCounty
    }

    /// Digits 7 to 14.
    pub fn birth_date(&self) -> Date {
        date(&self.0[6..14]).expect("the parser has read this date")
    }

    /// Digit 17.
    pub fn sex(&self) -> Sex {
        if self.0.as_bytes()[16].is_multiple_of(2) { Sex::Female } else { Sex::Male }
    }

    /// At sign-up: whether a living person can have this birth date. `today` is China's day.
    pub fn check_birth_date(&self, today: Date) -> Result<(), CitizenIdError> {
        let born = self.birth_date();
        if born > today {
            return Err(CitizenIdError::BirthDateFuture);
        }
        let before_birthday =
            (u8::from(today.month()), today.day()) < (u8::from(born.month()), born.day());
        let age = today.year() - born.year() - i32::from(before_birthday);
        if age > AGE_LIMIT_YEARS {
            return Err(CitizenIdError::BirthDateImplausible);
        }
        Ok(())
    }

    /// `3****************X`, for every page and log but the owner's.
    pub fn masked(&self) -> String {
        masking::identity_number(&self.0)
    }

    /// `1401**********1234`, for the owner's confirmation page alone.
    pub fn masked_for_owner(&self) -> String {
        masking::identity_number_for_owner(&self.0)
    }

    /// The number this person may have had before 1999-10-01, a key to find old accounts by.
    ///
    /// Nothing where the short form reads as somebody of another century: it would be the key to
    /// that person's account.
    pub fn fifteen_digits(&self) -> Option<Zeroizing<String>> {
        if self.kind() != DocumentKind::ResidentIdentityCard {
            return None;
        }
        let short = Zeroizing::new([&self.0[..6], &self.0[8..17]].concat());
        match lengthen(&short, Synthetic::Accepted) {
            Ok(Lengthened::Certain(id) | Lengthened::Ambiguous(id)) if id == *self => Some(short),
            _ => None,
        }
    }
}

impl fmt::Debug for CitizenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CitizenId({})", self.masked())
    }
}

impl DocumentKind {
    /// The type in keys and on the wire: GA/T 517-2004 where it has one, our own elsewhere.
    pub fn code(self) -> &'static str {
        match self {
            Self::ResidentIdentityCard => "111",
            Self::HongKongResidencePermit => "HMT_RP_HK",
            Self::MacaoResidencePermit => "HMT_RP_MO",
            Self::TaiwanResidencePermit => "HMT_RP_TW",
            Self::PermanentResidenceCard => "553",
        }
    }

    /// The document with that code.
    pub fn from_code(code: &str) -> Option<Self> {
        [
            Self::ResidentIdentityCard,
            Self::HongKongResidencePermit,
            Self::MacaoResidencePermit,
            Self::TaiwanResidencePermit,
            Self::PermanentResidenceCard,
        ]
        .into_iter()
        .find(|kind| kind.code() == code)
    }

    /// Citizens' numbers start with 1 to 8, foreigners' with 9 and a province; 99 is nobody's.
    fn of(number: &str) -> Self {
        match &number[..6] {
            "810000" => Self::HongKongResidencePermit,
            "820000" => Self::MacaoResidencePermit,
            "830000" => Self::TaiwanResidencePermit,
            prefix
                if prefix.starts_with('9') && division::province_name(&prefix[1..3]).is_some() =>
            {
                Self::PermanentResidenceCard
            }
            _ => Self::ResidentIdentityCard,
        }
    }
}

impl CitizenIdError {
    /// A stable name of the reason, for audit and tests.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "E_EMPTY",
            Self::Length => "E_LENGTH",
            Self::Charset => "E_CHARSET",
            Self::FifteenDigits => "E_LEGACY_15_NOT_ACCEPTED",
            Self::DivisionUnknown => "E_DIVISION_UNKNOWN",
            Self::DivisionNotCounty => "E_DIVISION_NOT_COUNTY",
            Self::SyntheticRefused => "E_DIVISION_TEST_FORBIDDEN",
            Self::NationalityUnknown => "E_NATIONALITY_UNKNOWN",
            Self::BirthDateInvalid => "E_BIRTHDATE_INVALID",
            Self::BirthDateFuture => "E_BIRTHDATE_FUTURE",
            Self::BirthDateImplausible => "E_BIRTHDATE_IMPLAUSIBLE",
            Self::CheckCharacter => "E_CHECK_DIGIT",
            Self::AfterFifteenDigits => "E_LEGACY_BIRTHDATE_AFTER_CUTOFF",
        }
    }
}

/// A number made from a 15-digit one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lengthened {
    /// The one number it can have become.
    Certain(CitizenId),
    /// Sequences 996 to 999 marked centenarians, born in 18xx: a clerk has to look.
    Ambiguous(CitizenId),
}

/// Reads a first-generation number (15 digits), for matching old accounts only: it has no check
/// character, so it proves nothing and nobody registers with it.
pub fn lengthen(text: &str, synthetic: Synthetic) -> Result<Lengthened, CitizenIdError> {
    let digits = spelling::fold_grouped(text, &[' ']);
    if digits.is_empty() {
        return Err(CitizenIdError::Empty);
    }
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(CitizenIdError::Charset);
    }
    if digits.len() != 15 {
        return Err(CitizenIdError::Length);
    }
    let centenarian = digits[12..] >= *"996";
    let century = if centenarian { "18" } else { "19" };
    let mut number = Zeroizing::new(String::with_capacity(18));
    number.extend([&digits[..6], century, &digits[6..]]);
    let last = check_character(&number);
    number.push(last);

    let id = check(DocumentKind::ResidentIdentityCard, &number, synthetic)?;
    match (centenarian, id.birth_date() < fifteen_digits_ended()) {
        (true, _) => Ok(Lengthened::Ambiguous(id)),
        (false, true) => Ok(Lengthened::Certain(id)),
        (false, false) => Err(CitizenIdError::AfterFifteenDigits),
    }
}

/// Which document a canonical number of this layout stands on; none for a text that has another.
pub fn kind_of(number: &str) -> Option<DocumentKind> {
    (number.len() == 18 && number.is_ascii()).then(|| DocumentKind::of(number))
}

/// The number with these 17 digits, as the generators of synthetic numbers need it.
pub(super) fn complete(body: &str) -> Result<CitizenId, CitizenIdError> {
    CitizenId::parse(&format!("{body}{}", check_character(body)), Synthetic::Accepted)
}

/// Spelling and shape: 17 digits and a digit or X.
fn shape(text: &str) -> Result<Zeroizing<String>, CitizenIdError> {
    let number = spelling::fold_grouped(text, &[' ']);
    if number.is_empty() {
        return Err(CitizenIdError::Empty);
    }
    // A foreign character is named before the length, which an invisible one would distort.
    if !number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'X') {
        return Err(CitizenIdError::Charset);
    }
    match number.len() {
        18 => {}
        15 if !number.contains('X') => return Err(CitizenIdError::FifteenDigits),
        _ => return Err(CitizenIdError::Length),
    }
    if number[..17].contains('X') {
        return Err(CitizenIdError::Charset);
    }
    Ok(number)
}

/// The checks that need a shape, in the order in which reasons are reported.
fn check(
    kind: DocumentKind,
    number: &str,
    synthetic: Synthetic,
) -> Result<CitizenId, CitizenIdError> {
    check_prefix(kind, &number[..6], synthetic)?;
    if date(&number[6..14]).is_none() {
        return Err(CitizenIdError::BirthDateInvalid);
    }
    if !number.ends_with(check_character(&number[..17])) {
        return Err(CitizenIdError::CheckCharacter);
    }
    Ok(CitizenId(number.to_owned()))
}

fn check_prefix(
    kind: DocumentKind,
    prefix: &str,
    synthetic: Synthetic,
) -> Result<(), CitizenIdError> {
    let exactly =
        |permit| if prefix == permit { Ok(()) } else { Err(CitizenIdError::DivisionUnknown) };
    match kind {
        DocumentKind::HongKongResidencePermit => exactly("810000"),
        DocumentKind::MacaoResidencePermit => exactly("820000"),
        DocumentKind::TaiwanResidencePermit => exactly("830000"),
        DocumentKind::PermanentResidenceCard => {
            if !prefix.starts_with('9') || division::province_name(&prefix[1..3]).is_none() {
                return Err(CitizenIdError::DivisionUnknown);
            }
            if !country::is_foreign_numeric(&prefix[3..]) {
                return Err(CitizenIdError::NationalityUnknown);
            }
            Ok(())
        }
        DocumentKind::ResidentIdentityCard if prefix.starts_with("99") => match synthetic {
            Synthetic::Accepted => Ok(()),
            Synthetic::Refused => Err(CitizenIdError::SyntheticRefused),
        },
        // The code need not have existed at birth: numbers were first allotted in the 1980s.
        DocumentKind::ResidentIdentityCard => match division::standing(prefix) {
            Standing::County | Standing::UnlistedCounty => Ok(()),
            Standing::AboveCounty => Err(CitizenIdError::DivisionNotCounty),
            Standing::Unknown => Err(CitizenIdError::DivisionUnknown),
        },
    }
}

/// A day of the calendar in eight digits. The calendar has no year 0, though `time` has.
fn date(digits: &str) -> Option<Date> {
    let year = digits[..4].parse().ok().filter(|year| *year != 0)?;
    let month = Month::try_from(digits[4..6].parse::<u8>().ok()?).ok()?;
    Date::from_calendar_date(year, month, digits[6..].parse().ok()?).ok()
}

/// ISO 7064 MOD 11-2 over the first 17 digits.
fn check_character(body: &str) -> char {
    let remainder = body.bytes().fold(0, |sum, digit| (sum + u32::from(digit - b'0')) * 2 % 11);
    char::from_digit((12 - remainder) % 11, 10).unwrap_or('X')
}

/// Numbers have 18 digits since this day.
fn fifteen_digits_ended() -> Date {
    time::macros::date!(1999 - 10 - 01)
}

#[cfg(test)]
mod tests;
