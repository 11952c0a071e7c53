//! The console beside millions of accounts: fills a database with people nobody is and asks for the console's
//! pages over HTTP: `cargo bench --bench scale`. README.md beside this folder says how to read the figures.

mod measure;
mod organisations;
mod people;
mod rest;
mod rows;
mod sink;

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::net::TcpListener;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context;
use anyhow::ensure;
use clap::Parser;
use indicatif::ProgressBar;
use indicatif::ProgressStyle;
use sqlx::Connection;
use sqlx::Executor;
use yihao::cli::compose;
use yihao::cli::serve;
use yihao::clock::Clock;
use yihao::config::Config;
use yihao::domain::audit_event::ChainTail;
use yihao::domain::tally::Measure;
use yihao::provider::Provider;

use people::People;
use rest::Much;
use sink::Sink;

/// Where a run that is kept says how it can be opened again.
const CONFIG: &str = "yihao.toml";
/// Accounts made and written at once.
const BATCH: u64 = 4_000;
/// Batches on the way: one is written while others are made.
const AHEAD: usize = 3;
/// Statements that take longer are told with their plans.
const SLOW: &str = "40ms";

/// The console's pages beside so many accounts.
#[derive(Parser)]
#[command(name = "scale", bin_name = "cargo bench --bench scale --", after_help = EXAMPLES)]
struct Arguments {
    /// Accounts to be made.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(200..=20_000_000))]
    accounts: u64,
    /// Of these so many share one name, as far as one in twenty goes.
    #[arg(long, default_value_t = 100_000)]
    namesakes: u64,
    /// Organisations, with five mandates each; one for ten accounts by default.
    #[arg(long)]
    organisations: Option<u64>,
    /// Measures what `--keep` left in this folder, and fills nothing.
    #[arg(long, value_name = "FOLDER", conflicts_with = "postgres")]
    reuse: Option<PathBuf>,
    /// A PostgreSQL server on this machine, where a database is made for the run; SQLite without.
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// Leaves the database there, and says where.
    #[arg(long)]
    keep: bool,
    /// How often each page is asked for.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    requests: u64,
    /// Fails when a page takes longer than its target, at the 99th percentile.
    #[arg(long)]
    strict: bool,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

const EXAMPLES: &str = "Examples:
  cargo bench --bench scale
  cargo bench --bench scale -- --accounts 100000
  cargo bench --bench scale -- --accounts 5000000 --postgres postgres://postgres@localhost/postgres --strict";

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    // Plans of slow statements come as notices of the database.
    let filter = tracing_subscriber::EnvFilter::new("error,sqlx::postgres::notice=info");
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(&arguments))
}

async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if let Some(folder) = &arguments.reuse {
        let config = Config::load(Some(&folder.join(CONFIG)))?;
        return Box::pin(measure_all(arguments, config)).await;
    }
    let name = format!("yihao_scale_{}", std::process::id());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&name);
    let config = configuration(arguments, folder.clone(), &name)?;
    if let Some(server) = &arguments.postgres {
        make_database(server, &name).await?;
    }
    let done = Box::pin(fill_and_measure(arguments, config)).await;
    if arguments.keep {
        println!("kept: {name} ({})", folder.display());
        return done;
    }
    if let Some(server) = &arguments.postgres {
        execute(server, &format!("DROP DATABASE {name} WITH (FORCE)")).await?;
    }
    std::fs::remove_dir_all(&folder).context("the folder of the run")?;
    done
}

fn configuration(arguments: &Arguments, folder: PathBuf, name: &str) -> anyhow::Result<Config> {
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    let mut config = Config {
        issuer: format!("http://{address}").parse()?,
        listen: address,
        data_dir: folder,
        accept_synthetic: true,
        ..Config::default()
    };
    if let Some(server) = &arguments.postgres {
        let mut url: url::Url = server.parse().context("--postgres is not a URL")?;
        url.set_path(name);
        config.database.url = url.to_string();
    }
    // It would read millions of records that the run has written behind its back.
    config.monitor.enabled = false;
    Ok(config)
}

/// The same as a file, for those who come back to what was kept.
fn write_down(config: &Config) -> anyhow::Result<()> {
    // A JSON string is one of TOML.
    let text = format!(
        "issuer = {}\nlisten = {}\ndata_dir = {}\naccept_synthetic = true\n\
         [database]\nurl = {}\n[monitor]\nenabled = false\n",
        serde_json::to_string(config.issuer_text())?,
        serde_json::to_string(&config.listen)?,
        serde_json::to_string(&config.data_dir)?,
        serde_json::to_string(&config.database_url()?)?,
    );
    Ok(std::fs::write(config.data_dir.join(CONFIG), text)?)
}

async fn make_database(server: &str, name: &str) -> anyhow::Result<()> {
    execute(server, &format!("CREATE DATABASE {name}")).await?;
    for setting in [
        "session_preload_libraries = 'auto_explain'".to_owned(),
        format!("auto_explain.log_min_duration = '{SLOW}'"),
        "auto_explain.log_level = 'notice'".to_owned(),
    ] {
        execute(server, &format!("ALTER DATABASE {name} SET {setting}")).await?;
    }
    Ok(())
}

async fn execute(server: &str, statement: &str) -> anyhow::Result<()> {
    let mut connection = sqlx::PgConnection::connect(server).await?;
    connection.execute(sqlx::AssertSqlSafe(statement.to_owned())).await?;
    Ok(())
}

async fn fill_and_measure(arguments: &Arguments, config: Config) -> anyhow::Result<()> {
    compose::make_data_dir(&config)?;
    write_down(&config)?;
    compose::open_store(&config).await?.migrate().await.context("migrate")?;
    let provider = compose::compose(config.clone(), Clock::system()).await?.provider;
    let (total, namesakes) = (arguments.accounts, arguments.namesakes);
    let people = People::new(provider.clone(), total, namesakes).await?;
    let mut sink = Sink::open(&config.database_url()?).await?;
    let began = Instant::now();
    fill_people(&people, &mut sink, (total, provider.store.audit_tail().await?)).await?;
    let organisations = arguments.organisations.unwrap_or(total / 10).clamp(1, total / 6);
    organisations::fill(&people, &mut sink, (organisations, total)).await?;
    rest::fill(&provider, &mut sink, Much::beside(total)).await?;
    settle(&provider, &mut sink).await?;
    let time = began.elapsed().as_secs_f64();
    println!("{total} accounts and {organisations} organisations in {time:.0} s");
    Box::pin(measure_all(arguments, config)).await
}

async fn measure_all(arguments: &Arguments, config: Config) -> anyhow::Result<()> {
    compose::open_store(&config).await?.migrate().await.context("migrate")?;
    let clock = Clock::system();
    let provider = compose::compose(config.clone(), clock.clone()).await?.provider;
    let (total, namesakes) = (arguments.accounts, arguments.namesakes);
    let people = People::new(provider.clone(), total, namesakes).await?;
    let mut sink = Sink::open(&config.database_url()?).await?;
    let officers = rest::log_in(&provider, &mut sink).await?;
    let citizens = organisations::log_in(&people, &mut sink).await?;
    let issuer = config.issuer_text().trim_end_matches('/').to_owned();
    let running = serve::start(config, clock, false).await?;
    await_first_look(&provider).await?;
    let mut slow = 0;
    sink.forget_scans().await?;
    println!(
        "{:<24}{:>9}{:>9}{:>9}{:>9}{:>10}",
        "page", "p50 ms", "p99 ms", "max ms", "KiB", "target ms"
    );
    for case in measure::cases() {
        let those = (&people, (&officers, &citizens), total);
        let outcome = measure::measure(&case, &issuer, those, arguments.requests).await?;
        let p99 = outcome.percentile(99);
        let over = p99 > case.target;
        slow += usize::from(over);
        println!(
            "{:<24}{:>9.1}{:>9.1}{:>9.1}{:>9}{:>10}{}",
            case.name,
            milliseconds(outcome.percentile(50)),
            milliseconds(p99),
            milliseconds(outcome.percentile(100)),
            outcome.bytes / 1024,
            case.target.as_millis(),
            if over { "  slow" } else { "" }
        );
    }
    running.stop().await?;
    // Its numbers come a moment later.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let scans = sink.scans().await?;
    if !scans.is_empty() {
        println!("tables over 8 MB read from end to end, and how often: {}", scans.join(", "));
    }
    ensure!(slow == 0 || !arguments.strict, "{slow} pages are slower than they may be");
    Ok(())
}

/// The people: made on every core, written in order, so that the audit chain grows as it would have.
async fn fill_people(
    people: &People,
    sink: &mut Sink,
    (total, start): (u64, ChainTail),
) -> anyhow::Result<()> {
    let taken = sink.take_off(&people::TABLES).await?;
    let bar = progress(total);
    let mut tail = start;
    let mut begun = (0..total).step_by(usize::try_from(BATCH)?);
    let mut on_the_way = VecDeque::new();
    loop {
        while on_the_way.len() < AHEAD
            && let Some(first) = begun.next()
        {
            let (people, numbers) = (people.clone(), first..total.min(first + BATCH));
            on_the_way.push_back(tokio::task::spawn_blocking(move || people.batch(numbers)));
        }
        let Some(next) = on_the_way.pop_front() else { break };
        let batch = next.await??;
        bar.inc(batch.rows[0].len() as u64);
        for (table, rows) in people::TABLES.iter().zip(&batch.rows) {
            sink.write(table, rows).await?;
        }
        let records = batch.records.into_iter();
        let chained: Vec<_> = records.map(|record| people::audit_row(&mut tail, record)).collect();
        sink.write(&people::AUDIT, &chained).await?;
    }
    let tell = |text: &str| bar.set_message(text.chars().take(60).collect::<String>());
    sink.put_back(&taken, tell).await?;
    bar.finish_and_clear();
    Ok(())
}

/// Those that were filled in are in the index of names, so the walk has nothing to do; and what was written is on
/// the disk before anything is measured.
async fn settle(provider: &Provider, sink: &mut Sink) -> anyhow::Result<()> {
    let epoch = yihao::vault::INDEX_EPOCH;
    let now = provider.clock.now();
    let last = people::key_at(now.minus(Duration::from_hours(24)));
    let nobody = yihao::domain::id::AccountId(uuid::Uuid::nil());
    provider.store.advance_name_index(epoch, (nobody, last), Vec::new()).await?;
    provider.store.complete_name_index(epoch, now).await?;
    // They are counted as well.
    provider.store.set_tally_cursor(provider.store.audit_tail().await?.sequence).await?;
    sink.run(if matches!(sink, Sink::Postgres(_)) { "CHECKPOINT" } else { "PRAGMA optimize" }).await
}

/// A node that starts counts the accounts, which takes seconds of millions and comes again after ten minutes: pages
/// are measured after it.
async fn await_first_look(provider: &Provider) -> anyhow::Result<()> {
    let began = Instant::now();
    while provider.store.last_tallies(Measure::Levels).await?.is_none() {
        ensure!(began.elapsed() < Duration::from_mins(5), "the accounts are not counted");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

fn progress(total: u64) -> ProgressBar {
    let style = "{bar:30} {pos}/{len} accounts, {per_sec}, {eta} left {msg}";
    let style =
        ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(total).with_style(style);
    bar.enable_steady_tick(Duration::from_millis(500));
    bar
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
