//! Verification at a counter (design D4): a clerk sees person and document, another officer decides, and both
//! stand in the evidence and in the audit chain.

use serde_json::json;
use yihao::console::Actor;
use yihao::console::ConsoleError;
use yihao::console::verification;
use yihao::console::verification::Seen;
use yihao::domain::api_scope::ApiScope;
use yihao::domain::client::ClientId;
use yihao::domain::evidence::SeenDocument;
use yihao::domain::operator::Operator as Staff;
use yihao::domain::operator::Role;
use yihao::domain::request_context::RequestContext;

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::console::Operator;
use crate::support::console::appoint;
use crate::support::console::decide;
use crate::support::console::first_act;
use crate::support::console::officers;
use crate::support::console::send;
use crate::support::login::log_in;
use crate::support::machine;
use crate::support::machine::connect;

const LEVEL: &str = "SELECT CAST(MAX(identity_assurance) AS BIGINT) FROM account";

/// What a clerk types who has this person's card before him.
fn seen(person: &Person) -> Vec<(&'static str, &str)> {
    vec![
        ("document", "id_card"),
        ("name", &person.name),
        ("id_number", &person.id_number),
        ("face", "1"),
        ("reason", "窗口现场核验"),
    ]
}

async fn verify(
    provider: &TestProvider,
    clerk: &Operator,
    person: &Person,
    fields: &[(&str, &str)],
) -> Page {
    let id = provider.account(person).await.id;
    send(provider, clerk, &format!("/console/people/{id}/verify"), fields).await
}

on_both!(
    /// The account rises to level 3 when another officer has approved, and not before; its owner is told, and
    /// the evidence names both.
    a_person_seen_at_a_counter_rises,
    |provider| {
        let person =
            Person { id_number: "11010519491231002X".to_owned(), ..Person::synthetic(1100) };
        provider.add_person(&person).await;
        let [system, security, _] = officers(&provider).await;
        let who = (Role::CounterStaff, "110105");
        let clerk = appoint(&provider, [&security, &system], who, "window.7").await;

        let asked = verify(&provider, &clerk, &person, &seen(&person)).await;
        assert_eq!(asked.status, 303, "{}", asked.body);
        assert_eq!(provider.count(LEVEL).await, 1, "not before it is approved");
        let page = system.browser.get(&provider.url("/console/acts")).await;
        assert!(page.body.contains("居民身份证") && page.body.contains("窗口现场核验"), "{}", page.body);
        let own = decide(&provider, &clerk, "approve").await;
        assert!(own.status == 403 || own.status == 409, "nobody decides alone: {}", own.status);
        assert_eq!(provider.count(LEVEL).await, 1);

        assert_eq!(decide(&provider, &system, "approve").await.status, 303);
        assert_eq!(provider.count(LEVEL).await, 3);
        let account = provider.account(&person).await;
        let kept = provider.provider.store.list_evidence(account.id).await.unwrap();
        let counter = kept[0].at_counter.expect("two people stand in it");
        assert_ne!(counter.clerk, counter.officer);
        assert_eq!(counter.document, SeenDocument::IdCard);
        let count = format!(
            "SELECT COUNT(*) FROM audit WHERE kind = 'identity_verified' AND outcome = 'done'
                AND details LIKE '%{}%' AND details LIKE '%{}%'",
            counter.clerk, counter.officer
        );
        assert_eq!(provider.count(&count).await, 1, "both in one record");
        let phone = person.phone.parse().unwrap();
        for _ in 0..100 {
            if provider.outbox.last_to(&phone).is_some() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert!(provider.outbox.last_to(&phone).unwrap().text.contains("实名等级已提升"));

        // It stands on both pages, masked, and there is nothing more to ask for.
        let page = clerk.browser.get(&provider.url(&format!("/console/people/{}", account.id))).await;
        assert!(page.body.contains("窗口核验") && !page.body.contains("id=\"verify\""), "{}", page.body);
        assert!(!page.body.contains(&person.id_number) && !page.body.contains(&person.name));
        let owner = Browser::new();
        log_in(&provider, &owner, &person).await;
        let page = owner.get(&provider.url("/account/verification")).await;
        assert!(page.body.contains("badge-3") && page.body.contains("居民身份证"), "{}", page.body);
        assert_eq!(verify(&provider, &clerk, &person, &seen(&person)).await.status, 400);

        // A machine reads the same, with who saw and who decided, and no number.
        let who = (Role::SecurityOfficer, "");
        let robot = connect(&provider, [&system, &security], who, "robot").await.token(&provider).await;
        let told = machine::get(&provider, &robot, &format!("/people/{}", account.id)).await.json();
        let newest = &told["evidence"][0];
        assert_eq!((&newest["source"], &newest["document"]), (&json!("counter"), &json!("id_card")));
        assert_eq!((&newest["finding"], &newest["clerk"]), (&json!("confirmed"), &json!("王工")), "{told}");
        assert!(newest["officer"].is_string() && newest["officer"] != newest["clerk"], "{told}");
        assert!(newest["compared"].to_string().contains("id_number") && newest["at"].is_string());
        assert!(!told.to_string().contains(&person.id_number), "{told}");
    }
);

on_both!(
    /// Another document, a face that was not compared, an unknown kind, no reason: nothing is asked for.
    what_was_not_seen_is_not_asked_for,
    |provider| {
        let (person, other) = (Person::synthetic(1110), Person::synthetic(1111));
        provider.add_person(&person).await;
        let [_, security, _] = officers(&provider).await;
        let without = |name: &str| {
            let mut fields = seen(&person);
            fields.retain(|(field, _)| *field != name);
            fields
        };
        let with = |name: &'static str, value: &'static str| {
            let mut fields = without(name);
            fields.push((name, value));
            fields
        };
        let theirs = seen(&other);
        let mut number = seen(&person);
        number[2].1 = &other.id_number;
        let table = [
            (theirs, "identity_verified refused the document is another person's"),
            (number, "identity_verified refused the document is another person's"),
            (without("face"), ""),
            (with("document", "library_card"), ""),
            (with("reason", ""), ""),
            (without("name"), "identity_verified refused the document is another person's"),
        ];
        for (fields, line) in table {
            let page = verify(&provider, &security, &person, &fields).await;
            assert_eq!(page.status, 400, "{fields:?}: {}", page.body);
            assert!(!page.body.contains(&person.id_number), "nothing is given away");
            if !line.is_empty() {
                assert!(provider.audit(4).await.contains(&line.to_owned()), "{fields:?}");
            }
        }
        assert_eq!(provider.rows(&["act"]).await, [0]);
        assert_eq!(provider.count(LEVEL).await, 1);
    }
);

on_both!(
    /// A counter tries a person's data out only so often; a person of another region is nobody there.
    a_counter_is_no_place_to_guess,
    |provider| {
        let (person, other) = (Person::synthetic(1120), Person::synthetic(1121));
        provider.add_person(&person).await;
        let [system, security, _] = officers(&provider).await;
        let who = (Role::CounterStaff, "140000");
        let clerk = appoint(&provider, [&security, &system], who, "window.8").await;
        assert_eq!(verify(&provider, &clerk, &person, &seen(&person)).await.status, 404);

        for _ in 0..6 {
            verify(&provider, &security, &person, &seen(&other)).await;
        }
        let right = verify(&provider, &security, &person, &seen(&person)).await;
        assert_eq!(right.status, 400, "{}", right.body);
        let line = "identity_verified refused too many attempts";
        assert!(provider.audit(5).await.contains(&line.to_owned()));
        provider.clock.advance(61 * 60 * 1000);
    }
);

on_both!(
    /// An approval comes too late for an account that is locked, and counts for nothing when it is rejected.
    a_decision_that_comes_too_late_raises_nobody,
    |provider| {
        let person = Person::synthetic(1130);
        provider.add_person(&person).await;
        let [system, security, _] = officers(&provider).await;
        assert_eq!(verify(&provider, &security, &person, &seen(&person)).await.status, 303);
        assert_eq!(decide(&provider, &system, "reject").await.status, 303);
        assert_eq!(provider.count(LEVEL).await, 1);

        assert_eq!(verify(&provider, &security, &person, &seen(&person)).await.status, 303);
        let id = provider.account(&person).await.id;
        let lock = send(&provider, &security, &format!("/console/people/{id}/lock"), &[("reason", "核查")]).await;
        assert_eq!(lock.status, 303);
        assert_eq!(decide(&provider, &system, "approve").await.status, 409);
        assert_eq!(provider.count(LEVEL).await, 1);
        let count = "SELECT COUNT(*) FROM evidence WHERE source = 'counter'";
        assert_eq!(provider.count(count).await, 0);
    }
);

on_both!(
    /// Decision 0011: no machine says what was seen at a counter, whatever its role and its token.
    no_machine_sees_anybody,
    |provider| {
        let person = Person::synthetic(1140);
        provider.add_person(&person).await;
        officers(&provider).await;
        let account = provider.account(&person).await.id;
        let mut machine: Staff = provider
            .provider
            .store
            .list_operators()
            .await
            .unwrap()
            .into_iter()
            .find(|known| known.role == Role::SecurityOfficer)
            .unwrap();
        machine.client_id = ClientId::parse("svc1");
        let scope = ApiScope::ALL.iter().map(|scope| scope.as_str()).collect();
        let context = RequestContext::internal("test");
        let actor = Actor {
            provider: &provider.provider,
            operator: &machine,
            context: &context,
            scope: Some(&scope),
        };
        let document = SeenDocument::IdCard;
        let (name, id_number) = (&*person.name, &*person.id_number);
        let seen = Seen { document, name, id_number, face: true };
        let asked = verification::ask(actor, account, seen, "窗口现场核验").await;
        assert!(matches!(asked, Err(ConsoleError::Forbidden)), "{asked:?}");
        assert_eq!(provider.rows(&["act"]).await, [0]);
    }
);

on_both!(
    /// What was seen at a counter verifies the number that was seen and no other: when the account is put right before the
    /// decision, the decision raises nobody.
    what_was_seen_verifies_no_other_number,
    |provider| {
        let person = Person::synthetic(1150);
        let right = Person::synthetic(1151).without_account();
        provider.add_person(&person).await;
        provider.add_person(&right).await;
        let [system, security, _] = officers(&provider).await;
        assert_eq!(verify(&provider, &security, &person, &seen(&person)).await.status, 303);
        let page = system.browser.get(&provider.url("/console/acts")).await;
        let verification = first_act(&page).unwrap();
        let id = provider.account(&person).await.id;
        let correct = [("name", &*right.name), ("id_number", &*right.id_number), ("reason", "派出所来函")];
        let path = format!("/console/people/{id}/identity/correct");
        assert_eq!(send(&provider, &security, &path, &correct).await.status, 303);
        let page = system.browser.get(&provider.url("/console/acts")).await;
        let acts = page.body.split("action=\"/console/acts/").skip(1).map(|rest| &rest[..36]);
        let correction = acts.into_iter().find(|act| *act != verification).unwrap().to_owned();
        let approve = async |act: &str| {
            let path = format!("/console/acts/{act}");
            send(&provider, &system, &path, &[("decision", "approve")]).await.status
        };
        assert_eq!(approve(&correction).await, 303);
        assert_eq!(approve(&verification).await, 409);
        assert_eq!(provider.count(LEVEL).await, 1);
        let kept = "SELECT COUNT(*) FROM evidence WHERE source = 'counter'";
        assert_eq!(provider.count(kept).await, 0);
    }
);
