//! The population register behind the province's data-sharing platform (design D11; security.md A-50, F10,
//! F29): the platform is `yihao mock-province`, a process of its own that checks every line of the contract.

use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use crate::support::Backend;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::login::sign_up_form;
use crate::support::provider::free_port;

const SECRET: &str = "what the province and we share";

/// The platform; it ends with the test.
struct Province {
    process: Child,
    dir: PathBuf,
    port: u16,
}

impl Province {
    /// With these people in its register.
    fn start(people: &[&Person]) -> Self {
        let dir = std::env::temp_dir().join(format!("yihao-province-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(dir.join("secret"), SECRET).unwrap();
        let mut file = std::fs::File::create(dir.join("people.csv")).unwrap();
        writeln!(file, "name,id_number").unwrap();
        for person in people {
            writeln!(file, "{},{}", person.name, person.id_number).unwrap();
        }
        let port = free_port();
        Self { process: Self::spawn(&dir, port), dir, port }
    }

    fn spawn(dir: &std::path::Path, port: u16) -> Child {
        let mut process = Command::new(env!("CARGO_BIN_EXE_yihao"))
            .args(["mock-province", "--until-stdin-ends", "--listen", &format!("127.0.0.1:{port}")])
            .arg("--secret-file")
            .arg(dir.join("secret"))
            .arg("--people")
            .arg(dir.join("people.csv"))
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

    fn stop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn start_again(&mut self) {
        self.process = Self::spawn(&self.dir, self.port);
    }

    async fn fail(&self, fault: &str) {
        let url = format!("http://127.0.0.1:{}/fault", self.port);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.put(url).body(fault.to_owned()).send().await.unwrap();
        assert_eq!(answer.status(), 204, "{fault}");
    }

    /// A provider that asks this platform.
    async fn provider(&self, backend: Backend, secret: &str) -> TestProvider {
        let secret_file = self.dir.join("secret of the provider");
        std::fs::write(&secret_file, secret).unwrap();
        TestProvider::start_with(backend, |config| {
            let url = format!("http://127.0.0.1:{}/population/compare", self.port);
            config.population.url = Some(url.parse().unwrap());
            config.population.secret_file = Some(secret_file);
            config.outbound.allow = vec![format!("127.0.0.1:{}", self.port)];
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

async fn sign_up(provider: &TestProvider, person: &Person) -> Page {
    let browser = Browser::new();
    let page = browser.get(&provider.url("/signup")).await;
    browser.submit(&page, &sign_up_form(person, "lantern over the lake")).await
}

/// It was told to come back, and nothing is different from before.
fn assert_away(provider: &TestProvider, page: &Page, why: &str) {
    assert_eq!(page.status, 503, "{why}: {}", page.body);
    assert!(!page.header("retry-after").is_empty(), "{why}");
    assert!(provider.outbox.messages().is_empty(), "{why}: no code was sent");
}

async fn confirms_and_denies(backend: Backend) {
    let (known, stranger) = (Person::synthetic(50), Person::synthetic(51));
    let province = Province::start(&[&known]);
    let provider = province.provider(backend, SECRET).await;
    let denied = sign_up(&provider, &stranger).await;
    assert_eq!(denied.status, 400, "{}", denied.body);
    let misnamed = Person { name: stranger.name.clone(), ..known.clone() };
    assert_eq!(sign_up(&provider, &misnamed).await.status, 400);
    assert!(provider.outbox.messages().is_empty());
    let confirmed = sign_up(&provider, &known).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    assert!(!provider.code_sent_to(&known.phone).await.is_empty());
}

#[tokio::test]
async fn the_platform_decides_who_signs_up_on_sqlite() {
    confirms_and_denies(Backend::Sqlite).await;
}

#[tokio::test]
async fn the_platform_decides_who_signs_up_on_postgres() {
    if let Some(backend) = Backend::postgres() {
        confirms_and_denies(backend).await;
    }
}

/// F29: down, forged, senseless, refusing: no answer is made up, and the next moment it works again.
#[tokio::test]
async fn what_is_no_answer_decides_nothing() {
    let person = Person::synthetic(50);
    let province = Province::start(&[&person]);
    let provider = province.provider(Backend::Sqlite, SECRET).await;
    for fault in ["down", "forged", "garbage", "refusing"] {
        province.fail(fault).await;
        assert_away(&provider, &sign_up(&provider, &person).await, fault);
    }
    let refused = provider.audit(20).await;
    assert!(!refused.iter().any(|line| line.starts_with("sign_up refused")), "{refused:?}");
    province.fail("none").await;
    assert_eq!(sign_up(&provider, &person).await.status, 200);
}

/// A secret that is not the platform's confirms nobody.
#[tokio::test]
async fn a_wrong_secret_confirms_nobody() {
    let person = Person::synthetic(50);
    let province = Province::start(&[&person]);
    let provider = province.provider(Backend::Sqlite, "a secret of our own alone").await;
    assert_away(&provider, &sign_up(&provider, &person).await, "wrong secret");
}

/// F10: who waits for a slow platform waits no longer than one call takes.
#[tokio::test]
async fn a_slow_platform_is_given_up() {
    let person = Person::synthetic(50);
    let province = Province::start(&[&person]);
    let provider = province.provider(Backend::Sqlite, SECRET).await;
    province.fail("slow").await;
    let begin = Instant::now();
    assert_away(&provider, &sign_up(&provider, &person).await, "slow");
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
}

/// F29: who keeps failing is left alone for a while; then one question decides for all.
#[tokio::test]
async fn a_platform_that_is_gone_is_left_alone_and_found_again() {
    let people: Vec<Person> = (50..60).map(Person::synthetic).collect();
    let mut province = Province::start(&people.iter().collect::<Vec<_>>());
    let provider = province.provider(Backend::Sqlite, SECRET).await;
    province.stop();
    for person in &people[..5] {
        assert_away(&provider, &sign_up(&provider, person).await, "gone");
    }
    province.start_again();
    assert_away(&provider, &sign_up(&provider, &people[5]).await, "left alone");
    provider.clock.advance(31_000);
    for person in &people[6..8] {
        assert_eq!(sign_up(&provider, person).await.status, 200);
    }
}
