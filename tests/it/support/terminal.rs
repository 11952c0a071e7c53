//! The program as somebody types it at a terminal, beside a running provider.

use std::process::Output;
use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;

use crate::support::TestProvider;

/// Runs a command with the configuration of this provider, and what a test adds to it. The provider goes on meanwhile.
pub async fn run_with(
    provider: &TestProvider,
    more: &[(&str, &str)],
    arguments: &[&str],
) -> Output {
    let config = &provider.provider.config;
    Command::new(env!("CARGO_BIN_EXE_yihao"))
        .args(arguments)
        .arg("--json")
        .env("YIHAO__ISSUER", config.issuer_text())
        .env("YIHAO__DATA_DIR", &config.data_dir)
        .env("YIHAO__DATABASE__URL", config.database_url().unwrap())
        .env("YIHAO__ACCEPT_SYNTHETIC", "true")
        .env("YIHAO__LOG__FILTER", "off")
        .envs(more.iter().copied())
        .output()
        .await
        .unwrap()
}

/// The same with nothing added.
pub async fn run(provider: &TestProvider, arguments: &[&str]) -> Output {
    run_with(provider, &[], arguments).await
}

/// What a command answers that has to succeed.
pub fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What a person at a terminal is told who writes this line to a command that reads one; the complaint when it is
/// refused.
pub fn asked(provider: &TestProvider, arguments: &[&str], line: &str) -> Result<String, String> {
    let config = &provider.provider.config;
    let mut process = std::process::Command::new(env!("CARGO_BIN_EXE_yihao"))
        .args(arguments)
        .env("YIHAO__ISSUER", config.issuer_text())
        .env("YIHAO__DATA_DIR", &config.data_dir)
        .env("YIHAO__DATABASE__URL", &config.database.url)
        .env("YIHAO__ACCEPT_SYNTHETIC", "true")
        .env("YIHAO__LOG__FILTER", "off")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = process.stdin.take().unwrap();
    std::io::Write::write_all(&mut input, format!("{line}\n").as_bytes()).unwrap();
    drop(input);
    let output = process.wait_with_output().unwrap();
    let said = if output.status.success() { output.stdout } else { output.stderr };
    let said = String::from_utf8(said).unwrap();
    if output.status.success() { Ok(said) } else { Err(said) }
}
