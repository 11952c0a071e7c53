//! Requests as bytes (security.md; RFC 9112 §3.2, §6.3, §11.2): what two servers could read
//! differently is refused, and no second request hides in a first.

use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;

use crate::support::Backend;
use crate::support::TestProvider;

/// Sends bytes; gives what comes back until the connection closes or nothing more comes.
async fn send(provider: &TestProvider, bytes: &str) -> String {
    let address = provider.issuer.trim_start_matches("http://").replace("localhost", "127.0.0.1");
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
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
fn post(lines: &str, body: &str) -> String {
    let typed = "Content-Type: application/x-www-form-urlencoded";
    format!("POST /login HTTP/1.1\r\nHost: localhost\r\n{typed}\r\n{lines}\r\n\r\n{body}")
}

const HIDDEN: &str = "GET /robots.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// a length that is said twice, or in two ways, is refused, and what follows is no request.
#[tokio::test]
async fn a_second_request_never_hides_in_a_first() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let chunks = format!("0\r\n\r\n{HIDDEN}");
    for (why, lines, body) in [
        ("two lengths", "Content-Length: 3\r\nContent-Length: 80", format!("a=b{HIDDEN}")),
        ("a list of lengths", "Content-Length: 3, 80", format!("a=b{HIDDEN}")),
        ("both ways", "Content-Length: 5\r\nTransfer-Encoding: chunked", chunks.clone()),
        ("both ways, turned", "Transfer-Encoding: chunked\r\nContent-Length: 5", chunks.clone()),
        ("another coding", "Transfer-Encoding: chunked, identity", chunks.clone()),
        ("no coding", "Transfer-Encoding: xchunked", chunks.clone()),
        ("a blank before the colon", "Transfer-Encoding : chunked", chunks.clone()),
        ("a folded line", "Transfer-Encoding:\r\n chunked", chunks.clone()),
        ("a plus", "Content-Length: +3", format!("a=b{HIDDEN}")),
        ("negative", "Content-Length: -1", HIDDEN.to_owned()),
        ("hexadecimal", "Content-Length: 0x3", format!("a=b{HIDDEN}")),
    ] {
        let answer = send(&provider, &post(lines, &body)).await;
        assert!(!answer.contains("User-agent: *"), "{why}: the second request was answered");
        assert!(statuses(&answer).len() <= 1, "{why}: {answer}");
        assert!(statuses(&answer).iter().all(|status| status.starts_with('4')), "{why}: {answer}");
    }
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

/// paths that only look like one of ours are none.
#[tokio::test]
async fn a_path_is_what_it_is() {
    let provider = TestProvider::start(Backend::Sqlite).await;
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
        let get = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let answer = send(&provider, &get).await;
        assert!(matches!(statuses(&answer)[..], ["404" | "400"]), "{path}: {answer}");
    }
}
