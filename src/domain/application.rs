//! A portal's application for access: who wants what from whom and why, and how far it has come.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::clock::Timestamp;
use crate::domain::acting::SubjectKind;
use crate::domain::client::ClientId;
use crate::domain::id::ApplicationId;
use crate::domain::id::OperatorId;
use crate::domain::id::TrackingDigest;
use crate::jose::Algorithm;

/// A live portal confirms after this time that it is still there and still the same.
pub const TERM: Duration = Duration::from_hours(365 * 24);
/// So long before the end of its term a portal can be renewed, and is told so.
pub const RENEWAL: Duration = Duration::from_hours(30 * 24);
/// The old secret of a portal still works for so long after a new one was made.
pub const SECRET_GRACE: Duration = Duration::from_hours(24);

/// How far an application has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// It waits for the first review.
    Submitted,
    /// An officer sent it back; the applicant can correct it.
    Returned,
    /// Reviewed: it has a client, and only test people can log in there.
    Sandbox,
    /// The applicant asked to go live.
    LiveAsked,
    /// Everybody can log in.
    Live,
    /// The applicant asked to be retired.
    RetireAsked,
    /// Refused.
    Refused,
    /// Taken back by the applicant.
    Withdrawn,
    /// Over: its client is off for good.
    Retired,
}

impl State {
    /// Every state, in the order in which they come.
    pub const ALL: [Self; 9] = [
        Self::Submitted,
        Self::Returned,
        Self::Sandbox,
        Self::LiveAsked,
        Self::Live,
        Self::RetireAsked,
        Self::Refused,
        Self::Withdrawn,
        Self::Retired,
    ];

    /// The name in database, audit and pages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Returned => "returned",
            Self::Sandbox => "sandbox",
            Self::LiveAsked => "live_asked",
            Self::Live => "live",
            Self::RetireAsked => "retire_asked",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Retired => "retired",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether one may follow on the other. There is no other way from state to state.
    pub fn may_become(self, next: Self) -> bool {
        use State::{
            Live, LiveAsked, Refused, RetireAsked, Retired, Returned, Sandbox, Submitted, Withdrawn,
        };
        match self {
            Submitted => matches!(next, Returned | Sandbox | Refused | Withdrawn),
            Returned => matches!(next, Submitted | Refused | Withdrawn),
            Sandbox => matches!(next, LiveAsked | Retired),
            LiveAsked => matches!(next, Sandbox | Live | Retired),
            Live => matches!(next, RetireAsked | Retired),
            RetireAsked => matches!(next, Live | Retired),
            Refused | Withdrawn | Retired => false,
        }
    }

    /// Whether there is a client that works.
    pub fn has_client(self) -> bool {
        matches!(self, Self::Sandbox | Self::LiveAsked | Self::Live | Self::RetireAsked)
    }

    /// Whether everybody can log in.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Live | Self::RetireAsked)
    }

    /// Whether nothing follows any more.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Refused | Self::Withdrawn | Self::Retired)
    }

    /// Whether its developer still tries things out.
    pub fn is_sandbox(self) -> bool {
        matches!(self, Self::Sandbox | Self::LiveAsked)
    }
}

/// What kind of software the portal is: decides how it proves who it is (RFC 6749 §2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Runs on a server and sends its secret in a header.
    ServerWithSecret,
    /// Runs on a server and sends its secret in the body.
    ServerWithPostedSecret,
    /// Runs on a server and signs with a key of its own.
    ServerWithKey,
    /// Runs in the browser alone.
    Browser,
    /// Runs on the person's device.
    App,
}

impl Profile {
    /// Every profile, the recommended first.
    pub const ALL: [Self; 5] = [
        Self::ServerWithSecret,
        Self::ServerWithPostedSecret,
        Self::ServerWithKey,
        Self::Browser,
        Self::App,
    ];

    /// The name in forms and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ServerWithSecret => "server_with_secret",
            Self::ServerWithPostedSecret => "server_with_posted_secret",
            Self::ServerWithKey => "server_with_key",
            Self::Browser => "browser",
            Self::App => "app",
        }
    }

    /// The profile of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.as_str() == name)
    }
}

/// For whom people come to a portal, as its applicant chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subjects {
    /// For themselves.
    #[default]
    Persons,
    /// For organisations.
    Organisations,
    /// For either.
    Both,
}

impl Subjects {
    /// Every choice, the usual first.
    pub const ALL: [Self; 3] = [Self::Persons, Self::Organisations, Self::Both];

    /// The name in forms and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Persons => "persons",
            Self::Organisations => "organisations",
            Self::Both => "both",
        }
    }

    /// The choice of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|subjects| subjects.as_str() == name)
    }

    /// What the policy of the portal's client says.
    pub fn kinds(self) -> BTreeSet<SubjectKind> {
        match self {
            Self::Persons => BTreeSet::from([SubjectKind::NaturalPerson]),
            Self::Organisations => BTreeSet::from([SubjectKind::Organisation]),
            Self::Both => BTreeSet::from([SubjectKind::NaturalPerson, SubjectKind::Organisation]),
        }
    }
}

/// A body with its unified social credit code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Its name.
    pub name: String,
    /// Its code.
    pub code: String,
}

/// Somebody to talk to. Personal data: it is kept sealed and shown to officers and the applicant alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The name.
    pub name: String,
    /// A mobile phone, E.164.
    pub phone: String,
    /// E-mail.
    pub email: String,
}

impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Contact(sealed)")
    }
}

/// Everything an applicant says, sealed in the application's row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// The unit whose portal it is.
    pub unit: Unit,
    /// Who integrates for it, if it does not itself.
    pub supplier: Option<Unit>,
    /// What people call the portal: `client_name`.
    pub portal_name: String,
    /// Who answers for it; nobody yet, after it was handed over.
    pub contact: Option<Contact>,
    /// What it is for.
    pub purpose: String,
    /// Scope values it wants, each with the reason.
    pub scopes: BTreeMap<String, String>,
    /// `redirect_uris`.
    pub redirect_uris: Vec<String>,
    /// `post_logout_redirect_uris`.
    pub post_logout_redirect_uris: Vec<String>,
    /// `backchannel_logout_uri`.
    pub backchannel_logout_uri: Option<String>,
    /// For whom people come; an application from before says nothing of it.
    #[serde(default)]
    pub subjects: Subjects,
    /// What kind of software it is.
    pub profile: Profile,
    /// `jwks`, for a profile with keys.
    pub jwks: Option<serde_json::Value>,
    /// `id_token_signed_response_alg`.
    pub algorithm: Algorithm,
    /// What an officer last said to the applicant.
    pub remark: Option<String>,
    /// The numbers of its test people.
    #[serde(default)]
    pub testers: Vec<String>,
}

/// An application as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Its key.
    pub id: ApplicationId,
    /// The digest of its tracking link's token.
    pub tracking: TrackingDigest,
    /// How far it has come.
    pub state: State,
    /// [`Document`], sealed.
    pub document: Vec<u8>,
    /// The code of the supplier, by which its applications are found.
    pub supplier: Option<String>,
    /// Its client, once it was reviewed.
    pub client_id: Option<ClientId>,
    /// The folded name nobody else may have while its client exists.
    pub name_key: Option<String>,
    /// Who reviewed it first.
    pub reviewed_by: Option<OperatorId>,
    /// Until when it has to be renewed.
    pub renew_by: Option<Timestamp>,
    /// Rises with every change: of two changes of the same version one is kept.
    pub version: i64,
    /// When it was submitted.
    pub submitted_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Application {
    /// The same in another state; none when that cannot follow.
    pub fn becoming(&self, next: State) -> Option<Self> {
        self.state.may_become(next).then(|| Self { state: next, ..self.clone() })
    }

    /// Whether it can and should be renewed.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.state.is_live() && self.renew_by.is_some_and(|by| by <= now.plus(RENEWAL))
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn what_is_over_stays_over() {
        for over in [State::Refused, State::Withdrawn, State::Retired] {
            assert!(State::ALL.into_iter().all(|next| !over.may_become(next)), "{over:?}");
        }
    }

    #[test]
    fn live_is_reached_from_the_question_alone() {
        let before = State::ALL.into_iter().filter(|state| state.may_become(State::Live));
        assert_eq!(before.collect::<Vec<_>>(), [State::LiveAsked, State::RetireAsked]);
        assert!(!State::Submitted.may_become(State::LiveAsked));
    }

    #[test]
    fn states_have_their_own_names() {
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
        assert_eq!(State::parse("checked"), None);
    }
}
