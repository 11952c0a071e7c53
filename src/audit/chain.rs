//! Sealing and verifying the chain: heads are signed with SM2 and exported, so that a tail that was
//! cut or computed anew does not fit what was signed before (design D10, security.md A-79).

use std::io::Write;

use serde_json::json;

use crate::clock::Timestamp;
use crate::crypto::base64url;
use crate::domain::audit_event::ChainTail;
use crate::jose::Algorithm;
use crate::jose::SigningKey;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::store::sql::SignedHead;
use crate::store::sql::StoredKey;

/// Records read or sealed at once.
const BATCH: i64 = 1000;

/// What is wrong with the chain, and where.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Break {
    /// The sequence number where it shows.
    pub sequence: i64,
    /// What it is.
    pub problem: &'static str,
}

/// What a verification found.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Verification {
    /// Records that were read.
    pub records: i64,
    /// Heads that were checked.
    pub heads: usize,
    /// Records not sealed yet.
    pub unsealed: i64,
    /// Everything that does not fit, in order.
    pub breaks: Vec<Break>,
}

/// Chains what was committed since.
pub async fn seal(provider: &Provider) -> Result<(), StoreError> {
    while provider.store.seal_audit(BATCH).await? > 0 {}
    Ok(())
}

/// Signs where the chain now ends, if it grew.
pub async fn sign_head(provider: &Provider) -> Result<(), StoreError> {
    let tail = provider.store.audit_tail().await?;
    let heads = provider.store.last_audit_head().await?;
    if tail.sequence == 0 || heads.is_some_and(|head| head.sequence >= tail.sequence) {
        return Ok(());
    }
    let now = provider.clock.now();
    let ring = provider.keyring.ring();
    let Ok(key) = ring.signing_key(Algorithm::Sm2) else { return Ok(()) };
    let Ok(signature) = key.sign(&head_bytes(&tail, now)) else { return Ok(()) };
    let head = SignedHead {
        sequence: tail.sequence,
        link: tail.link,
        signed_at: now,
        kid: key.kid().to_owned(),
        signature,
    };
    export(provider, &head);
    provider.store.add_audit_head(head).await
}

/// Reads the whole chain and checks every record, every link and every signed head.
pub async fn verify(provider: &Provider) -> Result<Verification, StoreError> {
    let mut found =
        Verification { unsealed: provider.store.unsealed_audit().await?, ..<_>::default() };
    let heads = known_heads(provider).await?;
    let mut tail = ChainTail::default();
    loop {
        let batch = provider.store.audit_chain(tail.sequence, BATCH).await?;
        if batch.is_empty() {
            break;
        }
        for sealed in batch {
            let Some((sequence, link)) = sealed.seal else { continue };
            found.records += 1;
            let mut report = |problem| found.breaks.push(Break { sequence, problem });
            if sequence != tail.sequence + 1 {
                report("records are missing before this one");
                tail.sequence = sequence - 1;
            }
            if sealed.record.mac != sealed.record.expected_mac(&provider.vault.audit) {
                report("the record was changed");
            }
            if sealed.record.link(sequence, &tail.link) != link.as_slice() {
                report("the record does not follow its predecessor");
            }
            tail = ChainTail { sequence, link };
            for head in heads.iter().filter(|head| head.sequence == sequence) {
                if head.link != tail.link {
                    report("the chain differs from the head that was signed here");
                }
            }
        }
    }
    check_heads(&head_keys(provider).await?, &heads, &tail, &mut found);
    Ok(found)
}

fn check_heads(
    keys: &[SigningKey],
    heads: &[SignedHead],
    tail: &ChainTail,
    found: &mut Verification,
) {
    for head in heads {
        found.heads += 1;
        let report = |problem| Break { sequence: head.sequence, problem };
        let signed = ChainTail { sequence: head.sequence, link: head.link.clone() };
        let bytes = head_bytes(&signed, head.signed_at);
        match keys.iter().find(|key| key.kid() == head.kid).map(SigningKey::public_key) {
            Some(key) if key.verify(Algorithm::Sm2, &bytes, &head.signature) => {}
            Some(_) => found.breaks.push(report("the signature of the head is wrong")),
            None => found.breaks.push(report("the head was signed with a key that is not ours")),
        }
        if head.sequence > tail.sequence {
            found.breaks.push(report("the chain ends before a head that was signed"));
        }
    }
}

/// Every key of ours that ever signed a head. Not only the published ones: what they signed is checked
/// for as long as there are records. Who has no master key cannot add one.
async fn head_keys(provider: &Provider) -> Result<Vec<SigningKey>, StoreError> {
    let stored = provider.store.list_signing_keys(Timestamp(0)).await?;
    let keys = stored.iter().filter(|key| key.algorithm == Algorithm::Sm2.as_str());
    let open = |key: &StoredKey| {
        let pkcs8 = provider.vault.open_signing_key(&key.private_key).ok()?;
        SigningKey::from_pkcs8(Algorithm::Sm2, &pkcs8).ok()
    };
    Ok(keys.filter_map(open).collect())
}

/// Heads in the database, and those that were exported: either may have been tampered with alone.
async fn known_heads(provider: &Provider) -> Result<Vec<SignedHead>, StoreError> {
    let mut heads = provider.store.audit_heads().await?;
    let exported = std::fs::read_to_string(path(provider)).unwrap_or_default();
    heads.extend(exported.lines().filter_map(read_exported));
    heads.sort_by_key(|head| head.sequence);
    heads.dedup_by(|a, b| a.sequence == b.sequence && a.link == b.link);
    Ok(heads)
}

fn head_bytes(tail: &ChainTail, at: Timestamp) -> Vec<u8> {
    let mut bytes = b"yihao audit head".to_vec();
    bytes.extend_from_slice(&tail.sequence.to_be_bytes());
    bytes.extend_from_slice(&at.0.to_be_bytes());
    bytes.extend_from_slice(&tail.link);
    bytes
}

fn path(provider: &Provider) -> std::path::PathBuf {
    provider.config.data_dir.join("audit-heads.jsonl")
}

/// Appends the head to a file that is shipped off the machine.
fn export(provider: &Provider, head: &SignedHead) {
    let line = json!({
        "sequence": head.sequence, "link": base64url::encode(&head.link),
        "signed_at": head.signed_at, "kid": head.kid,
        "signature": base64url::encode(&head.signature),
    });
    let written = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path(provider))
        .and_then(|mut file| writeln!(file, "{line}"));
    if let Err(error) = written {
        tracing::error!(%error, "the signed audit head could not be exported");
    }
}

fn read_exported(line: &str) -> Option<SignedHead> {
    let value: serde_json::Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| value.get(name).and_then(serde_json::Value::as_str);
    Some(SignedHead {
        sequence: value.get("sequence")?.as_i64()?,
        link: base64url::decode(text("link")?).ok()?,
        signed_at: Timestamp(value.get("signed_at")?.as_i64()?),
        kid: text("kid")?.to_owned(),
        signature: base64url::decode(text("signature")?).ok()?,
    })
}
