//! The rules of the source tree that no compiler checks: who may use whom, which file may name which
//! library, and what every file owes its reader. The tables say what is so; a change of them is a
//! decision, and belongs in the same commit as the code that needs it.

#![expect(clippy::unwrap_used, reason = "a source file that cannot be read should stop the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The modules, lowest layer first, each with the modules it may use. They all lie in lower layers,
/// so nothing depends upwards, modules of one layer do not know each other, and there is no cycle.
const LAYERS: &[&[(&str, &str)]] = &[
    // Tools
    &[("clock", ""), ("crypto", ""), ("i18n", ""), ("outbound", "")],
    &[
        ("jose", "crypto"),
        ("signed_call", "clock crypto outbound"),
        ("table", "crypto"),
        ("totp", "clock crypto"),
    ],
    // Values
    &[("domain", "clock crypto jose")],
    &[("vault", "crypto domain")],
    // State
    &[("config", "domain"), ("notify", "clock outbound signed_call"), ("store", "clock domain")],
    &[
        ("keyring", "clock domain jose store vault"),
        ("registers", "clock crypto domain outbound signed_call store vault"),
    ],
    &[("provider", "clock config crypto domain keyring notify outbound registers store vault")],
    &[
        ("audit", "clock crypto domain jose provider store vault"),
        ("identifier", "config domain provider"),
        ("incoming_call", "clock domain provider signed_call store"),
        ("subjects", "domain provider store"),
        ("throttle", "clock domain provider store"),
    ],
    &[("messages", "clock domain notify provider store")],
    &[("one_time_code", "audit crypto domain messages notify provider store throttle")],
    // Rules
    &[
        ("codes", "audit clock config crypto domain jose provider store table vault"),
        (
            "login",
            "audit clock config crypto domain identifier messages notify one_time_code provider \
             store throttle totp vault",
        ),
        ("monitor", "audit clock config domain i18n outbound provider signed_call store"),
        (
            "organisations",
            "audit clock crypto domain identifier incoming_call messages provider registers signed_call \
             store subjects throttle vault",
        ),
        (
            "people",
            "audit clock config crypto domain identifier incoming_call messages notify one_time_code \
             provider registers signed_call store throttle vault",
        ),
        ("protocol", "audit clock crypto domain jose provider store subjects vault"),
        ("statistics", "clock domain provider store"),
    ],
    &[(
        "recovery",
        "audit clock domain identifier login messages notify one_time_code people provider \
         registers store throttle vault",
    )],
    &[(
        "console",
        "audit clock codes config crypto domain identifier keyring messages organisations people provider \
         recovery registers store throttle totp vault",
    )],
    // A portal's way joins what an officer may do with what a client must be
    &[(
        "onboarding",
        "audit clock console crypto domain identifier jose outbound people protocol provider store \
         throttle vault",
    )],
    // Edges
    &[(
        "http",
        "audit clock codes config console crypto domain i18n identifier incoming_call login onboarding one_time_code \
         organisations people protocol provider recovery subjects",
    )],
];

/// They put the program together, so they may use everything.
const COMPOSERS: &[&str] = &["cli", "demo"];

/// What single files may use besides.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("http/api/fields.rs", "jose"), // bodies are read by its strict parser
    ("http/failure.rs", "store vault"), // their errors, told as a page
    ("http/respond.rs", "store"),   // its errors, told as JSON
    ("http/session.rs", "store"),   // sessions are kept there
    ("http/site.rs", "notify"),     // the demo page shows the messages it kept in memory
];

/// Libraries, and the only places that may name them.
const DOORS: &[(&str, &str)] = &[
    (
        "axum axum_core tower tower_http",
        "http demo/portal demo/province.rs cli/serve.rs notify/http_gateway/tests.rs outbound/tests.rs",
    ),
    ("tower_sessions", "http/session.rs"),
    ("sqlx", "store/sql"),
    ("redis", "store/redis.rs"),
    ("jsonwebtoken", "jose demo/portal/tests"),
    ("sm2 sm3 sm4 argon2 argon2_rust aes_gcm hmac hkdf pbkdf2 getrandom", "crypto"),
    ("aws_lc_rs", "crypto jose"),
    ("x509_cert", "crypto/certificate.rs crypto/certificate"),
    ("totp_rs", "totp.rs"),
    ("openidconnect", "demo"),
    ("reqwest", "outbound"),
    ("clap", "cli demo/province.rs demo/tour.rs"),
    ("minijinja", "http/pages"),
    ("png", "onboarding/logo.rs"),
    ("metrics_exporter_prometheus", "cli/serve.rs"),
    ("utoipa", "http/api"),
    ("zxcvbn", "domain/password.rs"),
    ("lettre", "monitor/mail.rs"),
    ("encoding_rs", "table"),
];

/// How a file of `protocol` names its specification.
const SPECIFICATIONS: &[&str] = &["RFC ", "OpenID Connect ", "OAuth 2.0", "FAPI "];

const LONGEST_FILE: usize = 400;

#[test]
fn modules_use_only_what_lies_below_them() {
    let mut offences = Vec::new();
    for (path, text) in files("src", ".rs") {
        let module = first_word(&path);
        if ["lib", "main"].contains(&module) || COMPOSERS.contains(&module) {
            continue;
        }
        let mut allowed: Vec<&str> = vec![module];
        allowed.extend(words_of(LAYERS.iter().copied().flatten(), module));
        allowed.extend(words_of(EXCEPTIONS, &path));
        for (number, line) in code(&text) {
            for used in line.split("crate::").skip(1).map(first_word) {
                if !allowed.contains(&used) {
                    let used = if used.is_empty() { "several paths in one `use`" } else { used };
                    offences.push(format!("{path}:{number}: {module} must not use {used}"));
                }
            }
        }
    }
    accept(&offences);
}

#[test]
fn the_table_of_layers_lists_every_module_and_points_down() {
    let mut offences = Vec::new();
    let mut lower: BTreeSet<&str> = BTreeSet::new();
    for layer in LAYERS {
        for (module, used) in
            layer.iter().flat_map(|row| row.1.split(' ').map(|used| (row.0, used)))
        {
            if !used.is_empty() && !lower.contains(used) {
                offences.push(format!("{module} may not use {used}: it is not in a lower layer"));
            }
        }
        lower.extend(layer.iter().map(|row| row.0));
    }
    lower.extend(COMPOSERS);

    let library = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let real: BTreeSet<&str> = library
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    for module in lower.symmetric_difference(&real) {
        offences.push(format!("{module} must stand both in the table of layers and in src/lib.rs"));
    }
    for (path, used) in EXCEPTIONS {
        if !root().join("src").join(path).exists() {
            offences.push(format!("{path} has an exception but does not exist"));
        }
        for used in used.split(' ').filter(|used| !real.contains(used)) {
            offences.push(format!("{path} has an exception for {used}, which does not exist"));
        }
    }
    accept(&offences);
}

#[test]
fn libraries_are_named_only_behind_their_doors() {
    let mut offences = Vec::new();
    let sources = files("src", ".rs");
    for (libraries, places) in DOORS {
        let mut used = false;
        for (path, text) in &sources {
            let behind = places.split(' ').any(|place| is_in(path, place));
            for library in libraries.split(' ').filter(|library| names_library(text, library)) {
                used = true;
                if !behind {
                    offences.push(format!("{path}: {library} may be named only in {places}"));
                }
            }
        }
        for place in places.split(' ').filter(|_| used) {
            if !sources.iter().any(|(path, _)| is_in(path, place)) {
                offences.push(format!("{place} is a door for {libraries} but does not exist"));
            }
        }
    }
    accept(&offences);
}

#[test]
fn files_are_short_and_say_first_what_they_are() {
    let mut offences = Vec::new();
    for (path, text) in files("src", ".rs").into_iter().chain(files("tests", ".rs")) {
        let lines = text.lines().count();
        if lines > LONGEST_FILE {
            offences.push(format!("{path}: {lines} lines; at most {LONGEST_FILE}"));
        }
        if !text.starts_with("//! ") {
            offences.push(format!("{path}: the first line must be `//! ` and say what it is"));
        }
    }
    accept(&offences);
}

#[test]
fn files_of_the_protocol_name_their_specification() {
    let mut offences = Vec::new();
    for (path, text) in files("src/protocol", ".rs") {
        let head: Vec<&str> = text.lines().take_while(|line| line.starts_with("//!")).collect();
        let head = head.join("\n");
        if !path.ends_with("mod.rs") && !SPECIFICATIONS.iter().any(|name| head.contains(name)) {
            offences.push(format!("protocol/{path}: the opening comment names no specification"));
        }
    }
    accept(&offences);
}

#[test]
fn every_message_is_told_in_both_languages() {
    let [english, chinese] = ["en", "zh-CN"].map(|locale| {
        let mut keys = BTreeSet::new();
        for (path, text) in files(&format!("templates/locales/{locale}"), ".ftl") {
            for line in text.lines().filter(|line| line.starts_with(char::is_alphabetic)) {
                let key = line.split_once('=').map_or(line, |(key, _)| key).trim();
                keys.insert(format!("{path}: {key}"));
            }
            keys.insert(path);
        }
        keys
    });
    let lonely = english.symmetric_difference(&chinese);
    accept(&lonely.map(|key| format!("{key} is in one locale only")).collect::<Vec<_>>());
}

#[test]
fn every_migration_is_written_for_both_databases() {
    let [sqlite, postgres] = ["migrations/sqlite", "migrations/postgres"].map(|folder| {
        files(folder, ".sql").into_iter().map(|file| file.0).collect::<BTreeSet<_>>()
    });
    let lonely = sqlite.symmetric_difference(&postgres);
    accept(
        &lonely.map(|name| format!("{name} is there for one database only")).collect::<Vec<_>>(),
    );
}

#[track_caller]
fn accept(offences: &[String]) {
    assert!(offences.is_empty(), "{} offences:\n{}", offences.len(), offences.join("\n"));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below a folder that end so: path within the folder, and text.
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let folder = root().join(folder);
    let mut found = Vec::new();
    let mut waiting = vec![folder.clone()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.to_str().unwrap().ends_with(ending) {
                let name = path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty(), "{} has no {ending} files", folder.display());
    found.sort();
    found
}

/// The lines that are not comments, with their numbers.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines()).filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn first_word(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(text)
}

fn words_of<'a>(
    rows: impl IntoIterator<Item = &'a (&'a str, &'a str)>,
    name: &str,
) -> impl Iterator<Item = &'a str> {
    rows.into_iter().filter(move |row| row.0 == name).flat_map(|row| row.1.split(' '))
}

/// Whether `path` is the file, the module or in the folder that `place` names.
fn is_in(path: &str, place: &str) -> bool {
    path.strip_prefix(place)
        .is_some_and(|rest| rest.is_empty() || rest == ".rs" || rest.starts_with('/'))
}

/// Whether a file names a library, and not a module of ours that is called the same.
fn names_library(text: &str, library: &str) -> bool {
    let ours = format!("::{library};");
    if code(text).any(|(_, line)| line.contains("use crate::") && line.ends_with(&ours)) {
        return false;
    }
    code(text).any(|(_, line)| {
        line.match_indices(library).any(|(at, _)| {
            let (before, after) = (&line[..at], &line[at + library.len()..]);
            !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
                && (after.starts_with("::")
                    || before.ends_with("use ") && after.starts_with([';', ' ']))
        })
    })
}
