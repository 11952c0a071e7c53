//! `yihao doctor`: looks at everything a deployment needs, and says what helps where something is wrong.

use serde_json::Value;
use serde_json::json;

use crate::cli::compose;
use crate::cli::output;
use crate::clock::Clock;
use crate::config::Config;
use crate::jose::Algorithm;

/// More difference between our clock and the database's than this is told.
const SKEW_MILLIS: i64 = 2000;

/// One thing that was looked at.
struct Finding {
    what: &'static str,
    /// What is wrong, and what helps; none when all is well.
    problem: Option<(String, &'static str)>,
}

/// Looks, tells, and fails if something is wrong.
pub async fn run(config: Config, json: bool) -> anyhow::Result<()> {
    let findings = look(config).await;
    let rows: Vec<Value> = findings
        .iter()
        .map(|finding| {
            let (problem, fix) = finding.problem.clone().unzip();
            json!({
                "check": finding.what, "result": if problem.is_some() { "wrong" } else { "ok" },
                "problem": problem, "fix": fix,
            })
        })
        .collect();
    output::rows(&["check", "result", "problem", "fix"], &rows, json)?;
    match findings.iter().filter(|finding| finding.problem.is_some()).count() {
        0 => Ok(()),
        some => anyhow::bail!("{some} of {} checks failed", findings.len()),
    }
}

async fn look(config: Config) -> Vec<Finding> {
    // Reading it was the first check: what is wrong with it ended the program.
    let mut findings = vec![good("configuration"), permissions(&config), tls(&config)];
    findings.push(finding(
        "master key",
        compose::open_vault(&config).map(drop),
        "make one with `yihao keys init`, or put the copy back; it must be readable by its owner only",
    ));
    let store = match compose::open_store(&config).await {
        Ok(store) => store,
        Err(error) => {
            let fix = "start the database, or correct database.url";
            findings.push(finding("database", Err(error), fix));
            return findings;
        }
    };
    findings.push(finding(
        "database",
        store.ping().await.map_err(Into::into),
        "start the database, or correct database.url",
    ));
    findings.push(finding(
        "schema",
        store.check_schema().await.map_err(Into::into),
        "run `yihao migrate` with this version",
    ));
    findings.push(match store.now().await {
        Ok(there) if (there - Clock::system().now().0).abs() <= SKEW_MILLIS => good("clock"),
        Ok(_) => Finding {
            what: "clock",
            problem: Some((
                "it differs from the database's by more than two seconds".to_owned(),
                "let both machines follow the same time server",
            )),
        },
        Err(error) => finding("clock", Err(error.into()), "see the database above"),
    });
    findings.push(signing_keys(config).await);
    findings
}

async fn signing_keys(config: Config) -> Finding {
    let what = "signing keys";
    let composed = match compose::compose(config, Clock::system()).await {
        Ok(composed) => composed,
        Err(error) => return finding(what, Err(error), "see what is wrong above"),
    };
    let ring = composed.provider.keyring.ring();
    let missing = Algorithm::ALL.into_iter().find(|alg| ring.signing_key(*alg).is_err());
    match missing {
        None => good(what),
        Some(algorithm) => Finding {
            what,
            problem: Some((
                format!("there is no current key for {}", algorithm.as_str()),
                "run `yihao keys rotate`",
            )),
        },
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
            return Finding { what, problem: Some((problem, "chmod 700 the folder")) };
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
        Some((file, error)) => Finding {
            what: "tls",
            problem: Some((
                format!("cannot read {}: {error}", file.display()),
                "correct tls.cert_file and tls.key_file",
            )),
        },
    }
}

fn good(what: &'static str) -> Finding {
    Finding { what, problem: None }
}

fn finding(what: &'static str, done: anyhow::Result<()>, fix: &'static str) -> Finding {
    Finding { what, problem: done.err().map(|error| (format!("{error:#}"), fix)) }
}
