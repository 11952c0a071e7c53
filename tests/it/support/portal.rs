//! A portal on its way, as a test walks it: from the application to the last of its states.

use yihao::domain::assurance::IdentityAssurance;
use yihao::domain::document_type::DocumentType;
use yihao::domain::synthetic;

use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::console::Operator;
use crate::support::console::decide;
use crate::support::console::send;

/// Where the portals of these tests live.
pub const REDIRECT: &str = "http://localhost:9555/cb";
/// Where they send people after logging out.
pub const BYE: &str = "http://localhost:9555/bye";

/// An application that is right in every field.
pub fn fields() -> Vec<(&'static str, String)> {
    let text = |text: &str| text.to_owned();
    vec![
        ("unit_name", text("云州市行政审批服务管理局")),
        ("unit_code", synthetic::uscc(7).to_string()),
        ("portal_name", text("云州市民生服务平台")),
        ("contact_name", text("陈建国")),
        ("contact_phone", text("13700009050")),
        ("contact_email", text("chen@yz.example.gov.cn")),
        ("purpose", text("为市民在线办理水电燃气过户，依据云政办发〔2026〕12 号。")),
        ("reason_profile", text("核对办事人")),
        ("reason_offline_access", text("办理期间更新状态")),
        ("redirect_uris", text(REDIRECT)),
        ("post_logout_redirect_uris", text(BYE)),
        ("profile", text("server_with_secret")),
        ("algorithm", text("ES256")),
    ]
}

/// The same with other values; an empty one takes away.
pub fn fields_with(change: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let mut fields = fields();
    for (name, value) in change {
        fields.retain(|(known, _)| known != name);
        fields.push((name, (*value).to_owned()));
    }
    fields
}

/// Sends an application.
pub async fn apply(provider: &TestProvider, fields: &[(&'static str, String)]) -> Page {
    let browser = Browser::new();
    let page = browser.get(&provider.url("/onboarding")).await;
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.submit(&page, &fields).await
}

/// A portal whose application was taken, seen by its developer.
pub struct Portal {
    /// The developer's browser.
    pub browser: Browser,
    /// The path of the tracking link.
    pub path: String,
    /// The key of the application.
    pub id: String,
}

impl Portal {
    /// Applies with what is right.
    pub async fn new(provider: &TestProvider) -> Self {
        Self::applied(provider, &fields()).await
    }

    /// Applies with these fields.
    pub async fn applied(provider: &TestProvider, fields: &[(&'static str, String)]) -> Self {
        let page = apply(provider, fields).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let link = marked(&page, "tracking").expect("a link");
        let path = link[link.find("/onboarding").unwrap()..].to_owned();
        let id = newest(provider).await;
        Self { browser: Browser::new(), path, id }
    }

    /// The tracking page.
    pub async fn page(&self, provider: &TestProvider) -> Page {
        self.browser.get(&provider.url(&self.path)).await
    }

    /// A step on the tracking page.
    pub async fn step(&self, provider: &TestProvider, step: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.browser.get(&provider.url("/onboarding")).await.csrf();
        let more = [("step", step), ("csrf", &*csrf)];
        let fields: Vec<_> = fields.iter().copied().chain(more).collect();
        self.browser.post(&provider.url(&self.path), &fields).await
    }

    /// Sends a logo, as a browser sends a form with a file.
    pub async fn upload(
        &self,
        provider: &TestProvider,
        headers: &[(&'static str, &str)],
        parts: &[(&str, &[u8])],
    ) -> Page {
        let url = provider.url(&format!("{}/logo", self.path));
        self.browser.post_parts(&url, headers, parts).await
    }

    /// An officer does something with it.
    pub async fn officer(
        &self,
        provider: &TestProvider,
        operator: &Operator,
        action: &str,
    ) -> Page {
        let path = format!("/console/onboarding/{}/{action}", self.id);
        send(provider, operator, &path, &[("reason", "材料齐全")]).await
    }

    /// The relying party of its developer, with a secret made just now.
    pub async fn relying_party(&self, provider: &TestProvider) -> RelyingParty {
        let page = self.step(provider, "secret", &[]).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let secret = marked(&page, "client-secret").expect("a secret");
        let id = marked(&page, "client-id").expect("a client");
        RelyingParty::of(provider, Box::leak(id.into_boxed_str()), REDIRECT).with_secret(&secret)
    }

    /// Tries everything the self-check looks at.
    pub async fn show_all(&self, provider: &TestProvider, tester: &Person) {
        let (party, browser) = (self.relying_party(provider).await, Browser::new());
        let landing = party.log_in(&browser, tester, &[]).await;
        let tokens = party.redeem(landing.code()).await.json();
        let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
        assert_eq!(party.userinfo(&text("access_token")).await.status, 200);
        assert_eq!(party.refresh(&text("refresh_token")).await.status, 200);
        let out = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("id_token_hint", &*text("id_token")),
                ("post_logout_redirect_uri", BYE),
            ])
            .finish();
        let left = browser.get(&provider.url(&format!("/oauth2/logout?{out}"))).await;
        assert_eq!(left.header("location"), BYE, "{}", left.body);
        let looked = self.step(provider, "addresses", &[]).await;
        assert_eq!(looked.status, 303, "{}", looked.body);
    }

    /// The whole way to everybody.
    pub async fn go_live(
        &self,
        provider: &TestProvider,
        [asks, decides]: [&Operator; 2],
        tester: &Person,
    ) {
        assert_eq!(self.officer(provider, asks, "approve").await.status, 303);
        self.show_all(provider, tester).await;
        assert_eq!(self.step(provider, "live", &[]).await.status, 303);
        assert_eq!(self.officer(provider, asks, "go-live").await.status, 303);
        let page = decide(provider, decides, "approve").await;
        assert_eq!(page.status, 303, "{}", page.body);
        // What was issued in the same second counts as the sandbox's.
        provider.wait_seconds(1);
    }
}

/// The text of the element with this id.
pub fn marked(page: &Page, id: &str) -> Option<String> {
    let rest = page.body.split(&format!("id=\"{id}\"")).nth(1)?;
    Some(rest.split('>').nth(1)?.split('<').next()?.replace("&#x2f;", "/"))
}

/// A test person with an account.
pub async fn tester(provider: &TestProvider) -> Person {
    let person = Person::synthetic(4_711);
    provider.add_person(&person).await;
    person
}

/// Somebody who could exist, with an account.
pub async fn citizen(provider: &TestProvider) -> Person {
    let person = Person {
        name: "李明".to_owned(),
        id_number: "11010519491231002X".to_owned(),
        id_type: DocumentType::default(),
        id_country: "CHN".to_owned(),
        phone: "+8613700009051".to_owned(),
        password: Some("seven lanterns over the lake".to_owned()),
        assurance: IdentityAssurance::REGISTER_MATCH,
    };
    provider.add_person(&person).await;
    person
}

async fn newest(provider: &TestProvider) -> String {
    let query = yihao::store::sql::ApplicationQuery { limit: 1, ..Default::default() };
    let found = provider.provider.store.find_applications(&query).await.unwrap();
    found.first().expect("an application").id.to_string()
}
