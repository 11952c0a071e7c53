//! Codes on the phone at every door that takes one (security.md A-47, P3): a code opens the door it was sent
//! for, in the browser that asked, once, within five tries, and only until the next one is sent.

use futures_util::future::join_all;

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::console::Operator;
use crate::support::console::officers;
use crate::support::login::log_in;
use crate::support::login::sign_up_form;
use crate::support::login::try_password;
use crate::support::recovery;
use crate::support::recovery::counter_code;

/// A door that a code on a phone opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    Phone,
    Login,
    Recover,
    SignUp,
    Counter,
}

/// Every door. In this order each but the last can be opened after the one before: a new phone ends what was
/// handed out at a counter.
const DOORS: [Door; 5] = [Door::Phone, Door::Login, Door::Recover, Door::SignUp, Door::Counter];

/// Somebody with an account, who is logged in and holds a code of a counter, and somebody who signs up.
struct Scene {
    provider: TestProvider,
    browser: Browser,
    person: Person,
    newcomer: Person,
    counter_code: String,
    officers: [Operator; 3],
}

/// A code on its way: where the page says it is, and what the phone says.
struct Code {
    id: String,
    digits: String,
}

impl Scene {
    async fn new(provider: TestProvider, seed: u64) -> Self {
        let officers = officers(&provider).await;
        let (person, browser) = (Person::synthetic(seed), Browser::new());
        provider.add_person(&person).await;
        let newcomer = Person::synthetic(seed + 1);
        provider.add_person(&newcomer.clone().without_account()).await;
        let [system, security, _] = &officers;
        let (_, counter_code) = counter_code(&provider, [security, system], &person).await;
        log_in(&provider, &browser, &person).await;
        Self { provider, browser, person, newcomer, counter_code, officers }
    }

    /// Goes to the counter again, where the code before is worth nothing any more.
    async fn renew_counter_code(&mut self) {
        let [system, security, _] = &self.officers;
        let (_, code) = counter_code(&self.provider, [security, system], &self.person).await;
        self.counter_code = code;
    }

    async fn post(&self, browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = browser.get(&self.provider.url("/recover")).await.csrf();
        let fields: Vec<_> = fields.iter().copied().chain([("csrf", &*csrf)]).collect();
        browser.post(&self.provider.url(path), &fields).await
    }

    /// Asks for a code at this door; `to` tells one phone from another.
    async fn ask(&self, door: Door, to: u64) -> Code {
        let (provider, browser) = (&self.provider, &self.browser);
        let sent = provider.messages_sent().await;
        let new_phone = Person::synthetic(9_000 + to).phone;
        let (page, field) = match door {
            Door::Phone => {
                let fields = [("step", "send"), ("phone", &*new_phone)];
                (self.post(browser, "/account/phone", &fields).await, "pending")
            }
            Door::Login => {
                let who = &*self.person.id_number;
                let fields = [("method", "sms"), ("step", "send"), ("identifier", who)];
                (self.post(browser, "/login", &fields).await, "challenge")
            }
            Door::Recover => (recovery::ask(provider, browser, &self.person).await, "pending"),
            Door::SignUp => {
                let form = sign_up_form(&self.newcomer, self.newcomer.password());
                (self.post(browser, "/signup", &form).await, "pending")
            }
            Door::Counter => {
                let typed = (&self.person, &*new_phone, &*self.counter_code);
                (recovery::at_counter(provider, browser, typed).await, "pending")
            }
        };
        assert_eq!(page.status, 200, "{door:?}: {}", page.body);
        let id = page.form_with(&format!("name=\"{field}\"")).fields[field].clone();
        Code { id, digits: code_after(provider, sent).await }
    }

    /// Answers at this door.
    async fn answer(&self, browser: &Browser, door: Door, (id, digits): (&str, &str)) -> Page {
        let pending = [("pending", id), ("code", digits), ("step", "verify")];
        match door {
            Door::Phone => self.post(browser, "/account/phone", &pending).await,
            Door::Login => {
                let fields = [
                    ("method", "sms"),
                    ("step", "verify"),
                    ("identifier", &*self.person.id_number),
                    ("challenge", id),
                    ("code", digits),
                ];
                self.post(browser, "/login", &fields).await
            }
            Door::Recover => self.post(browser, "/recover/code", &pending[..2]).await,
            Door::SignUp => self.post(browser, "/signup/code", &pending).await,
            Door::Counter => self.post(browser, "/recover/counter/code", &pending[..2]).await,
        }
    }

    /// What a wrong answer must not change.
    async fn rows(&self) -> Vec<i64> {
        self.provider
            .rows(&["account", "session", "recovery", "recovery WHERE state = 'done'"])
            .await
    }
}

fn opens(door: Door, page: &Page) -> bool {
    match door {
        Door::Phone => page.status == 303 && page.header("location") == "/account/phone?done=1",
        Door::Login => page.status == 303 && page.header("location") == "/account",
        Door::Recover | Door::SignUp | Door::Counter => page.status == 200,
    }
}

/// The code of the first message with one after so many messages.
async fn code_after(provider: &TestProvider, sent: usize) -> String {
    for _ in 0..200 {
        let mut messages = provider.messages().await;
        messages.reverse();
        if let Some(code) = messages.into_iter().skip(sent).find_map(|message| message.code) {
            return code;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("no code arrived");
}

on_both!(
    /// a code of one purpose is nothing at every other door, and is still good at its own; that of the
    /// counter is shown to be below.
    a_code_of_one_purpose_is_nothing_at_another_door,
    |provider| {
        let scene = Scene::new(provider, 8301).await;
        let mut codes = Vec::new();
        for (to, door) in (0..).zip(DOORS) {
            codes.push((door, scene.ask(door, to).await));
            if door == Door::Login {
                // The next message goes to the same phone.
                scene.provider.wait_seconds(31);
            }
        }
        let before = scene.rows().await;
        for door in DOORS {
            for (own, code) in codes.iter().filter(|(own, _)| *own != door) {
                let page = scene.answer(&scene.browser, door, (&code.id, &code.digits)).await;
                assert_eq!(page.status, 400, "{own:?} at {door:?}: {}", page.body);
                if door == Door::Login {
                    scene.provider.wait_seconds(31);
                }
            }
        }
        assert_eq!(scene.rows().await, before);
        for (door, code) in &codes[..4] {
            let page = scene.answer(&scene.browser, *door, (&code.id, &code.digits)).await;
            assert!(opens(*door, &page), "{door:?}: {} {}", page.status, page.body);
        }
    }
);

on_both!(
    /// a code is nothing in another browser, whoever is logged in there, and one for a new phone is
    /// nothing for another account in the same browser.
    a_code_is_nothing_to_somebody_else,
    |provider| {
        let scene = Scene::new(provider, 8311).await;
        let (other, thief) = (Person::synthetic(8313), Browser::new());
        scene.provider.add_person(&other).await;
        log_in(&scene.provider, &thief, &other).await;
        let mut codes = Vec::new();
        for (to, door) in (0..).zip(DOORS) {
            codes.push((door, scene.ask(door, 10 + to).await));
            if door == Door::Login {
                scene.provider.wait_seconds(31);
            }
        }
        let before = scene.rows().await;
        for (door, code) in &codes {
            let page = scene.answer(&thief, *door, (&code.id, &code.digits)).await;
            assert_eq!(page.status, 400, "{door:?}: {}", page.body);
        }
        assert_eq!(scene.rows().await, before);

        // The browser that asked is somebody else's now.
        let out = scene.browser.get(&scene.provider.url("/oauth2/logout")).await;
        assert_eq!(scene.browser.submit(&out, &[]).await.status, 200);
        log_in(&scene.provider, &scene.browser, &other).await;
        let (door, code) = &codes[0];
        let page = scene.answer(&scene.browser, *door, (&code.id, &code.digits)).await;
        assert_eq!((*door, page.status), (Door::Phone, 400), "{}", page.body);
        let identity = (&*other.phone, other.password());
        let login = try_password(&scene.provider, &Browser::new(), identity).await;
        assert_eq!(login.status, 303, "the phone of the other is the one it was");
    }
);

on_both!(
    /// five wrong answers and the right one is wrong, at every door.
    the_sixth_try_is_too_late,
    |provider| {
        let scene = Scene::new(provider, 8321).await;
        for (to, door) in (0..).zip(DOORS) {
            let code = scene.ask(door, 20 + to).await;
            for wrong in ["", "1", "abcdef", "12345", "1234567"] {
                let page = scene.answer(&scene.browser, door, (&code.id, wrong)).await;
                assert_eq!(page.status, 400, "{door:?} {wrong}: {}", page.body);
                // The account's own delay is over when the right one comes.
                scene.provider.wait_seconds(31);
            }
            let page = scene.answer(&scene.browser, door, (&code.id, &code.digits)).await;
            assert_eq!(page.status, 400, "{door:?}: {}", page.body);
            assert!(page.header("location").is_empty());
        }
    }
);

on_both!(
    /// of two codes of one door and browser the newer one opens, whichever is shown.
    the_code_before_is_void,
    |provider| {
        let mut scene = Scene::new(provider, 8331).await;
        for door in [Door::Recover, Door::Phone, Door::Counter] {
            if door == Door::Counter {
                scene.renew_counter_code().await;
            }
            let first = scene.ask(door, 30).await;
            scene.provider.wait_seconds(31);
            let second = scene.ask(door, 31).await;
            for (id, digits) in [
                (&first.id, &first.digits),
                (&first.id, &second.digits),
                (&second.id, &first.digits),
            ] {
                let page = scene.answer(&scene.browser, door, (id, digits)).await;
                assert_eq!(page.status, 400, "{door:?}: {}", page.body);
            }
            let page = scene.answer(&scene.browser, door, (&second.id, &second.digits)).await;
            assert!(opens(door, &page), "{door:?}: {} {}", page.status, page.body);
            scene.provider.wait_seconds(31);
        }
    }
);

on_both!(
    /// A-47, F18: of twenty right answers at the same time one opens the door.
    of_many_answers_at_once_one_opens,
    |provider| {
        let mut scene = Scene::new(provider, 8341).await;
        for (to, door) in (40..).zip([Door::Recover, Door::Phone, Door::Counter]) {
            if door == Door::Counter {
                scene.renew_counter_code().await;
            }
            let code = scene.ask(door, to).await;
            let copies: Vec<Browser> = (0..20).map(|_| scene.browser.copy()).collect();
            let answers = copies.iter().map(|copy| scene.answer(copy, door, (&code.id, &code.digits)));
            let answers = join_all(answers).await;
            let opened = answers.iter().filter(|page| opens(door, page)).count();
            let statuses: Vec<u16> = answers.iter().map(|page| page.status).collect();
            assert_eq!(opened, 1, "{door:?}: {statuses:?}");
            assert!(statuses.iter().all(|status| matches!(status, 200 | 303 | 400)), "{statuses:?}");
        }
        let recoveries = scene.provider.rows(&["recovery WHERE state = 'done'"]).await;
        assert_eq!(recoveries, [1], "the counter's");
    }
);
