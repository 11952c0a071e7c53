//! `yihao serve`: the listener, with or without TLS, the metrics listener, and an orderly end.

use std::net::SocketAddr;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::routing::get;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use metrics_exporter_prometheus::Matcher;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::sync::watch;

use crate::cli::background;
use crate::cli::compose::Composed;
use crate::cli::compose::compose;
use crate::cli::operator;
use crate::clock::Clock;
use crate::config::Config;
use crate::http;
use crate::http::Site;
use crate::http::pages::Pages;

/// A provider that listens.
pub struct Running {
    /// Where.
    pub address: SocketAddr,
    /// What it serves.
    pub composed: Composed,
    site: Site,
    handle: Handle<SocketAddr>,
    stop: watch::Sender<bool>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

/// Runs until it is told to end.
pub async fn serve(config: Config) -> anyhow::Result<()> {
    let running = start(config, Clock::system(), false).await?;
    warn_of_development(&running.composed.provider.config);
    tracing::info!(address = %running.address, "listening");
    operator::greet(&running.composed.provider).await?;
    let signal = terminated().await;
    tracing::info!("ending");
    if signal == Signal::Terminate {
        running.give_notice().await;
    }
    running.stop().await
}

/// Starts a provider. With `show_outbox`, `/demo/outbox` shows what would have been sent.
pub async fn start(config: Config, clock: Clock, show_outbox: bool) -> anyhow::Result<Running> {
    let pages = Pages::new(config.pages.theme_dir.clone()).context("pages")?;
    let listener = TcpListener::bind(config.listen)
        .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    let tls = tls(&config).await?;
    let metrics = metrics(&config)?;
    let composed = compose(config, clock).await?;
    let address = listener.local_addr()?;
    let outbox = composed.outbox.clone().filter(|_| show_outbox);
    let site = Site::new(composed.provider.clone(), pages, outbox);
    let router = http::router(site.clone());
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let handle = Handle::new();
    let server = if let Some(tls) = tls {
        let server = axum_server::from_tcp_rustls(listener, tls)?.handle(handle.clone());
        tokio::spawn(server.serve(service))
    } else {
        let server = axum_server::from_tcp(listener)?.handle(handle.clone());
        tokio::spawn(server.serve(service))
    };
    let (stop, stopped) = watch::channel(false);
    let mut tasks = background::start(&composed, &stopped);
    tasks.extend(metrics);
    Ok(Running { address, composed, site, handle, stop, tasks, server })
}

impl Running {
    /// Serves on, not ready any more, until a balancer had time to notice or a second signal comes.
    async fn give_notice(&self) {
        let notice = self.composed.provider.config.shutdown.notice_seconds;
        self.site.end_soon();
        // Whether the time is over or somebody is impatient, the end is the same.
        let _ = tokio::time::timeout(Duration::from_secs(notice), terminated()).await;
    }

    /// Takes no more requests, lets those under way and what they began end, and stops.
    pub async fn stop(self) -> anyhow::Result<()> {
        let provider = &self.composed.provider;
        let grace = Duration::from_secs(provider.config.shutdown.grace_seconds);
        self.handle.graceful_shutdown(Some(grace));
        // Nobody listens any more when the tasks ended by themselves.
        let _ = self.stop.send(true);
        self.server.await.context("the listener failed")??;
        provider.under_way.close();
        if tokio::time::timeout(grace, provider.under_way.wait()).await.is_err() {
            tracing::warn!(tasks = provider.under_way.len(), "messages under way were given up");
        }
        for task in self.tasks {
            task.abort();
        }
        Ok(())
    }
}

async fn tls(config: &Config) -> anyhow::Result<Option<RustlsConfig>> {
    let (Some(cert), Some(key)) = (&config.tls.cert_file, &config.tls.key_file) else {
        return Ok(None);
    };
    // A second provider in one process finds the first one's choice, which is the same.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let loaded = RustlsConfig::from_pem_file(cert, key).await;
    let named = || format!("tls: cannot use {} and {}", cert.display(), key.display());
    Ok(Some(loaded.with_context(named)?))
}

/// The metrics listener: its own address, so that nobody reads it from outside by accident.
fn metrics(config: &Config) -> anyhow::Result<Option<tokio::task::JoinHandle<()>>> {
    let Some(listen) = config.metrics.listen else { return Ok(None) };
    let seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &seconds)
        .and_then(PrometheusBuilder::install_recorder)
        .context("metrics")?;
    let listener = TcpListener::bind(listen)
        .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
        .with_context(|| format!("metrics cannot listen on {listen}"))?;
    let recorder = Arc::new(recorder);
    let router = Router::new().route(
        "/metrics",
        get(move || {
            recorder.run_upkeep();
            let text = recorder.render();
            async move { text }
        }),
    );
    let server = axum_server::from_tcp(listener)?;
    Ok(Some(tokio::spawn(async move {
        if let Err(error) = server.serve(router.into_make_service()).await {
            tracing::error!(%error, "the metrics listener failed");
        }
    })))
}

fn warn_of_development(config: &Config) {
    if config.issuer_is_loopback() {
        tracing::warn!(
            issuer = config.issuer_text(),
            data_dir = %config.data_dir.display(),
            "loopback issuer: development keys, embedded store; not for real people"
        );
    }
    if config.sms.url.is_none() {
        tracing::warn!("no sms.url: text messages are kept in memory and reach nobody");
    }
}

/// How the process was told to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C: somebody waits at a terminal.
    Interrupt,
    /// SIGTERM: a supervisor, perhaps behind a balancer.
    Terminate,
}

/// Until SIGTERM or Ctrl-C.
pub async fn terminated() -> Signal {
    let interrupt = async {
        // Without a handler nothing can interrupt us; then only SIGTERM ends the process.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Signal::Interrupt
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::SignalKind;
        match tokio::signal::unix::signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    signal = interrupt => signal,
                    _ = terminate.recv() => Signal::Terminate,
                }
            }
            Err(_) => interrupt.await,
        }
    }
    #[cfg(not(unix))]
    interrupt.await
}
