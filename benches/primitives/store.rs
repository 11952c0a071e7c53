//! The store, on a file of its own with the durability of a real one. One caller pays for its own fsync;
//! of many, a group shares one.

use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use divan::Bencher;
use divan::counter::ItemsCount;
use futures_util::future::join_all;
use yihao::audit;
use yihao::cli::compose::compose;
use yihao::clock::Clock;
use yihao::config::Config;
use yihao::domain::account::Account;
use yihao::domain::account::Profile;
use yihao::domain::assurance::IdentityAssurance;
use yihao::domain::assurance::Method;
use yihao::domain::audit_event::AuditKind;
use yihao::domain::audit_event::AuditRecord;
use yihao::domain::authorization::Approval;
use yihao::domain::authorization::Authentication;
use yihao::domain::authorization::NewAuthorization;
use yihao::domain::authorization::NewRefreshToken;
use yihao::domain::authorization::Redemption;
use yihao::domain::authorization::RefreshToken;
use yihao::domain::authorization::RequestedClaims;
use yihao::domain::authorization::Rotation;
use yihao::domain::client::ClientId;
use yihao::domain::id::AuthorizationId;
use yihao::domain::id::CodeDigest;
use yihao::domain::id::SessionDigest;
use yihao::domain::identity_document::IdentityDocument;
use yihao::domain::request_context::RequestContext;
use yihao::domain::scope::Scope;
use yihao::domain::session::Session;
use yihao::domain::synthetic;
use yihao::domain::token::OpaqueKind;
use yihao::login::sign_on;
use yihao::login::sign_on::CookieChange;
use yihao::people::sign_up;
use yihao::protocol::token::refresh_token;
use yihao::provider::Provider;

/// One person who is logged in.
pub struct Fixture {
    pub provider: Provider,
    pub account: Account,
    pub session: Session,
    runtime: tokio::runtime::Runtime,
    cookie: SessionDigest,
}

static FIXTURE: LazyLock<Fixture> = LazyLock::new(make);

pub fn fixture() -> &'static Fixture {
    &FIXTURE
}

/// Below `target`, which lies on a disk; the folder for temporary files may lie in memory.
fn data_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("primitives-{}", std::process::id()))
}

pub fn clean_up() {
    // Where no benchmark of the store ran there is nothing to remove.
    let _ = std::fs::remove_dir_all(data_dir());
}

fn make() -> Fixture {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (provider, account, session, cookie) = runtime.block_on(async {
        let config = Config { data_dir: data_dir(), ..Config::default() };
        let provider = compose(config, Clock::system()).await.unwrap().provider;
        let document = IdentityDocument::of_citizen_layout(&synthetic::citizen_id(1));
        let (name, phone) = (synthetic::name(1), synthetic::phone(1));
        let profile = Profile::new(name.expose(), document.key(), Some(phone.expose()));
        let assurance = IdentityAssurance::REGISTER_MATCH;
        let new = sign_up::new_account(&provider, &profile, None, assurance).unwrap();
        let account = new.account.clone();
        let (done, taken) = (record(&provider, &account), record(&provider, &account));
        assert!(provider.store.add_account(new, done, taken).await.unwrap());
        let cookie = SessionDigest::of("cookie");
        let cookies = CookieChange { from: None, to: cookie };
        let context = RequestContext::internal("bench");
        let proven = (&account, Method::Password);
        sign_on::remember(&provider, &context, proven, None, cookies).await.unwrap();
        let (lifetime, now) = (provider.config.session_lifetime(), provider.clock.now());
        let found = provider.store.find_session(cookie, lifetime, now).await.unwrap();
        (provider, account, found.unwrap().0, cookie)
    });
    Fixture { provider, account, session, runtime, cookie }
}

fn record(provider: &Provider, account: &Account) -> AuditRecord {
    let context = RequestContext::internal("bench");
    audit::done(AuditKind::CodeIssued).account(account).record(provider, &context)
}

/// An authorization with its code and refresh token, ready to be written.
fn authorization() -> (NewAuthorization, NewRefreshToken) {
    let Fixture { provider, account, session, .. } = fixture();
    let now = provider.clock.now();
    let new = NewAuthorization {
        id: AuthorizationId::generate(),
        client_id: ClientId::parse("portal").unwrap(),
        account_id: account.id,
        session_id: session.id,
        credential_epoch: account.credential_epoch,
        approval: Approval {
            scope: Scope::parse("openid profile offline_access").unwrap(),
            claims: RequestedClaims::default(),
            opened: Vec::new(),
            nonce: Some("n-0S6_WzA2Mj".to_owned()),
            redirect_uri: "https://portal.example.gov.cn/callback".to_owned(),
            code_challenge: Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned()),
            resource: None,
            authentication: Authentication::of(
                session.auth_time(),
                &session.amr(),
                account.identity_assurance,
                session.authenticator_assurance(),
            ),
            acting: None,
            subject: "8Jv0yqYk3m1r7b1kLxq0Zc2s5tq".to_owned(),
            sid: "8Jv0yqYk3m1r7b1kLxq0Zc".to_owned(),
        },
        code_digest: CodeDigest::of(&OpaqueKind::Code.generate()),
        code_expires_at: now.plus(Duration::from_mins(1)),
        created_at: now,
    };
    (new, new_token())
}

fn new_token() -> NewRefreshToken {
    let now = fixture().provider.clock.now();
    refresh_token::generate(now, now.plus(refresh_token::ABSOLUTE_LIFETIME)).1
}

async fn issue_and_redeem(new: NewAuthorization, token: NewRefreshToken) -> RefreshToken {
    let Fixture { provider, account, .. } = fixture();
    let (store, id, code) = (&provider.store, new.id, new.code_digest);
    let until = new.created_at.plus(refresh_token::ABSOLUTE_LIFETIME);
    store.add_authorization(new, until, record(provider, account)).await.unwrap();
    let (first, replay) = (record(provider, account), record(provider, account));
    let redeemed = store.redeem_code(code, Some(token.clone()), first, replay).await.unwrap();
    assert_eq!(redeemed, Redemption::First);
    RefreshToken {
        digest: token.digest,
        authorization_id: id,
        is_spent: false,
        idle_expires_at: token.idle_expires_at,
        expires_at: token.expires_at,
    }
}

async fn rotate(old: RefreshToken) -> RefreshToken {
    let Fixture { provider, account, .. } = fixture();
    let new = new_token();
    let next = RefreshToken { digest: new.digest, ..old.clone() };
    let records = (record(provider, account), record(provider, account));
    let grace = Duration::from_secs(10);
    let done = provider.store.rotate_refresh_token(old, new, grace, records).await.unwrap();
    assert_eq!(done, Rotation::Done);
    next
}

#[divan::bench]
fn audit_record() -> AuditRecord {
    record(&fixture().provider, &fixture().account)
}

#[divan::bench]
fn open_profile(bencher: Bencher) {
    let Fixture { provider, account, .. } = fixture();
    bencher.bench(|| provider.vault.open_profile(account).unwrap());
}

#[divan::bench]
fn find_session(bencher: Bencher) {
    let Fixture { provider, runtime, cookie, .. } = fixture();
    let lifetime = provider.config.session_lifetime();
    bencher.bench(|| {
        let found = provider.store.find_session(*cookie, lifetime, provider.clock.now());
        runtime.block_on(found).unwrap().unwrap()
    });
}

#[divan::bench]
fn find_account(bencher: Bencher) {
    let Fixture { provider, runtime, account, .. } = fixture();
    let find = || runtime.block_on(provider.store.find_account(account.id)).unwrap().unwrap();
    bencher.bench(find);
}

#[divan::bench]
fn find_authorization(bencher: Bencher) {
    let Fixture { provider, runtime, .. } = fixture();
    let (new, token) = authorization();
    let kept = runtime.block_on(issue_and_redeem(new, token));
    bencher.bench(|| {
        let now = provider.clock.now();
        let found = provider.store.find_authorization(kept.authorization_id, now);
        runtime.block_on(found).unwrap().unwrap()
    });
}

#[divan::bench(args = [1, 32], sample_size = 1)]
fn issue_and_redeem_at_once(bencher: Bencher, callers: usize) {
    let runtime = &fixture().runtime;
    bencher
        .counter(ItemsCount::new(callers))
        .with_inputs(|| (0..callers).map(|_| authorization()).collect::<Vec<_>>())
        .bench_local_values(|all| {
            let all = all.into_iter().map(|(new, token)| issue_and_redeem(new, token));
            runtime.block_on(join_all(all))
        });
}

#[divan::bench(args = [1, 32], sample_size = 1)]
fn rotate_at_once(bencher: Bencher, callers: usize) {
    let runtime = &fixture().runtime;
    let all = (0..callers).map(|_| authorization());
    let all = all.map(|(new, token)| issue_and_redeem(new, token));
    let mut tokens = runtime.block_on(join_all(all));
    bencher.counter(ItemsCount::new(callers)).bench_local(|| {
        let rotated = std::mem::take(&mut tokens).into_iter().map(rotate);
        tokens = runtime.block_on(join_all(rotated));
    });
}
