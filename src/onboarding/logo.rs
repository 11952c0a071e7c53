//! A portal's logo (PNG, ISO/IEC 15948): decoded within limits and written anew, so that nothing but the picture
//! is kept of what came. It is changed in the sandbox alone, before two officers look at the portal.

use std::io::Cursor;

use crate::domain::client::Client;
use crate::domain::client::ClientId;
use crate::onboarding::Errors;
use crate::onboarding::OnboardingError;
use crate::onboarding::tracking;
use crate::onboarding::tracking::Applicant;
use crate::onboarding::tracking::Tracked;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::store::sql::ClientStep;
use crate::store::sql::Logo;

/// Largest file, in bytes.
pub const LARGEST: usize = 64 * 1024;
/// Shortest and longest side, in pixels.
const SIDE: std::ops::RangeInclusive<u32> = 32..=512;
/// What decoding may take, in bytes.
const MEMORY: usize = 4 * 1024 * 1024;

/// Where the logo of a client is, for as long as it is this one.
pub fn path(client: &ClientId, digest: &str) -> String {
    format!("/logo/{client}/{digest}")
}

/// The logo of a client, if it is the one with this digest.
pub async fn find(
    provider: &Provider,
    client: &str,
    digest: &str,
) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(client) = ClientId::parse(client) else { return Ok(None) };
    if !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(None);
    }
    provider.store.find_logo(&client, digest).await
}

/// Gives the portal this logo.
pub async fn change(
    applicant: Applicant<'_>,
    tracked: &Tracked,
    file: &[u8],
) -> Result<(), OnboardingError> {
    tracking::working(tracked, |client: &Client| client.sandbox)?;
    let invalid = || OnboardingError::Fields(Errors::from([("logo", "portal-logo-invalid")]));
    let png = redrawn(file).ok_or_else(invalid)?;
    let digest = hex::encode(crate::crypto::digest::sm3(&png));
    let same = (tracked.application.clone(), tracked.document.clone());
    let step = ClientStep::Draw(Logo { digest, png });
    tracking::keep(applicant, same, step, |event| event.detail("what", "logo")).await
}

/// The picture in a file, and nothing else of it; none when it is no picture we take.
fn redrawn(file: &[u8]) -> Option<Vec<u8>> {
    if file.len() > LARGEST {
        return None;
    }
    let limits = png::Limits { bytes: MEMORY };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(file), limits);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().ok()?;
    let (width, height) = reader.info().size();
    if !SIDE.contains(&width) || !SIDE.contains(&height) {
        return None;
    }
    let mut pixels = vec![0; reader.output_buffer_size()?];
    let frame = reader.next_frame(&mut pixels).ok()?;
    pixels.truncate(frame.buffer_size());
    let mut written = Vec::new();
    let mut encoder = png::Encoder::new(&mut written, width, height);
    encoder.set_color(frame.color_type);
    encoder.set_depth(frame.bit_depth);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&pixels).ok()?;
    writer.finish().ok()?;
    Some(written)
}

#[cfg(test)]
mod tests {
    use super::redrawn;

    fn picture(width: u32, height: u32) -> Vec<u8> {
        let mut written = Vec::new();
        let mut encoder = png::Encoder::new(&mut written, width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.add_text_chunk("Author".to_owned(), "somebody".to_owned()).unwrap();
        let mut writer = encoder.write_header().unwrap();
        let length = usize::try_from(width * height * 3).unwrap();
        writer.write_image_data(&vec![7; length]).unwrap();
        writer.finish().unwrap();
        written
    }

    #[test]
    fn the_picture_is_kept_and_nothing_else() {
        let with_more = [picture(64, 64), b"<script>alert(1)</script>".to_vec()].concat();
        let kept = redrawn(&with_more).unwrap();
        for foreign in [&b"somebody"[..], b"<script>"] {
            assert!(!kept.windows(foreign.len()).any(|window| window == foreign));
        }
        assert_eq!(redrawn(&kept).unwrap(), kept);
    }

    #[test]
    fn what_is_no_picture_of_that_size_is_refused() {
        let whole = picture(64, 64);
        for file in [
            &b""[..],
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
            b"GIF89a",
            &whole[..whole.len() / 2],
            &picture(16, 64),
            &picture(64, 1_024),
            &vec![0; 70_000],
        ] {
            assert_eq!(redrawn(file), None);
        }
    }
}
