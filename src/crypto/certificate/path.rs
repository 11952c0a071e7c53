//! From a certificate up to an anchor (RFC 5280 §6), for units: every signature, time, use and list of revocations on
//! the way; whatever is critical and not understood refuses.

use x509_cert::der::Decode;
use x509_cert::ext::pkix::BasicConstraints;
use x509_cert::ext::pkix::KeyUsage;

use crate::crypto::certificate::Certificate;
use crate::crypto::certificate::CertificateError;
use crate::crypto::certificate::LONGEST_CHAIN;
use crate::crypto::certificate::RevocationList;
use crate::crypto::certificate::is_signed;
use crate::crypto::sm2::VerifyingKey;

/// `keyUsage`, `basicConstraints`.
const UNDERSTOOD: [&str; 2] = ["2.5.29.15", "2.5.29.19"];
/// Understood of what is above by leaving it to who issues: `extKeyUsage`, `certificatePolicies`, `subjectAltName`.
const HARMLESS: [&str; 3] = ["2.5.29.37", "2.5.29.32", "2.5.29.17"];

/// Whom we believe.
#[derive(Debug, Clone, Default)]
pub struct Anchors {
    roots: Vec<Certificate>,
    between: Vec<Certificate>,
    lists: Vec<RevocationList>,
}

/// A certificate that was found good.
#[derive(Debug)]
pub struct Proven {
    /// Its key.
    pub key: VerifyingKey,
    /// The second it is over.
    pub until: i64,
}

impl Anchors {
    /// Believes this certificate if it issued itself, and otherwise knows it as one between.
    pub fn add(&mut self, certificate: Certificate) {
        if certificate.is_self_issued() {
            self.roots.push(certificate);
        } else {
            self.between.push(certificate);
        }
    }

    /// Knows what was taken back.
    pub fn add_list(&mut self, list: RevocationList) {
        self.lists.push(list);
    }

    /// Whether anybody is believed.
    pub fn is_empty(&self) -> bool {
        self.roots.is_empty()
    }

    /// Whether the first of a chain is good at that second, for signing; what else the chain has only helps to
    /// find the way.
    pub fn prove(&self, chain: &[Certificate], now: i64) -> Result<Proven, CertificateError> {
        let (own, others) = chain.split_first().ok_or(CertificateError::Unreadable)?;
        let until = in_time(own, now)?;
        for_signing(own)?;
        let key = own.key()?;
        self.climb(own, (others, now), 0)?;
        Ok(Proven { key, until })
    }

    /// The way up from a certificate with so many authorities below it.
    fn climb(
        &self,
        below: &Certificate,
        (others, now): (&[Certificate], i64),
        depth: usize,
    ) -> Result<(), CertificateError> {
        if depth >= LONGEST_CHAIN {
            return Err(CertificateError::Untrusted);
        }
        let mut wrong = CertificateError::Untrusted;
        let roots = self.roots.iter().map(|above| (above, true));
        let between = self.between.iter().chain(others).map(|above| (above, false));
        for (above, is_root) in roots.chain(between) {
            if above.subject() != below.issuer() || (!is_root && above.is_self_issued()) {
                continue;
            }
            let step = self.issued(above, below, (now, depth)).and_then(|()| {
                if is_root { Ok(()) } else { self.climb(above, (others, now), depth + 1) }
            });
            match step {
                Ok(()) => return Ok(()),
                // Another certificate of that name may be the one; what is more than a name is told.
                Err(CertificateError::Untrusted) => {}
                Err(error) => wrong = error,
            }
        }
        Err(wrong)
    }

    fn issued(
        &self,
        above: &Certificate,
        below: &Certificate,
        (now, depth): (i64, usize),
    ) -> Result<(), CertificateError> {
        let key = above.key()?;
        let inner = &below.inner;
        let algorithms = [inner.signature_algorithm(), inner.tbs_certificate().signature()];
        if !is_signed(&key, &below.signed, algorithms, inner.signature().as_bytes())? {
            return Err(CertificateError::Untrusted);
        }
        in_time(above, now)?;
        for_issuing(above, depth)?;
        self.not_revoked(above, &key, below, now)
    }

    fn not_revoked(
        &self,
        above: &Certificate,
        key: &VerifyingKey,
        below: &Certificate,
        now: i64,
    ) -> Result<(), CertificateError> {
        let of_issuer =
            |list: &&RevocationList| list.inner.tbs_cert_list.issuer == *above.subject();
        let (mut known, mut current) = (false, false);
        for list in self.lists.iter().filter(of_issuer) {
            let told = &list.inner.tbs_cert_list;
            let algorithms = [&list.inner.signature_algorithm, &told.signature];
            if !is_signed(key, &list.signed, algorithms, list.inner.signature.as_bytes())? {
                continue;
            }
            known = true;
            let serial = below.inner.tbs_certificate().serial_number();
            let revoked = told.revoked_certificates.iter().flatten();
            if revoked.into_iter().any(|revoked| revoked.serial_number == *serial) {
                return Err(CertificateError::Revoked);
            }
            let begun = seconds(told.this_update) <= now;
            current |= begun && told.next_update.is_none_or(|next| now < seconds(next));
        }
        if known && !current { Err(CertificateError::StaleList) } else { Ok(()) }
    }
}

fn seconds(time: x509_cert::time::Time) -> i64 {
    i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX)
}

/// The second it is over, if it is in its time.
fn in_time(certificate: &Certificate, now: i64) -> Result<i64, CertificateError> {
    let validity = certificate.inner.tbs_certificate().validity();
    let (from, until) = (seconds(validity.not_before), seconds(validity.not_after));
    if (from..=until).contains(&now) { Ok(until) } else { Err(CertificateError::Time) }
}

/// An authority: it says so, may sign certificates, and stands not too high.
fn for_issuing(certificate: &Certificate, depth: usize) -> Result<(), CertificateError> {
    let constraints: BasicConstraints =
        extension(certificate, "2.5.29.19")?.ok_or(CertificateError::Usage)?;
    let usage: KeyUsage = extension(certificate, "2.5.29.15")?.ok_or(CertificateError::Usage)?;
    let deep_enough =
        constraints.path_len_constraint.is_none_or(|longest| depth <= usize::from(longest));
    let may = constraints.ca && deep_enough && usage.key_cert_sign();
    if may { understood(certificate) } else { Err(CertificateError::Usage) }
}

/// Somebody's own: no authority, and its key is for signatures.
fn for_signing(certificate: &Certificate) -> Result<(), CertificateError> {
    let constraints: Option<BasicConstraints> = extension(certificate, "2.5.29.19")?;
    let usage: Option<KeyUsage> = extension(certificate, "2.5.29.15")?;
    let is_authority = constraints.is_some_and(|constraints| constraints.ca);
    let signs = usage.is_none_or(|usage| usage.digital_signature() || usage.non_repudiation());
    if signs && !is_authority { understood(certificate) } else { Err(CertificateError::Usage) }
}

/// An extension, which stands once or not at all.
fn extension<'a, T: Decode<'a, Error = x509_cert::der::Error>>(
    certificate: &'a Certificate,
    oid: &str,
) -> Result<Option<T>, CertificateError> {
    let all = certificate.inner.tbs_certificate().extensions().into_iter().flatten();
    let mut found = all.filter(|extension| extension.extn_id.to_string() == oid);
    let Some(first) = found.next() else { return Ok(None) };
    if found.next().is_some() {
        return Err(CertificateError::Unreadable);
    }
    let read = T::from_der(first.extn_value.as_bytes());
    read.map(Some).map_err(|_| CertificateError::Unreadable)
}

fn understood(certificate: &Certificate) -> Result<(), CertificateError> {
    let mut all = certificate.inner.tbs_certificate().extensions().into_iter().flatten();
    let strange = all.any(|extension| {
        let name = extension.extn_id.to_string();
        extension.critical && !UNDERSTOOD.contains(&&*name) && !HARMLESS.contains(&&*name)
    });
    if strange { Err(CertificateError::Usage) } else { Ok(()) }
}
