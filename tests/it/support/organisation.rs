//! Organisations of the legal-entity register, the people who act for them, and portals that take them.

use yihao::domain::acting::SubjectKind;
use yihao::domain::identity_document::IdentityDocument;
use yihao::domain::legal_entity::EntityStatus;
use yihao::domain::legal_entity::LegalEntity;
use yihao::domain::legal_entity::OrganisationName;
use yihao::domain::legal_entity::Representative;
use yihao::domain::person_name::PersonName;
use yihao::domain::policy::Synthetic;
use yihao::domain::synthetic;
use yihao::domain::uscc::Uscc;

use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::fixture;
use crate::support::login::log_in;

/// An organisation whose legal representative is that person.
pub fn entity(seed: u64, representative: &Person) -> LegalEntity {
    LegalEntity {
        uscc: synthetic::uscc(seed),
        name: OrganisationName::parse(&format!("样例企业{seed}号")).unwrap(),
        status: EntityStatus::Active,
        representative: Some(Representative {
            name: PersonName::parse(&representative.name).unwrap(),
            document: IdentityDocument::parse(
                representative.id_type.card(),
                &representative.id_country,
                &representative.id_number,
                Synthetic::Accepted,
            )
            .unwrap(),
        }),
    }
}

/// The same, registered by an authority of this division.
pub fn entity_in(division: &str, seed: u64, representative: &Person) -> LegalEntity {
    let known = entity(seed, representative);
    let body = known.uscc.organisation_code();
    LegalEntity { uscc: Uscc::candidate("91", division, &body).unwrap(), ..known }
}

/// A person with an account, logged in in a browser of its own.
pub async fn logged_in(provider: &TestProvider, seed: u64) -> (Person, Browser) {
    let (person, browser) = (Person::synthetic(seed), Browser::new());
    provider.add_person(&person).await;
    log_in(provider, &browser, &person).await;
    (person, browser)
}

/// Sends a form of the page of mandates.
pub async fn step(
    provider: &TestProvider,
    browser: &Browser,
    path: &str,
    fields: &[(&str, &str)],
) -> Page {
    let csrf = browser.get(&provider.url("/account/password")).await.csrf();
    let mut all = vec![("csrf", &*csrf)];
    all.extend(fields);
    browser.post(&provider.url(path), &all).await
}

/// The page of mandates.
pub async fn mandates(provider: &TestProvider, browser: &Browser) -> Page {
    browser.get(&provider.url("/account/mandates")).await
}

/// Claims an organisation.
pub async fn claim(provider: &TestProvider, browser: &Browser, uscc: &str) -> Page {
    step(provider, browser, "/account/mandates", &[("step", "claim"), ("uscc", uscc)]).await
}

/// What stands on a page between these two texts.
pub fn between(page: &Page, from: &str, to: &str) -> Option<String> {
    let rest = &page.body[page.body.find(from)? + from.len()..];
    Some(rest[..rest.find(to)?].to_owned())
}

/// The page on which who represents this organisation appoints others.
pub async fn managing(provider: &TestProvider, browser: &Browser, uscc: &str) -> String {
    let page = mandates(provider, browser).await;
    between(&page, &format!("id=\"manage-{uscc}\" href=\""), "\"").expect("it is managed here")
}

/// Offers a mandate; the fields say what is granted.
pub async fn offer(
    provider: &TestProvider,
    browser: &Browser,
    path: &str,
    (agent, fields): (&Person, &[(&str, &str)]),
) -> Page {
    let mut all = vec![
        ("step", "offer"),
        ("name", agent.name.as_str()),
        ("number", agent.id_number.as_str()),
    ];
    all.extend(fields);
    step(provider, browser, path, &all).await
}

/// Accepts the first mandate that waits; its key.
pub async fn accept(provider: &TestProvider, browser: &Browser) -> String {
    let page = mandates(provider, browser).await;
    let mandate = between(&page, "id=\"accept-", "\"").expect("something waits");
    let fields = [("step", "accept"), ("mandate", mandate.as_str())];
    let done = step(provider, browser, "/account/mandates", &fields).await;
    assert_eq!(done.status, 303, "{}", done.body);
    mandate
}

/// Lets a client take organisations, and people who are represented.
pub async fn takes_all(provider: &TestProvider, client: &str) {
    provider
        .change_client(client, |client| {
            client.policy.subject_kinds.insert(SubjectKind::Organisation);
            client.policy.subject_kinds.insert(SubjectKind::RepresentedPerson);
            client.policy.first_party = true;
        })
        .await;
}

/// A portal that takes organisations and is told when somebody leaves.
pub async fn portal(provider: &TestProvider, id: &'static str, port: u16) -> RelyingParty {
    let redirect_uri = format!("http://localhost:9450/{id}");
    let mut client = fixture::client(id, &redirect_uri);
    client.backchannel_logout_uri = Some(format!("http://localhost:{port}/logout"));
    client.sector = id.to_owned();
    provider.add_client(&client).await;
    takes_all(provider, id).await;
    RelyingParty::of(provider, id, &redirect_uri)
}

/// Chooses on the page that asks for whom; the page after it.
pub async fn choose(browser: &Browser, page: &Page, id: &str) -> Page {
    let from = format!("id=\"act-as-{id}\" name=\"subject\" value=\"");
    let subject = between(page, &from, "\"")
        .unwrap_or_else(|| panic!("{id} is not offered at {}: {}", page.url, page.body));
    let fields: Vec<(String, String)> = page.form().fields.into_iter().collect();
    let mut fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.push(("subject", &subject));
    let action = page.form().action;
    let answer = browser.post(action.as_str(), &fields).await;
    browser.follow(answer).await
}

/// A representative who claimed organisation `seed`, and an agent who accepted a mandate in all matters.
pub async fn with_agent(
    provider: &TestProvider,
    seed: u64,
) -> (String, Browser, (Person, Browser)) {
    let (boss, boss_browser) = logged_in(provider, seed).await;
    let (agent, agent_browser) = logged_in(provider, seed + 1).await;
    let known = entity(seed, &boss);
    provider.add_organisation(&known).await;
    let uscc = known.uscc.as_str().to_owned();
    let done = claim(provider, &boss_browser, &uscc).await;
    assert_eq!(done.status, 303, "{}", done.body);
    appoint(provider, (&boss_browser, &uscc), (&agent, &agent_browser), &[("matters", "all")])
        .await;
    (uscc, boss_browser, (agent, agent_browser))
}

/// The representative appoints an agent, who accepts; the mandate's key.
pub async fn appoint(
    provider: &TestProvider,
    (boss, uscc): (&Browser, &str),
    (agent, browser): (&Person, &Browser),
    fields: &[(&str, &str)],
) -> String {
    let path = managing(provider, boss, uscc).await;
    let offered = offer(provider, boss, &path, (agent, fields)).await;
    assert_eq!(offered.status, 303, "{}", offered.body);
    accept(provider, browser).await
}

/// Where an authorization request leads.
pub async fn chooser(browser: &Browser, rp: &RelyingParty, change: &[(&str, &str)]) -> Page {
    let page = browser.get(&rp.authorize(change)).await;
    browser.follow(page).await
}

/// Logs somebody in, in a browser of his own, at the tab for who comes for the organisation he names; the page after
/// it.
pub async fn at_enterprise_tab(
    provider: &TestProvider,
    rp: &RelyingParty,
    (person, code): (&Person, &str),
) -> Page {
    let browser = Browser::new();
    let page = chooser(&browser, rp, &[]).await;
    assert!(page.has("as-organisation"), "{}", page.body);
    let tx = page.form().fields["tx"].clone();
    let tab = provider.url(&format!("/login?method=password&as=organisation&tx={tx}"));
    let page = browser.get(&tab).await;
    let fields = [
        ("organisation", code),
        ("identifier", &*person.id_number),
        ("password", person.password()),
    ];
    browser.follow(browser.submit(&page, &fields).await).await
}

/// The tokens of the code that came back.
pub async fn tokens(rp: &RelyingParty, page: &Page) -> serde_json::Value {
    let landing = rp.landing(page).unwrap_or_else(|| panic!("{}: {}", page.url, page.body));
    let answer = rp.redeem(landing.code()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// A page of this browser's.
pub async fn browser_page(provider: &TestProvider, browser: &Browser, path: &str) -> Page {
    browser.get(&provider.url(path)).await
}

/// The key of the mandate in the row of this name.
pub fn row_of(page: &Page, name: &str) -> String {
    let rest = &page.body[page.body.find(&format!("<h3>{name}")).expect("a row of that name")..];
    let start = rest.find("id=\"end-").expect("it can be ended") + "id=\"end-".len();
    rest[start..][..36].to_owned()
}
