//! Redis or Valkey, where there is one: it carries the news of a change from node to node (design D6).
//! It keeps nothing. Flushed, stopped or hanging, it slows nobody down and loosens nothing: what a node
//! remembers is believed for five seconds with it and without it (security.md F14, F15, F17).

use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::domain::client::ClientId;
use crate::store::StoreError;
use crate::store::cache::Caches;
use crate::store::cache::Change;

/// The channel of a deployment's changes.
const CHANNEL: &str = "yihao:changes:1";
/// Changes that wait to be told; more are left to the five seconds.
const QUEUE: usize = 10_000;
/// Redis answers in this time, or counts as away.
const PATIENCE: Duration = Duration::from_millis(500);
/// Between two tries to reach it.
const PAUSE: Duration = Duration::from_secs(1);

/// Tells other nodes of changes.
#[derive(Clone)]
pub struct Bus {
    queue: mpsc::Sender<Change>,
}

/// The listening end, until the caches are there to listen.
pub struct Listener {
    client: redis::Client,
    node: String,
    queue: mpsc::Receiver<Change>,
}

/// Prepares both ends. Nothing is connected yet: a Redis that is away does not keep us from starting.
pub fn open(url: &str) -> Result<(Bus, Listener), StoreError> {
    let client = redis::Client::open(url)
        .map_err(|error| StoreError::Mismatch(format!("redis.url: {error}")))?;
    let (sender, queue) = mpsc::channel(QUEUE);
    let node = Uuid::new_v4().simple().to_string();
    Ok((Bus { queue: sender }, Listener { client, node, queue }))
}

impl Bus {
    /// Tells, without waiting.
    pub fn tell(&self, change: Change) {
        if self.queue.try_send(change).is_err() {
            metrics::counter!("redis_changes_untold_total").increment(1);
        }
    }
}

impl Listener {
    /// Starts telling and listening; ends with the store.
    pub fn start(self, caches: Caches) {
        let Self { client, node, queue } = self;
        tokio::spawn(tell(client.clone(), node.clone(), queue));
        tokio::spawn(listen(client, node, caches));
    }
}

async fn tell(client: redis::Client, node: String, mut queue: mpsc::Receiver<Change>) {
    let mut connection: Option<redis::aio::MultiplexedConnection> = None;
    while let Some(change) = queue.recv().await {
        let text = format!("{node} {}", write(&change));
        if connection.is_none() {
            let opening = client.get_multiplexed_async_connection();
            connection = tokio::time::timeout(PATIENCE, opening).await.ok().and_then(Result::ok);
        }
        let Some(open) = &mut connection else {
            metrics::counter!("redis_changes_untold_total").increment(1);
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let mut publish = redis::cmd("PUBLISH");
        publish.arg(CHANNEL).arg(text);
        let told = tokio::time::timeout(PATIENCE, publish.query_async::<i64>(open)).await;
        if !matches!(told, Ok(Ok(_))) {
            metrics::counter!("redis_changes_untold_total").increment(1);
            connection = None;
        }
    }
}

async fn listen(client: redis::Client, node: String, caches: Caches) {
    loop {
        if let Err(error) = hear(&client, &node, &caches).await {
            tracing::debug!(%error, "redis is away; changes of other nodes are seen within 5 s");
        }
        metrics::gauge!("redis_up").set(0.0);
        tokio::time::sleep(PAUSE).await;
    }
}

async fn hear(client: &redis::Client, node: &str, caches: &Caches) -> redis::RedisResult<()> {
    let mut subscription = client.get_async_pubsub().await?;
    subscription.subscribe(CHANNEL).await?;
    metrics::gauge!("redis_up").set(1.0);
    // What was told while nobody listened was not heard.
    caches.forget_here(Change::Unknown);
    let mut messages = subscription.on_message();
    while let Some(message) = messages.next().await {
        let text: String = message.get_payload()?;
        match text.split_once(' ') {
            Some((teller, _)) if teller == node => {}
            Some((_, change)) => caches.forget_here(read(change)),
            None => caches.forget_here(Change::Unknown),
        }
    }
    Ok(())
}

/// Keys of rows and digest-like values: nothing of a person (security.md A-70).
fn write(change: &Change) -> String {
    match change {
        Change::Client(id) => format!("client {id}"),
        Change::Account(id) => format!("account {id}"),
        Change::Authorization(id) => format!("authorization {id}"),
        Change::AccessToken(jti) => format!("token {jti}"),
        Change::Unknown => "unknown".to_owned(),
    }
}

/// What cannot be read may be anything.
fn read(text: &str) -> Change {
    let Some((kind, key)) = text.split_once(' ') else { return Change::Unknown };
    let uuid = || key.parse::<Uuid>().ok();
    match kind {
        "client" => ClientId::parse(key).map(Change::Client),
        "account" => uuid().map(Change::Account),
        "authorization" => uuid().map(Change::Authorization),
        "token" => Some(Change::AccessToken(key.to_owned())),
        _ => None,
    }
    .unwrap_or(Change::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_reads_as_it_was_written() {
        for change in [
            Change::Client(ClientId::parse("web1").unwrap()),
            Change::Account(Uuid::from_u128(7)),
            Change::Authorization(Uuid::from_u128(8)),
            Change::AccessToken("abc".to_owned()),
            Change::Unknown,
        ] {
            assert_eq!(read(&write(&change)), change);
        }
        assert_eq!(read("account nonsense"), Change::Unknown);
    }
}
