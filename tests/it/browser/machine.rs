//! Starting the demo, and what a person has in hand: the app's code.

use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use crate::support::provider::free_port;

/// A demo on ports of its own, once it is ready.
pub async fn demo(folder: &Path) -> (Child, serde_json::Value) {
    let [port, province, city] = [free_port(), free_port(), free_port()].map(|p| p.to_string());
    std::fs::create_dir_all(folder).unwrap();
    let data = folder.join("data");
    let mut demo = Command::new(env!("CARGO_BIN_EXE_yihao"))
        .args(["demo", "--port", &port, "--province-port", &province, "--city-port", &city])
        .arg("--data-dir")
        .arg(&data)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let file = data.join("tour.json");
    for _ in 0..600 {
        let written = std::fs::read_to_string(&file).unwrap_or_default();
        if let Ok(tour) = serde_json::from_str(&written) {
            return (demo, tour);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let _ = demo.kill();
    let _ = demo.wait();
    panic!("the demo is not ready after 30 s");
}

/// The code an authenticator app with this secret shows now, or in the step after.
pub fn app_code(secret: &str, steps_ahead: u64) -> String {
    let base32: String = secret.chars().filter(|c| !c.is_whitespace()).collect();
    let secret = totp_rs::Secret::try_from_base32(base32).expect("base32");
    let app = totp_rs::Builder::new().with_secret(&secret[..]).build().unwrap();
    let now = yihao::clock::Clock::system().now().seconds();
    app.generate(u64::try_from(now).unwrap() + 30 * steps_ahead).to_string()
}

/// Waits until the step after `code` has begun, so that a new code is there.
pub async fn next_code(secret: &str, used: &str) -> String {
    for _ in 0..400 {
        let code = app_code(secret, 0);
        if code != used {
            return code;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("time stands still");
}
