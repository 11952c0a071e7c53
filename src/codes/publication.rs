//! Publication of new codes: once a day what authorities reported becomes a numbered batch, signed with SM2 (JWS,
//! RFC 7515 §7.2.2) and chained to the one before by its SM3 digest. A batch never changes; what was wrong in
//! one is withdrawn by a record in a later one.

use serde::Serialize;

use crate::audit;
use crate::audit::chain;
use crate::clock::Timestamp;
use crate::codes::CodesError;
use crate::codes::announce;
use crate::crypto::base64url;
use crate::crypto::digest::sm3;
use crate::domain::audit_event::AuditKind;
use crate::domain::code_record::Announced;
use crate::domain::code_record::CodePublication;
use crate::domain::id::CodeBatchId;
use crate::domain::policy::Synthetic;
use crate::domain::request_context::RequestContext;
use crate::domain::uscc::Uscc;
use crate::jose::Algorithm;
use crate::jose::sign_jwt;
use crate::provider::Provider;
use crate::store::StoreError;

/// `typ` of a signed batch.
const TYPE: &str = "uscc-batch+jws";
/// Most codes of one batch; the rest waits for the next day.
const MOST_CODES: i64 = 20_000;

/// What a batch says, in the order in which it is signed.
#[derive(Serialize)]
struct Content<'a> {
    issuer: &'a str,
    number: i64,
    day: &'a str,
    /// The digest of the batch before.
    previous_sm3: Option<String>,
    codes: &'a [PublishedCode],
}

/// A code as it is published: what the law lets everybody know, and no name of a person's business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublishedCode {
    /// The code.
    pub uscc: String,
    /// The name; none of an individual business.
    pub name: Option<String>,
    /// `issued`, `changed` or `withdrawn`.
    pub status: &'static str,
    /// Position 1: the registering department.
    pub department: char,
    /// Its name.
    pub department_name: &'static str,
    /// Position 2: the category in the department.
    pub category: char,
    /// The division of the registering authority.
    pub division: String,
    /// When it was established, changed or withdrawn.
    pub date: String,
}

/// Makes the batch of this day out of what was confirmed before it began, if the day has none; gives its number.
pub async fn publish_day(
    provider: &Provider,
    context: &RequestContext,
) -> Result<Option<i64>, CodesError> {
    let Some(day) = provider.clock.now().date_in_beijing() else { return Ok(None) };
    let Some(begins) = Timestamp::from_beijing(&day.to_string()) else { return Ok(None) };
    publish(provider, context, begins).await
}

/// Makes the batch of this day now, out of everything that was confirmed, if the day has none; gives its number.
pub async fn publish_now(
    provider: &Provider,
    context: &RequestContext,
) -> Result<Option<i64>, CodesError> {
    // The end of time is what waits for two officers.
    let everything = Timestamp(i64::MAX);
    publish(provider, context, everything).await
}

async fn publish(
    provider: &Provider,
    context: &RequestContext,
    before: Timestamp,
) -> Result<Option<i64>, CodesError> {
    let (store, now) = (&provider.store, provider.clock.now());
    let Some(day) = now.date_in_beijing().map(|day| day.to_string()) else { return Ok(None) };
    if store.publication_of(&day).await?.is_some() {
        return Ok(None);
    }
    let waiting = store.waiting_announcements(before, MOST_CODES).await?;
    if waiting.is_empty() {
        return Ok(None);
    }
    let mut codes = Vec::with_capacity(waiting.len());
    for (_, sealed) in &waiting {
        codes.push(public(announce::open(provider, sealed)?)?);
    }
    let previous = store.list_publications(i64::MAX, 1).await?.pop();
    let number = previous.as_ref().map_or(1, |previous| previous.number + 1);
    let said = Content {
        issuer: provider.config.issuer_text(),
        number,
        day: &day,
        previous_sm3: previous.map(|previous| hex::encode(previous.digest)),
        codes: &codes,
    };
    let publication = sign(provider, &said, now)?;
    let event = audit::done(AuditKind::CodesPublished).detail("number", number);
    let event = event.detail("codes", codes.len()).detail("sm3", hex::encode(&publication.digest));
    let record = event.record(provider, context);
    let announcements = waiting.into_iter().map(|(id, _)| id).collect();
    let published = store.publish_codes(publication, announcements, record).await?;
    Ok(published.then_some(number))
}

fn sign(
    provider: &Provider,
    content: &Content<'_>,
    now: Timestamp,
) -> Result<CodePublication, CodesError> {
    let ring = provider.keyring.ring();
    let key = ring.signing_key(Algorithm::Sm2).map_err(|_| CodesError::Key)?;
    let token = sign_jwt(key, TYPE, content).map_err(|_| CodesError::Key)?;
    let payload = token.split('.').nth(1).unwrap_or_default();
    let payload = base64url::decode(payload).map_err(|_| CodesError::Key)?;
    Ok(CodePublication {
        number: content.number,
        day: content.day.to_owned(),
        entries: i64::try_from(content.codes.len()).unwrap_or(i64::MAX),
        digest: sm3(&payload).to_vec(),
        kid: key.kid().to_owned(),
        token,
        signed_at: now,
    })
}

/// The part of a report everybody may know.
fn public(announced: Announced) -> Result<PublishedCode, CodesError> {
    let uscc = Uscc::parse(&announced.uscc, Synthetic::Accepted);
    let uscc = uscc.map_err(|_| StoreError::Unreadable("code announcement"))?;
    Ok(PublishedCode {
        name: Some(announced.name).filter(|_| !uscc.is_individual_business()),
        status: announced.status.as_str(),
        department: uscc.department(),
        department_name: uscc.department_name(),
        category: uscc.category(),
        division: uscc.division_code().to_owned(),
        date: announced.date,
        uscc: announced.uscc,
    })
}

/// Batches before that number, newest first, and whether there are more.
pub async fn list(
    provider: &Provider,
    before: i64,
    limit: usize,
) -> Result<(Vec<CodePublication>, bool), CodesError> {
    let wanted = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let mut found = provider.store.list_publications(before, wanted).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    Ok((found, more))
}

/// What is known of the batch of that number without its signed text, which is long.
pub async fn find_head(
    provider: &Provider,
    number: i64,
) -> Result<Option<CodePublication>, CodesError> {
    Ok(provider.store.find_publication_head(number).await?)
}

/// The batch of that number, with its signed text.
pub async fn find(provider: &Provider, number: i64) -> Result<Option<CodePublication>, CodesError> {
    Ok(provider.store.find_publication(number).await?)
}

/// What a batch published after the mark, with the mark of each.
pub async fn codes_of(
    provider: &Provider,
    number: i64,
    after: Option<uuid::Uuid>,
    limit: i64,
) -> Result<Vec<(uuid::Uuid, PublishedCode)>, CodesError> {
    let found = provider.store.published_codes(number, after, limit).await?;
    found.into_iter().map(|row| read(provider, row)).collect()
}

/// What a batch that was handed in reports after the mark, with the mark of each.
pub async fn codes_in(
    provider: &Provider,
    batch: CodeBatchId,
    after: Option<uuid::Uuid>,
    limit: i64,
) -> Result<Vec<(uuid::Uuid, PublishedCode)>, CodesError> {
    let found = provider.store.announced_codes(batch, after, limit).await?;
    found.into_iter().map(|row| read(provider, row)).collect()
}

fn read(
    provider: &Provider,
    (id, sealed): (uuid::Uuid, Vec<u8>),
) -> Result<(uuid::Uuid, PublishedCode), CodesError> {
    Ok((id, public(announce::open(provider, &sealed)?)?))
}

/// Every key that can have signed a batch, as a JWK Set (RFC 7517 §5): batches outlive the keys that sign tokens.
pub async fn keys(provider: &Provider) -> Result<serde_json::Value, CodesError> {
    let keys = chain::head_keys(provider).await?;
    let keys: Vec<_> = keys.iter().map(crate::jose::SigningKey::public_jwk).collect();
    Ok(serde_json::json!({ "keys": keys }))
}
