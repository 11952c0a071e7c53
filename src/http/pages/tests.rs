//! Every template in every state, in both languages and both sizes, with friendly and with
//! hostile values (security.md ).

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use minijinja::context;
use serde::Serialize;
use serde_json::json;

use super::Frame;
use super::Markup;
use super::Pages;
use super::is_template;
use super::qr_svg;
use super::safe_address;
use super::samples;
use crate::http::assets::Theme;
use crate::i18n::Locale;

const HOSTILE: &str = "\"'><svg onload=alert(1)>{{7*7}}</title><script>javascript:";

fn frame(locale: Locale, elder: bool) -> Frame {
    Frame {
        locale,
        elder,
        request_id: "0193f6a2-7c1e".to_owned(),
        path_and_query: "/login?tx=tx1.abc&method=sms".to_owned(),
        csrf: "csrf.token".to_owned(),
        signed_in: Some("张**".to_owned()),
    }
}

fn hostile_frame(locale: Locale, elder: bool) -> Frame {
    let hostile = || HOSTILE.to_owned();
    Frame {
        locale,
        elder,
        request_id: hostile(),
        path_and_query: hostile(),
        csrf: hostile(),
        signed_in: Some(hostile()),
    }
}

/// The friendly context with every text replaced; `spare` are fields that choose a branch.
fn poison(value: &mut serde_json::Value, with: &str, spare: &[&str]) {
    match value {
        serde_json::Value::String(text) => with.clone_into(text),
        serde_json::Value::Array(items) => {
            for item in items {
                poison(item, with, spare);
            }
        }
        serde_json::Value::Object(fields) => {
            for (_, field) in fields.iter_mut().filter(|(name, _)| !spare.contains(&name.as_str()))
            {
                poison(field, with, spare);
            }
        }
        _ => {}
    }
}

fn each_variant() -> impl Iterator<Item = (Locale, bool)> {
    Locale::ALL.into_iter().flat_map(|locale| [(locale, false), (locale, true)])
}

#[test]
fn every_template_has_a_sample() {
    let sampled: BTreeSet<_> = samples::all().iter().map(|sample| sample.1.to_owned()).collect();
    let exists: BTreeSet<_> = Theme::names()
        .filter(|name| is_template(name) && !name.starts_with("parts/") && name != "base.html")
        .map(String::from)
        .collect();
    assert_eq!(sampled, exists);
}

#[test]
fn every_page_keeps_the_rules_of_the_content_security_policy() {
    let pages = Pages::new(None).unwrap();
    for (locale, elder) in each_variant() {
        for (state, template, context) in samples::all() {
            let html = pages.render(template, &frame(locale, elder), &context).unwrap();
            assert_allowed_by_policy(&html, state, template == "form_post.html");
            assert!(html.contains(&format!("<html lang=\"{}\"", locale.tag())), "{state}");
            let root = html.split('>').nth(1).unwrap();
            assert_eq!(root.ends_with("elder\""), elder, "{state}");
            assert_eq!(html.matches("<h1>").count(), 1, "{state}");
        }
    }
}

fn assert_allowed_by_policy(html: &str, state: &str, script: bool) {
    assert_eq!(html.matches("<script").count(), usize::from(script), "{state}");
    for banned in ["style=", "<style", "javascript:", "onload=", "onclick=", "<iframe", "<base"] {
        assert!(!html.contains(banned), "{state}: {banned}");
    }
    // What is loaded comes from us; a link may lead elsewhere.
    for source in html.split("src=\"").skip(1) {
        let ours = ["/assets/", "&#x2f;logo&#x2f;"].iter().any(|start| source.starts_with(start));
        assert!(ours, "{state}: {}", &source[..20]);
    }
    for link in html.split("<link ").skip(1) {
        assert!(link.contains("href=\"/assets/"), "{state}");
    }
    for form in html.split("<form").skip(1).filter_map(|form| form.split("</form").next()) {
        // A portal is not handed our token, and a GET form would put it into the address.
        let ours = !script && !form.contains("method=\"get\"");
        assert_eq!(form.contains("name=\"csrf\" value=\"csrf.token\""), ours, "{state}");
    }
}

#[test]
fn hostile_values_are_shown_as_text() {
    let pages = Pages::new(None).unwrap();
    let branches = ["method", "methods", "kind", "step", "outcome"];
    for (locale, elder) in each_variant() {
        for (state, template, sample) in samples::all() {
            for spare in [&branches[..], &[]] {
                let mut context = sample.clone();
                poison(&mut context, HOSTILE, spare);
                let html = pages.render(template, &hostile_frame(locale, elder), &context).unwrap();
                for sign in ["<svg onload", "<script>", "</title><", "{{49", ">49"] {
                    assert!(!html.contains(sign), "{state}: {sign}");
                }
                // Help and privacy are handed nothing but the frame.
                assert!(html.contains("{{7*7}}") || sample == json!({}), "{state}");
            }
        }
    }
}

#[test]
fn no_value_becomes_a_script_address() {
    let pages = Pages::new(None).unwrap();
    for (state, template, mut context) in samples::all() {
        poison(&mut context, "javascript:alert(1)", &["kind", "method"]);
        let html = pages.render(template, &frame(Locale::ZhCn, false), &context).unwrap();
        for attribute in ["href", "src", "action"] {
            assert!(!html.contains(&format!("{attribute}=\"javascript")), "{state}: {attribute}");
        }
    }
}

/// With `YIHAO_SAMPLES` set, every sample is written to that folder, to be looked at.
#[test]
fn a_page_loads_nothing_but_files_of_ours_that_are_there() {
    let pages = Pages::new(None).unwrap();
    let folder = std::env::var_os("YIHAO_SAMPLES").map(PathBuf::from);
    if let Some(folder) = &folder {
        write_assets(&pages, &folder.join("assets"));
    }
    for (locale, elder) in each_variant() {
        for (state, template, context) in samples::all() {
            let html = pages.render(template, &frame(locale, elder), &context).unwrap();
            for address in html.split("\"/assets/").skip(1).map(|rest| rest.split('"').next()) {
                let name = address.unwrap().split('?').next().unwrap();
                assert!(pages.assets().find(name).is_some(), "{state}: {name}");
            }
            if let Some(folder) = &folder {
                let size = if elder { "-elder" } else { "" };
                let name = format!("{state}.{}{size}.html", locale.tag());
                fs::write(folder.join(name), html.replace("\"/assets/", "\"assets/")).unwrap();
            }
        }
    }
}

fn write_assets(pages: &Pages, folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let names = Theme::names().filter_map(|name| name.strip_prefix("assets/").map(String::from));
    for name in names.chain(["brand.css".to_owned()]) {
        fs::write(folder.join(&name), &pages.assets().find(&name).unwrap().bytes).unwrap();
    }
}

#[test]
fn a_qr_code_is_drawn_and_a_plain_text_in_its_place_is_not_trusted() {
    #[derive(Serialize)]
    struct Enrol {
        qr_svg: Markup,
        secret: &'static str,
        error: Option<&'static str>,
        tx: Option<&'static str>,
        action: &'static str,
    }
    let pages = Pages::new(None).unwrap();
    let qr_svg = qr_svg("otpauth://totp/Yihao:a?secret=JBSWY3DPEHPK3PXP").unwrap();
    let enrol = Enrol { qr_svg, secret: "JBSW Y3DP", error: None, tx: None, action: "/x" };
    let html = pages.render("enrol_totp.html", &Frame::default(), enrol).unwrap();
    assert!(html.contains("<svg class=\"qr\"") && !html.contains("style="));
    assert!(super::qr_svg(&"x".repeat(10_000)).is_err());
}

#[test]
fn addresses_are_checked_before_they_become_links() {
    for good in ["/account?x=1", "https://a.example/", "http://localhost:8081/", "cn.gov.app:/cb"] {
        assert_eq!(safe_address(Some(good)), good);
    }
    for bad in [
        "javascript:alert(1)",
        "JaVaScRiPt:x",
        "//evil.example",
        "/\\evil.example",
        "data:text/html,x",
        " https://a",
        "java\nscript:x",
        "",
        "x",
    ] {
        assert_eq!(safe_address(Some(bad)), "#", "{bad}");
    }
}

#[test]
fn a_value_the_page_was_not_given_is_an_error_and_not_a_gap() {
    let pages = Pages::new(None).unwrap();
    let error = pages.render(
        "demo_outbox.html",
        &Frame::default(),
        context! {
            messages => [context! { at => "now" }],
        },
    );
    assert!(error.is_err());
    assert!(pages.render("nothing.html", &Frame::default(), ()).is_err());
}
