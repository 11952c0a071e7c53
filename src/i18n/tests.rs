//! Tests of the messages as a whole: both locales say the same things, and the templates ask
//! only for what can be said.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::Argument;
use super::EN;
use super::Files;
use super::Locale;
use super::Messages;
use super::ZH_CN;

/// Every key of a locale with the names of the arguments it uses.
fn keys(files: Files) -> BTreeMap<String, BTreeSet<String>> {
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut current = String::new();
    for line in files.iter().flat_map(|(_, text)| text.lines()) {
        let starts_message = line.starts_with(|first: char| first.is_ascii_lowercase());
        if let (true, Some((key, _))) = (starts_message, line.split_once(" =")) {
            key.clone_into(&mut current);
            assert!(keys.insert(current.clone(), BTreeSet::new()).is_none(), "{key} is twice");
        }
        let used = line.split('$').skip(1).map(|rest| {
            rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
        });
        keys.entry(current.clone()).or_default().extend(used);
    }
    keys.remove("");
    keys
}

fn templates(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            templates(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "html") {
            found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn both_locales_have_the_same_keys_and_arguments() {
    let (zh_cn, en) = (keys(ZH_CN), keys(EN));
    let names = |keys: &BTreeMap<String, _>| keys.keys().cloned().collect::<BTreeSet<_>>();
    let only = |a, b| names(a).difference(&names(b)).cloned().collect::<Vec<_>>();
    assert_eq!(only(&zh_cn, &en), Vec::<String>::new(), "missing in en");
    assert_eq!(only(&en, &zh_cn), Vec::<String>::new(), "missing in zh-CN");
    for (key, arguments) in zh_cn {
        assert!(arguments.is_subset(&en[&key]), "{key}: {arguments:?} in zh-CN only");
    }
}

#[test]
fn every_key_a_template_asks_for_exists() {
    let zh_cn = keys(ZH_CN);
    let mut found = Vec::new();
    templates(&Path::new(env!("CARGO_MANIFEST_DIR")).join("templates"), &mut found);
    assert!(found.len() > 20);
    for (path, text) in found {
        for (at, _) in text.match_indices("t('") {
            // `asset('…')` and `import('…')` end in a t as well.
            if text[..at].ends_with(|before: char| before.is_ascii_alphanumeric()) {
                continue;
            }
            let key = text[at + 3..].split('\'').next().unwrap();
            // A key that ends in a hyphen is continued by a value: `t('scope-' ~ name)`.
            let known = zh_cn.contains_key(key)
                || key.ends_with('-') && zh_cn.keys().any(|name| name.starts_with(key));
            assert!(known, "{path} asks for {key}");
        }
    }
}

#[test]
fn arguments_are_said_without_invisible_marks() {
    let messages = Messages::load().unwrap();
    let text = messages.text(Locale::ZhCn, "code-sent", &[("phone", "137****9050".into())]);
    assert!(text.contains("137****9050") && !text.contains('\u{2068}'), "{text}");
}

#[test]
fn numbers_choose_the_plural() {
    let messages = Messages::load().unwrap();
    let left = |n: i64| messages.text(Locale::En, "totp-recovery-left", &[("count", n.into())]);
    assert_eq!(left(1), "1 recovery code left");
    assert_eq!(left(8), "8 recovery codes left");
}

#[test]
fn a_message_nobody_wrote_is_its_key() {
    let messages = Messages::load().unwrap();
    let arguments = [("x", Argument::from(1))];
    assert_eq!(messages.text(Locale::En, "no-such-key", &arguments), "no-such-key");
    assert_eq!(messages.text(Locale::En, "<svg onload=1>", &[]), "<svg onload=1>");
    assert_eq!(messages.find(Locale::En, "no-such-key", &[]), None);
}
