//! Cookies as they stand in a header, to the letter (security.md; RFC 6265 §4.2): a name in
//! another spelling is another cookie, and what cannot be read is no session.

use crate::on_both;
use crate::on_both_backends;
use crate::support::Browser;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::browser::assert_locked;
use crate::support::login::log_in;
use crate::support::login::try_password;

/// The session cookies of two people.
async fn two_sessions(provider: &TestProvider) -> [String; 2] {
    let people = [Person::synthetic(431), Person::synthetic(432)];
    let browsers = [Browser::new(), Browser::new()];
    for (person, browser) in people.iter().zip(&browsers) {
        provider.add_person(person).await;
        log_in(provider, browser, person).await;
    }
    browsers.map(|browser| browser.cookie("yihao-session").unwrap())
}

/// Where the account leads a browser with this cookie line.
async fn account(provider: &TestProvider, line: &str) -> (u16, String) {
    let page = Browser::new().get_with(&provider.url("/account"), &[("cookie", line)]).await;
    (page.status, page.header("location").to_owned())
}

on_both!(
    /// a name with escapes in it is the name of another cookie, beside ours and alone.
    an_escaped_name_is_another_cookie,
    |provider| {
        let [victim, attacker] = two_sessions(&provider).await;
        let login = (303, "/login".to_owned());
        for name in ["yihao%2Dsession", "%79ihao-session", "yihao-%73ession", "yihao%2dsession"] {
            let alone = account(&provider, &format!("{name}={attacker}")).await;
            assert_eq!(alone, login, "{name}");
            for line in [
                format!("yihao-session={victim}; {name}={attacker}"),
                format!("{name}={attacker}; yihao-session={victim}"),
            ] {
                let page = Browser::new().get_with(&provider.url("/account"), &[("cookie", &line)]).await;
                // Either nobody, or whoever the cookie of the right name says.
                assert!(page.status == 303 || page.body.contains("四三一"), "{line}: {}", page.status);
                assert!(!page.body.contains("四三二"), "{line}: the attacker was adopted");
            }
        }
    }
);

on_both!(
    /// text beyond ASCII in a cookie line hides no twin of the session cookie.
    a_line_that_cannot_be_read_hides_no_twin,
    |provider| {
        let [one, two] = two_sessions(&provider).await;
        let login = (303, "/login".to_owned());
        for line in [
            format!("\u{e9}=1; yihao-session={one}; yihao-session={two}"),
            format!("yihao-session={one}; yihao-session={two}; x=\u{e9}"),
            format!("yihao-session={two}; \u{e9}; yihao-session={one}"),
        ] {
            assert_eq!(account(&provider, &line).await, login, "{line}");
        }
    }
);

on_both!(
    /// a strange cookie of somebody else's beside ours breaks no form.
    a_strange_cookie_breaks_no_form,
    |provider| {
        let person = Person::synthetic(433);
        provider.add_person(&person).await;
        let first = Browser::new();
        let csrf = first.get(&provider.url("/login")).await.csrf();
        let cookie = first.cookie("yihao-browser").unwrap();
        let line = format!("\u{e9}=1; yihao-browser={cookie}");
        let fields = [
            ("csrf", &*csrf),
            ("method", "password"),
            ("identifier", &*person.id_number),
            ("password", person.password()),
        ];

        let url = provider.url("/login");
        let page = Browser::new().post_with(&url, &[("cookie", &line)], &fields).await;

        assert_eq!((page.status, page.header("location")), (303, "/account"), "{}", page.body);
    }
);

on_both_backends!(
    /// behind https every cookie is `__Host-`, Secure, unreadable to scripts and for the whole site:
    /// that of a login, its removal, and those that remember a preference.
    every_cookie_of_a_real_issuer_is_locked_to_it,
    |backend| {
        let provider = TestProvider::start_with(backend, |config| {
            config.issuer = "https://id.example.test".parse().unwrap();
            let key = config.data_dir.join("master.key");
            std::fs::create_dir_all(&config.data_dir).unwrap();
            yihao::vault::Vault::open(&key, true).unwrap();
        })
        .await;
        let person = Person::synthetic(434);
        provider.add_person(&person).await;
        let browser = Browser::new();

        let identity = (&*person.id_number, person.password());
        let login = try_password(&provider, &browser, identity).await;
        assert_eq!(login.status, 303, "{}", login.body);
        assert_locked(&login, "__Host-yihao-session");

        let page = browser.get(&provider.url("/oauth2/logout")).await;
        let out = browser.submit(&page, &[]).await;
        assert_eq!(out.status, 200, "{}", out.body);
        assert_locked(&out, "__Host-yihao-session");
        let preferences = "/preferences?return=/help&locale=en&elder=1";
        let page = browser.get(&provider.url(preferences)).await;
        let cookies = page.set_cookies();
        assert!(!cookies.is_empty());
        for cookie in &cookies {
            assert!(cookie.starts_with("__Host-"), "{cookie}");
            assert_locked(&page, cookie.split('=').next().unwrap());
        }
    }
);
