//! Every page and every form of the console, of a recovery and of onboarding: their headers, and forms that
//! are none of ours (security.md ).

use crate::on_both;
use crate::support::Browser;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::console::Operator;
use crate::support::console::try_log_in;
use crate::support::console_forms::FORMS;
use crate::support::console_forms::Office;
use crate::support::console_forms::PAGES;
use crate::support::console_forms::ROUTES;
use crate::support::console_forms::routes_of;
use crate::support::login::enrol;
use crate::support::login::log_in;
use crate::support::portal::Portal;
use crate::support::portal::apply;
use crate::support::portal::fields_with;
use crate::support::recovery::ask;
use crate::support::recovery::at_counter;
use crate::support::recovery::set;

#[test]
fn every_address_of_the_console_is_in_the_tables() {
    for route in routes_of(ROUTES) {
        let path = &*route.path;
        assert_eq!(route.gets, PAGES.contains(&path), "{path} has no place in PAGES, or two");
        let in_forms = FORMS.iter().any(|(form, ..)| *form == path);
        assert_eq!(route.posts, in_forms, "{path} has no place in FORMS, or two");
    }
    let known = |path: &str| routes_of(ROUTES).iter().any(|route| route.path == path);
    assert!(PAGES.iter().all(|path| known(path)) && FORMS.iter().all(|(path, ..)| known(path)));
}

on_both!(
    /// every page of the console carries the headers, to officers of each kind and to strangers, and so
    /// does every refusal.
    every_page_of_the_console_carries_the_headers,
    |provider| {
        let office = Office::open(&provider).await;
        let stranger = Browser::new();
        let officers = office.officers.iter().map(|officer| &officer.browser);
        let mut shown = 0;
        for browser in officers.chain([&stranger]) {
            for path in PAGES.iter().chain(&["/console/nothing", "/console/acts/x"]) {
                let page = browser.get(&provider.url(&office.address(path, ""))).await;
                assert!(matches!(page.status, 200 | 303 | 403 | 404 | 405 | 410), "{path}: {}", page.status);
                page.assert_headers();
                let html = page.header("content-type").starts_with("text/html");
                let file = page.header("content-type").starts_with("text/csv");
                assert!(html || page.status == 303 || (file && path.ends_with("{file}")), "{path}");
                if html {
                    let policy = page.header("content-security-policy");
                    assert!(policy.contains("form-action 'self'"), "{path}: {policy}");
                }
                shown += usize::from(html && page.status == 200);
            }
        }
        assert!(shown > 25, "{shown} pages were shown");
        let refused = try_log_in(&provider, &stranger, ("system", "wrong", "000000")).await;
        assert_eq!(refused.status, 400);
        refused.assert_headers();
    }
);

on_both!(
    /// so does every page on the way of a recovery and of an application, whatever comes of it.
    what_comes_of_a_form_carries_the_headers,
    |provider| {
        let person = Person::synthetic(8_710);
        provider.add_person(&person).await;
        let (old, browser) = (Browser::new(), Browser::new());
        log_in(&provider, &old, &person).await;
        let (_, codes) = enrol(&provider, &old).await;
        let sent = ask(&provider, &browser, &person).await;
        let wrong = browser.submit(&sent, &[("code", "not it")]).await;
        let code = provider.code_sent_to(&person.phone).await;
        let second = browser.submit(&sent, &[("code", &code)]).await;
        let again = browser.submit(&sent, &[("code", &code)]).await;
        let not_it = browser.press(&second, "prove-recovery_code", &[("code", "x")]).await;
        let ready = browser.press(&second, "prove-recovery_code", &[("code", &codes[0])]).await;
        let weak = set(&browser, &ready, "password1234").await;
        let done = set(&browser, &ready, "seven herons over the ferry").await;
        let over = set(&browser, &ready, "seven herons over the ferry").await;
        let nobody = Person { id_number: "1".to_owned(), ..person.clone() };
        let field = ask(&provider, &browser, &nobody).await;
        let counter = at_counter(&provider, &browser, (&person, &person.phone, "aaaaa-bbbbb")).await;
        let portal = Portal::new(&provider).await;
        let filed = apply(&provider, &fields_with(&[("portal_name", "省图书馆")])).await;
        let faulty = apply(&provider, &fields_with(&[("unit_code", "1")])).await;
        let tracked = portal.page(&provider).await;
        let foreign = portal.step(&provider, "nothing", &[]).await;
        let early = portal.step(&provider, "live", &[]).await;
        for (page, status) in [
            (sent, 200),
            (wrong, 400),
            (second, 200),
            (again, 400),
            (not_it, 400),
            (ready, 200),
            (weak, 400),
            (done, 200),
            (over, 400),
            (field, 400),
            (counter, 400),
            (filed, 200),
            (faulty, 400),
            (tracked, 200),
            (foreign, 400),
            (early, 409),
        ] {
            assert_eq!(page.status, status, "{}: {}", page.url, page.body);
            page.assert_headers();
            assert!(page.header("content-security-policy").contains("form-action 'self'"));
        }
    }
);

/// What the browser says of where a form comes from, and the form's token.
type Forgery<'a> = (Vec<(&'static str, &'static str)>, Option<&'a str>);

/// Ways to send a form that is none of ours.
fn forgeries<'a>(own: &'a str, foreign: &'a str) -> Vec<Forgery<'a>> {
    vec![
        (vec![], None),
        (vec![], Some("")),
        (vec![], Some(foreign)),
        (vec![], Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
        (vec![("origin", "https://evil.example")], Some(own)),
        (vec![("origin", "null")], Some(own)),
        (vec![("sec-fetch-site", "cross-site")], Some(own)),
        (vec![("sec-fetch-site", "same-site")], Some(own)),
        (vec![("sec-fetch-site", "none")], Some(own)),
        (vec![("origin", "null"), ("sec-fetch-site", "same-origin")], Some(foreign)),
    ]
}

/// What forged forms must leave as it is.
async fn state(provider: &TestProvider) -> Vec<i64> {
    let tables = [
        "operator WHERE status = 'active'",
        "operator_invitation",
        "operator_session WHERE ended_at IS NULL",
        "act",
        "act WHERE state = 'waiting'",
        "account WHERE status = 'active'",
        "client",
        "application WHERE state = 'submitted'",
        "audit WHERE outcome = 'done' AND kind <> 'keys_rotated' AND kind <> 'alert_raised'",
    ];
    provider.rows(&tables).await
}

on_both!(
    /// no form of the console is taken from elsewhere, from another browser, or without its token, though
    /// the officer who may send it is logged in; nothing comes of it, and each one is recorded.
    forms_of_the_console_come_from_its_pages_only,
    |provider| {
        let office = Office::open(&provider).await;
        let foreign = Browser::new().get(&provider.url("/console/login")).await.csrf();
        let before = state(&provider).await;
        for (path, action, fields) in FORMS {
            let officer = office.officer_for(path);
            let own = officer.browser.get(&provider.url("/console/login")).await.csrf();
            let url = provider.url(&office.address(path, action));
            for (headers, token) in forgeries(&own, &foreign) {
                let token = token.map(|token| ("csrf", token));
                let fields: Vec<_> = fields.iter().copied().chain(token).collect();
                let page = officer.browser.post_with(&url, &headers, &fields).await;
                assert_eq!(page.status, 403, "{path} {headers:?} {token:?}: {}", page.body);
                page.assert_headers();
                let refused = provider.refusal_of(&page).await;
                let forged = "request_refused form of another origin or browser";
                assert_eq!(refused, forged, "{path} {headers:?}");
            }
        }
        assert_eq!(state(&provider).await, before);
        let [system, security, audit] = &office.officers;
        for officer in [system, security, audit] {
            assert_eq!(officer.browser.get(&provider.url("/console")).await.status, 200);
        }
        // What a browser of today says of our own page is no forgery.
        let path = office.address("/console/people/{id}/{action}", "lock");
        assert_eq!(genuine(&provider, security, &path).await, 303);
        assert_ne!(state(&provider).await, before);
    }
);

async fn genuine(provider: &TestProvider, officer: &Operator, path: &str) -> u16 {
    let own = officer.browser.get(&provider.url("/console/login")).await.csrf();
    let headers = [("origin", "null"), ("sec-fetch-site", "same-origin")];
    let fields = [("csrf", &*own), ("reason", "核查")];
    officer.browser.post_with(&provider.url(path), &headers, &fields).await.status
}

on_both!(
    /// a logo that comes from elsewhere, as the form with a file that a browser would send, is not taken.
    a_logo_comes_from_our_page_only,
    |provider| {
        let office = Office::open(&provider).await;
        let portal = Portal::applied(&provider, &fields_with(&[("portal_name", "省图书馆")])).await;
        let approved = portal.officer(&provider, &office.officers[0], "approve").await;
        assert_eq!(approved.status, 303, "{}", approved.body);
        let own = portal.browser.get(&provider.url("/onboarding")).await.csrf();
        let foreign = Browser::new().get(&provider.url("/onboarding")).await.csrf();
        let picture = crate::onboarding_sandbox::picture(64);
        for (headers, token) in forgeries(&own, &foreign) {
            let token = token.map(|token| ("csrf", token.as_bytes()));
            let parts: Vec<_> = token.into_iter().chain([("logo", &*picture)]).collect();
            let page = portal.upload(&provider, &headers, &parts).await;
            assert_eq!(page.status, 403, "{headers:?}: {}", page.body);
            page.assert_headers();
            let refused = provider.refusal_of(&page).await;
            assert_eq!(refused, "request_refused form of another origin or browser", "{headers:?}");
        }
        assert_eq!(provider.rows(&["client_logo"]).await, [0]);
        let headers = [("origin", "null"), ("sec-fetch-site", "same-origin")];
        let parts = [("csrf", own.as_bytes()), ("logo", &*picture)];
        assert_eq!(portal.upload(&provider, &headers, &parts).await.status, 303);
        assert_eq!(provider.rows(&["client_logo"]).await, [1]);
    }
);
