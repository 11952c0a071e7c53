//! What operators type about legacy codes and new ones: `register import legacy-codes` and `codes`.

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use serde_json::Value;
use yihao::domain::synthetic;

/// A folder of one test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder =
            std::env::temp_dir().join(format!("yihao-codes-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.0.join(name), bytes).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_yihao"));
        command.current_dir(&self.0).args(arguments).env("YIHAO__LOG__FILTER", "off");
        command.env("YIHAO__ACCEPT_SYNTHETIC", "true").output().unwrap()
    }

    fn import(&self, file: &str, more: &[&str]) -> Output {
        let authority = ["--authority", "云州市市场监督管理局", "--evidence", "来函〔2026〕1号"];
        let command = ["register", "import", "legacy-codes", file];
        self.run(&[&command[..], &authority[..], more].concat())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn json(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// One sentence that has these words, an exit code that is not 0.
fn assert_refused(output: &Output, words: &[&str]) {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{text}");
    assert!(!text.contains("panicked"), "{text}");
    for word in words {
        assert!(text.contains(word), "no `{word}` in: {text}");
    }
}

/// What an import said that kept the rows it could, and failed for the others.
fn told_of_refused(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(1));
    assert_refused(output, &["rows were refused", ".csv names their lines"]);
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn mappings_are_looked_at_imported_listed_and_shown() {
    let folder = Folder::new();
    let uscc = synthetic::uscc(1);
    let table = format!(
        "kind,value,uscc,name\nregistration_number,149999000000019,{uscc},样例企业\n\
         registration_number,149999000000018,{uscc},样例企业\n"
    );
    folder.write("codes.csv", table.as_bytes());
    let looked = told_of_refused(&folder.import("codes.csv", &["--dry-run", "--json"]));
    assert_eq!((&looked["valid"], &looked["refused"]), (&1.into(), &1.into()), "{looked}");
    assert_eq!((&looked["batch"], &looked["dry_run"]), (&Value::Null, &true.into()));
    assert_eq!(json(&folder.run(&["codes", "list", "--json"])), Value::Array(Vec::new()));
    let told = folder.import("codes.csv", &["--dry-run"]);
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.contains("line 3: E_CHECK_DIGIT") && !told.contains("149999"), "{told}");

    let kept = told_of_refused(&folder.import("codes.csv", &["--json"]));
    let batch = kept["batch"].as_str().unwrap();
    let listed = json(&folder.run(&["codes", "list", "--json"]));
    assert_eq!((&listed[0]["batch"], &listed[0]["state"]), (&batch.into(), &"staged".into()));
    let shown = json(&folder.run(&["codes", "show", batch, "--json"]));
    assert_eq!((&shown["evidence"], &shown["records"]), (&"来函〔2026〕1号".into(), &1.into()));
    assert_eq!(shown["findings"][0]["reason"], "E_CHECK_DIGIT");
    let figures = json(&folder.run(&["codes", "figures", "--json"]));
    assert_eq!((&figures[0]["city"], &figures[0]["pending"]), (&"1401".into(), &1.into()));
    let nobody = uuid::Uuid::nil().to_string();
    assert_refused(&folder.run(&["codes", "show", &nobody]), &["there is no batch"]);
}

#[test]
fn every_refused_row_is_named_in_a_report_and_the_others_are_kept() {
    let folder = Folder::new();
    let (uscc, other) = (synthetic::uscc(1), synthetic::uscc(2));
    let bad = format!("registration_number,149999000000018,{uscc},样例企业\n").repeat(300);
    let good = format!("registration_number,149999000000019,{uscc},样例企业\n");
    let odd = format!("organisation_code,PDY00001X,{other},样例企业\n");
    folder.write("codes.csv", format!("kind,value,uscc,name\n{odd}{bad}{good}").as_bytes());

    let kept = told_of_refused(&folder.import("codes.csv", &["--json"]));

    let counts = (&kept["valid"], &kept["refused"], &kept["warned"]);
    assert_eq!(counts, (&2.into(), &300.into(), &1.into()), "{kept}");
    assert_eq!(kept["findings"][0]["reason"], "E_ORG_CODE_DIFFERS");
    assert_eq!(kept["report"], "codes.csv.refused.csv");
    let report = std::fs::read_to_string(folder.0.join("codes.csv.refused.csv")).unwrap();
    assert_eq!(report.lines().count(), 301);
    assert!(report.starts_with("line,reason\n3,E_CHECK_DIGIT\n"), "{report}");
    assert!(report.ends_with("\n302,E_CHECK_DIGIT\n") && !report.contains("149999"), "{report}");
    assert_eq!(json(&folder.run(&["codes", "list", "--json"])).as_array().unwrap().len(), 1);

    let elsewhere = folder.import("codes.csv", &["--dry-run", "--report", "look.csv"]);
    assert_refused(&elsewhere, &["300 rows were refused; look.csv names their lines"]);
    assert_eq!(std::fs::read_to_string(folder.0.join("look.csv")).unwrap(), report);
    folder.write("codes.csv", format!("kind,value,uscc,name\n{odd}").as_bytes());
    assert_eq!(json(&folder.import("codes.csv", &["--dry-run", "--json"]))["refused"], 0);
    assert!(!folder.0.join("codes.csv.refused.csv").exists(), "it told of another import");
}

#[test]
fn a_file_that_is_no_table_is_refused_with_its_line_and_in_little_memory() {
    let folder = Folder::new();
    let row = format!("certificate,云社证字第1号,{},样例\n", synthetic::uscc(1));
    let start = format!("kind,value,uscc,name\n{row}");
    let mut file = std::fs::File::create(folder.0.join("long.csv")).unwrap();
    file.write_all(start.as_bytes()).unwrap();
    for _ in 0..100 {
        file.write_all(&vec![b'a'; 1024 * 1024]).unwrap();
    }
    assert_refused(
        &folder.import("long.csv", &[]),
        &["long.csv", "line 3", "longer than a row may be"],
    );
    folder.write("utf16.csv", &[0xFF, 0xFE, b'k', 0]);
    assert_refused(&folder.import("utf16.csv", &[]), &["UTF-16"]);
    let (gbk, ..) = encoding_rs::GBK.encode(&start);
    folder.write("gbk.csv", &gbk);
    assert_refused(&folder.import("gbk.csv", &["--encoding", "utf-8"]), &["not UTF-8", "encoding"]);
    assert_eq!(json(&folder.import("gbk.csv", &["--dry-run", "--json"]))["valid"], 1);
    folder.write("less.csv", b"kind,value,name\n");
    assert_refused(&folder.import("less.csv", &[]), &["uscc"]);
    assert_refused(&folder.import("none.csv", &[]), &["none.csv"]);
    let empty =
        ["register", "import", "legacy-codes", "gbk.csv", "--authority", " ", "--evidence", "函件"];
    assert_refused(&folder.run(&empty), &["authority"]);
    assert_eq!(json(&folder.run(&["codes", "list", "--json"])), Value::Array(Vec::new()));
}

#[test]
fn new_codes_are_announced_and_wait_for_officers() {
    let folder = Folder::new();
    folder.write(
        "new.csv",
        format!("uscc,name,date\n{},样例,2026-11-26\n", synthetic::uscc(1)).as_bytes(),
    );
    let announce = ["codes", "announce", "new.csv", "--authority", "云州市市场监督管理局"];
    let announce = [&announce[..], &["--evidence", "来函〔2026〕2号", "--json"]].concat();
    let looked = json(&folder.run(&[&announce[..], &["--dry-run"]].concat()));
    assert_eq!((&looked["announced"], &looked["batch"]), (&1.into(), &Value::Null), "{looked}");
    let kept = json(&folder.run(&announce));
    assert_eq!(kept["announced"], 1, "nothing was kept of the dry run");
    assert_refused(&folder.run(&announce), &["line 2", "E_ANNOUNCED"]);
    let list = json(&folder.run(&["codes", "list", "--json"]));
    let shown = (&list[0]["batch"], &list[0]["kind"], &list[0]["state"], &list[0]["records"]);
    assert_eq!(shown, (&kept["batch"], &"new_codes".into(), &"staged".into(), &1.into()), "{list}");
    assert_eq!(json(&folder.run(&["codes", "publish", "--json"]))["published"], Value::Null);
}
