//! Tests of the guarded client against local servers that behave badly (security case A-66).

use super::Limits;
use super::Lookup;
use super::Outbound;
use super::OutboundError;
use super::OutboundRules;
use super::Refusal;
use super::system_lookup;

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use url::Url;

const SHORT: Limits = Limits { total: Duration::from_millis(400), body: 64 * 1024 };

/// A server that reads one request, answers as the closure says and counts its connections.
async fn serve<F, A>(answer: F) -> (SocketAddr, Arc<AtomicUsize>)
where
    F: Fn(TcpStream) -> A + Send + Sync + 'static,
    A: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::new(AtomicUsize::new(0));
    let count = seen.clone();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let mut request = [0; 4096];
            // What a client sends first fits one read on loopback.
            let _ = socket.read(&mut request).await;
            tokio::spawn(answer(socket));
        }
    });
    (address, seen)
}

async fn say(text: &'static str) -> (SocketAddr, Arc<AtomicUsize>) {
    serve(move |mut socket| async move {
        let _ = socket.write_all(text.as_bytes()).await;
    })
    .await
}

async fn canary() -> (SocketAddr, Arc<AtomicUsize>) {
    say("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret").await
}

fn outbound(allow: &[&str], limits: Limits) -> Outbound {
    resolving(allow, limits, &(Arc::new(system_lookup) as Lookup))
}

fn resolving(allow: &[&str], limits: Limits, lookup: &Lookup) -> Outbound {
    let allow = allow.iter().map(|rule| rule.parse().unwrap()).collect();
    Outbound::with(OutboundRules { allow, ca_file: None }, limits, lookup).unwrap()
}

fn to(address: SocketAddr) -> (Outbound, Url) {
    let url = format!("http://{address}/x").parse().unwrap();
    (outbound(&[&address.to_string()], SHORT), url)
}

#[tokio::test]
async fn an_allowed_target_answers_with_status_type_and_body() {
    let (address, _) =
        say("HTTP/1.1 201 Created\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi")
            .await;
    let (outbound, url) = to(address);

    let answer = outbound.post_form(&url, &[("a", "一 &")]).await.unwrap();

    assert_eq!(answer.status, 201);
    assert_eq!(answer.content_type.as_deref(), Some("text/plain"));
    assert_eq!(answer.body, b"hi");
}

#[tokio::test]
async fn a_refused_address_sees_no_connection_in_any_spelling() {
    let (address, seen) = canary().await;
    let port = address.port();
    let outbound = outbound(&["portal.example", "127.0.0.1:1"], SHORT);
    for host in [
        "127.0.0.1",
        "localhost",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0177.0.0.1",
        "0x7f.1",
        "0.0.0.0",
        "user:pw@127.0.0.1",
    ] {
        for scheme in ["http", "https"] {
            let url: Url = format!("{scheme}://{host}:{port}/").parse().unwrap();
            let error = outbound.get(&url).await.unwrap_err();
            assert!(matches!(error, OutboundError::Denied(_)), "{url} {error:?}");
        }
    }
    assert_eq!(seen.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let (canary, seen) = canary().await;
    let (address, _) = serve(move |mut socket| async move {
        let head = format!("HTTP/1.1 302 Found\r\nLocation: http://{canary}/\r\n");
        let _ = socket.write_all(head.as_bytes()).await;
        let _ = socket.write_all(b"Content-Length: 0\r\n\r\n").await;
    })
    .await;
    // The canary is allowed too, so only the redirect policy keeps it silent.
    let allow = [address.to_string(), canary.to_string()];
    let outbound = outbound(&[&allow[0], &allow[1]], SHORT);

    let answer = outbound.get(&format!("http://{address}/").parse().unwrap()).await.unwrap();

    assert_eq!(answer.status, 302);
    assert_eq!(seen.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_allowed_name_that_turns_to_loopback_reaches_nothing() {
    let (address, seen) = canary().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    // A public address for the first question, the canary's from then on.
    let lookup: Lookup = Arc::new(move |_| {
        let first = count.fetch_add(1, Ordering::SeqCst) == 0;
        let address = if first { [192, 0, 2, 1] } else { [127, 0, 0, 1] };
        Box::pin(async move { Ok(vec![IpAddr::from(address)]) })
    });
    let rule = format!("rebind.example:{}", address.port());
    let outbound = resolving(&[&rule], SHORT, &lookup);
    let url: Url = format!("https://rebind.example:{}/", address.port()).parse().unwrap();

    outbound.get(&url).await.unwrap_err();
    let second = outbound.get(&url).await.unwrap_err();

    assert!(matches!(second, OutboundError::Denied(Refusal::NotAllowed)), "{second:?}");
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    assert_eq!(seen.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_name_without_a_rule_is_judged_by_the_address_it_resolves_to() {
    let (address, seen) = canary().await;
    let lookup: Lookup = Arc::new(|_| Box::pin(async { Ok(vec![Ipv4Addr::LOCALHOST.into()]) }));
    let rule = format!("10.0.0.0/8:{}", address.port());
    let outbound = resolving(&[&rule], SHORT, &lookup);

    let url = format!("https://inside.example:{}/", address.port()).parse().unwrap();
    let error = outbound.get(&url).await.unwrap_err();

    assert!(matches!(error, OutboundError::Denied(Refusal::NotAllowed)), "{error:?}");
    assert_eq!(seen.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_gigabyte_is_cut_off_whether_announced_or_not() {
    for announced in ["Content-Length: 1073741824", "X-Length: unknown"] {
        let (address, _) = serve(move |mut socket| async move {
            let head = format!("HTTP/1.1 200 OK\r\n{announced}\r\n\r\n");
            let _ = socket.write_all(head.as_bytes()).await;
            while socket.write_all(&[b'x'; 8192]).await.is_ok() {}
        })
        .await;
        let (outbound, url) = to(address);
        let error = outbound.get(&url).await.unwrap_err();
        assert!(matches!(error, OutboundError::TooLarge), "{announced} {error:?}");
    }
}

#[tokio::test]
async fn drips_silence_and_endless_headers_end_within_the_limit() {
    let starts = ["HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", "", "HTTP/1.1 200 OK\r\n"];
    for start in starts {
        let (address, _) = serve(move |mut socket| async move {
            let _ = socket.write_all(start.as_bytes()).await;
            let drip: &[u8] = match start.len() {
                0 => b"",
                17 => b"X-More: and more\r\n",
                _ => b"x",
            };
            while socket.write_all(drip).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        let (outbound, url) = to(address);
        let began = Instant::now();
        let error = outbound.get(&url).await.unwrap_err();
        assert!(matches!(error, OutboundError::TimedOut), "{start:?} {error:?}");
        assert!(began.elapsed() < SHORT.total * 3, "{start:?}");
    }
}

#[tokio::test]
async fn the_default_limits_are_three_seconds_and_64_kib() {
    let limits = Limits::default();
    assert_eq!((limits.total.as_secs(), limits.body), (3, 65_536));
}

#[tokio::test]
async fn an_encoded_or_unreadable_answer_is_refused_without_repeating_it() {
    let (encoded, _) =
        say("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nbomb").await;
    let (outbound, url) = to(encoded);
    assert!(matches!(outbound.get(&url).await.unwrap_err(), OutboundError::Encoded));

    let (garbage, _) = say("SSH-2.0-OpenSSH_9.6 internal-host\r\n").await;
    let (outbound, url) = to(garbage);
    let error = outbound.get(&url).await.unwrap_err();
    assert!(matches!(error, OutboundError::Broken), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("internal-host"));
}

#[tokio::test]
async fn https_needs_a_certificate_of_a_known_authority() {
    let key = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let tls = axum_server::tls_rustls::RustlsConfig::from_config(Arc::new(server_tls(&key)));
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let page = axum::Router::new().route("/", axum::routing::get(|| async { "sealed" }));
    let server = axum_server::from_tcp_rustls(listener, tls).unwrap();
    tokio::spawn(server.serve(page.into_make_service()));
    let url: Url = format!("https://localhost:{port}/").parse().unwrap();
    let ca_file = authority_file(port, &key.cert.pem());
    let allow = || vec![format!("localhost:{port}").parse().unwrap()];

    let stranger = Outbound::new(OutboundRules { allow: allow(), ca_file: None }).unwrap();
    let error = stranger.get(&url).await.unwrap_err();
    let rules = OutboundRules { allow: allow(), ca_file: Some(ca_file.clone()) };
    let answer = Outbound::new(rules).unwrap().get(&url).await;
    std::fs::remove_file(ca_file).unwrap();

    assert!(matches!(error, OutboundError::Unreachable(_)), "{error:?}");
    assert_eq!(answer.unwrap().body, b"sealed");
}

#[test]
fn an_unusable_authority_file_is_named() {
    let missing = PathBuf::from("/nonexistent/ca.pem");
    let error = Outbound::new(OutboundRules { allow: Vec::new(), ca_file: Some(missing) });
    assert!(error.unwrap_err().to_string().contains("/nonexistent/ca.pem"));
}

fn server_tls(key: &rcgen::CertifiedKey<rcgen::KeyPair>) -> rustls::ServerConfig {
    let private = rustls::pki_types::PrivateKeyDer::Pkcs8(key.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![key.cert.der().clone()], private)
        .unwrap()
}

fn authority_file(port: u16, pem: &str) -> PathBuf {
    let path =
        std::env::temp_dir().join(format!("yihao-outbound-{}-{port}.pem", std::process::id()));
    std::fs::write(&path, pem).unwrap();
    path
}
