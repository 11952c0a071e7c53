//! Sign-ups that wait while the population register is away (design D11): nothing is guessed, nothing exists before
//! the register answers, and nobody learns what a stranger could not know.

use crate::on_both_backends;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::login::log_in;
use crate::support::login::sign_up_form;
use crate::support::province::Province;
use crate::support::province::SECRET;

const PASSWORD: &str = "lantern over the lake";

/// Signs up as somebody who is ready to wait, as far as the phone is proven.
async fn sign_up(provider: &TestProvider, person: &Person) -> Page {
    let browser = Browser::new();
    let page = browser.get(&provider.url("/signup")).await;
    let mut form = sign_up_form(person, PASSWORD).to_vec();
    form.push(("waits", "1"));
    let sent = browser.submit(&page, &form).await;
    assert_eq!(sent.status, 200, "{}", sent.body);
    let code = provider.code_sent_to(&person.phone).await;
    browser.submit(&sent, &[("code", &code)]).await
}

async fn is_told(provider: &TestProvider, person: &Person, words: &str) {
    let phone = person.phone.parse().unwrap();
    for _ in 0..300 {
        if provider.outbox.last_to(&phone).is_some_and(|sent| sent.text.contains(words)) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("nobody was told {words}");
}

on_both_backends!(
    /// The page offers to wait; the phone is proven; there is no account until the register answers, and then
    /// there is one, without anybody doing more.
    a_sign_up_waits_for_the_register,
    |backend| {
        let person = Person { password: Some(PASSWORD.to_owned()), ..Person::synthetic(1300) };
        let province = Province::start(&[&person]);
        let provider = province.provider(backend, SECRET).await;
        province.fail("down").await;
        let browser = Browser::new();
        let page = browser.get(&provider.url("/signup")).await;
        assert!(!page.has("waits"), "nobody is offered to wait for what answers");
        let away = browser.submit(&page, &sign_up_form(&person, PASSWORD)).await;
        assert_eq!(away.status, 503, "{}", away.body);
        assert!(away.has("waits"), "{}", away.body);

        let kept = sign_up(&provider, &person).await;
        assert_eq!(kept.status, 202, "{}", kept.body);
        assert!(kept.body.contains("等待核验"), "{}", kept.body);
        assert_eq!(provider.rows(&["account", "waiting_sign_up"]).await, [0, 1]);
        for text in [&*person.name, &person.id_number, &person.phone] {
            let count = format!("SELECT COUNT(*) FROM audit WHERE reason || details LIKE '%{text}%'");
            assert_eq!(provider.count(&count).await, 0, "{text}");
        }

        province.fail("none").await;
        provider.clock.advance(61_000);
        is_told(&provider, &person, "可以登录").await;
        assert_eq!(provider.rows(&["account", "waiting_sign_up"]).await, [1, 0]);
        log_in(&provider, &Browser::new(), &person).await;
        let account = provider.account(&person).await;
        let kept = provider.provider.store.list_evidence(account.id).await.unwrap();
        assert_eq!(kept.len(), 1);
        let lines = provider.audit(30).await;
        for line in ["sign_up_waits done", "sign_up done"] {
            assert!(lines.iter().any(|known| known == line), "{line}: {lines:?}");
        }
    }
);

on_both_backends!(
    /// The register is back when the phone is proven: the account is there at once, or it is said at once that
    /// name and number do not belong together.
    a_register_that_is_back_decides_at_once,
    |backend| {
        let (known, stranger) = (Person::synthetic(1310), Person::synthetic(1311));
        let province = Province::start(&[&known]);
        let provider = province.provider(backend, SECRET).await;
        for (person, status) in [(&known, 200), (&stranger, 400)] {
            province.fail("down").await;
            let browser = Browser::new();
            let page = browser.get(&provider.url("/signup")).await;
            let mut form = sign_up_form(person, PASSWORD).to_vec();
            form.push(("waits", "1"));
            let sent = browser.submit(&page, &form).await;
            assert_eq!(sent.status, 200, "{}", sent.body);
            province.fail("none").await;
            let code = provider.code_sent_to(&person.phone).await;
            let done = browser.submit(&sent, &[("code", &code)]).await;
            assert_eq!(done.status, status, "{}", done.body);
        }
        assert_eq!(provider.rows(&["account", "waiting_sign_up"]).await, [1, 0]);
    }
);

on_both_backends!(
    /// Whom the register does not confirm, and who has an account already: no second account, both look alike to
    /// whoever sits at the page, and only the proven phone is told.
    what_the_register_denies_is_no_account,
    |backend| {
        let (owner, stranger) = (Person::synthetic(1320), Person::synthetic(1321));
        let province = Province::start(&[&owner]);
        let provider = province.provider(backend, SECRET).await;
        provider.add_person(&owner).await;
        province.fail("down").await;
        let again = Person { phone: Person::synthetic(1322).phone, ..owner.clone() };
        let (known, unknown) =
            (sign_up(&provider, &again).await, sign_up(&provider, &stranger).await);
        assert_eq!((known.status, unknown.status), (202, 202));
        let plain = |page: &Page| {
            let main = page.body.split("<main").nth(1).unwrap();
            main.split("</main>").next().unwrap().to_owned()
        };
        assert_eq!(plain(&known), plain(&unknown));
        assert_eq!(provider.rows(&["account", "waiting_sign_up"]).await, [1, 2]);

        province.fail("none").await;
        provider.clock.advance(61_000);
        is_told(&provider, &again, "已经有账号").await;
        is_told(&provider, &stranger, "没有建立账号").await;
        assert_eq!(provider.rows(&["account", "waiting_sign_up"]).await, [1, 0]);
    }
);

on_both_backends!(
    /// One phone has one sign-up that waits: the last. And none waits for ever.
    a_sign_up_waits_once_and_not_for_ever,
    |backend| {
        let person = Person::synthetic(1330);
        let province = Province::start(&[]);
        let provider = province.provider(backend, SECRET).await;
        province.fail("down").await;
        assert_eq!(sign_up(&provider, &person).await.status, 202);
        provider.clock.advance(31_000);
        assert_eq!(sign_up(&provider, &person).await.status, 202);
        assert_eq!(provider.rows(&["waiting_sign_up"]).await, [1]);
        provider.clock.advance(73 * 60 * 60 * 1000);
        is_told(&provider, &person, "没有建立账号").await;
        assert_eq!(provider.rows(&["account", "waiting_sign_up"]).await, [0, 0]);
    }
);
