//! Which RSA public keys are fit to verify with (RFC 8725 §3.5, NIST SP 800-131A).

use crate::jose::JoseError;

/// The sizes of modulus we take: less is too weak, more costs too much to verify.
const MODULUS_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// The one public exponent we take, 65537. Smaller ones invite mistakes in padding, larger ones
/// are a way to make us compute.
const EXPONENT: [u8; 3] = [1, 0, 1];

/// Checks a modulus and an exponent given in the minimal big-endian form of RFC 7518 §6.3.1.
pub(super) fn check(modulus: &[u8], exponent: &[u8]) -> Result<(), JoseError> {
    let (Some(first), Some(last)) = (modulus.first(), modulus.last()) else {
        return Err(JoseError::Key("the modulus is empty"));
    };
    if *first == 0 {
        return Err(JoseError::Key("the modulus is not in its shortest form"));
    }
    if exponent != EXPONENT {
        return Err(JoseError::Key("the exponent is not 65537"));
    }
    if !MODULUS_BITS.contains(&(modulus.len() * 8 - first.leading_zeros() as usize)) {
        return Err(JoseError::Key("the modulus does not have 2048 to 4096 bits"));
    }
    if last % 2 == 0 || has_roca_fingerprint(modulus) {
        return Err(JoseError::Key("the modulus can be factored"));
    }
    Ok(())
}

/// Whether the modulus comes from the broken generator of CVE-2017-15361 (ROCA), whose keys can be
/// factored: modulo every small prime they are powers of 65537. Others pass by chance once in 2^27.
fn has_roca_fingerprint(modulus: &[u8]) -> bool {
    const PRIMES: [u32; 38] = [
        3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89,
        97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
    ];
    PRIMES.iter().all(|prime| {
        let residue = modulus.iter().fold(0, |sum, byte| (sum * 256 + u32::from(*byte)) % prime);
        let mut power = 1;
        (0..*prime).any(|_| {
            power = power * (65_537 % prime) % prime;
            power == residue
        })
    })
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::jose::JoseError;

    fn modulus(bytes: usize) -> Vec<u8> {
        // The bytes only need to be odd, of full length, and without the fingerprint.
        (0..bytes).map(|index| u8::try_from(index % 251).unwrap() | 0x81).collect()
    }

    #[test]
    fn sizes_and_forms_are_bounded() {
        assert_eq!(check(&modulus(256), &[1, 0, 1]), Ok(()));
        assert_eq!(check(&modulus(512), &[1, 0, 1]), Ok(()));
        let mut even = modulus(256);
        even[255] = 0x82;
        let mut short = modulus(256);
        short[0] = 0x7f;
        for refused in [vec![], vec![0], modulus(128), modulus(513), modulus(8192), even, short] {
            assert!(matches!(check(&refused, &[1, 0, 1]), Err(JoseError::Key(_))));
        }
        assert!(check(&[&[0], &modulus(256)[..]].concat(), &[1, 0, 1]).is_err());
    }

    #[test]
    fn other_exponents_are_refused() {
        for exponent in
            [&[][..], &[1], &[3], &[0, 1, 0, 1], &[1, 0, 2], &[1, 0, 0, 0, 0, 0, 0, 0, 0]]
        {
            assert!(check(&modulus(256), exponent).is_err(), "{exponent:?}");
        }
    }
}
