//! Hash functions: SM3 (GB/T 32905-2016) inside, SHA-2 (FIPS 180-4) where a specification names it.

use aws_lc_rs::digest::Algorithm;
use aws_lc_rs::digest::SHA256;
use aws_lc_rs::digest::SHA512;
use sm3::Digest;
use sm3::Sm3;

/// SM3 of the bytes.
pub fn sm3(bytes: &[u8]) -> [u8; 32] {
    Sm3::digest(bytes).into()
}

/// SM3 of the parts as if they were one text. Where a boundary matters, hash lengths too.
pub fn sm3_parts(parts: &[&[u8]]) -> [u8; 32] {
    let mut state = Sm3::new();
    for part in parts {
        state.update(part);
    }
    state.finalize().into()
}

/// SM3 of what comes bit by bit; it can be asked on the way.
#[derive(Clone, Default)]
pub struct Sm3Stream(Sm3);

impl Sm3Stream {
    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// SM3 of all bytes so far.
    pub fn so_far(&self) -> [u8; 32] {
        self.0.clone().finalize().into()
    }
}

/// SHA-256 of the bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    sha2(&SHA256, bytes)
}

/// SHA-512 of the bytes.
pub fn sha512(bytes: &[u8]) -> [u8; 64] {
    sha2(&SHA512, bytes)
}

fn sha2<const N: usize>(algorithm: &'static Algorithm, bytes: &[u8]) -> [u8; N] {
    let mut output = [0; N];
    output.copy_from_slice(aws_lc_rs::digest::digest(algorithm, bytes).as_ref());
    output
}

#[cfg(test)]
mod tests {
    use super::sha256;
    use super::sha512;
    use super::sm3;
    use super::sm3_parts;

    #[test]
    fn hashes_abc_as_the_standards_print_it() {
        assert_eq!(hex::encode(sm3(b"abc"))[..16], *"66c7f0f462eeedd9");
        assert_eq!(hex::encode(sha256(b"abc"))[..16], *"ba7816bf8f01cfea");
        assert_eq!(hex::encode(sha512(b"abc"))[..16], *"ddaf35a193617aba");
    }

    #[test]
    fn parts_hash_like_the_whole() {
        assert_eq!(sm3_parts(&[b"a", b"", b"bc"]), sm3(b"abc"));
        assert_eq!(sm3_parts(&[]), sm3(b""));
    }

    #[test]
    fn a_stream_hashes_like_the_whole_at_every_moment() {
        let mut stream = super::Sm3Stream::default();
        assert_eq!(stream.so_far(), sm3(b""));
        stream.update(b"a");
        assert_eq!(stream.so_far(), sm3(b"a"));
        stream.update(b"bc");
        assert_eq!(stream.so_far(), sm3(b"abc"));
    }
}
