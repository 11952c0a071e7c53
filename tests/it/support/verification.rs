//! Verifying an identity, as a test walks it: from the account to the service's page and back.

use yihao::domain::identity_check::CheckKind;

use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::login::log_in;
use crate::support::province::Province;

/// The page of one's own level.
pub const PATH: &str = "/account/verification";

/// A person with a session, at a provider whose services are these.
pub struct Citizen {
    /// The person.
    pub person: Person,
    /// The browser.
    pub browser: Browser,
}

impl Citizen {
    /// With an account, logged in a moment ago.
    pub async fn new(provider: &TestProvider, seed: u64) -> Self {
        let person = Person::synthetic(seed);
        provider.add_person(&person).await;
        let browser = Browser::new();
        log_in(provider, &browser, &person).await;
        Self { person, browser }
    }

    /// Sends a form of the page.
    pub async fn send(&self, provider: &TestProvider, fields: &[(&str, &str)]) -> Page {
        let csrf = self.browser.get(&provider.url("/account/phone")).await.csrf();
        let fields: Vec<_> = fields.iter().copied().chain([("csrf", &*csrf)]).collect();
        self.browser.post(&provider.url(PATH), &fields).await
    }

    /// Begins a check, with everything agreed to.
    pub async fn begin(&self, provider: &TestProvider, kind: CheckKind) -> Page {
        let fields = [("step", "begin"), ("kind", kind.as_str()), ("agreed", "1")];
        self.send(provider, &fields).await
    }

    /// Begins a check and decides it at the service; the address the service sends the person back to.
    pub async fn decide(
        &self,
        (provider, province): (&TestProvider, &Province),
        kind: CheckKind,
        decision: &str,
    ) -> String {
        let begun = self.begin(provider, kind).await;
        assert_eq!(begun.status, 303, "{}", begun.body);
        province.decide(begun.header("location"), &[("decision", decision)]).await
    }

    /// The level of the account.
    pub async fn level(&self, provider: &TestProvider) -> u8 {
        provider.account(&self.person).await.identity_assurance.level()
    }

    /// Waits until what runs beside the requests has raised the account.
    pub async fn rises_to(&self, provider: &TestProvider, level: u8) {
        for _ in 0..200 {
            if self.level(provider).await == level {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("the account did not rise to {level}");
    }

    /// How many verifications of this source are kept.
    pub async fn kept(&self, provider: &TestProvider, source: &str) -> usize {
        let account = provider.account(&self.person).await;
        let kept = provider.provider.store.list_evidence(account.id).await.unwrap();
        kept.iter().filter(|one| one.source.as_str() == source).count()
    }
}

impl Citizen {
    /// Waits until a message with these words has gone to the person's phone.
    pub async fn is_told(&self, provider: &TestProvider, words: &str) {
        let phone = self.person.phone.parse().unwrap();
        for _ in 0..100 {
            if provider.outbox.last_to(&phone).is_some_and(|sent| sent.text.contains(words)) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("nobody was told {words}");
    }
}
