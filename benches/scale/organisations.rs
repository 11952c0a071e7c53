//! Organisations and who acts for them, as the product would have kept them: for each a representative, an
//! administrator and three agents; and one person who is an agent of two thousand.

use std::time::Duration;

use anyhow::Context;
use indicatif::ProgressBar;
use tower_sessions::session::Id;
use uuid::Uuid;
use yihao::clock::Timestamp;
use yihao::domain::account::Account;
use yihao::domain::account::IdentifierKind;
use yihao::domain::acting::SubjectKind;
use yihao::domain::assurance::Method;
use yihao::domain::assurance::Proof;
use yihao::domain::client::ClientId;
use yihao::domain::id::MandateId;
use yihao::domain::id::SessionDigest;
use yihao::domain::identity_document::IdentityDocument;
use yihao::domain::legal_entity::EntityStatus;
use yihao::domain::legal_entity::LegalEntity;
use yihao::domain::legal_entity::OrganisationName;
use yihao::domain::legal_entity::Representative;
use yihao::domain::mandate::MandateRole;
use yihao::domain::mandate::Matters;
use yihao::domain::mandate::Parties;
use yihao::domain::masking;
use yihao::domain::organisation::OrganisationRecord;
use yihao::domain::person_name::PersonName;
use yihao::domain::policy::Synthetic;
use yihao::domain::request_context::RequestContext;
use yihao::domain::synthetic;
use yihao::protocol::registration;
use yihao::protocol::registration::NewClient;
use yihao::provider::Provider;
use yihao::registers::replica;
use yihao::store::sql::RegisterEntry;

use crate::people::People;
use crate::people::SESSION;
use crate::people::key_of;
use crate::rows::Row;
use crate::rows::Table;
use crate::rows::row;
use crate::sink::Sink;

const ORGANISATION: Table = Table {
    name: "organisation",
    columns: "id, digest, record, claimed_at, updated_at, checked_at",
};
const MANDATE: Table = Table {
    name: "mandate",
    columns: "id, organisation_id, parent_id, role, agent_digest, agent_id, parties, matters, \
              delegation, valid_from, state, granted_by, offered_at, accepted_at",
};
/// The portal at which people act for organisations.
pub const PORTAL: &str = "scale-acting";
/// Where it takes its codes.
pub const REDIRECT_URI: &str = "https://acting.example.test/cb";
/// Who acts for so many.
const BUSY: u64 = 5;
const MANY: u64 = 2_000;
/// Organisations written at once.
const BATCH: u64 = 2_000;
/// The roles of an organisation's people, in order; each hangs on the one before, the agents on the second.
const ROLES: [MandateRole; 5] = [
    MandateRole::LegalRepresentative,
    MandateRole::Administrator,
    MandateRole::Agent,
    MandateRole::Agent,
    MandateRole::Agent,
];

/// People who are logged in, by their session cookies.
pub struct Citizens {
    /// Represents one organisation.
    pub representative: String,
    /// Is an agent of one.
    pub agent: String,
    /// Is an agent of two thousand.
    pub busy: String,
}

/// Fills the tables beside so many people.
pub async fn fill(
    people: &People,
    sink: &mut Sink,
    (organisations, total): (u64, u64),
) -> anyhow::Result<()> {
    let (store, now) = (&people.provider().store, people.provider().clock.now());
    let taken = sink.take_off(&[&ORGANISATION, &MANDATE]).await?;
    let bar = ProgressBar::new(organisations);
    for first in (0..organisations).step_by(usize::try_from(BATCH)?) {
        let (people, numbers) = (people.clone(), first..organisations.min(first + BATCH));
        let made = tokio::task::spawn_blocking(move || {
            let mut rows = (Vec::new(), Vec::new());
            let apart = total / organisations;
            let mut entries = Vec::new();
            for number in numbers {
                add(&people, (number, apart), &mut rows)?;
                entries.push(entry(&people, (number, number * apart))?);
            }
            anyhow::Ok((rows, entries))
        });
        let ((organisations, mandates), entries) = made.await??;
        bar.inc(organisations.len() as u64);
        // Whom the register did not know would be suspended.
        store.import_legal_entities(entries, now).await?;
        sink.write(&ORGANISATION, &organisations).await?;
        sink.write(&MANDATE, &mandates).await?;
    }
    sink.put_back(&taken, |_| {}).await?;
    bar.finish_and_clear();
    Ok(())
}

fn add(
    people: &People,
    (number, apart): (u64, u64),
    (organisations, mandates): &mut (Vec<Row>, Vec<Row>),
) -> anyhow::Result<()> {
    let vault = &people.provider().vault;
    let now = people.provider().clock.now();
    let at = now.minus(Duration::from_hours(72));
    let id = Uuid::now_v7();
    let uscc = synthetic::uscc(number);
    let record = OrganisationRecord { uscc: uscc.as_str().to_owned(), name: name(number) };
    let record = vault.seal_organisation(&record)?;
    organisations.push(row![id, vault.index_uscc(&uscc).as_bytes(), record, at.0, at.0, now.0]);
    let first = number * apart;
    let grantor = people.name(first);
    let mut line: Vec<Uuid> = Vec::new();
    let agents = ROLES.iter().zip(first..).map(|(role, who)| (*role, who));
    let busy = (number < MANY).then_some((MandateRole::Agent, BUSY));
    for (role, who) in agents.chain(busy) {
        let mandate = MandateId::generate();
        let digest = vault.index(IdentifierKind::CitizenId, &people.id_number(who));
        let parties = Parties {
            agent_name: people.name(who),
            agent_number: masking::identity_number(&people.id_number(who)),
            grantor_name: grantor.clone(),
        };
        let parent = line.get(line.len().min(2).wrapping_sub(1)).copied();
        mandates.push(row![
            mandate.0,
            id,
            parent,
            role.as_str(),
            digest.as_bytes(),
            key_of(people.made_at(who), who).0,
            vault.seal_parties(mandate, &parties)?,
            serde_json::to_string(&Matters::All)?,
            if line.len() < 2 { 3 - i64::try_from(line.len())? } else { 0 },
            at.0,
            "active",
            key_of(people.made_at(first), first).0,
            at.0,
            at.0
        ]);
        line.push(mandate.0);
    }
    Ok(())
}

/// What the legal-entity register says of it.
fn entry(people: &People, (number, representative): (u64, u64)) -> anyhow::Result<RegisterEntry> {
    let entity = LegalEntity {
        uscc: synthetic::uscc(number),
        name: OrganisationName::parse(&name(number)).context("a name")?,
        status: EntityStatus::Active,
        representative: Some(Representative {
            name: PersonName::parse(&people.name(representative))?,
            document: IdentityDocument::recognise(
                &people.id_number(representative),
                Synthetic::Accepted,
            )?,
        }),
    };
    Ok(replica::organisation(&people.provider().vault, &entity))
}

fn name(number: u64) -> String {
    format!("测试企业{number}号有限公司")
}

/// Adds the portal, if it is not there, and logs people in.
pub async fn log_in(people: &People, sink: &mut Sink) -> anyhow::Result<Citizens> {
    let provider = people.provider();
    let id = ClientId::parse(PORTAL).context("a client id")?;
    if provider.store.find_client(&id).await?.is_none() {
        let mut client = registration::new_client(NewClient {
            id,
            name: "办事大厅".to_owned(),
            redirect_uris: vec![REDIRECT_URI.to_owned()],
        });
        client.policy.first_party = true;
        client.policy.subject_kinds.insert(SubjectKind::Organisation);
        registration::add(provider, &RequestContext::internal("bench"), &client).await?;
    }
    Ok(Citizens {
        representative: session(people, sink, 0).await?,
        agent: session(people, sink, 2).await?,
        busy: session(people, sink, BUSY).await?,
    })
}

async fn session(people: &People, sink: &mut Sink, who: u64) -> anyhow::Result<String> {
    let account = account(people.provider(), &people.id_number(who)).await?;
    let cookie = Id(i128::from_be_bytes(yihao::crypto::random::bytes())).to_string();
    let now: Timestamp = people.provider().clock.now();
    let proofs = serde_json::to_string(&[Proof { method: Method::Password, at: now }])?;
    let row = row![
        Uuid::now_v7(),
        SessionDigest::of(&cookie).as_bytes(),
        account.id.0,
        account.credential_epoch,
        proofs,
        "bench",
        now.0,
        now.0,
        now.plus(Duration::from_hours(8)).0
    ];
    sink.write(&SESSION, &[row]).await?;
    Ok(cookie)
}

async fn account(provider: &Provider, number: &str) -> anyhow::Result<Account> {
    let digest = provider.vault.index(IdentifierKind::CitizenId, number);
    provider.store.find_account_by_identifier(&digest).await?.context("a person who was filled in")
}
