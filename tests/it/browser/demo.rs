//! The process `yihao demo` on free ports, with a data folder of its own.

use std::io::BufRead;
use std::io::BufReader;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use serde::Deserialize;

use crate::support::provider::free_port;

/// A running demo; it ends with this handle.
pub struct Demo {
    /// The issuer.
    pub issuer: String,
    /// The province's portal.
    pub province: String,
    /// The city's portal.
    pub city: String,
    /// Its people.
    pub people: Vec<DemoPerson>,
    process: Child,
    data_dir: PathBuf,
}

/// A person of the demo, as `tour.json` has it.
#[derive(Debug, Clone, Deserialize)]
pub struct DemoPerson {
    /// ID number.
    pub identifier: String,
    /// Password; none without an account.
    pub password: Option<String>,
    /// Name.
    pub name: String,
    /// Mobile phone, E.164; none for somebody who has none.
    pub phone: Option<String>,
}

#[derive(Deserialize)]
struct Tour {
    issuer: String,
    portals: [Portal; 2],
    people: Vec<DemoPerson>,
}

#[derive(Deserialize)]
struct Portal {
    url: String,
}

impl Demo {
    /// Starts it and waits until it says that it is ready.
    pub async fn start() -> Self {
        tokio::task::spawn_blocking(Self::spawn).await.expect("the demo starts")
    }

    fn spawn() -> Self {
        let tag = uuid::Uuid::new_v4().simple().to_string();
        let data_dir = std::env::temp_dir().join(format!("yihao-browser-{tag}"));
        std::fs::create_dir_all(&data_dir).expect("a data folder");
        // A port that was free a moment ago may be the near end of somebody's connection by now.
        let process = (0..5).find_map(|_| run(&data_dir)).unwrap_or_else(|| {
            let log = std::fs::read_to_string(data_dir.join("log.json")).unwrap_or_default();
            panic!("the demo did not start: {log}")
        });
        let text = std::fs::read(data_dir.join("tour.json")).expect("tour.json");
        let tour: Tour = serde_json::from_slice(&text).expect("tour.json is as design 2 has it");
        let [province, city] = tour.portals;
        Self {
            issuer: tour.issuer,
            province: province.url,
            city: city.url,
            people: tour.people,
            process,
            data_dir,
        }
    }

    /// An address of the provider.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }
}

/// Runs the demo until it says that it is ready; none if it ends before.
fn run(data_dir: &Path) -> Option<Child> {
    let log = std::fs::File::create(data_dir.join("log.json")).expect("a log");
    let mut process = Command::new(env!("CARGO_BIN_EXE_yihao"))
        .arg("demo")
        .arg("--data-dir")
        .arg(data_dir)
        .args(["--port", &free_port().to_string()])
        .args(["--province-port", &free_port().to_string()])
        .args(["--city-port", &free_port().to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .expect("the demo is run");
    let said = process.stdout.take().expect("its output");
    let mut lines = BufReader::new(said).lines().map_while(Result::ok);
    if lines.any(|line| line.contains("Ctrl-C ends the demo")) {
        return Some(process);
    }
    // It said nothing more, so it has ended.
    let _ = process.wait();
    None
}

impl Drop for Demo {
    fn drop(&mut self) {
        // It may have ended by itself; then nothing is left to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.data_dir);
    }
}

impl DemoPerson {
    /// The password of somebody with an account.
    pub fn password(&self) -> &str {
        self.password.as_deref().expect("a person with an account")
    }

    /// The phone as people type it.
    pub fn phone(&self) -> &str {
        let phone = self.phone.as_deref().expect("a person with a phone");
        phone.strip_prefix("+86").unwrap_or(phone)
    }
}
