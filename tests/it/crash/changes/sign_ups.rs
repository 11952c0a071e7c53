//! People the register knows sign up, with the code that comes to their phone.

use crate::crash::changes::Front;
use crate::crash::changes::SIGN_UP;
use crate::crash::changes::Seen;
use crate::support::Browser;
use crate::support::Person;
use crate::support::login::sign_up_form;

/// Signs one after the other up.
pub async fn stream(front: &Front<'_>, people: Vec<Person>) -> Seen<Person> {
    Seen::of_each(front, people, async |person| sign_up(front, person).await).await
}

/// An acknowledged account logs in; one in doubt does, too, or its number and phone are free.
pub async fn check(front: &Front<'_>, seen: Seen<Person>) {
    for person in &seen.done {
        assert!(logs_in(front, person).await, "an acknowledged account is lost");
    }
    for person in &seen.in_doubt {
        if logs_in(front, person).await {
            front.turned_out_done(SIGN_UP);
        } else {
            sign_up(front, person).await.expect("an answer");
            assert!(logs_in(front, person).await, "an acknowledged account is lost");
        }
    }
}

async fn sign_up(front: &Front<'_>, person: &Person) -> Option<()> {
    let browser = Browser::behind_proxy();
    let page = browser.try_get(&front.url("/signup")).await?;
    let fields = sign_up_form(person, person.password());
    front.gateway.forget(&person.phone);
    let asked = browser.try_submit(&page, &fields).await?;
    assert_eq!(asked.status, 200, "{}", asked.body);
    let code = front.gateway.code_for(&person.phone, front.until_killed()).await?;
    let done = browser.try_submit(&asked, &[("code", &code), ("step", "verify")]).await?;
    front.acknowledge(SIGN_UP, &done, 200);
    Some(())
}

/// Whether the account is there: found by the phone, which was written last, and with its password.
async fn logs_in(front: &Front<'_>, person: &Person) -> bool {
    front.try_log_in(&person.phone, person.password()).await.expect("an answer").1
}
