//! Sealing and verifying the chain: heads are signed with SM2 and exported, so that a tail that was
//! cut or computed anew does not fit what was signed before (design D10, security.md A-79).

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::clock::Timestamp;
use crate::crypto::base64url;
use crate::domain::audit_event::ChainTail;
use crate::jose::Algorithm;
use crate::jose::SigningKey;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::store::sql::SealedAudit;
use crate::store::sql::SignedHead;
use crate::store::sql::StoredKey;

/// Records read or sealed at once.
const BATCH: i64 = 1000;
/// Between two signed heads: what was deleted before its head was signed is the stated window (D10).
const BETWEEN_HEADS: Duration = Duration::from_secs(1);
/// An hour, in milliseconds.
const HOUR_MILLIS: i64 = 60 * 60 * 1000;
/// The file of heads is thinned when it grows beyond this: some half a day of one a second.
const EXPORT_BYTES: u64 = 16 * 1024 * 1024;

/// What is wrong with the chain, and where.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Break {
    /// The sequence number where it shows.
    pub sequence: i64,
    /// What it is.
    pub problem: &'static str,
}

/// What a signed head shows of a chain that was cut.
const ENDS_BEFORE_HEAD: &str = "the chain ends before a head that was signed";
/// What it shows of one that was cut and went on.
const DIFFERS_FROM_HEAD: &str = "the chain differs from the head that was signed here";

impl Break {
    /// Whether it is the end that is missing, as heads that were signed before tell it.
    pub fn is_of_missing_end(&self) -> bool {
        matches!(self.problem, ENDS_BEFORE_HEAD | DIFFERS_FROM_HEAD)
    }
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

/// Signs where the chain now ends, if it grew; once a second at most.
pub async fn sign_head(provider: &Provider) -> Result<(), StoreError> {
    let tail = provider.store.audit_tail().await?;
    let last = provider.store.last_audit_head().await?;
    let now = provider.clock.now();
    let settled = last.is_some_and(|head| {
        head.sequence >= tail.sequence || now.since(head.signed_at) < BETWEEN_HEADS
    });
    if tail.sequence == 0 || settled {
        return Ok(());
    }
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

/// Of heads older than an hour one an hour is kept, in the database and in the file: the chain between two
/// of them is held by the later one, and what was shipped stays shipped.
pub async fn thin_heads(provider: &Provider) -> Result<(), StoreError> {
    let before = provider.clock.now().minus(Duration::from_millis(HOUR_MILLIS.unsigned_abs()));
    provider.store.thin_audit_heads(before, HOUR_MILLIS).await?;
    let path = path(provider);
    if std::fs::metadata(&path).is_ok_and(|file| file.len() > EXPORT_BYTES)
        && let Err(error) = thin_export(&path, before)
    {
        tracing::error!(%error, "the file of signed audit heads could not be thinned");
    }
    Ok(())
}

/// Writes the file anew beside itself and puts it in its place.
fn thin_export(path: &Path, before: Timestamp) -> std::io::Result<()> {
    let text = std::fs::read_to_string(path)?;
    let hour = |line: &str| {
        read_exported(line).map(|head| (head.signed_at, head.signed_at.0 / HOUR_MILLIS))
    };
    let mut lines = text.lines().peekable();
    let mut kept = String::new();
    while let Some(line) = lines.next() {
        let followed = lines.peek().copied().and_then(hour);
        let is_spare = hour(line)
            .zip(followed)
            .is_some_and(|(this, next)| this.0 < before && this.1 == next.1);
        if !is_spare {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    let beside = path.with_extension("jsonl.new");
    std::fs::write(&beside, kept)?;
    std::fs::rename(beside, path)
}

/// Reads the whole chain and checks every record, every link and every signed head.
pub async fn verify(provider: &Provider) -> Result<Verification, StoreError> {
    let mut walk = Walk::begin(provider).await?;
    while !walk.go_on(provider, BATCH).await? {}
    walk.end(provider).await
}

/// A verification under way, from a place in the chain to its end.
pub struct Walk {
    heads: Vec<SignedHead>,
    tail: ChainTail,
    found: Verification,
}

impl Walk {
    /// From the beginning, with the heads that are known now.
    pub async fn begin(provider: &Provider) -> Result<Self, StoreError> {
        let unsealed = provider.store.unsealed_audit().await?;
        let found = Verification { unsealed, ..<_>::default() };
        Ok(Self { heads: known_heads(provider).await?, tail: ChainTail::default(), found })
    }

    /// From where the chain ends now: of what will be sealed, records and links.
    pub async fn from_end(provider: &Provider) -> Result<Self, StoreError> {
        let tail = provider.store.audit_tail().await?;
        Ok(Self { heads: Vec::new(), tail, found: Verification::default() })
    }

    /// Reads on, over so many records at most; `true` at the end of the chain.
    pub async fn go_on(&mut self, provider: &Provider, records: i64) -> Result<bool, StoreError> {
        let mut left = records;
        while left > 0 {
            let batch = provider.store.audit_chain(self.tail.sequence, left.min(BATCH)).await?;
            if batch.is_empty() {
                return Ok(true);
            }
            left -= i64::try_from(batch.len()).unwrap_or(left);
            for sealed in batch {
                self.check(provider, sealed);
            }
        }
        Ok(false)
    }

    /// The sequence number of the last record that was read.
    pub fn reached(&self) -> i64 {
        self.tail.sequence
    }

    /// Whether the last record that was read is there still. A chain that was cut and went on is no
    /// shorter, and holds.
    pub async fn stands(&self, provider: &Provider) -> Result<bool, StoreError> {
        if self.tail.sequence == 0 {
            return Ok(true);
        }
        let last = provider.store.audit_chain(self.tail.sequence - 1, 1).await?.pop();
        let seal = last.and_then(|sealed| sealed.seal);
        Ok(seal.is_some_and(|(sequence, link)| {
            (sequence, &link) == (self.tail.sequence, &self.tail.link)
        }))
    }

    /// What was found since this was asked.
    pub fn take_breaks(&mut self) -> Vec<Break> {
        std::mem::take(&mut self.found.breaks)
    }

    /// At the end of the chain: looks at the heads as well, and says what was found.
    pub async fn end(mut self, provider: &Provider) -> Result<Verification, StoreError> {
        check_heads(&head_keys(provider).await?, &self.heads, &self.tail, &mut self.found);
        Ok(self.found)
    }

    fn check(&mut self, provider: &Provider, sealed: SealedAudit) {
        let Some((sequence, link)) = sealed.seal else { return };
        self.found.records += 1;
        let mut report = |problem| self.found.breaks.push(Break { sequence, problem });
        if sequence != self.tail.sequence + 1 {
            report("records are missing before this one");
        }
        if sealed.record.mac != sealed.record.expected_mac(&provider.vault.audit) {
            report("the record was changed");
        }
        if sealed.record.link(sequence, &self.tail.link) != link.as_slice() {
            report("the record does not follow its predecessor");
        }
        self.tail = ChainTail { sequence, link };
        let first = self.heads.partition_point(|head| head.sequence < sequence);
        for head in self.heads[first..].iter().take_while(|head| head.sequence == sequence) {
            if head.link != self.tail.link {
                report(DIFFERS_FROM_HEAD);
            }
        }
    }
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
            found.breaks.push(report(ENDS_BEFORE_HEAD));
        }
    }
}

/// Every key of ours that ever signed a head. Not only the published ones: what they signed is checked
/// for as long as there are records. Who has no master key cannot add one.
pub async fn head_keys(provider: &Provider) -> Result<Vec<SigningKey>, StoreError> {
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
