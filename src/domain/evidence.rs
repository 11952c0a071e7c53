//! Evidence of who somebody is: which source was asked, what was compared, what it said, when and by whom
//! (design D4, GB/T 40651-2021; OpenID Connect for Identity Assurance 1.0 tells it to portals).

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::Serialize;

use crate::clock::Timestamp;
use crate::domain::assurance::IdentityAssurance;
use crate::domain::id::AccountId;
use crate::domain::id::EvidenceId;
use crate::domain::id::OperatorId;
use crate::domain::named::named;

named! {
    /// Who was asked.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    Source {
        /// The population register.
        PopulationRegister = "population_register",
        /// A service that compares a live face with the portrait an authority keeps.
        Face = "face",
        /// The bank, by card.
        BankCard = "bank_card",
        /// The national network identity service (网号、网证).
        NetworkCertificate = "network_certificate",
        /// Our own staff, with the document and the person before them.
        Counter = "counter",
    }
}

named! {
    /// What was compared.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    Compared {
        /// The name.
        Name = "name",
        /// The number of the identity document.
        IdNumber = "id_number",
        /// The phone the bank keeps.
        Phone = "phone",
        /// The living face.
        Face = "face",
        /// The bank card.
        BankCard = "bank_card",
        /// The network certificate.
        Certificate = "certificate",
        /// The document itself.
        Document = "document",
    }
}

named! {
    /// What came of it.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    Finding {
        /// It is this person.
        Confirmed = "confirmed",
        /// It is not, or could not be shown.
        Denied = "denied",
    }
}

named! {
    /// A document with a portrait that counter staff look at.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    SeenDocument {
        /// Resident identity card.
        IdCard = "id_card",
        /// Temporary resident identity card.
        TemporaryIdCard = "temporary_id_card",
        /// Social security card.
        SocialSecurityCard = "social_security_card",
        /// Residence permit of a Hong Kong, Macao or Taiwan resident, permanent residence card of a foreigner.
        ResidencePermit = "residence_permit",
        /// Mainland travel permit of a Hong Kong, Macao or Taiwan resident.
        TravelPermit = "travel_permit",
        /// Foreign passport.
        Passport = "passport",
    }
}

/// What a set of comparisons is called in the database: the names, in order, with blanks between.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comparison(BTreeSet<Compared>);

impl Comparison {
    /// Of these.
    pub fn of(compared: &[Compared]) -> Self {
        Self(compared.iter().copied().collect())
    }

    /// Reads names; none where one of them is nobody's.
    pub fn parse(text: &str) -> Option<Self> {
        let names = text.split(' ').filter(|name| !name.is_empty());
        names.map(Compared::parse).collect::<Option<_>>().map(Self)
    }

    /// Whether all of these are among it.
    pub fn covers(&self, needed: &[Compared]) -> bool {
        needed.iter().all(|one| self.0.contains(one))
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = Compared> {
        self.0.iter().copied()
    }
}

impl std::fmt::Display for Comparison {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.iter().map(Compared::as_str).collect();
        f.write_str(&names.join(" "))
    }
}

/// Who looked at a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtCounter {
    /// What was shown.
    pub document: SeenDocument,
    /// Who saw document and face.
    pub clerk: OperatorId,
    /// Who decided that it counts.
    pub officer: OperatorId,
}

/// One verification, as it is kept for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Its key; portals see it as the transaction.
    pub id: EvidenceId,
    /// Whose.
    pub account_id: AccountId,
    /// Who was asked.
    pub source: Source,
    /// What was compared.
    pub compared: Comparison,
    /// What came of it.
    pub finding: Finding,
    /// Who looked, at a counter; none where a machine answered us.
    pub at_counter: Option<AtCounter>,
    /// What the source calls it, sealed under the person's key; empty where it calls it nothing.
    pub reference: Vec<u8>,
    /// When.
    pub at: Timestamp,
}

impl Source {
    /// What has to be compared there, and the level that earns: the one table of D4 for evidence.
    pub fn demands(self) -> (&'static [Compared], IdentityAssurance) {
        use Compared::{BankCard, Certificate, Document, Face, IdNumber, Name, Phone};
        match self {
            Self::PopulationRegister => (&[Name, IdNumber], IdentityAssurance::REGISTER_MATCH),
            Self::Face => (&[Name, IdNumber, Face], IdentityAssurance::LIVE),
            Self::BankCard => (&[Name, IdNumber, BankCard, Phone], IdentityAssurance::LIVE),
            Self::NetworkCertificate => (&[Name, IdNumber, Certificate], IdentityAssurance::LIVE),
            Self::Counter => (&[Name, IdNumber, Document, Face], IdentityAssurance::COUNTER),
        }
    }
}

impl Evidence {
    /// The level it earns; none for a denial, and for less than its source has to compare.
    pub fn earns(&self) -> Option<IdentityAssurance> {
        let (needed, level) = self.source.demands();
        let seen = self.source != Source::Counter || self.at_counter.is_some();
        let earned = self.finding == Finding::Confirmed && seen && self.compared.covers(needed);
        earned.then_some(level)
    }

    /// The same as a number; 0 where it earns nothing.
    pub fn level(&self) -> u8 {
        self.earns().map_or(0, IdentityAssurance::level)
    }

    /// The level an account rises to by it; none where it has it, or more.
    pub fn raises(&self, from: IdentityAssurance) -> Option<IdentityAssurance> {
        self.earns().filter(|level| *level > from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::assurance::IdentityAssurance as Level;

    fn evidence(source: Source, compared: &str, finding: Finding) -> Evidence {
        let clerk = OperatorId::generate();
        let at_counter = AtCounter { document: SeenDocument::IdCard, clerk, officer: clerk };
        Evidence {
            id: EvidenceId::generate(),
            account_id: AccountId::generate(),
            source,
            compared: Comparison::parse(compared).unwrap(),
            finding,
            at_counter: (source == Source::Counter).then_some(at_counter),
            reference: Vec::new(),
            at: Timestamp(0),
        }
    }

    #[test]
    fn a_level_is_earned_by_what_was_compared_and_by_nothing_less() {
        use Finding::{Confirmed, Denied};
        use Source::{BankCard, Counter, Face, NetworkCertificate, PopulationRegister};
        let table = [
            (PopulationRegister, "name id_number", Confirmed, Some(1)),
            (PopulationRegister, "id_number", Confirmed, None),
            (PopulationRegister, "name id_number face document", Confirmed, Some(1)),
            (PopulationRegister, "name id_number", Denied, None),
            (Face, "name id_number face", Confirmed, Some(2)),
            (Face, "face", Confirmed, None),
            (Face, "name id_number", Confirmed, None),
            (Face, "name id_number face", Denied, None),
            (BankCard, "name id_number bank_card phone", Confirmed, Some(2)),
            (BankCard, "name id_number bank_card", Confirmed, None),
            (NetworkCertificate, "name id_number certificate", Confirmed, Some(2)),
            (NetworkCertificate, "name certificate", Confirmed, None),
            (Counter, "name id_number document face", Confirmed, Some(3)),
            (Counter, "name id_number document", Confirmed, None),
            (Counter, "name id_number document face", Denied, None),
            (Face, "", Confirmed, None),
        ];
        for (source, compared, finding, level) in table {
            let earned = evidence(source, compared, finding).earns().map(Level::level);
            assert_eq!(earned, level, "{source:?} {compared} {finding:?}");
        }
    }

    #[test]
    fn a_counter_without_its_two_people_earns_nothing() {
        let seen = evidence(Source::Counter, "name id_number document face", Finding::Confirmed);
        assert!(seen.earns().is_some());
        assert_eq!(Evidence { at_counter: None, ..seen }.earns(), None);
    }

    #[test]
    fn evidence_never_lowers_a_level() {
        let face = evidence(Source::Face, "name id_number face", Finding::Confirmed);
        let raised = |from: Level| face.raises(from).map(Level::level);
        assert_eq!(raised(Level::PHONE_ONLY), Some(2));
        assert_eq!(raised(Level::REGISTER_MATCH), Some(2));
        assert_eq!((raised(Level::LIVE), raised(Level::COUNTER)), (None, None));
    }

    #[test]
    fn every_name_is_read_back() {
        for source in Source::ALL {
            assert_eq!(Source::parse(source.as_str()), Some(*source));
        }
        let all = Comparison::of(Compared::ALL);
        assert_eq!(Comparison::parse(&all.to_string()), Some(all));
        assert_eq!(Comparison::parse("name retina"), None);
        for document in SeenDocument::ALL {
            assert_eq!(SeenDocument::parse(document.as_str()), Some(*document));
        }
    }
}
