//! Requests as bytes (security.md; RFC 9112 §3.2, §6.3, §11.2): what two servers could read
//! differently is refused, and no second request hides in a first.

use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;

use crate::support::Backend;
use crate::support::Browser;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::login::log_in;

/// Sends bytes; gives what comes back until the connection closes or nothing more comes.
async fn send(provider: &TestProvider, bytes: &str) -> String {
    let address = provider.issuer.trim_start_matches("http://").replace("localhost", "127.0.0.1");
    send_to(&address, bytes).await
}

/// The same, to whoever listens at this address.
pub async fn send_to(address: &str, bytes: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    // Who refuses early does not read to the end.
    let _ = stream.write_all(bytes.as_bytes()).await;
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let _ = tokio::time::timeout(Duration::from_millis(700), read).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// The statuses of the answers.
fn statuses(answer: &str) -> Vec<&str> {
    let lines = answer.lines().filter(|line| line.starts_with("HTTP/1.1 "));
    lines.map(|line| &line[9..12]).collect()
}

/// A POST of the login form with these header lines and this body.
pub fn post(lines: &str, body: &str) -> String {
    let typed = "Content-Type: application/x-www-form-urlencoded";
    format!("POST /login HTTP/1.1\r\nHost: localhost\r\n{typed}\r\n{lines}\r\n\r\n{body}")
}

pub const HIDDEN: &str = "GET /robots.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// Forms that can be read in two ways, each with a request hidden in its body: why, header lines, body.
pub fn hiding(hidden: &str) -> Vec<(&'static str, &'static str, String)> {
    let chunks = format!("0\r\n\r\n{hidden}");
    let counted = format!("a=b{hidden}");
    vec![
        ("two lengths", "Content-Length: 3\r\nContent-Length: 80", counted.clone()),
        ("a list of lengths", "Content-Length: 3, 80", counted.clone()),
        ("both ways", "Content-Length: 5\r\nTransfer-Encoding: chunked", chunks.clone()),
        ("both ways, turned", "Transfer-Encoding: chunked\r\nContent-Length: 5", chunks.clone()),
        ("another coding", "Transfer-Encoding: chunked, identity", chunks.clone()),
        ("no coding", "Transfer-Encoding: xchunked", chunks.clone()),
        ("a blank before the colon", "Transfer-Encoding : chunked", chunks.clone()),
        ("a folded line", "Transfer-Encoding:\r\n chunked", chunks.clone()),
        ("a plus", "Content-Length: +3", counted.clone()),
        ("negative", "Content-Length: -1", hidden.to_owned()),
        ("hexadecimal", "Content-Length: 0x3", counted.clone()),
        ("a list of one length", "Content-Length: 3, 3", counted),
        ("chunked, chunked", "Transfer-Encoding: chunked, chunked", chunks.clone()),
        ("a control character", "Transfer-Encoding: \u{b}chunked", chunks),
    ]
}

/// a length that is said twice, or in two ways, is refused, and what follows is no request.
#[tokio::test]
async fn a_second_request_never_hides_in_a_first() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    for (why, lines, body) in hiding(HIDDEN) {
        let answer = send(&provider, &post(lines, &body)).await;
        assert!(!answer.contains("User-agent: *"), "{why}: the second request was answered");
        assert!(statuses(&answer).len() <= 1, "{why}: {answer}");
        assert!(statuses(&answer).iter().all(|status| status.starts_with('4')), "{why}: {answer}");
    }
}

/// where two readings agree, the one request is answered or refused, and nothing beside it.
#[tokio::test]
async fn what_is_said_twice_alike_is_one_request_at_most() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let hidden = "GET /robots.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let chunk = format!("{:x}\r\n{hidden}\r\n0\r\n\r\n", hidden.len());
    let length = hidden.len();
    for (why, lines, body) in [
        (
            "one length twice",
            format!("Content-Length: {length}\r\nContent-Length: {length}"),
            hidden,
        ),
        (
            "chunked twice",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked".to_owned(),
            &*chunk,
        ),
    ] {
        let answer = send(&provider, &post(&lines, body)).await;
        assert!(!answer.contains("User-agent: *"), "{why}: {answer}");
        assert_eq!(statuses(&answer).len(), 1, "{why}: {answer}");
        assert!(statuses(&answer)[0].starts_with('4'), "{why}: {answer}");
    }
}

/// HTTP/1.0 knows no chunks.
#[tokio::test]
async fn http_1_0_has_no_chunks() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let body = format!("0\r\n\r\n{HIDDEN}");
    let request = post("Transfer-Encoding: chunked\r\nConnection: keep-alive", &body);
    let answer = send(&provider, &request.replacen("HTTP/1.1", "HTTP/1.0", 1)).await;
    assert!(!answer.contains("User-agent: *"), "{answer}");
    let answers = answer.lines().filter(|line| line.starts_with("HTTP/1.")).count();
    assert!(answers <= 1, "{answer}");
}

/// chunks that are not spelled as RFC 9112 §7.1 has it end the connection.
#[tokio::test]
async fn malformed_chunks_end_the_connection() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    for size in ["0x3", "-3", "3 3", "11111111111111111", "g", "", "３"] {
        let body = format!("{size}\r\na=b\r\n0\r\n\r\n{HIDDEN}");
        let answer = send(&provider, &post("Transfer-Encoding: chunked", &body)).await;
        assert!(!answer.contains("User-agent: *"), "{size}: the second request was answered");
        assert!(statuses(&answer).iter().all(|status| status.starts_with('4')), "{size}: {answer}");
    }
}

/// a body where none belongs is dropped, and is no request of its own.
#[tokio::test]
async fn a_body_on_get_is_no_request() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let inner = "GET /account HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let outer = format!(
        "GET /help HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{inner}{HIDDEN}",
        inner.len()
    );

    let answer = send(&provider, &outer).await;

    let statuses = statuses(&answer);
    assert!(matches!(statuses[..], ["200"] | ["200", "200"]), "nothing asked for the account");
}

/// two hosts, or none, is no request; an address with a host of its own is only its path.
#[tokio::test]
async fn a_request_has_one_host() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let get = |target: &str, lines: &str| {
        format!("GET {target} HTTP/1.1\r\n{lines}Connection: close\r\n\r\n")
    };
    for lines in ["Host: localhost\r\nHost: evil.example\r\n", "Host: a\r\nHost: a\r\n", ""] {
        let answer = send(&provider, &get("/help", lines)).await;
        assert_eq!(statuses(&answer), ["400"], "{lines:?}");
    }
    for target in ["http://evil.example/help", "http://evil.example:80/account"] {
        let answer = send(&provider, &get(target, "Host: localhost\r\n")).await;
        assert!(matches!(statuses(&answer)[..], ["200" | "303" | "400"]), "{target}: {answer}");
        assert!(!answer.contains("evil.example"), "{target}");
    }
    for host in ["op.test:8443@evil.example", "evil.example/x", "[::1", "\u{e9}"] {
        let answer = send(&provider, &get("/help", &format!("Host: {host}\r\n"))).await;
        assert!(matches!(statuses(&answer)[..], ["200" | "400"]), "{host}: {answer}");
        assert!(!answer.contains("evil.example"), "{host}");
    }
    let answer =
        send(&provider, "GET /help HTTP/1.1\nHost: localhost\nConnection: close\n\n").await;
    assert!(statuses(&answer).len() <= 1, "bare line feeds make one request at most");
}

/// no tunnel, and no request for a whole server.
#[tokio::test]
async fn a_server_is_no_proxy() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    for line in [
        "CONNECT localhost:22 HTTP/1.1",
        "CONNECT evil.example:443 HTTP/1.1",
        "CONNECT /account HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "TRACE /account HTTP/1.1",
        "GET * HTTP/1.1",
    ] {
        let request = format!("{line}\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let answer = send(&provider, &request).await;
        let statuses = statuses(&answer);
        assert!(matches!(statuses[..], ["400" | "404" | "405" | "501"] | []), "{line}: {answer}");
    }
}

/// paths that only look like one of ours are none, with a session and without, however asked.
#[tokio::test]
async fn a_path_is_what_it_is() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let (person, browser) = (Person::synthetic(421), Browser::new());
    provider.add_person(&person).await;
    log_in(&provider, &browser, &person).await;
    let cookie = format!("Cookie: yihao-session={}\r\n", browser.cookie("yihao-session").unwrap());
    for path in [
        "/account/..;/",
        "//account",
        "/%61ccount",
        "/account%2f",
        "/account%00",
        "/ACCOUNT",
        "/account.json",
        "/account;x=1",
        "/.%00/account",
        "/./account",
        "/assets/../account",
        "/assets/..%2f..%2fCargo.toml",
        "/assets/%2e%2e/locales/en/login.ftl",
        "/account\\sessions",
    ] {
        for (method, lines) in [
            ("GET", ""),
            ("GET", &*cookie),
            ("POST", &*cookie),
            ("GET", "X-Original-URL: /account\r\nX-Rewrite-URL: /account\r\n"),
        ] {
            let length = if method == "POST" { "Content-Length: 0\r\n" } else { "" };
            let request = format!(
                "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{lines}{length}Connection: close\r\n\r\n"
            );
            let answer = send(&provider, &request).await;
            let statuses = statuses(&answer);
            assert!(matches!(statuses[..], ["404" | "400" | "405"]), "{method} {path}: {answer}");
            assert!(!answer.contains(&person.name[3..]), "{path}");
        }
    }
    for path in ["/nothing", "/help"] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Rewrite-URL: /account\r\n{cookie}Connection: close\r\n\r\n"
        );
        let answer = send(&provider, &request).await;
        let plain = if path == "/help" { "200" } else { "404" };
        assert_eq!(statuses(&answer), [plain], "{path}");
    }
}

/// an address of a megabyte, and a thousand header lines, are refused.
#[tokio::test]
async fn what_is_too_long_for_a_head_is_refused() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let long = "x".repeat(1024 * 1024);
    let lines = "X-Line: x\r\n".repeat(10_000);
    for (path, lines) in [
        (format!("/oauth2/authorize?client_id=web1&state={long}"), ""),
        (format!("/{long}"), ""),
        ("/help".to_owned(), &*lines),
        ("/help".to_owned(), &*format!("X-Line: {long}\r\n")),
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n{HIDDEN}");
        let answer = send(&provider, &request).await;
        assert!(matches!(statuses(&answer)[..], ["400" | "414" | "431"] | []), "{answer:.200}");
    }
    let after = send(&provider, HIDDEN).await;
    assert_eq!(statuses(&after), ["200"]);
}

/// RFC 9112 §2.2 lets a line end in a line feed alone; a carriage return alone ends nothing, and what
/// seems to follow it is no request.
#[tokio::test]
async fn a_bare_carriage_return_hides_no_request() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    for request in [
        format!("GET /help HTTP/1.1\r\nHost: localhost\r\nX: a\rb\r\n\r\n{HIDDEN}"),
        format!("GET /help HTTP/1.1\r\nHost: localhost\r\nX: a\r\r{HIDDEN}"),
    ] {
        let answer = send(&provider, &request).await;
        assert!(statuses(&answer).len() <= 1, "{request:?}: {answer}");
        assert!(!answer.contains("User-agent: *"), "{request:?}: {answer}");
    }
}
