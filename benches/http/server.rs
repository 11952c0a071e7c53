//! The server under load: `yihao serve` with a folder, a port and, on PostgreSQL, a database of its own.

use std::fmt::Write as _;
use std::fs::File;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context;
use anyhow::bail;
use anyhow::ensure;
use serde_json::json;
use sqlx::Connection as _;
use sqlx::Executor as _;
use yihao::config::Config;
use yihao::protocol::discovery;

use crate::connection::Connection;
use crate::connection::Extra;
use crate::fixture;
use crate::fixture::Beside;

/// A server that does not answer by then is broken.
const PATIENCE: Duration = Duration::from_secs(30);
/// Core of the server with `--pin`; the driver takes the other one.
const SERVER_CORE: &str = "1";

/// A running server.
pub struct Server {
    /// Its issuer.
    pub issuer: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// How long it took from the start to the first good answer.
    pub started_in: Duration,
    process: Child,
    log: PathBuf,
    // Fields are dropped after `drop` ran: the process has ended when its folder goes.
    _data: Option<Folder>,
}

/// A database of this run on a server somebody else runs.
pub struct Database {
    server: String,
    name: String,
}

struct Folder(PathBuf);

impl Server {
    /// Prepares the store, starts the program and waits for its first answer.
    pub async fn start(
        database: Option<&Database>,
        people: u64,
        pin: bool,
    ) -> anyhow::Result<Self> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let folder = folder.join(format!("http-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let folder = Folder(folder);
        let address = free_address()?;
        let file = folder.0.join("yihao.toml");
        std::fs::write(&file, configuration(&folder.0, address, database)?)?;
        fixture::prepare(Config::load(Some(&file))?, people, Beside::Nothing).await?;
        Self::run(&file, address, pin, Some(folder)).await
    }

    /// The same on what `scale --keep` left in this folder; it stays there.
    pub async fn start_beside(folder: &Path, people: u64, pin: bool) -> anyhow::Result<Self> {
        let kept = std::fs::read_to_string(folder.join("yihao.toml")).context("what was kept")?;
        let file = folder.join("http.toml");
        std::fs::write(&file, format!("{kept}[log]\nfilter = \"warn\"\n"))?;
        let config = Config::load(Some(&file))?;
        let address = config.listen;
        fixture::prepare(config, people, Beside::Millions).await?;
        Self::run(&file, address, pin, None).await
    }

    async fn run(
        file: &Path,
        address: SocketAddr,
        pin: bool,
        data: Option<Folder>,
    ) -> anyhow::Result<Self> {
        let mut command = program(pin);
        let log = file.with_extension("log");
        let told = File::create(&log)?;
        command.args(["serve", "--config"]).arg(file).stdin(Stdio::null()).stderr(told);
        let started = Instant::now();
        let process = command.spawn().context("cannot start the server")?;
        let issuer = format!("http://{address}");
        let mut server = Self { issuer, address, started_in: PATIENCE, process, log, _data: data };
        server.wait(started).await?;
        Ok(server)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    async fn wait(&mut self, started: Instant) -> anyhow::Result<()> {
        let mut connection = Connection::new(self.address)?;
        while started.elapsed() < PATIENCE {
            if let Some(status) = self.process.try_wait()? {
                let log = std::fs::read_to_string(&self.log).unwrap_or_default();
                bail!("the server ended ({status}): {log}");
            }
            let answer = connection.send(discovery::OPENID_CONFIGURATION, Extra::default()).await;
            if answer.is_ok_and(|answer| answer.status.is_success()) {
                self.started_in = started.elapsed();
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        bail!("the server does not answer")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only for a process that has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed lies below `target`, where it does no harm.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Database {
    /// Makes a database on this PostgreSQL server, which must be on this machine.
    pub async fn create(server: &str) -> anyhow::Result<Self> {
        let url: url::Url = server.parse().context("--database is not a URL")?;
        // The host of a scheme the library does not know is a plain text, addresses too.
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let is_local = ["", "localhost"].contains(&host)
            || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
        ensure!(is_local, "--database must be a server on this machine");
        let name = format!("yihao_bench_{}", std::process::id());
        let made = Self { server: server.to_owned(), name };
        made.execute(&format!("CREATE DATABASE {}", made.name)).await?;
        Ok(made)
    }

    /// Removes it, whoever is still connected.
    pub async fn remove(self) -> anyhow::Result<()> {
        self.execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await
    }

    fn url(&self) -> anyhow::Result<String> {
        let mut url: url::Url = self.server.parse()?;
        url.set_path(&self.name);
        Ok(url.to_string())
    }

    async fn execute(&self, statement: &str) -> anyhow::Result<()> {
        let mut connection = sqlx::PgConnection::connect(&self.server).await?;
        connection.execute(sqlx::AssertSqlSafe(statement.to_owned())).await?;
        Ok(())
    }
}

/// The defaults of the program, but for what a run needs of its own. Logs at `warn`, as the peers do.
fn configuration(
    folder: &Path,
    address: SocketAddr,
    database: Option<&Database>,
) -> anyhow::Result<String> {
    // A JSON string is one of TOML.
    let folder = json!(folder);
    let mut text = format!(
        "issuer = \"http://{address}\"\nlisten = \"{address}\"\ndata_dir = {folder}\n\
         accept_synthetic = true\n[log]\nfilter = \"warn\"\n"
    );
    if let Some(database) = database {
        writeln!(text, "[database]\nurl = {}", json!(database.url()?))?;
    }
    Ok(text)
}

fn program(pin: bool) -> Command {
    let program = env!("CARGO_BIN_EXE_yihao");
    if !pin {
        return Command::new(program);
    }
    // `taskset` becomes the program: the process is still our own child.
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", SERVER_CORE, program]);
    command
}

/// Pins this process to the first core; what it starts without saying otherwise, too.
pub fn pin_driver() -> anyhow::Result<()> {
    let own = std::process::id().to_string();
    let told = Command::new("taskset").args(["--cpu-list", "--pid", "0", &own]).output();
    let told = told.context("--pin needs `taskset` (util-linux)")?;
    ensure!(told.status.success(), "taskset: {}", String::from_utf8_lossy(&told.stderr));
    Ok(())
}

/// Nobody listens there at this moment.
fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
