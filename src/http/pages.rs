//! Pages for people: the template engine, and what every page is framed with. Owns the rendering;
//! what a page says is in `templates/`, and who gets which page is the routes' affair.

mod brand;

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

use fast_qr::QRBuilder;
use minijinja::Environment;
use minijinja::ErrorKind;
use minijinja::UndefinedBehavior;
use minijinja::Value;
use minijinja::context;
use minijinja::escape_formatter;
use minijinja::value::Kwargs;
use minijinja::value::Serde;
use serde::Serialize;
use serde::Serializer;

use crate::http::assets::Assets;
use crate::http::assets::Theme;
use crate::i18n::Argument;
use crate::i18n::Locale;
use crate::i18n::Messages;
use crate::i18n::MessagesError;
use brand::Brand;

/// Names the product, its owner, and the look.
const BRAND_FILE: &str = "brand.toml";

/// Why the pages could not be set up, or one not rendered.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// `brand.toml` is wrong.
    #[error("brand.toml: {0}")]
    Brand(String),
    /// A message file is wrong.
    #[error(transparent)]
    Messages(#[from] MessagesError),
    /// A template is wrong, is missing, or asks for a value the page was not given.
    #[error("template: {0:#}")]
    Template(#[from] minijinja::Error),
    /// The text is too long for a QR code.
    #[error("the text does not fit into a QR code")]
    QrCode,
}

/// What every page needs besides its own context.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// The language of the page.
    pub locale: Locale,
    /// Larger type, bigger buttons, fewer things on the page (长者模式).
    pub elder: bool,
    /// Printed on error pages, and the same in log and audit.
    pub request_id: String,
    /// The page itself, so that the language and elder links come back to it.
    pub path_and_query: String,
    /// Goes into every form of ours.
    pub csrf: String,
    /// The masked name of the end-user who is logged in.
    pub signed_in: Option<String>,
}

/// Markup that may go onto a page as it is. Only this file makes any, so nothing that came from
/// outside can be one.
#[derive(Debug, Clone)]
pub struct Markup(String);

impl Serialize for Markup {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Value::from_safe_string(self.0.clone()).serialize(serializer)
    }
}

/// All pages, ready to render.
pub struct Pages {
    zh_cn: Environment<'static>,
    en: Environment<'static>,
    assets: Arc<Assets>,
}

impl Pages {
    /// Reads brand, messages and templates, and compiles every template, so that a mistake in a
    /// theme is found when the program starts and not when somebody wants to log in.
    pub fn new(theme_dir: Option<PathBuf>) -> Result<Self, PageError> {
        let theme = Theme::new(theme_dir);
        let text = theme.read_text(BRAND_FILE).unwrap_or_default();
        let brand = Brand::parse(&text)?;
        let assets = Arc::new(Assets::load(&theme, brand.css()));
        let messages = Arc::new(Messages::load()?);
        let environment = |locale| {
            let mut environment = environment(locale, &theme, &messages, &assets);
            environment.add_global("brand", Value::from(Serde(brand.local(locale))));
            for name in Theme::names().filter(|name| is_template(name)) {
                environment.get_template(&name)?;
            }
            Ok::<_, PageError>(environment)
        };
        Ok(Self { zh_cn: environment(Locale::ZhCn)?, en: environment(Locale::En)?, assets })
    }

    /// The page `template` with its own `context`, as HTML.
    pub fn render(
        &self,
        template: &str,
        frame: &Frame,
        context: impl Serialize,
    ) -> Result<String, PageError> {
        let environment = match frame.locale {
            Locale::ZhCn => &self.zh_cn,
            Locale::En => &self.en,
        };
        let frame = context! {
            locale => frame.locale.tag(),
            elder => frame.elder,
            request_id => frame.request_id.as_str(),
            path_and_query => frame.path_and_query.as_str(),
            csrf => frame.csrf.as_str(),
            signed_in => frame.signed_in.as_deref(),
        };
        let context = context! { frame, ..Value::from(Serde(context)) };
        Ok(environment.get_template(template)?.render(context)?)
    }

    /// The files the pages load.
    pub fn assets(&self) -> &Assets {
        &self.assets
    }
}

/// A QR code as inline SVG, in the colour of the text around it.
pub fn qr_svg(text: &str) -> Result<Markup, PageError> {
    /// Scanners need this much white around the code (ISO/IEC 18004).
    const QUIET: usize = 4;

    let code = QRBuilder::new(text).build().map_err(|_| PageError::QrCode)?;
    let side = code.size + 2 * QUIET;
    let mut svg = format!(
        "<svg class=\"qr\" viewBox=\"0 0 {side} {side}\" role=\"img\" aria-hidden=\"true\" \
         shape-rendering=\"crispEdges\"><path fill=\"currentColor\" d=\""
    );
    for (y, row) in (0..code.size).map(|y| (y, &code[y])) {
        for (x, _) in row.iter().enumerate().filter(|(_, module)| module.value()) {
            // Writing to a `String` cannot fail.
            let _ = write!(svg, "M{} {}h1v1h-1z", x + QUIET, y + QUIET);
        }
    }
    svg.push_str("\"/></svg>");
    Ok(Markup(svg))
}

fn is_template(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| extension == "html")
}

/// One environment a language: `t` then works inside macros too, which do not see the page's
/// context.
fn environment(
    locale: Locale,
    theme: &Theme,
    messages: &Arc<Messages>,
    assets: &Arc<Assets>,
) -> Environment<'static> {
    let mut environment = Environment::new();
    // A page that silently leaves out what it should say is worse than an error.
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_formatter(|out, state, value| {
        let nothing = Value::from("");
        escape_formatter(out, state, if value.is_none() { &nothing } else { value })
    });

    let theme = theme.clone();
    environment.set_loader(move |name| Ok(theme.read_text(name).filter(|_| is_template(name))));

    let messages = Arc::clone(messages);
    environment.add_function("t", move |key: &str, arguments: Kwargs| {
        translate(&messages, locale, key, &arguments)
    });

    let assets = Arc::clone(assets);
    environment.add_function("asset", move |name: &str| {
        let missing = || minijinja::Error::new(ErrorKind::InvalidOperation, "no such asset");
        // The address has no character that could end an attribute.
        assets.address(name).map(Value::from_safe_string).ok_or_else(missing)
    });

    environment.add_filter("link", |address: Option<&str>| safe_address(address).to_owned());
    environment
}

/// The message, as plain text: it is escaped with whatever its arguments brought along.
fn translate(
    messages: &Messages,
    locale: Locale,
    key: &str,
    arguments: &Kwargs,
) -> Result<String, minijinja::Error> {
    let names: Vec<&str> = arguments.args().collect();
    let mut given = Vec::with_capacity(names.len());
    for name in names {
        let value: Value = arguments.get(name)?;
        let argument = value
            .as_i64()
            .filter(|_| value.is_number())
            .map_or_else(|| Argument::from(value.to_string()), Argument::from);
        given.push((name, argument));
    }
    Ok(messages.text(locale, key, &given))
}

/// An address that may stand in `href`, `src` or `action`: web addresses, paths of ours, and the
/// private-use schemes of native apps, which have a dot (RFC 8252 §7.1). Everything else, first of
/// all `javascript:`, becomes a harmless `#`.
fn safe_address(address: Option<&str>) -> &str {
    let Some(address) = address else { return "#" };
    let is_plain = !address.chars().any(|c| c.is_control() || c == '\\');
    let is_path = address.starts_with('/') && !address.starts_with("//");
    let scheme = address.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    let known = scheme.is_some_and(|scheme| {
        let shaped = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
        shaped && (scheme == "https" || scheme == "http" || scheme.contains('.'))
    });
    if is_plain && (is_path || known) { address } else { "#" }
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
