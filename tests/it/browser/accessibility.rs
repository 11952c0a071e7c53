//! Every page under axe-core, and pictures of it (acceptance 2). `YIHAO_TEST_AXE` names `axe.min.js`;
//! without it the check is left out. `YIHAO_TEST_SCREENSHOTS` names a folder for the pictures.

use std::path::Path;

use base64::Engine;
use serde_json::Value;
use serde_json::json;

use crate::browser::Visit;

/// Violations of these impacts fail the test.
const GRAVE: [&str; 2] = ["serious", "critical"];

#[tokio::test]
async fn axe_finds_no_serious_violation_on_any_page() {
    let axe =
        std::env::var("YIHAO_TEST_AXE").ok().map(|path| std::fs::read_to_string(path).unwrap());
    let pictures = std::env::var("YIHAO_TEST_SCREENSHOTS").ok();
    if axe.is_none() && pictures.is_none() {
        return;
    }
    let Some(visit) = Visit::start().await else { return };
    // `locale=en&elder=1` lets a second run look at the other language, or at the large print.
    let preferences =
        std::env::var("YIHAO_TEST_LOOK").unwrap_or_else(|_| "locale=zh-CN".to_owned());
    visit.open(&visit.url(&format!("/preferences?{preferences}"))).await;
    let look = Look { visit: &visit, axe, pictures };
    let mut found = Vec::new();
    for path in ["/", "/help", "/privacy", "/login", "/login?method=sms", "/signup", "/nothing"] {
        visit.open(&visit.url(path)).await;
        found.extend(look.at(path).await);
    }
    visit.open(&visit.url("/login")).await;
    visit.type_into("identifier", "nobody").await;
    visit.type_into("password", "wrong").await;
    visit.click("login").await;
    found.extend(look.at("login-error").await);
    visit.open(&visit.portal(0)).await;
    found.extend(look.at("portal").await);
    visit.click("sign-in").await;
    visit.find("identifier").await;
    found.extend(look.at("login-portal").await);
    visit.log_in().await;
    visit.find("allow").await;
    found.extend(look.at("consent").await);
    visit.click("allow").await;
    visit.find("sign-out").await;
    found.extend(look.at("portal-in").await);
    visit.click("step-up").await;
    visit.find("send-code").await;
    found.extend(look.at("second-sms").await);
    visit.click("send-code").await;
    visit.find("code").await;
    found.extend(look.at("second-code").await);
    for path in [
        "/account",
        "/account/sessions",
        "/account/portals",
        "/account/history",
        "/account/password",
        "/account/totp",
        "/account/reauthenticate",
        "/demo/outbox",
        "/oauth2/logout",
    ] {
        visit.open(&visit.url(path)).await;
        found.extend(look.at(path).await);
    }
    visit.open(&visit.url("/account/totp")).await;
    visit.click("begin").await;
    visit.find("code").await;
    found.extend(look.at("totp-enrol").await);
    assert!(found.is_empty(), "{}", found.join("\n"));
    visit.end().await;
}

struct Look<'a> {
    visit: &'a Visit,
    axe: Option<String>,
    pictures: Option<String>,
}

impl Look<'_> {
    /// Checks the page that is open, and takes its pictures; gives what is wrong.
    async fn at(&self, name: &str) -> Vec<String> {
        let name = name.trim_matches('/').replace(['/', '?', '='], "-");
        let name = if name.is_empty() { "home" } else { &name };
        self.photograph(name).await;
        let Some(axe) = &self.axe else { return Vec::new() };
        let client = &self.visit.client;
        client.execute(axe, Vec::new()).await.unwrap();
        let run = "const done = arguments[0]; axe.run(document).then(r => done(r.violations));";
        let violations = client.execute_async(run, Vec::new()).await.unwrap();
        let grave = |violation: &&Value| {
            violation["impact"].as_str().is_some_and(|impact| GRAVE.contains(&impact))
        };
        let tell = |violation: &Value| {
            format!(
                "{name}: {} {} {}",
                violation["id"], violation["help"], violation["nodes"][0]["html"]
            )
        };
        violations.as_array().unwrap().iter().filter(grave).map(tell).collect()
    }

    async fn photograph(&self, name: &str) {
        let Some(folder) = &self.pictures else { return };
        std::fs::create_dir_all(folder).unwrap();
        for width in [360, 1440] {
            let metrics = json!({
                "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500,
            });
            self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
            let picture = self
                .devtools("Page.captureScreenshot", json!({ "captureBeyondViewport": true }))
                .await;
            let data = picture["data"].as_str().unwrap();
            let bytes = base64::engine::general_purpose::STANDARD.decode(data).unwrap();
            std::fs::write(Path::new(folder).join(format!("{name}-{width}.png")), bytes).unwrap();
        }
        self.devtools("Emulation.clearDeviceMetricsOverride", json!({})).await;
    }

    /// A command of Chromium's own protocol.
    async fn devtools(&self, command: &'static str, parameters: Value) -> Value {
        let command = Devtools { command, parameters };
        self.visit.client.issue_cmd(command).await.unwrap()
    }
}

#[derive(Debug)]
struct Devtools {
    command: &'static str,
    parameters: Value,
}

impl fantoccini::wd::WebDriverCompatibleCommand for Devtools {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        let body = json!({ "cmd": self.command, "params": self.parameters });
        (http::Method::POST, Some(body.to_string()))
    }
}
