//! The legal-entity register (design D11; domain.md 5.4; security.md F10, F29): what the local replica says of an
//! organisation, and what the data-sharing platform says that checks every line of the contract.

use std::time::Duration;
use std::time::Instant;

use yihao::domain::document_type::DocumentType::ForeignPassport;
use yihao::domain::identity_document::IdentityDocument;
use yihao::domain::legal_entity::EntityStatus;
use yihao::domain::legal_entity::LegalEntity;
use yihao::domain::legal_entity::OrganisationName;
use yihao::domain::legal_entity::Representative;
use yihao::domain::synthetic;

use crate::support::Backend;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::organisation;
use crate::support::province::Province;
use crate::support::province::SECRET;

fn entity(seed: u64) -> LegalEntity {
    LegalEntity {
        uscc: synthetic::uscc(seed),
        name: OrganisationName::parse("样例企业壹").unwrap(),
        status: EntityStatus::Active,
        representative: Some(Representative {
            name: synthetic::name(seed),
            document: IdentityDocument::of_citizen_layout(&synthetic::citizen_id(seed)),
        }),
    }
}

async fn replica_answers(backend: Backend) {
    let provider = TestProvider::start(backend).await;
    let known = entity(11);
    let find = async |entity: &LegalEntity| {
        provider.provider.legal_entities.find(&entity.uscc).await.unwrap()
    };
    assert_eq!(find(&known).await, None);
    provider.add_organisation(&known).await;
    assert_eq!(find(&known).await, Some(known.clone()));
    assert_eq!(find(&entity(12)).await, None);
    let wound_up =
        LegalEntity { status: EntityStatus::Deregistered, representative: None, ..known.clone() };
    provider.add_organisation(&wound_up).await;
    assert_eq!(find(&known).await, Some(wound_up));
}

#[tokio::test]
async fn the_replica_tells_what_was_imported_last_on_sqlite() {
    replica_answers(Backend::Sqlite).await;
}

#[tokio::test]
async fn the_replica_tells_what_was_imported_last_on_postgres() {
    if let Some(backend) = Backend::postgres() {
        replica_answers(backend).await;
    }
}

/// What the register says, or why it says nothing.
async fn ask(provider: &TestProvider, entity: &LegalEntity) -> Result<Option<LegalEntity>, String> {
    let found = provider.provider.legal_entities.find(&entity.uscc).await;
    found.map_err(|away| std::error::Error::source(&away).unwrap().to_string())
}

#[tokio::test]
async fn the_platform_tells_what_it_knows() {
    let known = entity(11);
    let nobody = LegalEntity { status: EntityStatus::Revoked, representative: None, ..entity(12) };
    let passport = Person::synthetic(13).with_document(ForeignPassport, "UTO", "L898902C3");
    let foreign = organisation::entity(14, &passport);
    let province = Province::with(&[], &[&known, &nobody, &foreign]);
    let provider = province.provider(Backend::Sqlite, SECRET).await;
    assert_eq!(ask(&provider, &known).await, Ok(Some(known.clone())));
    assert_eq!(ask(&provider, &foreign).await, Ok(Some(foreign.clone())));
    assert_eq!(ask(&provider, &nobody).await, Ok(Some(nobody.clone())));
    assert_eq!(ask(&provider, &entity(13)).await, Ok(None));
    // The demo's own organisations stand beside those of the file.
    let demo = entity(0);
    assert!(ask(&provider, &demo).await.unwrap().is_some());
}

/// F29: no answer is made up of one that is not the platform's to this question, and the next moment it works
/// again.
#[tokio::test]
async fn what_is_no_answer_tells_nothing() {
    let known = entity(11);
    let province = Province::with(&[], &[&known]);
    let provider = province.provider(Backend::Sqlite, SECRET).await;
    assert!(ask(&provider, &known).await.is_ok());
    for (fault, why) in [
        ("down", "answered 503"),
        ("forged", "not signed as agreed"),
        ("unsigned", "not signed as agreed"),
        ("replayed", "not signed as agreed"),
        ("garbage", "not of the contract"),
        ("refusing", "refused the call (code 4004)"),
    ] {
        province.fail(fault).await;
        let told = ask(&provider, &known).await.unwrap_err();
        assert!(told.contains(why), "{fault}: {told}");
    }
    province.fail("none").await;
    assert_eq!(ask(&provider, &known).await, Ok(Some(known)));
}

#[tokio::test]
async fn a_wrong_secret_is_told_nothing() {
    let known = entity(11);
    let province = Province::with(&[], &[&known]);
    let provider = province.provider(Backend::Sqlite, "a secret of our own alone").await;
    let told = ask(&provider, &known).await.unwrap_err();
    assert!(told.contains("refused the call (code 4001)"), "{told}");
}

/// F10: a late answer is none, and is not waited for.
#[tokio::test]
async fn a_slow_platform_is_given_up() {
    let known = entity(11);
    let province = Province::with(&[], &[&known]);
    let provider = province.provider(Backend::Sqlite, SECRET).await;
    province.fail("slow").await;
    let begin = Instant::now();
    assert!(ask(&provider, &known).await.is_err());
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
}

/// F29: who keeps failing is left alone for a while; the population register beside it is not.
#[tokio::test]
async fn a_platform_that_is_gone_is_left_alone_and_found_again() {
    let known = entity(11);
    let mut province = Province::with(&[], &[&known]);
    let provider = province.provider(Backend::Sqlite, SECRET).await;
    province.stop();
    for _ in 0..5 {
        assert!(ask(&provider, &known).await.is_err());
    }
    let register = &provider.provider.legal_entities;
    assert!(register.rests() && !provider.provider.population.rests());
    province.start_again();
    let told = ask(&provider, &known).await.unwrap_err();
    assert!(told.contains("not asked now"), "{told}");
    provider.clock.advance(31_000);
    assert_eq!(ask(&provider, &known).await, Ok(Some(known.clone())));
    assert!(!register.rests());
}
