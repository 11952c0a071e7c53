//! `kill -9` under load, on SQLite: what was acknowledged is there after the restart, what was not is there
//! as a whole or not at all (security.md F1, F13; I1 to I6, I13). `YIHAO_TEST_CRASH_ROUNDS` sets how often.
//! Here codes and tokens; in `changes` what people and operators change, in `replays` what was spent before.

mod changes;
mod deployment;
mod gateway;
mod replays;
mod streams;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::JoinSet;
use yihao::domain::audit_event::AuditKind;
use yihao::domain::authorization::NewAuthorization;
use yihao::domain::id::CodeDigest;
use yihao::domain::session::Session;
use yihao::domain::token::OpaqueKind;
use yihao::protocol::token::refresh_token;
use yihao::provider::Provider;

use crate::crash::deployment::Deployment;
use crate::crash::deployment::Node;
use crate::crash::deployment::seed_account;
use crate::crash::deployment::seed_record;
use crate::crash::streams::Answer;
use crate::crash::streams::Stream;
use crate::crash::streams::Target;
use crate::store::new_authorization;
use crate::store::new_session;
use crate::support::Person;
use crate::support::fixture;

/// A public client: its refresh tokens rotate.
const CLIENT: &str = "spa1";
/// Families that are rotated as fast as it goes.
const FAMILIES: usize = 3;
/// Codes to redeem and families to revoke in a round; more than a round can use up.
const SUPPLY: usize = 240;
/// So many requests are acknowledged before the process is killed.
const AT_LEAST: usize = 15;

const REFRESHED: &str = "refresh_token_used";
const REDEEMED: &str = "authorization_code_redeemed";
const REVOKED: &str = "token_revoked";

/// Tokens and codes of one round.
#[derive(Default)]
struct Supply {
    rotated: Vec<String>,
    codes: Vec<String>,
    revoked: Vec<String>,
}

/// How often the process is killed.
fn rounds(default: usize) -> usize {
    let rounds = std::env::var("YIHAO_TEST_CRASH_ROUNDS").ok();
    rounds.map_or(default, |text| text.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let (deployment, rounds) = (Deployment::new(), rounds(5));
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
    deployment.check_audit(&[REDEEMED, REVOKED], &[REFRESHED]).await;
    let kinds = [REDEEMED, REVOKED, REFRESHED];
    let acknowledged: usize = kinds.map(|kind| deployment.ledger.acknowledged(kind)).iter().sum();
    assert!(acknowledged >= AT_LEAST * rounds);
}

impl Deployment {
    /// Checks what is there, and adds what the next round uses.
    async fn prepare(&self, round: usize) -> Supply {
        if round > 0 {
            self.check_audit(&[REDEEMED, REVOKED], &[REFRESHED]).await;
        }
        let provider = self.provider().await;
        if round == 0 {
            let client = fixture::clients().into_iter().find(|one| one.id.as_str() == CLIENT);
            let record = seed_record(&provider, AuditKind::ClientChanged);
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

    /// Lets every stream run, kills the process at a moment nobody chose, and gathers what they saw.
    async fn load_until_killed(&self, node: Node, supply: Supply) -> Vec<Stream> {
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
        node.kill_at_some_moment(|| {}).await;
        let streams = running.join_all().await;
        for stream in &streams {
            for (request_id, kind) in &stream.acknowledged {
                self.ledger.acknowledge(kind, request_id);
            }
        }
        streams
    }

    /// Every token that was handed out works, and nothing works that was spent or taken back.
    async fn check(&self, stream: Stream) {
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
    async fn resolve(&self, kind: &'static str, value: &str) {
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
            _ => self.ledger.turned_out_done(kind),
        }
    }

    fn was_done(&self, answer: Answer, kind: &'static str) -> bool {
        match answer {
            Answer::Done { request_id, .. } => {
                self.ledger.acknowledge(kind, &request_id);
                true
            }
            Answer::Refused(_) => false,
            Answer::Unknown => panic!("no answer after the restart"),
        }
    }
}

/// Somebody who is logged in.
async fn session(provider: &Provider, seed: u64) -> Session {
    let account = seed_account(provider, &Person::synthetic(seed).profile(), None).await;
    let now = provider.clock.now();
    let new = new_session(&account, now);
    let session = new.session.clone();
    let record = seed_record(provider, AuditKind::SignUp);
    provider.store.start_session(new, record, now).await.unwrap();
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
    let record = seed_record(provider, AuditKind::CodeIssued);
    provider.store.add_authorization(new, until, record).await.unwrap();
    code
}

/// The first refresh token of a code.
async fn family(provider: &Provider, code: &str) -> String {
    let now = provider.clock.now();
    let (text, token) = refresh_token::generate(now, now.plus(Duration::from_hours(1)));
    let record = || seed_record(provider, AuditKind::CodeRedeemed);
    let digest = CodeDigest::of(code);
    provider.store.redeem_code(digest, Some(token), record(), record()).await.unwrap();
    text
}
