//! The scenarios, and the closed loop that repeats one of them on every connection for a fixed time.

use std::time::Duration;

use anyhow::Context;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::caller::Caller;
use crate::caller::number;

/// What is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Scenario {
    /// Provider metadata.
    Discovery,
    /// The keys.
    Jwks,
    /// A JWT access token for the client itself.
    ClientCredentials,
    /// A login with a password in a new browser, up to the tokens: 5 requests.
    Login,
    /// Sign-on in a session, up to the tokens: 2 requests.
    Sso,
    /// A refresh with rotation.
    Refresh,
    /// Introspection of an access token.
    Introspection,
    /// `UserInfo`.
    Userinfo,
    /// A working day: 40 % sso, 20 % refresh, 5 % logins.
    Mixed,
}

/// What a working day looks like: far more returning people than passwords. In percent; the load
/// driver outside uses the same.
const MIX: [(Scenario, u32); 8] = [
    (Scenario::Sso, 40),
    (Scenario::Refresh, 20),
    (Scenario::Userinfo, 12),
    (Scenario::Introspection, 10),
    (Scenario::ClientCredentials, 8),
    (Scenario::Login, 5),
    (Scenario::Discovery, 3),
    (Scenario::Jwks, 2),
];

/// So many problems are shown.
const SHOWN: usize = 3;
/// After an error a caller rests, so that a broken server is not hammered.
const REST: Duration = Duration::from_millis(20);

/// What a run found.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How long each operation took, unordered.
    pub latencies: Vec<Duration>,
    /// Operations whose answer was not the right one.
    pub errors: u64,
    /// The first of them.
    pub problems: Vec<String>,
    /// Signatures that were verified.
    pub verified: u64,
}

impl Scenario {
    /// The name on the command line.
    pub fn name(self) -> String {
        clap::ValueEnum::to_possible_value(&self)
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    fn needs_a_login(self) -> bool {
        !matches!(self, Self::Discovery | Self::Jwks | Self::ClientCredentials | Self::Login)
    }

    /// Logs every caller in, where the scenario begins with a session.
    pub async fn prepare(self, callers: &mut [Caller]) -> anyhow::Result<()> {
        for caller in callers {
            if self.needs_a_login() {
                caller.login().await.with_context(|| format!("preparing {}", self.name()))?;
            }
        }
        Ok(())
    }

    /// Repeats the scenario with every caller until the time is over.
    pub async fn run(
        self,
        callers: Vec<Caller>,
        time: Duration,
    ) -> anyhow::Result<(Vec<Caller>, Outcome)> {
        let end = Instant::now() + time;
        let mut loops = JoinSet::new();
        for caller in callers {
            loops.spawn(self.repeat(caller, end));
        }
        let (mut callers, mut all) = (Vec::new(), Outcome::default());
        while let Some(ended) = loops.join_next().await {
            let (caller, outcome) = ended?;
            all.add(outcome);
            callers.push(caller);
        }
        Ok((callers, all))
    }

    async fn repeat(self, mut caller: Caller, end: Instant) -> (Caller, Outcome) {
        let mut outcome = Outcome::default();
        let verified = caller.verified;
        loop {
            let started = Instant::now();
            if started >= end {
                break;
            }
            match self.operate(&mut caller).await {
                Ok(()) => outcome.latencies.push(started.elapsed()),
                Err(error) => {
                    outcome.errors += 1;
                    outcome.problems.push(format!("{error:#}"));
                    outcome.problems.truncate(SHOWN);
                    tokio::time::sleep(REST).await;
                    if self.needs_a_login() {
                        // What went wrong is known; the next operation tells if it still does.
                        let _ = caller.login().await;
                    }
                }
            }
        }
        outcome.verified = caller.verified - verified;
        (caller, outcome)
    }

    async fn operate(self, caller: &mut Caller) -> anyhow::Result<()> {
        let one = if self == Self::Mixed { drawn() } else { self };
        match one {
            Self::Discovery => caller.discovery().await,
            Self::Jwks => caller.jwks().await,
            Self::ClientCredentials => caller.client_credentials().await,
            Self::Login => caller.login().await,
            Self::Sso | Self::Mixed => caller.sso().await,
            Self::Refresh => caller.refresh().await,
            Self::Introspection => caller.introspection().await,
            Self::Userinfo => caller.userinfo().await,
        }
    }
}

/// One operation of the mix.
fn drawn() -> Scenario {
    let mut left = number() % MIX.iter().map(|(_, share)| share).sum::<u32>();
    for (scenario, share) in MIX {
        if left < share {
            return scenario;
        }
        left -= share;
    }
    Scenario::Sso
}

impl Outcome {
    fn add(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.errors += other.errors;
        self.verified += other.verified;
        self.problems.extend(other.problems);
        self.problems.truncate(SHOWN);
    }
}
