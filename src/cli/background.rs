//! What runs beside the requests: delivering, chaining, rotating, purging. Each task has a lease, so that
//! of many nodes one does it; a task that fails is tried again at its next turn.

use std::time::Duration;
use std::time::Instant;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::audit;
use crate::audit::chain;
use crate::cli::compose;
use crate::domain::request_context::RequestContext;
use crate::protocol::backchannel_logout;
use crate::provider::Provider;
use crate::store::StoreError;

/// Between two turns of what people wait for.
const OFTEN: Duration = Duration::from_millis(500);
/// Between two looks at the keys another node may have changed.
const KEYS: Duration = Duration::from_secs(5);
/// Between two turns of everything else.
const SELDOM: Duration = Duration::from_mins(1);
/// How long a lease outlives its holder.
const LEASE: Duration = Duration::from_secs(10);
/// Password buffers are given back after so much rest.
const REST: Duration = Duration::from_secs(30);

/// Starts every task; they end when `stop` turns true.
pub fn start(provider: &Provider, stop: &watch::Receiver<bool>) -> Vec<JoinHandle<()>> {
    let node = compose::node_name();
    let tasks = [
        every(OFTEN, stop, provider, deliver),
        every(KEYS, stop, provider, |provider| async move {
            let now = provider.clock.now();
            if let Err(error) = provider.keyring.reload(&provider.store, now).await {
                tracing::error!(%error, "the signing keys could not be read again");
            }
            provider.passwords.release_idle(Instant::now(), REST);
        }),
    ];
    let (sealer, keeper) = (node.clone(), node);
    let leased = [
        every(OFTEN, stop, provider, move |provider| {
            let node = sealer.clone();
            async move { log("audit chain", seal(&provider, node).await) }
        }),
        every(SELDOM, stop, provider, move |provider| {
            let node = keeper.clone();
            async move { log("housekeeping", keep_house(&provider, node).await) }
        }),
    ];
    tasks.into_iter().chain(leased).collect()
}

fn every<F, T>(
    pause: Duration,
    stop: &watch::Receiver<bool>,
    provider: &Provider,
    turn: F,
) -> JoinHandle<()>
where
    F: Fn(Provider) -> T + Send + Sync + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    let (mut stop, provider) = (stop.clone(), provider.clone());
    tokio::spawn(async move {
        loop {
            turn(provider.clone()).await;
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stop.wait_for(|stopped| *stopped) => break,
            }
        }
    })
}

async fn deliver(provider: Provider) {
    loop {
        match backchannel_logout::deliver_due(&provider).await {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => return log("logout tokens", Err(error)),
        }
    }
}

async fn seal(provider: &Provider, node: String) -> Result<(), StoreError> {
    let now = provider.clock.now();
    if provider.store.hold_lease("audit", node, LEASE, now).await? {
        chain::seal(provider).await?;
    }
    Ok(())
}

async fn keep_house(provider: &Provider, node: String) -> Result<(), StoreError> {
    let now = provider.clock.now();
    if !provider.store.hold_lease("housekeeping", node, SELDOM * 2, now).await? {
        return Ok(());
    }
    chain::sign_head(provider).await?;
    while provider.store.purge(now).await? > 0 {}
    let context = RequestContext::internal("rotation");
    let record = audit::key_record(&provider.vault, &provider.clock, &context);
    match provider.keyring.advance(&provider.store, false, now, &record).await {
        Ok(rotated) if rotated.is_empty() => {}
        Ok(rotated) => tracing::info!(?rotated, "signing keys rotated"),
        Err(error) => tracing::error!(%error, "the signing keys could not be advanced"),
    }
    Ok(())
}

fn log(task: &'static str, done: Result<(), StoreError>) {
    if let Err(error) = done {
        metrics::counter!("background_failures_total", "task" => task).increment(1);
        tracing::warn!(task, %error, "a background task failed; it will be tried again");
    }
}
