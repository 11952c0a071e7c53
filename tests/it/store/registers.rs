//! What the store promises of the replicas of registers (design D11; domain.md 5.4): an entry is found, one
//! that says the same is left alone, and a change of an organisation's standing is told until it is settled.

use std::time::Duration;

use yihao::clock::Timestamp;
use yihao::domain::audit_event::AuditKind;
use yihao::domain::id::EntityDigest;
use yihao::domain::id::IdentifierDigest;
use yihao::store::sql::ImportMark;
use yihao::store::sql::ImportState;
use yihao::store::sql::Register;
use yihao::store::sql::RegisterEntry;

use crate::store::NOW;
use crate::store::Raw;
use crate::store::TestStore;
use crate::store::digest;
use crate::store::later;
use crate::store::on_both_stores;
use crate::support::Backend;

fn entry(digest: [u8; 32], record: &[u8], content: u8, standing: u8) -> RegisterEntry {
    RegisterEntry {
        digest,
        record: record.to_vec(),
        content: [content; 16],
        standing: [standing; 16],
    }
}

on_both_stores!(a_number_of_the_register_is_found_and_replaced, |test| {
    let number = IdentifierDigest(digest());
    let import = |record: &[u8], content: u8| {
        test.store.import_people(vec![entry(number.0, record, content, 0)], NOW)
    };
    assert_eq!(test.store.find_person(&number).await.unwrap(), None);

    assert_eq!(import(b"first", 1).await.unwrap(), 1);
    assert_eq!(import(b"second", 2).await.unwrap(), 1);
    assert_eq!(import(b"the same, sealed again", 2).await.unwrap(), 0);

    assert_eq!(test.store.find_person(&number).await.unwrap(), Some(b"second".to_vec()));
    assert_eq!(test.count("population").await, 1);
});

on_both_stores!(a_change_of_standing_is_told_until_it_is_settled, |test| {
    let (one, other) = (EntityDigest(digest()), EntityDigest(digest()));
    let import = async |digest: EntityDigest, content: u8, standing: u8, at: Timestamp| {
        let entries = vec![entry(digest.0, &[content], content, standing)];
        test.store.import_legal_entities(entries, at).await.unwrap()
    };
    let changes = async || test.store.legal_entity_changes(10).await.unwrap();
    assert_eq!(test.store.find_legal_entity(&one).await.unwrap(), None);

    assert_eq!(import(one, 1, 1, NOW).await, [], "it was not there before");
    assert_eq!(import(other, 1, 1, NOW).await, []);
    assert_eq!(import(one, 2, 1, later(1)).await, [], "only its name is another");
    assert_eq!(changes().await, []);
    assert_eq!(import(one, 3, 2, later(2)).await, [one]);
    assert_eq!(test.store.find_legal_entity(&one).await.unwrap(), Some(vec![3]));
    assert_eq!(changes().await, [(one, later(2))]);

    assert_eq!(import(one, 4, 3, later(3)).await, [one]);
    test.store.settle_legal_entity_change(one, later(2)).await.unwrap();
    assert_eq!(changes().await, [(one, later(3))], "the later change still stands");
    test.store.settle_legal_entity_change(one, later(3)).await.unwrap();
    assert_eq!(changes().await, []);
});

on_both_stores!(who_is_claimed_is_told_first_and_others_are_forgotten_after_a_day, |test| {
    let many: Vec<[u8; 32]> = (0..20).map(|_| digest()).collect();
    let import = async |content: u8, at: Timestamp| {
        let entries = many.iter().map(|digest| entry(*digest, b"record", content, content));
        test.store.import_legal_entities(entries.collect(), at).await.unwrap().len()
    };
    assert_eq!((import(1, NOW).await, import(2, later(1)).await), (0, 20));
    let claimed = EntityDigest(many[7]);
    let key = test.raw.key(uuid::Uuid::new_v4());
    let bytes = test.raw.bytes(claimed.as_bytes());
    let claim = format!(
        "INSERT INTO organisation (id, digest, record, claimed_at, updated_at, checked_at)
         VALUES ({key}, {bytes}, {bytes}, 1, 1, 1)"
    );
    assert_eq!(test.raw.execute(claim).await, 1);
    let told = test.store.legal_entity_changes(2).await.unwrap();
    assert_eq!((told.len(), told[0]), (2, (claimed, later(1))));

    test.store.purge(later(1).plus(Duration::from_hours(23))).await.unwrap();
    assert_eq!(test.count("legal_entity_change").await, 20);
    test.store.purge(later(1).plus(Duration::from_hours(25))).await.unwrap();
    assert_eq!(test.store.legal_entity_changes(50).await.unwrap(), [(claimed, later(1))]);
});

on_both_stores!(of_two_who_go_on_with_an_import_one_does, |test| {
    let register = Register::LegalEntities;
    let begin = ImportMark { read_to: 7, line: 2, ..ImportMark::default() };
    assert!(test.store.begin_import(register, begin.clone(), NOW).await.unwrap());
    assert!(!test.other.begin_import(register, begin.clone(), NOW).await.unwrap());
    assert_eq!(test.other.find_import(register).await.unwrap(), Some(begin.clone()));

    let (one, two) = (digest(), digest());
    let rows = || {
        let first = (2, entry(one, b"first", 1, 1));
        vec![first, (3, entry(two, b"other", 1, 1)), (4, entry(one, b"last", 2, 1))]
    };
    let staged = if test.store.stages_imports() { 3 } else { 0 };
    let next = ImportMark { version: 1, read_to: 99, line: 5, staged, ..begin };
    let (here, there) = tokio::join!(
        test.store.import_batch(register, rows(), next.clone(), NOW),
        test.other.import_batch(register, rows(), next.clone(), NOW),
    );
    let mut done: Vec<_> = [here.unwrap(), there.unwrap()].into_iter().flatten().collect();
    assert_eq!(done.len(), 1);
    let mut mark = ImportMark { tally: done.remove(0), ..next };
    assert_eq!(test.other.find_import(register).await.unwrap(), Some(mark.clone()));
    assert_eq!(test.store.staged_entries(register).await.unwrap(), staged);
    if test.store.stages_imports() {
        let merging = ImportMark { version: 2, state: ImportState::Merging, slice: 1, ..mark };
        let (here, there) = tokio::join!(
            test.store.merge_import(register, 1, merging.clone(), NOW),
            test.other.merge_import(register, 1, merging.clone(), NOW),
        );
        let mut done: Vec<_> = [here.unwrap(), there.unwrap()].into_iter().flatten().collect();
        assert_eq!(done.len(), 1);
        mark = ImportMark { tally: done.remove(0), ..merging };
    }
    let tally = &mark.tally;
    assert_eq!((tally.entries, tally.added, tally.rewritten, tally.changed), (2, 2, 0, 0));
    let found = test.store.find_legal_entity(&EntityDigest(one)).await.unwrap();
    assert_eq!(found, Some(b"last".to_vec()));

    let record = || test.record(AuditKind::RegisterImported);
    assert!(!test.store.finish_import(register, mark.version - 1, record()).await.unwrap());
    assert!(test.store.finish_import(register, mark.version, record()).await.unwrap());
    assert!(!test.other.finish_import(register, mark.version, record()).await.unwrap());
    assert_eq!(test.store.find_import(register).await.unwrap(), None);
    assert_eq!(test.store.register_state("legal_entity").await.unwrap().unwrap().0, 2);
});

/// The server may be at work for a killed import longer than any request would wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_waits_until_a_killed_one_is_given_up() {
    let Some(backend) = Backend::postgres() else { return };
    let test = TestStore::open(backend).await;
    let register = Register::Population;
    let begin = ImportMark::default();
    assert!(test.store.begin_import(register, begin.clone(), NOW).await.unwrap());
    let Raw::Postgres(pool) = &test.raw else { panic!("PostgreSQL") };
    let mut killed = pool.begin().await.unwrap();
    let touch = "UPDATE register_import SET version = version + 1";
    sqlx::query(touch).execute(&mut *killed).await.unwrap();
    let store = test.store.clone();
    let next = ImportMark { version: 1, staged: 1, ..begin };
    let rows = vec![(2, entry(digest(), b"record", 1, 1))];
    let going_on = tokio::spawn(async move { store.import_batch(register, rows, next, NOW).await });
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(!going_on.is_finished());
    killed.rollback().await.unwrap();
    assert!(going_on.await.unwrap().unwrap().is_some());
}
