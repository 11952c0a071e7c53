//! Headless Chromium behind a chromedriver of its own (W3C `WebDriver`; Chrome `DevTools` for the screen).

use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::ChildStdout;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fantoccini::Client;
use fantoccini::ClientBuilder;
use fantoccini::Locator;
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::wd::WebDriverCompatibleCommand;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::Value;
use serde_json::json;
use url::Url;

use crate::support::Browser;

/// A page that takes longer does not come; several browsers share the machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A browser window; browser and driver end with this handle.
pub struct Window {
    client: Client,
    _driver: Driver,
}

struct Driver {
    process: Child,
    /// What it still has to say needs an open pipe.
    _said: BufReader<ChildStdout>,
    port: u16,
    session: Option<String>,
    profile: PathBuf,
}

/// The chromedriver to use; none where the tests may be left out.
pub fn driver() -> Option<PathBuf> {
    let found = std::env::var_os("YIHAO_TEST_CHROMEDRIVER").map(PathBuf::from).or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|dir| dir.join("chromedriver")).find(|file| file.is_file())
    });
    let demanded = std::env::var("YIHAO_TEST_REQUIRE_BROWSER").is_ok_and(|text| text == "1");
    assert!(found.is_some() || !demanded, "a chromedriver is demanded and there is none");
    if found.is_none() {
        eprintln!("left out: there is no chromedriver (YIHAO_TEST_CHROMEDRIVER)");
    }
    found
}

impl Window {
    /// Opens a browser nobody knows, which prefers Chinese.
    pub async fn start(driver: &Path) -> Self {
        let mut driver = Driver::spawn(driver);
        let arguments = [
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--hide-scrollbars".to_owned(),
            "--lang=zh-CN".to_owned(),
            "--window-size=1440,1000".to_owned(),
            format!("--user-data-dir={}", driver.profile.display()),
        ];
        let preferences = json!({ "intl.accept_languages": "zh-CN,zh" });
        let options = json!({ "args": arguments, "prefs": preferences });
        let capabilities = json!({ "goog:chromeOptions": options });
        let address = format!("http://127.0.0.1:{}", driver.port);
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities.as_object().cloned().expect("an object"));
        let client = tokio::time::timeout(2 * PATIENCE, builder.connect(&address)).await;
        let client = client.expect("Chromium starts in time").expect("Chromium starts");
        driver.session = client.session_id().await.expect("a session");
        Self { client, _driver: driver }
    }

    /// Goes to an address.
    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// Where it is.
    pub async fn address(&self) -> Url {
        self.client.current_url().await.expect("an address")
    }

    /// Waits until an element stands on the page.
    pub async fn see(&self, css: &str) -> Element {
        let waiting = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(css));
        match waiting.await {
            Ok(element) => element,
            Err(error) => panic!("no {css} ({error}) at {}", self.describe().await),
        }
    }

    /// Whether an element stands on the page now.
    pub async fn has(&self, css: &str) -> bool {
        let found = self.client.find_all(Locator::Css(css)).await;
        !found.expect("the page can be searched").is_empty()
    }

    /// Waits until no such element stands on the page.
    pub async fn see_no(&self, css: &str) {
        for _ in 0..PATIENCE.as_millis() / 50 {
            if !self.has(css).await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{css} stays at {}", self.describe().await)
    }

    /// The text of an element.
    pub async fn text(&self, css: &str) -> String {
        self.see(css).await.text().await.expect("its text")
    }

    /// The texts of all such elements.
    pub async fn texts(&self, css: &str) -> Vec<String> {
        let found = self.client.find_all(Locator::Css(css)).await;
        let mut texts = Vec::new();
        for element in found.expect("the page can be searched") {
            texts.push(element.text().await.expect("its text"));
        }
        texts
    }

    /// Presses a button or follows a link.
    pub async fn click(&self, css: &str) {
        let pressed = self.see(css).await.click().await;
        if let Err(error) = pressed {
            panic!("{css} cannot be pressed: {error}");
        }
    }

    /// Types into a field, in the place of what stood there.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.see(css).await;
        field.clear().await.expect("a field");
        field.send_keys(text).await.expect("a field that takes text");
    }

    /// Types where the focus is.
    pub async fn type_keys(&self, keys: &str) {
        let focused = self.client.active_element().await.expect("a focus");
        focused.send_keys(keys).await.expect("keys are taken");
    }

    /// Presses Tab until the focus is on this element; says after how many presses.
    pub async fn tab_to(&self, css: &str) -> usize {
        for presses in 1..40 {
            self.type_keys(&char::from(Key::Tab).to_string()).await;
            let there = format!("return document.activeElement.matches({})", json!(css));
            if self.script(&there, Vec::new()).await == json!(true) {
                return presses;
            }
        }
        panic!("{css} is not reached by Tab at {}", self.describe().await)
    }

    /// Goes on as another browser, with its cookies and no others.
    pub async fn wear(&self, browser: &Browser, url: &str) {
        self.devtools("Network.clearBrowserCookies", json!({})).await;
        for (name, value) in browser.cookies() {
            let cookie = json!({ "name": name, "value": value, "url": url, "httpOnly": true });
            self.devtools("Network.setCookie", cookie).await;
        }
    }

    /// Runs a script in the page.
    pub async fn script(&self, body: &str, arguments: Vec<Value>) -> Value {
        self.client.execute(body, arguments).await.expect("the script runs")
    }

    /// Runs a script that says by a callback, its last argument, when it is done.
    pub async fn script_that_waits(&self, body: &str) -> Value {
        self.client.execute_async(body, Vec::new()).await.expect("the script runs")
    }

    /// Does something in a new tab, which is closed then.
    pub async fn aside<T>(&self, look: impl AsyncFnOnce(&Self) -> T) -> T {
        let here = self.client.window().await.expect("a window");
        let tab = self.client.new_window(true).await.expect("a tab");
        self.client.switch_to_window(tab.handle).await.expect("the tab");
        let seen = look(self).await;
        self.client.close_window().await.expect("the tab closes");
        self.client.switch_to_window(here).await.expect("the window");
        seen
    }

    /// Makes the screen so wide.
    pub async fn resize(&self, width: u32) {
        let height = if width < 600 { 800 } else { 1000 };
        let screen = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", screen).await;
    }

    /// A picture of the whole page, PNG.
    pub async fn picture(&self) -> Vec<u8> {
        let whole = json!({ "format": "png", "captureBeyondViewport": true });
        let answer = self.devtools("Page.captureScreenshot", whole).await;
        let picture = answer["data"].as_str().expect("a picture");
        STANDARD.decode(picture).expect("in base64")
    }

    /// A command of Chrome's own protocol.
    async fn devtools(&self, command: &'static str, parameters: Value) -> Value {
        let answer = self.client.issue_cmd(DevTools { command, parameters }).await;
        answer.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    async fn describe(&self) -> String {
        let source = self.client.source().await.unwrap_or_default();
        format!("{}: {source}", self.address().await)
    }
}

impl Driver {
    /// Starts one. Drivers that start at the same moment may choose the same free port: the one that comes
    /// second ends, and tries again.
    fn spawn(file: &Path) -> Self {
        let started = (0..5).find_map(|_| Self::try_spawn(file));
        started.unwrap_or_else(|| panic!("{} starts", file.display()))
    }

    fn try_spawn(file: &Path) -> Option<Self> {
        let tag = uuid::Uuid::new_v4().simple().to_string();
        let profile = std::env::temp_dir().join(format!("yihao-chromium-{tag}"));
        // Port 0: the driver takes a free one, and says which.
        let mut process = Command::new(file)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let mut said = BufReader::new(process.stdout.take().expect("its output"));
        let port = said.by_ref().lines().map_while(Result::ok).find_map(|line| {
            let (_, rest) = line.split_once("started successfully on port ")?;
            rest.trim_end_matches('.').parse().ok()
        });
        let Some(port) = port else {
            // It has said all it had to say, so it has ended.
            process.wait().expect("it ends");
            return None;
        };
        Some(Self { process, _said: said, port, session: None, profile })
    }

    /// Ends the session, and with it the browser, which a killed driver would leave behind.
    fn close(&self) -> std::io::Result<()> {
        let Some(session) = &self.session else { return Ok(()) };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(stream, "DELETE /session/{session} HTTP/1.1\r\nHost: 127.0.0.1\r\n")?;
        write!(stream, "Connection: close\r\nContent-Length: 0\r\n\r\n")?;
        stream.read_exact(&mut [0; 12])
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A browser that is gone already leaves nothing to close.
        let _ = self.close();
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

#[derive(Debug)]
struct DevTools {
    command: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        let body = json!({ "cmd": self.command, "params": self.parameters });
        (http::Method::POST, Some(body.to_string()))
    }
}
