//! Acting for somebody: what an authorization says of it (RFC 8693 §4.1; design D3). Keys only: names and codes
//! stay sealed where they belong.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::Serialize;

use crate::clock::Timestamp;
use crate::domain::id::MandateId;
use crate::domain::mandate::MandateRole;
use crate::domain::mandate::Principal;

/// For whom somebody may come to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// For himself.
    NaturalPerson,
    /// For an organisation.
    Organisation,
    /// For another person.
    RepresentedPerson,
}

impl SubjectKind {
    /// The kind of this principal.
    pub fn of(principal: Principal) -> Self {
        match principal {
            Principal::Organisation(_) => Self::Organisation,
            Principal::Person(_) => Self::RepresentedPerson,
        }
    }

    /// Each of them.
    pub const ALL: [Self; 3] = [Self::NaturalPerson, Self::Organisation, Self::RepresentedPerson];

    /// The value in a client's policy.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NaturalPerson => "natural_person",
            Self::Organisation => "organisation",
            Self::RepresentedPerson => "represented_person",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The claim `subject_type`: whoever is represented, it is a person or an organisation.
    pub fn claim(self) -> &'static str {
        match self {
            Self::NaturalPerson | Self::RepresentedPerson => "natural_person",
            Self::Organisation => "organisation",
        }
    }
}

/// That a person acts for somebody, under which mandate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acting {
    /// Under this mandate.
    pub mandate: MandateId,
    /// For whom.
    pub principal: Principal,
    /// As what.
    pub role: MandateRole,
    /// The service items the portal has to keep to, if it has to.
    #[serde(default)]
    pub items: Option<BTreeSet<String>>,
    /// When the mandate is over.
    pub valid_until: Option<Timestamp>,
    /// `act.sub`: the person, as the client knows persons.
    pub actor: String,
}
