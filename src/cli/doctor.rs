//! `yihao doctor`: looks at everything a deployment needs, and says what helps where something is wrong.

use serde_json::Value;
use serde_json::json;

use crate::cli::compose;
use crate::cli::output;
use crate::clock::Clock;
use crate::config::Config;
use crate::jose::Algorithm;
use crate::store::Store;
use crate::vault::Vault;

/// More difference between our clock and the database's than this is told.
const SKEW_MILLIS: i64 = 2000;

/// One thing that was looked at.
struct Finding {
    what: &'static str,
    /// What is wrong, and what helps; none when all is well.
    problem: Option<(String, &'static str)>,
    /// Whether it is only worth knowing.
    is_note: bool,
}

impl Finding {
    fn result(&self) -> &'static str {
        match &self.problem {
            Some(_) if !self.is_note => "wrong",
            _ => "ok",
        }
    }
}

/// Looks, tells, and fails if something is wrong.
pub async fn run(config: Config, json: bool) -> anyhow::Result<()> {
    let findings = look(config).await;
    let rows: Vec<Value> = findings
        .iter()
        .map(|finding| {
            let (problem, fix) = finding.problem.clone().unzip();
            json!({
                "check": finding.what, "result": finding.result(),
                "problem": problem, "fix": fix,
            })
        })
        .collect();
    output::rows(&["check", "result", "problem", "fix"], &rows, json)?;
    match findings.iter().filter(|finding| finding.result() == "wrong").count() {
        0 => Ok(()),
        some => anyhow::bail!("{some} of {} checks failed", findings.len()),
    }
}

async fn look(config: Config) -> Vec<Finding> {
    // Reading it was the first check: what is wrong with it ended the program.
    let mut findings = vec![good("configuration"), permissions(&config), tls(&config)];
    let vault = master_key(&config);
    let fix = "make one with `yihao keys init`, or put the copy back, readable by its owner alone";
    findings.push(finding("master key", vault.as_ref().map(drop).map_err(tell), fix));
    let platforms = compose::check_platforms(&config, &Clock::system());
    let platforms = platforms.map_err(|error| tell(&error));
    let fix = "correct [sms], [population], [legal_entities], [verification], outbound.allow and the files they name";
    findings.push(finding("platforms", platforms, fix));
    findings.push(monitoring(&config));
    let is_new = config.database_url().is_ok_and(|url| {
        url.strip_prefix("sqlite://").is_some_and(|file| !std::path::Path::new(file).exists())
    });
    if is_new {
        // An embedded database is made at the first start.
        findings.extend(["database", "schema", "clock", "signing keys"].map(good));
        return findings;
    }
    let store = match compose::open_store(&config).await {
        Ok(store) => store,
        Err(error) => {
            findings.push(finding("database", Err(error), FIX_DATABASE));
            return findings;
        }
    };
    let answers = store.ping().await.map_err(Into::into);
    findings.push(finding("database", answers, FIX_DATABASE));
    let schema = store.check_schema().await;
    let has_schema = schema.is_ok();
    let fix = "run `yihao migrate` with this version";
    findings.push(finding("schema", schema.map_err(Into::into), fix));
    findings.push(clock(&store).await);
    if let (Ok(Some(vault)), true) = (&vault, has_schema) {
        findings.push(signing_keys(&store, vault).await);
    }
    findings
}

const FIX_DATABASE: &str = "start the database, or correct database.url";

fn tell(error: &anyhow::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:#}")
}

/// The vault, if there is one yet; nothing is made by looking.
fn master_key(config: &Config) -> anyhow::Result<Option<Vault>> {
    let path = compose::master_key_path(config);
    if !path.exists() && compose::makes_master_key(config) {
        return Ok(None);
    }
    Ok(Some(Vault::open(&path, false)?))
}

async fn clock(store: &Store) -> Finding {
    match store.now().await {
        Ok(there) if (there - Clock::system().now().0).abs() <= SKEW_MILLIS => good("clock"),
        Ok(_) => wrong(
            "clock",
            "it differs from the database's by more than two seconds".to_owned(),
            "let both machines follow the same time server",
        ),
        Err(error) => finding("clock", Err(error.into()), "see the database above"),
    }
}

/// Each algorithm has a current key, and the master key opens every one of them.
async fn signing_keys(store: &Store, vault: &Vault) -> Finding {
    let what = "signing keys";
    let keys = match store.list_signing_keys(Clock::system().now()).await {
        Ok(keys) => keys,
        Err(error) => return finding(what, Err(error.into()), "see the database above"),
    };
    for key in &keys {
        if let Err(error) = vault.open_signing_key(&key.private_key) {
            let fix = "put back the master key this database was made with";
            return finding(what, Err(error.into()), fix);
        }
    }
    let is_current = |algorithm: &Algorithm| {
        keys.iter().any(|key| key.algorithm == algorithm.as_str() && key.state == "current")
    };
    // Before the first start there are none at all.
    match Algorithm::ALL.iter().find(|algorithm| !keys.is_empty() && !is_current(algorithm)) {
        None => good(what),
        Some(algorithm) => wrong(
            what,
            format!("there is no current key for {}", algorithm.as_str()),
            "start `yihao serve` once, or run `yihao keys rotate`",
        ),
    }
}

fn permissions(config: &Config) -> Finding {
    let what = "permissions";
    if !config.data_dir.exists() {
        return good(what);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&config.data_dir).map(|meta| meta.permissions().mode());
        if mode.is_ok_and(|mode| mode & 0o077 != 0) {
            let problem = format!("others may read {}", config.data_dir.display());
            return wrong(what, problem, "chmod 700 the folder");
        }
    }
    good(what)
}

fn tls(config: &Config) -> Finding {
    let files = [&config.tls.cert_file, &config.tls.key_file];
    let unreadable = files
        .into_iter()
        .flatten()
        .find_map(|file| std::fs::File::open(file).err().map(|error| (file, error)));
    match unreadable {
        None => good("tls"),
        Some((file, error)) => wrong(
            "tls",
            format!("cannot read {}: {error}", file.display()),
            "correct tls.cert_file and tls.key_file",
        ),
    }
}

/// Whether monitoring works as configured, whom it reaches, and which rule cannot speak.
fn monitoring(config: &Config) -> Finding {
    let what = "monitoring";
    let note =
        |problem: &str, fix| Finding { is_note: true, ..wrong(what, problem.to_owned(), fix) };
    match compose::check_monitor(config, &Clock::system()) {
        Err(error) => finding(
            what,
            Err(tell(&error)),
            "correct [monitor], outbound.allow and the files they name",
        ),
        Ok(None) => note("it is off", "set monitor.enabled"),
        Ok(Some(monitor)) if monitor.channels().is_empty() => note(
            "alerts stand in the console and are sent nowhere",
            "set monitor.webhook_url, monitor.syslog_url or [monitor.mail]",
        ),
        Ok(Some(monitor)) if config.monitor.impossible_travel.enabled && !monitor.has_places() => {
            note("impossible travel is not seen: no place is known", "set monitor.places_file")
        }
        Ok(Some(_)) => good(what),
    }
}

fn wrong(what: &'static str, problem: String, fix: &'static str) -> Finding {
    Finding { what, problem: Some((problem, fix)), is_note: false }
}

fn good(what: &'static str) -> Finding {
    Finding { what, problem: None, is_note: false }
}

fn finding(what: &'static str, done: anyhow::Result<()>, fix: &'static str) -> Finding {
    let problem = done.err().map(|error| (format!("{error:#}"), fix));
    Finding { what, problem, is_note: false }
}
