//! Text that wants to be something else (security.md ): in pages, queries, headers
//! and the log it stays text, or is refused.

use std::io::Write;
use std::sync::Arc;
use std::sync::Mutex;

use crate::on_both;
use crate::support::Backend;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::login::is_logged_in;
use crate::support::login::log_in;
use crate::support::login::sign_up_form;
use crate::support::login::try_password;

const MARKUP: &str = "\"'><svg onload=alert(1)>{{7*7}}</title><script>alert(1)</script>";

/// Every form a person with a session can send, and its fields.
const FORMS: &[(&str, &[&str])] = &[
    (
        "/login",
        &["identifier", "id_type", "id_country", "password", "method", "step", "challenge", "tx"],
    ),
    ("/login/second", &["code", "method", "challenge", "tx"]),
    ("/login/enrol", &["code", "challenge", "tx"]),
    ("/consent", &["decision", "tx"]),
    ("/choose", &["subject", "search", "from", "tx"]),
    ("/verify", &["step", "kind", "agreed", "password", "tx"]),
    (
        "/account/mandates",
        &[
            "step",
            "mandate",
            "uscc",
            "name",
            "number",
            "id_type",
            "id_country",
            "items",
            "from",
            "until",
            "matters",
        ],
    ),
    (
        "/signup",
        &[
            "name",
            "id_type",
            "id_country",
            "id_number",
            "phone",
            "password",
            "password_again",
            "terms",
            "tx",
        ],
    ),
    ("/signup/code", &["pending", "code", "step", "phone_masked", "tx"]),
    ("/account/sessions", &["end"]),
    ("/account/verification", &["step", "kind", "agreed"]),
    ("/account/portals", &["withdraw"]),
    ("/account/password", &["current_password", "password", "password_again"]),
    ("/account/totp", &["step", "code", "challenge"]),
    ("/account/reauthenticate", &["password", "return"]),
];

fn is_plain(page: &Page) -> bool {
    let body = &page.body;
    !body.contains("<svg onload") && !body.contains("<script>alert") && !body.contains("'><svg")
}

on_both!(
    /// what a browser calls itself is text on the sessions page, and cut.
    a_user_agent_is_text_on_the_sessions_page,
    |provider| {
        let person = Person::synthetic(211);
        provider.add_person(&person).await;
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let http = http.user_agent(format!("{MARKUP}{}", "x".repeat(5000))).build().unwrap();
        let page = http.get(provider.url("/login")).send().await.unwrap();
        let cookie = page.headers()["set-cookie"].to_str().unwrap().to_owned();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let text = page.text().await.unwrap();
        let csrf = text.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let form =
            [("csrf", csrf), ("identifier", &*person.id_number), ("password", person.password())];
        let request = http.post(provider.url("/login")).header("cookie", cookie).form(&form);
        assert_eq!(request.send().await.unwrap().status(), 303);
        let browser = Browser::new();
        log_in(&provider, &browser, &person).await;

        let page = browser.get(&provider.url("/account/sessions")).await;

        assert!(is_plain(&page), "{}", page.body);
        assert!(page.body.contains("&lt;svg onload"), "shown as text");
        assert!(!page.body.contains(&"x".repeat(100)), "and cut");
        assert_eq!(provider.count("SELECT CAST(MAX(LENGTH(user_agent)) AS BIGINT) FROM session").await, 200);
    }
);

on_both!(
    /// in every field of every form, markup, SQL, wildcards and JSON are words; nothing changes,
    /// nothing breaks, nothing is repeated unescaped.
    hostile_words_in_every_field_change_nothing,
    |provider| {
        let person = Person::synthetic(212);
        provider.add_person(&person).await;
        let browser = Browser::new();
        log_in(&provider, &browser, &person).await;
        let csrf = browser.get(&provider.url("/account/password")).await.csrf();
        let tables = ["session WHERE ended_at IS NULL", "account", "consent", "totp", "approval"];
        let before = provider.rows(&tables).await;
        let long = "'".repeat(1500);
        for (path, names) in FORMS {
            for word in
                [MARKUP, "'", "''; DROP TABLE account;--", "%", "_", "\\", "{\"$gt\":\"\"}", &long]
            {
                let mut fields: Vec<(&str, &str)> = names.iter().map(|name| (*name, word)).collect();
                fields.push(("csrf", &csrf));
                let page = browser.post(&provider.url(path), &fields).await;
                assert!(matches!(page.status, 303 | 400 | 409), "{path} {word:.30}: {}", page.status);
                assert!(is_plain(&page), "{path}: {}", page.body);
                assert!(page.location().is_none_or(|to| to.origin() == page.url.origin()), "{path}");
            }
        }
        for path in ["/account/history?before=", "/login?tx=", "/login?method=", "/signup?tx="] {
            for word in ["%27%20or%201=1", "1;--", "-9223372036854775809", "1e400", "%3Csvg%3E"] {
                let page = browser.get(&provider.url(&format!("{path}{word}"))).await;
                assert!(matches!(page.status, 303 | 400), "{path}{word}: {}", page.status);
            }
        }
        assert_eq!(provider.rows(&tables).await, before);
        assert!(is_logged_in(&provider, &browser).await);
    }
);

on_both!(
    /// a wildcard is a letter: it finds nobody.
    wildcards_find_nobody,
    |provider| {
        let person = Person::synthetic(213);
        provider.add_person(&person).await;
        let short = person.phone.trim_start_matches("+86");
        for identifier in ["%", &format!("{}%", &short[..7]), &format!("{}_", &short[..10])] {
            let identity = (identifier, person.password());
            let page = try_password(&provider, &Browser::new(), identity).await;
            assert_eq!(page.status, 400, "{identifier}");
        }
    }
);

/// Keeps what is logged on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Begins to keep what is logged on this thread, as long as the other two live.
    fn begin() -> (Self, tracing::Dispatch, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().json().flatten_event(true);
        let subscriber = subscriber.with_max_level(tracing::Level::TRACE);
        let subscriber = subscriber.with_writer(move || writer.clone()).finish();
        // With one subscriber alone, tracing asks the thread that first meets an event whether anybody
        // wants it, and the other tests' threads want nothing.
        let second = tracing::Dispatch::new(tracing_subscriber::registry());
        let here = tracing::subscriber::set_default(subscriber);
        tracing::callsite::rebuild_interest_cache();
        (log, second, here)
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A-61, A-70: line ends and escapes break no header and no line of the log, and neither the log nor the
/// answer holds what people typed as a secret.
#[tokio::test]
async fn line_ends_break_neither_headers_nor_the_log() {
    let (log, _second, _here) = Log::begin();
    let provider = TestProvider::start(Backend::Sqlite).await;
    let person = Person::synthetic(214);
    provider.add_person(&person).await;
    let (browser, post1) = (Browser::new(), RelyingParty::new(&provider, "post1"));
    let evil = "a\r\nSet-Cookie: x=1\r\n\r\n<b>\u{2028}\u{1b}[31m";
    let hostile = [("state", evil), ("login_hint", evil), ("ui_locales", evil)];

    let page = browser.follow(browser.get(&post1.authorize(&hostile)).await).await;
    let identifier = format!("{}\r\n{{\"level\":\"ERROR\"}}", person.id_number);
    browser.submit(&page, &[("identifier", &identifier), ("password", "wr0ng-canary")]).await;
    let fields = [("identifier", &*person.id_number), ("password", person.password())];
    let answer = browser.follow(browser.submit(&page, &fields).await).await;
    browser.get(&provider.url("/%0d%0aevil%1b%5b31m")).await;
    let signup = browser.get(&provider.url("/signup")).await;
    for name in ["李\r\nSet-Cookie: x=1", "李\u{2028}四", "李\u{1b}[31m四", "李\u{202e}四"] {
        let named = Person { name: name.to_owned(), ..Person::synthetic(215).without_account() };
        let page = browser.submit(&signup, &sign_up_form(&named, "lantern on a lake")).await;
        assert!(page.status == 400 && page.has("name-error"), "{name:?}: {}", page.status);
    }
    browser
        .get(&provider.url("/preferences?return=/%0d%0aSet-Cookie:%20x=1&locale=en%0d%0a"))
        .await;

    assert_eq!(post1.landing(&answer).unwrap().get("state"), Some(evil), "repeated to the letter");
    assert_eq!(browser.cookie("x"), None);
    let log = log.text();
    let ours: Vec<&str> = log.lines().filter(|line| line.contains("\"answered\"")).collect();
    assert!(ours.len() >= 6, "{log}");
    for line in log.lines() {
        let read: serde_json::Value = serde_json::from_str(line).expect("one event a line");
        assert!(read["level"].is_string());
    }
    let own = log.lines().filter(|line| line.contains("\"target\":\"yihao"));
    for line in own {
        for secret in ["wr0ng-canary", person.password(), &person.id_number, &person.phone[3..]] {
            assert!(!line.contains(secret), "{line}");
        }
        assert!(!line.contains('\u{1b}') && !line.contains("Set-Cookie"), "{line}");
    }
}

on_both!(
    /// too many parameters, too long ones and broken text are refused before any work.
    what_is_too_much_or_no_text_is_refused,
    |provider| {
        let browser = Browser::new();
        let web1 = RelyingParty::new(&provider, "web1");
        let audit = provider.rows(&["throttle", "session", "one_time_code"]).await;
        for name in ["login_hint", "ui_locales", "acr_values", "state", "nonce", "scope"] {
            let page = browser.get(&web1.authorize(&[(name, &"x".repeat(5000))])).await;
            assert_eq!((page.status, page.location()), (400, None), "{name}");
        }
        let scope = "openid ".repeat(580);
        let page = browser.get(&web1.authorize(&[("scope", &scope)])).await;
        assert!(matches!(page.status, 303 | 400));
        let page = browser.get(&provider.url("/login")).await;
        for field in ["identifier", "password"] {
            let refused = browser.submit(&page, &[(field, &"x".repeat(5000))]).await;
            assert_eq!(refused.status, 400, "{field}");
        }
        let many: Vec<(String, &str)> = (0..70).map(|number| (format!("f{number}"), "x")).collect();
        let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (&**name, *value)).collect();
        assert_eq!(browser.submit(&page, &many).await.status, 400);
        for number in 0..200 {
            let language = format!("x{number}, en;q=0.{number}, zz-{number}-{number}");
            let page =
                browser.get_with(&provider.url("/help"), &[("accept-language", &language)]).await;
            assert_eq!(page.status, 200);
        }
        for broken in ["login?tx=%ff%fe", "login?%80=1", "preferences?locale=%c0%af"] {
            let page = browser.get(&provider.url(&format!("/{broken}"))).await;
            assert_eq!(page.status, 400, "{broken}");
        }
        assert_eq!(provider.rows(&["throttle", "session", "one_time_code"]).await, audit);
    }
);

on_both!(
    /// no host a request names, and no header of a proxy, finds its way into an answer.
    no_host_of_a_request_is_repeated,
    |provider| {
        let web1 = RelyingParty::new(&provider, "web1");
        let headers = [
            ("host", "evil.example"),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-proto", "gopher"),
            ("forwarded", "host=evil.example;proto=gopher"),
            ("x-original-url", "https://evil.example/account"),
            ("x-rewrite-url", "/account"),
            ("x-http-method-override", "DELETE"),
        ];
        for path in [
            "/",
            "/login",
            "/signup",
            "/account",
            "/oauth2/logout",
            "/nothing",
            "/.well-known/openid-configuration",
            &web1.authorize(&[])[provider.issuer.len()..],
        ] {
            let page = Browser::new().get_with(&provider.url(path), &headers).await;
            let told = format!("{:?}{}", page.headers, page.body);
            assert!(!told.contains("evil.example") && !told.contains("gopher"), "{path}: {told}");
            assert!(matches!(page.status, 200 | 303 | 404), "{path}: {}", page.status);
        }
    }
);

/// a long value is cut in the log, with a mark.
#[tokio::test]
async fn a_long_method_is_cut_in_the_log() {
    use tokio::io::AsyncReadExt;
    use tokio::io::AsyncWriteExt;
    let (log, _second, _here) = Log::begin();
    let provider = TestProvider::start(Backend::Sqlite).await;
    let address = provider.issuer.trim_start_matches("http://").replace("localhost", "127.0.0.1");
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let method = "A".repeat(8_000);
    let request =
        format!("{method} /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();

    assert!(answer.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&answer));
    let log = log.text();
    let own = log.lines().filter(|line| line.contains("\"target\":\"yihao"));
    for line in own {
        assert!(!line.contains(&"A".repeat(300)), "{} letters in one line", line.len());
    }
}
