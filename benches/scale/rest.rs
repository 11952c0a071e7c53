//! What stands beside people: staff, acts, portals and their applications, alerts, deliveries; as many as a
//! province may have after years, whatever the number of accounts.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use uuid::Uuid;
use yihao::clock::Timestamp;
use yihao::console::acts::Document as Asked;
use yihao::console::applications;
use yihao::domain::act::PATIENCE;
use yihao::domain::act::Request;
use yihao::domain::alert::Rule;
use yihao::domain::alert::Subject;
use yihao::domain::application::Document;
use yihao::domain::application::Profile;
use yihao::domain::application::Unit;
use yihao::domain::client::ClientId;
use yihao::domain::id::AccountId;
use yihao::domain::id::ApplicationId;
use yihao::domain::id::OperatorId;
use yihao::domain::id::OperatorSessionDigest;
use yihao::domain::operator::Role;
use yihao::domain::tally::Measure;
use yihao::domain::tally::Span;
use yihao::jose::Algorithm;
use yihao::protocol::registration;
use yihao::protocol::registration::NewClient;
use yihao::provider::Provider;

use crate::people::key_at;
use crate::rows::Row;
use crate::rows::Table;
use crate::rows::row;
use crate::sink::Sink;

const OPERATOR: Table = Table {
    name: "operator",
    columns: "id, login_name, name, role, region, status, password_hash, totp_secret, \
              totp_last_step, credential_epoch, created_at",
};
const OPERATOR_SESSION: Table = Table {
    name: "operator_session",
    columns: "digest, operator_id, credential_epoch, created_at, last_seen_at, expires_at",
};
const ACT: Table = Table {
    name: "act",
    columns: "id, kind, subject_id, document, state, requested_by, requested_at, expires_at, \
              decided_by, decided_at",
};
const CLIENT: Table =
    Table { name: "client", columns: "client_id, document, created_at, updated_at" };
const APPLICATION: Table = Table {
    name: "application",
    columns: "id, tracking_digest, state, document, version, submitted_at, updated_at",
};
const ALERT: Table = Table {
    name: "alert",
    columns: "id, rule, subject, state, events, occurrences, first_at, last_at, request_id, \
              raised_at, closed_by, closed_at, closed_note",
};
const OUTBOX: Table = Table {
    name: "outbox",
    columns: "id, client_id, message, attempts, due_at, leased_until, created_at, delivered_at, \
              last_problem",
};

const TALLY: Table =
    Table { name: "tally", columns: "measure, span, begins_at, label, count, counted_at" };
/// How many labels a measure has, at most, and what they begin with.
const LABELS: [(Measure, &str, u64); 6] = [
    (Measure::Logins, "password.", 12),
    (Measure::Regions, "14", 11),
    (Measure::Portals, "portal-", 200),
    (Measure::Failures, "login", 20),
    (Measure::Accounts, "14", 11),
    (Measure::Latency, "login.", 15),
];

/// How much there is of each.
#[derive(Debug, Clone, Copy)]
pub struct Much {
    pub operators: u64,
    pub acts: u64,
    pub clients: u64,
    pub applications: u64,
    pub alerts: u64,
    pub deliveries: u64,
}

impl Much {
    /// A province after years; less where there are few accounts.
    pub fn beside(accounts: u64) -> Self {
        let much = |most: u64| most.min(accounts / 5 + 100);
        Self {
            operators: much(3_000),
            acts: much(100_000),
            clients: much(2_000),
            applications: much(5_000),
            alerts: much(50_000),
            deliveries: much(500_000),
        }
    }
}

/// The cookies of one officer of each kind.
pub struct Officers {
    pub system: String,
    pub security: String,
    pub audit: String,
}

/// The id of a portal.
pub fn client_id(number: u64) -> String {
    format!("portal-{number:06}")
}

/// Fills the tables.
pub async fn fill(provider: &Provider, sink: &mut Sink, much: Much) -> anyhow::Result<()> {
    let now = provider.clock.now();
    let officers = Role::OFFICERS.map(|_| OperatorId::generate());
    sink.write(&OPERATOR, &operators(provider, &officers, much.operators, now)).await?;
    sink.write(&CLIENT, &clients(much.clients, now)?).await?;
    sink.write(&ACT, &acts(provider, &officers, much.acts, now)?).await?;
    sink.write(&APPLICATION, &portals(provider, much.applications, now)?).await?;
    sink.write(&ALERT, &alerts(&officers, much.alerts, now)).await?;
    sink.write(&OUTBOX, &deliveries(much.deliveries, now)).await?;
    sink.write(&TALLY, &tallies(now)).await
}

/// Logs in the officers who can look at it.
pub async fn log_in(provider: &Provider, sink: &mut Sink) -> anyhow::Result<Officers> {
    let now = provider.clock.now();
    let mut officers = Vec::new();
    for number in 0..Role::OFFICERS.len() {
        let name = format!("officer.{number}");
        let found = provider.store.find_operator_by_login_name(&name).await?;
        officers.push(found.context("an officer who was filled in")?.id);
    }
    let cookies = Role::OFFICERS.map(|_| yihao::crypto::random::token());
    let session = |(cookie, officer): (&String, &OperatorId)| {
        let digest = OperatorSessionDigest::of(cookie);
        let until = now.plus(Duration::from_hours(8));
        row![digest.as_bytes(), officer.0, 0_i64, now.0, now.0, until.0]
    };
    let sessions: Vec<_> = cookies.iter().zip(&officers).map(session).collect();
    sink.write(&OPERATOR_SESSION, &sessions).await?;
    let [system, security, audit] = cookies;
    Ok(Officers { system, security, audit })
}

fn operators(provider: &Provider, officers: &[OperatorId], total: u64, now: Timestamp) -> Vec<Row> {
    (0..total)
        .map(|number| {
            let place = usize::try_from(number).unwrap_or(usize::MAX);
            let (id, role, region) = match officers.get(place) {
                Some(id) => (*id, Role::OFFICERS[place], None),
                None => (OperatorId::generate(), Role::CounterStaff, Some("140105")),
            };
            let name = provider.vault.seal_data("operator name", "测试员".as_bytes());
            row![
                id.0,
                format!("officer.{number}"),
                name,
                role.as_str(),
                region,
                "active",
                "no hash",
                vec![0_u8; 16],
                0_i64,
                0_i64,
                now.0
            ]
        })
        .collect()
}

fn clients(total: u64, now: Timestamp) -> anyhow::Result<Vec<Row>> {
    let client = |number: u64| {
        let id = client_id(number);
        let client = registration::new_client(NewClient {
            id: ClientId::parse(&id).ok_or_else(|| anyhow::anyhow!("a client id"))?,
            name: format!("测试门户 {number}"),
            redirect_uris: vec![format!("https://p{number}.example.test/cb")],
        });
        Ok(row![id, serde_json::to_string(&client)?, now.0, now.0])
    };
    (0..total).map(client).collect()
}

/// The last hundred wait, one in fifty was never decided.
fn acts(
    provider: &Provider,
    officers: &[OperatorId],
    total: u64,
    now: Timestamp,
) -> anyhow::Result<Vec<Row>> {
    let act = |number: u64| {
        let waits = number + 100 >= total;
        let before = if waits { 60 } else { 5 * (total - number) };
        let at =
            now.minus(Duration::from_mins(before) + if waits { Duration::ZERO } else { PATIENCE });
        let account = AccountId::generate();
        let asked =
            Asked { request: Request::Unmask { account }, reason: "例行检查".to_owned() };
        let document = provider.vault.seal_data("act", &serde_json::to_vec(&asked)?);
        let decided = (!waits && !number.is_multiple_of(50)).then_some(at.0);
        Ok(row![
            Uuid::now_v7(),
            "unmask",
            account.0,
            document,
            if decided.is_some() { "approved" } else { "waiting" },
            officers[1].0,
            at.0,
            at.plus(PATIENCE).0,
            decided.map(|_| officers[0].0),
            decided
        ])
    };
    (0..total).map(act).collect()
}

fn portals(provider: &Provider, total: u64, now: Timestamp) -> anyhow::Result<Vec<Row>> {
    let portal = |number: u64| {
        let id = ApplicationId::generate();
        let document = Document {
            unit: Unit { name: "某某局".to_owned(), code: "0".repeat(18) },
            supplier: None,
            portal_name: format!("测试门户 {number}"),
            contact: None,
            purpose: "办事".to_owned(),
            scopes: BTreeMap::new(),
            redirect_uris: vec![format!("https://p{number}.example.test/cb")],
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout_uri: None,
            subjects: yihao::domain::application::Subjects::default(),
            profile: Profile::ServerWithSecret,
            jwks: None,
            algorithm: Algorithm::Es256,
            remark: None,
            testers: Vec::new(),
        };
        let sealed = applications::seal(provider, id, &document)?;
        let state = if number.is_multiple_of(50) { "submitted" } else { "refused" };
        let digest: [u8; 32] = yihao::crypto::random::bytes();
        Ok(row![id.0, digest, state, sealed, 1_i64, now.0, now.0])
    };
    (0..total).map(portal).collect()
}

/// One in a thousand is open.
fn alerts(officers: &[OperatorId], total: u64, now: Timestamp) -> Vec<Row> {
    let alert = |number: u64| {
        let at = now.minus(Duration::from_mins(10 * (total - number)));
        let subject = Subject::Account(AccountId::generate()).to_string();
        let closed = (!number.is_multiple_of(1000)).then_some(at.0);
        row![
            key_at(at).0,
            Rule::Guessing.as_str(),
            subject,
            if closed.is_some() { "closed" } else { "open" },
            12_i64,
            1_i64,
            at.0,
            at.0,
            "bench",
            at.0,
            closed.map(|_| officers[1].0),
            closed,
            closed.map(|_| Vec::<u8>::new())
        ]
    };
    (0..total).map(alert).collect()
}

/// Nine in ten have arrived; the others are tried again tomorrow.
fn deliveries(total: u64, now: Timestamp) -> Vec<Row> {
    let delivery = |number: u64| {
        let at = now
            .minus(Duration::from_hours(20))
            .plus(Duration::from_millis(100 * number.min(700_000)));
        let arrived = (!number.is_multiple_of(10)).then_some(at.0);
        let due = if arrived.is_some() { at } else { now.plus(Duration::from_hours(24)) };
        row![
            Uuid::now_v7(),
            client_id(number % 40),
            "{}",
            1_i64,
            due.0,
            0_i64,
            at.0,
            arrived,
            arrived.is_none().then_some("no answer in time")
        ]
    };
    (0..total).map(delivery).collect()
}

/// Counts of everything for as long as they are kept.
fn tallies(now: Timestamp) -> Vec<Row> {
    let mut rows = Vec::new();
    for (span, kept) in [(Span::Hour, 14 * 24), (Span::Day, 400), (Span::Month, 60)] {
        for begins_at in span.last(kept, now) {
            for (measure, begin, labels) in LABELS {
                for number in 0..labels {
                    let label = match measure {
                        Measure::Portals => client_id(number),
                        Measure::Regions | Measure::Accounts => format!("{begin}{number:02}"),
                        _ => format!("{begin}{number}"),
                    };
                    let key = (measure.as_str(), span.as_str());
                    rows.push(row![key.0, key.1, begins_at.0, label, 1_000_i64, now.0]);
                }
            }
        }
    }
    rows
}
