//! The brand: what a province changes to make the pages its own, all in `templates/brand.toml`.
//! Names go to the templates; colours, fonts and measures become CSS custom properties.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Deserialize;
use serde::Serialize;

use super::PageError;
use crate::i18n::Locale;

/// The contents of `brand.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brand {
    product: Words,
    tagline: Words,
    owner: Words,
    operator: Words,
    hotline: String,
    hotline_hours: Words,
    icp: String,
    police: String,
    colours: BTreeMap<String, String>,
    fonts: BTreeMap<String, String>,
    measures: BTreeMap<String, String>,
}

/// One text in both languages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    zh: String,
    en: String,
}

/// The brand as templates see it.
#[derive(Debug, Serialize)]
pub struct LocalBrand<'a> {
    product: &'a str,
    tagline: &'a str,
    owner: &'a str,
    operator: &'a str,
    hotline: &'a str,
    hotline_hours: &'a str,
    icp: &'a str,
    police: &'a str,
}

impl Brand {
    /// Reads `brand.toml`; an unknown or missing key is an error that names it.
    pub fn parse(text: &str) -> Result<Self, PageError> {
        let source = config::File::from_str(text, config::FileFormat::Toml);
        let brand: Self = config::Config::builder()
            .add_source(source)
            .build()
            .and_then(config::Config::try_deserialize)
            .map_err(|error| PageError::Brand(error.to_string()))?;
        for (name, value) in brand.properties() {
            check(&name, value)?;
        }
        Ok(brand)
    }

    /// The names in one language.
    pub fn local(&self, locale: Locale) -> LocalBrand<'_> {
        LocalBrand {
            product: self.product.r#in(locale),
            tagline: self.tagline.r#in(locale),
            owner: self.owner.r#in(locale),
            operator: self.operator.r#in(locale),
            hotline: &self.hotline,
            hotline_hours: self.hotline_hours.r#in(locale),
            icp: &self.icp,
            police: &self.police,
        }
    }

    /// The style sheet that style.css takes its variables from.
    pub fn css(&self) -> String {
        let mut css = String::from(":root {\n");
        for (name, value) in self.properties() {
            // Writing to a `String` cannot fail.
            let _ = writeln!(css, "  --{name}: {value};");
        }
        css.push_str("}\n");
        css
    }

    fn properties(&self) -> impl Iterator<Item = (String, &str)> {
        [("colour", &self.colours), ("font", &self.fonts), ("", &self.measures)]
            .into_iter()
            .flat_map(|(group, values)| {
                values.iter().map(move |(name, value)| {
                    let name = name.replace('_', "-");
                    let joined = if group.is_empty() { name } else { format!("{group}-{name}") };
                    (joined, value.as_str())
                })
            })
    }
}

impl Words {
    fn r#in(&self, locale: Locale) -> &str {
        match locale {
            Locale::ZhCn => &self.zh,
            Locale::En => &self.en,
        }
    }
}

/// A value that could end its declaration would silently break every rule after it.
fn check(name: &str, value: &str) -> Result<(), PageError> {
    let plain_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let plain_value =
        !value.is_empty() && !value.contains([';', '{', '}', '<', '>', '\\', '\n', '@']);
    if plain_name && plain_value && !value.contains("url(") {
        Ok(())
    } else {
        Err(PageError::Brand(format!("`{name}` is not a plain CSS value: {value}")))
    }
}

#[cfg(test)]
mod tests {
    use super::Brand;
    use crate::i18n::Locale;

    const BRAND: &str = include_str!("../../../templates/brand.toml");

    #[test]
    fn the_built_in_brand_speaks_both_languages_and_becomes_css() {
        let brand = Brand::parse(BRAND).unwrap();
        assert_ne!(brand.local(Locale::ZhCn).product, brand.local(Locale::En).product);
        assert!(brand.css().contains("--colour-accent: #"));
    }

    #[test]
    fn a_wrong_key_or_value_is_an_error_that_names_it() {
        let typo = BRAND.replace("hotline =", "hotlin =");
        assert!(Brand::parse(&typo).unwrap_err().to_string().contains("hotlin"));
        let broken = BRAND.replacen("accent = \"#", "accent = \"red} body{#", 1);
        assert!(Brand::parse(&broken).unwrap_err().to_string().contains("colour-accent"));
    }

    /// A style that asks for a property nobody defines falls back without a word.
    #[test]
    fn every_property_the_style_sheet_asks_for_is_defined() {
        let style = include_str!("../../../templates/assets/style.css");
        let css = Brand::parse(BRAND).unwrap().css();
        for rest in style.split("var(--").skip(1) {
            let name = rest.split([')', ',']).next().unwrap().trim();
            let defined = format!("--{name}:");
            assert!(css.contains(&defined) || style.contains(&defined), "{name}");
        }
    }
}
