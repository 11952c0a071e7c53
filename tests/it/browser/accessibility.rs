//! axe-core finds nothing serious on any page (WCAG 2.2 AA, GB/T 37668).
//!
//! `scripts/test` installs axe-core and names it in `YIHAO_TEST_AXE`.

use std::path::PathBuf;

use serde_json::Value;

use super::Visit;
use super::chromium::Window;
use super::states::Eye;
use super::states::Look;

/// What is judged: the rules of WCAG up to 2.2 AA, and what axe holds to be good practice.
const RUN: &str = "
    const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'] }).then(
        found => done(found.violations.map(rule => ({
            id: rule.id, impact: rule.impact, help: rule.help,
            nodes: rule.nodes.map(node => node.html + ' ' + node.failureSummary),
        }))),
        error => done([{ id: 'axe', impact: 'critical', help: String(error), nodes: [] }]),
    );";

/// The width of a page must be that of the screen: nothing is reached by scrolling sideways. Not `innerWidth`, which
/// a phone makes as wide as what it shows.
const OVERFLOW: &str = "
    const screen = document.documentElement.clientWidth;
    const over = document.documentElement.scrollWidth - screen;
    if (over <= 0) return '';
    const wide = [...document.body.querySelectorAll('*')].filter(
        element => element.getBoundingClientRect().right > screen + 0.5);
    return over + ' px: ' + wide.slice(0, 3).map(element => element.outerHTML.slice(0, 120)).join(' | ');";

struct Judge {
    axe: String,
    width: u32,
    pages: usize,
    found: Vec<String>,
}

impl Eye for Judge {
    async fn look(&mut self, visit: &Visit, name: &str) {
        self.found.extend(faults(&visit.window, &self.axe, (name, self.width)).await);
        self.pages += 1;
    }
}

/// What is wrong with the page in the window at this width.
pub async fn faults(window: &Window, axe: &str, (name, width): (&str, u32)) -> Vec<String> {
    let mut found = Vec::new();
    window.resize(width).await;
    window.script(axe, Vec::new()).await;
    let violations = window.script_that_waits(RUN).await;
    for rule in violations.as_array().expect("a list of violations") {
        if matches!(rule["impact"].as_str(), Some("serious" | "critical")) {
            found.push(format!("{name}: {}", tell(rule)));
        }
    }
    found.extend(overflow(window, (name, width)).await);
    found
}

/// What of the page in the window does not fit into this width.
pub async fn overflow(window: &Window, (name, width): (&str, u32)) -> Option<String> {
    window.resize(width).await;
    let over = window.script(OVERFLOW, Vec::new()).await;
    let over = over.as_str().filter(|over| !over.is_empty())?;
    Some(format!("{name}: too wide for {width} by {over}"))
}

fn tell(rule: &Value) -> String {
    let nodes: Vec<&str> =
        rule["nodes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    format!("{} ({}): {}", rule["id"], rule["help"], nodes.join("\n    "))
}

/// The text of axe-core; none where it is missing and not demanded.
pub fn axe() -> Option<String> {
    let file = std::env::var_os("YIHAO_TEST_AXE").map_or_else(PathBuf::new, PathBuf::from);
    let found = std::fs::read_to_string(&file).ok();
    let demanded = std::env::var("YIHAO_TEST_REQUIRE_BROWSER").is_ok_and(|text| text == "1");
    assert!(found.is_some() || !demanded, "axe-core is demanded and not at {}", file.display());
    if found.is_none() {
        eprintln!("left out: there is no axe-core (YIHAO_TEST_AXE)");
    }
    found
}

async fn nothing_serious_is_found(look: Look, width: u32) {
    let Some(axe) = axe() else { return };
    let Some(visit) = Visit::start().await else { return };
    let mut judge = Judge { axe, width, pages: 0, found: Vec::new() };

    visit.see_everything(look, &mut judge).await;

    assert!(judge.found.is_empty(), "{}", judge.found.join("\n"));
    assert!(judge.pages > 40, "only {} pages were seen", judge.pages);
}

#[tokio::test]
async fn the_pages_are_accessible_in_chinese() {
    nothing_serious_is_found(Look { locale: "zh-CN", elder: false }, 1440).await;
}

#[tokio::test]
async fn the_pages_are_accessible_in_english_on_a_phone() {
    nothing_serious_is_found(Look { locale: "en", elder: false }, 360).await;
}

#[tokio::test]
async fn the_pages_are_accessible_in_large_print_on_a_phone() {
    nothing_serious_is_found(Look { locale: "zh-CN", elder: true }, 360).await;
}
