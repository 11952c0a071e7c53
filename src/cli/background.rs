//! What runs beside the requests: delivering, chaining, rotating, purging. Each task has a lease, so that
//! of many nodes one does it; a task that fails is tried again at its next turn.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::audit;
use crate::audit::chain;
use crate::cli::compose;
use crate::cli::compose::Composed;
use crate::codes::CodesError;
use crate::codes::publication;
use crate::domain::request_context::RequestContext;
use crate::messages::waiting as waiting_notices;
use crate::monitor::Monitor;
use crate::organisations::following;
use crate::organisations::notices;
use crate::people::cancellation;
use crate::people::cancellation::CancellationError;
use crate::people::cancellation::Ended;
use crate::people::name_index;
use crate::people::verification;
use crate::people::waiting;
use crate::protocol::backchannel_logout;
use crate::provider::Provider;
use crate::statistics;
use crate::statistics::Statistics;
use crate::store::StoreError;

/// Between two turns of what people wait for.
const OFTEN: Duration = Duration::from_millis(500);
/// Between two looks at the keys another node may have changed.
const KEYS: Duration = Duration::from_secs(5);
/// Between two turns of monitoring.
const FOLLOW: Duration = Duration::from_secs(1);
/// Between two turns of counting: what is counted together is written together.
const COUNT: Duration = Duration::from_secs(5);
/// Between two turns of everything else.
const SELDOM: Duration = Duration::from_mins(1);
/// How long a lease outlives its holder.
const LEASE: Duration = Duration::from_secs(10);
/// Password buffers are given back after so much rest.
const REST: Duration = Duration::from_secs(30);

/// Starts every task; they end when `stop` turns true.
pub fn start(composed: &Composed, stop: &watch::Receiver<bool>) -> Vec<JoinHandle<()>> {
    let (node, provider) = (compose::node_name(), &composed.provider);
    let watching =
        composed.monitor.iter().flat_map(|monitor| watch(monitor, provider, stop, &node));
    let watching: Vec<_> = watching.collect();
    let over = stop.clone();
    let tasks = [
        every(OFTEN, stop, provider, move |provider| {
            let over = over.clone();
            async move {
                let delivered = backchannel_logout::deliver_due(&provider, || *over.borrow());
                log("logout tokens", delivered.await);
            }
        }),
        every(KEYS, stop, provider, |provider| async move {
            let now = provider.clock.now();
            if let Err(error) = provider.keyring.reload(&provider.store, now).await {
                tracing::error!(%error, "the signing keys could not be read again");
            }
            provider.passwords.release_idle(Instant::now(), REST);
        }),
    ];
    let (sender, over) = (node.clone(), stop.clone());
    let notifying = [every(FOLLOW, stop, provider, move |provider| {
        let (node, over) = (sender.clone(), over.clone());
        async move { log("notices", send_notices(&provider, node, || *over.borrow()).await) }
    })];
    let follower = node.clone();
    let mandates = [every(OFTEN, stop, provider, move |provider| {
        let node = follower.clone();
        async move { follow_register(&provider, node).await }
    })];
    let asker = node.clone();
    let checks = [every(FOLLOW, stop, provider, move |provider| {
        let node = asker.clone();
        async move { log("identity checks", ask_services(&provider, node).await) }
    })];
    let counting = count(provider, stop, &node);
    let publisher = node.clone();
    let (sealer, keeper, walker, over) = (node.clone(), node.clone(), node, stop.clone());
    let leased = [
        every(OFTEN, stop, provider, move |provider| {
            let node = sealer.clone();
            async move { log("audit chain", seal(&provider, node).await) }
        }),
        every(SELDOM, stop, provider, move |provider| {
            let node = keeper.clone();
            async move { log("housekeeping", keep_house(&provider, node).await) }
        }),
        every(SELDOM, stop, provider, move |provider| {
            let node = publisher.clone();
            async move { log("code publication", publish_codes(&provider, node).await) }
        }),
        every(SELDOM, stop, provider, move |provider| {
            let (node, over) = (walker.clone(), over.clone());
            async move { log("name index", index_names(&provider, node, || *over.borrow()).await) }
        }),
    ];
    tasks
        .into_iter()
        .chain(notifying)
        .chain(mandates)
        .chain(checks)
        .chain(leased)
        .chain(counting)
        .chain(watching)
        .collect()
}

/// Statistics: one node counts the audit chain and looks at accounts and outboxes; each adds its own times.
fn count(provider: &Provider, stop: &watch::Receiver<bool>, node: &str) -> [JoinHandle<()>; 3] {
    let [counts, looks] = [(); 2].map(|()| node.to_owned());
    let statistics = Arc::new(Statistics::default());
    let looking = statistics.clone();
    [
        every(COUNT, stop, provider, move |provider| {
            let (statistics, node) = (statistics.clone(), counts.clone());
            async move { log("statistics", count_on(&provider, &statistics, node).await) }
        }),
        every(SELDOM, stop, provider, move |provider| {
            let (statistics, node) = (looking.clone(), looks.clone());
            async move { log("statistics", look(&provider, &statistics, node).await) }
        }),
        every(SELDOM, stop, provider, |provider| async move {
            log("statistics", statistics::keep_latency(&provider).await);
        }),
    ]
}

async fn count_on(
    provider: &Provider,
    statistics: &Statistics,
    node: String,
) -> Result<(), StoreError> {
    let now = provider.clock.now();
    if provider.store.hold_lease("tallies", node, COUNT * 3, now).await? {
        statistics.count_on(provider).await?;
    }
    Ok(())
}

async fn look(
    provider: &Provider,
    statistics: &Statistics,
    node: String,
) -> Result<(), StoreError> {
    let now = provider.clock.now();
    if provider.store.hold_lease("looks", node, SELDOM * 2, now).await? {
        statistics.look(provider).await?;
    }
    Ok(())
}

/// Monitoring: one node follows the audit chain and verifies it; each looks at its own clock and sends alerts.
fn watch(
    monitor: &Arc<Monitor>,
    provider: &Provider,
    stop: &watch::Receiver<bool>,
    node: &str,
) -> [JoinHandle<()>; 4] {
    let [follows, verifies, compares, sends] = [(); 4].map(|()| monitor.clone());
    let [reader, checker] = [(); 2].map(|()| node.to_owned());
    [
        every(FOLLOW, stop, provider, move |provider| {
            let (monitor, node) = (follows.clone(), reader.clone());
            async move { log("monitoring", follow(&provider, &monitor, node).await) }
        }),
        every(SELDOM, stop, provider, move |provider| {
            let (monitor, node) = (verifies.clone(), checker.clone());
            async move { log("chain check", check_chain(&provider, &monitor, node).await) }
        }),
        every(SELDOM, stop, provider, move |provider| {
            let monitor = compares.clone();
            async move { log("clock check", monitor.check_clock(&provider).await) }
        }),
        every(FOLLOW, stop, provider, move |provider| {
            let monitor = sends.clone();
            async move { log("alerts", monitor.deliver_due(&provider).await) }
        }),
    ]
}

async fn follow(provider: &Provider, monitor: &Monitor, node: String) -> Result<(), StoreError> {
    if provider.store.hold_lease("monitor", node, LEASE, provider.clock.now()).await? {
        return monitor.follow(provider).await;
    }
    monitor.rest().await;
    Ok(())
}

async fn check_chain(
    provider: &Provider,
    monitor: &Monitor,
    node: String,
) -> Result<(), StoreError> {
    let now = provider.clock.now();
    if provider.store.hold_lease("chain check", node, SELDOM * 2, now).await? {
        monitor.check_chain(provider).await?;
    }
    Ok(())
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

/// Mandates end with their term and with what the register says.
async fn follow_register(provider: &Provider, node: String) {
    let now = provider.clock.now();
    match provider.store.hold_lease("mandates", node, LEASE, now).await {
        Ok(true) => {}
        Ok(false) => return,
        Err(error) => return log("mandates", Err(error)),
    }
    log("mandates", following::end_lapsed(provider).await);
    for followed in
        [following::follow_changes(provider).await, following::compare_old(provider).await]
    {
        if let Err(error) = followed {
            metrics::counter!("background_failures_total", "task" => "mandates").increment(1);
            tracing::warn!(task = "mandates", %error, "a background task failed; it will be tried again");
        }
    }
}

/// Services and a register that gave no answer are asked again. A turn may last as long as its calls do.
async fn ask_services(provider: &Provider, node: String) -> Result<(), StoreError> {
    let now = provider.clock.now();
    if provider.store.hold_lease("identity checks", node, SELDOM * 2, now).await? {
        verification::follow(provider).await?;
        waiting::follow(provider).await?;
    }
    Ok(())
}

/// Notices the gateway could not take; only one node asks it again.
async fn send_notices(
    provider: &Provider,
    node: String,
    over: impl Fn() -> bool,
) -> Result<(), StoreError> {
    let now = provider.clock.now();
    let due = provider.store.due_messages(now).await?;
    if due.is_empty() || !provider.store.hold_lease("notices", node, SELDOM * 2, now).await? {
        return Ok(());
    }
    waiting_notices::deliver(provider, due, over).await
}

async fn seal(provider: &Provider, node: String) -> Result<(), StoreError> {
    let now = provider.clock.now();
    if provider.store.hold_lease("audit", node, LEASE, now).await? {
        chain::seal(provider).await?;
        chain::sign_head(provider).await?;
    }
    Ok(())
}

async fn keep_house(provider: &Provider, node: String) -> Result<(), StoreError> {
    let now = provider.clock.now();
    if !provider.store.hold_lease("housekeeping", node, SELDOM * 2, now).await? {
        return Ok(());
    }
    chain::thin_heads(provider).await?;
    while provider.store.purge(now).await? > 0 {}
    if let Err(error) = end_accounts(provider).await {
        tracing::error!(%error, "accounts that were given up could not be ended");
    }
    let context = RequestContext::internal("rotation");
    let record = audit::key_record(&provider.vault, &provider.clock, &context);
    match provider.keyring.advance(&provider.store, false, now, &record).await {
        Ok(rotated) if rotated.is_empty() => {}
        Ok(rotated) => tracing::info!(?rotated, "signing keys rotated"),
        Err(error) => tracing::error!(%error, "the signing keys could not be advanced"),
    }
    Ok(())
}

/// Ends the accounts whose time is over, and tells who acted by them or for them.
pub async fn end_accounts(provider: &Provider) -> Result<(), CancellationError> {
    let tell = |ended: Ended| {
        for principal in ended.about {
            notices::ended(provider, principal, ended.at, Some(ended.account));
        }
    };
    cancellation::end_due(provider, tell).await
}

/// A little after midnight the day's batch of new codes is signed; the day has one, whoever makes it.
async fn publish_codes(provider: &Provider, node: String) -> Result<(), StoreError> {
    let now = provider.clock.now();
    if provider.store.hold_lease("code publication", node, SELDOM * 2, now).await? {
        let context = RequestContext::internal("publication");
        match publication::publish_day(provider, &context).await {
            Err(CodesError::Store(error)) => return Err(error),
            Err(error) => tracing::error!(%error, "new codes could not be published"),
            Ok(_) => {}
        }
    }
    Ok(())
}

/// After an upgrade there are millions of names to index: batch by batch, each with the lease renewed.
async fn index_names(
    provider: &Provider,
    node: String,
    over: impl Fn() -> bool,
) -> Result<(), StoreError> {
    while !over() {
        let (now, node) = (provider.clock.now(), node.clone());
        if !provider.store.hold_lease("name index", node, LEASE, now).await?
            || !name_index::walk(provider).await?
        {
            break;
        }
    }
    Ok(())
}

fn log(task: &'static str, done: Result<(), StoreError>) {
    if let Err(error) = done {
        metrics::counter!("background_failures_total", "task" => task).increment(1);
        tracing::warn!(task, %error, "a background task failed; it will be tried again");
    }
}
