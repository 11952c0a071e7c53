//! Files of the pages: style sheets, the logo, the one script. Owns what is embedded in the
//! program and how a theme folder replaces single files of it; `pages` owns what is rendered.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::path::Component;
use std::path::Path;
use std::path::PathBuf;

use axum::body::Body;
use axum::body::Bytes;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;

use crate::crypto::base64url;
use crate::crypto::digest;

/// Where the assets are served.
pub const PREFIX: &str = "/assets/";

/// The style sheet that is written from `brand.toml`, beside the files of `templates/assets`.
const BRAND_CSS: &str = "brand.css";

#[derive(rust_embed::RustEmbed)]
#[folder = "templates/"]
struct Embedded;

/// The files of the pages: the embedded ones, each replaced by the theme folder's where it has
/// one of the same name.
#[derive(Debug, Clone, Default)]
pub struct Theme {
    folder: Option<PathBuf>,
}

impl Theme {
    /// A theme from this folder, or the built-in one.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// The bytes of a file, named relative to `templates/`.
    pub fn read(&self, name: &str) -> Option<Cow<'static, [u8]>> {
        // Names come from templates and code, but a theme is a stranger's folder: never climb.
        let plain = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
        if !plain {
            return None;
        }
        let replaced = self.folder.as_ref().and_then(|folder| fs::read(folder.join(name)).ok());
        replaced.map(Cow::Owned).or_else(|| Embedded::get(name).map(|file| file.data))
    }

    /// The text of a file.
    pub fn read_text(&self, name: &str) -> Option<String> {
        String::from_utf8(self.read(name)?.into_owned()).ok()
    }

    /// The names of the built-in files, which are also all a theme can replace.
    pub fn names() -> impl Iterator<Item = Cow<'static, str>> {
        Embedded::iter()
    }
}

/// One file as it is served.
#[derive(Debug, Clone)]
pub struct Asset {
    /// The content.
    pub bytes: Bytes,
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// The value of `ETag`, with its quotes.
    pub etag: String,
}

impl Asset {
    fn new(name: &str, bytes: Bytes) -> Self {
        let digest = base64url::encode(&digest::sm3(&bytes)[..12]);
        Self { bytes, content_type: content_type(name), etag: format!("\"{digest}\"") }
    }

    /// The part of the address that changes with the content.
    fn version(&self) -> &str {
        self.etag.trim_matches('"')
    }
}

/// All files under `/assets/`, read once.
#[derive(Debug, Clone)]
pub struct Assets {
    files: BTreeMap<String, Asset>,
}

impl Assets {
    /// Reads the theme's assets and puts the brand's style sheet beside them.
    pub fn load(theme: &Theme, brand_css: String) -> Self {
        let mut files = BTreeMap::new();
        for path in Theme::names() {
            if let (Some(name), Some(bytes)) = (path.strip_prefix("assets/"), theme.read(&path)) {
                files.insert(name.to_owned(), Asset::new(name, Bytes::from(bytes.into_owned())));
            }
        }
        files.insert(BRAND_CSS.to_owned(), Asset::new(BRAND_CSS, Bytes::from(brand_css)));
        Self { files }
    }

    /// The file at `/assets/…`; the prefix may be left out.
    pub fn find(&self, path: &str) -> Option<&Asset> {
        self.files.get(path.strip_prefix(PREFIX).unwrap_or(path))
    }

    /// The address of a file, with a version so that browsers may keep it.
    pub fn address(&self, name: &str) -> Option<String> {
        self.find(name).map(|asset| format!("{PREFIX}{name}?v={}", asset.version()))
    }

    /// The answer to `GET path`.
    pub fn respond(&self, path: &str, if_none_match: Option<&str>) -> Response {
        let Some(asset) = self.find(path) else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let known = if_none_match.is_some_and(|value| value.contains(&asset.etag));
        let body = if known { Body::empty() } else { Body::from(asset.bytes.clone()) };
        let mut response = Response::new(body);
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Ok(etag) = HeaderValue::from_str(&asset.etag) {
            headers.insert(header::ETAG, etag);
        }
        response
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::Assets;
    use super::Theme;

    #[test]
    fn every_file_of_the_contract_is_found_with_its_type() {
        let assets = Assets::load(&Theme::default(), ":root{}".to_owned());
        for (path, kind) in [
            ("/assets/style.css", "text/css; charset=utf-8"),
            ("/assets/brand.css", "text/css; charset=utf-8"),
            ("/assets/logo.svg", "image/svg+xml"),
            ("/assets/favicon.svg", "image/svg+xml"),
            ("/assets/form-post.js", "text/javascript; charset=utf-8"),
        ] {
            assert_eq!(assets.find(path).unwrap().content_type, kind, "{path}");
        }
        for path in ["/assets/", "/assets/../brand.toml", "/assets/x", "", "login.html"] {
            assert!(assets.find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn a_known_etag_is_answered_without_a_body() {
        let assets = Assets::load(&Theme::default(), ":root{}".to_owned());
        let etag = assets.find("style.css").unwrap().etag.clone();
        let answer = |known| assets.respond("/assets/style.css", known).status();
        assert_eq!(answer(Some(etag.as_str())), StatusCode::NOT_MODIFIED);
        assert_eq!(answer(Some("\"other\"")), StatusCode::OK);
        assert_eq!(assets.respond("/assets/none", None).status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn a_theme_folder_replaces_single_files_and_cannot_be_left() {
        let folder = std::env::temp_dir().join(format!("yihao-theme-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("assets")).unwrap();
        std::fs::write(folder.join("assets/logo.svg"), "<svg/>").unwrap();
        let theme = Theme::new(Some(folder.clone()));
        assert_eq!(theme.read_text("assets/logo.svg").unwrap(), "<svg/>");
        assert!(theme.read("assets/style.css").is_some());
        for outside in ["../x", "/etc/hostname", "assets/../../x"] {
            assert!(theme.read(outside).is_none(), "{outside}");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
