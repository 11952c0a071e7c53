//! People nobody is, as the product would have kept them: sealed, indexed, with sessions, consents and the audit
//! records of their lives. Numbers have divisions of one province and birthdays of a century to come, so that
//! nobody holds them and the console can search by region.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use time::macros::date;
use uuid::Uuid;
use yihao::audit;
use yihao::clock::Timestamp;
use yihao::domain::account::Account;
use yihao::domain::account::Profile;
use yihao::domain::assurance::IdentityAssurance;
use yihao::domain::assurance::Method;
use yihao::domain::assurance::Proof;
use yihao::domain::audit_event::AuditKind;
use yihao::domain::audit_event::AuditRecord;
use yihao::domain::audit_event::ChainTail;
use yihao::domain::division;
use yihao::domain::document_type::DocumentType;
use yihao::domain::id::AccountId;
use yihao::domain::identity_document::PersonKey;
use yihao::domain::request_context::RequestContext;
use yihao::domain::synthetic;
use yihao::people::sign_up;
use yihao::provider::Provider;
use yihao::store::sql::NewAccount;

use crate::rows::Row;
use crate::rows::Table;
use crate::rows::row;

pub const ACCOUNT: Table = Table {
    name: "account",
    columns: "id, status, identity_assurance, person_key, profile, password_hash, \
              password_changed_at, credential_epoch, created_at, updated_at",
};
pub const IDENTIFIER: Table =
    Table { name: "identifier_index", columns: "epoch, digest, kind, account_id, created_at" };
pub const NAME: Table =
    Table { name: "name_index", columns: "epoch, digest, division, account_id" };
pub const SESSION: Table = Table {
    name: "session",
    columns: "id, digest, account_id, credential_epoch, proofs, user_agent, created_at, \
              last_seen_at, expires_at",
};
pub const CONSENT: Table =
    Table { name: "consent", columns: "account_id, client_id, scope, claims, granted_at" };
pub const AUDIT: Table = Table {
    name: "audit",
    columns: "id, sequence, link, at, kind, outcome, reason, account_id, client_id, request_id, \
              details, personal, mac",
};
/// What people fill.
pub const TABLES: [&Table; 6] = [&ACCOUNT, &IDENTIFIER, &NAME, &SESSION, &CONSENT, &AUDIT];

/// The name many have.
pub const COMMON_NAME: &str = "测试·常见";
/// One in so many has it, as far as there are to be so many.
const COMMON: u64 = 20;
/// The province of their numbers.
const PROVINCE: &str = "14";
/// Days of birth, from 2100 on, and numbers of a day.
const DAYS: u64 = 30_000;
/// Accounts were made over so long.
const SPAN: Duration = Duration::from_hours(2 * 365 * 24);
const USER_AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Edg/140.0";

/// Everybody of a run.
#[derive(Clone)]
pub struct People {
    provider: Provider,
    counties: Arc<Vec<String>>,
    hash: String,
    total: u64,
    common: u64,
    now: Timestamp,
}

/// What some of them come to in the database; audit records are chained where they are written.
pub struct Batch {
    pub rows: [Vec<Row>; 5],
    pub records: Vec<AuditRecord>,
}

impl People {
    /// So many, of whom so many share a name.
    pub async fn new(provider: Provider, total: u64, common: u64) -> anyhow::Result<Self> {
        let hash = provider.passwords.hash(b"correct-horse-battery").await?;
        let counties = division::current().map(|(code, _)| code);
        let counties = counties.filter(|code| code.starts_with(PROVINCE) && !code.ends_with("00"));
        let now = provider.clock.now();
        let counties = Arc::new(counties.collect());
        Ok(Self { provider, counties, hash, total, common, now })
    }

    /// Where they are kept.
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// The ID number of this one.
    pub fn id_number(&self, number: u64) -> String {
        let counties = self.counties.len() as u64;
        // Neighbours in time live far apart.
        let county = &self.counties[usize::try_from(number % counties).unwrap_or(0)];
        let (day, sequence) = (number / counties % DAYS, number / counties / DAYS % 999 + 1);
        let born = date!(2100 - 01 - 01) + time::Duration::days(i64::try_from(day).unwrap_or(0));
        let month = u8::from(born.month());
        let body = format!("{county}{}{month:02}{:02}{sequence:03}", born.year(), born.day());
        format!("{body}{}", check_character(&body))
    }

    /// The phone of this one; the range is no mobile operator's.
    pub fn phone(number: u64) -> String {
        if number < 10_000 {
            synthetic::phone(number).expose().to_owned()
        } else {
            format!("+86100{number:08}")
        }
    }

    /// The name of this one.
    pub fn name(&self, number: u64) -> String {
        if number.is_multiple_of(COMMON) && number / COMMON < self.common {
            return COMMON_NAME.to_owned();
        }
        // Some four share a name.
        synthetic::name(number % (self.total / 4 + 1)).expose().to_owned()
    }

    /// These, sealed and indexed.
    pub fn batch(&self, numbers: Range<u64>) -> anyhow::Result<Batch> {
        let mut batch = Batch { rows: Default::default(), records: Vec::new() };
        for number in numbers {
            self.add(number, &mut batch)?;
        }
        Ok(batch)
    }

    fn add(&self, number: u64, batch: &mut Batch) -> anyhow::Result<()> {
        let id_number = self.id_number(number);
        let key = PersonKey::new(DocumentType::default(), "CHN", &id_number);
        let profile = Profile::new(&self.name(number), key, Some(&Self::phone(number)));
        let at = self.made_at(number);
        let new = self.account(&profile, (number, at))?;
        let NewAccount { account, identifiers, name, evidence: _ } = &new;
        let [accounts, index, names, sessions, consents] = &mut batch.rows;
        accounts.push(account_row(account));
        for (epoch, kind, digest) in identifiers {
            index.push(row![*epoch, digest.as_bytes(), kind.as_str(), account.id.0, at.0]);
        }
        names.push(row![name.epoch, name.digest.as_bytes(), name.division, account.id.0]);
        if number.is_multiple_of(5) {
            sessions.push(self.session(account)?);
        }
        if number.is_multiple_of(2) {
            let client = crate::rest::client_id(number % 40);
            consents.push(row![account.id.0, client, "openid profile", "[]", at.0]);
        }
        batch.records.push(self.record(AuditKind::SignUp, account, at));
        let login = at.plus(Duration::from_hours(24));
        batch.records.push(self.record(AuditKind::Login, account, login));
        Ok(())
    }

    /// The account as signing up makes it, some time ago.
    fn account(
        &self,
        profile: &Profile,
        (number, at): (u64, Timestamp),
    ) -> anyhow::Result<NewAccount> {
        let hash = Some(self.hash.clone());
        let assurance = IdentityAssurance::REGISTER_MATCH;
        let mut new = sign_up::new_account(&self.provider, profile, hash, assurance)?;
        let id = key_of(at, number);
        let (person_key, sealed) = self.provider.vault.seal_person(id, profile)?;
        let made = &mut new.account;
        (made.id, made.person_key, made.profile) = (id, person_key, sealed);
        (made.created_at, made.updated_at, made.password_changed_at) = (at, at, Some(at));
        Ok(new)
    }

    /// When this one signed up.
    pub fn made_at(&self, number: u64) -> Timestamp {
        let span = u64::try_from(SPAN.as_millis()).unwrap_or(0);
        let before = span - span / self.total.max(1) * number;
        self.now.minus(Duration::from_millis(before) + Duration::from_hours(48))
    }

    fn session(&self, account: &Account) -> anyhow::Result<Row> {
        let digest: [u8; 32] = yihao::crypto::random::bytes();
        let began = self.now.minus(Duration::from_mins(20));
        let proofs = serde_json::to_string(&[Proof { method: Method::Password, at: began }])?;
        let until = self.now.plus(Duration::from_hours(11));
        Ok(row![
            Uuid::now_v7(),
            digest,
            account.id.0,
            account.credential_epoch,
            proofs,
            USER_AGENT,
            began.0,
            began.0,
            until.0
        ])
    }

    fn record(&self, kind: AuditKind, account: &Account, at: Timestamp) -> AuditRecord {
        let context = RequestContext::internal("bench");
        let mut record = audit::done(kind).account(account).record(&self.provider, &context);
        record.at = at;
        record.mac = record.expected_mac(&self.provider.vault.audit).to_vec();
        record
    }
}

/// The row of a record, in its place in the chain.
pub fn audit_row(tail: &mut ChainTail, record: AuditRecord) -> Row {
    tail.extend(&record);
    row![
        record.id.0,
        tail.sequence,
        tail.link.as_slice(),
        record.at.0,
        record.kind,
        record.outcome,
        record.reason,
        record.account_id.map(|id| id.0),
        record.client_id.map(|id| id.as_str().to_owned()),
        record.request_id,
        record.details,
        record.personal,
        record.mac
    ]
}

/// The key of this one of the people, made then.
pub fn key_of(at: Timestamp, number: u64) -> AccountId {
    let base = AccountId::first_at(at).0.as_u128();
    // Scattered, as random keys of one moment are; another number is another key.
    let scattered = u128::from(number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let version = (base | scattered) & !(0xF << 76) | (7 << 76);
    AccountId(Uuid::from_u128(version))
}

/// A key as it was made then.
pub fn key_at(at: Timestamp) -> AccountId {
    let base = AccountId::first_at(at).0.as_u128();
    let random = Uuid::new_v4().as_u128() & ((1 << 80) - 1);
    let version = (base | random) & !(0xF << 76) | (7 << 76);
    AccountId(Uuid::from_u128(version))
}

fn account_row(account: &Account) -> Row {
    row![
        account.id.0,
        account.status.as_str(),
        i64::from(account.identity_assurance.level()),
        account.person_key.as_slice(),
        account.profile.as_slice(),
        account.password_hash.clone(),
        account.password_changed_at.map(|at| at.0),
        account.credential_epoch,
        account.created_at.0,
        account.updated_at.0
    ]
}

/// ISO 7064 MOD 11-2 (GB 11643-1999).
fn check_character(body: &str) -> char {
    let remainder = body.bytes().fold(0, |sum, digit| (sum + u32::from(digit - b'0')) * 2 % 11);
    char::from_digit((12 - remainder) % 11, 10).unwrap_or('X')
}
