//! `yihao register import` on both databases (design D11, section 5): what enters the replica, what is
//! refused and how that is told, and an import that was killed and goes on.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use yihao::domain::identity_document::IdentityDocument;
use yihao::domain::legal_entity::EntityStatus;
use yihao::domain::legal_entity::LegalEntity;
use yihao::domain::synthetic;
use yihao::registers::RegisterAnswer;
use yihao::store::sql::Register;

use crate::support::Backend;
use crate::support::TestProvider;

/// A provider with an empty folder for files, and the command beside it.
struct Import {
    provider: TestProvider,
    folder: PathBuf,
}

impl Import {
    async fn on(backend: Backend) -> Self {
        let provider = TestProvider::start(backend).await;
        let folder =
            std::env::temp_dir().join(format!("yihao-import-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir_all(&folder).unwrap();
        Self { provider, folder }
    }

    /// The changes stay to be looked at: the lease of the node that follows them is this test's.
    async fn nobody_follows(&self) {
        let store = &self.provider.provider.store;
        loop {
            self.provider.clock.advance(11_000);
            let (now, hour) = (self.provider.clock.now(), Duration::from_hours(1));
            if store.hold_lease("mandates", "this test".to_owned(), hour, now).await.unwrap() {
                return;
            }
        }
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.folder.join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.folder.join(name)).ok()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let config = &self.provider.provider.config;
        let mut command = Command::new(env!("CARGO_BIN_EXE_yihao"));
        command.current_dir(&self.folder).args(["register", "import"]).args(arguments);
        command
            .env("YIHAO__ISSUER", config.issuer_text())
            .env("YIHAO__DATA_DIR", &config.data_dir)
            .env("YIHAO__DATABASE__URL", config.database_url().unwrap())
            .env("YIHAO__ACCEPT_SYNTHETIC", "true")
            .env("YIHAO__LOG__FILTER", "off");
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What it answers; it succeeds exactly when it refused nothing.
    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.command(arguments).arg("--json").output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        let told: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{text}"));
        assert_eq!(output.status.success(), told["refused"] == 0, "{told} {text}");
        told
    }

    fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    async fn knows(&self, seed: u64) -> bool {
        let (name, number) = (synthetic::name(seed), synthetic::citizen_id(seed));
        let population = &self.provider.provider.population;
        let document = IdentityDocument::of_citizen_layout(&number);
        let answer = population.compare(name.expose(), document.key()).await.unwrap();
        answer == RegisterAnswer::Match
    }

    async fn find(&self, seed: u64) -> Option<LegalEntity> {
        let register = &self.provider.provider.legal_entities;
        register.find(&synthetic::uscc(seed)).await.unwrap()
    }
}

impl Drop for Import {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Seeds nobody of the fixture has.
const FIRST: u64 = 5_000_000;

fn people(seeds: std::ops::Range<u64>) -> String {
    let mut text = "name,id_number\n".to_owned();
    for seed in seeds {
        let (name, number) = (synthetic::name(seed), synthetic::citizen_id(seed));
        writeln!(text, "{},{}", name.expose(), number.expose()).unwrap();
    }
    text
}

fn organisation(seed: u64, status: &str, representative: Option<u64>) -> String {
    let (name, number) = representative.map_or((String::new(), String::new()), |seed| {
        let (name, number) = (synthetic::name(seed), synthetic::citizen_id(seed));
        (name.expose().to_owned(), number.expose().to_owned())
    });
    format!("{},样例企业{seed}号,{status},{name},{number}\n", synthetic::uscc(seed))
}

const ORGANISATIONS: &str = "uscc,name,status,representative_name,representative_id_number\n";

macro_rules! on_both {
    ($name:ident, |$import:ident| $body:block) => {
        mod $name {
            use super::*;

            async fn check($import: Import) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                check(Import::on(Backend::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                if let Some(backend) = Backend::postgres() {
                    check(Import::on(backend).await).await;
                }
            }
        }
    };
}

on_both!(people_enter_once_and_the_last_row_about_a_number_counts, |import| {
    let (old, new) = (synthetic::name(1), synthetic::name(FIRST + 7));
    let number = synthetic::citizen_id(FIRST + 7);
    let text = people(FIRST..FIRST + 20);
    // The number stands in the file twice; its first name is an old one.
    let first = format!("name,id_number\n{},{}\n", old.expose(), number.expose());
    import.write("people.csv", text.replace("name,id_number\n", &first));
    let told = import.json(&["people", "people.csv"]);
    let numbers = ["rows", "written", "added", "rewritten", "unchanged", "repeated"];
    let counts = |told: &Value| numbers.map(|name| told[name].as_u64().unwrap());
    assert_eq!(counts(&told), [21, 20, 20, 0, 0, 1], "{told}");
    for seed in [FIRST, FIRST + 7, FIRST + 19] {
        assert!(import.knows(seed).await, "{seed}");
    }
    assert!(!import.knows(FIRST + 20).await);

    assert_eq!(counts(&import.json(&["people", "people.csv"])), [21, 0, 0, 0, 20, 1]);
    import.write("people.csv", text.replace(new.expose(), old.expose()));
    assert_eq!(counts(&import.json(&["people", "people.csv"])), [20, 1, 0, 1, 19, 0]);
    assert!(!import.knows(FIRST + 7).await);
    let state = import.provider.provider.store.register_state("population").await.unwrap();
    assert!(state.unwrap().0 >= 20);
    let audit = import.provider.audit(3).await;
    assert!(audit.iter().any(|line| line.starts_with("register_imported done")), "{audit:?}");
});

on_both!(a_change_of_status_or_representative_is_told, |import| {
    let store = &import.provider.provider.store;
    import.nobody_follows().await;
    let file = |third: &str, fourth: Option<u64>| {
        let rows = [
            organisation(FIRST, "active", Some(1)),
            organisation(FIRST + 1, "存续", None),
            organisation(FIRST + 2, third, Some(2)),
            organisation(FIRST + 3, "active", fourth),
        ];
        format!("{ORGANISATIONS}{}", rows.concat())
    };
    import.write("organisations.csv", file("active", Some(3)));
    let told = import.json(&["organisations", "organisations.csv"]);
    assert_eq!((&told["added"], &told["status_or_representative_changed"]), (&4.into(), &0.into()));
    let found = import.find(FIRST + 2).await.unwrap();
    assert!(found.is_active() && found.representative.is_some());
    assert_eq!(import.find(FIRST + 1).await.unwrap().representative, None);
    assert!(store.legal_entity_changes(10).await.unwrap().is_empty());

    import.write("organisations.csv", file("吊销", Some(4)).replace("样例企业", "新样例企业"));
    let told = import.json(&["organisations", "organisations.csv"]);
    let changed = &told["status_or_representative_changed"];
    assert_eq!((&told["rewritten"], changed), (&4.into(), &2.into()), "{told}");
    assert_eq!(import.find(FIRST + 2).await.unwrap().status, EntityStatus::Revoked);
    let represents = IdentityDocument::of_citizen_layout(&synthetic::citizen_id(4));
    let found = import.find(FIRST + 3).await.unwrap();
    assert!(found.is_represented_by(synthetic::name(4).expose(), represents.key()));
    let mut told: Vec<_> = store.legal_entity_changes(10).await.unwrap();
    told.sort();
    let vault = &import.provider.provider.vault;
    let mut wanted = [2, 3].map(|seed| vault.index_uscc(&synthetic::uscc(FIRST + seed)));
    wanted.sort();
    assert_eq!(told.iter().map(|change| change.0).collect::<Vec<_>>(), wanted);
});

/// A file that says which document names a representative; one without the two columns says it by the number.
const WITH_DOCUMENTS: &str = "统一社会信用代码,名称,登记状态,法定代表人,法定代表人证件号码,\
                              法定代表人证件类型,法定代表人证件签发国家\n";

/// Number, type and country of a representative, and what the row is: the country of the document, or why it is none.
const REPRESENTATIVES: &[(&str, &str, &str, Result<&str, &str>)] = &[
    ("L898902C3", "FOREIGN_PASSPORT", "UTO", Ok("UTO")),
    ("l898902c3", "FOREIGN_PASSPORT", "uto", Ok("UTO")),
    ("H0000000002", "516", "HKG", Ok("HKG")),
    ("M00000000", "", "", Ok("MAC")),
    ("00000001", "511", "", Ok("TWN")),
    ("USA140100010113", "553", "CHN", Ok("CHN")),
    ("830000199001010039", "HMT_RP", "TWN", Ok("TWN")),
    ("830000199001010039", "HMT_RP_TW", "CHN", Ok("TWN")),
    ("830000199001010035", "HMT_RP", "TWN", Err("not a representative's ID number")),
    ("11010519491231002X", "111", "CHN", Ok("CHN")),
    ("11010519491231002X", "", "", Ok("CHN")),
    ("L898902C3", "", "", Err("not a representative's ID number")),
    ("L898902C3", "414", "CHN", Err("not a type of a representative's document")),
    ("L898902C3", "护照", "UTO", Err("not a type of a representative's document")),
    ("L898902C3", "FOREIGN_PASSPORT", "", Err(NO_ISSUER)),
    ("L898902C3", "FOREIGN_PASSPORT", "XYZ", Err(NO_ISSUER)),
    ("E00000000", "FOREIGN_PASSPORT", "CHN", Err(NO_ISSUER)),
    ("00000001", "511", "HKG", Err("not the country of the representative's document")),
    ("H00000000", "511", "TWN", Err("not a representative's ID number")),
    ("", "FOREIGN_PASSPORT", "UTO", Err("a representative without name or number")),
];
const NO_ISSUER: &str = "not a country that issues a representative's passport";

on_both!(a_representative_is_named_by_any_document, |import| {
    let mut text = WITH_DOCUMENTS.to_owned();
    for (seed, (number, id_type, country, _)) in (FIRST + 50..).zip(REPRESENTATIVES) {
        let uscc = synthetic::uscc(seed);
        let person = format!("ERIKSSON ANNA MARIA,{number},{id_type},{country}");
        writeln!(text, "{uscc},样例企业{seed}号,存续,{person}").unwrap();
    }
    import.write("organisations.csv", text);
    import.json(&["organisations", "organisations.csv"]);
    let mut report = "line,reason\n".to_owned();
    for ((line, seed), (number, .., expected)) in (2..).zip(FIRST + 50..).zip(REPRESENTATIVES) {
        let found = import.find(seed).await;
        let known = found.as_ref().and_then(|found| found.representative.as_ref());
        let country = known.map(|known| known.document.key().country);
        assert_eq!(country, expected.ok(), "{number}: {found:?}");
        if let Err(reason) = expected {
            writeln!(report, "{line},{reason}").unwrap();
        }
    }
    assert_eq!(import.read("organisations.csv.refused.csv").unwrap(), report);
    let told = import.json(&["organisations", "organisations.csv"]);
    assert_eq!((&told["rewritten"], &told["added"]), (&0.into(), &0.into()), "told apart: {told}");
});

on_both!(refused_rows_are_named_by_line_and_the_others_enter, |import| {
    let number = synthetic::citizen_id(FIRST + 30);
    let mut text = people(FIRST..FIRST + 10).into_bytes();
    text.extend(format!("<b>,{}\n", number.expose()).bytes());
    text.extend(b"\xFF,1\n\"A\0\",2\nB\nC,123\n");
    text.extend(vec![b'x'; 200_000]);
    text.extend(b"\n");
    text.extend(people(FIRST + 10..FIRST + 11).lines().nth(1).unwrap().bytes());
    import.write("people.csv", text);
    let looked = import.json(&["people", "people.csv", "--dry-run", "--encoding", "utf-8"]);
    assert_eq!((&looked["acceptable"], &looked["refused"]), (&11.into(), &6.into()), "{looked}");
    assert!(!import.knows(FIRST).await, "it only looked");
    let told = import.json(&["people", "people.csv", "--encoding", "utf-8", "--report", "bad.csv"]);
    assert_eq!((&told["added"], &told["refused"]), (&11.into(), &6.into()), "{told}");
    assert!(import.knows(FIRST + 10).await);
    let report = import.read("bad.csv").unwrap();
    let expected = "line,reason\n12,not a name\n13,not UTF-8\n14,a NUL byte\n\
                    15,not a row of this table\n16,not an ID number\n\
                    17,longer than a row may be; is a quote not closed?\n";
    assert_eq!(report, expected);
    assert!(import.read("people.csv.refused.csv").is_some(), "the look had a report of its own");

    import.write("people.csv", people(FIRST..FIRST + 10));
    import.json(&["people", "people.csv"]);
    assert_eq!(import.read("people.csv.refused.csv"), None, "it told of another import");
});

on_both!(a_table_that_lacks_a_column_changes_nothing, |import| {
    import.write("people.csv", people(FIRST..FIRST + 3).replace("id_number", "number"));
    for more in [&[][..], &["--dry-run"]] {
        let output = import.run(&[&["people", "people.csv"], more].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains("no column `id_number`"), "{said}");
    }
    assert!(!import.knows(FIRST).await);
    let store = &import.provider.provider.store;
    assert_eq!(store.find_import(Register::Population).await.unwrap(), None);
});

/// A file that takes long enough to be killed within, on either database.
const MANY: u64 = 120_000;

on_both!(a_killed_import_goes_on_and_loses_and_doubles_nothing, |import| {
    let store = &import.provider.provider.store;
    let bad = "<b>,1\n";
    let text = people(FIRST..FIRST + MANY);
    let (head, tail) = text.split_at(text.find('\n').unwrap() + 1);
    import.write("people.csv", format!("{head}{bad}{tail}{bad}"));
    let mut process = import.start(&["people", "people.csv"]);
    let killed_at = loop {
        tokio::time::sleep(Duration::from_millis(5)).await;
        match store.find_import(Register::Population).await.unwrap() {
            Some(mark) if mark.version > 0 => break mark,
            _ => assert!(process.try_wait().unwrap().is_none(), "it ended too soon"),
        }
    };
    process.kill().unwrap();
    process.wait().unwrap();
    let stood = store.find_import(Register::Population).await.unwrap().expect("it was killed");
    assert!(stood.version >= killed_at.version && stood.line > 2);
    // A row that was reported after the last commit is reported again, once.
    let report = import.read("people.csv.refused.csv").unwrap();
    import.write("people.csv.refused.csv", format!("{report}999999,not a name\n"));

    import.write("other.csv", people(FIRST..FIRST + 5));
    let other = import.run(&["people", "other.csv"]);
    let said = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(!other.status.success() && said.contains("--restart"), "{said}");

    let told = import.json(&["people", "people.csv"]);
    assert_eq!(told["went_on_at_line"], stood.line, "{told}");
    assert_eq!((&told["rows"], &told["refused"]), (&(MANY + 2).into(), &2.into()), "{told}");
    let entries = told["added"].as_u64().unwrap() + told["unchanged"].as_u64().unwrap();
    assert_eq!(entries, MANY, "{told}");
    for seed in (FIRST..FIRST + MANY).step_by(9_973) {
        assert!(import.knows(seed).await, "{seed}");
    }
    let report = import.read("people.csv.refused.csv").unwrap();
    assert_eq!(report, format!("line,reason\n2,not an ID number\n{},not an ID number\n", MANY + 3));
    assert_eq!(store.find_import(Register::Population).await.unwrap(), None);
});
