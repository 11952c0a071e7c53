//! What is said to people, in their language. Owns the locales and the message files of
//! `templates/locales`; which message is said when is decided by the caller.

mod locale;

use std::borrow::Cow;

use fluent_bundle::FluentArgs;
use fluent_bundle::FluentResource;
use fluent_bundle::FluentValue;
use fluent_bundle::concurrent::FluentBundle;

pub use locale::Locale;

/// A value that a message names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument<'a> {
    /// Said as it is.
    Text(Cow<'a, str>),
    /// Said as a number, which also chooses a plural form.
    Number(i64),
}

impl<'a> From<&'a str> for Argument<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Argument<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<i64> for Argument<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

/// Every message in every locale, parsed once.
pub struct Messages {
    zh_cn: FluentBundle<FluentResource>,
    en: FluentBundle<FluentResource>,
}

/// Why the message files could not be used.
#[derive(Debug, thiserror::Error)]
#[error("messages {locale}/{file}: {reason}")]
pub struct MessagesError {
    locale: &'static str,
    file: &'static str,
    reason: String,
}

macro_rules! message_files {
    ($locale:literal: $($name:literal),*) => {
        &[$(($name, include_str!(concat!("../../templates/locales/", $locale, "/", $name)))),*]
    };
}

/// File names and texts of one locale.
type Files = &'static [(&'static str, &'static str)];

const ZH_CN: Files = message_files!(
    "zh-CN": "common.ftl", "login.ftl", "consent.ftl", "signup.ftl", "account.ftl", "choices.ftl", "mandates.ftl", "officers.ftl",
    "errors.ftl", "public.ftl", "recover.ftl", "console.ftl", "alerts.ftl", "onboarding.ftl",
    "dashboards.ftl", "codes.ftl", "documents.ftl", "identity.ftl", "verification.ftl"
);
const EN: Files = message_files!(
    "en": "common.ftl", "login.ftl", "consent.ftl", "signup.ftl", "account.ftl", "choices.ftl", "mandates.ftl", "officers.ftl",
    "errors.ftl", "public.ftl", "recover.ftl", "console.ftl", "alerts.ftl", "onboarding.ftl",
    "dashboards.ftl", "codes.ftl", "documents.ftl", "identity.ftl", "verification.ftl"
);

impl Messages {
    /// Parses the message files that are part of the program.
    pub fn load() -> Result<Self, MessagesError> {
        Ok(Self { zh_cn: bundle(Locale::ZhCn, ZH_CN)?, en: bundle(Locale::En, EN)? })
    }

    /// The message `key` with `arguments`, or the key itself, so that a message nobody wrote is
    /// seen on the page instead of breaking it.
    pub fn text(&self, locale: Locale, key: &str, arguments: &[(&str, Argument<'_>)]) -> String {
        self.find(locale, key, arguments).unwrap_or_else(|| key.to_owned())
    }

    /// The message `key` with `arguments`, where there is one.
    pub fn find(
        &self,
        locale: Locale,
        key: &str,
        arguments: &[(&str, Argument<'_>)],
    ) -> Option<String> {
        let bundle = match locale {
            Locale::ZhCn => &self.zh_cn,
            Locale::En => &self.en,
        };
        let pattern = bundle.get_message(key)?.value()?;
        let mut fluent = FluentArgs::with_capacity(arguments.len());
        for (name, argument) in arguments {
            fluent.set(*name, fluent_value(argument));
        }
        // An argument that is missing shows as `{$name}`; there is nothing better to say.
        let mut errors = Vec::new();
        Some(bundle.format_pattern(pattern, Some(&fluent), &mut errors).into_owned())
    }
}

fn fluent_value<'a>(argument: &'a Argument<'_>) -> FluentValue<'a> {
    match argument {
        Argument::Text(text) => FluentValue::from(text.as_ref()),
        Argument::Number(number) => FluentValue::from(*number),
    }
}

fn bundle(locale: Locale, files: Files) -> Result<FluentBundle<FluentResource>, MessagesError> {
    let failed = |file, reason| MessagesError { locale: locale.tag(), file, reason };
    let mut bundle = FluentBundle::new_concurrent(vec![locale.language()]);
    // Isolation marks are invisible characters around every argument. They would be copied along
    // with codes and numbers, and no locale here is written from right to left.
    bundle.set_use_isolating(false);
    for (file, text) in files {
        let resource = FluentResource::try_new((*text).to_owned())
            .map_err(|(_, errors)| failed(*file, format!("{errors:?}")))?;
        bundle.add_resource(resource).map_err(|errors| failed(*file, format!("{errors:?}")))?;
    }
    Ok(bundle)
}

#[cfg(test)]
mod tests;
