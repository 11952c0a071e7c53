//! `[monitor]`: what is watched for, from how many events within how long, and where alerts go.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use url::Url;

use super::ConfigError;

/// When a rule speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// So many events.
    pub threshold: u32,
    /// Within so long.
    pub window: Duration,
}

macro_rules! rule {
    ($(#[$doc:meta])* $name:ident { threshold: $threshold:literal, window_minutes: $window:literal }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            /// Whether it is watched for.
            pub enabled: bool,
            /// So many events.
            pub threshold: u32,
            /// Within so many minutes.
            pub window_minutes: u32,
        }

        impl Default for $name {
            fn default() -> Self {
                Self { enabled: true, threshold: $threshold, window_minutes: $window }
            }
        }

        impl $name {
            /// When it speaks, if it is watched for.
            pub fn limits(&self) -> Option<Limits> {
                let window = Duration::from_mins(self.window_minutes.into());
                self.enabled.then_some(Limits { threshold: self.threshold, window })
            }
        }
    };
}

rule! {
    /// `[monitor.guessing]`: wrong answers for one account.
    Guessing { threshold: 10, window_minutes: 15 }
}
rule! {
    /// `[monitor.spraying]`: accounts at which one source failed and that did not log in since.
    Spraying { threshold: 30, window_minutes: 15 }
}
rule! {
    /// `[monitor.enumeration]`: identifiers nobody has, tried from one source.
    Enumeration { threshold: 60, window_minutes: 15 }
}
rule! {
    /// `[monitor.portal_failures]`: failures of one portal.
    PortalFailures { threshold: 50, window_minutes: 10 }
}
rule! {
    /// `[monitor.mass_look_ups]`: people one operator looked up.
    MassLookUps { threshold: 60, window_minutes: 60 }
}
rule! {
    /// `[monitor.night_acts]`: what one operator did at night.
    NightActs { threshold: 1, window_minutes: 480 }
}
rule! {
    /// `[monitor.register_mismatches]`: sign-ups the register did not confirm.
    RegisterMismatches { threshold: 60, window_minutes: 15 }
}

/// `[monitor.impossible_travel]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImpossibleTravel {
    /// Whether it is watched for; without a file of places it cannot be.
    pub enabled: bool,
    /// Faster than this nobody travels.
    pub kilometres_an_hour: u32,
    /// Shorter ways are not looked at: networks are placed roughly.
    pub kilometres: u32,
    /// Between logins further apart nothing is concluded.
    pub window_minutes: u32,
}

impl Default for ImpossibleTravel {
    fn default() -> Self {
        Self { enabled: true, kilometres_an_hour: 900, kilometres: 300, window_minutes: 180 }
    }
}

/// `[monitor.mail]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mail {
    /// `smtps://user@host` or `smtp://user@host` (STARTTLS); `outbound.allow` must admit host and port.
    pub url: Option<Url>,
    /// A file with the password of that user.
    pub password_file: Option<PathBuf>,
    /// Who writes.
    pub from: String,
    /// Who is written to.
    pub to: Vec<String>,
}

/// `[monitor]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Monitor {
    /// Whether anything is watched for.
    pub enabled: bool,
    /// Networks and where they are, CSV.
    pub places_file: Option<PathBuf>,
    /// The hour in Beijing at which the night begins.
    pub night_from_hour: u8,
    /// The hour at which it ends.
    pub night_to_hour: u8,
    /// A node's clock may differ from the database's by so many seconds; 0 is as far as it likes.
    pub clock_drift_seconds: u32,
    /// So many old audit records are verified again every minute; 0 is none.
    pub chain_records_per_minute: u32,
    /// Where alerts are posted.
    pub webhook_url: Option<Url>,
    /// A file with the secret that signs them.
    pub webhook_secret_file: Option<PathBuf>,
    /// `udp://host:514`, `tcp://host:601` or `unix:///dev/log`.
    pub syslog_url: Option<Url>,
    /// Letters.
    pub mail: Mail,
    /// Guessing at one account.
    pub guessing: Guessing,
    /// One source, many accounts.
    pub spraying: Spraying,
    /// One source, many identifiers nobody has.
    pub enumeration: Enumeration,
    /// One account, two places.
    pub impossible_travel: ImpossibleTravel,
    /// One portal, many failures.
    pub portal_failures: PortalFailures,
    /// One operator, many people.
    pub mass_look_ups: MassLookUps,
    /// One operator, at night.
    pub night_acts: NightActs,
    /// Many sign-ups the register does not confirm.
    pub register_mismatches: RegisterMismatches,
}

impl Default for Monitor {
    fn default() -> Self {
        Self {
            enabled: true,
            places_file: None,
            night_from_hour: 22,
            night_to_hour: 6,
            clock_drift_seconds: 30,
            chain_records_per_minute: 20_000,
            webhook_url: None,
            webhook_secret_file: None,
            syslog_url: None,
            mail: Mail::default(),
            guessing: Guessing::default(),
            spraying: Spraying::default(),
            enumeration: Enumeration::default(),
            impossible_travel: ImpossibleTravel::default(),
            portal_failures: PortalFailures::default(),
            mass_look_ups: MassLookUps::default(),
            night_acts: NightActs::default(),
            register_mismatches: RegisterMismatches::default(),
        }
    }
}

/// The longest window, in minutes: what a node that takes over has to read again.
const LONGEST_WINDOW: u32 = 24 * 60;

impl Monitor {
    /// Refuses values that do not go together.
    pub fn check(&self) -> Result<(), ConfigError> {
        let rule = |text: &str| Err(ConfigError::Rule(text.to_owned()));
        let limits = [
            self.guessing.limits(),
            self.spraying.limits(),
            self.enumeration.limits(),
            self.portal_failures.limits(),
            self.mass_look_ups.limits(),
            self.night_acts.limits(),
            self.register_mismatches.limits(),
        ];
        let longest = Duration::from_mins(LONGEST_WINDOW.into());
        let fits = |limits: &Limits| {
            (1..=10_000).contains(&limits.threshold)
                && !limits.window.is_zero()
                && limits.window <= longest
        };
        let travel = &self.impossible_travel;
        let travels = (1..=LONGEST_WINDOW).contains(&travel.window_minutes)
            && travel.kilometres_an_hour > 0
            && travel.kilometres > 0;
        if !travels || !limits.iter().flatten().all(fits) {
            return rule(
                "each rule of monitor has a threshold of 1 to 10000 and a window of 1 to 1440 minutes",
            );
        }
        if self.night_from_hour > 23 || self.night_to_hour > 23 {
            return rule("monitor.night_from_hour and night_to_hour are hours, 0 to 23");
        }
        if self.webhook_url.is_some() != self.webhook_secret_file.is_some() {
            return rule("monitor.webhook_url and monitor.webhook_secret_file go together");
        }
        if self.mail.url.is_some() && (self.mail.from.is_empty() || self.mail.to.is_empty()) {
            return rule("monitor.mail needs url, from and to together");
        }
        Ok(())
    }
}
