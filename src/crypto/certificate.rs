//! X.509 certificates of units, with SM2 keys and SM2-with-SM3 signatures (GB/T 20518-2018, RFC 5280): read from PEM
//! or DER, and found good under anchors (`path`). No other algorithm is taken.

mod path;

use x509_cert::der::Decode;
use x509_cert::der::Encode;
use x509_cert::der::Reader;
use x509_cert::der::SliceReader;
use x509_cert::der::Tag;
use x509_cert::der::Tagged;
use x509_cert::der::asn1::Any;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::asn1::UintRef;
use x509_cert::der::pem;
use x509_cert::name::Name;
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::crypto::base64url;
use crate::crypto::sm2::VerifyingKey;

pub use path::Anchors;
pub use path::Proven;

/// SM2 with SM3 (GM/T 0006).
const SM2_WITH_SM3: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.1.501");
/// A public key on an elliptic curve (RFC 5480 §2.1.1).
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// The curve of SM2 (GM/T 0006).
const SM2_CURVE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.1.301");
/// Certificates in one chain at most.
pub const LONGEST_CHAIN: usize = 5;

/// Why a certificate proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// It cannot be read.
    #[error("no certificate can be read")]
    Unreadable,
    /// Its key or signature is not SM2.
    #[error("it is not of SM2")]
    Algorithm,
    /// No anchor stands above it.
    #[error("no trusted authority issued it")]
    Untrusted,
    /// It is over, or has not begun; or a certificate above it.
    #[error("it is not in its time")]
    Time,
    /// It may not be used so; or a certificate above it may not issue.
    #[error("it is not for this use")]
    Usage,
    /// Its authority took it back.
    #[error("it was revoked")]
    Revoked,
    /// The list of what its authority took back is too old.
    #[error("the revocation list is out of date")]
    StaleList,
}

impl CertificateError {
    /// The name of the reason, for page texts, audit records and tests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Algorithm => "algorithm",
            Self::Untrusted => "untrusted",
            Self::Time => "time",
            Self::Usage => "usage",
            Self::Revoked => "revoked",
            Self::StaleList => "stale-list",
        }
    }
}

/// A certificate that was read; nothing about it is proven yet.
#[derive(Debug, Clone)]
pub struct Certificate {
    inner: x509_cert::Certificate,
    /// What is signed: the bytes as they came.
    signed: Vec<u8>,
}

impl Certificate {
    /// Reads DER, and nothing that only resembles it.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let unreadable = |_| CertificateError::Unreadable;
        let inner = x509_cert::Certificate::from_der(der).map_err(unreadable)?;
        // Written again it is the same, so the part that is signed is too.
        if inner.to_der().map_err(unreadable)? != der {
            return Err(CertificateError::Unreadable);
        }
        let signed = inner.tbs_certificate().to_der().map_err(unreadable)?;
        Ok(Self { inner, signed })
    }

    /// Reads a chain, PEM one after another, or one certificate as DER, plain or in base64.
    pub fn read_chain(bytes: &[u8]) -> Result<Vec<Self>, CertificateError> {
        // The length that follows DER's first octet is no text.
        let Ok(text) = std::str::from_utf8(bytes) else { return Ok(vec![Self::from_der(bytes)?]) };
        // Editors may put a mark before the text.
        let text = text.trim_start_matches('\u{feff}');
        let blocks = pem_blocks(text, "CERTIFICATE")?;
        let ders = if blocks.is_empty() {
            let plain: String = text.split_whitespace().collect();
            vec![base64url::decode_standard(&plain).map_err(|_| CertificateError::Unreadable)?]
        } else {
            blocks
        };
        if ders.len() > LONGEST_CHAIN {
            return Err(CertificateError::Unreadable);
        }
        ders.iter().map(|der| Self::from_der(der)).collect()
    }

    /// Whether who is named in it issued it, by its own word.
    pub fn is_self_issued(&self) -> bool {
        self.inner.tbs_certificate().subject() == self.inner.tbs_certificate().issuer()
    }

    /// The values of this attribute of its subject, such as `2.5.4.97`.
    pub fn subject_values(&self, oid: &str) -> Vec<String> {
        let named = self.inner.tbs_certificate().subject().iter();
        let of_kind = named.filter(|attribute| attribute.oid.to_string() == oid);
        of_kind.filter_map(|attribute| text_of(&attribute.value)).collect()
    }

    /// Its key, if it is one of SM2.
    fn key(&self) -> Result<VerifyingKey, CertificateError> {
        let info = self.inner.tbs_certificate().subject_public_key_info();
        let curve = info.algorithm.parameters.as_ref();
        let curve = curve.and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok());
        if info.algorithm.oid != EC_PUBLIC_KEY || curve != Some(SM2_CURVE) {
            return Err(CertificateError::Algorithm);
        }
        let point = info.subject_public_key.as_bytes().ok_or(CertificateError::Algorithm)?;
        VerifyingKey::from_sec1(point).map_err(|_| CertificateError::Algorithm)
    }

    fn subject(&self) -> &Name {
        self.inner.tbs_certificate().subject()
    }

    fn issuer(&self) -> &Name {
        self.inner.tbs_certificate().issuer()
    }
}

/// A list of certificates an authority took back.
#[derive(Debug, Clone)]
pub struct RevocationList {
    inner: x509_cert::crl::CertificateList,
    signed: Vec<u8>,
}

impl RevocationList {
    /// Reads PEM or DER.
    pub fn read(bytes: &[u8]) -> Result<Self, CertificateError> {
        let unreadable = |_| CertificateError::Unreadable;
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let block = pem_blocks(text, "X509 CRL")?.into_iter().next();
        let der = block.unwrap_or_else(|| bytes.to_vec());
        let inner = x509_cert::crl::CertificateList::from_der(&der).map_err(unreadable)?;
        if inner.to_der().map_err(unreadable)? != der {
            return Err(CertificateError::Unreadable);
        }
        let signed = inner.tbs_cert_list.to_der().map_err(unreadable)?;
        Ok(Self { inner, signed })
    }
}

/// A signature as tools hand it over: as text in base64, or as it is.
pub fn find_signature(bytes: &[u8]) -> Option<[u8; 64]> {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let blank = |character: &char| !character.is_whitespace() && *character != '\u{feff}';
    let text: String = text.chars().filter(blank).collect();
    let decoded = base64url::decode_standard(text).ok();
    decoded.as_deref().and_then(read_signature).or_else(|| read_signature(bytes))
}

/// A signature as signers write it: 64 bytes, or DER of two numbers.
fn read_signature(bytes: &[u8]) -> Option<[u8; 64]> {
    bytes.try_into().ok().or_else(|| read_der_signature(bytes))
}

/// The same, where only DER is allowed, as in certificates (GM/T 0009).
fn read_der_signature(bytes: &[u8]) -> Option<[u8; 64]> {
    let mut reader = SliceReader::new(bytes).ok()?;
    let numbers = reader.sequence(|inner| -> x509_cert::der::Result<_> {
        Ok((
            UintRef::decode(inner)?.as_bytes().to_vec(),
            UintRef::decode(inner)?.as_bytes().to_vec(),
        ))
    });
    let (r, s) = numbers.ok()?;
    if !reader.is_finished() || r.len() > 32 || s.len() > 32 {
        return None;
    }
    let mut plain = [0; 64];
    plain[32 - r.len()..32].copy_from_slice(&r);
    plain[64 - s.len()..].copy_from_slice(&s);
    Some(plain)
}

/// Whether this key signed it, with SM2 and SM3, as both places that name the algorithm say.
fn is_signed(
    key: &VerifyingKey,
    signed: &[u8],
    algorithms: [&AlgorithmIdentifierOwned; 2],
    signature: Option<&[u8]>,
) -> Result<bool, CertificateError> {
    if algorithms.iter().any(|algorithm| algorithm.oid != SM2_WITH_SM3) {
        return Err(CertificateError::Algorithm);
    }
    let signature = signature.and_then(read_der_signature);
    Ok(signature.is_some_and(|signature| key.verify(signed, &signature)))
}

/// The contents of all blocks of this label.
fn pem_blocks(text: &str, label: &str) -> Result<Vec<Vec<u8>>, CertificateError> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let (mut blocks, mut rest) = (Vec::new(), text);
    while let Some(start) = rest.find(&begin) {
        let stop = rest[start..].find(&end).ok_or(CertificateError::Unreadable)?;
        let block = &rest[start..start + stop + end.len()];
        // Pasted lines end in all kinds of ways.
        let lines: Vec<&str> =
            block.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let plain = lines.join("\n");
        let (found, der) =
            pem::decode_vec(plain.as_bytes()).map_err(|_| CertificateError::Unreadable)?;
        if found != label || blocks.len() >= LONGEST_CHAIN {
            return Err(CertificateError::Unreadable);
        }
        blocks.push(der);
        rest = &rest[start + stop + end.len()..];
    }
    Ok(blocks)
}

/// Text of a name; `BMPString` is UTF-16, the others are read as UTF-8.
fn text_of(value: &Any) -> Option<String> {
    if value.tag() != Tag::BmpString {
        return std::str::from_utf8(value.value()).ok().map(str::to_owned);
    }
    let units = value.value().chunks(2).map(|pair| match pair {
        [high, low] => u16::from_be_bytes([*high, *low]),
        _ => 0xFFFF,
    });
    char::decode_utf16(units).collect::<Result<String, _>>().ok()
}

#[cfg(test)]
mod tests {
    use super::Certificate;
    use super::CertificateError;
    use super::RevocationList;
    use super::read_signature;
    use proptest::prelude::any;
    use proptest::prelude::proptest;

    #[test]
    fn signatures_come_in_two_spellings() {
        let plain = [7; 64];
        assert_eq!(read_signature(&plain), Some(plain));
        let mut der = vec![0x30, 0x06, 0x02, 0x01, 0x05, 0x02, 0x01, 0x06];
        let read = read_signature(&der).unwrap();
        assert_eq!((read[31], read[63]), (5, 6));
        der.push(0);
        for wrong in
            [&[][..], &der, &[0x30, 0x03, 0x02, 0x01, 0x05], &[0x30, 0x06, 2, 1, 0x85, 2, 1, 6]]
        {
            assert_eq!(read_signature(wrong), None, "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(bytes in any::<Vec<u8>>(), text in any::<String>()) {
            let _ = Certificate::from_der(&bytes);
            let _ = Certificate::read_chain(text.as_bytes());
            let _ = Certificate::read_chain(&bytes);
            let _ = RevocationList::read(&bytes);
            let _ = read_signature(&bytes);
        }
    }

    #[test]
    fn what_is_no_certificate_is_none() {
        for text in [
            "",
            "AAAA",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
            "-----BEGIN CERTIFICATE-----",
        ] {
            assert_eq!(
                Certificate::read_chain(text.as_bytes()).unwrap_err(),
                CertificateError::Unreadable
            );
        }
    }
}
