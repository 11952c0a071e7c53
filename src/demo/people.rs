//! The people of the demo: numbers, names and phones that nobody can have (domain facts 7).

use anyhow::Context;
use serde::Serialize;

use crate::audit;
use crate::domain::account::Profile;
use crate::domain::assurance::IdentityAssurance;
use crate::domain::audit_event::AuditKind;
use crate::domain::citizen_id::CitizenId;
use crate::domain::country;
use crate::domain::document_type::DocumentType;
use crate::domain::identity_document::IdentityDocument;
use crate::domain::password;
use crate::domain::person_name::PersonName;
use crate::domain::policy::Synthetic;
use crate::domain::request_context::RequestContext;
use crate::domain::synthetic;
use crate::people::sign_up;
use crate::provider::Provider;

/// So many people of the register have no account yet, and can sign up.
const UNREGISTERED: u64 = 3;
/// The seeds of those people begin here.
const UNREGISTERED_FROM: u64 = 101;

/// A person of the demo, as the tour prints it.
#[derive(Debug, Clone, Serialize)]
pub struct DemoPerson {
    /// Number of the identity document.
    pub identifier: String,
    /// What bears it.
    pub id_type: DocumentType,
    /// Which country or area issued it.
    pub id_country: String,
    /// Password; none before the person signed up.
    pub password: Option<String>,
    /// Name.
    pub name: String,
    /// Mobile phone, which receives its messages at `/demo/outbox`; one person has none.
    pub phone: Option<String>,
    /// What this person is for.
    pub note: &'static str,
}

impl DemoPerson {
    /// The document, as the register knows it.
    pub fn document(&self) -> Option<IdentityDocument> {
        let card = self.id_type.card();
        IdentityDocument::parse(card, &self.id_country, &self.identifier, Synthetic::Accepted).ok()
    }
}

/// Everybody in the register of the demo, with an account or without.
pub fn all() -> Vec<DemoPerson> {
    let unregistered = (UNREGISTERED_FROM..UNREGISTERED_FROM + UNREGISTERED).map(unregistered);
    registered().into_iter().chain(unregistered).chain(from_elsewhere()).collect()
}

/// People whose document is not a resident identity card.
fn from_elsewhere() -> [DemoPerson; 4] {
    let resident = synthetic::permanent_resident(1);
    let (permit, passport) = (DocumentType::HongKongMacaoPermit, DocumentType::ForeignPassport);
    let card = DocumentType::PermanentResidenceCard;
    let person =
        |(id_type, id_country, number): (DocumentType, &str, &str), name: &str, seed| DemoPerson {
            identifier: number.to_owned(),
            id_type,
            id_country: id_country.to_owned(),
            password: Some(format!("plum-rain-{seed}")),
            name: name.to_owned(),
            phone: Some(synthetic::phone(seed).expose().to_owned()),
            note: "",
        };
    let utopia = country::UTOPIA.alpha3;
    let unregistered = person((passport, utopia, "L898902C4"), "MEYER JOHN", 204);
    [
        DemoPerson {
            note: "a Hong Kong resident with a mainland travel permit",
            ..person((permit, "HKG", "H00000000"), "测试四", 201)
        },
        DemoPerson {
            note: "a foreigner with a permanent residence card",
            ..person((card, "CHN", resident.expose()), "LI TEST", 202)
        },
        DemoPerson {
            note: "a passport of Utopia (UTO): choose that at the login page",
            ..person((passport, utopia, "L898902C3"), "ERIKSSON ANNA MARIA", 203)
        },
        DemoPerson {
            note: "a passport of Utopia (UTO), without an account: sign up as this person",
            password: None,
            ..unregistered
        },
    ]
}

/// Makes the accounts that are not there yet.
pub async fn make(provider: &Provider) -> anyhow::Result<Vec<DemoPerson>> {
    let people = all();
    for person in &people {
        if let Some(password) = &person.password {
            make_account(provider, person, password).await?;
        }
    }
    Ok(people)
}

fn registered() -> Vec<DemoPerson> {
    let is_old = |number: &CitizenId| number.expose().get(6..10) < Some("1950");
    let elder = (1000..2000).map(synthetic::citizen_id).find(is_old);
    let elder = elder.unwrap_or_else(|| synthetic::citizen_id(3));
    let fixed = [
        (synthetic::citizen_id(1).expose().to_owned(), "测试一", 1, "has no phone, so uses an app"),
        (synthetic::citizen_id(2).expose().to_owned(), "测试二", 2, "has a phone"),
        (elder.expose().to_owned(), "测试·三", 3, "born before 1950; try the large print"),
    ];
    // A phone is a second factor already; only who has none is led to an authenticator app.
    let phone = |seed| (seed != 1).then(|| synthetic::phone(seed).expose().to_owned());
    let person = |(identifier, name, seed, note): (String, &str, u64, &'static str)| DemoPerson {
        identifier,
        id_type: DocumentType::default(),
        id_country: "CHN".to_owned(),
        password: Some(format!("plum-rain-{seed}")),
        name: PersonName::parse(name).map_or_else(|_| name.to_owned(), |n| n.expose().to_owned()),
        phone: phone(seed),
        note,
    };
    fixed.into_iter().map(person).collect()
}

fn unregistered(seed: u64) -> DemoPerson {
    DemoPerson {
        identifier: synthetic::citizen_id(seed).expose().to_owned(),
        id_type: DocumentType::default(),
        id_country: "CHN".to_owned(),
        password: None,
        name: synthetic::name(seed).expose().to_owned(),
        phone: Some(synthetic::phone(seed).expose().to_owned()),
        note: "in the register, without an account: sign up as this person",
    }
}

async fn make_account(
    provider: &Provider,
    person: &DemoPerson,
    password: &str,
) -> anyhow::Result<()> {
    let document = person.document().context("a document of the demo is none")?;
    let digest = provider.vault.index_person(document.key());
    if provider.store.find_account_by_identifier(&digest).await?.is_some() {
        return Ok(());
    }
    let hash = provider.passwords.hash(&password::normalize(password).unwrap_or_default()).await;
    let hash = hash.map_err(|_| anyhow::anyhow!("the password pool is busy"))?;
    let profile = Profile::new(&person.name, document.key(), person.phone.as_deref());
    let assurance = IdentityAssurance::REGISTER_MATCH;
    let new = sign_up::new_account(provider, &profile, Some(hash), assurance)?;
    let context = RequestContext::internal("demo");
    let done = audit::done(AuditKind::SignUp).account(&new.account).record(provider, &context);
    let taken = audit::refused(AuditKind::SignUp, "identifier taken").record(provider, &context);
    provider.store.add_account(new, done, taken).await?;
    Ok(())
}
