//! Doors × documents (decisions 0014, 0019; security.md ): every door that takes a person's number
//! takes that of every document, and means nobody else by it.

use std::time::Duration;

use serde_json::Value;
use serde_json::json;
use yihao::domain::document_type::DocumentType;
use yihao::domain::operator::Role;

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::console::Operator;
use crate::support::console::officers;
use crate::support::console::send;
use crate::support::documents::every;
use crate::support::documents::shown;
use crate::support::machine;
use crate::support::officers::Desk;
use crate::support::officers::approve;
use crate::support::officers::file;
use crate::support::officers::years_ago;
use crate::support::organisation::accept;
use crate::support::organisation::claim;
use crate::support::organisation::entity;
use crate::support::organisation::entity_in;
use crate::support::organisation::logged_in;
use crate::support::organisation::mandates;
use crate::support::organisation::offer;

/// Whether the number alone says which document it is of.
fn tells(person: &Person) -> bool {
    !matches!(person.id_type, DocumentType::TaiwanPermit | DocumentType::ForeignPassport)
}

async fn come_in(provider: &TestProvider, person: &Person) -> Browser {
    let browser = Browser::new();
    let page = browser.get(&provider.url("/login?document=other")).await;
    let page = browser.submit(&page, &person.login_fields()).await;
    assert_eq!(page.status, 303, "{person:?}: {}", page.body);
    browser
}

/// Has the records of the chain sealed, which alone are found.
async fn seal(provider: &TestProvider) {
    yihao::audit::chain::seal(&provider.provider).await.unwrap();
}

/// What an operator finds by a document: the last part of the address he is sent to.
async fn found(provider: &TestProvider, officer: &Operator, path: &str, person: &Person) -> String {
    let mut fields = vec![("identifier", &*person.id_number)];
    fields.extend(person.document_fields());
    let page = send(provider, officer, path, &fields).await;
    assert_eq!(page.status, 303, "{path} {person:?}: {}", page.body);
    page.header("location").rsplit(['/', '=']).next().unwrap().to_owned()
}

/// The same of a machine.
async fn told(provider: &TestProvider, token: &str, path: &str, person: &Person) -> Value {
    let body = json!({
        "identifier": person.id_number, "id_type": person.id_type.code(),
        "id_country": person.id_country,
    });
    let answer = machine::post(provider, token, path, &body).await;
    assert_eq!(answer.status, 200, "{path} {person:?}: {}", answer.body);
    answer.json()["id"].clone()
}

on_both!(
    /// Log in, with the number in the portal's hint too; look up at the console, by the API and at a terminal; search
    /// the audit chain by the person, who alone is found there.
    each_document_is_found_at_every_door,
    |provider| {
        let all = officers(&provider).await;
        let [_, security, audit] = &all;
        let security_robot =
            machine::robot(&provider, &all, (Role::SecurityOfficer, ""), "robot").await;
        let audit_robot =
            machine::robot(&provider, &all, (Role::AuditOfficer, ""), "robot-two").await;
        let web1 = RelyingParty::new(&provider, "web1");
        for person in every() {
            provider.add_person(&person).await;
            let browser = Browser::new();
            let asked = browser.get(&web1.authorize(&[("login_hint", &person.id_number)])).await;
            let page = browser.follow(asked).await;
            assert!(page.body.contains(&format!("value=\"{}\"", person.id_number)), "{}", page.body);
            assert_ne!(page.has("id_type"), tells(&person), "{person:?}: {}", page.body);
            let page = browser.submit(&page, &person.login_fields()).await;
            assert_eq!(page.status, 303, "{person:?}: {}", page.body);
            come_in(&provider, &person).await;

            let id = provider.account(&person).await.id.to_string();
            assert_eq!(found(&provider, security, "/console/people", &person).await, id);
            assert_eq!(told(&provider, &security_robot, "/people/search", &person).await, *id);
            assert_eq!(shown(&provider, &person).unwrap()["account"], *id);
            assert_eq!(found(&provider, audit, "/console/audit", &person).await, id);
            let path = "/audit/search-account";
            assert_eq!(told(&provider, &audit_robot, path, &person).await, *id);
            seal(&provider).await;
            let path = format!("/audit/records?kind=login&account={id}");
            let records = machine::get(&provider, &audit_robot, &path).await.json();
            let records = records["items"].as_array().unwrap();
            assert_eq!(records.len(), 2, "{person:?}: {records:?}");
            assert!(records.iter().all(|record| record["account"] == *id), "{records:?}");
            let url = provider.url(&format!("/console/audit?kind=login&account={id}"));
            let page = audit.browser.get(&url).await;
            assert!(page.body.contains(&id) && !page.body.contains(&person.id_number));
        }
    }
);

/// Sends what a counter files with both documents chosen from the list.
async fn filed(
    provider: &TestProvider,
    officer: &Operator,
    kind: &str,
    (agent, principal, more): (&Person, Option<&Person>, &[(&str, &str)]),
) -> Page {
    let mut fields =
        vec![("agent_id_type", agent.id_type.code()), ("agent_id_country", &*agent.id_country)];
    if let Some(person) = principal {
        fields.push(("person_name", &*person.name));
        fields.push(("person_number", &*person.id_number));
        fields.push(("person_id_type", person.id_type.code()));
        fields.push(("person_id_country", &*person.id_country));
    }
    fields.extend(more);
    file(provider, officer, kind, (agent, &fields)).await
}

on_both!(
    /// Be offered a mandate; claim as whom the register names; be named at a counter as representative, as guardian
    /// and as who is helped.
    each_document_represents_and_is_represented,
    |provider| {
        let desk = Desk::open(&provider).await;
        let (deputy, _) = logged_in(&provider, 9601).await;
        let child = Person::synthetic(9602).without_account();
        let child = child.with_document(DocumentType::ForeignPassport, "UTO", "CHILD1");
        provider.add_person(&child).await;
        let born = years_ago(&provider, 5).to_string();
        for (seed, person) in (9610..).zip(every()) {
            provider.add_person(&person).await;
            let browser = come_in(&provider, &person).await;
            let deputy_browser = come_in(&provider, &deputy).await;
            let mut fields = person.document_fields().to_vec();
            fields.push(("matters", "all"));
            let offered = offer(&provider, &deputy_browser, "/account/mandates", (&person, &fields));
            let offered = offered.await;
            assert_eq!(offered.status, 303, "{person:?}: {}", offered.body);
            accept(&provider, &browser).await;

            let known = entity_in("140105", seed, &person);
            provider.add_organisation(&known).await;
            let uscc = known.uscc.as_str();
            let done = claim(&provider, &browser, uscc).await;
            assert_eq!(done.status, 303, "{person:?}: {}", done.body);
            assert!(mandates(&provider, &browser).await.body.contains(&format!("manage-{uscc}")));

            let other = entity_in("140105", seed + 100, &deputy);
            provider.add_organisation(&other).await;
            let code = [("code", other.uscc.as_str())];
            let page = filed(&provider, &desk.counter, "claim", (&person, None, &code)).await;
            assert_eq!(page.status, 303, "{person:?}: {}", page.body);
            let waits = desk.security.browser.get(&provider.url("/console/acts")).await;
            assert!(waits.body.contains(&person.key().masked()), "{person:?}: {}", waits.body);
            assert!(!waits.body.contains(&person.id_number), "masked: {}", waits.body);
            assert_eq!(approve(&provider, &desk.security).await.status, 303);
            let page = mandates(&provider, &browser).await;
            assert!(page.body.contains(other.uscc.as_str()), "{person:?}: {}", page.body);

            let more = [("person_born", &*born)];
            let asked = (&person, Some(&child), &more[..]);
            let page = filed(&provider, &desk.security, "guardian", asked).await;
            assert_eq!(page.status, 303, "{person:?}: {}", page.body);
            assert_eq!(approve(&provider, &desk.system).await.status, 303);
            accept(&provider, &browser).await;

            let told = person.key().birth_date().is_some();
            let more = [("hours", "2"), ("items", "140100-0042"), ("person_born", "1990-05-06")];
            let more = if told { &more[..2] } else { &more[..] };
            let more = if person.id_type == DocumentType::PermanentResidenceCard && !told {
                &[more[0], more[1], ("person_born", "1900-01-01")]
            } else {
                more
            };
            let asked = (&deputy, Some(&person), more);
            let page = filed(&provider, &desk.security, "helper", asked).await;
            assert_eq!(page.status, 303, "{person:?}: {}", page.body);
            assert_eq!(approve(&provider, &desk.system).await.status, 303, "{person:?}");
            accept(&provider, &deputy_browser).await;
        }
    }
);

on_both!(
    /// A passport claims what the register says it represents, the same number of another country does not, and once the
    /// register names somebody else, or the same number of another country, it is over.
    a_passport_represents_until_the_register_names_another,
    |provider| {
        let person = every().pop().unwrap();
        let passport = |country| {
            let person = person.clone().with_document(person.id_type, country, &person.id_number);
            Person { phone: format!("+861000000{}", if country == "FRA" { 9991 } else { 9992 }), ..person }
        };
        let (real, other) = (passport("UTO"), passport("FRA"));
        provider.add_person(&real).await;
        provider.add_person(&other).await;
        let known = entity(9701, &real);
        provider.add_organisation(&known).await;
        let uscc = known.uscc.as_str();
        let (browser, stranger) =
            (come_in(&provider, &real).await, come_in(&provider, &other).await);
        assert_eq!(claim(&provider, &stranger, uscc).await.status, 400);
        assert_eq!(claim(&provider, &browser, uscc).await.status, 303);
        let page = mandates(&provider, &browser).await;
        assert!(page.body.contains("法定代表人") && page.body.contains(uscc), "{}", page.body);

        provider.add_organisation(&entity(9701, &other)).await;

        for _ in 0..200 {
            if !mandates(&provider, &browser).await.body.contains(uscc) {
                assert_eq!(claim(&provider, &browser, uscc).await.status, 400);
                assert_eq!(claim(&provider, &stranger, uscc).await.status, 303);
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("another representative at the register changed nothing");
    }
);

on_both!(
    /// The register lags behind: it names the number before the renewal, which still finds the account.
    a_renewed_passport_claims_by_the_number_before,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let person = every().pop().unwrap();
        provider.add_person(&person).await;
        let renewed = person.clone().with_document(person.id_type, "UTO", "RENEWED1");
        provider.add_person(&renewed.clone().without_account()).await;
        let known = entity(9751, &person);
        provider.add_organisation(&known).await;
        let id = provider.account(&person).await.id;
        let mut fields = renewed.document_fields().to_vec();
        let more = [("name", &*renewed.name), ("id_number", &renewed.id_number), ("reason", "换发")];
        fields.extend(more);
        let path = format!("/console/people/{id}/identity/correct");
        assert_eq!(send(&provider, &security, &path, &fields).await.status, 303);
        assert_eq!(approve(&provider, &system).await.status, 303);
        let browser = come_in(&provider, &renewed).await;
        let namesake = Person { name: "ERIKSSON ANNA".to_owned(), ..person.clone() };
        provider.add_organisation(&entity(9752, &namesake)).await;
        let other = entity(9752, &namesake);
        assert_eq!(claim(&provider, &browser, other.uscc.as_str()).await.status, 400);
        assert_eq!(claim(&provider, &browser, known.uscc.as_str()).await.status, 303);
    }
);

/// Kind of form, what is wrong, and the answer: the id of a field with its reason, or what the page says.
const REFUSED: &[(&str, (&str, &str), &str)] = &[
    ("claim", ("agent_id_country", ""), "id=\"claim-agent-id_country-error\">请选择"),
    ("claim", ("agent_id_type", "414"), "id=\"claim-agent-id_type-error\">"),
    ("guardian", ("agent_number", "L89-902C3"), "id=\"guardian-agent-number-error\">"),
    ("guardian", ("person_number", "L898902C3X"), "id=\"guardian-person-number-error\">"),
    ("guardian", ("person_id_country", "CHN"), "id=\"guardian-person-id_country-error\">"),
    ("guardian", ("person_born", ""), "id=\"guardian-person-born-error\">"),
    ("guardian", ("person_born", "2015-02-30"), "id=\"guardian-person-born-error\">"),
    ("guardian", ("person_born", "2999-01-01"), "id=\"guardian-person-born-error\">"),
    ("guardian", ("person_born", "1990-01-01"), "监护人只能为未满14周岁"),
    ("helper", ("person_id_type", "516"), "id=\"helper-person-number-error\">"),
    ("helper", ("person_born", ""), "id=\"helper-person-born-error\">"),
];

on_both!(
    /// Each wrong document of a counter's form is told at its field, and a birth date is stated where no number tells it.
    what_is_no_document_is_told_at_its_field,
    |provider| {
        let desk = Desk::open(&provider).await;
        let passport = |seed, number: &str| {
            Person::synthetic(seed).with_document(DocumentType::ForeignPassport, "UTO", number)
        };
        let (parent, child) = (passport(9801, "PARENT1"), passport(9802, "CHILD1").without_account());
        provider.add_person(&parent).await;
        provider.add_person(&child).await;
        let known = entity(9801, &parent);
        provider.add_organisation(&known).await;
        let born = years_ago(&provider, 5).to_string();
        let good: Vec<(&str, &str)> = vec![
            ("code", known.uscc.as_str()),
            ("agent_name", &parent.name),
            ("agent_number", &parent.id_number),
            ("agent_id_type", "FOREIGN_PASSPORT"),
            ("agent_id_country", "UTO"),
            ("person_name", &child.name),
            ("person_number", &child.id_number),
            ("person_id_type", "FOREIGN_PASSPORT"),
            ("person_id_country", "UTO"),
            ("person_born", &born),
            ("hours", "2"),
            ("items", "140100-0042"),
            ("documents", "护照原件"),
            ("reason", "本人到场"),
        ];
        let acts = provider.rows(&["act"]).await;
        for (kind, wrong, said) in REFUSED {
            let fields: Vec<_> =
                good.iter().map(|field| if field.0 == wrong.0 { *wrong } else { *field }).collect();
            let path = format!("/console/counter/{kind}");
            let page = send(&provider, &desk.security, &path, &fields).await;
            assert_eq!(page.status, 400, "{kind} {wrong:?}: {}", page.body);
            assert!(page.body.contains(said), "{kind} {wrong:?}: {said}: {}", page.body);
        }
        let of_region = send(&provider, &desk.counter, "/console/counter/guardian", &good).await;
        assert_eq!(of_region.status, 400);
        assert!(of_region.body.contains("不属于任何地区"), "{}", of_region.body);
        assert_eq!(provider.rows(&["act"]).await, acts, "nothing was filed");

        let page = send(&provider, &desk.security, "/console/counter/guardian", &good).await;
        assert_eq!(page.status, 303, "{}", page.body);
        let waits = desk.system.browser.get(&provider.url("/console/acts")).await;
        assert!(waits.body.contains(&born), "who decides reads what was stated: {}", waits.body);
        assert_eq!(approve(&provider, &desk.system).await.status, 303);
        let recorded = provider.audit(3).await;
        assert!(recorded.contains(&"mandate_appointed done".to_owned()), "{recorded:?}");
        let until = "SELECT valid_until FROM mandate WHERE role = 'guardian'";
        let until = provider.value::<i64>(until).await;
        let nine_years = provider.clock.now().plus(Duration::from_hours(24 * 366 * 9));
        assert!(until > provider.clock.now().0 && until < nine_years.0, "until the birthday");
        let browser = come_in(&provider, &parent).await;
        accept(&provider, &browser).await;

        let citizen = Person::synthetic(9803);
        provider.add_person(&citizen).await;
        let differs: Vec<_> = good
            .iter()
            .map(|(name, value)| match *name {
                "person_name" => ("person_name", &*citizen.name),
                "person_number" => ("person_number", &*citizen.id_number),
                "person_id_type" => ("person_id_type", "111"),
                name => (name, *value),
            })
            .collect();
        let page = send(&provider, &desk.security, "/console/counter/guardian", &differs).await;
        assert_eq!(page.status, 400);
        assert!(page.body.contains("与证件号码不一致"), "never against the number: {}", page.body);
    }
);
