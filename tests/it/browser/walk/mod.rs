//! The pages of identities, organisations and codes, walked in the states a person meets them in: the mock province
//! answers, is away and says no, and officers have decided what they decide. One browser a look.
//!
//! `YIHAO_TEST_SCREENSHOTS=1` keeps a picture of each in `target/screenshots`.

mod citizen;
mod desk;
mod people;

use std::path::Path;
use std::path::PathBuf;

use super::accessibility;
use super::chromium;
use super::chromium::Window;
use super::states::Look;
use crate::support::Browser;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::login::log_in;
use crate::support::province::Province;
use people::People;

/// A phone and a desk.
const WIDTHS: [u32; 2] = [360, 1440];

/// A walk through the pages.
struct Walk {
    window: Window,
    provider: TestProvider,
    province: Province,
    people: People,
    look: Look,
    /// In which width axe looks; whether everything fits is looked at in both.
    width: u32,
    axe: Option<String>,
    pages: usize,
    found: Vec<String>,
}

impl Walk {
    /// Goes on as somebody who has just logged in.
    async fn come_as(&self, person: &Person) {
        let browser = Browser::new();
        log_in(&self.provider, &browser, person).await;
        self.wear(&browser).await;
    }

    /// Goes on as this browser, in the look of the walk.
    async fn wear(&self, browser: &Browser) {
        self.window.wear(browser, &self.provider.issuer).await;
        let Look { locale, elder } = self.look;
        let elder = u8::from(elder);
        let path = format!("/preferences?locale={locale}&elder={elder}&return=/help");
        self.window.open(&self.provider.url(&path)).await;
    }

    /// Goes to a page.
    async fn visit(&self, path: &str) {
        self.window.open(&self.provider.url(path)).await;
    }

    /// Goes to a page and judges it.
    async fn go(&mut self, path: &str, name: &str) {
        self.visit(path).await;
        self.judge(name).await;
    }

    /// Waits until something stands on the page, and judges it.
    async fn see(&mut self, css: &str, name: &str) {
        self.window.see(css).await;
        self.judge(name).await;
    }

    async fn fill(&self, fields: &[(&str, &str)]) {
        for (css, text) in fields {
            self.window.fill(css, text).await;
        }
    }

    async fn judge(&mut self, name: &str) {
        self.pages += 1;
        self.window.see("main h1").await;
        for width in WIDTHS {
            let here = (name, width);
            match self.axe.as_deref().filter(|_| width == self.width) {
                Some(axe) => {
                    self.found.extend(accessibility::faults(&self.window, axe, here).await);
                }
                None => self.found.extend(accessibility::overflow(&self.window, here).await),
            }
            if let Some(folder) = self.pictures() {
                let file = folder.join(format!("{name}-{width}.png"));
                std::fs::write(file, self.window.picture().await).expect("the picture is kept");
            }
        }
        self.window.resize(self.width).await;
    }

    /// Where pictures are kept, if they are.
    fn pictures(&self) -> Option<PathBuf> {
        std::env::var("YIHAO_TEST_SCREENSHOTS").ok()?;
        let elder = if self.look.elder { "-elder" } else { "" };
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("target/screenshots/walk-{}{elder}", self.look.locale));
        std::fs::create_dir_all(&folder).expect("a folder for pictures");
        Some(folder)
    }
}

async fn every_page_is_sound(look: Look, width: u32) {
    let (axe, Some(driver)) = (accessibility::axe(), chromium::driver()) else { return };
    let (people, province, provider) = people::gather().await;
    let window = Window::start(&driver).await;
    let (pages, found) = (0, Vec::new());
    let mut walk = Walk { window, provider, province, people, look, width, axe, pages, found };

    // The clock goes ahead at each step. The province takes no call of somebody whose clock is minutes off, so those
    // who need it come first.
    walk.works_at_the_console().await;
    walk.acts_for_others().await;
    walk.verifies_an_identity().await;
    walk.comes_back_with_a_permit().await;
    walk.signs_up_with_a_passport().await;
    walk.reads_published_codes().await;

    assert!(walk.found.is_empty(), "{}", walk.found.join("\n"));
    assert!(walk.pages > 50, "only {} pages were seen", walk.pages);
}

#[tokio::test]
async fn every_page_is_sound_in_chinese() {
    every_page_is_sound(Look { locale: "zh-CN", elder: false }, 1440).await;
}

#[tokio::test]
async fn every_page_is_sound_in_english_on_a_phone() {
    every_page_is_sound(Look { locale: "en", elder: false }, 360).await;
}

#[tokio::test]
async fn every_page_is_sound_in_large_print_on_a_phone() {
    every_page_is_sound(Look { locale: "zh-CN", elder: true }, 360).await;
}
