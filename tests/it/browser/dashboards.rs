//! The dashboards as an officer sees them: readable for everybody, on a desk and on a phone, by keyboard.

use std::path::Path;
use std::time::Duration;

use yihao::domain::tally::Measure;
use yihao::domain::tally::Tallies;

use super::accessibility;
use super::chromium;
use super::chromium::Window;
use crate::support::Backend;
use crate::support::TestProvider;
use crate::support::console::PASSWORD;
use crate::support::console::begin_step;
use crate::support::console::officers;
use crate::support::login::totp;

/// A year of something of everything.
async fn fill(provider: &TestProvider) {
    let (mut tallies, now) = (Tallies::default(), provider.clock.now());
    for hours in (0..24).chain((2..14).map(|day| day * 24)).chain((1..12).map(|month| month * 730))
    {
        let at = now.minus(Duration::from_hours(hours));
        let some = i64::try_from(400 - (hours * 37) % 350).unwrap();
        for (measure, label, count) in [
            (Measure::Logins, "password.done", some * 40),
            (Measure::Logins, "password.refused", some * 3),
            (Measure::Logins, "sms.done", some * 9),
            (Measure::Regions, "1401", some * 31),
            (Measure::Regions, "1402", some * 11),
            (Measure::Portals, "web1", some * 29),
            (Measure::Failures, "login", some * 3),
            (Measure::Failures, "client_authentication_refused", some / 9),
            (Measure::Accounts, "1401", some / 4),
            (Measure::Latency, "login.9", some),
            (Measure::Latency, "login.12", some / 30),
            (Measure::Latency, "token.3", some),
        ] {
            tallies.add((measure, label), at, count);
        }
    }
    provider.provider.store.add_tallies(tallies, now).await.unwrap();
    let mut looks = Tallies::default();
    for (label, count) in [("active.1", 4_688_031), ("active.2", 31_002), ("locked.1", 1_904)] {
        looks.add((Measure::Levels, label), now, count);
    }
    looks.add((Measure::Outbox, "logout_tokens.waiting"), now, 3);
    provider.provider.store.set_tallies(looks, now).await.unwrap();
}

async fn log_in(provider: &TestProvider, window: &Window, (name, secret): (&str, &str)) {
    begin_step(provider);
    window.open(&provider.url("/console/login")).await;
    window.fill("#login-name", name).await;
    window.fill("#password", PASSWORD).await;
    window.fill("#code", &totp(provider, secret)).await;
    window.click("#login").await;
    window.see(".bench-out").await;
}

/// Looks at the page, and keeps its picture with `YIHAO_TEST_SCREENSHOTS=1`.
async fn look(window: &Window, axe: &str, (name, width): (&str, u32)) -> Vec<String> {
    let found = accessibility::faults(window, axe, (name, width)).await;
    if std::env::var("YIHAO_TEST_SCREENSHOTS").is_ok() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots/console");
        std::fs::create_dir_all(&folder).expect("a folder for pictures");
        let file = folder.join(format!("{name}-{width}.png"));
        std::fs::write(file, window.picture().await).expect("the picture is kept");
    }
    found
}

#[tokio::test]
async fn the_dashboards_are_accessible() {
    let (Some(axe), Some(driver)) = (accessibility::axe(), chromium::driver()) else { return };
    let provider = TestProvider::start(Backend::Sqlite).await;
    let [system, ..] = officers(&provider).await;
    let window = Window::start(&driver).await;
    log_in(&provider, &window, (&system.login_name, &system.secret)).await;
    window.open(&provider.url("/console/dashboards")).await;
    let mut found = look(&window, &axe, ("dashboards-empty", 360)).await;
    fill(&provider).await;
    for (locale, elder) in [("zh-CN", 0), ("en", 0), ("zh-CN", 1)] {
        for range in ["24h", "14d", "12m"] {
            let back = format!("/console/dashboards?range={range}")
                .replace('?', "%3F")
                .replace('=', "%3D");
            let path = format!("/preferences?locale={locale}&elder={elder}&return={back}");
            window.open(&provider.url(&path)).await;
            window.see("#chart-outbox").await;
            let name = format!("dashboards-{locale}{}-{range}", ["", "-elder"][elder]);
            for width in [1440, 360] {
                found.extend(look(&window, &axe, (&name, width)).await);
            }
        }
    }
    // The numbers by time are a table that opens by keyboard.
    window.tab_to("#chart-logins summary").await;
    window.type_keys("\u{e007}").await;
    assert!(window.has("#chart-logins details[open] table").await);
    found.extend(look(&window, &axe, ("dashboards-open", 360)).await);
    assert!(found.is_empty(), "{}", found.join("\n"));
}
