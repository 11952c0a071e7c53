//! Whoever can write to the database and has no key of ours cannot change the past unseen (design D10;
//! security.md A-79).

use std::path::PathBuf;

use yihao::audit::chain;
use yihao::audit::chain::Verification;
use yihao::cli::compose;
use yihao::clock::Clock;
use yihao::clock::Timestamp;
use yihao::config::Config;
use yihao::domain::audit_event::AuditKind;
use yihao::domain::audit_event::ChainTail;
use yihao::provider::Provider;

use crate::store::NOW;
use crate::store::TestStore;
use crate::store::on_both_stores;

/// Records of the chain when its head is signed.
const RECORDS: i64 = 12;
/// A record in its middle.
const MIDDLE: i64 = 6;

const CHANGED: &str = "the record was changed";
const UNLINKED: &str = "the record does not follow its predecessor";
const MISSING: &str = "records are missing before this one";
const CUT: &str = "the chain ends before a head that was signed";
const DIFFERENT: &str = "the chain differs from the head that was signed here";
const FORGED: &str = "the signature of the head is wrong";
const UNKNOWN: &str = "the head was signed with a key that is not ours";

on_both_stores!(an_untouched_chain_has_no_breaks, |test| {
    let provider = signed(&test).await;
    append(&test, &provider, 2).await;

    let found = chain::verify(&provider).await.unwrap();

    assert_eq!((found.records, found.heads, found.unsealed), (RECORDS + 2, 1, 0));
    assert_eq!(found.breaks, []);
});

on_both_stores!(an_edited_record_is_found_whatever_was_edited, |test| {
    let provider = signed(&test).await;
    test.raw.execute("CREATE TABLE genuine AS SELECT * FROM audit").await;
    let (key, bytes) = (test.raw.key(uuid::Uuid::from_u128(7)), test.raw.bytes(b"forged"));
    for (column, forged, problem) in [
        ("id", key.as_str(), CHANGED),
        ("at", "at + 1", CHANGED),
        ("kind", "'logout'", CHANGED),
        ("outcome", "'refused'", CHANGED),
        ("reason", "'none'", CHANGED),
        ("account_id", key.as_str(), CHANGED),
        ("client_id", "'web1'", CHANGED),
        ("request_id", "'another'", CHANGED),
        ("details", "'[]'", CHANGED),
        ("personal", bytes.as_str(), CHANGED),
        ("mac", bytes.as_str(), CHANGED),
        ("link", bytes.as_str(), UNLINKED),
    ] {
        let set = |value: String| {
            test.raw
                .execute(format!("UPDATE audit SET {column} = {value} WHERE sequence = {MIDDLE}"))
        };
        assert_eq!(set(forged.to_owned()).await, 1);
        assert!(breaks(&provider).await.contains(&(MIDDLE, problem)), "{column}");
        set(format!("(SELECT {column} FROM genuine WHERE sequence = {MIDDLE})")).await;
        assert_eq!(breaks(&provider).await, [], "{column} is back");
    }
});

on_both_stores!(a_deleted_record_is_found, |test| {
    for first in [MIDDLE, 1] {
        let provider = signed(&test).await;
        test.raw.execute(format!("DELETE FROM audit WHERE sequence = {first}")).await;

        assert_eq!(breaks(&provider).await[0], (first + 1, MISSING));
        test.raw.execute("DELETE FROM audit").await;
        forget_heads(&test, &provider).await;
    }
});

on_both_stores!(two_swapped_records_are_found, |test| {
    let provider = signed(&test).await;
    // Their places in the chain, with links and without.
    for column in
        ["sequence = {}", "sequence = {}, link = (SELECT link FROM genuine WHERE sequence = {})"]
    {
        test.raw.execute("DROP TABLE IF EXISTS genuine").await;
        test.raw.execute("CREATE TABLE genuine AS SELECT * FROM audit").await;
        for (from, to) in [(MIDDLE, 1000), (MIDDLE + 1, MIDDLE), (1000, MIDDLE + 1)] {
            let set = if to == 1000 {
                "sequence = 1000".to_owned()
            } else {
                column.replace("{}", &to.to_string())
            };
            let sql = format!("UPDATE audit SET {set} WHERE sequence = {from}");
            assert_eq!(test.raw.execute(sql).await, 1);
        }
        let found = breaks(&provider).await;
        assert!(found.contains(&(MIDDLE, UNLINKED)), "{column}: {found:?}");
    }
});

on_both_stores!(a_tail_that_was_cut_after_a_signed_head_is_found, |test| {
    let provider = signed(&test).await;
    test.raw.execute(format!("DELETE FROM audit WHERE sequence > {MIDDLE}")).await;

    assert_eq!(breaks(&provider).await, [(RECORDS, CUT)]);

    // The head that was exported still tells, when the one in the database is gone too.
    test.raw.execute("DELETE FROM audit_head").await;
    assert_eq!(breaks(&provider).await, [(RECORDS, CUT)]);
});

on_both_stores!(a_chain_whose_end_or_whole_is_gone_is_found, |test| {
    for keep in [RECORDS - 3, 0] {
        let provider = signed(&test).await;
        test.raw.execute(format!("DELETE FROM audit WHERE sequence > {keep}")).await;

        assert_eq!(breaks(&provider).await, [(RECORDS, CUT)], "{keep} are left");

        test.raw.execute("DELETE FROM audit").await;
        forget_heads(&test, &provider).await;
    }
});

on_both_stores!(a_tail_that_was_computed_anew_is_found, |test| {
    let provider = signed(&test).await;
    append(&test, &provider, 3).await;

    recompute_without(&test, MIDDLE).await;

    assert_eq!(breaks(&provider).await, [(RECORDS, DIFFERENT)], "all else fits");
});

on_both_stores!(a_head_that_was_changed_with_the_chain_does_not_hide_it, |test| {
    let provider = signed(&test).await;
    append(&test, &provider, 3).await;
    recompute_without(&test, MIDDLE).await;
    let link = format!("(SELECT link FROM audit WHERE sequence = {RECORDS})");
    test.raw.execute(format!("UPDATE audit_head SET link = {link}")).await;

    // Against the exported head, and where that is not at hand.
    assert!(breaks(&provider).await.contains(&(RECORDS, DIFFERENT)));
    std::fs::remove_file(exported(&provider)).unwrap();
    assert_eq!(breaks(&provider).await, [(RECORDS, FORGED)]);

    // Not even where no key fits any more.
    test.raw.execute("UPDATE audit_head SET kid = 'nobody'").await;
    assert_eq!(breaks(&provider).await, [(RECORDS, UNKNOWN)]);
});

on_both_stores!(a_head_is_checked_after_its_key_has_retired, |test| {
    let provider = signed(&test).await;
    test.raw
        .execute("UPDATE signing_key SET state = 'retired', expires_at = 1 WHERE algorithm = 'SM2'")
        .await;
    provider.keyring.reload(&provider.store, NOW).await.unwrap();
    assert_eq!(breaks(&provider).await, []);

    std::fs::remove_file(exported(&provider)).unwrap();
    test.raw.execute("UPDATE audit_head SET signed_at = signed_at + 1").await;

    assert_eq!(breaks(&provider).await, [(RECORDS, FORGED)]);
});

/// A provider whose chain has [`RECORDS`] records and a head signed at the last.
async fn signed(test: &TestStore) -> Provider {
    let provider = provider(test).await;
    chain::seal(&provider).await.unwrap();
    let made = test.store.audit_tail().await.unwrap().sequence;
    append(test, &provider, RECORDS - made).await;
    chain::sign_head(&provider).await.unwrap();
    provider
}

/// A provider on this database, without anything that runs beside it.
async fn provider(test: &TestStore) -> Provider {
    use std::os::unix::fs::PermissionsExt;
    std::fs::create_dir_all(&test.folder).unwrap();
    let master_key = test.folder.join("test-master.key");
    std::fs::write(&master_key, hex::encode([7; 32])).unwrap();
    std::fs::set_permissions(&master_key, std::fs::Permissions::from_mode(0o600)).unwrap();
    let mut config = Config {
        issuer: "https://id.example".parse().unwrap(),
        data_dir: test.folder.clone(),
        ..Config::default()
    };
    config.database.url.clone_from(&test.url);
    config.database.connections = 2;
    config.keys.master_key_file = Some(master_key);
    config.password.workers = 1;
    compose::compose(config, Clock::system()).await.unwrap().provider
}

async fn append(test: &TestStore, provider: &Provider, count: i64) {
    for number in 0..count {
        let record = test.record_at(AuditKind::Login, Timestamp(NOW.0 + number));
        test.store.record(record).await.unwrap();
    }
    chain::seal(provider).await.unwrap();
}

async fn breaks(provider: &Provider) -> Vec<(i64, &'static str)> {
    let found: Verification = chain::verify(provider).await.unwrap();
    found.breaks.iter().map(|one| (one.sequence, one.problem)).collect()
}

/// Takes a record out and links all that follow anew, as anybody can who knows SM3.
async fn recompute_without(test: &TestStore, sequence: i64) {
    let chain = test.store.audit_chain(0, 1000).await.unwrap();
    test.raw.execute(format!("DELETE FROM audit WHERE sequence = {sequence}")).await;
    let mut tail = ChainTail::default();
    for sealed in chain {
        let (old, _) = sealed.seal.unwrap();
        if old == sequence {
            continue;
        }
        tail.extend(&sealed.record);
        let (new, link) = (tail.sequence, test.raw.bytes(&tail.link));
        let set = format!("UPDATE audit SET sequence = {new}, link = {link}");
        assert_eq!(test.raw.execute(format!("{set} WHERE sequence = {old}")).await, 1);
    }
}

async fn forget_heads(test: &TestStore, provider: &Provider) {
    test.raw.execute("DELETE FROM audit_head").await;
    test.raw.execute("DELETE FROM signing_key").await;
    std::fs::remove_file(exported(provider)).unwrap();
}

fn exported(provider: &Provider) -> PathBuf {
    provider.config.data_dir.join("audit-heads.jsonl")
}
