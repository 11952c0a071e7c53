//! Proof Key for Code Exchange (RFC 7636), `S256` alone (RFC 9700 §2.1.1).

/// The one `code_challenge_method`.
pub const METHOD: &str = "S256";

/// Whether the text can be an S256 challenge: 43 characters of base64url (RFC 7636 §4.2).
pub fn is_challenge(text: &str) -> bool {
    text.len() == 43 && crate::crypto::base64url::decode_array::<32>(text).is_ok()
}

/// Whether the verifier has the right shape (RFC 7636 §4.1) and belongs to the challenge.
pub fn verify(challenge: &str, verifier: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(allowed) {
        return false;
    }
    let digest = crate::crypto::digest::sha256(verifier.as_bytes());
    let expected = crate::crypto::base64url::encode(digest);
    crate::crypto::constant_time_eq(expected.as_bytes(), challenge.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_the_example_of_appendix_b() {
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(is_challenge(challenge));
        assert!(verify(challenge, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert!(!verify(challenge, challenge));
    }

    #[test]
    fn refuses_shapes_the_specification_does_not_allow() {
        assert!(!is_challenge(&"a".repeat(42)));
        assert!(!is_challenge(&"a".repeat(129)));
        assert!(!is_challenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"));
        assert!(!verify("x", &"a".repeat(42)));
        assert!(!verify("x", &"a".repeat(129)));
    }
}
