//! A provider of the test's own, whose clock it moves, with a window for whoever visits and one for officers.

use std::path::Path;
use std::path::PathBuf;

use super::accessibility;
use super::chromium;
use super::chromium::Window;
use crate::support::Backend;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::console::Operator;
use crate::support::console::PASSWORD;
use crate::support::console::begin_step;
use crate::support::login::totp;

/// A phone and a desk.
const WIDTHS: [u32; 2] = [360, 1440];

/// Where it happens.
pub struct Scene {
    /// Whoever visits. Windows are closed before the provider ends.
    pub window: Window,
    /// Whoever works at the console.
    pub desk: Window,
    /// The provider.
    pub provider: TestProvider,
}

impl Scene {
    /// Starts it; none where there is no browser and none is demanded.
    pub async fn start() -> Option<Self> {
        let driver: PathBuf = chromium::driver()?;
        Self::around(&driver, TestProvider::start(Backend::Sqlite).await).await
    }

    /// The same, where the provider may call these ports of this machine.
    pub async fn start_reaching(ports: &[u16]) -> Option<Self> {
        let driver: PathBuf = chromium::driver()?;
        let allow = |config: &mut yihao::config::Config| {
            let allowed = ports.iter().map(|port| format!("localhost:{port}"));
            config.outbound.allow = allowed.collect();
        };
        Self::around(&driver, TestProvider::start_with(Backend::Sqlite, allow).await).await
    }

    async fn around(driver: &Path, provider: TestProvider) -> Option<Self> {
        let (window, desk) = (Window::start(driver).await, Window::start(driver).await);
        Some(Self { window, desk, provider })
    }

    /// The visitor goes to a page.
    pub async fn visit(&self, path: &str) {
        self.window.open(&self.provider.url(path)).await;
    }

    /// An officer goes to a page.
    pub async fn work(&self, path: &str) {
        self.desk.open(&self.provider.url(path)).await;
    }

    /// Another operator sits down at the desk.
    pub async fn sit_down(&self, operator: &Operator) {
        self.work("/console").await;
        if self.desk.has("#console-logout").await {
            self.desk.click("#console-logout").await;
        }
        self.desk.see("#login-name").await;
        begin_step(&self.provider);
        self.desk.fill("#login-name", &operator.login_name).await;
        self.desk.fill("#password", PASSWORD).await;
        self.desk.fill("#code", &totp(&self.provider, &operator.secret)).await;
        self.desk.click("#login").await;
        self.desk.see("#console-logout").await;
    }

    /// Finds a person by number, at the desk.
    pub async fn find(&self, id_number: &str) {
        self.work("/console/people").await;
        self.desk.fill("#identifier", id_number).await;
        self.desk.click("#find").await;
    }

    /// Does one thing that needs a reason, at the desk.
    pub async fn act(&self, id: &str, reason: &str) {
        self.desk.fill(&format!("#reason-{id}"), reason).await;
        self.desk.click(&format!("#{id}")).await;
    }

    /// Approves the act that waits.
    pub async fn approve(&self) {
        self.work("/console/acts").await;
        self.desk.click("button[id^=approve-]").await;
        self.desk.see_no("button[id^=approve-]").await;
    }

    /// Types the code that was sent to this person.
    pub async fn type_code(&self, person: &Person, button: &str) {
        self.window.see("#code").await;
        let code = self.provider.code_sent_to(&person.phone).await;
        self.window.fill("#code", &code).await;
        self.window.click(button).await;
    }

    /// Logs in at the provider's own page.
    pub async fn log_in(&self, person: &Person, password: &str) {
        self.visit("/login").await;
        self.window.fill("#identifier", &person.id_number).await;
        self.window.fill("#password", password).await;
        self.window.click("#login").await;
    }

    /// Looks at a page as a phone and a desk show it: nothing serious for axe, nothing to scroll sideways; and
    /// keeps a picture where pictures are asked for.
    pub async fn look(window: &Window, name: &str) {
        for width in WIDTHS {
            window.resize(width).await;
            if let Some(axe) = accessibility::axe() {
                let found = accessibility::faults(window, &axe, (name, width)).await;
                assert!(found.is_empty(), "{}", found.join("\n"));
            }
            if std::env::var("YIHAO_TEST_SCREENSHOTS").is_ok() {
                let root = Path::new(env!("CARGO_MANIFEST_DIR"));
                let folder = root.join("target/screenshots/acceptance");
                std::fs::create_dir_all(&folder).expect("a folder for pictures");
                let file = folder.join(format!("{name}-{width}.png"));
                std::fs::write(file, window.picture().await).expect("the picture is kept");
            }
        }
    }
}
