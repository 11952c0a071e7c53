//! Alerts: what monitoring found, about whom or what, and how officers deal with it (GB/T 22239-2019 8.1.3.3
//! and 8.1.5.4). An alert holds keys, digests, counts and times; it names nobody.

use std::fmt;

use crate::clock::Timestamp;
use crate::domain::client::ClientId;
use crate::domain::id::AccountId;
use crate::domain::id::AlertId;
use crate::domain::id::OperatorId;

macro_rules! names {
    ($(#[$doc:meta])* $type:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type { $($(#[$variant_doc])* $variant,)* }

        impl $type {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in database, messages and pages.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The one of that name.
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == name)
            }
        }
    };
}

names! {
    /// What is watched for.
    Rule {
        /// Many wrong answers for one account.
        Guessing = "guessing",
        /// One source fails at many accounts.
        Spraying = "spraying",
        /// One source tries identifiers nobody has.
        Enumeration = "enumeration",
        /// One account in two places, too far apart for the time between.
        ImpossibleTravel = "impossible_travel",
        /// A portal's failures rise.
        PortalFailures = "portal_failures",
        /// An operator looks up many people.
        MassLookUps = "mass_look_ups",
        /// An operator acts at night.
        NightActs = "night_acts",
        /// Many sign-ups the register does not confirm.
        RegisterMismatches = "register_mismatches",
        /// The audit chain does not hold.
        BrokenChain = "broken_chain",
        /// A node's clock differs from the database's.
        ClockDrift = "clock_drift",
    }
}

names! {
    /// How much it matters.
    Severity {
        /// Somebody should look in working hours.
        Notice = "notice",
        /// Somebody should look today.
        Warning = "warning",
        /// Somebody should look now.
        Critical = "critical",
    }
}

names! {
    /// How far officers have come with it.
    State {
        /// Nobody has looked.
        Open = "open",
        /// An officer looks into it.
        Acknowledged = "acknowledged",
        /// An officer said what it was.
        Closed = "closed",
    }
}

names! {
    /// What an officer does with an alert.
    Step {
        /// Says that he looks into it.
        Acknowledge = "acknowledge",
        /// Says what it was.
        Close = "close",
    }
}

impl Rule {
    /// How much what it finds matters.
    pub fn severity(self) -> Severity {
        match self {
            Self::Spraying | Self::MassLookUps | Self::BrokenChain => Severity::Critical,
            Self::NightActs => Severity::Notice,
            _ => Severity::Warning,
        }
    }
}

/// About whom or what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// An account.
    Account(AccountId),
    /// An operator.
    Operator(OperatorId),
    /// A portal.
    Client(ClientId),
    /// The network requests come from, by a keyed digest.
    Source([u8; 16]),
    /// A register.
    Register,
    /// The audit chain.
    Chain,
    /// A node, by the name of its host.
    Node(String),
}

impl Subject {
    /// What it is.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Account(_) => "account",
            Self::Operator(_) => "operator",
            Self::Client(_) => "client",
            Self::Source(_) => "source",
            Self::Register => "register",
            Self::Chain => "chain",
            Self::Node(_) => "node",
        }
    }

    /// Which of that kind.
    pub fn name(&self) -> String {
        match self {
            Self::Account(id) => id.to_string(),
            Self::Operator(id) => id.to_string(),
            Self::Client(id) => id.as_str().to_owned(),
            Self::Source(digest) => hex::encode(digest),
            Self::Register => "population".to_owned(),
            Self::Chain => "audit".to_owned(),
            Self::Node(name) => name.clone(),
        }
    }

    /// The subject of that text, `kind:name`.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once(':')?;
        Some(match kind {
            "account" => Self::Account(name.parse().map(AccountId).ok()?),
            "operator" => Self::Operator(name.parse().map(OperatorId).ok()?),
            "client" => Self::Client(ClientId::parse(name)?),
            "source" => {
                let mut digest = [0; 16];
                hex::decode_to_slice(name, &mut digest).ok()?;
                Self::Source(digest)
            }
            "register" => Self::Register,
            "chain" => Self::Chain,
            "node" => Self::Node(name.to_owned()),
            _ => return None,
        })
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.kind(), self.name())
    }
}

/// What a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which rule.
    pub rule: Rule,
    /// About whom or what.
    pub subject: Subject,
    /// How many events it took.
    pub events: i64,
    /// The first of them.
    pub first_at: Timestamp,
    /// The last of them.
    pub last_at: Timestamp,
    /// The request of the last one; empty where no request was.
    pub request_id: String,
}

/// What an officer said at a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handling {
    /// Who.
    pub by: OperatorId,
    /// When.
    pub at: Timestamp,
    /// In his words, sealed.
    pub note: Vec<u8>,
}

/// An alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Its key.
    pub id: AlertId,
    /// What was found; of several times, all events and the last request.
    pub finding: Finding,
    /// How often it was found while the alert was not closed.
    pub occurrences: i64,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// How far officers have come.
    pub state: State,
    /// Who looks into it.
    pub acknowledged: Option<Handling>,
    /// Who closed it.
    pub closed: Option<Handling>,
}

/// Where alerts are sent, besides the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// A signed HTTP call.
    Webhook,
    /// A syslog server.
    Syslog,
    /// A letter by SMTP.
    Mail,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 3] = [Self::Webhook, Self::Syslog, Self::Mail];

    /// The name in database and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Syslog => "syslog",
            Self::Mail => "mail",
        }
    }

    /// The channel of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == name)
    }
}

/// An alert on its way over one channel, leased to this node.
#[derive(Debug, Clone)]
pub struct AlertDelivery {
    /// Its key, by which a receiver knows what it had already.
    pub id: uuid::Uuid,
    /// Where.
    pub channel: Channel,
    /// The alert as it stands.
    pub alert: Alert,
    /// Tries before this one.
    pub attempts: i64,
    /// Since when it waits.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_read_as_they_are_written() {
        let id = uuid::Uuid::now_v7();
        for subject in [
            Subject::Account(AccountId(id)),
            Subject::Operator(OperatorId(id)),
            Subject::Client(ClientId::parse("portal").unwrap()),
            Subject::Source([7; 16]),
            Subject::Register,
            Subject::Chain,
            Subject::Node("id-1".to_owned()),
        ] {
            assert_eq!(Subject::parse(&subject.to_string()), Some(subject));
        }
        for wrong in ["", "account", "account:x", "source:00", "person:1"] {
            assert_eq!(Subject::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        assert!(Rule::ALL.iter().all(|rule| Rule::parse(rule.as_str()) == Some(*rule)));
        assert!(State::ALL.iter().all(|state| State::parse(state.as_str()) == Some(*state)));
        assert_eq!(Severity::parse("loud"), None);
    }
}
