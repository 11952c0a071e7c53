//! The pages in a real browser: headless Chromium over `WebDriver`, on the tour that `yihao demo` gives.
//!
//! Each test has a demo, a chromedriver and a browser profile of its own. Without a chromedriver the
//! tests are left out, unless `YIHAO_TEST_REQUIRE_BROWSER=1` demands them.

mod accessibility;
mod account;
mod acting;
mod chromium;
mod console;
mod dashboards;
mod demo;
mod login;
mod portal;
mod preferences;
mod recovery;
mod scene;
mod screenshots;
mod sign_up;
mod states;
mod steps;
mod tour;
mod walk;

use chromium::Window;
use demo::Demo;
use demo::DemoPerson;

/// A visitor of the demo.
pub struct Visit {
    /// The browser. It is closed before the demo ends.
    pub window: Window,
    /// The provider, its portals and its people.
    pub demo: Demo,
}

impl Visit {
    /// Starts a demo and a browser; none where there is no browser and none is demanded.
    pub async fn start() -> Option<Self> {
        let driver = chromium::driver()?;
        let demo = Demo::start().await;
        Some(Self { window: Window::start(&driver).await, demo })
    }

    /// Somebody with an account and a phone.
    pub fn person(&self) -> &DemoPerson {
        let with_phone = |person: &&DemoPerson| person.password.is_some() && person.phone.is_some();
        self.demo.people.iter().find(with_phone).expect("a person with account and phone")
    }

    /// Somebody with an account and without a phone.
    pub fn person_without_phone(&self) -> &DemoPerson {
        let phoneless = |person: &&DemoPerson| person.password.is_some() && person.phone.is_none();
        self.demo.people.iter().find(phoneless).expect("a person without a phone")
    }

    /// Somebody of the register who has no account yet.
    pub fn newcomer(&self) -> &DemoPerson {
        let new = |person: &&DemoPerson| person.password.is_none();
        self.demo.people.iter().find(new).expect("a person without an account")
    }
}
