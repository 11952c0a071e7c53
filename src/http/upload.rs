//! Forms with files (RFC 7578): read part by part, each once and known by name, and taken only from the page they were
//! made for. What is longer than allowed is thrown away as it comes, so that nobody fills the memory.

use std::collections::HashMap;

use axum::extract::Multipart;
use axum::extract::multipart::Field;
use axum::extract::multipart::MultipartError;
use axum::extract::multipart::MultipartRejection;
use http::HeaderMap;
use http::StatusCode;

use crate::http::browser;
use crate::http::failure::Failure;
use crate::http::visitor::Visitor;

/// The form's own token.
const TOKEN: &str = "csrf";

/// The parts of a form of ours.
#[derive(Debug, Default)]
pub struct Uploaded {
    parts: HashMap<String, Vec<u8>>,
    largest: usize,
}

impl Uploaded {
    /// What a part holds, its beginning where it is too large; none where it is missing or empty, as a file that
    /// was not chosen is.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.parts.get(name).map(Vec::as_slice).filter(|bytes| !bytes.is_empty())
    }

    /// The text of a part; empty where it is none.
    pub fn text(&self, name: &str) -> &str {
        let bytes = self.bytes(name).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// Whether more came than is taken.
    pub fn is_too_large(&self, name: &str) -> bool {
        self.bytes(name).is_some_and(|bytes| bytes.len() > self.largest)
    }
}

/// Reads a form with these parts beside its token, none of them larger than so many bytes. A form of another page or
/// browser is refused.
pub async fn read(
    visitor: &Visitor,
    headers: &HeaderMap,
    parts: Result<Multipart, MultipartRejection>,
    (names, largest): (&[&str], usize),
) -> Result<Uploaded, Failure> {
    let form = match parts {
        Ok(parts) => collect(parts, (names, largest)).await?,
        Err(_) => Uploaded::default(),
    };
    let provider = visitor.provider();
    let is_ours = browser::is_from_us(&provider.config, headers)
        && visitor.browser.owns(provider, form.text(TOKEN));
    if is_ours {
        return Ok(form);
    }
    Err(visitor.refuse("form of another origin or browser", Failure::forged()).await)
}

async fn collect(
    mut form: Multipart,
    (names, largest): (&[&str], usize),
) -> Result<Uploaded, Failure> {
    let mut parts = HashMap::new();
    while let Some(part) = form.next_field().await.map_err(unreadable)? {
        let name = part.name().unwrap_or_default().to_owned();
        if name != TOKEN && !names.contains(&name.as_str()) {
            return Err(Failure::bad_request("a field is not known"));
        }
        let bytes = beginning(part, largest + 1).await?;
        if parts.insert(name, bytes).is_some() {
            return Err(Failure::bad_request("a field stands twice"));
        }
    }
    Ok(Uploaded { parts, largest })
}

/// The first bytes of a part; the others are read and forgotten.
async fn beginning(mut part: Field<'_>, most: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(unreadable)? {
        let room = most - bytes.len();
        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    Ok(bytes)
}

#[expect(clippy::needless_pass_by_value, reason = "it is what an error is mapped with")]
fn unreadable(error: MultipartError) -> Failure {
    let plain = Failure::bad_request("the body cannot be read");
    let too_large = error.status() == StatusCode::PAYLOAD_TOO_LARGE;
    Failure { status: if too_large { error.status() } else { plain.status }, ..plain }
}
