//! The demo in a real browser: headless Chromium, driven by fantoccini (acceptance 2). Left out where there
//! is no driver of it, unless `YIHAO_TEST_CHROMEDRIVER` says where it has to be.

mod accessibility;
mod machine;
mod tour;

use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use fantoccini::Client;
use fantoccini::ClientBuilder;
use fantoccini::Locator;
use serde_json::json;

use crate::support::provider::free_port;

/// A demo and a browser that looks at it; both end with the test.
pub struct Visit {
    /// The browser.
    pub client: Client,
    /// The tour, as the demo wrote it.
    pub tour: serde_json::Value,
    driver: Child,
    demo: Child,
    folder: PathBuf,
}

impl Visit {
    /// Starts both. None where there is no chromedriver.
    pub async fn start() -> Option<Self> {
        let path = std::env::var("YIHAO_TEST_CHROMEDRIVER").ok();
        let port = free_port();
        let driver = Command::new(path.as_deref().unwrap_or("chromedriver"))
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        assert!(driver.is_ok() || path.is_none(), "chromedriver is demanded and missing");
        let driver = driver.ok()?;
        let folder = std::env::temp_dir().join(format!("yihao-visit-{port}"));
        let (demo, tour) = machine::demo(&folder).await;
        let client = connect(port, &folder).await;
        Some(Self { client, tour, driver, demo, folder })
    }

    /// The first person who has a password: number, password, name.
    pub fn person(&self) -> (String, String, String) {
        let person = &self.tour["people"][0];
        let text = |name: &str| person[name].as_str().unwrap().to_owned();
        (text("identifier"), text("password"), text("name"))
    }

    /// An address of the provider.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.tour["issuer"].as_str().unwrap())
    }

    /// The front page of a portal.
    pub fn portal(&self, number: usize) -> String {
        self.tour["portals"][number]["url"].as_str().unwrap().to_owned()
    }

    /// Opens a page.
    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Waits for an element of this id.
    pub async fn find(&self, id: &str) -> fantoccini::elements::Element {
        let wait = self.client.wait().at_most(Duration::from_secs(10));
        let found = wait.for_element(Locator::Id(id)).await;
        match found {
            Ok(found) => found,
            Err(error) => panic!(
                "no #{id} at {} ({error}): {}",
                self.client.current_url().await.unwrap(),
                self.client.source().await.unwrap()
            ),
        }
    }

    /// Whether an element of this id is there now.
    pub async fn has(&self, id: &str) -> bool {
        !self.client.find_all(Locator::Id(id)).await.unwrap().is_empty()
    }

    /// Clicks on an element of this id.
    pub async fn click(&self, id: &str) {
        self.find(id).await.click().await.unwrap();
    }

    /// Types into a field.
    pub async fn type_into(&self, id: &str, text: &str) {
        let field = self.find(id).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// The page's text.
    pub async fn text(&self) -> String {
        self.client.find(Locator::Css("body")).await.unwrap().text().await.unwrap()
    }

    /// Waits until the page's text has these words.
    pub async fn wait_for_text(&self, words: &str) {
        for _ in 0..100 {
            if self.text().await.contains(words) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!(
            "no `{words}` on {}: {}",
            self.client.current_url().await.unwrap(),
            self.text().await
        );
    }

    /// Fills the login form.
    pub async fn log_in(&self) {
        let (identifier, password, _) = self.person();
        self.type_into("identifier", &identifier).await;
        self.type_into("password", &password).await;
        self.click("login").await;
    }

    /// Ends the browser in order; dropping ends it anyhow.
    pub async fn end(self) {
        self.client.clone().close().await.unwrap();
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        for process in [&mut self.driver, &mut self.demo] {
            let _ = process.kill();
            let _ = process.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

async fn connect(port: u16, folder: &std::path::Path) -> Client {
    let profile = folder.join("profile");
    let arguments = [
        "--headless=new".to_owned(),
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--window-size=1440,900".to_owned(),
        "--lang=zh-CN".to_owned(),
        format!("--user-data-dir={}", profile.display()),
    ];
    let mut capabilities = serde_json::Map::new();
    capabilities.insert("goog:chromeOptions".to_owned(), json!({ "args": arguments }));
    for _ in 0..100 {
        let mut builder = ClientBuilder::rustls().unwrap();
        builder.capabilities(capabilities.clone());
        match builder.connect(&format!("http://127.0.0.1:{port}")).await {
            Ok(client) => return client,
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
    panic!("the browser does not start");
}
