//! Base64url without padding (RFC 4648 §5, RFC 7515 §2), with exactly one spelling for each value.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::alphabet::URL_SAFE;
use base64::engine::DecodePaddingMode;
use base64::engine::GeneralPurpose;
use base64::engine::GeneralPurposeConfig;

/// Two texts must never decode to the same bytes: a signature or a token digest would then have
/// several spellings, and a replay could pass for something new. So padding and stray trailing
/// bits are refused (RFC 4648 §3.5), and the alphabet leaves no room for white space.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(false),
);

/// The text is not strict base64url.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not base64url without padding")]
pub struct Base64UrlError;

/// Writes bytes as base64url text.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    ENGINE.encode(bytes)
}

/// Appends the base64url text of `bytes` to `text`.
pub fn encode_into(bytes: impl AsRef<[u8]>, text: &mut String) {
    ENGINE.encode_string(bytes, text);
}

/// Reads base64url text, accepting only what [`encode`] would have written.
pub fn decode(text: impl AsRef<[u8]>) -> Result<Vec<u8>, Base64UrlError> {
    ENGINE.decode(text).map_err(|_| Base64UrlError)
}

/// Reads base64url text that must stand for exactly `N` bytes.
pub fn decode_array<const N: usize>(text: impl AsRef<[u8]>) -> Result<[u8; N], Base64UrlError> {
    decode(text)?.try_into().map_err(|_| Base64UrlError)
}

/// Reads standard base64 (RFC 4648 §4), padded or not, as the tools of others write it.
pub fn decode_standard(text: impl AsRef<[u8]>) -> Result<Vec<u8>, Base64UrlError> {
    let lenient =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&STANDARD, lenient).decode(text).map_err(|_| Base64UrlError)
}

#[cfg(test)]
mod tests {
    use super::Base64UrlError;
    use super::decode;
    use super::decode_array;
    use super::encode;
    use proptest::prelude::any;
    use proptest::prelude::proptest;

    #[test]
    fn reads_the_example_of_rfc_7515_appendix_c() {
        assert_eq!(encode([3, 236, 255, 224, 193]), "A-z_4ME");
        assert_eq!(decode("A-z_4ME"), Ok(vec![3, 236, 255, 224, 193]));
    }

    #[test]
    fn refuses_every_other_spelling() {
        for text in ["A-z_4ME=", "A-z_4MF", "A+z/4ME", "A-z_4ME\n", " A-z_4ME", "A-z_4", "A", "é"]
        {
            assert_eq!(decode(text), Err(Base64UrlError), "{text}");
        }
    }

    #[test]
    fn an_array_has_exactly_its_length() {
        assert_eq!(decode_array::<5>("A-z_4ME"), Ok([3, 236, 255, 224, 193]));
        assert_eq!(decode_array::<4>("A-z_4ME"), Err(Base64UrlError));
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_read_back(bytes in any::<Vec<u8>>()) {
            assert_eq!(decode(encode(&bytes)), Ok(bytes));
        }

        #[test]
        fn what_is_accepted_is_the_only_spelling(text in "[A-Za-z0-9_=+/ -]{0,24}") {
            if let Ok(bytes) = decode(&text) {
                assert_eq!(encode(bytes), text);
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(text in any::<Vec<u8>>()) {
            let _ = decode(text);
        }
    }
}
