//! One person changes the password over and over, to one that was never used before.

use crate::crash::changes::Front;
use crate::crash::changes::PASSWORD;
use crate::crash::changes::Seen;
use crate::support::Person;

/// Changes the password again and again; gives every password that was asked for.
pub async fn stream(front: &Front<'_>, person: &Person) -> Seen<String> {
    let browser = front.log_in(person).await.expect("an answer");
    let passwords = (1..).map(|number| format!("plum rain {number} on a quiet lake"));
    let current = std::cell::RefCell::new(person.password().to_owned());
    Seen::of_each(front, passwords, async |new| {
        let page = browser.try_get(&front.url("/account/password")).await?;
        let old = current.borrow().clone();
        let fields = [("current_password", &*old), ("password", new), ("password_again", new)];
        let done = browser.try_submit(&page, &fields).await?;
        front.acknowledge(PASSWORD, &done, 303);
        current.replace(new.clone());
        Some(())
    })
    .await
}

/// Either the password that was acknowledged last or the one in doubt is right.
pub async fn check(front: &Front<'_>, person: &Person, seen: Seen<String>) {
    let last = seen.done.last().expect("a few were acknowledged");
    let in_doubt = seen.in_doubt.first().expect("it never ends by itself");
    let is_right = async |password: &str| {
        front.try_log_in(&person.id_number, password).await.expect("an answer").1
    };
    let (old, new) = (is_right(last).await, is_right(in_doubt).await);
    assert!(old != new, "the last password: {old}, the one in doubt: {new}");
    if new {
        front.turned_out_done(PASSWORD);
    }
}
