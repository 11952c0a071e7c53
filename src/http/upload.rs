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
/// Longer tokens are none of ours, in bytes.
const LONGEST_TOKEN: usize = 256;

/// The parts of a form of ours.
#[derive(Debug, Default)]
pub struct Uploaded {
    parts: HashMap<String, Part>,
}

/// One of them: its beginning, and whether there was more than is taken.
#[derive(Debug)]
struct Part {
    bytes: Vec<u8>,
    is_too_large: bool,
}

impl Uploaded {
    /// What a part holds, its beginning where it is too large; none where it is missing or empty, as a file that
    /// was not chosen is.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.parts.get(name).map(|part| &*part.bytes).filter(|bytes| !bytes.is_empty())
    }

    /// The text of a part; empty where it is none.
    pub fn text(&self, name: &str) -> &str {
        let bytes = self.bytes(name).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// Whether more came than is taken.
    pub fn is_too_large(&self, name: &str) -> bool {
        self.parts.get(name).is_some_and(|part| part.is_too_large)
    }
}

/// Reads a form with these parts beside its token, each of at most so many bytes. A form of another page or browser is
/// refused.
pub async fn read(
    visitor: &Visitor,
    headers: &HeaderMap,
    parts: Result<Multipart, MultipartRejection>,
    known: &[(&str, usize)],
) -> Result<Uploaded, Failure> {
    let form = match parts {
        Ok(parts) => collect(parts, known).await?,
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

async fn collect(mut form: Multipart, known: &[(&str, usize)]) -> Result<Uploaded, Failure> {
    let mut parts = HashMap::new();
    while let Some(part) = form.next_field().await.map_err(unreadable)? {
        let name = part.name().unwrap_or_default().to_owned();
        let largest = known.iter().find(|(known, _)| *known == name).map(|(_, largest)| *largest);
        let largest = largest.or_else(|| (name == TOKEN).then_some(LONGEST_TOKEN));
        let Some(largest) = largest else {
            return Err(Failure::bad_request("a field is not known"));
        };
        let bytes = beginning(part, largest + 1).await?;
        let is_too_large = bytes.len() > largest;
        if parts.insert(name, Part { bytes, is_too_large }).is_some() {
            return Err(Failure::bad_request("a field stands twice"));
        }
    }
    Ok(Uploaded { parts })
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
