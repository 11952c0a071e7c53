//! A provider of one test: its own port, its own database, its own clock.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use sqlx::Connection;
use sqlx::Executor;
use yihao::audit;
use yihao::cli::serve;
use yihao::cli::serve::Running;
use yihao::clock::Clock;
use yihao::config::Config;
use yihao::domain::account::Account;
use yihao::domain::account::Profile;
use yihao::domain::audit_event::AuditKind;
use yihao::domain::client::Client;
use yihao::domain::legal_entity::LegalEntity;
use yihao::domain::request_context::RequestContext;
use yihao::notify::MemoryOutbox;
use yihao::people::sign_up;
use yihao::protocol::registration;
use yihao::provider::Provider;
use yihao::registers::replica;
use yihao::store::sql::AuditQuery;

use crate::support::Person;
use crate::support::fixture;

/// Which database a test runs on.
#[derive(Debug, Clone)]
pub enum Backend {
    /// A file of its own.
    Sqlite,
    /// A database of its own on this server.
    Postgres(String),
}

impl Backend {
    /// The PostgreSQL server the tests may use. Without one the test is left out, unless it is
    /// demanded.
    pub fn postgres() -> Option<Self> {
        let url = std::env::var("YIHAO_TEST_POSTGRES_URL").ok();
        let demanded = std::env::var("YIHAO_TEST_REQUIRE_POSTGRES").is_ok_and(|text| text == "1");
        assert!(url.is_some() || !demanded, "YIHAO_TEST_POSTGRES_URL is needed and not set");
        url.map(Self::Postgres)
    }
}

/// A provider that runs for one test.
pub struct TestProvider {
    /// Where it is, `http://localhost:port`; of a first node also its issuer.
    pub issuer: String,
    /// Its clock; tests move it and wait for nothing.
    pub clock: Clock,
    /// The provider, to look behind the door.
    pub provider: Provider,
    /// What would have been sent.
    pub outbox: MemoryOutbox,
    running: Option<Running>,
    database: Option<(String, String)>,
    data_dir: PathBuf,
}

impl TestProvider {
    /// Starts one with the people and clients of the fixture.
    pub async fn start(backend: Backend) -> Self {
        Self::start_with(backend, |_| {}).await
    }

    /// Starts one with another configuration.
    pub async fn start_with(backend: Backend, change: impl FnOnce(&mut Config)) -> Self {
        let tag = uuid::Uuid::new_v4().simple().to_string();
        let data_dir = std::env::temp_dir().join(format!("yihao-test-{tag}"));
        let port = free_port();
        let mut config = Config {
            issuer: format!("http://localhost:{port}").parse().unwrap(),
            listen: ([127, 0, 0, 1], port).into(),
            data_dir: data_dir.clone(),
            accept_synthetic: true,
            ..Config::default()
        };
        config.database.connections = 8;
        config.password.workers = 2;
        // A test means the same at every hour: the officers it makes at night are no alert.
        config.monitor.night_acts.enabled = false;
        let database = match backend {
            Backend::Sqlite => None,
            Backend::Postgres(server) => {
                let name = format!("yihao_{tag}");
                run(&server, &format!("CREATE DATABASE {name}")).await;
                let mut url: url::Url = server.parse().unwrap();
                url.set_path(&name);
                config.database.url = url.to_string();
                migrate(&config).await;
                Some((server, name))
            }
        };
        change(&mut config);
        let clock = Clock::system();
        // On the heap: the futures of tests that start a provider stay small.
        let starting = Box::pin(serve::start(config, clock.clone(), true));
        let running = starting.await.expect("the provider starts");
        // With a gateway of its own a test looks there.
        let outbox = running.composed.outbox.clone();
        let outbox = outbox.unwrap_or_else(|| MemoryOutbox::new(clock.clone(), "一号"));
        let started = Self {
            issuer: format!("http://localhost:{port}"),
            clock,
            provider: running.composed.provider.clone(),
            outbox,
            running: Some(running),
            database,
            data_dir,
        };
        if started.provider.config.issuer_is_loopback() {
            for client in fixture::clients() {
                started.add_client(&client).await;
            }
        }
        started
    }

    /// A second node of the same deployment: its own port, cache and clock.
    pub async fn second_node(&self, change: impl FnOnce(&mut Config)) -> Self {
        let port = free_port();
        let mut config = self.provider.config.clone();
        config.listen = ([127, 0, 0, 1], port).into();
        change(&mut config);
        let clock = Clock::system();
        let running = serve::start(config, clock.clone(), true).await.expect("the node starts");
        Self {
            issuer: format!("http://localhost:{port}"),
            clock,
            provider: running.composed.provider.clone(),
            outbox: running.composed.outbox.clone().expect("messages are kept"),
            running: Some(running),
            database: None,
            data_dir: std::env::temp_dir().join("yihao-test-second-node"),
        }
    }

    /// Ends its listener; folder, database and address stay, for other nodes to take over.
    pub async fn stop(&mut self) {
        let running = self.running.take().expect("it runs");
        running.stop().await.expect("it ends in order");
    }

    /// Registers a client.
    pub async fn add_client(&self, client: &Client) {
        let context = RequestContext::internal("test");
        registration::add(&self.provider, &context, client)
            .await
            .expect("the client is registered");
    }

    /// Changes a registered client.
    pub async fn change_client(&self, id: &str, change: impl FnOnce(&mut Client)) {
        let context = RequestContext::internal("test");
        let id = yihao::domain::client::ClientId::parse(id).unwrap();
        let found = self.provider.store.find_client(&id).await.unwrap().expect("a client");
        let mut client = Client::clone(&found);
        change(&mut client);
        registration::replace(&self.provider, &context, &client).await.unwrap();
    }

    /// Puts a person into the register, and makes an account if the person has a password.
    pub async fn add_person(&self, person: &Person) {
        let provider = &self.provider;
        let entry = replica::person(&provider.vault, &person.name, person.key());
        provider.store.import_people(vec![entry], provider.clock.now()).await.unwrap();
        let Some(password) = &person.password else { return };
        let hash = provider.passwords.hash(password.as_bytes()).await.unwrap();
        self.add_account(&person.profile(), hash, person).await;
    }

    /// Puts an organisation into the register, or what it says now in the place of what it said.
    pub async fn add_organisation(&self, entity: &LegalEntity) {
        let entry = replica::organisation(&self.provider.vault, entity);
        let now = self.provider.clock.now();
        self.provider.store.import_legal_entities(vec![entry], now).await.unwrap();
    }

    /// Makes an account that has no phone.
    pub async fn add_person_without_phone(&self, person: &Person) {
        let hash = self.provider.passwords.hash(person.password().as_bytes()).await.unwrap();
        self.add_account(&Profile { phone: None, ..person.profile() }, hash, person).await;
    }

    /// Makes an account.
    pub async fn add_account(&self, profile: &Profile, hash: String, person: &Person) {
        let provider = &self.provider;
        let new = sign_up::new_account(provider, profile, Some(hash), person.assurance);
        let new = new.unwrap();
        let context = RequestContext::internal("test");
        let record = |kind| audit::done(kind).account(&new.account).record(provider, &context);
        let (done, taken) = (record(AuditKind::SignUp), record(AuditKind::SignUp));
        assert!(provider.store.add_account(new, done, taken).await.unwrap(), "a new account");
    }

    /// The account of a person.
    pub async fn account(&self, person: &Person) -> Account {
        let digest = self.provider.vault.index_person(person.key());
        let found = self.provider.store.find_account_by_identifier(&digest).await;
        found.unwrap().expect("an account")
    }

    /// The newest audit records, newest first, as `kind outcome reason`; not those of housekeeping, monitoring
    /// and deliveries, which come when they come.
    pub async fn audit(&self, limit: usize) -> Vec<String> {
        let query = AuditQuery { account_id: None, before: None, limit: 500 };
        let records = self.provider.store.find_audit(&query).await.unwrap();
        let line = |record: yihao::domain::audit_event::AuditRecord| {
            format!("{} {} {}", record.kind, record.outcome, record.reason).trim().to_owned()
        };
        let on_their_own = [
            AuditKind::KeysRotated,
            AuditKind::AlertRaised,
            AuditKind::AlertDelivered,
            AuditKind::LogoutDelivered,
        ];
        let requested = |record: &yihao::domain::audit_event::AuditRecord| {
            !on_their_own.map(AuditKind::as_str).contains(&&*record.kind)
        };
        let records = records.into_iter().map(|sealed| sealed.record);
        records.filter(requested).take(limit).map(line).collect()
    }

    /// The code of the newest message to this phone.
    pub async fn code_sent_to(&self, phone: &str) -> String {
        let sent = self.last_message_to(phone).await;
        sent.and_then(|sent| sent.code).expect("a code was sent")
    }

    /// An address of the provider.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }
}

impl Drop for TestProvider {
    fn drop(&mut self) {
        // The runtime ends with the test; what is left are the folder and the database.
        drop(self.running.take());
        let _ = std::fs::remove_dir_all(&self.data_dir);
        if let Some((server, name)) = self.database.take() {
            let drop_it = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            let forget = move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                if let Ok(runtime) = runtime {
                    runtime.block_on(run(&server, &drop_it));
                }
            };
            let _ = std::thread::spawn(forget).join();
        }
    }
}

/// A port nobody listens on. It is below those that the system gives to outgoing connections, and no other
/// test of this run is told it, so that nobody takes it before it is listened on.
pub fn free_port() -> u16 {
    const FIRST: u32 = 12_000;
    const PORTS: u32 = 20_000;
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    // Runs beside this one begin elsewhere.
    let begin = std::process::id().wrapping_mul(7919);
    loop {
        let next = begin.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed)) % PORTS;
        let port = u16::try_from(FIRST + next).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

async fn run(server: &str, statement: &str) {
    let mut connection = sqlx::PgConnection::connect(server).await.expect("the test server");
    connection.execute(sqlx::AssertSqlSafe(statement.to_owned())).await.expect("the statement");
}

async fn migrate(config: &Config) {
    let store = yihao::cli::compose::open_store(config).await.unwrap();
    store.migrate().await.unwrap();
}
