//! How a visitor wants pages to look: language and large print, from cookies that say nothing else.

use http::HeaderMap;
use http::header;

use crate::http::cookies;
use crate::http::cookies::Names;
use crate::i18n::Locale;

/// Language and print.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// The language of this page.
    pub locale: Locale,
    /// Large print.
    pub elder: bool,
    /// Whether the language was chosen here; then no request may choose another.
    chosen: bool,
    accept_language: Option<String>,
}

impl Look {
    /// What the browser's cookies and languages say.
    pub fn read(headers: &HeaderMap, names: &Names) -> Self {
        let chosen = cookies::find(headers, names.locale);
        let accept = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Self {
            locale: Locale::negotiate(None, chosen.as_deref(), accept),
            elder: cookies::find(headers, names.elder).as_deref() == Some("1"),
            chosen: chosen.is_some(),
            accept_language: accept.map(str::to_owned),
        }
    }

    /// The same for a request with `ui_locales` (OpenID Connect Core §3.1.2.1).
    #[must_use]
    pub fn asked_for(self, ui_locales: Option<&str>) -> Self {
        if self.chosen {
            return self;
        }
        let locale = Locale::negotiate(ui_locales, None, self.accept_language.as_deref());
        Self { locale, ..self }
    }
}
