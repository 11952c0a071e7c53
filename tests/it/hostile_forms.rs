//! Hostile words in every field of the forms of recovery, phone, onboarding and console (security.md A-59,
//! shown as text, taken literally or refused, never run, and never a fault of ours.

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::console_forms::FORMS;
use crate::support::console_forms::Office;
use crate::support::console_forms::PAGES;
use crate::support::login::enrol;
use crate::support::login::log_in;
use crate::support::portal::Portal;
use crate::support::portal::fields;
use crate::support::recovery::ask;
use crate::support::recovery::prove_phone;

/// Markup, quotes, SQL, templates, lines of a header, colours of a terminal, text that turns around, nothing.
const WORDS: [&str; 16] = [
    "\"><svg onload=alert(1)>",
    "'\"`--><script>alert(1)</script>",
    "</title></textarea><script>alert(1)</script>",
    "javascript:alert(1)",
    "{{1234*5678}}${1234*5678}{%raw%}",
    "' or 1=1--",
    "\\'; DROP TABLE account;--",
    "%27%20or%201=1",
    "%",
    "_",
    "{\"$gt\":\"\"}",
    "a\r\nset-cookie: evil=1\r\n\r\n<script>alert(1)</script>",
    "\u{1b}[31mred\u{1b}[0m",
    "\u{2028}\u{202e}\u{feff}x",
    "a\0b",
    "",
];

/// Sends the form once for every field and word; says how often a word came back as text.
async fn fill_in(browser: &Browser, url: &str, form: &[(&str, &str)]) -> usize {
    let long = "长".repeat(3_500);
    let words: Vec<&str> = WORDS.iter().copied().chain([&*long]).collect();
    let mut shown = 0;
    for (at, (field, _)) in form.iter().enumerate().filter(|(_, (field, _))| *field != "csrf") {
        for word in &words {
            let mut fields = form.to_vec();
            fields[at].1 = word;
            let page = browser.post(url, &fields).await;
            assert_harmless(&page, &format!("{url} {field} {word:.60?}"));
            shown += usize::from(page.body.contains("&lt;svg onload"));
        }
    }
    shown
}

fn assert_harmless(page: &Page, what: &str) {
    let answers = [200, 303, 400, 403, 404, 409, 410, 413, 429];
    assert!(answers.contains(&page.status), "{what}: {} {}", page.status, page.body);
    for run in ["<svg onload", "<script>alert", "7006652", "href=\"javascript"] {
        assert!(!page.body.contains(run), "{what}: {run} stands on the page: {}", page.body);
    }
    assert!(page.set_cookies().iter().all(|cookie| !cookie.starts_with("evil")), "{what}");
    for told in ["sqlx", "SELECT ", "syntax error", "panicked"] {
        assert!(!page.body.contains(told), "{what}: {told}");
    }
    page.assert_headers();
}

on_both!(
    /// Every field of a recovery and of the page of the phone.
    a_recovery_takes_no_hostile_word,
    |provider| {
        let person = Person::synthetic(8_901);
        provider.add_person(&person).await;
        let (owner, browser) = (Browser::new(), Browser::new());
        log_in(&provider, &owner, &person).await;
        enrol(&provider, &owner).await;
        provider.wait_seconds(60);
        let second = prove_phone(&provider, &browser, &person).await;
        let recovery = second.form().fields["recovery"].clone();
        provider.wait_seconds(31);
        let sent = ask(&provider, &browser, &person).await;
        let pending = sent.form().fields["pending"].clone();
        let csrf = sent.csrf();
        let (name, number, phone) = (&*person.name, &*person.id_number, &*person.phone);
        let code = [("csrf", &*csrf), ("tx", ""), ("pending", &*pending), ("code", "not it"), ("phone_masked", "137****0000")];
        let forms: [(&str, Vec<(&str, &str)>); 6] = [
            ("/recover", vec![("name", name), ("id_number", number), ("phone", phone)]),
            ("/recover/code", code[1..].to_vec()),
            ("/recover/second", vec![("recovery", &*recovery), ("method", "totp"), ("code", "x"), ("step", "")]),
            ("/recover/password", vec![("recovery", &*recovery), ("password", "x"), ("password_again", "x")]),
            (
                "/recover/counter",
                vec![
                    ("id_number", number),
                    ("code", "aaaaa-bbbbb"),
                    ("phone", phone),
                    ("password", "seven herons over the ferry"),
                    ("password_again", "seven herons over the ferry"),
                ],
            ),
            ("/recover/counter/code", code[1..].to_vec()),
        ];
        let mut shown = 0;
        for (path, form) in forms {
            let form: Vec<_> = form.into_iter().chain([("csrf", &*csrf)]).collect();
            shown += fill_in(&browser, &provider.url(path), &form).await;
        }
        assert!(shown >= 6, "{shown}: what was typed is there to be corrected");

        let csrf = owner.get(&provider.url("/recover")).await.csrf();
        let phones = [
            vec![("csrf", &*csrf), ("step", "send"), ("phone", "x")],
            vec![("csrf", &*csrf), ("step", "verify"), ("pending", &pending), ("code", "1"), ("phone_masked", "1")],
        ];
        for form in phones {
            fill_in(&owner, &provider.url("/account/phone"), &form).await;
        }
        assert_eq!(provider.rows(&["account WHERE status = 'active'"]).await, [1]);
        log_in(&provider, &Browser::new(), &person).await;
    }
);

on_both!(
    /// Every field of an application and of its tracking page; what was taken is text to the officer.
    an_application_takes_no_hostile_word,
    |provider| {
        let office = Office::open(&provider).await;
        let portal = Portal::new(&provider).await;
        let csrf = portal.browser.get(&provider.url("/onboarding")).await.csrf();
        let mut form = fields();
        let more = ["supplier_name", "supplier_code", "backchannel_logout_uri", "jwks", "reason_email"];
        form.extend(more.map(|field| (field, String::new())));
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let form: Vec<_> = form.into_iter().chain([("csrf", &*csrf)]).collect();
        let shown = fill_in(&portal.browser, &provider.url("/onboarding"), &form).await;
        assert!(shown >= form.len() / 2, "{shown}: what was typed is there to be corrected");

        let contact = [
            ("csrf", &*csrf),
            ("step", "contact"),
            ("contact_name", "赵敏"),
            ("contact_phone", "13700009050"),
            ("contact_email", "a@b.cn"),
        ];
        fill_in(&portal.browser, &provider.url(&portal.path), &contact).await;
        for field in ["token", "after", "state", "supplier"] {
            for word in WORDS {
                let query: String = url::form_urlencoded::byte_serialize(word.as_bytes()).collect();
                let url = provider.url(&format!("/console/onboarding?{field}={query}"));
                let page = office.officers[0].browser.get(&url).await;
                assert_harmless(&page, &format!("{field} {word:?}"));
            }
        }
        look_around(&provider, &office).await;
    }
);

on_both!(
    /// Every field of every form of the console, sent by who may; what was kept is text wherever it is shown.
    the_console_takes_no_hostile_word,
    |provider| {
        let office = Office::open(&provider).await;
        for (path, action, form) in FORMS {
            let officer = office.officer_for(path);
            let csrf = officer.browser.get(&provider.url("/console/login")).await.csrf();
            let form: Vec<_> = form.iter().copied().chain([("csrf", &*csrf)]).collect();
            let url = provider.url(&office.address(path, action));
            // Two of them end the officer's own session; a stranger's browser finds no way in by them.
            let alone = Browser::new();
            let csrf = alone.get(&provider.url("/console/login")).await.csrf();
            if path.ends_with("/login") || path.ends_with("/logout") {
                let form: Vec<_> = form.into_iter().filter(|(name, _)| *name != "csrf").collect();
                let form: Vec<_> = form.into_iter().chain([("csrf", &*csrf)]).collect();
                fill_in(&alone, &url, &form).await;
                continue;
            }
            fill_in(&officer.browser, &url, &form).await;
        }
        look_around(&provider, &office).await;
    }
);

/// Every page of the console, where what was written before is read.
async fn look_around(provider: &TestProvider, office: &Office) {
    let mut read = 0;
    for officer in &office.officers {
        for path in PAGES {
            let page = officer.browser.get(&provider.url(&office.address(path, ""))).await;
            assert_harmless(&page, path);
            read += usize::from(page.status == 200);
        }
    }
    assert!(read > 20, "{read} pages were read");
}
