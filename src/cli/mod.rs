//! Commands (design 2): what an operator types, and the composition of a provider from its parts.

mod account;
mod audit;
pub mod background;
mod client;
pub mod compose;
mod doctor;
mod keys;
mod legacy_codes;
mod mandate;
pub mod operator;
mod organisation;
pub mod output;
pub mod register;
pub mod serve;

use std::path::PathBuf;

use clap::Parser;
use clap::Subcommand;

use crate::clock::Clock;
use crate::config::Config;
use crate::config::LogFormat;
use crate::demo;
use crate::provider::Provider;

/// Yihao 一号: the unified identity provider of a province.
#[derive(Parser)]
#[command(name = "yihao", version, about, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// The configuration, a TOML file. Without one: an embedded store in ./data, loopback only.
    #[arg(long, short, global = true, env = "YIHAO_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Answer in JSON.
    #[arg(long, global = true)]
    json: bool,
}

const EXAMPLES: &str = "Examples:
  yihao demo                                 the tour, on localhost
  yihao serve --config yihao.toml            the provider
  yihao doctor --config yihao.toml           what is wrong, and what helps
  yihao client add portal --name 某某网 --redirect-uri https://portal.example/cb";

#[derive(Subcommand)]
enum Command {
    /// Runs the one-command tour: provider, two portals, made-up people.
    #[command(after_help = "Example:\n  yihao demo --port 9080 --data-dir /tmp/tour")]
    Demo {
        #[command(flatten)]
        ports: demo::Ports,
        /// Where the tour keeps its data; ./data/demo by default.
        #[arg(long, value_name = "DIR")]
        data_dir: Option<PathBuf>,
    },
    /// Runs the data-sharing platform of a made-up province, to try the register's contract against.
    #[command(
        after_help = "Example:\n  yihao mock-province --secret-file secret --people people.csv"
    )]
    MockProvince(demo::province::Options),
    /// Runs the provider.
    #[command(after_help = "Example:\n  yihao serve --config /etc/yihao/yihao.toml")]
    Serve,
    /// Brings the database to the schema of this version.
    #[command(after_help = "Example:\n  yihao migrate --config yihao.toml")]
    Migrate,
    /// Looks at configuration, database, clock, keys and permissions, and says what helps.
    #[command(after_help = "Example:\n  yihao doctor --config yihao.toml --json")]
    Doctor,
    /// Registers and changes clients.
    #[command(subcommand)]
    Client(client::Command),
    /// Makes and rotates keys.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Shows, locks and unlocks accounts.
    #[command(subcommand)]
    Account(account::Command),
    /// Lists operators, invites the first officers.
    #[command(subcommand)]
    Operator(operator::Command),
    /// Shows and suspends organisations.
    #[command(subcommand)]
    Organisation(organisation::Command),
    /// Lists and ends mandates.
    #[command(subcommand)]
    Mandate(mandate::Command),
    /// Fills the registers.
    #[command(subcommand)]
    Register(register::Command),
    /// Converts legacy codes of organisations, publishes new ones.
    #[command(subcommand)]
    Codes(legacy_codes::Command),
    /// Verifies and exports the audit chain.
    #[command(subcommand)]
    Audit(audit::Command),
}

/// Runs the command of this process; the error is for the person who typed it.
pub fn run() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let config = Config::load(arguments.config.as_deref())?;
    start_log(&config, &arguments.command)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match arguments.command {
            Command::Demo { ports, data_dir } => demo::run(ports, data_dir.as_deref()).await,
            Command::MockProvince(options) => demo::province::run(options).await,
            Command::Serve => serve::serve(config).await,
            Command::Migrate => migrate(&config).await,
            Command::Doctor => doctor::run(config, arguments.json).await,
            Command::Keys(keys::Command::Init) => keys::init(&config),
            command => {
                let provider = compose::compose(config, Clock::system()).await?.provider;
                administer(&provider, command, arguments.json).await
            }
        }
    })
}

async fn administer(provider: &Provider, command: Command, json: bool) -> anyhow::Result<()> {
    match command {
        Command::Client(command) => client::run(provider, command, json).await,
        Command::Keys(command) => keys::run(provider, command, json).await,
        Command::Account(command) => account::run(provider, command, json).await,
        Command::Operator(command) => operator::run(provider, command, json).await,
        Command::Organisation(command) => organisation::run(provider, command, json).await,
        Command::Mandate(command) => mandate::run(provider, command, json).await,
        Command::Register(command) => register::run(provider, command, json).await,
        Command::Codes(command) => legacy_codes::run(provider, command, json).await,
        Command::Audit(command) => audit::run(provider, command, json).await,
        Command::Demo { .. }
        | Command::MockProvince(_)
        | Command::Serve
        | Command::Migrate
        | Command::Doctor => Ok(()),
    }
}

async fn migrate(config: &Config) -> anyhow::Result<()> {
    compose::make_data_dir(config)?;
    let store = compose::open_store(config).await?;
    store.migrate().await?;
    store.check_schema().await?;
    output::line("the database has the schema of this version")
}

/// JSON lines on stderr, or text where a person reads along.
fn start_log(config: &Config, command: &Command) -> anyhow::Result<()> {
    use std::io::IsTerminal;
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_new(&config.log.filter)
        .map_err(|error| anyhow::anyhow!("log.filter: {error}"))?;
    // Millions of rows take their time: nobody need be warned of it.
    let filter = match command {
        Command::Register(_) => filter.add_directive(crate::store::sql::PATIENT_LOG.parse()?),
        _ => filter,
    };
    let json = match config.log.format {
        LogFormat::Auto => !std::io::stderr().is_terminal(),
        LogFormat::Json => true,
        LogFormat::Text => false,
    };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if json {
        log.json().flatten_event(true).init();
    } else {
        log.compact().init();
    }
    Ok(())
}
