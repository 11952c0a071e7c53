//! Tax number of before the merger of 2015, 税务登记号: that of an organisation holds its organisation code
//! (GB 11714-1997), that of an individual business is its owner's citizen ID number (GB 11643-1999).

use std::fmt;

use zeroize::Zeroizing;

use crate::domain::citizen_id::CitizenId;
use crate::domain::division;
use crate::domain::masking;
use crate::domain::organisation_code::OrganisationCode;
use crate::domain::organisation_code::OrganisationCodeError;
use crate::domain::policy::Synthetic;
use crate::domain::spelling;

/// A tax number that has been checked. One of an individual business is personal data: no `Display`, and
/// `Debug` masks it.
#[derive(Clone, PartialEq, Eq)]
pub enum TaxNumber {
    /// Division of the tax office and organisation code, 15 characters.
    Organisation {
        /// Six digits; need not be the division in the credit code.
        division: String,
        /// The rest.
        code: OrganisationCode,
    },
    /// The owner's citizen ID number, 18 characters, or 20 with a suffix for a further business.
    IndividualBusiness(Zeroizing<String>),
}

/// Why a text is not a tax number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TaxNumberError {
    /// Nothing was typed.
    #[error("the tax number is empty")]
    Empty,
    /// Not 15, 18 or 20 characters.
    #[error("the tax number does not have 15, 18 or 20 characters")]
    Length,
    /// A character outside the alphabet.
    #[error("the tax number has characters other than digits and letters")]
    Charset,
    /// No such province.
    #[error("the division is unknown")]
    DivisionUnknown,
    /// The organisation code in it does not hold.
    #[error("the check character of the organisation code is wrong")]
    OrganisationCheck,
    /// Body `PDY` and five digits where synthetic codes are refused.
    #[error("the organisation code is of the zone for private use")]
    PrivateZone,
    /// The citizen ID number in it is none.
    #[error("the owner's number is not valid")]
    Owner,
}

impl TaxNumber {
    /// Reads a number in any usual spelling.
    pub fn parse(text: &str, synthetic: Synthetic) -> Result<Self, TaxNumberError> {
        let number = spelling::fold_grouped(text, &[' ', '-']);
        if number.is_empty() {
            return Err(TaxNumberError::Empty);
        }
        if !number.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()) {
            return Err(TaxNumberError::Charset);
        }
        match number.len() {
            15 => organisation(&number, synthetic),
            18 | 20 => individual_business(&number, synthetic),
            _ => Err(TaxNumberError::Length),
        }
    }

    /// The canonical form.
    pub fn expose(&self) -> Zeroizing<String> {
        match self {
            Self::Organisation { division, code } => {
                Zeroizing::new([division, code.as_str()].concat())
            }
            Self::IndividualBusiness(number) => number.clone(),
        }
    }
}

impl fmt::Debug for TaxNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organisation { division, code } => write!(f, "TaxNumber({division}{code})"),
            Self::IndividualBusiness(number) => {
                write!(f, "TaxNumber({})", masking::identity_number(number))
            }
        }
    }
}

impl TaxNumberError {
    /// A stable name of the reason, for audit and tests.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "E_EMPTY",
            Self::Length => "E_LENGTH",
            Self::Charset => "E_CHARSET",
            Self::DivisionUnknown => "E_DIVISION_UNKNOWN",
            Self::OrganisationCheck => "E_ORG_CHECK",
            Self::PrivateZone => "E_ORG_PRIVATE_ZONE",
            Self::Owner => "E_OWNER_NUMBER",
        }
    }
}

fn organisation(number: &str, synthetic: Synthetic) -> Result<TaxNumber, TaxNumberError> {
    let (division, code) = number.split_at(6);
    if !division.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(TaxNumberError::Charset);
    }
    let code = OrganisationCode::parse(code, synthetic).map_err(|error| match error {
        OrganisationCodeError::PrivateZone => TaxNumberError::PrivateZone,
        _ => TaxNumberError::OrganisationCheck,
    })?;
    if division::province_name(&division[..2]).is_none() {
        return Err(TaxNumberError::DivisionUnknown);
    }
    Ok(TaxNumber::Organisation { division: division.to_owned(), code })
}

fn individual_business(number: &str, synthetic: Synthetic) -> Result<TaxNumber, TaxNumberError> {
    let (owner, suffix) = number.split_at(18);
    if !suffix.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(TaxNumberError::Charset);
    }
    CitizenId::parse(owner, synthetic).map_err(|_| TaxNumberError::Owner)?;
    Ok(TaxNumber::IndividualBusiness(Zeroizing::new(number.to_owned())))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::synthetic;

    #[test]
    fn an_organisations_number_holds_its_code() {
        let parsed = TaxNumber::parse("440300 708461136", Synthetic::Refused).unwrap();
        let TaxNumber::Organisation { division, code } = &parsed else { panic!("{parsed:?}") };
        assert_eq!((division.as_str(), code.as_str()), ("440300", "708461136"));
        assert_eq!(format!("{parsed:?}"), "TaxNumber(440300708461136)");
    }

    #[test]
    fn reasons_are_told_apart() {
        for (text, code) in [
            (" ", "E_EMPTY"),
            ("44030070846113", "E_LENGTH"),
            ("44O300708461136", "E_CHARSET"),
            ("４４０３００７０８４６１１３７", "E_ORG_CHECK"),
            ("990300708461136", "E_DIVISION_UNKNOWN"),
            ("140100PDY00001X", "E_ORG_PRIVATE_ZONE"),
            ("440300708461136Х", "E_CHARSET"),
            ("110105194912310021", "E_OWNER_NUMBER"),
            ("11010519491231002X0A", "E_CHARSET"),
        ] {
            let error = TaxNumber::parse(text, Synthetic::Refused).unwrap_err();
            assert_eq!(error.code(), code, "{text}");
        }
    }

    proptest! {
        #[test]
        fn parser_never_panics(text in any::<String>(), near in "[0-9A-Z -]{14,21}") {
            let _ = TaxNumber::parse(&text, Synthetic::Accepted);
            let _ = TaxNumber::parse(&near, Synthetic::Accepted);
        }

        #[test]
        fn an_owners_number_is_never_printed(seed in any::<u64>(), suffix in "[0-9]{2}") {
            let owner = synthetic::citizen_id(seed);
            for number in [owner.expose().to_owned(), format!("{}{suffix}", owner.expose())] {
                let parsed = TaxNumber::parse(&number, Synthetic::Accepted).unwrap();
                prop_assert_eq!(&*parsed.expose(), &number);
                let printed = format!("{parsed:?}");
                prop_assert!(!printed.contains(&number[1..17]));
                let refused = TaxNumber::parse(&number, Synthetic::Refused).unwrap_err();
                prop_assert_eq!(refused, TaxNumberError::Owner);
            }
        }
    }
}
