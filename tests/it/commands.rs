//! What operators type: every command once, and every way a deployment can be wrong told in one sentence,
//! with nothing half-made (issue "Bad input").

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use serde_json::Value;

use crate::support::Backend;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::login::log_in;

/// A folder of one test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder =
            std::env::temp_dir().join(format!("yihao-cli-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.0.join(name);
        std::fs::write(&file, text).unwrap();
        file
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, &[])
    }

    fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_yihao"));
        command.current_dir(&self.0).args(arguments).envs(environment.iter().copied());
        command.env("YIHAO__LOG__FILTER", "off").output().unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let mut arguments = arguments.to_vec();
        arguments.push("--json");
        let output = self.run(&arguments);
        assert!(output.status.success(), "{}", said(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn is_untouched(&self) -> bool {
        !self.0.join("data").exists()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// One sentence that has these words, an exit code that is not 0.
fn assert_refused(output: &Output, words: &[&str]) {
    let text = said(output);
    assert!(!output.status.success(), "{text}");
    assert_eq!(text.trim().lines().count(), 1, "{text}");
    for word in words {
        assert!(text.contains(word), "no `{word}` in: {text}");
    }
    assert!(!text.contains("panicked"), "{text}");
}

#[test]
fn a_wrong_configuration_is_named_and_nothing_is_made() {
    let folder = Folder::new();
    for (text, words) in [
        ("nonsense = 1", &["nonsense"][..]),
        ("listen = \"x\"", &["listen"]),
        ("[session]\nidle = 3", &["idle"]),
        ("issuer = \"http://id.example.gov\"", &["issuer", "https"]),
        ("issuer = \"https://id.example.gov/path\"", &["issuer"]),
        ("issuer = \"https://id.example.gov\"\ntest_profile = true", &["test_profile"]),
        ("issuer = \"https://id.example.gov\"", &["master key", "yihao keys init"]),
        ("[database]\nurl = \"mysql://x\"", &["database.url"]),
        ("[database]\nurl = \"postgres://x@127.0.0.1:1/none\"", &["127.0.0.1:1/none"]),
        ("[database]\nurl_file = \"missing\"", &["missing"]),
        ("[tls]\ncert_file = \"x.pem\"", &["tls.key_file"]),
        ("[tls]\ncert_file = \"x.pem\"\nkey_file = \"y.pem\"", &["x.pem"]),
        ("[pages]\ntheme_dir = \"data-less\"\n[log]\nfilter = \"=\"", &["log.filter"]),
    ] {
        let file = folder.write("config.toml", text);
        let output = Command::new(env!("CARGO_BIN_EXE_yihao"))
            .current_dir(&folder.0)
            .args(["serve", "--config"])
            .arg(file)
            .output()
            .unwrap();
        assert_refused(&output, words);
        assert!(folder.is_untouched(), "{text}");
    }
    folder.write("broken.toml", "this is no toml");
    let broken = folder.run(&["serve", "--config", "broken.toml"]);
    assert!(!broken.status.success() && said(&broken).contains("broken.toml"), "{}", said(&broken));
    assert_refused(&folder.run(&["serve", "--config", "none.toml"]), &["none.toml"]);
    let unknown = folder.run_with(&["client", "list"], &[("YIHAO__NOPE", "1")]);
    assert_refused(&unknown, &["nope"]);
}

#[test]
fn a_wrong_master_key_is_told_and_changes_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    assert!(folder.run(&["client", "list"]).status.success());
    let key = folder.0.join("data/master.key");
    let right = std::fs::read_to_string(&key).unwrap();
    let mode =
        |mode| std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();
    std::fs::write(&key, "garbage").unwrap();
    assert_refused(&folder.run(&["client", "list"]), &["master.key", "64 hexadecimal digits"]);
    std::fs::write(&key, "00".repeat(32)).unwrap();
    assert_refused(&folder.run(&["client", "list"]), &["master key"]);
    std::fs::write(&key, &right).unwrap();
    mode(0o644);
    assert_refused(&folder.run(&["client", "list"]), &["master.key", "chmod 600"]);
    mode(0o600);
    assert!(folder.run(&["client", "list"]).status.success());
    let again = folder.run(&["keys", "init"]);
    assert_refused(&again, &["already"]);
    assert_eq!(std::fs::read_to_string(&key).unwrap(), right);
}

#[test]
fn a_database_of_another_version_or_issuer_is_refused() {
    let folder = Folder::new();
    assert!(folder.run(&["migrate"]).status.success());
    assert!(folder.run(&["client", "list"]).status.success());
    let other = folder.run_with(&["client", "list"], &[("YIHAO__ISSUER", "http://localhost:9")]);
    assert_refused(&other, &["issuer"]);
    let database = folder.0.join("data/yihao.db");
    set_version(&database, "UPDATE _sqlx_migrations SET version = version + 900000000000000");
    assert_refused(&folder.run(&["client", "list"]), &["newer"]);
}

fn set_version(database: &Path, statement: &str) {
    let url = format!("sqlite://{}", database.display());
    let statement = statement.to_owned();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async move {
        use sqlx::Connection;
        let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    });
}

#[test]
fn the_doctor_looks_and_makes_nothing() {
    let folder = Folder::new();
    let rows = folder.json(&["doctor"]);
    assert!(rows.as_array().unwrap().iter().all(|row| row["result"] == "ok"), "{rows}");
    assert!(folder.is_untouched());
    assert!(folder.run(&["client", "list"]).status.success());
    let checks: Vec<String> = folder
        .json(&["doctor"])
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["check"].as_str().unwrap().to_owned())
        .collect();
    let all = [
        "configuration",
        "permissions",
        "tls",
        "master key",
        "platforms",
        "monitoring",
        "database",
        "schema",
        "clock",
        "signing keys",
    ];
    assert_eq!(checks, all);
    let told = |settings: &[(&str, &str)]| {
        String::from_utf8_lossy(&folder.run_with(&["doctor"], settings).stdout).into_owned()
    };
    assert!(told(&[]).contains("sent nowhere"), "{}", told(&[]));
    let unix = ("YIHAO__MONITOR__SYSLOG_URL", "unix:///dev/log");
    assert!(told(&[unix]).contains("impossible travel is not seen"), "{}", told(&[unix]));
    let closed = told(&[("YIHAO__MONITOR__SYSLOG_URL", "udp://10.0.0.1:514")]);
    assert!(closed.contains("monitor.syslog_url"), "{closed}");
    folder.write("secret", "sixteen characters and more");
    let register = [
        ("YIHAO__POPULATION__URL", "https://share.example/compare"),
        ("YIHAO__POPULATION__SECRET_FILE", "secret"),
    ];
    let sick = folder.run_with(&["doctor"], &register);
    let table = String::from_utf8_lossy(&sick.stdout).into_owned();
    assert!(!sick.status.success() && table.contains("outbound.allow"), "{table}");
    std::fs::write(folder.0.join("data/master.key"), "11".repeat(32)).unwrap();
    let sick = folder.run(&["doctor"]);
    assert!(!sick.status.success());
    let table = String::from_utf8_lossy(&sick.stdout).into_owned();
    assert!(table.contains("signing keys") && table.contains("put back the master key"), "{table}");
}

#[test]
fn clients_are_added_shown_changed_and_never_shown_with_their_secret() {
    let folder = Folder::new();
    let add = [
        "client",
        "add",
        "portal",
        "--name",
        "某某网",
        "--redirect-uri",
        "https://portal.example/cb",
        "--scope",
        "openid profile phone",
        "--alg",
        "SM2",
        "--with",
        r#"{"policy":{"require_pkce":false},"default_max_age":600}"#,
    ];
    let added = folder.json(&add);
    let secret = added["client_secret"].as_str().unwrap().to_owned();
    assert!(secret.len() >= 43);
    let shown = folder.json(&["client", "show", "portal"]);
    assert_eq!(shown["id_token_signed_response_alg"], "SM2");
    assert_eq!(
        (&shown["policy"]["require_pkce"], &shown["default_max_age"]),
        (&false.into(), &600.into())
    );
    assert!(shown.get("secrets").is_none() && !shown.to_string().contains(&secret));
    let rotated = folder.json(&["client", "rotate-secret", "portal", "--grace-hours", "1"]);
    assert_ne!(rotated["client_secret"], secret.as_str());
    folder.json(&["client", "disable", "portal"]);
    assert_eq!(folder.json(&["client", "list"])[0]["state"], "off");
    folder.json(&["client", "disable", "portal", "--undo"]);
    assert_eq!(folder.json(&["client", "list"])[0]["state"], "on");
    for (arguments, words) in [
        (&add[..], &["taken"][..]),
        (&["client", "show", "nobody"], &["nobody"]),
        (&["client", "add", "a b", "--name", "x"], &["client_id"]),
        (
            &["client", "add", "x", "--name", "x", "--redirect-uri", "http://x.example/cb"],
            &["https"],
        ),
        (
            &["client", "add", "x", "--name", "x", "--redirect-uri", "javascript:alert(1)"],
            &["redirect_uris"],
        ),
        (
            &["client", "add", "x", "--name", "x", "--redirect-uri", "https://*.x.example/"],
            &["redirect_uris"],
        ),
        (&["client", "add", "x", "--name", "x"], &["redirect_uris"]),
        (&["client", "add", "x", "--name", "x", "--alg", "none"], &["--alg"]),
        (&["client", "add", "x", "--name", "x", "--with", "{\"nope\":1}"], &["nope"]),
    ] {
        assert_refused(&folder.run(arguments), words);
    }
    assert_eq!(folder.json(&["client", "list"]).as_array().unwrap().len(), 1, "nothing was kept");
}

#[test]
fn keys_are_listed_and_rotated() {
    let folder = Folder::new();
    let keys = folder.json(&["keys", "list"]);
    assert_eq!(keys.as_array().unwrap().len(), 5);
    let rotated = folder.json(&["keys", "rotate"]);
    assert_eq!(rotated["rotated"].as_array().unwrap().len(), 5);
    let states: Vec<_> = folder
        .json(&["keys", "list"])
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["state"].as_str().unwrap().to_owned())
        .collect();
    for state in ["next", "current", "retired"] {
        assert_eq!(states.iter().filter(|found| *found == state).count(), 5, "{state}");
    }
}

#[test]
fn a_register_is_looked_at_and_imported() {
    let folder = Folder::new();
    let people: Vec<String> = (1..=3)
        .map(Person::synthetic)
        .map(|person| format!("{},{}", person.name, person.id_number))
        .collect();
    let people = people.join("\n");
    let bad = "<b>,990018194110240058\n测试四,123\n测试五\n";
    folder.write("people.csv", &format!("name,id_number\n{people}\n{bad}"));
    let synthetic = [("YIHAO__ACCEPT_SYNTHETIC", "true")];
    let import = |more: &[&str]| -> Value {
        let mut arguments = vec!["register", "import", "people", "people.csv", "--json"];
        arguments.extend(more);
        let output = folder.run_with(&arguments, &synthetic);
        assert_refused(&output, &["3 rows were refused", "people.csv.refused.csv"]);
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let looked = import(&["--dry-run"]);
    assert_eq!((&looked["rows"], &looked["refused"]), (&6.into(), &3.into()), "{looked}");
    assert_eq!(import(&[])["written"], 3);
    let names = folder.write("names.csv", "name\n测试一\n");
    let missing = folder.run(&["register", "import", "people", names.to_str().unwrap()]);
    assert_refused(&missing, &["id_number"]);
    assert_refused(&folder.run(&["register", "import", "people", "none.csv"]), &["none.csv"]);
    let told = folder.run_with(&["register", "import", "people", "people.csv"], &synthetic);
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.contains("line 5: not a name") && !told.contains("990018194110240058"), "{told}");
}

#[test]
fn the_audit_chain_is_verified_and_exported_without_persons() {
    let folder = Folder::new();
    folder.json(&["keys", "rotate"]);
    let found = folder.json(&["audit", "verify"]);
    assert!(found["records"].as_i64().unwrap() >= 10, "{found}");
    let export = folder.run(&["audit", "export"]);
    let lines = String::from_utf8(export.stdout).unwrap();
    for (number, line) in lines.lines().enumerate() {
        let record: Value = serde_json::from_str(line).unwrap();
        assert_eq!(record["sequence"], number + 1);
    }
    let database = folder.0.join("data/yihao.db");
    set_version(&database, "UPDATE audit SET reason = 'nothing happened' WHERE sequence = 3");
    let broken = folder.run(&["audit", "verify"]);
    assert_refused(&broken, &["broken"]);
    assert!(String::from_utf8_lossy(&broken.stdout).contains("at 3: the record was changed"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_shown_masked_locked_and_unlocked() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let person = Person::synthetic(1);
    provider.add_person(&person).await;
    let browser = crate::support::Browser::new();
    log_in(&provider, &browser, &person).await;
    let account = provider.account(&person).await.id.to_string();
    let config = &provider.provider.config;
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_yihao"))
            .args(arguments)
            .env("YIHAO__ISSUER", config.issuer_text())
            .env("YIHAO__DATA_DIR", &config.data_dir)
            .env("YIHAO__LOG__FILTER", "off")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let shown = run(&["account", "show", &account]);
    assert!(shown.contains("active"), "{shown}");
    for whole in [&person.name, &person.id_number, &person.phone] {
        assert!(!shown.contains(whole.as_str()), "{shown}");
    }
    run(&["account", "lock", &account]);
    assert!(!crate::support::login::is_logged_in(&provider, &browser).await);
    run(&["account", "unlock", &account]);
    log_in(&provider, &browser, &person).await;
}
