//! Where alerts go: a signed call that is repeated until it is taken, syslog, a letter.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use http::HeaderMap;
use http::StatusCode;
use serde_json::Value;
use tokio::io::AsyncBufReadExt;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::io::BufReader;
use tokio::net::TcpListener;
use tokio::net::UdpSocket;
use yihao::config::Config;
use yihao::signed_call;

use super::alert;
use super::guess;
use crate::on_both_backends;
use crate::support::Backend;
use crate::support::Person;
use crate::support::TestProvider;

const SECRET: &str = "what the centre and we share";

/// A provider with this configuration, at whose login page somebody guesses.
async fn attacked(backend: Backend, change: impl FnOnce(&mut Config)) -> (TestProvider, Person) {
    let provider = TestProvider::start_with(backend, change).await;
    let person = Person::synthetic(37);
    provider.add_person(&person).await;
    guess(&provider, &person, 10).await;
    (provider, person)
}

fn assert_impersonal(text: &str, person: &Person) {
    for personal in [&*person.name, &*person.id_number, &*person.phone, "127.0.0.1"] {
        assert!(!text.contains(personal), "{personal} in {text}");
    }
}

type Calls = Arc<Mutex<Vec<(HeaderMap, Vec<u8>)>>>;

/// Takes the third call.
async fn take(State(calls): State<Calls>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let mut calls = calls.lock().unwrap();
    calls.push((headers, body.to_vec()));
    if calls.len() < 3 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::NO_CONTENT }
}

/// A file with the secret.
fn secret_file() -> PathBuf {
    let file = std::env::temp_dir().join(format!("yihao-alerts-{}", uuid::Uuid::new_v4()));
    std::fs::write(&file, SECRET).unwrap();
    file
}

on_both_backends!(
    /// The call is signed as documented, tells nothing personal, and is repeated until it is taken, each time
    /// with the same id and a nonce of its own.
    a_webhook_is_signed_and_repeated_until_it_is_taken,
    |backend| {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let (calls, address) = (Calls::default(), listener.local_addr().unwrap().to_string());
        let router = Router::new().route("/alerts", post(take)).with_state(calls.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let file = secret_file();
        let (provider, person) = attacked(backend, |config| {
            config.outbound.allow = vec![address.clone()];
            config.monitor.webhook_url = Some(format!("http://{address}/alerts?of=id").parse().unwrap());
            config.monitor.webhook_secret_file = Some(file.clone());
        })
        .await;
        for _ in 0..200 {
            if calls.lock().unwrap().len() == 3 {
                break;
            }
            provider.clock.advance(200);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        tokio::time::sleep(Duration::from_millis(2500)).await;
        std::fs::remove_file(file).unwrap();
        let calls = calls.lock().unwrap().clone();
        assert_eq!(calls.len(), 3, "what was taken is not sent again");
        let mut nonces = Vec::new();
        for (headers, body) in &calls {
            let text = |name| headers[name].to_str().unwrap();
            let (date, nonce) = (text(signed_call::DATE), text(signed_call::NONCE));
            let lines = ["POST", "/alerts?of=id", date, nonce];
            let expected = signed_call::request_signature(SECRET.as_bytes(), &lines, body);
            assert_eq!(text(signed_call::SIGNATURE), expected);
            nonces.push(nonce.to_owned());
            assert_impersonal(&String::from_utf8_lossy(body), &person);
        }
        nonces.sort();
        nonces.dedup();
        assert_eq!(nonces.len(), 3);
        let told: Vec<Value> =
            calls.iter().map(|call| serde_json::from_slice(&call.1).unwrap()).collect();
        assert_eq!(told[0]["delivery_id"], told[2]["delivery_id"]);
        let alert = alert(&provider).await;
        let one = &told[0]["alert"];
        assert_eq!(one["id"], alert.id.to_string());
        assert_eq!((&one["rule"], &one["severity"]), (&"guessing".into(), &"warning".into()));
        assert_eq!(one["subject"]["kind"], "account");
        assert_eq!(one["subject"]["id"], provider.account(&person).await.id.to_string());
        assert_eq!(one["events"], 10);
    }
);

/// The parts of a message (RFC 5424 §6): priority and version, time, host, program, process, kind, data, text.
fn parts(message: &str) -> Vec<&str> {
    message.splitn(8, ' ').collect()
}

on_both_backends!(
    /// RFC 5424 over UDP: facility 10, severity 4, no structured data, facts behind.
    syslog_comes_over_udp,
    |backend| {
        let server = UdpSocket::bind(("127.0.0.1", 0)).await.unwrap();
        let address = server.local_addr().unwrap().to_string();
        let (provider, person) = attacked(backend, |config| {
            config.outbound.allow = vec![address.clone()];
            config.monitor.syslog_url = Some(format!("udp://{address}").parse().unwrap());
        })
        .await;
        let mut bytes = [0; 2048];
        let received = tokio::time::timeout(Duration::from_secs(20), server.recv(&mut bytes));
        let length = received.await.expect("a message").unwrap();
        let message = std::str::from_utf8(&bytes[..length]).unwrap();
        let parts = parts(message);
        assert_eq!((parts[0], parts[3], parts[6]), ("<84>1", "yihao", "-"), "{message}");
        assert!(yihao::clock::Timestamp::from_rfc3339(parts[1]).is_some(), "{message}");
        assert_eq!(parts[5], "alert");
        assert!(parts[7].contains(" rule=guessing severity=warning subject=account:"), "{message}");
        assert!(message.is_ascii() && !message.contains('\n'));
        assert_impersonal(message, &person);
        assert!(message.contains(&alert(&provider).await.id.to_string()));
    }
);

on_both_backends!(
    /// RFC 6587 §3.4.1 over TCP: the length, a space, the message. Nobody there at first: it is tried again.
    syslog_comes_over_tcp_when_the_server_is_back,
    |backend| {
        let port = crate::support::provider::free_port();
        let (provider, _) = attacked(backend, |config| {
            config.outbound.allow = vec![format!("127.0.0.1:{port}")];
            config.monitor.syslog_url = Some(format!("tcp://127.0.0.1:{port}").parse().unwrap());
        })
        .await;
        alert(&provider).await;
        tokio::time::sleep(Duration::from_millis(1500)).await;
        let server = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        provider.clock.advance(60_000);
        let accepted = tokio::time::timeout(Duration::from_secs(20), server.accept()).await;
        let (mut stream, _) = accepted.expect("a connection").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        let (length, message) = text.split_once(' ').unwrap();
        assert_eq!(length.parse::<usize>().unwrap(), message.len());
        assert_eq!(parts(message)[0], "<84>1");
    }
);

/// A mail server of one letter (RFC 5321), in the clear.
async fn receive(listener: TcpListener) -> String {
    let (stream, _) = listener.accept().await.unwrap();
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 mail.test\r\n").await.unwrap();
    let (mut letter, mut is_data) = (String::new(), false);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap() == 0 {
            return letter;
        }
        if is_data {
            if line == ".\r\n" {
                is_data = false;
                stream.write_all(b"250 taken\r\n").await.unwrap();
            } else {
                letter.push_str(&line);
            }
            continue;
        }
        let answer: &[u8] = match line.get(..4) {
            Some("DATA") => {
                is_data = true;
                b"354 go on\r\n"
            }
            Some("QUIT") => {
                stream.write_all(b"221 bye\r\n").await.unwrap();
                return letter;
            }
            _ => b"250 mail.test\r\n",
        };
        stream.write_all(answer).await.unwrap();
    }
}

on_both_backends!(
    /// A letter to everybody on duty, in both languages, with nothing personal.
    a_letter_comes_by_mail,
    |backend| {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let received = tokio::spawn(receive(listener));
        let (_provider, person) = attacked(backend, |config| {
            config.outbound.allow = vec![address.clone()];
            config.monitor.mail.url = Some(format!("smtp://{address}").parse().unwrap());
            let (from, to) = ("yihao@id.example.gov", "Duty <duty@example.gov>");
            from.clone_into(&mut config.monitor.mail.from);
            config.monitor.mail.to = vec![to.to_owned()];
        })
        .await;
        let letter = tokio::time::timeout(Duration::from_secs(30), received).await;
        let letter = letter.expect("a letter").unwrap();
        assert!(letter.contains("From: yihao@id.example.gov"), "{letter}");
        assert!(letter.contains("<duty@example.gov>"), "{letter}");
        assert!(letter.contains("Subject:"), "{letter}");
        assert_impersonal(&letter, &person);
    }
);
