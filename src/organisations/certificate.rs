//! Claiming an organisation with its certificate (电子营业执照、机构数字证书): whoever signs our challenge with the SM2 key
//! of a certificate that names the unit administers it here. The certificate is the unit's and names no person, so
//! nobody becomes its legal representative by it (decision 0016).

use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::audit;
use crate::clock::Timestamp;
use crate::crypto::base64url;
use crate::crypto::certificate;
use crate::crypto::certificate::Certificate;
use crate::crypto::certificate::CertificateError;
use crate::domain::account::Account;
use crate::domain::account::Profile;
use crate::domain::assurance::IdentityAssurance;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::AccountId;
use crate::domain::id::JtiDigest;
use crate::domain::id::SessionId;
use crate::domain::mandate::DEEPEST;
use crate::domain::mandate::MandateRole;
use crate::domain::mandate::Matters;
use crate::domain::mandate::Term;
use crate::domain::mandate::Terms;
use crate::domain::mandate_evidence::MandateEvidence;
use crate::domain::request_context::RequestContext;
use crate::domain::uscc::Uscc;
use crate::organisations::claim;
use crate::organisations::claim::ClaimError;
use crate::provider::Provider;
use crate::registers::anchors;
use crate::store::StoreError;
use crate::store::sql::NotClaimed;
use crate::throttle;
use crate::throttle::Admitted;
use crate::throttle::ThrottleError;
use crate::vault::VaultError;

/// What the seal of a challenge is bound to.
const PURPOSE: &str = "unit certificate";
/// So long a challenge can be answered.
const PATIENCE: Duration = Duration::from_mins(10);

/// A challenge on its way through the browser.
#[derive(Serialize, Deserialize)]
struct Sealed {
    nonce: String,
    account: AccountId,
    session: SessionId,
    until: Timestamp,
}

/// A challenge as a page shows it.
#[derive(Debug, Clone)]
pub struct Challenge {
    /// What comes back with the answer.
    pub sealed: String,
    /// What is signed.
    pub text: String,
}

/// What came back.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// Which unit is claimed.
    pub uscc: &'a str,
    /// The challenge.
    pub challenge: &'a str,
    /// The chain: PEM, or one certificate in DER.
    pub certificate: &'a [u8],
    /// The signature of the challenge's text, also in base64.
    pub signature: &'a [u8],
}

/// Why an organisation was not claimed by its certificate.
#[derive(Debug, thiserror::Error)]
pub enum CertificateClaimError {
    /// Nobody claims by certificate here.
    #[error("there are no trust anchors")]
    Off,
    /// The challenge is old, was used, or is another session's.
    #[error("the challenge is over")]
    Challenge,
    /// A key came with it that nobody but its owner may have.
    #[error("a private key came with it")]
    PrivateKey,
    /// The certificate proves nothing.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The signature is not the certificate's.
    #[error("the signature is not the certificate's")]
    Signature,
    /// The certificate names no unit.
    #[error("the certificate names no unit")]
    NoCode,
    /// It names another unit.
    #[error("the certificate names another unit")]
    OtherCode,
    /// As any claim.
    #[error(transparent)]
    Claim(#[from] ClaimError),
}

/// A new challenge for this session; none where nobody claims by certificate.
pub fn challenge(
    provider: &Provider,
    (account, session): (AccountId, SessionId),
) -> Result<Option<Challenge>, VaultError> {
    if provider.config.certificates.anchors.is_none() {
        return Ok(None);
    }
    let nonce = base64url::encode(crate::crypto::random::bytes::<16>());
    let text = text(provider, &nonce);
    let until = provider.clock.now().plus(PATIENCE);
    let sealed = Sealed { nonce, account, session, until };
    Ok(Some(Challenge { sealed: provider.vault.seal_transit(PURPOSE, &sealed)?, text }))
}

/// The challenge this session was given, if it can still be answered: nobody signs anew because something else of the
/// form was wrong.
pub fn find_challenge(
    provider: &Provider,
    who: (AccountId, SessionId),
    sealed: &str,
) -> Option<Challenge> {
    let opened = open(provider, who, sealed).ok()?;
    Some(Challenge { sealed: sealed.to_owned(), text: text(provider, &opened.nonce) })
}

fn open(
    provider: &Provider,
    (account, session): (AccountId, SessionId),
    sealed: &str,
) -> Result<Sealed, CertificateClaimError> {
    let sealed: Sealed = provider
        .vault
        .open_transit(PURPOSE, sealed)
        .map_err(|_| CertificateClaimError::Challenge)?;
    let now = provider.clock.now();
    let own = sealed.account == account && sealed.session == session && sealed.until > now;
    if own { Ok(sealed) } else { Err(CertificateClaimError::Challenge) }
}

/// It says where it is meant for, so that a signature for another place is none here.
fn text(provider: &Provider, nonce: &str) -> String {
    format!("unit-claim {} {nonce}", provider.config.issuer_text())
}

/// Claims the organisation with this code for somebody who holds the key of its certificate.
pub async fn claim(
    provider: &Provider,
    context: &RequestContext,
    (account, profile, session): (&Account, &Profile, SessionId),
    answer: Answer<'_>,
) -> Result<(), CertificateClaimError> {
    if [answer.certificate, answer.signature].iter().any(|bytes| names_private_key(bytes)) {
        return Err(CertificateClaimError::PrivateKey);
    }
    let uscc =
        Uscc::parse(answer.uscc, provider.config.synthetic()).map_err(|_| ClaimError::Code)?;
    let refused = |reason: &str| {
        let event = audit::refused(AuditKind::OrganisationClaimed, reason).account(account);
        event.detail("by", "certificate").record(provider, context)
    };
    let admitted = match throttle::admit_claim(provider, context, account.id).await {
        Ok(admitted) => admitted,
        Err(ThrottleError::Store(error)) => return Err(ClaimError::Store(error).into()),
        Err(ThrottleError::TooMany) => {
            store(provider.store.record(refused("too many attempts")).await)?;
            return Err(ClaimError::TooMany.into());
        }
    };
    let proven = prove(provider, (account.id, session), &uscc, answer).await;
    let proven = match proven {
        Ok(until) => register(provider, account, &uscc).await.map(|entity| (until, entity)),
        Err(error) => Err(error),
    };
    let (until, entity) = match proven {
        Ok(proven) => proven,
        Err(error) => {
            return refuse(provider, (admitted, error), refused).await;
        }
    };
    store(throttle::forgive(provider, admitted).await)?;
    let mut new = claim::new(provider, (account, profile), &entity, MandateEvidence::Certificate)
        .map_err(ClaimError::Vault)?;
    new.representative.terms = terms(provider.clock.now(), until);
    let done = audit::done(AuditKind::OrganisationClaimed)
        .account(account)
        .detail("by", "certificate")
        .detail("mandate", new.representative.id.to_string())
        .record(provider, context);
    let error = match store(provider.store.claim_by_certificate(new, done).await)? {
        Ok(()) => return Ok(()),
        Err(NotClaimed::Already) => ClaimError::Claimed,
        Err(NotClaimed::Suspended) => ClaimError::Suspended,
    };
    store(provider.store.record(refused("claimed already, or suspended")).await)?;
    Err(error.into())
}

/// Whether a private key is among the PEM (RFC 7468 §10): its owner has to hear that it is known now.
fn names_private_key(bytes: &[u8]) -> bool {
    const MARK: &[u8] = b"PRIVATE KEY-----";
    bytes.windows(MARK.len()).any(|window| window == MARK)
}

/// An administrator, as long as the certificate.
fn terms(now: Timestamp, until: Timestamp) -> Terms {
    Terms {
        role: MandateRole::Administrator,
        matters: Matters::All,
        term: Term { from: now, until: Some(until) },
        delegation: DEEPEST - 1,
    }
}

/// Until when the certificate that names this unit is good, whose key signed our challenge.
async fn prove(
    provider: &Provider,
    who: (AccountId, SessionId),
    uscc: &Uscc,
    answer: Answer<'_>,
) -> Result<Timestamp, CertificateClaimError> {
    let config = &provider.config.certificates;
    let folder = config.anchors.as_deref().ok_or(CertificateClaimError::Off)?;
    let now = provider.clock.now();
    let sealed = open(provider, who, answer.challenge)?;
    // It is used up by the first answer, right or wrong.
    let digest = JtiDigest::of(&format!("{PURPOSE} {}", sealed.nonce));
    if !store(provider.store.spend_jti(digest, sealed.until).await)? {
        return Err(CertificateClaimError::Challenge);
    }
    let chain = Certificate::read_chain(answer.certificate)?;
    let anchors = anchors::read(folder).await.map_err(ClaimError::RegisterAway)?;
    let proven = anchors.prove(&chain, now.seconds())?;
    let signature = certificate::find_signature(answer.signature);
    let message = text(provider, &sealed.nonce);
    if !signature.is_some_and(|signature| proven.key.verify(message.as_bytes(), &signature)) {
        return Err(CertificateClaimError::Signature);
    }
    let named = chain.first().into_iter().flat_map(|own| {
        let values = config.subject.iter().map(|oid| own.subject_values(oid));
        values.flat_map(|values| codes(provider, &values))
    });
    let named: Vec<Uscc> = named.collect();
    match named.as_slice() {
        [] => Err(CertificateClaimError::NoCode),
        // Who names two units names none for sure.
        all if all.iter().all(|one| one == uscc) => Ok(Timestamp::from_seconds(proven.until)),
        _ => Err(CertificateClaimError::OtherCode),
    }
}

/// The credit codes in values of an attribute: alone, or behind a prefix as EN 319 412-1 §5.1.4 writes it.
fn codes(provider: &Provider, values: &[String]) -> Vec<Uscc> {
    let read = |value: &String| {
        let last = value.rsplit([':', '-', '@']).next().unwrap_or_default();
        let read = |text| Uscc::parse(text, provider.config.synthetic()).ok();
        read(value.as_str()).or_else(|| read(last))
    };
    values.iter().filter_map(read).collect()
}

async fn register(
    provider: &Provider,
    account: &Account,
    uscc: &Uscc,
) -> Result<crate::domain::legal_entity::LegalEntity, CertificateClaimError> {
    let entity = provider.legal_entities.find(uscc).await.map_err(ClaimError::RegisterAway)?;
    let real_named = account.identity_assurance >= IdentityAssurance::REGISTER_MATCH;
    let entity = entity.filter(|entity| entity.is_active() && real_named);
    Ok(entity.ok_or(ClaimError::NotConfirmed)?)
}

async fn refuse(
    provider: &Provider,
    (admitted, error): (Admitted, CertificateClaimError),
    refused: impl Fn(&str) -> crate::domain::audit_event::AuditRecord,
) -> Result<(), CertificateClaimError> {
    let away = matches!(&error, CertificateClaimError::Claim(ClaimError::RegisterAway(_)));
    if away {
        // It was no attempt: nothing was judged.
        store(throttle::give_back(provider, admitted).await)?;
        return Err(error);
    }
    let reason = match &error {
        CertificateClaimError::Certificate(error) => error.as_str().to_owned(),
        other => other.to_string(),
    };
    store(provider.store.record(refused(&reason)).await)?;
    Err(error)
}

fn store<T>(result: Result<T, StoreError>) -> Result<T, CertificateClaimError> {
    result.map_err(|error| ClaimError::Store(error).into())
}
