//! Every document a person can be known by (domain.md 1; security.md A-51): sign-up, login, recovery, the console and
//! what a portal is told; and that other spellings, other countries and other kinds are nobody.

use serde_json::Value;
use serde_json::json;
use yihao::domain::document_type::DocumentType;
use yihao::domain::masking::NameMask;
use yihao::domain::masking::OwnNumberMask;
use yihao::domain::masking::PhoneMask;
use yihao::domain::operator::Role;
use yihao::domain::scope::Scope;

use crate::on_both;
use crate::on_both_backends;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::console::Operator;
use crate::support::console::officers;
use crate::support::console::send;
use crate::support::documents::PASSWORD;
use crate::support::documents::kinds;
use crate::support::documents::shown;
use crate::support::login::sign_up_form;
use crate::support::machine;
use crate::support::organisation::logged_in;
use crate::support::organisation::mandates;
use crate::support::organisation::offer;

async fn sign_up(provider: &TestProvider, person: &Person) -> Page {
    let browser = Browser::new();
    let page = browser.get(&provider.url("/signup")).await;
    let mut fields = sign_up_form(person, PASSWORD).to_vec();
    fields.extend(person.document_fields());
    let asked = browser.submit(&page, &fields).await;
    if asked.status != 200 {
        return asked;
    }
    let code = provider.code_sent_to(&person.phone).await;
    browser.submit(&asked, &[("code", &code), ("step", "verify")]).await
}

/// The login page for documents that have to be named, where this one has to be.
async fn log_in(provider: &TestProvider, browser: &Browser, person: &Person) -> Page {
    let page = browser.get(&provider.url("/login?document=other")).await;
    browser.submit(&page, &person.login_fields()).await
}

/// What a portal with that purpose learns from UserInfo, and the token it came with.
async fn told(provider: &TestProvider, person: &Person) -> (Value, Page) {
    let web1 = RelyingParty::new(provider, "web1");
    let scope = [("scope", "openid profile id_number")];
    let landing = web1.log_in(&Browser::new(), person, &scope).await;
    let tokens = web1.redeem(landing.code()).await;
    let access = tokens.json()["access_token"].as_str().unwrap().to_owned();
    (web1.userinfo(&access).await.json(), tokens)
}

async fn allow_numbers(provider: &TestProvider) {
    let change = |client: &mut yihao::domain::client::Client| {
        client.scope = Scope::parse("openid profile id_number").unwrap();
        client.policy.id_number_purpose = Some("办理居住登记".to_owned());
    };
    provider.change_client("web1", change).await;
}

on_both!(each_kind_signs_up_and_a_portal_learns_who_it_is, |provider| {
    allow_numbers(&provider).await;
    for (person, spelling, masked) in kinds() {
        provider.add_person(&person.clone().without_account()).await;
        let spelled = Person { id_number: spelling, ..person.clone() };
        let done = sign_up(&provider, &spelled).await;
        assert_eq!(done.status, 200, "{person:?}: {}", done.body);
        assert!(done.has("signup-done") || done.body.contains("/login"), "{}", done.body);

        let browser = Browser::new();
        assert_eq!(log_in(&provider, &browser, &spelled).await.status, 303, "{person:?}");
        let overview = browser.get(&provider.url("/account")).await;
        assert!(!overview.body.contains(&person.id_number), "masked: {}", overview.body);
        let csrf =
            browser.get(&provider.url("/account/export")).await.form_with("csrf").fields["csrf"]
                .clone();
        let take = [("csrf", &*csrf), ("format", "json")];
        let export = browser.post(&provider.url("/account/export"), &take).await.json();
        assert_eq!(export["person"]["id_type"], json!(person.id_type.code()), "{export}");
        assert_eq!(export["person"]["id_number"], json!(person.id_number));
        let (claims, tokens) = told(&provider, &spelled).await;
        let code = person.id_type.code();
        assert_eq!(claims["id_number"], json!(person.id_number), "canonical: {claims}");
        assert_eq!(claims["id_type"], json!(code));
        assert_eq!(claims["id_country"], json!(person.id_country));
        assert_eq!(claims["id_number_masked"], json!(masked), "{code}");
        assert_eq!(
            (&claims["name"], &claims["identity_assurance"]),
            (&json!(person.name), &json!(1))
        );
        assert!(!tokens.body.contains(&person.id_number), "never in a token");

        let again =
            sign_up(&provider, &Person { phone: "+8610000009999".to_owned(), ..spelled }).await;
        assert_eq!(again.status, 409, "one account whatever the spelling: {person:?}");
        provider.wait_seconds(3601);
    }
    assert_eq!(provider.rows(&["account"]).await, [6]);
});

on_both!(each_kind_comes_back_to_its_account, |provider| {
    for (person, spelling, _) in kinds() {
        provider.add_person(&person).await;
        let browser = Browser::new();
        let page = browser.get(&provider.url("/recover")).await;
        let mut fields = vec![("name", &*person.name), ("id_number", &*spelling)];
        fields.push(("phone", &person.phone));
        fields.extend(person.document_fields());
        let sent = browser.submit(&page, &fields).await;
        assert_eq!(sent.status, 200, "{person:?}: {}", sent.body);
        let code = provider.code_sent_to(&person.phone).await;
        let page = browser.submit(&sent, &[("code", &code)]).await;
        assert!(page.has("wait"), "{person:?}: {}", page.body);
    }
});

async fn find(provider: &TestProvider, officer: &Operator, person: &Person) -> Page {
    let mut fields = vec![("identifier", &*person.id_number)];
    fields.extend(person.document_fields());
    send(provider, officer, "/console/people", &fields).await
}

on_both!(
    /// an officer and a machine find each by number and kind, see it masked and what it is; a region's do not
    /// find who is from nowhere in it, though the number begins like it.
    each_kind_is_found_by_those_who_may,
    |provider| {
        let all = officers(&provider).await;
        let token = machine::robot(&provider, &all, (Role::SecurityOfficer, ""), "robot").await;
        let [_, officer, _] = &all;
        for (person, _, masked) in kinds() {
            provider.add_person(&person).await;
            let found = find(&provider, officer, &person).await;
            assert_eq!(found.status, 303, "{person:?}: {}", found.body);
            let page = officer.browser.get(&provider.url(found.header("location"))).await;
            assert!(page.body.contains(masked), "{masked}: {}", page.body);
            assert!(!page.body.contains(&person.id_number));

            let body = json!({
                "identifier": person.id_number, "id_type": person.id_type.code(),
                "id_country": person.id_country,
            });
            let found = machine::post(&provider, &token, "/people/search", &body).await;
            assert_eq!(found.status, 200, "{}", found.body);
            let path = format!("/people/{}", found.json()["id"].as_str().unwrap());
            let seen = machine::get(&provider, &token, &path).await.json();
            assert_eq!(seen["id_type"], json!(person.id_type.code()), "{seen}");
            assert_eq!((&seen["id_number"], &seen["id_country"]), (&json!(masked), &json!(person.id_country)));
            let seen = shown(&provider, &person).unwrap();
            assert_eq!((&seen["id_number"], &seen["id_type"]), (&json!(masked), &json!(person.id_type.code())));
            let other = person.clone().with_document(DocumentType::ForeignPassport, "FRA", &person.id_number);
            assert!(shown(&provider, &other).is_none(), "of another country: {other:?}");
        }
        let body = json!({ "identifier": "00000001", "id_type": "414" });
        let refused = machine::post(&provider, &token, "/people/search", &body).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        let body = json!({ "identifier": "00000001" });
        let unclear = machine::post(&provider, &token, "/people/search", &body).await;
        assert_eq!(unclear.status, 422, "it may be of several kinds");
    }
);

on_both!(
    /// Passport numbers collide between countries, and with permits: each is another person.
    the_same_number_of_another_country_is_another_person,
    |provider| {
        let number = "00000001";
        let person = |seed, id_type, country: &str| {
            Person::synthetic(seed).with_document(id_type, country, number)
        };
        let passport = DocumentType::ForeignPassport;
        let people = [
            person(911, passport, "FRA"),
            person(912, passport, "USA"),
            person(913, DocumentType::TaiwanPermit, "TWN"),
        ];
        for person in &people {
            provider.add_person(person).await;
        }
        let officers = officers(&provider).await;
        for person in &people {
            let found = find(&provider, &officers[1], person).await;
            let id = provider.account(person).await.id.to_string();
            assert!(found.header("location").ends_with(&id), "{person:?}");
            assert_eq!(log_in(&provider, &Browser::new(), person).await.status, 303);
            for other in people.iter().filter(|other| other.phone != person.phone) {
                let wrong = Person { password: other.password.clone(), ..person.clone() };
                let refused = log_in(&provider, &Browser::new(), &wrong).await;
                assert_eq!(refused.status, 400, "{wrong:?}");
            }
        }
    }
);

on_both!(
    /// P13: whether somebody has that document is not told, and an unclear number is asked about before it is looked
    /// up, whoever has it.
    a_login_tells_nothing_of_who_has_that_document,
    |provider| {
        let known = kinds().pop().unwrap().0;
        provider.add_person(&known).await;
        let unknown = Person { id_number: "L898902C4".to_owned(), ..known.clone() };
        let mut bodies = Vec::new();
        for person in [&known, &unknown] {
            let wrong = Person { password: Some("wrong".to_owned()), ..person.clone() };
            let page = log_in(&provider, &Browser::new(), &wrong).await;
            assert_eq!(page.status, 400);
            bodies.push(page.plain_body("").replace(&person.id_number, ""));
        }
        assert_eq!(bodies[0], bodies[1]);

        let counted = provider.rows(&["throttle"]).await;
        let mut bodies = Vec::new();
        for person in [&known, &unknown] {
            let browser = Browser::new();
            let page = browser.get(&provider.url("/login")).await;
            assert!(!page.has("id_country") && page.has("other-document"), "{}", page.body);
            let fields = [("identifier", &*person.id_number), ("password", PASSWORD)];
            let asked = browser.submit(&page, &fields).await;
            assert_eq!(asked.status, 400);
            assert!(asked.has("id_type") && asked.has("id_country"), "{}", asked.body);
            bodies.push(asked.plain_body("").replace(&person.id_number, ""));
        }
        assert_eq!(bodies[0], bodies[1]);
        assert_eq!(provider.rows(&["throttle"]).await, counted, "nothing was looked up");
    }
);

on_both!(
    /// A code is sent and answered with the document named all the way.
    a_passport_logs_in_by_code,
    |provider| {
        let person = kinds().pop().unwrap().0;
        provider.add_person(&person).await;
        let browser = Browser::new();
        let page = browser.get(&provider.url("/login?method=sms&document=other")).await;
        let mut fields = person.login_fields();
        fields.push(("step", "send"));
        let sent = browser.submit(&page, &fields).await;
        let code = provider.code_sent_to(&person.phone).await;
        let page = browser.submit(&sent, &[("code", &code), ("step", "verify")]).await;
        assert_eq!(page.status, 303, "{}", page.body);
    }
);

on_both!(
    /// A foreigner acts for a relative: offered to the passport, accepted by whom it belongs to and by nobody else.
    a_mandate_is_offered_to_a_passport,
    |provider| {
        let agent = kinds().pop().unwrap().0;
        let compatriot = agent.clone().with_document(agent.id_type, "FRA", &agent.id_number);
        let other = Person { phone: "+8610000009998".to_owned(), ..compatriot };
        provider.add_person(&agent).await;
        provider.add_person(&other).await;
        let (_, browser) = logged_in(&provider, 950).await;
        let fields: Vec<_> = agent.document_fields().into_iter().collect();
        let bare = offer(&provider, &browser, "/account/mandates", (&agent, &[])).await;
        assert_eq!(bare.status, 400, "the passport has to be named: {}", bare.body);
        let offered = offer(&provider, &browser, "/account/mandates", (&agent, &fields)).await;
        assert_eq!(offered.status, 303, "{}", offered.body);
        for (person, waits) in [(&other, false), (&agent, true)] {
            let browser = Browser::new();
            assert_eq!(log_in(&provider, &browser, person).await.status, 303);
            let page = mandates(&provider, &browser).await;
            assert_eq!(page.body.contains("id=\"accept-"), waits, "{person:?}: {}", page.body);
        }
    }
);

on_both_backends!(
    /// Masks are what `[masking]` says, on the owner's pages and on an officer's.
    masks_are_chosen,
    |backend| {
        let provider = TestProvider::start_with(backend, |config| {
            config.masking.name = NameMask::KeepFirst;
            config.masking.own_number = OwnNumberMask::BirthMonth;
            config.masking.phone = PhoneMask::LastFour;
        })
        .await;
        let (person, browser) = logged_in(&provider, 952).await;
        let phone = format!("*******{}", &person.phone[10..]);
        let number = &person.id_number;
        let own = format!("{}***{}*****{}", &number[..1], &number[4..12], &number[17..]);
        let name = format!("测{}", "*".repeat(person.name.chars().count() - 1));
        let page = browser.get(&provider.url("/account")).await;
        for masked in [&*phone, &own, &name] {
            assert!(page.body.contains(masked), "{masked}: {}", page.body);
        }
        let [_, officer, _] = officers(&provider).await;
        let found = find(&provider, &officer, &person).await;
        let page = officer.browser.get(&provider.url(found.header("location"))).await;
        let strong = format!("{}****************{}", &number[..1], &number[17..]);
        for masked in [&*phone, &strong, &name] {
            assert!(page.body.contains(masked), "{masked}: {}", page.body);
        }
        assert!(!page.body.contains(&own), "the owner's mask is the owner's");
    }
);
