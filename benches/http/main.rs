//! A bounded closed-loop load on `yihao serve`, with every answer checked: `cargo bench --bench http`.
//! README.md beside this folder says how to read the figures.

mod caller;
mod connection;
mod fixture;
mod process;
mod report;
mod scenario;
mod server;

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use clap::Parser;
use clap::ValueEnum;
use yihao::config::Config;

use caller::Caller;
use caller::Target;
use connection::Connection;
use fixture::Beside;
use report::Cpu;
use report::Report;
use scenario::Scenario;
use server::Database;
use server::Server;

/// Load on a provider of its own, over loopback.
#[derive(Parser)]
#[command(name = "http", bin_name = "cargo bench --bench http --", after_help = EXAMPLES)]
struct Arguments {
    /// What is measured; everything by default.
    #[arg(long, value_delimiter = ',', value_enum, value_name = "NAME,…")]
    scenario: Vec<Scenario>,
    /// Connections, each with one request on its way at any moment.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    connections: u16,
    /// How long each scenario is measured.
    #[arg(long, default_value_t = 1.0, value_parser = seconds)]
    seconds: f64,
    /// How long each scenario runs before, unmeasured; a quarter of the time by default.
    #[arg(long, value_parser = seconds)]
    warm_up: Option<f64>,
    /// Accounts in the store.
    #[arg(long, default_value_t = 1000)]
    people: u64,
    /// A PostgreSQL server on this machine, where a database is made for the run; SQLite without.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// On what `cargo bench --bench scale -- --keep` left in this folder, instead of an empty store.
    #[arg(long, value_name = "FOLDER", conflicts_with = "database")]
    beside: Option<PathBuf>,
    /// Process of the PostgreSQL server, so that its CPU time counts.
    #[arg(long, value_name = "PID")]
    database_pid: Option<u32>,
    /// Server on core 1, driver on core 0.
    #[arg(long)]
    pin: bool,
    /// Adds a line of JSON for every scenario to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measures nothing: fills the empty store of this configuration, for a driver outside.
    #[arg(long, value_name = "CONFIG")]
    prepare: Option<PathBuf>,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

const EXAMPLES: &str = "Examples:
  cargo bench --bench http
  cargo bench --bench http -- --scenario sso,refresh --connections 8 --seconds 10 --pin
  cargo bench --bench http -- --database postgres://postgres@localhost/postgres --json load.jsonl";

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if arguments.pin {
        server::pin_driver()?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match &arguments.prepare {
            Some(config) => {
                let config = Config::load(Some(config))?;
                fixture::prepare(config, arguments.people, Beside::Nothing).await
            }
            None => measure(&arguments).await,
        }
    })
}

async fn measure(arguments: &Arguments) -> anyhow::Result<()> {
    let database = match &arguments.database {
        Some(url) => Some(Database::create(url).await?),
        None => None,
    };
    let measured = measure_on(arguments, database.as_ref()).await;
    if let Some(database) = database {
        database.remove().await?;
    }
    let errors = measured?;
    anyhow::ensure!(errors == 0, "{errors} operations failed");
    Ok(())
}

async fn measure_on(arguments: &Arguments, database: Option<&Database>) -> anyhow::Result<u64> {
    let server = match &arguments.beside {
        Some(folder) => Server::start_beside(folder, arguments.people, arguments.pin).await?,
        None => Server::start(database, arguments.people, arguments.pin).await?,
    };
    let idle = process::memory(server.pid(), "VmRSS");
    let first = server.started_in.as_secs_f64() * 1e3;
    println!("first answer after {first:.0} ms, {idle:.1} MiB at rest; {}", load_average());
    println!("{}", report::HEAD);
    let all = Scenario::value_variants();
    let chosen = if arguments.scenario.is_empty() { all } else { &arguments.scenario };
    let mut errors = 0;
    for scenario in chosen {
        let report = run(arguments, &server, *scenario).await?;
        println!("{}", report.row());
        errors += report.outcome.errors;
        if let Some(file) = &arguments.json {
            append(file, &report)?;
        }
    }
    Ok(errors)
}

async fn run(arguments: &Arguments, server: &Server, scenario: Scenario) -> anyhow::Result<Report> {
    let mut connection = Connection::new(server.address)?;
    let target = Target::find(&server.issuer, &mut connection, arguments.people).await?;
    let target = Arc::new(target);
    let mut callers = Vec::new();
    for _ in 0..arguments.connections {
        callers.push(Caller::new(target.clone(), Connection::new(server.address)?));
    }
    scenario.prepare(&mut callers).await?;
    let warm_up = arguments.warm_up.unwrap_or(arguments.seconds / 4.0);
    let (callers, _) = scenario.run(callers, Duration::from_secs_f64(warm_up)).await?;

    let pid = server.pid();
    process::forget_peak(pid);
    let memory_before = process::memory(pid, "VmRSS");
    let (started, before) = (Instant::now(), cpu(arguments, pid));
    let time = Duration::from_secs_f64(arguments.seconds);
    let (callers, outcome) = scenario.run(callers, time).await?;
    let (time, after) = (started.elapsed(), cpu(arguments, pid));
    let memory = [memory_before, process::memory(pid, "VmRSS"), process::memory(pid, "VmHWM")];
    drop(callers);

    let mut report = Report {
        scenario: scenario.name(),
        store: match (&arguments.database, &arguments.beside) {
            (_, Some(_)) => "beside",
            (Some(_), None) => "postgres",
            (None, None) => "sqlite",
        },
        connections: arguments.connections.into(),
        time,
        outcome,
        cpu: Cpu {
            server: after.server.saturating_sub(before.server),
            database: after.database.saturating_sub(before.database),
            driver: after.driver.saturating_sub(before.driver),
        },
        memory,
    };
    report.sort();
    Ok(report)
}

fn cpu(arguments: &Arguments, server: u32) -> Cpu {
    Cpu {
        server: process::cpu(server),
        database: arguments.database_pid.map_or(Duration::ZERO, process::cpu_of_tree),
        driver: process::cpu(std::process::id()),
    }
}

/// How busy the machine is, which decides what the figures are worth.
fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!("load average {}", text.split(' ').next().unwrap_or("unknown"))
}

fn append(file: &Path, report: &Report) -> anyhow::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(file)?;
    writeln!(file, "{}", report.json())?;
    Ok(())
}

/// A run is bounded, whatever is asked for.
fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.1..=600.0).contains(&seconds) => Ok(seconds),
        _ => Err("0.1 to 600 seconds".to_owned()),
    }
}
