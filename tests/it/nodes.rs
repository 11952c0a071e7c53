//! Two nodes of one deployment, with Redis and without (design 6, D6, D8; security.md F14, F15, F17,
//!

use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use futures_util::StreamExt;
use yihao::domain::account::AccountStatus;

use crate::support::Backend;
use crate::support::Browser;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::login::try_password;
use crate::support::provider::free_port;

/// A Redis of one test.
struct Redis {
    process: Child,
    url: String,
}

impl Redis {
    /// None where there is no `redis-server`, unless it is demanded.
    async fn start() -> Option<Self> {
        let port = free_port();
        let process = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
            .stdout(Stdio::null())
            .spawn();
        let demanded = std::env::var("YIHAO_TEST_REDIS_URL").is_ok();
        assert!(process.is_ok() || !demanded, "redis-server is needed and missing");
        let redis = Self { process: process.ok()?, url: format!("redis://127.0.0.1:{port}/") };
        for _ in 0..100 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(redis);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("redis does not start");
    }

    fn signal(&self, signal: &str) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Two nodes on one PostgreSQL, somebody logged in at the first, and a token.
struct Scene {
    one: TestProvider,
    two: TestProvider,
    browser: Browser,
    web1: RelyingParty,
    access_token: String,
}

async fn scene(redis: Option<&Redis>) -> Option<Scene> {
    let url = redis.map(|redis| redis.url.clone());
    let backend = Backend::postgres()?;
    let one = TestProvider::start_with(backend, |config| config.redis.url.clone_from(&url)).await;
    let two = one.second_node(|_| {}).await;
    // Both nodes listen to Redis before anything happens.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let person = Person::synthetic(1);
    one.add_person(&person).await;
    let (browser, web1) = (Browser::new(), RelyingParty::new(&one, "web1"));
    let landing = web1.log_in(&browser, &person, &[]).await;
    let answer = web1.redeem(landing.code()).await.json();
    let access_token = answer["access_token"].as_str().unwrap().to_owned();
    Some(Scene { one, two, browser, web1, access_token })
}

impl Scene {
    async fn is_active(&self, node: &TestProvider) -> bool {
        let url = node.url("/oauth2/introspect");
        let basic = self.web1.basic(crate::support::fixture::SECRET);
        let fields = [("token", &*self.access_token)];
        let page = Browser::new().post_with(&url, &[("authorization", &basic)], &fields).await;
        assert_eq!(page.status, 200, "{}", page.body);
        page.json()["active"] == true
    }

    async fn is_logged_in(&self, node: &TestProvider) -> bool {
        self.browser.copy().get(&node.url("/account")).await.status == 200
    }

    async fn log_out(&self, node: &TestProvider) {
        let page = self.browser.copy().get(&node.url("/oauth2/logout")).await;
        assert_eq!(page.status, 200);
        let copy = self.browser.copy();
        let page = copy.get(&node.url("/oauth2/logout")).await;
        assert_eq!(copy.submit(&page, &[]).await.status, 200);
    }

    async fn revoke(&self) {
        let page = self.web1.call("/oauth2/revoke", &[("token", &self.access_token)]).await;
        assert_eq!(page.status, 200);
    }

    /// Whether the other node sees the revocation within a second of real time.
    async fn is_seen_at_once(&self) -> bool {
        for _ in 0..20 {
            if !self.is_active(&self.two).await {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        false
    }
}

#[tokio::test]
async fn with_redis_a_revocation_is_seen_on_the_other_node_at_once() {
    let Some(redis) = Redis::start().await else { return };
    let Some(scene) = scene(Some(&redis)).await else { return };
    assert!(scene.is_active(&scene.one).await && scene.is_active(&scene.two).await);
    scene.revoke().await;
    assert!(scene.is_seen_at_once().await);
}

#[tokio::test]
async fn without_redis_a_revocation_is_seen_within_five_seconds() {
    let Some(scene) = scene(None).await else { return };
    assert!(scene.is_active(&scene.two).await);
    scene.revoke().await;
    assert!(!scene.is_active(&scene.one).await, "at once where it happened");
    scene.two.clock.advance(5_001);
    assert!(!scene.is_active(&scene.two).await);
}

/// no node remembers a session.
#[tokio::test]
async fn a_logout_on_one_node_is_a_logout_on_every_node() {
    let Some(scene) = scene(None).await else { return };
    assert!(scene.is_logged_in(&scene.one).await && scene.is_logged_in(&scene.two).await);
    scene.log_out(&scene.one).await;
    assert!(!scene.is_logged_in(&scene.two).await);
    assert!(!scene.is_logged_in(&scene.one).await);
}

/// a session ended from the list of sessions on one node is dead on the other at once.
#[tokio::test]
async fn a_session_ended_on_one_node_is_dead_on_the_other() {
    let Some(scene) = scene(None).await else { return };
    let elsewhere = Browser::new();
    let page = elsewhere.get(&scene.two.url("/login")).await;
    let person = Person::synthetic(1);
    let fields = [("identifier", &*person.id_number), ("password", person.password())];
    assert_eq!(elsewhere.submit(&page, &fields).await.status, 303);
    let is_in = async || elsewhere.get(&scene.two.url("/account")).await.status == 200;
    assert!(is_in().await);

    let list = scene.browser.get(&scene.one.url("/account/sessions")).await;
    scene.browser.press(&list, "end-all", &[("end", "all")]).await;

    assert!(!is_in().await && !scene.is_logged_in(&scene.two).await);
}

/// a client that was switched off, or an account that was locked, on one node is out at every door of the
/// other within five seconds, and at once where nothing is remembered.
#[tokio::test]
async fn what_is_switched_off_on_one_node_is_off_on_the_other() {
    for locked in [false, true] {
        let Some(scene) = scene(None).await else { return };
        let (one, two, person) = (&scene.one, &scene.two, Person::synthetic(1));
        let code = scene.web1.log_in(&scene.browser, &person, &[]).await.code().to_owned();
        let web1 = RelyingParty::new(two, "web1");
        let elsewhere = scene.browser.copy();
        assert!(scene.is_active(two).await, "the other node knows it");
        assert_eq!(web1.userinfo(&scene.access_token).await.status, 200);
        let spare = web1.log_in(&elsewhere, &person, &[]).await;
        let refresh = web1.redeem(spare.code()).await.json()["refresh_token"].clone();
        let refresh = refresh.as_str().unwrap();

        if locked {
            one.set_status(&person, AccountStatus::Locked).await;
        } else {
            one.switch_client("web1", true).await;
        }
        // Clients are believed for five seconds of a clock that no test moves.
        tokio::time::sleep(Duration::from_millis(5_100)).await;
        two.clock.advance(5_001);

        assert_eq!(web1.userinfo(&scene.access_token).await.status, 401, "{locked}");
        let error = if locked { "invalid_grant" } else { "invalid_client" };
        for refused in [web1.redeem(&code).await, web1.refresh(refresh).await] {
            assert_eq!(refused.json()["error"], error, "{}", refused.body);
        }
        let asked = elsewhere.get(&web1.authorize(&[])).await;
        let login = Browser::new();
        let identity = (&*person.id_number, person.password());
        if locked {
            assert!(!scene.is_active(two).await);
            let to = asked.location().map(|to| to.path().to_owned());
            assert_eq!(to.as_deref(), Some("/login"), "{}", asked.body);
            assert_eq!(elsewhere.get(&two.url("/account")).await.status, 303);
            assert_eq!(try_password(two, &login, identity).await.status, 400);
        } else {
            let told = web1.call("/oauth2/introspect", &[("token", &scene.access_token)]).await;
            assert_eq!(told.json()["error"], "invalid_client");
            assert_eq!((asked.status, asked.location()), (400, None), "{}", asked.body);
            assert_eq!(try_password(two, &login, identity).await.status, 303, "the person goes on");
        }
    }
}

/// F14, F15, F17: stopped, hanging or flushed, Redis logs nobody out and loosens nothing.
#[tokio::test]
async fn a_lost_redis_logs_nobody_out_and_loosens_nothing() {
    for trouble in ["-STOP", "-KILL", "flush"] {
        let Some(redis) = Redis::start().await else { return };
        let Some(scene) = scene(Some(&redis)).await else { return };
        assert!(scene.is_active(&scene.two).await);
        if trouble == "flush" {
            let client = redis::Client::open(redis.url.as_str()).unwrap();
            let mut connection = client.get_multiplexed_async_connection().await.unwrap();
            redis::cmd("FLUSHALL").query_async::<()>(&mut connection).await.unwrap();
        } else {
            redis.signal(trouble);
        }
        assert!(scene.is_logged_in(&scene.one).await && scene.is_logged_in(&scene.two).await);
        scene.revoke().await;
        assert!(!scene.is_active(&scene.one).await, "{trouble}");
        scene.two.clock.advance(5_001);
        assert!(!scene.is_active(&scene.two).await, "{trouble}");
        scene.log_out(&scene.two).await;
        assert!(!scene.is_logged_in(&scene.one).await, "{trouble}");
        if trouble == "-STOP" {
            redis.signal("-CONT");
        }
    }
}

/// What nodes tell each other through Redis names rows, never people.
#[tokio::test]
async fn nothing_of_a_person_passes_through_redis() {
    let Some(redis) = Redis::start().await else { return };
    let client = redis::Client::open(redis.url.as_str()).unwrap();
    let mut monitor = client.get_async_pubsub().await.unwrap();
    monitor.psubscribe("*").await.unwrap();
    let Some(scene) = scene(Some(&redis)).await else { return };
    scene.revoke().await;
    scene.log_out(&scene.one).await;
    let person = Person::synthetic(1);
    let mut told = 0;
    let mut messages = monitor.on_message();
    while let Ok(Some(message)) =
        tokio::time::timeout(Duration::from_millis(500), messages.next()).await
    {
        let text: String = message.get_payload().unwrap();
        told += 1;
        for personal in [&person.name, &person.id_number, &person.phone, &scene.access_token] {
            assert!(!text.contains(personal.as_str()), "{text}");
        }
    }
    assert!(told >= 2, "a revocation and a logout were told");
}
