//! The same bytes through a proxy that reads them first (security.md A-64): `HAProxy`, named by
//! `YIHAO_TEST_HAPROXY`, refuses a path that only a smuggled request can then reach.

use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use crate::support::Backend;
use crate::support::TestProvider;
use crate::support::provider::free_port;
use crate::wire::HIDDEN;
use crate::wire::hiding;
use crate::wire::post;
use crate::wire::send_to;

/// A proxy in front of the provider; it ends with this value.
struct Proxy {
    process: Child,
    address: String,
    settings: PathBuf,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_file(&self.settings);
    }
}

impl Proxy {
    /// Starts one that keeps its connections and lets nobody see `/robots.txt`; none without `HAProxy`.
    async fn start(provider: &TestProvider) -> Option<Self> {
        let program = std::env::var_os("YIHAO_TEST_HAPROXY")?;
        let behind = provider.issuer.trim_start_matches("http://localhost");
        let address = format!("127.0.0.1:{}", free_port());
        let settings = format!(
            "defaults\n mode http\n timeout connect 2s\n timeout client 5s\n timeout server 5s\n \
             http-reuse always\nfrontend front\n bind {address}\n \
             http-request deny deny_status 403 if {{ path /robots.txt }}\n default_backend back\n\
             backend back\n server yihao 127.0.0.1{behind}\n"
        );
        let name = format!("yihao-proxy-{}.cfg", uuid::Uuid::new_v4());
        let file = std::env::temp_dir().join(name);
        std::fs::write(&file, settings).unwrap();
        let mut command = Command::new(program);
        let command = command.arg("-db").arg("-f").arg(&file).stdout(Stdio::null());
        let process = command.stderr(Stdio::null()).spawn().unwrap();
        let proxy = Self { process, address, settings: file };
        for _ in 0..100 {
            if tokio::net::TcpStream::connect(&proxy.address).await.is_ok() {
                return Some(proxy);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the proxy does not listen");
    }
}

/// what the proxy refuses never runs behind it, whatever it is hidden in.
#[tokio::test]
async fn no_request_is_smuggled_past_a_proxy() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let Some(proxy) = Proxy::start(&provider).await else {
        eprintln!("left out: YIHAO_TEST_HAPROXY names no program");
        return;
    };
    let asked = send_to(&proxy.address, HIDDEN).await;
    assert!(asked.starts_with("HTTP/1.1 403"), "the proxy is in the way: {asked}");
    let page = "GET /help HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert!(
        send_to(&proxy.address, page).await.starts_with("HTTP/1.1 200"),
        "and lets others pass"
    );

    for (why, lines, body) in hiding(HIDDEN) {
        let answer = send_to(&proxy.address, &post(lines, &body)).await;
        assert!(!answer.contains("User-agent: *"), "{why}: {answer}");
        // A connection the proxy keeps to us must not answer the next visitor with another's answer.
        let next = send_to(&proxy.address, page).await;
        assert!(
            next.starts_with("HTTP/1.1 200") && !next.contains("User-agent: *"),
            "{why}: {next}"
        );
    }
}
