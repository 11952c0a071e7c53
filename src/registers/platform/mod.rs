//! Registers behind the data-sharing platform of the province (design D11): a signed HTTP call each. What all
//! of them share is here, what one asks and is told stands beside: `population`,
//! `legal_entities`, `verification`.
//!
//! A guess is never made: an answer that is late, unsigned or not of the contract is no answer. A call takes
//! 3 seconds at most; what fails at once is tried once more; who keeps failing is left alone for a while.

pub mod legal_entities;
pub mod population;
pub mod verification;

use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::json;
use tokio::sync::Semaphore;
use url::Url;
use uuid::Uuid;

use crate::clock::Clock;
use crate::outbound::Outbound;
use crate::outbound::OutboundError;
use crate::registers::breaker::Breaker;
use crate::signed_call::SetupError;
use crate::signed_call::SignedAnswer;
use crate::signed_call::SignedCaller;

/// So many questions may be under way: a slow platform must not gather all of our work before it.
const AT_ONCE: usize = 32;
/// Before the second try.
const PAUSE: Duration = Duration::from_millis(200);

/// What the configuration says of the platform.
#[derive(Debug, Clone)]
pub struct PlatformSettings {
    /// Where questions are posted; `outbound.allow` must admit it.
    pub url: Url,
    /// Who we are to the platform.
    pub app_id: String,
    /// The secret shared with the platform.
    pub secret: SecretString,
}

/// One register's address at the platform.
struct Platform {
    caller: SignedCaller,
    app_id: String,
    breaker: Breaker,
    places: Semaphore,
}

/// Why there is no answer. Nothing here repeats what the platform sent.
#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    /// The call failed.
    #[error(transparent)]
    Call(#[from] OutboundError),
    /// It says it cannot answer now.
    #[error("the platform answered {0}")]
    Status(u16),
    /// It refuses us: unknown `app_id`, wrong signature, a clock that is off.
    #[error("the platform refused the call (code {0})")]
    Refused(i64),
    /// The answer is not signed with our secret, or not for this request.
    #[error("the platform's answer is not signed as agreed")]
    Unsigned,
    /// The answer is signed and makes no sense.
    #[error("the platform's answer is not of the contract")]
    Unreadable,
    /// It failed several times and is left alone for a while.
    #[error("the platform failed repeatedly and is not asked now")]
    Resting,
    /// Too many wait for it already.
    #[error("too many calls to the platform are under way")]
    Crowded,
}

#[derive(Deserialize)]
struct Verdict {
    code: i64,
}

impl Platform {
    /// Refuses settings with which nothing could be asked.
    fn new(
        settings: PlatformSettings,
        outbound: Outbound,
        clock: Clock,
    ) -> Result<Self, SetupError> {
        let PlatformSettings { url, app_id, secret } = settings;
        Ok(Self {
            caller: SignedCaller::new(url, secret, outbound, clock.clone())?,
            app_id,
            breaker: Breaker::new(clock),
            places: Semaphore::new(AT_ONCE),
        })
    }

    /// The platform's answer to a question, an object: `read` makes of it what it says, or nothing where it
    /// makes no sense.
    async fn ask<W: DeserializeOwned, T>(
        &self,
        question: Value,
        read: impl Fn(W) -> Option<T>,
    ) -> Result<T, PlatformError> {
        let _place = self.places.try_acquire().map_err(|_| PlatformError::Crowded)?;
        if !self.breaker.admits() {
            return Err(PlatformError::Resting);
        }
        let ask = async || {
            let answer = self.ask_once(&question).await?;
            serde_json::from_slice(accept(&answer)?)
                .ok()
                .and_then(&read)
                .ok_or(PlatformError::Unreadable)
        };
        let first = ask().await;
        let answer = match first {
            Err(error) if error.may_pass() => {
                tokio::time::sleep(PAUSE).await;
                ask().await
            }
            first => first,
        };
        match &answer {
            Err(error) if error.is_outage() => self.breaker.failed(),
            Ok(_) | Err(_) => self.breaker.succeeded(),
        }
        answer
    }

    async fn ask_once(&self, question: &Value) -> Result<SignedAnswer, PlatformError> {
        let mut body = json!({ "app_id": self.app_id, "request_id": Uuid::now_v7() });
        if let (Some(body), Some(question)) = (body.as_object_mut(), question.as_object()) {
            body.extend(question.clone());
        }
        Ok(self.caller.post(body.to_string().into_bytes()).await?)
    }
}

impl PlatformError {
    /// Whether the platform is to blame rather than the question: who asks oddly five times must not stop
    /// everybody else.
    fn is_outage(&self) -> bool {
        matches!(self, Self::Call(_) | Self::Status(_) | Self::Unsigned)
    }

    /// Whether the same question may be answered a moment later. What took its time is not asked again:
    /// somebody waits for the page.
    fn may_pass(&self) -> bool {
        use OutboundError::Broken;
        use OutboundError::Unreachable;
        matches!(self, Self::Call(Unreachable(_) | Broken) | Self::Status(500..=599))
    }
}

/// The body of a signed answer that says something.
fn accept(answer: &SignedAnswer) -> Result<&[u8], PlatformError> {
    if answer.status == 429 || answer.status >= 500 {
        return Err(PlatformError::Status(answer.status));
    }
    let verdict = serde_json::from_slice::<Verdict>(&answer.body).ok();
    match (answer.status, verdict) {
        // Who does not know our signature cannot sign for us either.
        (_, Some(Verdict { code })) if code != 0 => Err(PlatformError::Refused(code)),
        _ if !answer.is_signed => Err(PlatformError::Unsigned),
        (200, Some(_)) => Ok(&answer.body),
        _ => Err(PlatformError::Unreadable),
    }
}

#[cfg(test)]
mod tests {
    use super::PlatformError;

    #[test]
    fn a_question_the_platform_refuses_stops_nobody_else() {
        assert!(!PlatformError::Refused(4000).is_outage());
        assert!(!PlatformError::Unreadable.is_outage());
        assert!(PlatformError::Unsigned.is_outage() && PlatformError::Status(503).is_outage());
    }

    #[test]
    fn only_what_fails_at_once_is_tried_again() {
        use crate::outbound::OutboundError;
        assert!(PlatformError::Call(OutboundError::Broken).may_pass());
        assert!(PlatformError::Status(502).may_pass());
        assert!(!PlatformError::Call(OutboundError::TimedOut).may_pass());
        assert!(!PlatformError::Unsigned.may_pass());
        assert!(!PlatformError::Status(429).may_pass());
    }
}
