//! Certificates of units as an authority would write them, byte by byte (RFC 5280, GM/T 0006, GM/T 0009): what reads
//! them shares no code with what writes them.

use yihao::crypto::sm2::SigningKey;

/// What a certificate says.
#[derive(Clone)]
pub struct Spec<'a> {
    /// Attributes of the subject: object identifier and text.
    pub subject: &'a [(&'a str, &'a str)],
    /// Its number.
    pub serial: u8,
    /// From and until which second.
    pub time: (i64, i64),
    /// Whether it says that it is an authority, and how many may stand below it.
    pub ca: Option<(bool, Option<u8>)>,
    /// `keyUsage`: the last octet of its bits, and how many of them are not used.
    pub usage: Option<(u8, u8)>,
    /// A further critical extension.
    pub strange: bool,
}

/// For signatures; for certificates and lists.
pub const SIGNS: (u8, u8) = (0x80, 7);
/// For signing certificates and revocation lists.
pub const ISSUES: (u8, u8) = (0x06, 1);
/// For agreeing on keys.
pub const AGREES: (u8, u8) = (0x08, 3);

/// The name of an authority.
pub const ROOT: &[(&str, &str)] = &[("2.5.4.6", "CN"), ("2.5.4.3", "Sample Root")];
/// The name of one below it.
pub const BETWEEN: &[(&str, &str)] = &[("2.5.4.6", "CN"), ("2.5.4.3", "Sample Issuer")];

/// A pair of keys and the certificate of it.
pub struct Holder {
    /// The key.
    pub key: SigningKey,
    /// DER.
    pub certificate: Vec<u8>,
}

/// An authority, at that second.
pub fn authority<'a>(name: &'a [(&'a str, &'a str)], now: i64) -> Spec<'a> {
    Spec {
        subject: name,
        serial: 1,
        time: (now - 1000, now + 10_000_000),
        ca: Some((true, None)),
        usage: Some(ISSUES),
        strange: false,
    }
}

/// A unit, at that second.
pub fn unit<'a>(subject: &'a [(&'a str, &'a str)], now: i64) -> Spec<'a> {
    Spec { serial: 7, ca: None, usage: Some(SIGNS), ..authority(subject, now) }
}

/// An authority that issued itself.
pub fn self_issued(spec: &Spec<'_>) -> Holder {
    let key = SigningKey::generate();
    let certificate = write(spec, &key, (spec.subject, &key));
    Holder { key, certificate }
}

/// Somebody below an authority of that name.
pub fn issued(spec: &Spec<'_>, (name, above): (&[(&str, &str)], &SigningKey)) -> Holder {
    let key = SigningKey::generate();
    let certificate = write(spec, &key, (name, above));
    Holder { key, certificate }
}

/// A list of what was taken back, good for so many seconds.
pub fn list(
    (name, above): (&[(&str, &str)], &SigningKey),
    serials: &[u8],
    (from, until): (i64, i64),
) -> Vec<u8> {
    let revoked: Vec<u8> =
        serials.iter().flat_map(|serial| sequence(&[integer(&[*serial]), time(from)])).collect();
    let mut parts = vec![integer(&[1]), algorithm(), self::name(name), time(from), time(until)];
    if !revoked.is_empty() {
        parts.push(tlv(0x30, &revoked));
    }
    sign(&sequence(&parts), above)
}

/// PEM of these, one after another.
pub fn pem(label: &str, ders: &[&[u8]]) -> String {
    let block = |der: &&[u8]| {
        let text = base64(der);
        let lines: Vec<&str> =
            text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
    };
    ders.iter().map(block).collect()
}

/// Base64 with padding.
pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut block = [0; 3];
        block[..chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes([0, block[0], block[1], block[2]]);
        for place in 0..4 {
            let letter = ALPHABET[usize::try_from(bits >> (18 - 6 * place) & 63).unwrap()];
            text.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

/// The signature of a text as tools write it: DER.
pub fn signature(key: &SigningKey, message: &[u8]) -> Vec<u8> {
    let plain = key.sign(message);
    sequence(&[integer(&plain[..32]), integer(&plain[32..])])
}

fn write(
    spec: &Spec<'_>,
    own: &SigningKey,
    (issuer, above): (&[(&str, &str)], &SigningKey),
) -> Vec<u8> {
    let (x, y) = own.verifying_key().coordinates();
    let point = [&[0, 4][..], &x, &y].concat();
    let curve = sequence(&[oid("1.2.840.10045.2.1"), oid("1.2.156.10197.1.301")]);
    let key = sequence(&[curve, tlv(0x03, &point)]);
    let mut extensions = Vec::new();
    if let Some((ca, below)) = spec.ca {
        let mut parts = Vec::new();
        if ca {
            parts.push(tlv(0x01, &[0xFF]));
        }
        parts.extend(below.map(|below| integer(&[below])));
        extensions.push(extension("2.5.29.19", &sequence(&parts)));
    }
    if let Some((bits, unused)) = spec.usage {
        extensions.push(extension("2.5.29.15", &tlv(0x03, &[unused, bits])));
    }
    if spec.strange {
        extensions.push(extension("2.5.29.30", &sequence(&[])));
    }
    let (from, until) = spec.time;
    let mut parts = vec![
        tlv(0xA0, &integer(&[2])),
        integer(&[spec.serial]),
        algorithm(),
        name(issuer),
        sequence(&[time(from), time(until)]),
        name(spec.subject),
        key,
    ];
    if !extensions.is_empty() {
        parts.push(tlv(0xA3, &sequence(&extensions)));
    }
    sign(&sequence(&parts), above)
}

fn sign(signed: &[u8], key: &SigningKey) -> Vec<u8> {
    let signature = [&[0][..], &signature(key, signed)].concat();
    sequence(&[signed.to_vec(), algorithm(), tlv(0x03, &signature)])
}

fn algorithm() -> Vec<u8> {
    sequence(&[oid("1.2.156.10197.1.501")])
}

fn extension(name: &str, value: &[u8]) -> Vec<u8> {
    sequence(&[oid(name), tlv(0x01, &[0xFF]), tlv(0x04, value)])
}

fn name(attributes: &[(&str, &str)]) -> Vec<u8> {
    let parts: Vec<Vec<u8>> = attributes
        .iter()
        .map(|(kind, text)| {
            // A country is PrintableString (RFC 5280 appendix A.1).
            let tag = if *kind == "2.5.4.6" { 0x13 } else { 0x0C };
            tlv(0x31, &sequence(&[oid(kind), tlv(tag, text.as_bytes())]))
        })
        .collect();
    sequence(&parts)
}

fn time(second: i64) -> Vec<u8> {
    let at = time::OffsetDateTime::from_unix_timestamp(second).unwrap();
    let format = time::macros::format_description!(
        "[year repr:last_two][month][day][hour][minute][second]Z"
    );
    tlv(0x17, at.format(format).unwrap().as_bytes())
}

fn oid(text: &str) -> Vec<u8> {
    let numbers: Vec<u32> = text.split('.').map(|number| number.parse().unwrap()).collect();
    let mut bytes = vec![u8::try_from(numbers[0] * 40 + numbers[1]).unwrap()];
    for number in &numbers[2..] {
        let mut groups = vec![u8::try_from(number & 0x7F).unwrap()];
        let mut rest = number >> 7;
        while rest > 0 {
            groups.push(u8::try_from(rest & 0x7F).unwrap() | 0x80);
            rest >>= 7;
        }
        bytes.extend(groups.iter().rev());
    }
    tlv(0x06, &bytes)
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len() - 1);
    let mut value = bytes[start..].to_vec();
    if value[0] >= 0x80 {
        value.insert(0, 0);
    }
    tlv(0x02, &value)
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut bytes = vec![tag];
    match length {
        0..=0x7F => bytes.push(u8::try_from(length).unwrap()),
        0x80..=0xFF => bytes.extend([0x81, u8::try_from(length).unwrap()]),
        _ => bytes.extend([
            0x82,
            u8::try_from(length >> 8).unwrap(),
            u8::try_from(length & 0xFF).unwrap(),
        ]),
    }
    bytes.extend(content);
    bytes
}
