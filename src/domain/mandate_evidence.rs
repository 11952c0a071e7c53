//! On what a mandate rests that was not granted by another one: what the register says, what was shown at a counter,
//! or a certificate of the unit (domain 5.4).

use crate::domain::id::IdentifierDigest;

/// On what a mandate rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MandateEvidence {
    /// The legal-entity register names the person.
    Register,
    /// Who stands above in the line granted it.
    Granted,
    /// Staff of a counter saw the documents, and a second officer agreed.
    Counter {
        /// Whom the register named as representative then: once it names another one, the mandate is over.
        registered: Option<IdentifierDigest>,
    },
    /// The person signed with the key of a certificate that names the unit.
    Certificate,
}

impl MandateEvidence {
    /// The value in the database and in page texts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Granted => "granted",
            Self::Counter { .. } => "counter",
            Self::Certificate => "certificate",
        }
    }

    /// Whom the register named then.
    pub fn registered(self) -> Option<IdentifierDigest> {
        match self {
            Self::Counter { registered } => registered,
            Self::Register | Self::Granted | Self::Certificate => None,
        }
    }

    /// The evidence of that name.
    pub fn read(name: &str, registered: Option<IdentifierDigest>) -> Option<Self> {
        Some(match name {
            "register" => Self::Register,
            "granted" => Self::Granted,
            "counter" => Self::Counter { registered },
            "certificate" => Self::Certificate,
            _ => return None,
        })
    }

    /// Whether a representative who is known by `own` stays one while the register names `now`.
    pub fn stands(self, own: IdentifierDigest, now: Option<IdentifierDigest>) -> bool {
        match self {
            _ if now == Some(own) => true,
            Self::Counter { registered } => registered == now,
            Self::Register | Self::Granted | Self::Certificate => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::MandateEvidence;
    use crate::domain::id::IdentifierDigest;

    #[test]
    fn a_counter_is_believed_until_the_register_changes() {
        let [own, then, later] = [1, 2, 3].map(|byte| IdentifierDigest([byte; 32]));
        let counter = |registered| MandateEvidence::Counter { registered };
        for (evidence, now, stands) in [
            (MandateEvidence::Register, Some(own), true),
            (MandateEvidence::Register, Some(then), false),
            (MandateEvidence::Register, None, false),
            (counter(Some(then)), Some(then), true),
            (counter(Some(then)), Some(own), true),
            (counter(Some(then)), Some(later), false),
            (counter(Some(then)), None, false),
            (counter(None), None, true),
            (counter(None), Some(own), true),
            (counter(None), Some(later), false),
        ] {
            assert_eq!(evidence.stands(own, now), stands, "{evidence:?} {now:?}");
        }
    }

    #[test]
    fn every_evidence_reads_its_own_name() {
        let registered = Some(IdentifierDigest([1; 32]));
        for evidence in [
            MandateEvidence::Register,
            MandateEvidence::Granted,
            MandateEvidence::Counter { registered },
            MandateEvidence::Counter { registered: None },
            MandateEvidence::Certificate,
        ] {
            assert_eq!(
                MandateEvidence::read(evidence.as_str(), evidence.registered()),
                Some(evidence)
            );
        }
        assert_eq!(MandateEvidence::read("hearsay", None), None);
    }
}
