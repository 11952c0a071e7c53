//! The cookie of an operator's session, to the letter (security.md ): never chosen by anybody else,
//! never one of two, nothing once it is spoiled.

use crate::on_both;
use crate::on_both_backends;
use crate::support::Browser;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::browser::assert_locked;
use crate::support::console::log_in;
use crate::support::console::officers;
use crate::support::console::send;
use crate::support::console_forms::Office;
use crate::support::console_forms::PAGES;

const NAME: &str = "yihao-console";
const LOGIN: &str = "/console/login";
/// Pages for whoever is not in yet.
const OPEN: [&str; 2] = [LOGIN, "/console/invitation"];

/// Where the console leads a browser with this cookie line.
async fn console(provider: &TestProvider, line: &str) -> (u16, String) {
    let page = Browser::new().get_with(&provider.url("/console"), &[("cookie", line)]).await;
    (page.status, page.header("location").to_owned())
}

fn login() -> (u16, String) {
    (303, LOGIN.to_owned())
}

on_both!(
    /// what was chosen before the login is not adopted, every login has a value of its own, and the one
    /// before it, or one that was logged out, is over.
    a_console_session_is_never_chosen,
    |provider| {
        let [system, ..] = officers(&provider).await;
        let cookie = || system.browser.cookie(NAME).unwrap();
        let first = cookie();
        let chosen = "a".repeat(first.len());
        system.browser.set_cookie(NAME, &chosen);
        let page = log_in(&provider, &system).await;
        assert_eq!(page.status, 303, "{}", page.body);
        let second = cookie();
        assert!(second != chosen && second != first);
        assert_eq!(console(&provider, &format!("{NAME}={chosen}")).await, login());

        let before = format!("{NAME}={second}");
        assert_eq!(console(&provider, &before).await.0, 200);
        let page = log_in(&provider, &system).await;
        assert_eq!(page.status, 303, "{}", page.body);
        assert_eq!(console(&provider, &before).await, login(), "a login ends the session before it");

        let last = format!("{NAME}={}", cookie());
        let page = send(&provider, &system, "/console/logout", &[]).await;
        assert_eq!(page.status, 303, "{}", page.body);
        assert_eq!(system.browser.cookie(NAME), None, "the browser forgets it");
        assert_eq!(console(&provider, &last).await, login(), "and so did we");
    }
);

on_both!(
    /// two of the name in either order, a value cut short, turned in one bit, stretched to 8 KB, or of a
    /// citizen's session is no session, and no fault of ours.
    a_spoiled_console_cookie_is_none,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let [one, two] = [&system, &security].map(|who| who.browser.cookie(NAME).unwrap());
        assert_eq!(console(&provider, &format!("{NAME}={one}")).await.0, 200);
        let person = crate::support::Person::synthetic(8601);
        provider.add_person(&person).await;
        let citizen = Browser::new();
        crate::support::login::log_in(&provider, &citizen, &person).await;
        let session = citizen.cookie("yihao-session").unwrap();

        let flipped = |at: usize, bit: u8| {
            let mut bytes = one.clone().into_bytes();
            bytes[at] ^= bit;
            String::from_utf8(bytes).unwrap()
        };
        let mut lines = vec![
            format!("{NAME}={one}; {NAME}={two}"),
            format!("{NAME}={two}; {NAME}={one}"),
            format!("{NAME}={one}; {NAME}={one}"),
            format!("{NAME}=; {NAME}={one}"),
            format!("\u{e9}=1; {NAME}={one}; {NAME}={two}"),
            format!("yihao%2Dconsole={one}"),
            format!("Yihao-Console={one}"),
            format!("__Host-{NAME}={one}"),
            format!("yihao-session={one}"),
            format!("{NAME}={session}"),
        ];
        let values = [
            String::new(),
            one[..one.len() - 1].to_owned(),
            one[..one.len() / 2].to_owned(),
            one[1..].to_owned(),
            format!("{one}A"),
            flipped(0, 1),
            flipped(one.len() / 2, 1),
            flipped(one.len() - 1, 1),
            one.to_uppercase(),
            format!("{one}{}", "A".repeat(8 * 1024)),
            "A".repeat(8 * 1024),
            format!("\"{one}\""),
            "%00".to_owned(),
        ];
        lines.extend(values.iter().map(|value| format!("{NAME}={value}")));
        for line in lines {
            assert_eq!(console(&provider, &line).await, login(), "{line:.120}");
        }
        assert_eq!(console(&provider, &format!("{NAME}={two}; other={one}")).await.0, 200);
    }
);

on_both_backends!(
    /// behind https it is `__Host-`, Secure, `HttpOnly`, SameSite=Lax and for the whole site, when it is set
    /// and when it is taken back, and the plain name is nobody's.
    the_console_cookie_of_a_real_issuer_is_locked_to_it,
    |backend| {
        let provider = TestProvider::start_with(backend, |config| {
            config.issuer = "https://id.example.test".parse().unwrap();
            let key = config.data_dir.join("master.key");
            std::fs::create_dir_all(&config.data_dir).unwrap();
            yihao::vault::Vault::open(&key, true).unwrap();
        })
        .await;
        let [system, ..] = officers(&provider).await;
        let page = log_in(&provider, &system).await;
        assert_locked(&page, "__Host-yihao-console");
        let value = system.browser.cookie("__Host-yihao-console").unwrap();
        assert_eq!(console(&provider, &format!("{NAME}={value}")).await, login());
        assert_eq!(console(&provider, &format!("__Host-{NAME}={value}")).await.0, 200);
        let page = send(&provider, &system, "/console/logout", &[]).await;
        assert_locked(&page, "__Host-yihao-console");
    }
);

on_both!(
    /// what a citizen or a portal holds opens no page of the console, in whatever place it is shown.
    no_token_opens_the_console,
    |provider| {
        let office = Office::open(&provider).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let landing = web1.log_in(&browser, &office.person, &[]).await;
        let tokens = web1.redeem(landing.code()).await.json();
        let svc1 = RelyingParty::new(&provider, "svc1");
        let jwt = svc1.token(&[("grant_type", "client_credentials")]).await.json();
        let text = |answer: &serde_json::Value, name: &str| answer[name].as_str().unwrap().to_owned();
        let mut held: Vec<String> =
            ["access_token", "refresh_token", "id_token"].map(|name| text(&tokens, name)).into();
        held.push(text(&jwt, "access_token"));
        held.push(browser.cookie("yihao-session").unwrap());
        for token in &held {
            let bearer = format!("Bearer {token}");
            let cookie = format!("{NAME}={token}");
            for headers in [[("authorization", &*bearer)], [("cookie", &*cookie)]] {
                for path in PAGES.iter().filter(|path| !OPEN.contains(*path)) {
                    let url = provider.url(&office.address(path, ""));
                    let page = Browser::new().get_with(&url, &headers).await;
                    assert_eq!((page.status, page.header("location")), (303, LOGIN), "{path}");
                    let page = browser.copy().get_with(&url, &headers[..1]).await;
                    assert_eq!((page.status, page.header("location")), (303, LOGIN), "{path}");
                }
            }
        }
    }
);
