//! The phone of an account (security.md ): proven, told to both, held by one account.

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::login::is_logged_in;
use crate::support::login::log_in;
use crate::support::login::try_password;

async fn send_code(provider: &TestProvider, browser: &Browser, phone: &str) -> Page {
    let page = browser.get(&provider.url("/account/phone")).await;
    browser.press(&page, "send-code", &[("phone", phone), ("step", "send")]).await
}

async fn bind(provider: &TestProvider, browser: &Browser, phone: &str) -> Page {
    let sent = send_code(provider, browser, phone).await;
    assert_eq!(sent.status, 200, "{}", sent.body);
    let code = provider.code_sent_to(phone).await;
    browser.press(&sent, "pending", &[("code", &code), ("step", "verify")]).await
}

async fn logged_in(provider: &TestProvider, seed: u64) -> (Person, Browser) {
    let (person, browser) = (Person::synthetic(seed), Browser::new());
    provider.add_person(&person).await;
    log_in(provider, &browser, &person).await;
    (person, browser)
}

on_both!(
    /// the new phone is proven by a code, both are told, and the old one finds nothing any more.
    a_new_phone_takes_the_place_of_the_old,
    |provider| {
        let (person, browser) = logged_in(&provider, 8101).await;
        let new = Person::synthetic(8102).phone;

        let done = bind(&provider, &browser, &new).await;

        assert_eq!(done.status, 303, "{}", done.body);
        let by = async |phone: &str| {
            try_password(&provider, &Browser::new(), (phone, person.password())).await.status
        };
        assert_eq!((by(&new).await, by(&person.phone).await), (303, 400));
        for phone in [&new, &person.phone] {
            let last = provider.last_message_to(phone).await.unwrap();
            assert!(last.text.contains("更换"), "{phone} is told: {}", last.text);
        }
        assert!(provider.audit(20).await.contains(&"phone_changed done".to_owned()));
        let same = send_code(&provider, &browser, &new).await;
        assert_eq!(same.status, 400, "the same phone");
        let none = send_code(&provider, &browser, "12").await;
        assert_eq!(none.status, 400, "no phone");
    }
);

on_both!(
    /// an old session does not change the phone, nor does a code of another browser or a wrong one.
    a_phone_is_changed_by_who_typed_the_password_a_moment_ago,
    |provider| {
        let (person, browser) = logged_in(&provider, 8103).await;
        let new = Person::synthetic(8104).phone;
        provider.wait_seconds(6 * 60);
        let again = send_code(&provider, &browser, &new).await;
        assert_eq!(again.status, 303);
        assert_eq!(again.header("location"), "/account/reauthenticate?return=/account/phone");
        let page = browser.get(&provider.url("/account/reauthenticate?return=/account/phone")).await;
        browser.submit(&page, &[("password", person.password())]).await;

        let sent = send_code(&provider, &browser, &new).await;
        let wrong = browser.press(&sent, "pending", &[("code", "000000"), ("step", "verify")]).await;
        assert_eq!(wrong.status, 400, "{}", wrong.body);
        let code = provider.code_sent_to(&new).await;
        let (other, strange) = logged_in(&provider, 8105).await;
        let page = strange.get(&provider.url("/account/phone")).await;
        let pending = sent.form_with("pending").fields["pending"].clone();
        let fields = [("pending", &*pending), ("code", &code), ("step", "verify")];
        let foreign = strange.press(&page, "send-code", &fields).await;
        assert_eq!(foreign.status, 400, "{}", foreign.body);
        assert_eq!(
            try_password(&provider, &Browser::new(), (&new, other.password())).await.status,
            400
        );
        let done = browser.press(&wrong, "pending", &[("code", &code), ("step", "verify")]).await;
        assert_eq!(done.status, 303, "the right one, in its own browser");
    }
);

on_both!(
    /// A phone another account holds stays there until its owner lets it go; then it is free, and whoever
    /// signs up with it has nothing of the first.
    a_phone_belongs_to_one_account,
    |provider| {
        let (first, firsts) = logged_in(&provider, 8106).await;
        let (second, seconds) = logged_in(&provider, 8107).await;

        let held = bind(&provider, &seconds, &first.phone).await;
        assert_eq!(held.status, 409, "{}", held.body);
        let by = |phone: &str, person: &Person| {
            let (phone, password) = (phone.to_owned(), person.password().to_owned());
            let provider = &provider;
            async move { try_password(provider, &Browser::new(), (&phone, &password)).await.status }
        };
        assert_eq!(by(&first.phone, &first).await, 303, "it still finds the first");
        assert_eq!(by(&second.phone, &second).await, 303);
        let page = firsts.get(&provider.url("/account/phone")).await;
        let removed = firsts.press(&page, "id=\"remove\"", &[("step", "remove")]).await;
        assert_eq!(removed.status, 303, "{}", removed.body);
        provider.wait_seconds(60);
        let bound = bind(&provider, &seconds, &first.phone).await;

        assert_eq!(bound.status, 303, "{}", bound.body);
        assert_eq!(by(&first.phone, &first).await, 400);
        assert_eq!(by(&first.phone, &second).await, 303);
        assert!(is_logged_in(&provider, &firsts).await, "the first lost nothing else");
    }
);

on_both!(
    /// Two accounts that want one phone at once: one gets it, whole.
    of_two_that_want_a_phone_one_gets_it,
    |provider| {
        let (one, ones) = logged_in(&provider, 8108).await;
        let (two, twos) = logged_in(&provider, 8109).await;
        let phone = Person::synthetic(8110).phone;
        let first = send_code(&provider, &ones, &phone).await;
        let code_one = provider.code_sent_to(&phone).await;
        provider.wait_seconds(60);
        let second = send_code(&provider, &twos, &phone).await;
        let code_two = provider.code_sent_to(&phone).await;

        let (a, b) = ([("code", &*code_one), ("step", "verify")], [("code", &*code_two), ("step", "verify")]);
        let (left, right) =
            tokio::join!(ones.press(&first, "pending", &a), twos.press(&second, "pending", &b));

        let mut statuses = [left.status, right.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 409]);
        let winner = if left.status == 303 { &one } else { &two };
        let loser = if left.status == 303 { &two } else { &one };
        let by = async |phone: &str, person: &Person| {
            try_password(&provider, &Browser::new(), (phone, person.password())).await.status
        };
        assert_eq!(by(&phone, winner).await, 303);
        assert_eq!(by(&loser.phone, loser).await, 303, "the other keeps the old one");
        assert_eq!(by(&winner.phone, winner).await, 400);
    }
);
