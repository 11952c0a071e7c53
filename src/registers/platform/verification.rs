//! Verification services behind a signed HTTP call; the contract is `docs/integration/identity-verification.md`.

use async_trait::async_trait;
use secrecy::ExposeSecret;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::clock::Clock;
use crate::clock::Timestamp;
use crate::crypto::constant_time_eq;
use crate::domain::evidence::Comparison;
use crate::domain::id::CheckId;
use crate::domain::identity_check::CheckKind;
use crate::domain::identity_check::SITTING;
use crate::outbound::Outbound;
use crate::registers::RegisterAway;
use crate::registers::platform::Platform;
use crate::registers::platform::PlatformSettings;
use crate::registers::verifier::Addresses;
use crate::registers::verifier::Begun;
use crate::registers::verifier::Claimant;
use crate::registers::verifier::IdentityVerifier;
use crate::registers::verifier::Verdict;
use crate::signed_call::CallError;
use crate::signed_call::IncomingCall;
use crate::signed_call::SetupError;
use crate::signed_call::person_digest;

/// Longest name a service may give a check, in bytes.
const LONGEST_REFERENCE: usize = 256;

/// A service.
pub struct Verification {
    kind: CheckKind,
    begin: Platform,
    result: Platform,
    secret: SecretString,
    pages: String,
}

#[derive(Deserialize)]
struct Prepared {
    reference: String,
    page: String,
}

#[derive(Deserialize)]
struct Said {
    check: String,
    reference: String,
    state: String,
    #[serde(default)]
    person: String,
    #[serde(default)]
    compared: Vec<String>,
}

impl Verification {
    /// Refuses settings with which nothing could be asked. `pages` is the origin of the service's pages; without
    /// one they stand where the service does.
    pub fn new(
        kind: CheckKind,
        (settings, pages): (PlatformSettings, Option<&Url>),
        outbound: &Outbound,
        clock: &Clock,
    ) -> Result<Self, SetupError> {
        let pages = pages.unwrap_or(&settings.url).origin().ascii_serialization();
        let at = |end: &str| {
            let mut url = settings.url.clone();
            url.set_path(&format!("{}/{end}", settings.url.path().trim_end_matches('/')));
            let settings = PlatformSettings { url, ..settings.clone() };
            Platform::new(settings, outbound.clone(), clock.clone())
        };
        let (begin, result) = (at("begin")?, at("result")?);
        Ok(Self { kind, begin, result, secret: settings.secret, pages })
    }

    fn secret(&self) -> &[u8] {
        self.secret.expose_secret().as_bytes()
    }
}

#[async_trait]
impl IdentityVerifier for Verification {
    async fn begin(
        &self,
        check: CheckId,
        who: Claimant<'_>,
        addresses: Addresses<'_>,
    ) -> Result<Begun, RegisterAway> {
        let question = json!({
            "check": check, "kind": self.kind.as_str(), "name": who.name, "id_number": who.id_number,
            "return_url": addresses.return_url, "callback_url": addresses.callback_url,
            "expires_in": SITTING.as_secs(),
        });
        let read = |prepared| read_begun(prepared, &self.pages);
        self.begin.ask(question, read).await.map_err(|error| RegisterAway(Box::new(error)))
    }

    async fn result(
        &self,
        check: CheckId,
        reference: &str,
        who: Claimant<'_>,
    ) -> Result<Verdict, RegisterAway> {
        let question = json!({ "check": check, "reference": reference });
        let check = check.to_string();
        let person = person_digest(self.secret(), &check, who.name, who.id_number);
        let read = |said| read_verdict(&said, (&check, reference, &person));
        self.result.ask(question, read).await.map_err(|error| RegisterAway(Box::new(error)))
    }

    fn verify_call<'c>(
        &self,
        call: &IncomingCall<'c>,
        now: Timestamp,
    ) -> Result<&'c str, CallError> {
        call.verify(self.secret(), now)
    }

    fn pages(&self) -> &str {
        &self.pages
    }

    fn rests(&self) -> bool {
        self.begin.breaker.is_open() || self.result.breaker.is_open()
    }
}

/// A page elsewhere than at the service is no page of it: we send nobody there.
fn read_begun(said: Prepared, pages: &str) -> Option<Begun> {
    let page = Url::parse(&said.page).ok()?;
    let known = page.origin().ascii_serialization() == pages && page.username().is_empty();
    let named = (1..=LONGEST_REFERENCE).contains(&said.reference.len());
    (known && named).then(|| Begun { reference: said.reference, page: page.to_string() })
}

fn read_verdict(said: &Said, (check, reference, person): (&str, &str, &str)) -> Option<Verdict> {
    if said.check != check || said.reference != reference {
        return Some(Verdict::Elsewhere);
    }
    let is_theirs = constant_time_eq(said.person.as_bytes(), person.as_bytes());
    match said.state.as_str() {
        "unfinished" => Some(Verdict::Unfinished),
        "denied" | "confirmed" if !is_theirs => Some(Verdict::Elsewhere),
        "denied" => Some(Verdict::Denied),
        "confirmed" => Comparison::parse(&said.compared.join(" ")).map(Verdict::Confirmed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::evidence::Compared;

    #[test]
    fn nobody_is_sent_to_a_page_that_is_not_the_services() {
        let read = |reference: &str, page: &str| {
            let said = Prepared { reference: reference.to_owned(), page: page.to_owned() };
            read_begun(said, "https://verify.test")
        };
        assert!(read("r1", "https://verify.test/face?r=1").is_some());
        let long = "r".repeat(257);
        for (reference, page) in [
            ("r1", "https://evil.test/face"),
            ("r1", "http://verify.test/face"),
            ("r1", "https://verify.test:444/face"),
            ("r1", "https://verify.test.evil.test/"),
            ("r1", "https://zhang@verify.test/"),
            ("r1", "javascript:alert(1)"),
            ("r1", "/face"),
            ("", "https://verify.test/face"),
            (&long, "https://verify.test/face"),
        ] {
            assert_eq!(read(reference, page), None, "{reference} {page}");
        }
    }

    #[test]
    fn a_verdict_counts_for_its_own_check_and_person_alone() {
        let said = |json: serde_json::Value| {
            let said: Said = serde_json::from_value(json).unwrap();
            read_verdict(&said, ("c1", "r1", "p1"))
        };
        let good = json!({
            "check": "c1", "reference": "r1", "state": "confirmed", "person": "p1",
            "compared": ["name", "face"],
        });
        let with = |name: &str, value: serde_json::Value| {
            let mut changed = good.clone();
            changed[name] = value;
            said(changed)
        };
        let compared = Comparison::of(&[Compared::Name, Compared::Face]);
        assert_eq!(said(good.clone()), Some(Verdict::Confirmed(compared)));
        assert_eq!(with("state", json!("denied")), Some(Verdict::Denied));
        assert_eq!(with("state", json!("unfinished")), Some(Verdict::Unfinished));
        assert_eq!(with("person", json!("p2")), Some(Verdict::Elsewhere));
        assert_eq!(with("person", json!("")), Some(Verdict::Elsewhere));
        assert_eq!(with("check", json!("c2")), Some(Verdict::Elsewhere));
        assert_eq!(with("reference", json!("r2")), Some(Verdict::Elsewhere));
        assert_eq!(with("state", json!("perhaps")), None);
        assert_eq!(with("compared", json!(["retina"])), None);
        assert_eq!(
            with("compared", json!(["name face"])),
            with("compared", json!(["name", "face"]))
        );
    }
}
