//! A rolling restart of two nodes on one PostgreSQL behind a balancer (security.md F22, F23): nobody is
//! logged out, and no request fails. The nodes are the real program, ended by SIGTERM.

use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::support::Backend;
use crate::support::Browser;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::provider::free_port;

const PATIENCE: Duration = Duration::from_secs(30);
/// A visitor does this over and over, so many at once.
const VISITORS: u64 = 3;

/// The real program at a port of its own.
struct Node {
    process: Child,
    port: u16,
}

impl Node {
    async fn start(provider: &TestProvider, port: u16) -> Self {
        let config = &provider.provider.config;
        let process = Command::new(env!("CARGO_BIN_EXE_yihao"))
            .arg("serve")
            .env("YIHAO__ISSUER", config.issuer_text())
            .env("YIHAO__LISTEN", format!("127.0.0.1:{port}"))
            .env("YIHAO__DATA_DIR", &config.data_dir)
            .env("YIHAO__DATABASE__URL", &config.database.url)
            .env("YIHAO__DATABASE__CONNECTIONS", "4")
            .env("YIHAO__ACCEPT_SYNTHETIC", "true")
            .env("YIHAO__SHUTDOWN__NOTICE_SECONDS", "1")
            .env("YIHAO__LOG__FILTER", "error")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let (node, begin) = (Self { process, port }, Instant::now());
        while !is_ready(port).await {
            assert!(begin.elapsed() < PATIENCE, "it does not start");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        node
    }

    /// Asked to end, it ends, and says that all went well.
    async fn end(mut self) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let begin = Instant::now();
        let status = loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                break status;
            }
            assert!(begin.elapsed() < PATIENCE, "it does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert!(status.success(), "{status}");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn is_ready(port: u16) -> bool {
    let answer = reqwest::get(format!("http://127.0.0.1:{port}/readyz")).await;
    answer.is_ok_and(|answer| answer.status() == 200)
}

/// What stands in front of the nodes, at the issuer's address: a connection goes to the next node that was
/// ready a moment ago.
async fn balance(issuer_port: u16, ports: [u16; 2]) -> JoinSet<()> {
    let listener = TcpListener::bind(("127.0.0.1", issuer_port)).await.unwrap();
    let ready = Arc::new([AtomicBool::new(true), AtomicBool::new(true)]);
    let mut tasks = JoinSet::new();
    let looked_at = ready.clone();
    tasks.spawn(async move {
        loop {
            for (ready, port) in looked_at.iter().zip(ports) {
                ready.store(is_ready(port).await, Ordering::Relaxed);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    tasks.spawn(async move {
        for turn in 0_usize.. {
            let (mut from, _) = listener.accept().await.unwrap();
            let next = [turn % 2, (turn + 1) % 2];
            let chosen = next.into_iter().find(|node| ready[*node].load(Ordering::Relaxed));
            let port = ports[chosen.unwrap_or(next[0])];
            tokio::spawn(async move {
                if let Ok(mut to) = TcpStream::connect(("127.0.0.1", port)).await {
                    // Whoever closes first, the other side sees it.
                    let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
                }
            });
        }
    });
    tasks
}

/// Somebody who looks at the account, goes to a portal, and whose portal works with its tokens.
async fn visit(browser: &Browser, web1: &RelyingParty, account: &str) {
    assert_eq!(browser.get(account).await.status, 200, "logged out");
    let landing = web1.landing(&browser.get(&web1.authorize(&[("prompt", "none")])).await);
    let tokens = web1.redeem(landing.expect("back at the portal").code()).await.json();
    let refreshed = web1.refresh(tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.body);
    let token = refreshed.json()["access_token"].as_str().unwrap().to_owned();
    let asked = web1.call("/oauth2/introspect", &[("token", &token)]).await.json();
    assert_eq!(asked["active"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_logs_nobody_out_and_fails_no_request() {
    let Some(backend) = Backend::postgres() else { return };
    let mut provider = TestProvider::start_with(backend, |_| {}).await;
    let web1 = RelyingParty::new(&provider, "web1");
    let mut visitors = Vec::new();
    for seed in 0..VISITORS {
        let (person, browser) = (Person::synthetic(seed + 1), Browser::without_keep_alive());
        provider.add_person(&person).await;
        web1.log_in(&browser, &person, &[]).await;
        visitors.push(browser);
    }
    let issuer_port = provider.provider.config.listen.port();
    provider.stop().await;
    let ports = [free_port(), free_port()];
    let mut nodes = Vec::new();
    for port in ports {
        nodes.push(Node::start(&provider, port).await);
    }
    let balancer = balance(issuer_port, ports).await;
    let (over, visits) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut running = JoinSet::new();
    for browser in visitors {
        let (web1, over, visits) = (web1.clone(), over.clone(), visits.clone());
        let account = provider.url("/account");
        running.spawn(async move {
            while !over.load(Ordering::Relaxed) {
                visit(&browser, &web1, &account).await;
                visits.fetch_add(1, Ordering::Relaxed);
            }
        });
    }

    for round in 0..4 {
        let old = nodes.remove(0);
        let port = old.port;
        let before = visits.load(Ordering::Relaxed);
        old.end().await;
        nodes.push(Node::start(&provider, port).await);
        // Until the balancer has seen it, and some visits went through both.
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(visits.load(Ordering::Relaxed) > before, "round {round}: nothing was served");
    }

    over.store(true, Ordering::Relaxed);
    while let Some(visitor) = running.join_next().await {
        visitor.expect("no visitor saw a failure");
    }
    drop(balancer);
}
