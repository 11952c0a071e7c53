//! The population register behind the data-sharing platform of the province (design D11): a signed HTTP call,
//! whose contract is `docs/integration/population-register.md`.
//!
//! A guess is never made: an answer that is late, unsigned or not of the contract is no answer. A call takes
//! 3 seconds at most; what fails at once is tried once more; who keeps failing is left alone for a while.

use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Semaphore;
use url::Url;
use uuid::Uuid;

use crate::clock::Clock;
use crate::outbound::Outbound;
use crate::outbound::OutboundError;
use crate::registers::PopulationRegister;
use crate::registers::RegisterAnswer;
use crate::registers::RegisterAway;
use crate::registers::breaker::Breaker;
use crate::signed_call::SetupError;
use crate::signed_call::SignedAnswer;
use crate::signed_call::SignedCaller;

/// So many comparisons may be under way: a slow platform must not gather all of our work before it.
const AT_ONCE: usize = 32;
/// Before the second try.
const PAUSE: Duration = Duration::from_millis(200);

/// What the configuration says of the platform.
#[derive(Debug, Clone)]
pub struct PlatformSettings {
    /// Where comparisons are posted; `outbound.allow` must admit it.
    pub url: Url,
    /// Who we are to the platform.
    pub app_id: String,
    /// The secret shared with the platform.
    pub secret: SecretString,
}

/// The register behind the platform.
pub struct Platform {
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
    result: Option<String>,
}

impl Platform {
    /// Refuses settings with which nothing could be asked.
    pub fn new(
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

    async fn ask(&self, name: &str, id_number: &str) -> Result<RegisterAnswer, PlatformError> {
        let _place = self.places.try_acquire().map_err(|_| PlatformError::Crowded)?;
        if !self.breaker.admits() {
            return Err(PlatformError::Resting);
        }
        let first = self.ask_once(name, id_number).await;
        let answer = match first {
            Err(error) if error.may_pass() => {
                tokio::time::sleep(PAUSE).await;
                self.ask_once(name, id_number).await
            }
            first => first,
        };
        match &answer {
            Err(error) if error.is_outage() => self.breaker.failed(),
            Ok(_) | Err(_) => self.breaker.succeeded(),
        }
        answer
    }

    async fn ask_once(&self, name: &str, id_number: &str) -> Result<RegisterAnswer, PlatformError> {
        let body = json!({
            "app_id": self.app_id,
            "request_id": Uuid::now_v7(),
            "name": name,
            "id_number": id_number,
        });
        read(&self.caller.post(body.to_string().into_bytes()).await?)
    }
}

#[async_trait]
impl PopulationRegister for Platform {
    async fn compare(&self, name: &str, id_number: &str) -> Result<RegisterAnswer, RegisterAway> {
        self.ask(name, id_number).await.map_err(|error| RegisterAway(Box::new(error)))
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

fn read(answer: &SignedAnswer) -> Result<RegisterAnswer, PlatformError> {
    if answer.status == 429 || answer.status >= 500 {
        return Err(PlatformError::Status(answer.status));
    }
    let verdict = serde_json::from_slice::<Verdict>(&answer.body).ok();
    if !answer.is_signed {
        // Who does not know our signature cannot sign for us either.
        return Err(match verdict {
            Some(Verdict { code, .. }) if code != 0 => PlatformError::Refused(code),
            _ => PlatformError::Unsigned,
        });
    }
    match (answer.status, verdict) {
        (200, Some(Verdict { code: 0, result: Some(result) })) => match result.as_str() {
            "match" => Ok(RegisterAnswer::Match),
            "no_match" => Ok(RegisterAnswer::NoMatch),
            _ => Err(PlatformError::Unreadable),
        },
        (_, Some(Verdict { code, .. })) if code != 0 => Err(PlatformError::Refused(code)),
        _ => Err(PlatformError::Unreadable),
    }
}

#[cfg(test)]
mod tests {
    use super::PlatformError;
    use super::read;
    use crate::registers::RegisterAnswer;
    use crate::signed_call::SignedAnswer;

    fn answer(status: u16, body: &str, is_signed: bool) -> SignedAnswer {
        SignedAnswer { status, body: body.as_bytes().to_vec(), is_signed }
    }

    #[test]
    fn only_a_signed_answer_of_the_contract_is_an_answer() {
        let good = |body| read(&answer(200, body, true)).unwrap();
        assert_eq!(good(r#"{"code":0,"result":"match"}"#), RegisterAnswer::Match);
        assert_eq!(good(r#"{"code":0,"result":"no_match","more":1}"#), RegisterAnswer::NoMatch);
        let table = [
            (200, r#"{"code":0,"result":"match"}"#, false, "not signed"),
            (200, r#"{"code":0,"result":"perhaps"}"#, true, "not of the contract"),
            (200, r#"{"code":0}"#, true, "not of the contract"),
            (200, "<html>", true, "not of the contract"),
            (200, "<html>", false, "not signed"),
            (201, r#"{"code":0,"result":"match"}"#, true, "not of the contract"),
            (302, "", false, "not signed"),
            (401, r#"{"code":4001}"#, false, "refused the call (code 4001)"),
            (200, r#"{"code":4003,"result":"match"}"#, true, "refused the call (code 4003)"),
            (429, "", false, "answered 429"),
            (503, r#"{"code":0,"result":"match"}"#, true, "answered 503"),
        ];
        for (status, body, is_signed, why) in table {
            let error = read(&answer(status, body, is_signed)).unwrap_err();
            assert!(error.to_string().contains(why), "{status} {body}: {error}");
        }
    }

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
