//! The languages of the pages, and which one a person gets (BCP 47, RFC 9110 §12.5.4).

use unic_langid::LanguageIdentifier;

/// A header or parameter is read no further than this.
const MAX_LENGTH: usize = 512;
/// So many languages are looked at in one list.
const MAX_ENTRIES: usize = 16;

/// A language the pages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Locale {
    /// Simplified Chinese, the language of the province and the default.
    #[default]
    ZhCn,
    /// English.
    En,
}

impl Locale {
    /// Every locale.
    pub const ALL: [Self; 2] = [Self::ZhCn, Self::En];

    /// The language tag, for `lang` attributes, cookies and folder names.
    pub fn tag(self) -> &'static str {
        match self {
            Self::ZhCn => "zh-CN",
            Self::En => "en",
        }
    }

    /// The locale that serves a language tag. Any Chinese is served by ours.
    pub fn parse(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next()?;
        if primary.eq_ignore_ascii_case("zh") {
            Some(Self::ZhCn)
        } else if primary.eq_ignore_ascii_case("en") {
            Some(Self::En)
        } else {
            None
        }
    }

    /// What this person gets. The cookie is written only when somebody pressed the language link
    /// on our page, so it comes before the portal's `ui_locales` (OpenID Connect Core §3.1.2.1),
    /// which would otherwise make that link do nothing; then what the browser prefers.
    pub fn negotiate(
        ui_locales: Option<&str>,
        cookie: Option<&str>,
        accept_language: Option<&str>,
    ) -> Self {
        cookie
            .and_then(|tag| Self::parse(bounded(tag)))
            .or_else(|| ui_locales.and_then(first_served))
            .or_else(|| accept_language.and_then(most_preferred))
            .unwrap_or_default()
    }

    /// For plural rules. Both tags are well-formed, which a test on plurals would notice.
    pub(super) fn language(self) -> LanguageIdentifier {
        self.tag().parse().unwrap_or_default()
    }
}

/// `ui_locales` is a space-separated list in order of preference.
fn first_served(ui_locales: &str) -> Option<Locale> {
    bounded(ui_locales).split(' ').take(MAX_ENTRIES).find_map(Locale::parse)
}

/// The served language of the greatest weight; of equals, the first.
fn most_preferred(accept_language: &str) -> Option<Locale> {
    let mut best: Option<(u16, Locale)> = None;
    for entry in bounded(accept_language).split(',').take(MAX_ENTRIES) {
        let (tag, weight) = entry.split_once(';').unwrap_or((entry, ""));
        let (Some(locale), Some(weight)) = (Locale::parse(tag), thousandths(weight)) else {
            continue;
        };
        if weight > 0 && best.is_none_or(|(heaviest, _)| weight > heaviest) {
            best = Some((weight, locale));
        }
    }
    best.map(|(_, locale)| locale)
}

/// A weight `q=0.8` as 800; none given is 1000, and anything else is no weight.
fn thousandths(parameter: &str) -> Option<u16> {
    let parameter = parameter.trim();
    if parameter.is_empty() {
        return Some(1000);
    }
    let value = parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q="))?;
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match whole {
        "1" => Some(1000),
        "0" => format!("{fraction:0<3}").parse().ok(),
        _ => None,
    }
}

/// The beginning of `text` that is looked at.
fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_LENGTH)]
}

#[cfg(test)]
mod tests {
    use super::Locale;

    #[test]
    fn any_chinese_is_chinese_and_any_english_english() {
        for tag in ["zh", "zh-CN", "zh-Hant-TW", "ZH_cn", " zh "] {
            assert_eq!(Locale::parse(tag), Some(Locale::ZhCn), "{tag}");
        }
        assert_eq!(Locale::parse("en-GB"), Some(Locale::En));
        for tag in ["", "fr", "zhuang", "english", "\u{2028}"] {
            assert_eq!(Locale::parse(tag), None, "{tag}");
        }
    }

    #[test]
    fn a_pressed_link_comes_before_the_portal_and_the_browser() {
        assert_eq!(Locale::negotiate(Some("zh"), Some("en"), Some("zh")), Locale::En);
        assert_eq!(Locale::negotiate(Some("fr en zh"), Some("xx"), Some("zh")), Locale::En);
        assert_eq!(Locale::negotiate(Some("fr"), None, Some("en")), Locale::En);
        assert_eq!(Locale::negotiate(None, None, None), Locale::ZhCn);
    }

    #[test]
    fn the_browser_weighs_its_languages() {
        let ask = |header| Locale::negotiate(None, None, Some(header));
        assert_eq!(ask("zh;q=0.5, en;q=0.8"), Locale::En);
        assert_eq!(ask("en;q=0.8, zh;q=0.8"), Locale::En);
        assert_eq!(ask("en;q=0, fr"), Locale::ZhCn);
        assert_eq!(ask("en;q=nonsense, de"), Locale::ZhCn);
        assert_eq!(ask("en;q=0.9999, de"), Locale::ZhCn);
    }

    #[test]
    fn hostile_lists_cost_little_and_give_the_default() {
        for hostile in ["x,".repeat(1 << 20), "中".repeat(1 << 20), ";q=".repeat(1 << 16)] {
            assert_eq!(
                Locale::negotiate(Some(&hostile), Some(&hostile), Some(&hostile)),
                Locale::ZhCn
            );
        }
    }
}
