//! People's accounts in the console: found by number, masked, within a region; what is high-impact needs a
//! second officer (security.md; GB/T 35273-2020 §7).

use yihao::domain::operator::Role;

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::console::Operator;
use crate::support::console::appoint;
use crate::support::console::decide;
use crate::support::console::officers;
use crate::support::console::send;
use crate::support::login::enrol;
use crate::support::login::is_logged_in;
use crate::support::login::log_in;
use crate::support::login::try_password;

/// The example of the standard: 北京市朝阳区.
const NUMBER: &str = "11010519491231002X";

async fn seek(provider: &TestProvider, operator: &Operator, identifier: &str) -> Page {
    send(provider, operator, "/console/people", &[("identifier", identifier)]).await
}

/// The page of the account, found by its number.
async fn open(provider: &TestProvider, operator: &Operator, person: &Person) -> (String, Page) {
    let found = seek(provider, operator, &person.id_number).await;
    assert_eq!(found.status, 303, "{}", found.body);
    let path = found.header("location").to_owned();
    let page = operator.browser.get(&provider.url(&path)).await;
    assert_eq!(page.status, 200, "{}", page.body);
    (path, page)
}

on_both!(
    /// any spelling finds the person, nothing of the number stands on the page or in an address,
    /// and each look-up is recorded.
    a_person_is_found_by_number_and_shown_masked,
    |provider| {
        let [_, security, _] = officers(&provider).await;
        let person = Person { id_number: NUMBER.to_owned(), ..Person::synthetic(710) };
        provider.add_person(&person).await;
        for spelling in [NUMBER, " 11010519491231002x ", &person.phone] {
            let found = seek(&provider, &security, spelling).await;
            assert_eq!(found.status, 303, "{spelling}");
            assert!(!found.header("location").contains("1949"));
            assert_eq!(provider.audit(1).await, ["person_sought done"]);
        }
        let (_, page) = open(&provider, &security, &person).await;
        for whole in [&*person.id_number, &person.phone, &person.name] {
            assert!(!page.body.contains(whole), "{whole} is masked");
        }
        let nobody = seek(&provider, &security, &Person::synthetic(711).id_number).await;
        assert_eq!(nobody.status, 404);
        assert_eq!(provider.audit(1).await, ["person_sought refused nobody here"]);
        for nothing in ["", "张三", "12345", "' or 1=1--"] {
            assert_eq!(seek(&provider, &security, nothing).await.status, 400, "{nothing}");
        }
    }
);

on_both!(
    /// whom another region looks after does not exist here, by number, by address, by form.
    a_region_ends_at_its_border,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let both = [&system, &security];
        let person = Person { id_number: NUMBER.to_owned(), ..Person::synthetic(712) };
        provider.add_person(&person).await;
        let role = Role::RegionAdministrator;
        let here = appoint(&provider, both, (role, "110100"), "beijing").await;
        let elsewhere = appoint(&provider, both, (role, "140100"), "taiyuan").await;
        let (path, _) = open(&provider, &here, &person).await;

        assert_eq!(seek(&provider, &elsewhere, NUMBER).await.status, 404);
        assert_eq!(elsewhere.browser.get(&provider.url(&path)).await.status, 404);
        for action in ["lock", "end-sessions", "notes", "ask"] {
            let fields = [("reason", "看一看"), ("text", "看一看"), ("kind", "unmask")];
            let page = send(&provider, &elsewhere, &format!("{path}/{action}"), &fields).await;
            assert_eq!(page.status, 404, "{action}");
        }
        assert_eq!(provider.rows(&["act", "account_note"]).await, [2, 0], "two invitations alone");
        let page = elsewhere.browser.get(&provider.url("/console/operators")).await;
        assert!(page.body.contains("taiyuan") && !page.body.contains("beijing"));
    }
);

on_both!(
    /// Locking ends everything at once, with a reason that can be read later; unlocking forgets failures.
    locking_needs_a_reason_and_ends_everything,
    |provider| {
        let [_, security, audit] = officers(&provider).await;
        let person = Person::synthetic(713);
        provider.add_person(&person).await;
        let browser = Browser::new();
        log_in(&provider, &browser, &person).await;
        let (path, _) = open(&provider, &security, &person).await;
        for reason in ["", "a", "  "] {
            let fields = [("reason", reason)];
            let page = send(&provider, &security, &format!("{path}/lock"), &fields).await;
            assert_eq!(page.status, 400, "{reason:?}");
        }
        assert!(is_logged_in(&provider, &browser).await);
        let why = [("reason", "家人报告手机被盗")];
        assert_eq!(send(&provider, &security, &format!("{path}/lock"), &why).await.status, 303);
        assert!(!is_logged_in(&provider, &browser).await);
        let identity = (&*person.id_number, person.password());
        assert_eq!(try_password(&provider, &Browser::new(), identity).await.status, 400);
        let twice = send(&provider, &security, &format!("{path}/lock"), &why).await;
        assert_eq!(twice.status, 400, "it is locked");
        assert_eq!(send(&provider, &security, &format!("{path}/unlock"), &why).await.status, 303);
        assert_eq!(try_password(&provider, &Browser::new(), identity).await.status, 303);

        yihao::audit::chain::seal(&provider.provider).await.unwrap();
        let log = audit.browser.get(&provider.url("/console/audit?kind=account_locked")).await;
        assert_eq!(log.status, 200, "{}", log.body);
        assert!(log.body.contains("家人报告手机被盗"), "the audit officer reads why");
        assert!(!log.body.contains(&person.id_number));
    }
);

on_both!(
    /// second factors go when a second officer agrees; then every session is over, and the password
    /// alone is left to begin with.
    second_factors_are_reset_by_two,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let person = Person::synthetic(714);
        provider.add_person(&person).await;
        let browser = Browser::new();
        log_in(&provider, &browser, &person).await;
        enrol(&provider, &browser).await;
        let (path, page) = open(&provider, &security, &person).await;
        assert!(page.has("ask-reset"));
        let ask = [("kind", "reset_second_factors"), ("reason", "手机丢失，柜台核验")];
        assert_eq!(send(&provider, &security, &format!("{path}/ask"), &ask).await.status, 303);
        assert_eq!(decide(&provider, &security, "approve").await.status, 409, "not alone");
        assert_eq!(provider.rows(&["totp"]).await, [1]);

        assert_eq!(decide(&provider, &system, "approve").await.status, 303);

        assert_eq!(provider.rows(&["totp", "recovery_code"]).await, [0, 0]);
        assert_eq!(provider.messages_sent().await, 2, "the owner heard of the app, and of its end");
        assert!(!is_logged_in(&provider, &browser).await);
        let fresh = Browser::new();
        log_in(&provider, &fresh, &person).await;
        assert!(is_logged_in(&provider, &fresh).await);
        let again = send(&provider, &security, &format!("{path}/ask"), &ask).await;
        assert_eq!(again.status, 400, "there is nothing to reset");
    }
);

on_both!(
    /// the whole number is seen by who asked for it with a reason, after another one agreed, for a
    /// quarter of an hour; each look is recorded.
    data_is_unmasked_for_one_operator_and_a_while,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let both = [&system, &security];
        let person = Person { id_number: NUMBER.to_owned(), ..Person::synthetic(715) };
        provider.add_person(&person).await;
        let role = Role::RegionAdministrator;
        let region = appoint(&provider, both, (role, "110000"), "region").await;
        let (path, _) = open(&provider, &region, &person).await;
        let ask = [("kind", "unmask"), ("reason", "本人到柜台查询")];
        assert_eq!(send(&provider, &region, &format!("{path}/ask"), &ask).await.status, 303);
        let url = provider.url(&path);
        assert!(!region.browser.get(&url).await.body.contains(NUMBER), "it waits");
        assert_eq!(decide(&provider, &system, "approve").await.status, 303);

        assert!(region.browser.get(&url).await.body.contains(NUMBER));
        assert_eq!(provider.audit(1).await, ["person_unmasked done"]);
        assert!(!security.browser.get(&url).await.body.contains(NUMBER), "for who asked alone");
        provider.clock.advance(14 * 60_000);
        assert!(region.browser.get(&url).await.body.contains(NUMBER));
        provider.clock.advance(2 * 60_000);
        assert!(!region.browser.get(&url).await.body.contains(NUMBER), "for a while");
    }
);

on_both!(
    /// Notes are read by colleagues, and in the database by nobody.
    a_note_is_kept_sealed,
    |provider| {
        let [_, security, _] = officers(&provider).await;
        let person = Person::synthetic(716);
        provider.add_person(&person).await;
        let (path, _) = open(&provider, &security, &person).await;
        let note = [("text", "<b>本人</b>来电确认")];
        assert_eq!(send(&provider, &security, &format!("{path}/notes"), &note).await.status, 303);
        let page = security.browser.get(&provider.url(&path)).await;
        assert!(page.body.contains("&lt;b&gt;本人") && !page.body.contains("<b>本人"));
        let long = "长".repeat(1001);
        let page = send(&provider, &security, &format!("{path}/notes"), &[("text", &long)]).await;
        assert_eq!(page.status, 400);
    }
);
