//! The steps of a recovery out of order (security.md A-44, P18): no step is skipped, taken twice, or answered
//! with the form of another.

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::login::enrol;
use crate::support::login::log_in;
use crate::support::login::totp;
use crate::support::login::try_password;
use crate::support::recovery::NEW;
use crate::support::recovery::ask;
use crate::support::recovery::prove_phone;
use crate::support::recovery::set;

/// Every step that takes a form.
const STEPS: [&str; 6] = [
    "/recover",
    "/recover/code",
    "/recover/second",
    "/recover/password",
    "/recover/counter",
    "/recover/counter/code",
];

type Fields<'a> = Vec<(&'a str, &'a str)>;

/// Forms that lead nowhere, whatever step they are sent to: empty, of other steps, with ids in each other's
/// place, with ways to prove oneself that this page does not offer.
fn bodies<'a>(pending: &'a str, recovery: &'a str, password: &'a str) -> Vec<Fields<'a>> {
    let new = [("password", NEW), ("password_again", NEW)];
    let with_new = |more: &[(&'a str, &'a str)]| [more, &new].concat();
    vec![
        vec![],
        with_new(&[]),
        with_new(&[("recovery", recovery)]),
        with_new(&[("recovery", pending)]),
        with_new(&[("recovery", pending), ("pending", recovery), ("step", "verify")]),
        with_new(&[("recovery", recovery), ("state", "ready"), ("is_ready", "1")]),
        vec![("pending", recovery), ("code", "000000")],
        vec![("recovery", recovery), ("method", "password"), ("code", password)],
        vec![("recovery", recovery), ("method", "sms"), ("code", "000000")],
        vec![("recovery", recovery), ("method", ""), ("code", "000000")],
        vec![("recovery", recovery), ("step", "ready")],
        with_new(&[("id_number", recovery), ("code", "aaaaa-bbbbb"), ("phone", "1")]),
    ]
}

/// Sends every body to every step; each is refused, and nothing comes of it.
async fn assert_leads_nowhere(
    provider: &TestProvider,
    browser: &Browser,
    bodies: &[Fields<'_>],
    (person, what): (&Person, &str),
) {
    let csrf = browser.get(&provider.url("/recover")).await.csrf();
    let ready = "recovery WHERE state IN ('ready', 'done', 'waiting')";
    let before = provider.rows(&[ready, "session"]).await;
    let account = provider.account(person).await;
    for step in STEPS {
        for fields in bodies {
            let fields: Fields<'_> = fields.iter().copied().chain([("csrf", &*csrf)]).collect();
            let page = browser.post(&provider.url(step), &fields).await;
            assert_eq!(page.status, 400, "{what}, {step}: {fields:?}");
            assert!(!page.body.contains("action=\"/recover/password\""), "{what}, {step}");
        }
    }
    assert_eq!(provider.rows(&[ready, "session"]).await, before, "{what}");
    let now = provider.account(person).await;
    assert_eq!(now.credential_epoch, account.credential_epoch, "{what}");
}

fn hidden(page: &Page, name: &str) -> String {
    page.form().fields[name].clone()
}

on_both!(
    /// from nothing, from the code and from the second proof no form of another step leads on; the step
    /// whose turn it is still does.
    no_step_is_skipped,
    |provider| {
        let person = Person::synthetic(8201);
        provider.add_person(&person).await;
        let (old, browser) = (Browser::new(), Browser::new());
        log_in(&provider, &old, &person).await;
        let (secret, _) = enrol(&provider, &old).await;
        provider.wait_seconds(60);
        let nothing = uuid::Uuid::new_v4().to_string();
        let with = |pending, recovery| bodies(pending, recovery, person.password());

        let begun = with(&nothing, &nothing);
        assert_leads_nowhere(&provider, &browser, &begun, (&person, "nothing")).await;

        let sent = ask(&provider, &browser, &person).await;
        let pending = hidden(&sent, "pending");
        // The bodies that carry the real code's id are answers to it; they stay below five.
        let mut begun = with(&nothing, &pending);
        begun.retain(|fields| !fields.contains(&("pending", &*pending)));
        assert_leads_nowhere(&provider, &browser, &begun, (&person, "a code was sent")).await;

        let code = provider.code_sent_to(&person.phone).await;
        let second = browser.submit(&sent, &[("code", &code)]).await;
        assert!(second.has("prove-totp"), "{}", second.body);
        let recovery = hidden(&second, "recovery");
        let begun = with(&pending, &recovery);
        assert_leads_nowhere(&provider, &browser, &begun, (&person, "the phone is proven")).await;
        let again = browser.submit(&sent, &[("code", &code)]).await;
        assert_eq!(again.status, 400, "a code is answered once");

        let answer = [("code", &*totp(&provider, &secret))];
        let ready = browser.press(&second, "prove-totp", &answer).await;
        assert_eq!(ready.status, 200, "{}", ready.body);
        for (button, fields) in
            [("id=\"prove-totp\"", &answer[..]), ("id=\"prove-recovery_code\"", &answer)]
        {
            let twice = browser.press(&second, button, fields).await;
            assert_eq!(twice.status, 400, "the second proof is given once: {}", twice.body);
        }
        let csrf = ready.csrf();
        let wait = [("csrf", &*csrf), ("recovery", &*recovery), ("step", "wait")];
        let waited = browser.post(&provider.url("/recover/second"), &wait).await;
        assert_eq!(waited.status, 400, "who may set the password waits for nothing");
        assert_eq!(set(&browser, &ready, NEW).await.status, 200);
        let begun = with(&pending, &recovery);
        assert_leads_nowhere(&provider, &browser, &begun, (&person, "it is done")).await;
    }
);

on_both!(
    /// who waits has proven a phone and no more; no form shortens the time.
    waiting_is_not_skipped,
    |provider| {
        let person = Person::synthetic(8202);
        provider.add_person(&person).await;
        let browser = Browser::new();
        let page = prove_phone(&provider, &browser, &person).await;
        let recovery = hidden(&page, "recovery");
        assert!(page.has("wait") && !page.has("prove-totp"), "{}", page.body);
        let nothing = uuid::Uuid::new_v4().to_string();
        let begun = bodies(&nothing, &recovery, person.password());
        assert_leads_nowhere(&provider, &browser, &begun, (&person, "before the wait")).await;
        let waiting = browser.press(&page, "id=\"wait\"", &[("step", "wait")]).await;
        assert_eq!(waiting.status, 200, "{}", waiting.body);
        let begun = bodies(&nothing, &recovery, person.password());
        assert_leads_nowhere(&provider, &browser, &begun, (&person, "while it waits")).await;
        let identity = (&*person.id_number, person.password());
        let login = try_password(&provider, &Browser::new(), identity).await;
        assert_eq!(login.status, 303, "the password is the old one");
    }
);

on_both!(
    /// a login on its way to a portal belongs to the browser that began it, at every step of a recovery,
    /// too; with its own the recovery leads back to it.
    a_recovery_carries_the_flow_of_its_own_browser,
    |provider| {
        let person = Person::synthetic(8203);
        provider.add_person(&person).await;
        let (attacker, victim) = (Browser::new(), Browser::new());
        let web1 = RelyingParty::new(&provider, "web1");
        let login = attacker.follow(attacker.get(&web1.authorize(&[])).await).await;
        let tx = hidden(&login, "tx");
        for path in ["/recover", "/recover/counter"] {
            let url = provider.url(&format!("{path}?tx={tx}"));
            let (own, foreign) = (attacker.get(&url).await, victim.get(&url).await);
            assert_eq!((own.status, hidden(&own, "tx")), (200, tx.clone()));
            assert_eq!(foreign.status, 400, "{path}: {}", foreign.body);
            assert!(!foreign.body.contains(&tx) && !foreign.body.contains("<form method"), "start again");
        }
        let sent = ask(&provider, &victim, &person).await;
        let (pending, csrf) = (hidden(&sent, "pending"), sent.csrf());
        let code = provider.code_sent_to(&person.phone).await;
        let fields = [("csrf", &*csrf), ("tx", &tx), ("pending", &pending), ("code", &code)];
        for step in STEPS {
            let page = victim.post(&provider.url(step), &fields).await;
            assert_eq!(page.status, 400, "{step}: {}", page.body);
        }
        assert_eq!(provider.rows(&["recovery"]).await, [0], "nothing was begun by it");
        let page = victim.submit(&sent, &[("code", &code)]).await;
        assert_eq!(page.status, 200, "and the victim's own way goes on: {}", page.body);
    }
);
