//! Accounts, sessions, authorizations and tokens, made where nothing depends on what is in them.

use std::time::Duration;

use yihao::clock::Timestamp;
use yihao::domain::account::Account;
use yihao::domain::account::AccountStatus;
use yihao::domain::account::IdentifierKind;
use yihao::domain::account::Profile;
use yihao::domain::assurance::AuthenticatorAssurance;
use yihao::domain::assurance::IdentityAssurance;
use yihao::domain::assurance::Method;
use yihao::domain::assurance::Proof;
use yihao::domain::audit_event::AuditKind;
use yihao::domain::audit_event::AuditRecord;
use yihao::domain::audit_event::Outcome;
use yihao::domain::authorization::Approval;
use yihao::domain::authorization::Authentication;
use yihao::domain::authorization::Authorization;
use yihao::domain::authorization::NewAuthorization;
use yihao::domain::authorization::NewRefreshToken;
use yihao::domain::authorization::Redemption;
use yihao::domain::authorization::RefreshToken;
use yihao::domain::authorization::RequestedClaims;
use yihao::domain::client::ClientId;
use yihao::domain::id::AccountId;
use yihao::domain::id::AuditId;
use yihao::domain::id::AuthorizationId;
use yihao::domain::id::CodeDigest;
use yihao::domain::id::RefreshTokenDigest;
use yihao::domain::id::SessionDigest;
use yihao::domain::id::SessionId;
use yihao::domain::scope::Scope;
use yihao::domain::session::Session;
use yihao::domain::session::SessionLifetime;
use yihao::people::name_index;
use yihao::store::sql::NewAccount;
use yihao::store::sql::NewSession;
use yihao::vault::INDEX_EPOCH;

use crate::store::TestStore;
use crate::support::Person;

/// The moment everything happens at, unless a test says otherwise.
pub const NOW: Timestamp = Timestamp(1_800_000_000_000);
/// How long citizens' sessions live.
pub const LIFETIME: SessionLifetime =
    SessionLifetime { idle: Duration::from_mins(30), absolute: Duration::from_hours(12) };

/// Seconds after [`NOW`].
pub fn later(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

/// A digest nobody had before.
pub fn digest() -> [u8; 32] {
    yihao::crypto::random::bytes()
}

/// A client's id.
pub fn client_id(id: &str) -> ClientId {
    ClientId::parse(id).unwrap()
}

/// A password that was given at this moment.
pub fn password_at(at: Timestamp) -> Proof {
    Proof { method: Method::Password, at }
}

/// A refresh token that lives for an hour from then.
pub fn refresh_token(now: Timestamp) -> NewRefreshToken {
    let expires_at = now.plus(Duration::from_hours(1));
    NewRefreshToken {
        digest: RefreshTokenDigest(digest()),
        idle_expires_at: expires_at,
        expires_at,
    }
}

impl TestStore {
    /// An audit record of something that was done at [`NOW`].
    pub fn record(&self, kind: AuditKind) -> AuditRecord {
        self.record_at(kind, NOW)
    }

    /// An audit record of something that was done.
    pub fn record_at(&self, kind: AuditKind, at: Timestamp) -> AuditRecord {
        let mut record = AuditRecord {
            id: AuditId::generate(),
            at,
            kind: kind.as_str().to_owned(),
            outcome: Outcome::Done.as_str().to_owned(),
            reason: String::new(),
            account_id: None,
            client_id: None,
            request_id: "test".to_owned(),
            details: "{}".to_owned(),
            personal: Vec::new(),
            mac: Vec::new(),
        };
        record.mac = record.expected_mac(&self.vault.audit).to_vec();
        record
    }

    /// Whether this very record was kept.
    pub async fn kept(&self, record: &AuditRecord) -> bool {
        let id = self.raw.key(record.id.0);
        self.raw.number(format!("SELECT COUNT(*) FROM audit WHERE id = {id}")).await == 1
    }

    /// An account to be added, sealed and indexed.
    pub fn new_account(&self, profile: &Profile) -> NewAccount {
        let id = AccountId::generate();
        let (person_key, sealed) = self.vault.seal_person(id, profile).unwrap();
        let index = |kind, text: &str| (INDEX_EPOCH, kind, self.vault.index(kind, text));
        let mut identifiers = vec![index(IdentifierKind::CitizenId, &profile.id_number)];
        identifiers.extend(profile.phone.as_deref().map(|p| index(IdentifierKind::Phone, p)));
        let account = Account {
            id,
            status: AccountStatus::Active,
            identity_assurance: IdentityAssurance::REGISTER_MATCH,
            person_key,
            profile: sealed,
            password_hash: Some("a hash".to_owned()),
            password_changed_at: Some(NOW),
            credential_epoch: 0,
            assurance_cap: None,
            has_totp: false,
            has_other_subjects: false,
            merged_into: None,
            choices: yihao::domain::choices::Choices::default(),
            created_at: NOW,
            updated_at: NOW,
        };
        let name = name_index::entry(&self.vault, profile);
        NewAccount { account, identifiers, name, evidence: None }
    }

    /// An account of somebody.
    pub async fn account(&self) -> Account {
        let seed = u64::from_be_bytes(yihao::crypto::random::bytes());
        // Phones are few; whoever needs one gives it.
        let profile = Profile { phone: None, ..Person::synthetic(seed % 1_000_000_000).profile() };
        let new = self.new_account(&profile);
        let account = new.account.clone();
        let record = || self.record(AuditKind::SignUp);
        assert!(self.store.add_account(new, record(), record()).await.unwrap());
        account
    }

    /// A session of that account, begun at [`NOW`], and its cookie's digest.
    pub async fn session(&self, account: &Account) -> (Session, SessionDigest) {
        let new = new_session(account, NOW);
        let (session, digest) = (new.session.clone(), new.digest);
        self.store.start_session(new, self.record(AuditKind::Login), NOW).await.unwrap();
        (session, digest)
    }

    /// An authorization of a client in that session, with a code that works for a minute.
    pub async fn authorization(&self, session: &Session, client: &str) -> NewAuthorization {
        self.authorization_of(new_authorization(session, client, "openid")).await
    }

    /// This authorization.
    pub async fn authorization_of(&self, new: NewAuthorization) -> NewAuthorization {
        let until = later(90 * 24 * 3600);
        let record = self.record(AuditKind::CodeIssued);
        self.store.add_authorization(new.clone(), until, record).await.unwrap();
        new
    }

    /// The first refresh token of an authorization: its code is redeemed.
    pub async fn family(&self, of: &NewAuthorization) -> RefreshToken {
        let token = refresh_token(NOW);
        let (first, replay) =
            (self.record(AuditKind::CodeRedeemed), self.record(AuditKind::CodeRedeemed));
        let redeemed =
            self.store.redeem_code(of.code_digest, Some(token.clone()), first, replay).await;
        assert_eq!(redeemed.unwrap(), Redemption::First);
        self.store.find_refresh_token(token.digest, NOW).await.unwrap().expect("the token").0
    }

    /// The authorization as it stands at [`NOW`].
    pub async fn found(&self, id: AuthorizationId) -> Authorization {
        self.store.find_authorization(id, NOW).await.unwrap().expect("an authorization")
    }

    /// The refresh tokens of an authorization that nobody has spent.
    pub async fn live_tokens(&self, id: AuthorizationId) -> i64 {
        let id = self.raw.key(id.0);
        let sql = "SELECT COUNT(*) FROM refresh_token WHERE spent_at IS NULL AND approval_id";
        self.raw.number(format!("{sql} = {id}")).await
    }
}

/// A session to be begun then.
pub fn new_session(account: &Account, now: Timestamp) -> NewSession {
    let session = Session {
        id: SessionId::generate(),
        account_id: account.id,
        proofs: vec![password_at(now)],
        created_at: now,
        last_seen_at: now,
        expires_at: now.plus(LIFETIME.absolute),
        credential_epoch: account.credential_epoch,
        user_agent: "Firefox".to_owned(),
    };
    NewSession { session, digest: SessionDigest(digest()), replaces: None }
}

/// An authorization to be added at [`NOW`].
pub fn new_authorization(session: &Session, client: &str, scope: &str) -> NewAuthorization {
    let authentication = Authentication::of(
        session.auth_time(),
        &["pwd"],
        IdentityAssurance::REGISTER_MATCH,
        AuthenticatorAssurance::ONE_FACTOR,
    );
    NewAuthorization {
        id: AuthorizationId::generate(),
        client_id: client_id(client),
        account_id: session.account_id,
        session_id: session.id,
        credential_epoch: session.credential_epoch,
        approval: Approval {
            scope: Scope::parse(scope).unwrap(),
            claims: RequestedClaims::default(),
            opened: Vec::new(),
            nonce: None,
            redirect_uri: "https://rp.example/cb".to_owned(),
            code_challenge: None,
            resource: None,
            authentication,
            acting: None,
            subject: format!("sub at {client}"),
            sid: format!("sid at {client}"),
        },
        code_digest: CodeDigest(digest()),
        code_expires_at: later(60),
        created_at: NOW,
    }
}
