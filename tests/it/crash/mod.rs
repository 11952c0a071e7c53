//! `kill -9` under load, on SQLite: what was acknowledged is there after the restart, what was not is there
//! as a whole or not at all (security.md F1, F13; I1 to I5, I13). `YIHAO_TEST_CRASH_ROUNDS` sets how often.

mod streams;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use sqlx::Connection;
use sqlx::SqliteConnection;
use tokio::task::JoinSet;
use yihao::audit;
use yihao::audit::chain;
use yihao::cli::compose;
use yihao::clock::Clock;
use yihao::config::Config;
use yihao::domain::audit_event::AuditKind;
use yihao::domain::authorization::NewAuthorization;
use yihao::domain::id::CodeDigest;
use yihao::domain::request_context::RequestContext;
use yihao::domain::session::Session;
use yihao::domain::token::OpaqueKind;
use yihao::people::sign_up;
use yihao::protocol::token::refresh_token;
use yihao::provider::Provider;
use yihao::store::sql::AuditQuery;

use crate::crash::streams::Answer;
use crate::crash::streams::Stream;
use crate::crash::streams::Target;
use crate::store::new_authorization;
use crate::store::new_session;
use crate::support::Person;
use crate::support::fixture;
use crate::support::provider::free_port;

/// A public client: its refresh tokens rotate.
const CLIENT: &str = "spa1";
/// Families that are rotated as fast as it goes.
const FAMILIES: usize = 3;
/// Codes to redeem and families to revoke in a round; more than a round can use up.
const SUPPLY: usize = 240;
/// So many requests are acknowledged before the process is killed.
const AT_LEAST: usize = 15;
/// After this time the provider answers again.
const RESTART: Duration = Duration::from_secs(5);

const REFRESHED: &str = "refresh_token_used";
const REDEEMED: &str = "authorization_code_redeemed";
const REVOKED: &str = "token_revoked";

/// Where the provider runs, and what has been seen of it.
struct Deployment {
    config: Config,
    /// What was acknowledged: request id and kind of record.
    acknowledged: BTreeMap<String, &'static str>,
    /// What was in doubt and turned out to be done, by kind.
    done_in_doubt: Vec<&'static str>,
}

/// A running process; it is killed, never asked.
struct Node(Child);

/// Tokens and codes of one round.
#[derive(Default)]
struct Supply {
    rotated: Vec<String>,
    codes: Vec<String>,
    revoked: Vec<String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let rounds = std::env::var("YIHAO_TEST_CRASH_ROUNDS").ok();
    let rounds: usize = rounds.map_or(5, |text| text.parse().expect("a number"));
    let mut deployment = Deployment::new();
    for round in 0..rounds {
        let supply = deployment.prepare(round).await;

        let node = deployment.start().await;
        let streams = deployment.load_until_killed(node, supply).await;

        let node = deployment.start().await;
        // At once: the grace of a rotation is short.
        for (kind, value) in streams.iter().filter_map(|stream| stream.in_doubt.as_ref()) {
            deployment.resolve(kind, value).await;
        }
        for stream in streams {
            deployment.check(stream).await;
        }
        drop(node);
    }
    deployment.check_audit().await;
    assert!(deployment.acknowledged.len() >= AT_LEAST * rounds);
}

impl Deployment {
    fn new() -> Self {
        let port = free_port();
        let mut config = Config {
            issuer: format!("http://localhost:{port}").parse().unwrap(),
            listen: ([127, 0, 0, 1], port).into(),
            data_dir: std::env::temp_dir().join(format!("yihao-crash-{}", uuid::Uuid::new_v4())),
            accept_synthetic: true,
            ..Config::default()
        };
        config.password.workers = 1;
        Self { config, acknowledged: BTreeMap::new(), done_in_doubt: Vec::new() }
    }

    fn database(&self) -> PathBuf {
        self.config.data_dir.join("yihao.db")
    }

    async fn provider(&self) -> Provider {
        compose::compose(self.config.clone(), Clock::system()).await.unwrap().provider
    }

    /// Checks what is there, and adds what the next round uses.
    async fn prepare(&self, round: usize) -> Supply {
        if round > 0 {
            self.check_audit().await;
        }
        let provider = self.provider().await;
        if round == 0 {
            let client = fixture::clients().into_iter().find(|one| one.id.as_str() == CLIENT);
            let record = record(&provider, AuditKind::ClientChanged);
            let (client, now) = (client.unwrap(), provider.clock.now());
            assert!(provider.store.add_client(&client, record, now).await.unwrap());
        }
        let session = session(&provider, u64::try_from(round).unwrap()).await;
        let mut supply = Supply::default();
        for number in 0..SUPPLY {
            let code = code(&provider, &session).await;
            if number < FAMILIES {
                supply.rotated.push(family(&provider, &code).await);
            } else if number % 2 == 0 {
                supply.revoked.push(family(&provider, &code).await);
            } else {
                supply.codes.push(code);
            }
        }
        supply
    }

    /// The real program; gives it as soon as it answers.
    async fn start(&self) -> Node {
        let child = Command::new(env!("CARGO_BIN_EXE_yihao"))
            .arg("serve")
            .env("YIHAO__ISSUER", self.config.issuer_text())
            .env("YIHAO__LISTEN", self.config.listen.to_string())
            .env("YIHAO__DATA_DIR", &self.config.data_dir)
            .env("YIHAO__ACCEPT_SYNTHETIC", "true")
            .env("YIHAO__LOG__FILTER", "error")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let (node, begin) = (Node(child), Instant::now());
        let url = format!("{}/readyz", self.config.issuer_text());
        while reqwest::get(&url).await.map_or(0, |answer| answer.status().as_u16()) != 200 {
            assert!(begin.elapsed() < RESTART, "it does not come back");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        node
    }

    /// Lets every stream run, kills the process at a moment nobody chose, and gathers what they saw.
    async fn load_until_killed(&mut self, node: Node, supply: Supply) -> Vec<Stream> {
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let issuer = self.config.issuer_text().to_owned();
        let target = Target { issuer, acknowledged: acknowledged.clone() };
        let mut running = JoinSet::new();
        for token in supply.rotated {
            running.spawn(streams::rotate(target.clone(), token));
        }
        running.spawn(streams::redeem(target.clone(), supply.codes));
        running.spawn(streams::revoke(target, supply.revoked));
        while acknowledged.load(Ordering::Relaxed) < AT_LEAST {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let moment = u16::from_be_bytes(yihao::crypto::random::bytes()) % 1000;
        tokio::time::sleep(Duration::from_millis(u64::from(moment))).await;
        drop(node);
        let streams = running.join_all().await;
        for stream in &streams {
            self.acknowledged.extend(stream.acknowledged.iter().cloned());
        }
        streams
    }

    /// Every token that was handed out works, and nothing works that was spent or taken back.
    async fn check(&mut self, stream: Stream) {
        let issuer = self.config.issuer_text().to_owned();
        for token in stream.alive {
            let answer = streams::refresh(&issuer, &token).await;
            assert!(self.was_done(answer, REFRESHED), "an acknowledged token is refused");
        }
        for token in stream.dead_tokens {
            let answer = streams::refresh(&issuer, &token).await;
            assert!(matches!(answer, Answer::Refused(_)), "a token that is over works");
        }
        for code in stream.dead_codes {
            let answer = streams::exchange(&issuer, &code).await;
            assert!(matches!(answer, Answer::Refused(_)), "a code was redeemed twice");
        }
    }

    /// Asks again for what had no answer: whether it was done shows, and the audit must agree.
    async fn resolve(&mut self, kind: &'static str, value: &str) {
        let issuer = self.config.issuer_text().to_owned();
        let (answer, again) = match kind {
            REDEEMED => (streams::exchange(&issuer, value).await, REDEEMED),
            _ => (streams::refresh(&issuer, value).await, REFRESHED),
        };
        let done_again = self.was_done(answer, again);
        match kind {
            // Done or not: the client has its token by the grace rule.
            REFRESHED => assert!(done_again, "the client lost its family"),
            _ if done_again => {}
            _ => self.done_in_doubt.push(kind),
        }
    }

    fn was_done(&mut self, answer: Answer, kind: &'static str) -> bool {
        match answer {
            Answer::Done { request_id, .. } => {
                self.acknowledged.insert(request_id, kind);
                true
            }
            Answer::Refused(_) => false,
            Answer::Unknown => panic!("no answer after the restart"),
        }
    }

    /// One record for each operation that was acknowledged or turned out to be done, and an unbroken
    /// chain in a sound file.
    async fn check_audit(&self) {
        let provider = self.provider().await;
        let query = AuditQuery { limit: i64::MAX, ..AuditQuery::default() };
        let mut unasked: Vec<&str> = Vec::new();
        let mut told = BTreeSet::new();
        for record in provider.store.find_audit(&query).await.unwrap() {
            let record = record.record;
            let kind = [REFRESHED, REDEEMED, REVOKED].into_iter().find(|kind| *kind == record.kind);
            let Some(kind) = kind.filter(|_| record.outcome == "done") else { continue };
            match self.acknowledged.get(&record.request_id) {
                Some(acknowledged) => {
                    assert_eq!(*acknowledged, kind);
                    assert!(told.insert(record.request_id), "told twice");
                }
                // Seeding redeems codes, too.
                None if record.request_id.starts_with("seed-") => {}
                None => unasked.push(kind),
            }
        }
        assert_eq!(told.len(), self.acknowledged.len(), "an acknowledged operation has no record");
        for kind in [REDEEMED, REVOKED] {
            let count = |list: &[&str]| list.iter().filter(|one| **one == kind).count();
            assert_eq!(count(&unasked), count(&self.done_in_doubt), "{kind} in doubt");
        }
        let found = chain::verify(&provider).await.unwrap();
        assert_eq!((found.unsealed, found.breaks), (0, Vec::new()));
        let url = format!("sqlite://{}", self.database().display());
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        let sound = sqlx::query_scalar::<_, String>("PRAGMA integrity_check");
        assert_eq!(sound.fetch_one(&mut connection).await.unwrap(), "ok");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // SIGKILL: nothing is written, flushed or said any more.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.config.data_dir);
    }
}

fn record(provider: &Provider, kind: AuditKind) -> yihao::domain::audit_event::AuditRecord {
    audit::done(kind).record(provider, &RequestContext::internal("seed"))
}

/// Somebody who is logged in.
async fn session(provider: &Provider, seed: u64) -> Session {
    let person = Person::synthetic(seed);
    let new = sign_up::new_account(provider, &person.profile(), None, person.assurance).unwrap();
    let (account, now) = (new.account.clone(), provider.clock.now());
    let record = || record(provider, AuditKind::SignUp);
    assert!(provider.store.add_account(new, record(), record()).await.unwrap());
    let new = new_session(&account, now);
    let session = new.session.clone();
    provider.store.start_session(new, record(), now).await.unwrap();
    session
}

/// A code that waits for its client.
async fn code(provider: &Provider, session: &Session) -> String {
    let (code, now) = (OpaqueKind::Code.generate(), provider.clock.now());
    let until = now.plus(Duration::from_hours(1));
    let new = NewAuthorization {
        code_digest: CodeDigest::of(&code),
        code_expires_at: until,
        created_at: now,
        ..new_authorization(session, CLIENT, "openid offline_access")
    };
    let record = record(provider, AuditKind::CodeIssued);
    provider.store.add_authorization(new, until, record).await.unwrap();
    code
}

/// The first refresh token of a code.
async fn family(provider: &Provider, code: &str) -> String {
    let now = provider.clock.now();
    let (text, token) = refresh_token::generate(now, now.plus(Duration::from_hours(1)));
    let record = || record(provider, AuditKind::CodeRedeemed);
    let digest = CodeDigest::of(code);
    provider.store.redeem_code(digest, Some(token), record(), record()).await.unwrap();
    text
}
