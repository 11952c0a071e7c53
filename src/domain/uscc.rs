//! Unified social credit code, 统一社会信用代码 (GB 32100-2015 with amendment 1 of 2016).

use std::borrow::Cow;
use std::fmt;

use crate::domain::division;
use crate::domain::masking;
use crate::domain::organisation_code;
use crate::domain::organisation_code::OrganisationCode;
use crate::domain::policy::Synthetic;
use crate::domain::spelling;

/// The letters that are easily taken for digits or for each other are missing: I O S V Z.
const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
/// Powers of 3 modulo 31.
const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
/// Registered with a national authority.
const NATIONAL: &str = "100000";

/// Registering departments and their categories. Categories are added now and then, so an unlisted
/// one is a warning; departments are not.
const DEPARTMENTS: [(char, &str, &str); 15] = [
    ('1', "机构编制", "1239"),
    ('2', "外交", "19"),
    ('3', "司法行政", "1234569"),
    ('4', "文化", "19"),
    ('5', "民政", "123459"),
    ('6', "旅游", "129"),
    ('7', "宗教", "129"),
    ('8', "工会", "129"),
    ('9', "市场监督管理", "1239"),
    ('A', "军委改革和编制办公室", "19"),
    ('G', "公安", "19"),
    ('J', "住房和城乡建设", "19"),
    ('N', "农业农村", "1239"),
    ('Q', "侨联", "1239"),
    ('Y', "其他", "1"),
];

/// A credit code that has been checked: alphabet, department, division and both check characters.
///
/// It is public, so it has a `Display`. The code of an individual business, category 92, leads to
/// a person, so `Debug`, which logs use, masks it; see [`Self::masked`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uscc(String);

/// What a clerk or a register should look at, though the code is sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsccWarning {
    /// The table lacks this category of the department.
    UnknownCategory,
}

/// Why a text is not a credit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UsccError {
    /// Nothing was typed.
    #[error("the credit code is empty")]
    Empty,
    /// Not 18 characters.
    #[error("the credit code does not have 18 characters")]
    Length,
    /// A character outside the alphabet of 31, or a letter in the division.
    #[error("the credit code has characters outside its alphabet")]
    Charset,
    /// No such registering department.
    #[error("the registering department is unknown")]
    Authority,
    /// No such province.
    #[error("the division is unknown")]
    DivisionUnknown,
    /// Position 17 does not hold (GB 11714-1997).
    #[error("the check character of the organisation code is wrong")]
    OrganisationCheck,
    /// Position 18 does not hold.
    #[error("the check character is wrong")]
    CheckCharacter,
    /// Body `PDY` and five digits where synthetic codes are refused.
    #[error("the organisation code is of the zone for private use")]
    PrivateZone,
}

impl Uscc {
    /// Reads a code as people write it: any case, full width, in groups of blanks or hyphens.
    /// Letters outside the alphabet are refused, not taken for their look-alikes.
    pub fn parse(text: &str, synthetic: Synthetic) -> Result<Self, UsccError> {
        let code = spelling::fold_grouped(text, &[' ', '-']);
        if code.is_empty() {
            return Err(UsccError::Empty);
        }
        if !code.chars().all(|character| ALPHABET.contains(character)) {
            return Err(UsccError::Charset);
        }
        if code.len() != 18 {
            return Err(UsccError::Length);
        }
        let (division, organisation) = (&code[2..8], &code[8..17]);
        if !division.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(UsccError::Charset);
        }
        if !DEPARTMENTS.iter().any(|(department, ..)| code.starts_with(*department)) {
            return Err(UsccError::Authority);
        }
        // The checks before the division: another number typed here is a wrong number, not an
        // organisation of an unknown place.
        if !organisation.ends_with(organisation_code::check_character(&organisation[..8])) {
            return Err(UsccError::OrganisationCheck);
        }
        if !code.ends_with(check_character(&code[..17])) {
            return Err(UsccError::CheckCharacter);
        }
        if division != NATIONAL && division::province_name(&division[..2]).is_none() {
            return Err(UsccError::DivisionUnknown);
        }
        if organisation_code::is_private(organisation) && synthetic == Synthetic::Refused {
            return Err(UsccError::PrivateZone);
        }
        Ok(Self(code.as_str().to_owned()))
    }

    /// The code this organisation may have, for matching only: no check proves that it is the one
    /// that was issued, so a register has to confirm it. `department_category` and `division` are
    /// those of the registering authority.
    pub fn candidate(
        department_category: &str,
        division: &str,
        organisation: &OrganisationCode,
    ) -> Result<Self, UsccError> {
        let body = [department_category, division, organisation.as_str()].concat();
        if !body.chars().all(|character| ALPHABET.contains(character)) {
            return Err(UsccError::Charset);
        }
        if (department_category.len(), division.len()) != (2, 6) {
            return Err(UsccError::Length);
        }
        let check = check_character(&body);
        // Whether a synthetic organisation is accepted was decided when its code was read.
        Self::parse(&format!("{body}{check}"), Synthetic::Accepted)
    }

    /// The canonical form, 18 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Position 1: the registering department.
    pub fn department(&self) -> char {
        self.symbol(0)
    }

    /// The department's name.
    pub fn department_name(&self) -> &'static str {
        self.department_row().1
    }

    /// Position 2: the category inside that department.
    pub fn category(&self) -> char {
        self.symbol(1)
    }

    /// Positions 3 to 8: the registering authority's division; `100000` is the nation.
    pub fn division_code(&self) -> &str {
        &self.0[2..8]
    }

    /// Positions 9 to 17: the organisation code.
    pub fn organisation_code(&self) -> OrganisationCode {
        OrganisationCode::parse(&self.0[8..17], Synthetic::Accepted)
            .expect("the parser has checked these positions")
    }

    /// Positions 3 to 17: what the tax number before 2015 looked like; it need not have been it.
    pub fn tax_number_shape(&self) -> &str {
        &self.0[2..17]
    }

    /// What the register should confirm first.
    pub fn warning(&self) -> Option<UsccWarning> {
        let is_known = self.department_row().2.contains(self.category());
        (!is_known).then_some(UsccWarning::UnknownCategory)
    }

    /// An individual business, whose code and name lead to its owner: treat as personal data.
    pub fn is_individual_business(&self) -> bool {
        self.0.starts_with("92")
    }

    /// The code for the pages of others and for logs: public, except that of an individual
    /// business, `9****************H`.
    pub fn masked(&self) -> Cow<'_, str> {
        if self.is_individual_business() {
            masking::identity_number(&self.0).into()
        } else {
            self.as_str().into()
        }
    }

    fn symbol(&self, position: usize) -> char {
        char::from(self.0.as_bytes()[position])
    }

    fn department_row(&self) -> (char, &'static str, &'static str) {
        let department = self.department();
        *DEPARTMENTS
            .iter()
            .find(|(known, ..)| *known == department)
            .expect("the parser has found the department")
    }
}

impl fmt::Debug for Uscc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uscc({})", self.masked())
    }
}

impl fmt::Display for Uscc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl UsccWarning {
    /// A stable name of the warning, for audit and tests.
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownCategory => "E_CATEGORY",
        }
    }
}

impl UsccError {
    /// A stable name of the reason, for audit and tests.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "E_EMPTY",
            Self::Length => "E_LENGTH",
            Self::Charset => "E_CHARSET",
            Self::Authority => "E_AUTHORITY",
            Self::DivisionUnknown => "E_DIVISION_UNKNOWN",
            Self::OrganisationCheck => "E_ORG_CHECK",
            Self::CheckCharacter => "E_USCC_CHECK",
            Self::PrivateZone => "E_ORG_PRIVATE_ZONE",
        }
    }
}

/// The check character of 17 characters of the alphabet.
fn check_character(body: &str) -> char {
    let values = body.chars().filter_map(|character| ALPHABET.find(character));
    let sum: usize = values.zip(WEIGHTS).map(|(value, weight)| value * weight).sum();
    char::from(ALPHABET.as_bytes()[(31 - sum % 31) % 31])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::synthetic;

    const PUBLISHED: &str = "9144030071526726XG";

    #[test]
    fn positions_have_names() {
        let uscc = Uscc::parse(PUBLISHED, Synthetic::Refused).unwrap();
        assert_eq!((uscc.department(), uscc.category()), ('9', '1'));
        assert_eq!(uscc.department_name(), "市场监督管理");
        assert_eq!(uscc.division_code(), "440300");
        assert_eq!(uscc.organisation_code().as_str(), "71526726X");
        assert_eq!(uscc.warning(), None);
        assert!(!uscc.is_individual_business());
    }

    #[test]
    fn every_usual_spelling_is_one_code() {
        for text in [
            "9144030071526726xg",
            " 91 440300 71526726X G ",
            "91-440300-71526726X-G",
            "９１４４０３００７１５２６７２６ｘＧ",
        ] {
            let uscc = Uscc::parse(text, Synthetic::Refused).unwrap();
            assert_eq!(uscc.to_string(), PUBLISHED);
        }
    }

    #[test]
    fn look_alikes_are_refused() {
        for text in ["91440300715267Z6XG", "914403OO71526726XG", "9144030071526726ΧG"] {
            assert_eq!(Uscc::parse(text, Synthetic::Refused), Err(UsccError::Charset), "{text}");
        }
    }

    #[test]
    fn individual_businesses_are_masked_and_others_public() {
        let business = Uscc::parse("92140100PDY000028H", Synthetic::Accepted).unwrap();
        assert_eq!(business.masked(), "9****************H");
        assert_eq!(format!("{business:?}"), "Uscc(9****************H)");
        let enterprise = Uscc::parse(PUBLISHED, Synthetic::Refused).unwrap();
        assert_eq!(enterprise.masked(), PUBLISHED);
        assert_eq!(format!("{enterprise:?}"), "Uscc(9144030071526726XG)");
    }

    #[test]
    fn departments_are_letters_of_the_alphabet() {
        for (department, _, categories) in DEPARTMENTS {
            assert!(ALPHABET.contains(department));
            assert!(categories.chars().all(|category| ALPHABET.contains(category)));
        }
    }

    proptest! {
        #[test]
        fn parser_never_panics(text in any::<String>(), near in "[0-9A-Z -]{16,20}") {
            let _ = Uscc::parse(&text, Synthetic::Accepted);
            let _ = Uscc::parse(&near, Synthetic::Accepted);
        }

        #[test]
        fn candidate_never_panics(prefix in any::<String>(), division in any::<String>()) {
            let organisation = synthetic::uscc(0).organisation_code();
            let _ = Uscc::candidate(&prefix, &division, &organisation);
        }

        #[test]
        fn canonical_form_is_stable(seed in any::<u64>()) {
            let uscc = synthetic::uscc(seed);
            prop_assert_eq!(uscc.warning(), None);
            prop_assert_eq!(Uscc::parse(uscc.as_str(), Synthetic::Accepted), Ok(uscc.clone()));
            let refused = Uscc::parse(uscc.as_str(), Synthetic::Refused);
            prop_assert_eq!(refused, Err(UsccError::PrivateZone));
        }

        #[test]
        fn every_wrong_character_is_refused(seed in any::<u64>()) {
            let code = synthetic::uscc(seed).to_string();
            for position in 0..18 {
                for other in ALPHABET.chars().filter(|c| !code[position..].starts_with(*c)) {
                    let wrong = format!("{}{other}{}", &code[..position], &code[position + 1..]);
                    prop_assert!(Uscc::parse(&wrong, Synthetic::Accepted).is_err(), "{}", wrong);
                }
            }
        }

        #[test]
        fn every_adjacent_transposition_is_refused(seed in any::<u64>()) {
            let code = synthetic::uscc(seed).to_string().into_bytes();
            for position in 0..17 {
                let mut wrong = code.clone();
                wrong.swap(position, position + 1);
                let same = wrong == code;
                let wrong = String::from_utf8(wrong).unwrap();
                prop_assert_eq!(Uscc::parse(&wrong, Synthetic::Accepted).is_ok(), same, "{}", wrong);
            }
        }
    }
}
