//! A legal entity as its register knows it: enterprises, organs, institutions, social organisations and
//! individual businesses, each found by its unified social credit code (GB 32100-2015; design D1, D3).

use std::fmt;

use crate::domain::identity_document::IdentityDocument;
use crate::domain::identity_document::PersonKey;
use crate::domain::masking;
use crate::domain::masking::NameMask;
use crate::domain::person_name::PersonName;
use crate::domain::spelling;
use crate::domain::uscc::Uscc;

/// Registered names run to some sixty characters; translations of foreign ones are longer.
const LONGEST_NAME: usize = 200;

/// What the register says of one organisation.
#[derive(Clone, PartialEq, Eq)]
pub struct LegalEntity {
    /// Its code.
    pub uscc: Uscc,
    /// Its registered name.
    pub name: OrganisationName,
    /// Whether it exists still, and may do business.
    pub status: EntityStatus,
    /// Who speaks for it. None: the register names nobody.
    pub representative: Option<Representative>,
}

/// The registered name of an organisation, in one spelling. That of an individual business may be a
/// person's: see [`LegalEntity`], whose `Debug` masks it then.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OrganisationName(String);

/// A legal representative, 法定代表人; of an individual business its owner, 经营者.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Representative {
    /// The name.
    pub name: PersonName,
    /// The document by which the register knows this person.
    pub document: IdentityDocument,
}

/// Where an organisation stands at its register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntityStatus {
    /// In existence, 存续.
    Active,
    /// Its licence was revoked; it may only be wound up, 吊销.
    Revoked,
    /// It ended, 注销.
    Deregistered,
    /// Another authority keeps it now, 迁出.
    Moved,
}

/// What an organisation is, by department and category of its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntityKind {
    /// 机关.
    Organ,
    /// 事业单位.
    Institution,
    /// 群众团体.
    MassOrganisation,
    /// 律师事务所 and what else departments of justice register.
    LegalService,
    /// 社会团体.
    SocialAssociation,
    /// 民办非企业单位.
    PrivateNonEnterprise,
    /// 基金会.
    Foundation,
    /// 村民委员会 and 居民委员会.
    ResidentsCommittee,
    /// 宗教活动场所 and 宗教院校.
    Religious,
    /// 工会.
    TradeUnion,
    /// 企业.
    Enterprise,
    /// 个体工商户: its code and name lead to a person.
    IndividualBusiness,
    /// 农民专业合作社.
    Cooperative,
    /// 农村集体经济组织.
    RuralCollective,
    /// A known category without a name of its own here.
    Other,
    /// A category the table lacks: the register has to confirm it (`UsccWarning::UnknownCategory`).
    Unknown,
}

/// A text that is no name of an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name is empty, too long, or has characters that no name has")]
pub struct OrganisationNameError;

impl LegalEntity {
    /// What it is.
    pub fn kind(&self) -> EntityKind {
        EntityKind::of(&self.uscc)
    }

    /// Whether somebody may act for it. One that moved is looked up where it went.
    pub fn is_active(&self) -> bool {
        self.status == EntityStatus::Active
    }

    /// Whether this person speaks for it. The name in canonical spelling.
    pub fn is_represented_by(&self, name: &str, key: PersonKey<'_>) -> bool {
        self.representative.as_ref().is_some_and(|known| {
            let (same_name, own) = (known.name.expose().as_bytes(), known.document.key());
            crate::crypto::constant_time_eq(same_name, name.as_bytes())
                & crate::crypto::constant_time_eq(own.number.as_bytes(), key.number.as_bytes())
                && own == key
        })
    }

    /// The name for the pages of others and for logs: public, except that of an individual business.
    pub fn masked_name(&self) -> String {
        if self.uscc.is_individual_business() {
            masking::person_name(self.name.as_str(), NameMask::KeepFirst)
        } else {
            self.name.as_str().to_owned()
        }
    }
}

impl fmt::Debug for LegalEntity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LegalEntity")
            .field("uscc", &self.uscc)
            .field("name", &self.masked_name())
            .field("status", &self.status)
            .field("representative", &self.representative)
            .finish()
    }
}

impl fmt::Debug for Representative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Representative({:?}, {:?})", self.name, self.document)
    }
}

impl OrganisationName {
    /// Reads a name: full-width Latin letters and digits become plain, brackets full-width as
    /// registers print them, and runs of blanks one blank.
    pub fn parse(text: &str) -> Result<Self, OrganisationNameError> {
        let trimmed = text.trim_matches(spelling::is_blank);
        let longest = 10 * LONGEST_NAME;
        if trimmed.is_empty() || trimmed.chars().take(longest + 1).count() > longest {
            return Err(OrganisationNameError);
        }
        let mut name = String::with_capacity(trimmed.len());
        for character in trimmed.chars() {
            match character {
                refused if is_refused(refused) => return Err(OrganisationNameError),
                ' ' | '\u{3000}' => {
                    if !name.ends_with(' ') {
                        name.push(' ');
                    }
                }
                '(' => name.push('（'),
                ')' => name.push('）'),
                other => name.push(half_width(other)),
            }
        }
        let is_named = name.chars().any(char::is_alphanumeric);
        if !is_named || name.chars().count() > LONGEST_NAME {
            return Err(OrganisationNameError);
        }
        Ok(Self(name))
    }

    /// The canonical form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OrganisationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the code it cannot be told whether it is a person's.
        write!(f, "OrganisationName({})", masking::person_name(&self.0, NameMask::KeepFirst))
    }
}

/// Letters and digits in one width; their case is the name's own.
fn half_width(character: char) -> char {
    match character {
        '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' => {
            char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character)
        }
        other => other,
    }
}

/// Marks of direction, invisible characters, controls, angle brackets: they would make a name lie on a
/// page or break out of it.
fn is_refused(character: char) -> bool {
    crate::domain::client_name::misleads(character)
        || matches!(character, '<' | '>' | '＜' | '＞' | '\u{FFFD}' | '\u{AD}' | '\u{34F}')
        || matches!(character, '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' | '\u{2800}')
        || matches!(character, '\u{FE00}'..='\u{FE0F}' | '\u{FFF0}'..='\u{FFFB}')
        || matches!(character, '\u{E0000}'..='\u{E0FFF}')
        || u32::from(character) & 0xFFFE == 0xFFFE
}

impl EntityStatus {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Active, Self::Revoked, Self::Deregistered, Self::Moved];

    /// The word of the interface, of files and of the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Revoked => "revoked",
            Self::Deregistered => "deregistered",
            Self::Moved => "moved",
        }
    }

    /// Reads that word, or the one a register's file has for it.
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim_matches(spelling::is_blank) {
            "active" | "存续" | "在业" | "在营" | "开业" | "正常" => Some(Self::Active),
            "revoked" | "吊销" | "吊销，未注销" | "吊销未注销" => Some(Self::Revoked),
            "deregistered" | "注销" | "吊销，已注销" | "吊销已注销" => {
                Some(Self::Deregistered)
            }
            "moved" | "迁出" => Some(Self::Moved),
            _ => None,
        }
    }
}

impl EntityKind {
    /// Of that code.
    pub fn of(uscc: &Uscc) -> Self {
        if uscc.warning().is_some() {
            return Self::Unknown;
        }
        match (uscc.department(), uscc.category()) {
            ('1', '1') => Self::Organ,
            ('1', '2') => Self::Institution,
            ('1', '3') => Self::MassOrganisation,
            ('3', _) => Self::LegalService,
            ('5', '1') => Self::SocialAssociation,
            ('5', '2') => Self::PrivateNonEnterprise,
            ('5', '3') => Self::Foundation,
            ('5', '4' | '5') => Self::ResidentsCommittee,
            ('7', _) => Self::Religious,
            ('8', _) => Self::TradeUnion,
            ('9', '1') => Self::Enterprise,
            ('9', '2') => Self::IndividualBusiness,
            ('9', '3') => Self::Cooperative,
            ('N', '1' | '2' | '3') => Self::RuralCollective,
            _ => Self::Other,
        }
    }

    /// The word of the interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Organ => "organ",
            Self::Institution => "institution",
            Self::MassOrganisation => "mass_organisation",
            Self::LegalService => "legal_service",
            Self::SocialAssociation => "social_association",
            Self::PrivateNonEnterprise => "private_non_enterprise",
            Self::Foundation => "foundation",
            Self::ResidentsCommittee => "residents_committee",
            Self::Religious => "religious",
            Self::TradeUnion => "trade_union",
            Self::Enterprise => "enterprise",
            Self::IndividualBusiness => "individual_business",
            Self::Cooperative => "cooperative",
            Self::RuralCollective => "rural_collective",
            Self::Other => "other",
            Self::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::document_type::Card;
    use crate::domain::policy::Synthetic;
    use crate::domain::synthetic;

    fn person(seed: u64) -> IdentityDocument {
        IdentityDocument::of_citizen_layout(&synthetic::citizen_id(seed))
    }

    fn entity(code: &str) -> LegalEntity {
        LegalEntity {
            uscc: Uscc::parse(code, Synthetic::Accepted).unwrap(),
            name: OrganisationName::parse("测试一二三").unwrap(),
            status: EntityStatus::Active,
            representative: Some(Representative {
                name: synthetic::name(12),
                document: person(12),
            }),
        }
    }

    #[test]
    fn debug_shows_nobody() {
        let business = format!("{:?}", entity("92140100PDY000028H"));
        let representative = synthetic::citizen_id(12);
        assert!(!business.contains("92140100PDY000028H"), "{business}");
        assert!(!business.contains("测试一二三"), "{business}");
        assert!(!business.contains(representative.expose()), "{business}");
        assert!(!business.contains(synthetic::name(12).expose()), "{business}");
        let enterprise = format!("{:?}", entity("91440300708461136T"));
        assert!(enterprise.contains("测试一二三"), "{enterprise}");
        assert!(!enterprise.contains(representative.expose()), "{enterprise}");
    }

    #[test]
    fn only_the_registered_representative_speaks_for_it() {
        let known = entity("91440300708461136T");
        let (name, document) = (synthetic::name(12), person(12));
        assert!(known.is_represented_by(name.expose(), document.key()));
        assert!(!known.is_represented_by(name.expose(), person(13).key()));
        assert!(!known.is_represented_by(synthetic::name(13).expose(), document.key()));
        let nobody = LegalEntity { representative: None, ..known };
        assert!(!nobody.is_represented_by(name.expose(), document.key()));
    }

    #[test]
    fn a_passport_speaks_for_it_with_its_own_country_alone() {
        let passport = |country| {
            let card = Card::ForeignPassport;
            IdentityDocument::parse(card, country, "L898902C3", Synthetic::Accepted).unwrap()
        };
        let name = PersonName::parse("ERIKSSON ANNA MARIA").unwrap();
        let representative = Representative { name: name.clone(), document: passport("UTO") };
        let known =
            LegalEntity { representative: Some(representative), ..entity("91440300708461136T") };
        assert!(known.is_represented_by(name.expose(), passport("UTO").key()));
        assert!(!known.is_represented_by(name.expose(), passport("FRA").key()));
        assert!(!format!("{known:?}").contains("L898902C3"));
    }

    #[test]
    fn names_have_one_spelling() {
        let canonical = |text| OrganisationName::parse(text).unwrap().as_str().to_owned();
        assert_eq!(canonical(" 样例企业壹(太原)有限公司\u{3000}"), "样例企业壹（太原）有限公司");
        assert_eq!(canonical("ＡＢＣ  样例　公司"), "ABC 样例 公司");
        let long = "试".repeat(201);
        for bad in
            ["", " ", "\0", "样例\0企业", "<b>样例", "样例\n企业", "（）", &long, "样\u{202E}例"]
        {
            assert_eq!(OrganisationName::parse(bad), Err(OrganisationNameError), "{bad:?}");
        }
    }

    #[test]
    fn every_status_reads_its_own_word() {
        for status in EntityStatus::ALL {
            assert_eq!(EntityStatus::parse(status.as_str()), Some(status));
        }
        assert_eq!(EntityStatus::parse(" 吊销 "), Some(EntityStatus::Revoked));
        assert_eq!(EntityStatus::parse("吊销已注销"), Some(EntityStatus::Deregistered));
        assert_eq!(EntityStatus::parse("ACTIVE"), None);
        assert_eq!(EntityStatus::parse(""), None);
    }

    #[test]
    fn kinds_follow_the_code() {
        let kind = |code| EntityKind::of(&Uscc::parse(code, Synthetic::Accepted).unwrap());
        assert_eq!(kind("91440300708461136T"), EntityKind::Enterprise);
        assert_eq!(kind("92140100PDY000028H"), EntityKind::IndividualBusiness);
        assert_eq!(kind("12100000400009880K"), EntityKind::Institution);
    }

    proptest! {
        #[test]
        fn parsing_a_name_never_panics_and_is_idempotent(text in any::<String>()) {
            if let Ok(name) = OrganisationName::parse(&text) {
                prop_assert_eq!(&OrganisationName::parse(name.as_str()).unwrap(), &name);
            }
        }
    }
}
