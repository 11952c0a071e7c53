//! Randomness, all of it from the operating system.

use crate::crypto::base64url;

/// Fills the buffer with random bytes.
pub fn fill(buffer: &mut [u8]) {
    // Without randomness nothing here is safe to continue, so there is no error to handle.
    getrandom::fill(buffer).expect("the operating system provides randomness once it has booted");
}

/// `N` random bytes.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut buffer = [0; N];
    fill(&mut buffer);
    buffer
}

/// An unguessable token: 256 random bits as base64url, 43 characters.
pub fn token() -> String {
    base64url::encode(bytes::<32>())
}

/// A numeric code of `length` digits, each as likely as any other.
pub fn digits(length: usize) -> String {
    let mut code = String::with_capacity(length);
    while code.len() < length {
        // 250 is the largest multiple of ten in a byte; the rest would favour the digits 0 to 5.
        code.extend(
            bytes::<16>()
                .into_iter()
                .filter(|byte| *byte < 250)
                .map(|byte| char::from(b'0' + byte % 10))
                .take(length - code.len()),
        );
    }
    code
}

#[cfg(test)]
mod tests {
    use super::bytes;
    use super::digits;
    use super::token;

    #[test]
    fn tokens_carry_256_bits_and_differ() {
        assert_eq!(token().len(), 43);
        assert_ne!(token(), token());
        assert_ne!(bytes::<16>(), bytes::<16>());
    }

    #[test]
    fn codes_have_the_asked_length_and_only_digits() {
        for length in [0, 1, 6, 8, 40] {
            let code = digits(length);
            assert_eq!(code.len(), length);
            assert!(code.bytes().all(|byte| byte.is_ascii_digit()));
        }
    }

    #[test]
    fn every_digit_is_about_as_frequent_as_the_others() {
        let code = digits(100_000);
        for digit in '0'..='9' {
            let count = code.chars().filter(|each| *each == digit).count();
            // Ten standard deviations of a fair digit are 949.
            assert!(count.abs_diff(10_000) < 949, "{digit}: {count}");
        }
    }
}
