//! A person on the way to a portal that asks for more than the identity is established with.

use serde_json::Value;
use serde_json::json;
use yihao::domain::identity_check::CheckKind;

use crate::support::Page;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::province::Province;
use crate::support::relying_party::Landing;
use crate::support::relying_party::claims;
use crate::support::verification::Citizen;

/// As a wish.
pub const THREE: [(&str, &str); 1] = [("acr_values", "urn:yihao:acr:3")];

/// As a demand.
pub fn essential(class: &str) -> String {
    json!({ "id_token": { "acr": { "essential": true, "value": class } } }).to_string()
}

/// Somebody on the way to a portal.
pub struct Way<'a> {
    provider: &'a TestProvider,
    /// Who.
    pub citizen: Citizen,
    /// The portal.
    pub portal: RelyingParty,
}

impl<'a> Way<'a> {
    /// With an account, logged in a moment ago.
    pub async fn new(provider: &'a TestProvider, seed: u64) -> Self {
        let citizen = Citizen::new(provider, seed).await;
        Self { provider, citizen, portal: RelyingParty::new(provider, "web1") }
    }

    /// Where this request leads.
    pub async fn ask(&self, change: &[(&str, &str)]) -> Page {
        let browser = &self.citizen.browser;
        browser.follow(browser.get(&self.portal.authorize(change)).await).await
    }

    /// Sends a form of the page, in the login the page is in.
    pub async fn send(&self, page: &Page, fields: &[(&str, &str)]) -> Page {
        let (csrf, tx) = (page.csrf(), page.form().fields["tx"].clone());
        let own = [("csrf", &*csrf), ("tx", &*tx)];
        let fields: Vec<_> = fields.iter().copied().chain(own).collect();
        self.citizen.browser.post(&self.provider.url("/verify"), &fields).await
    }

    /// Begins a check on the page; the service's page.
    pub async fn begin(&self, page: &Page, kind: CheckKind) -> String {
        let fields = [("step", "begin"), ("kind", kind.as_str()), ("agreed", "1")];
        let begun = self.send(page, &fields).await;
        assert_eq!(begun.status, 303, "{}", begun.body);
        begun.header("location").to_owned()
    }

    /// Is verified, or not, at the service, and comes back; the page the browser then is at.
    pub async fn decide(
        &self,
        page: &Page,
        (province, kind): (&Province, CheckKind),
        word: &str,
    ) -> Page {
        let service = self.begin(page, kind).await;
        let back = province.decide(&service, &[("decision", word)]).await;
        let browser = &self.citizen.browser;
        browser.follow(browser.get(&back).await).await
    }

    /// Goes on to the portal, through second factor and consent.
    pub async fn go_on(&self, mut page: Page) -> Landing {
        let (browser, person) = (&self.citizen.browser, &self.citizen.person);
        if page.has("send-code") {
            let sent = browser.submit(&page, &[("step", "send")]).await;
            let code = self.provider.code_sent_to(&person.phone).await;
            page = browser.submit(&sent, &[("code", &code), ("step", "verify")]).await;
        }
        self.portal.walk(browser, person, page).await
    }

    /// The claims of the ID token.
    pub async fn told(&self, landing: &Landing) -> Value {
        let answer = self.portal.redeem(landing.code()).await.json();
        claims(answer["id_token"].as_str().unwrap())
    }
}

/// Whether this is the page that asks to be verified.
pub fn is_asked(page: &Page) -> bool {
    page.status == 200 && page.url.path() == "/verify" && page.has("without")
}
