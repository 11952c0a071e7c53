//! What a portal in the sandbox has to show before it goes live (RFC 9700 §2; OpenID Connect Core §3.1,
//! RP-Initiated Logout 1.0, Back-Channel Logout 1.0): facts noted while its developer tries it out.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::domain::client::Client;
use crate::domain::client::GrantType;

/// What was last noted counts for so long; then it has to be shown again.
pub const FRESHNESS: Duration = Duration::from_hours(30 * 24);

/// One thing that is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Check {
    /// Authorization requests carry a `code_challenge` with S256.
    Pkce,
    /// They carry a `state`.
    State,
    /// They carry a `nonce`.
    Nonce,
    /// A code was redeemed, with client authentication and verifier.
    Code,
    /// UserInfo was read.
    UserInfo,
    /// A refresh token was used.
    Refresh,
    /// The person was logged out with an `id_token_hint`.
    Logout,
    /// A logout token was accepted.
    BackchannelLogout,
    /// Every address of it is https, with a certificate that holds.
    Tls,
}

/// How it last went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// As it should.
    Passed,
    /// Not as it should.
    Failed,
    /// We may not look: an officer does.
    Unchecked,
}

/// What was noted of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noted {
    /// Which.
    pub check: Check,
    /// When it was first noted.
    pub first_seen: Timestamp,
    /// When it was last noted.
    pub last_seen: Timestamp,
    /// How it last went.
    pub outcome: Outcome,
}

/// What the report says of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// It was shown.
    Green,
    /// It was not seen yet, or too long ago.
    Missing,
    /// It last went wrong.
    Failed,
    /// Somebody else has to look.
    Unchecked,
    /// Nobody asks for it.
    NotNeeded,
}

/// One line of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Which check.
    pub check: Check,
    /// How it stands.
    pub finding: Finding,
    /// When it was last noted.
    pub last_seen: Option<Timestamp>,
}

impl Check {
    /// Every check, in the order of a login.
    pub const ALL: [Self; 9] = [
        Self::Pkce,
        Self::State,
        Self::Nonce,
        Self::Code,
        Self::UserInfo,
        Self::Refresh,
        Self::Logout,
        Self::BackchannelLogout,
        Self::Tls,
    ];

    /// The name in database and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pkce => "pkce",
            Self::State => "state",
            Self::Nonce => "nonce",
            Self::Code => "code",
            Self::UserInfo => "userinfo",
            Self::Refresh => "refresh",
            Self::Logout => "logout",
            Self::BackchannelLogout => "backchannel_logout",
            Self::Tls => "tls",
        }
    }

    /// The check of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|check| check.as_str() == name)
    }

    /// Whether this client has to show it. Refreshing is a choice; it may only not go wrong.
    fn is_needed(self, client: &Client) -> bool {
        match self {
            Self::Refresh => false,
            Self::BackchannelLogout => client.backchannel_logout_uri.is_some(),
            _ => true,
        }
    }

    fn applies(self, client: &Client) -> bool {
        match self {
            Self::Refresh => client.may_use(GrantType::RefreshToken),
            _ => self.is_needed(client),
        }
    }
}

impl Outcome {
    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Unchecked => "unchecked",
        }
    }

    /// The outcome of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Passed, Self::Failed, Self::Unchecked].into_iter().find(|o| o.as_str() == name)
    }

    /// Passed, or not.
    pub fn of(passed: bool) -> Self {
        if passed { Self::Passed } else { Self::Failed }
    }
}

impl Finding {
    /// The name in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Missing => "missing",
            Self::Failed => "failed",
            Self::Unchecked => "unchecked",
            Self::NotNeeded => "not-needed",
        }
    }

    /// Whether a portal can go live with it.
    pub fn suffices(self) -> bool {
        matches!(self, Self::Green | Self::Unchecked | Self::NotNeeded)
    }
}

/// The report of a client: every check that applies to it, and how it stands.
pub fn report(client: &Client, noted: &[Noted], now: Timestamp) -> Vec<Line> {
    let applying = Check::ALL.into_iter().filter(|check| check.applies(client));
    let line = |check: Check| {
        let known = noted.iter().find(|noted| noted.check == check);
        let fresh = known.filter(|noted| now.since(noted.last_seen) < FRESHNESS);
        let finding = match fresh.map(|noted| noted.outcome) {
            Some(Outcome::Passed) => Finding::Green,
            Some(Outcome::Failed) => Finding::Failed,
            Some(Outcome::Unchecked) => Finding::Unchecked,
            None if check.is_needed(client) => Finding::Missing,
            None => Finding::NotNeeded,
        };
        Line { check, finding, last_seen: known.map(|noted| noted.last_seen) }
    };
    applying.map(line).collect()
}

/// Whether everything in the report suffices.
pub fn is_green(report: &[Line]) -> bool {
    report.iter().all(|line| line.finding.suffices())
}
