//! An operator registers clients with the command line while the provider runs; both are killed.

use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::process::Command;
use yihao::domain::client::ClientId;
use yihao::domain::client::ClientSecret;
use yihao::provider::Provider;

use crate::crash::changes::Front;
use crate::crash::changes::Seen;
use crate::crash::deployment::CLIENT_CHANGED;

/// In the order it is kept in.
const SCOPE: &str = "openid phone profile";
const URIS: [&str; 2] = ["https://office.example/cb", "https://office.example/other"];

/// A client somebody wanted to register.
pub struct Office {
    id: String,
    /// What was printed.
    secret: String,
}

/// Registers clients; every other command is killed by itself before the process is.
pub async fn stream(front: &Front<'_>, round: usize) -> Seen<Office> {
    let mut seen = Seen { done: Vec::new(), in_doubt: Vec::new() };
    let mut lifetime = Duration::MAX;
    for number in 0.. {
        let mut office = Office { id: format!("office-{round}-{number}"), secret: String::new() };
        let begin = Instant::now();
        let patience = if number % 2 == 1 { some_part_of(lifetime) } else { Duration::MAX };
        let done = add(front, &mut office, patience).await.is_some();
        let kept = if done { &mut seen.done } else { &mut seen.in_doubt };
        kept.push(office);
        if done {
            lifetime = begin.elapsed();
        }
        if *front.killed.borrow() {
            break;
        }
    }
    seen
}

/// What was acknowledged is listed.
pub async fn check_listed(front: &Front<'_>, seen: &Seen<Office>) {
    let mut list = Command::from(front.deployment.command(&["client", "list", "--json"]));
    let output = list.output().await.unwrap();
    let listed: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    for office in &seen.done {
        let is_listed = listed.iter().any(|client| client["client_id"] == *office.id);
        assert!(is_listed, "the acknowledged client {} is lost", office.id);
    }
}

/// Every client that is there has all it was given.
pub async fn check_whole(provider: &Provider, front: &Front<'_>, seen: Seen<Office>) {
    let find = async |office: &Office| {
        let id = ClientId::parse(&office.id).unwrap();
        let client = provider.store.find_client(&id).await.unwrap()?;
        assert_eq!(client.redirect_uris, URIS);
        assert_eq!(client.scope.to_string(), SCOPE);
        assert_eq!(client.secrets.len(), 1);
        Some(client)
    };
    for office in &seen.done {
        let client = find(office).await.expect("an acknowledged client");
        assert_eq!(client.secrets[0].digest, ClientSecret::digest_of(&office.secret));
    }
    for office in &seen.in_doubt {
        if find(office).await.is_some() {
            front.turned_out_done(CLIENT_CHANGED);
        }
    }
}

/// Runs the command to its end, if it is given the time.
async fn add(front: &Front<'_>, office: &mut Office, patience: Duration) -> Option<()> {
    let name = format!("窗口 {}", office.id);
    let mut arguments = vec!["client", "add", &office.id, "--name", &name, "--json"];
    arguments.extend(["--scope", SCOPE]);
    arguments.extend(URIS.into_iter().flat_map(|uri| ["--redirect-uri", uri]));
    let mut command = Command::from(front.deployment.command(&arguments));
    let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let ended = tokio::select! {
        status = child.wait() => Some(status.unwrap()),
        () = tokio::time::sleep(patience) => None,
        () = front.until_killed() => None,
    };
    let Some(status) = ended else {
        child.kill().await.unwrap();
        return None;
    };
    assert!(status.success(), "{} is refused", office.id);
    let mut printed = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut printed).await.unwrap();
    let printed: Value = serde_json::from_slice(&printed).unwrap();
    office.secret.push_str(printed["client_secret"].as_str().unwrap());
    front.deployment.ledger.acknowledge(CLIENT_CHANGED, &office.id);
    Some(())
}

/// A random part of a time.
fn some_part_of(time: Duration) -> Duration {
    let part = u16::from_be_bytes(yihao::crypto::random::bytes());
    time.mul_f64(f64::from(part) / f64::from(u16::MAX))
}
