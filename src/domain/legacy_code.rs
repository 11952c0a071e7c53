//! A code by which an organisation was known before its credit code (国发〔2015〕33号): one of four kinds, in one
//! canonical spelling. Which credit code took its place only the registering authority knows; what can be
//! computed is a candidate.

use std::fmt;

use zeroize::Zeroizing;

use crate::domain::certificate_number::CertificateNumber;
use crate::domain::masking;
use crate::domain::organisation_code::OrganisationCode;
use crate::domain::policy::Synthetic;
use crate::domain::registration_number::RegistrationNumber;
use crate::domain::tax_number::TaxNumber;
use crate::domain::uscc::Uscc;

/// The kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LegacyKind {
    /// 工商注册号 (GS 15-2006), or its 13 digits of before 2007.
    RegistrationNumber,
    /// 组织机构代码 (GB 11714-1997).
    OrganisationCode,
    /// 税务登记号.
    TaxNumber,
    /// 登记证书号 of a social organisation or public institution.
    Certificate,
}

impl LegacyKind {
    /// Each of them.
    pub const ALL: [Self; 4] =
        [Self::RegistrationNumber, Self::OrganisationCode, Self::TaxNumber, Self::Certificate];

    /// The name in files and database, and the domain separator of the blind index.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RegistrationNumber => "registration_number",
            Self::OrganisationCode => "organisation_code",
            Self::TaxNumber => "tax_number",
            Self::Certificate => "certificate",
        }
    }

    /// What it is called in Chinese, in files as on pages.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::RegistrationNumber => "工商注册号",
            Self::OrganisationCode => "组织机构代码",
            Self::TaxNumber => "税务登记号",
            Self::Certificate => "登记证书号",
        }
    }

    /// The kind of that name, in either language.
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.trim();
        Self::ALL.into_iter().find(|kind| kind.as_str() == name || kind.chinese() == name)
    }
}

/// A legacy code that has been checked as far as its kind allows. Codes of individual businesses lead to a
/// person: no `Display`, and `Debug` masks what does.
#[derive(Clone, PartialEq, Eq)]
pub struct LegacyCode {
    kind: LegacyKind,
    canonical: Zeroizing<String>,
    is_personal: bool,
}

/// Why a text is not a code of that kind: the stable name of the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a legacy code: {0}")]
pub struct LegacyCodeError(&'static str);

impl LegacyCodeError {
    /// The reason, for reports, audit and tests.
    pub fn code(self) -> &'static str {
        self.0
    }
}

impl LegacyCode {
    /// Reads a code of this kind.
    pub fn parse(
        kind: LegacyKind,
        text: &str,
        synthetic: Synthetic,
    ) -> Result<Self, LegacyCodeError> {
        let (canonical, is_personal) = match kind {
            LegacyKind::RegistrationNumber => {
                // The old form is tried only where the text has its length: otherwise it is a wrong new one.
                let number = RegistrationNumber::parse_before_2007(text)
                    .or_else(|_| RegistrationNumber::parse(text, synthetic))
                    .map_err(|error| LegacyCodeError(error.code()))?;
                (Zeroizing::new(number.as_str().to_owned()), number.is_individual_business())
            }
            LegacyKind::OrganisationCode => {
                let code = OrganisationCode::parse(text, synthetic)
                    .map_err(|error| LegacyCodeError(error.code()))?;
                (Zeroizing::new(code.as_str().to_owned()), false)
            }
            LegacyKind::TaxNumber => {
                let number = TaxNumber::parse(text, synthetic)
                    .map_err(|error| LegacyCodeError(error.code()))?;
                (number.expose(), matches!(number, TaxNumber::IndividualBusiness(_)))
            }
            LegacyKind::Certificate => {
                let number = CertificateNumber::parse(text)
                    .map_err(|error| LegacyCodeError(error.code()))?;
                (Zeroizing::new(number.as_str().to_owned()), false)
            }
        };
        Ok(Self { kind, canonical, is_personal })
    }

    /// Its kind.
    pub fn kind(&self) -> LegacyKind {
        self.kind
    }

    /// The canonical form.
    pub fn expose(&self) -> &str {
        &self.canonical
    }

    /// Whether it leads to a person.
    pub fn is_personal(&self) -> bool {
        self.is_personal
    }

    /// The code for the pages of others and for logs.
    pub fn masked(&self) -> String {
        if self.is_personal {
            masking::identity_number(&self.canonical)
        } else {
            self.canonical.as_str().to_owned()
        }
    }

    /// The credit code that may have taken its place, for matching only: a candidate can pass every check and
    /// be another organisation's. `department_category` and `division` are those of the registering authority;
    /// without a division the tax office's own is tried. None where the code holds no organisation code.
    pub fn candidate(&self, department_category: &str, division: Option<&str>) -> Option<Uscc> {
        let code = OrganisationCode::parse(self.organisation_code()?, Synthetic::Accepted).ok()?;
        let own = (self.kind == LegacyKind::TaxNumber).then(|| &self.canonical[..6]);
        Uscc::candidate(department_category, division.or(own)?, &code).ok()
    }

    /// Whether the organisation code in it is not the one in the credit code, at positions 9 to 17 (GB 32100-2015).
    /// False where it holds none.
    pub fn differs_from(&self, uscc: &Uscc) -> bool {
        self.organisation_code().is_some_and(|code| code != uscc.organisation_code().as_str())
    }

    /// The organisation code it is, or ends with.
    fn organisation_code(&self) -> Option<&str> {
        match self.kind {
            LegacyKind::OrganisationCode => Some(&self.canonical),
            LegacyKind::TaxNumber if !self.is_personal => Some(&self.canonical[6..]),
            _ => None,
        }
    }
}

impl fmt::Debug for LegacyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LegacyCode({} {})", self.kind.as_str(), self.masked())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(kind: LegacyKind, text: &str) -> LegacyCode {
        LegacyCode::parse(kind, text, Synthetic::Refused).unwrap()
    }

    #[test]
    fn a_candidate_may_pass_every_check_and_be_wrong() {
        // Shenzhen Tencent Computer: organisation code, registration number and credit code are published.
        let code = read(LegacyKind::OrganisationCode, "70846113-6");
        let issued = code.candidate("91", Some("440300")).unwrap();
        assert_eq!(issued.as_str(), "91440300708461136T");
        let registration = read(LegacyKind::RegistrationNumber, "440301103448669");
        let authority = &registration.expose()[..6];
        let other = code.candidate("91", Some(authority)).unwrap();
        assert_eq!(other.as_str(), "914403017084611369");
        assert!(Uscc::parse(other.as_str(), Synthetic::Refused).is_ok());
        assert_ne!(issued, other);
        assert_eq!(registration.candidate("91", Some("440300")), None);
        assert_eq!(code.candidate("91", None), None);
    }

    #[test]
    fn an_organisation_code_stands_in_the_credit_code() {
        let uscc = Uscc::parse("91440300708461136T", Synthetic::Refused).unwrap();
        let other = Uscc::candidate(
            "91",
            "440300",
            &OrganisationCode::parse("PDY00001X", Synthetic::Accepted).unwrap(),
        );
        let other = other.unwrap();
        for (kind, text) in [
            (LegacyKind::OrganisationCode, "70846113-6"),
            (LegacyKind::TaxNumber, "440301708461136"),
        ] {
            let code = read(kind, text);
            assert!(!code.differs_from(&uscc) && code.differs_from(&other), "{text}");
        }
        let registration = read(LegacyKind::RegistrationNumber, "440301103448669");
        assert!(!registration.differs_from(&other), "it holds no organisation code");
        let owner = crate::domain::synthetic::citizen_id(3);
        let owner = LegacyCode::parse(LegacyKind::TaxNumber, owner.expose(), Synthetic::Accepted);
        assert!(!owner.unwrap().differs_from(&other), "it is a person's number");
    }

    #[test]
    fn names_of_kinds_are_read_in_both_languages() {
        for kind in LegacyKind::ALL {
            assert_eq!(LegacyKind::parse(kind.as_str()), Some(kind));
            assert_eq!(LegacyKind::parse(&format!(" {} ", kind.chinese())), Some(kind));
        }
        assert_eq!(LegacyKind::parse("uscc"), None);
    }

    #[test]
    fn what_leads_to_a_person_is_masked() {
        let owner = crate::domain::synthetic::citizen_id(3);
        let code =
            LegacyCode::parse(LegacyKind::TaxNumber, owner.expose(), Synthetic::Accepted).unwrap();
        assert!(code.is_personal());
        assert!(!format!("{code:?}").contains(&owner.expose()[1..17]));
        assert_eq!(code.candidate("92", Some("140100")), None);
        let business = read(LegacyKind::RegistrationNumber, "140100600000017");
        assert_eq!(business.masked(), "1*************7");
    }

    proptest! {
        #[test]
        fn canonical_form_is_stable(text in any::<String>(), near in "[0-9A-ZＸ -]{9,21}") {
            for kind in LegacyKind::ALL {
                for text in [&text, &near] {
                    if let Ok(code) = LegacyCode::parse(kind, text, Synthetic::Accepted) {
                        let again = LegacyCode::parse(kind, code.expose(), Synthetic::Accepted);
                        prop_assert_eq!(again, Ok(code));
                    }
                }
            }
        }

        #[test]
        fn candidate_never_panics(category in any::<String>(), division in any::<String>()) {
            let code = read(LegacyKind::OrganisationCode, "708461136");
            let _ = code.candidate(&category, Some(&division));
            let tax = read(LegacyKind::TaxNumber, "440300708461136");
            let _ = tax.candidate(&category, None);
        }
    }
}
