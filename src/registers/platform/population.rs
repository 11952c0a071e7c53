//! The population register behind the platform; the contract is `docs/integration/population-register.md`.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::json;

use crate::clock::Clock;
use crate::domain::identity_document::PersonKey;
use crate::outbound::Outbound;
use crate::registers::PopulationRegister;
use crate::registers::RegisterAnswer;
use crate::registers::RegisterAway;
use crate::registers::platform::Platform;
use crate::registers::platform::PlatformSettings;
use crate::signed_call::SetupError;

/// The register.
pub struct Population(Platform);

#[derive(Deserialize)]
struct Said {
    result: String,
}

impl Population {
    /// Refuses settings with which nothing could be asked.
    pub fn new(
        settings: PlatformSettings,
        outbound: Outbound,
        clock: Clock,
    ) -> Result<Self, SetupError> {
        Platform::new(settings, outbound, clock).map(Self)
    }
}

#[async_trait]
impl PopulationRegister for Population {
    async fn compare(
        &self,
        name: &str,
        key: PersonKey<'_>,
    ) -> Result<RegisterAnswer, RegisterAway> {
        let question = json!({
            "name": name, "id_type": key.document_type.code(), "id_country": key.country,
            "id_number": key.number,
        });
        self.0.ask(question, read).await.map_err(|error| RegisterAway(Box::new(error)))
    }

    fn rests(&self) -> bool {
        self.0.breaker.is_open()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed over as it was read")]
fn read(said: Said) -> Option<RegisterAnswer> {
    match &*said.result {
        "match" => Some(RegisterAnswer::Match),
        "no_match" => Some(RegisterAnswer::NoMatch),
        "not_kept" => Some(RegisterAnswer::NotKept),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::registers::RegisterAnswer;
    use crate::registers::platform::PlatformError;
    use crate::registers::platform::accept;
    use crate::signed_call::SignedAnswer;

    fn judge(status: u16, body: &str, is_signed: bool) -> Result<RegisterAnswer, PlatformError> {
        let answer = SignedAnswer { status, body: body.as_bytes().to_vec(), is_signed };
        let said = serde_json::from_slice(accept(&answer)?).ok();
        said.and_then(read).ok_or(PlatformError::Unreadable)
    }

    #[test]
    fn only_a_signed_answer_of_the_contract_is_an_answer() {
        let good = |body| judge(200, body, true).unwrap();
        assert_eq!(good(r#"{"code":0,"result":"match"}"#), RegisterAnswer::Match);
        assert_eq!(good(r#"{"code":0,"result":"no_match","more":1}"#), RegisterAnswer::NoMatch);
        assert_eq!(good(r#"{"code":0,"result":"not_kept"}"#), RegisterAnswer::NotKept);
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
            let error = judge(status, body, is_signed).unwrap_err();
            assert!(error.to_string().contains(why), "{status} {body}: {error}");
        }
    }
}
