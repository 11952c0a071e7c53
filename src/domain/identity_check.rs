//! A check of an identity that a service makes for us: its owner begins it, goes to the service's page, comes
//! back with nothing but a reference, and we ask the service what it found (design D4, D11).

use std::time::Duration;

use crate::clock::Timestamp;
use crate::domain::evidence::Source;
use crate::domain::id::AccountId;
use crate::domain::id::CheckId;
use crate::domain::id::SessionId;

/// How long somebody may take at the service's page.
pub const SITTING: Duration = Duration::from_mins(15);
/// How long we go on asking a service that is away.
pub const PATIENCE: Duration = Duration::from_hours(24);
/// The text about the processing of a face that is agreed to now; a change of the text is a new version.
pub const FACE_CONSENT: &str = "2026-11";
/// Before a service that was away is asked again: at first, and at most.
const FIRST_PAUSE: Duration = Duration::from_secs(20);
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CheckKind {
    /// A live face.
    Face,
    /// A bank card: four elements.
    BankCard,
    /// A network certificate.
    NetworkCertificate,
}

impl CheckKind {
    /// Each of them, in the order pages offer them.
    pub const ALL: [Self; 3] = [Self::NetworkCertificate, Self::BankCard, Self::Face];

    /// What a result of it is evidence of.
    pub fn source(self) -> Source {
        match self {
            Self::Face => Source::Face,
            Self::BankCard => Source::BankCard,
            Self::NetworkCertificate => Source::NetworkCertificate,
        }
    }

    /// The name in database, contract and addresses.
    pub fn as_str(self) -> &'static str {
        self.source().as_str()
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether the person has to agree to it apart from everything else, and to which text: biometric data
    /// (Personal Information Protection Law, Art. 29).
    pub fn consent(self) -> Option<&'static str> {
        (self == Self::Face).then_some(FACE_CONSENT)
    }
}

/// Where a check stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckState {
    /// Its owner is at the service's page, or has left it.
    Open,
    /// Its owner came back, and the service gave no answer yet.
    Pending,
    /// It is this person.
    Confirmed,
    /// It is not, or could not be shown.
    Denied,
    /// Its owner, a newer check or the time ended it.
    Stopped,
}

impl CheckState {
    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Denied => "denied",
            Self::Stopped => "stopped",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        let all = [Self::Open, Self::Pending, Self::Confirmed, Self::Denied, Self::Stopped];
        all.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether something may still come of it.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Open | Self::Pending)
    }
}

/// A check.
#[derive(Debug, Clone)]
pub struct IdentityCheck {
    /// Its key; the service knows it too.
    pub id: CheckId,
    /// Whose.
    pub account_id: AccountId,
    /// In which session it was begun.
    pub session_id: SessionId,
    /// What is checked.
    pub kind: CheckKind,
    /// Where it stands.
    pub state: CheckState,
    /// Which text the person agreed to, where one was to be agreed to.
    pub consent: Option<String>,
    /// What the service calls it, sealed under the person's key.
    pub reference: Vec<u8>,
    /// The account's credentials it was begun under.
    pub credential_epoch: i64,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it is over.
    pub expires_at: Timestamp,
    /// The login its owner was in, sealed as the browser carries it: there the owner comes back to.
    pub flow: Option<String>,
}

impl IdentityCheck {
    /// When a service that gave no answer now is asked again: the longer it is away, the later.
    pub fn due_after(&self, now: Timestamp) -> Timestamp {
        let waited = now.since(self.created_at) / 2;
        now.plus(waited.clamp(FIRST_PAUSE, LONGEST_PAUSE))
    }

    /// Whether something may still come of it now.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.state.is_live() && now < self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_and_state_is_read_back() {
        for kind in CheckKind::ALL {
            assert_eq!(CheckKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(CheckKind::parse("counter"), None);
        for state in ["open", "pending", "confirmed", "denied", "stopped"] {
            assert_eq!(CheckState::parse(state).unwrap().as_str(), state);
        }
    }

    #[test]
    fn only_a_face_needs_a_consent_of_its_own() {
        let asking = CheckKind::ALL.into_iter().filter(|kind| kind.consent().is_some());
        assert_eq!(asking.collect::<Vec<_>>(), [CheckKind::Face]);
    }

    #[test]
    fn who_stays_away_is_asked_ever_less_often() {
        let check = IdentityCheck {
            id: CheckId::generate(),
            account_id: AccountId::generate(),
            session_id: SessionId::generate(),
            kind: CheckKind::Face,
            state: CheckState::Pending,
            consent: None,
            reference: Vec::new(),
            credential_epoch: 0,
            created_at: Timestamp(0),
            expires_at: Timestamp(0).plus(PATIENCE),
            flow: None,
        };
        let pause = |minutes: u64| {
            let now = Timestamp(0).plus(Duration::from_mins(minutes));
            check.due_after(now).since(now).as_secs()
        };
        assert_eq!([pause(0), pause(2), pause(10), pause(60), pause(600)], [20, 60, 300, 600, 600]);
    }
}
