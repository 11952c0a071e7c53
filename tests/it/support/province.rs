//! The data-sharing platform for one test: `yihao mock-province`, a process of its own that checks every line of
//! the contracts and can be told to fail.

use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use yihao::config::Config;
use yihao::crypto::base64url;
use yihao::crypto::random;
use yihao::domain::identity_check::CheckKind;
use yihao::domain::legal_entity::LegalEntity;
use yihao::signed_call::request_signature;

use crate::support::Backend;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::provider::free_port;

/// What platform and provider share, unless a test says otherwise.
pub const SECRET: &str = "what the province and we share";

/// The platform; it ends with the test.
pub struct Province {
    process: Child,
    dir: PathBuf,
    port: u16,
}

impl Province {
    /// With these people in its register.
    pub fn start(people: &[&Person]) -> Self {
        Self::with(people, &[])
    }

    /// With these people and organisations in its registers.
    pub fn with(people: &[&Person], organisations: &[&LegalEntity]) -> Self {
        let dir = std::env::temp_dir().join(format!("yihao-province-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(dir.join("secret"), SECRET).unwrap();
        let mut file = std::fs::File::create(dir.join("people.csv")).unwrap();
        writeln!(file, "name,id_number,id_type,id_country").unwrap();
        for person in people {
            let (name, number, country) = (&person.name, &person.id_number, &person.id_country);
            writeln!(file, "{name},{number},{},{country}", person.id_type.code()).unwrap();
        }
        Self::write(&dir, organisations);
        let port = free_port();
        Self { process: Self::spawn(&dir, port), dir, port }
    }

    /// Has these organisations from now on.
    pub fn changes_to(&mut self, organisations: &[&LegalEntity]) {
        Self::write(&self.dir, organisations);
        self.stop();
        self.start_again();
    }

    fn write(dir: &Path, organisations: &[&LegalEntity]) {
        let mut file = std::fs::File::create(dir.join("organisations.csv")).unwrap();
        let header = "uscc,name,status,representative_name,representative_id_number,\
                      representative_id_type,representative_id_country";
        writeln!(file, "{header}").unwrap();
        for entity in organisations {
            let known = entity.representative.as_ref();
            let named = known.map(|known| {
                let (name, key) = (known.name.expose(), known.document.key());
                format!("{name},{},{},{}", key.number, key.document_type.code(), key.country)
            });
            let named = named.unwrap_or_else(|| ",,,".to_owned());
            let (uscc, status) = (&entity.uscc, entity.status.as_str());
            writeln!(file, "{uscc},{},{status},{named}", entity.name.as_str()).unwrap();
        }
    }

    fn spawn(dir: &Path, port: u16) -> Child {
        let mut process = Command::new(env!("CARGO_BIN_EXE_yihao"))
            .args(["mock-province", "--until-stdin-ends", "--listen", &format!("127.0.0.1:{port}")])
            .arg("--secret-file")
            .arg(dir.join("secret"))
            .arg("--people")
            .arg(dir.join("people.csv"))
            .arg("--organisations")
            .arg(dir.join("organisations.csv"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let said = process.stdout.as_mut().unwrap();
        BufReader::new(said).read_line(&mut line).unwrap();
        assert!(line.contains("/population/compare"), "{line}");
        process
    }

    /// Ends it, at once.
    pub fn stop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again, at the same address.
    pub fn start_again(&mut self) {
        self.process = Self::spawn(&self.dir, self.port);
    }

    /// Has it fail so from now on.
    pub async fn fail(&self, fault: &str) {
        let url = format!("http://127.0.0.1:{}/fault", self.port);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.put(url).body(fault.to_owned()).send().await.unwrap();
        assert_eq!(answer.status(), 204, "{fault}");
    }

    /// Decides on the page of a verification service; where its visitor is sent then.
    pub async fn decide(&self, page: &str, fields: &[(&str, &str)]) -> String {
        let none = reqwest::redirect::Policy::none();
        let client = reqwest::Client::builder().no_proxy().redirect(none).build().unwrap();
        let shown = client.get(page).send().await.unwrap();
        assert_eq!(shown.status(), 200, "{page}");
        let answer = client.post(page).form(fields).send().await.unwrap();
        assert_eq!(answer.status(), 303, "{page}");
        answer.headers()["location"].to_str().unwrap().to_owned()
    }

    /// A provider that asks this platform.
    pub async fn provider(&self, backend: Backend, secret: &str) -> TestProvider {
        self.provider_with(backend, secret, |_| {}).await
    }

    /// The same, with something more in its configuration.
    pub async fn provider_with(
        &self,
        backend: Backend,
        secret: &str,
        change: impl FnOnce(&mut Config),
    ) -> TestProvider {
        let secret_file = self.dir.join("secret of the provider");
        std::fs::write(&secret_file, secret).unwrap();
        TestProvider::start_with(backend, |config| {
            let url = format!("http://127.0.0.1:{}/population/compare", self.port);
            config.population.url = Some(url.parse().unwrap());
            config.population.secret_file = Some(secret_file.clone());
            let url = format!("http://127.0.0.1:{}/legal-entity/find", self.port);
            config.legal_entities.url = Some(url.parse().unwrap());
            config.legal_entities.secret_file = Some(secret_file.clone());
            for kind in CheckKind::ALL {
                let section = config.verification.of_mut(kind);
                let kind = kind.as_str();
                let url = format!("http://127.0.0.1:{}/verification/{kind}", self.port);
                section.url = Some(url.parse().unwrap());
                section.secret_file = Some(secret_file.clone());
            }
            config.outbound.allow = vec![format!("127.0.0.1:{}", self.port)];
            change(config);
        })
        .await
    }
}

impl Drop for Province {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// A call to us as who shares a secret with us signs it.
pub struct Call {
    /// The path it goes to.
    pub path: String,
    /// What it says.
    pub body: String,
    /// What it is signed with.
    pub secret: &'static str,
    /// What tells it from every other.
    pub nonce: String,
    /// How far the clock of the caller is off, in seconds.
    pub skew: i64,
    /// What is signed instead of the body.
    pub signs: Option<String>,
}

impl Call {
    /// One that is right.
    pub fn new(path: &str, body: String) -> Self {
        let nonce = base64url::encode(random::bytes::<16>());
        Self { path: path.to_owned(), body, secret: SECRET, nonce, skew: 0, signs: None }
    }

    /// Status and `code` of the answer.
    pub async fn make(&self, provider: &TestProvider) -> (u16, i64) {
        let now = provider.clock.now();
        let shift = std::time::Duration::from_secs(self.skew.unsigned_abs());
        let at = if self.skew < 0 { now.minus(shift) } else { now.plus(shift) };
        let date = at.to_rfc3339();
        let signed = self.signs.as_deref().unwrap_or(&self.body);
        let lines = ["POST", &*self.path, &*date, &*self.nonce];
        let signature = request_signature(self.secret.as_bytes(), &lines, signed.as_bytes());
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client
            .post(provider.url(&self.path))
            .header("content-type", "application/json")
            .header("x-yihao-date", date)
            .header("x-yihao-nonce", &*self.nonce)
            .header("x-yihao-signature", signature)
            .body(self.body.clone())
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        let said: serde_json::Value =
            serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        (status, said["code"].as_i64().unwrap())
    }
}
