//! Notices while the gateway of text messages is away, slow or says no (security.md F29): what happened to an
//! account is told later rather than never; a code is worth nothing later and does not wait.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::post;
use serde_json::Value;
use serde_json::json;

use crate::on_both_backends;
use crate::support::Backend;
use crate::support::Browser;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::login::ask_for_code;
use crate::support::login::log_in;

/// What the gateway does with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Takes,
    Away,
    Refuses,
    /// It hears, and does not answer.
    Hangs,
}

/// A gateway with moods, and what it was asked to send.
#[derive(Clone)]
struct Gateway {
    mood: Arc<Mutex<Mood>>,
    asked: Arc<Mutex<Vec<Value>>>,
    taken: Arc<Mutex<Vec<Value>>>,
}

impl Gateway {
    fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn taken(&self) -> Vec<Value> {
        self.taken.lock().unwrap().clone()
    }

    fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }
}

async fn send(State(gateway): State<Gateway>, Json(message): Json<Value>) -> Response {
    gateway.asked.lock().unwrap().push(message.clone());
    let mood = *gateway.mood.lock().unwrap();
    match mood {
        Mood::Takes => {
            let receipt = message["message_id"].clone();
            gateway.taken.lock().unwrap().push(message);
            Json(json!({ "code": 0, "receipt": receipt })).into_response()
        }
        Mood::Away => http::StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Mood::Refuses => Json(json!({ "code": 1042, "message": "no" })).into_response(),
        Mood::Hangs => std::future::pending().await,
    }
}

/// A provider that sends through it, and a person who is logged in.
async fn scene(backend: Backend, seed: u64) -> (Gateway, TestProvider, Person, Browser) {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let gateway = Gateway {
        mood: Arc::new(Mutex::new(Mood::Away)),
        asked: Arc::default(),
        taken: Arc::default(),
    };
    let router = Router::new().route("/sms", post(send)).with_state(gateway.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let provider = TestProvider::start_with(backend, |config| {
        std::fs::create_dir_all(&config.data_dir).unwrap();
        let secret = config.data_dir.join("sms.secret");
        std::fs::write(&secret, "what the gateway and we share").unwrap();
        config.outbound.allow.push(address.to_string());
        config.sms.url = Some(format!("http://{address}/sms").parse().unwrap());
        "yihao".clone_into(&mut config.sms.app_id);
        config.sms.secret_file = Some(secret);
        for name in ["login_code", "bind_phone", "reset_password", "security_notice"] {
            config.sms.templates.insert(name.to_owned(), format!("SMS_{name}"));
        }
    })
    .await;
    let (person, browser) = (Person::synthetic(seed), Browser::new());
    provider.add_person(&person).await;
    log_in(&provider, &browser, &person).await;
    (gateway, provider, person, browser)
}

/// Something its owner is told of: every known browser is forgotten.
async fn is_to_be_told(provider: &TestProvider, browser: &Browser) {
    forget_browsers(provider, browser).await;
    provider.messages_sent().await;
}

async fn forget_browsers(provider: &TestProvider, browser: &Browser) {
    let csrf = browser.get(&provider.url("/account/sessions")).await.csrf();
    let fields = [("csrf", &*csrf), ("forget", "all")];
    let done = browser.post(&provider.url("/account/sessions"), &fields).await;
    assert_eq!(done.status, 303, "{}", done.body);
}

/// How many notices wait, and how many were given up.
async fn waiting(provider: &TestProvider) -> [i64; 2] {
    let rows =
        ["waiting_message WHERE given_up_at IS NULL", "waiting_message WHERE given_up_at > 0"];
    provider.rows(&rows).await.try_into().unwrap()
}

/// Until so many wait and so many were given up.
async fn until(provider: &TestProvider, wanted: [i64; 2]) {
    for _ in 0..400 {
        if waiting(provider).await == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{:?} wait or were given up, not {wanted:?}", waiting(provider).await);
}

on_both_backends!(
    /// F29: the gateway is away, the change is made at once, the notice waits sealed and is taken when the gateway
    /// is back, once, under the number it was first sent with.
    a_notice_waits_until_the_gateway_is_back,
    |backend| {
        let (gateway, provider, person, browser) = scene(backend, 8_801).await;
        is_to_be_told(&provider, &browser).await;
        assert_eq!(waiting(&provider).await, [1, 0]);
        let first = gateway.asked()[0].clone();
        assert_eq!(first["phone"], json!(person.phone));
        let later = provider.clock.now().plus(Duration::from_hours(1));
        let kept = provider.provider.store.due_messages(later).await.unwrap();
        let digits = person.phone.trim_start_matches('+').as_bytes();
        assert!(!kept[0].sealed.windows(digits.len()).any(|part| part == digits), "sealed");

        provider.clock.advance(31_000);
        while gateway.asked().len() < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        gateway.is(Mood::Takes);
        provider.clock.advance(61_000);
        until(&provider, [0, 0]).await;

        let taken = gateway.taken();
        assert_eq!(taken.len(), 1, "once");
        for field in ["message_id", "phone", "variables"] {
            assert_eq!(taken[0][field], first[field], "{field}: as it was first sent");
        }
        let again = Browser::new();
        log_in(&provider, &again, &person).await;
        is_to_be_told(&provider, &again).await;
        assert_eq!((gateway.taken().len(), waiting(&provider).await), (2, [0, 0]), "as ever");
    }
);

on_both_backends!(
    /// F29, A-79: a notice is kept before it leaves, so that a node that is killed while the gateway thinks leaves it
    /// to the others; and forgotten once it was taken.
    a_notice_is_kept_before_it_leaves,
    |backend| {
        let (gateway, provider, _, browser) = scene(backend, 8_804).await;
        gateway.is(Mood::Hangs);
        forget_browsers(&provider, &browser).await;
        while gateway.asked().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!((gateway.taken().len(), waiting(&provider).await), (0, [1, 0]));
        // As another node finds it later: under the same number, so that the gateway says it once.
        gateway.is(Mood::Takes);
        provider.clock.advance(31_000);
        until(&provider, [0, 0]).await;
        assert_eq!(gateway.taken()[0]["message_id"], gateway.asked()[0]["message_id"]);
    }
);

on_both_backends!(
    /// What the gateway will never take does not wait, nor does a code, which is worth nothing later.
    codes_and_refused_messages_do_not_wait,
    |backend| {
        let (gateway, provider, person, browser) = scene(backend, 8_802).await;
        let page = ask_for_code(&provider, &Browser::new(), &person.phone).await;
        assert_eq!(page.status, 200, "{}", page.body);
        provider.messages_sent().await;
        gateway.is(Mood::Refuses);
        is_to_be_told(&provider, &browser).await;
        assert_eq!((gateway.asked().len(), waiting(&provider).await), (2, [0, 0]));
    }
);

on_both_backends!(
    /// After a day a notice is news no more: it is given up, emptied, and forgotten a day later.
    a_notice_is_given_up_after_a_day,
    |backend| {
        let (_, provider, _, browser) = scene(backend, 8_803).await;
        is_to_be_told(&provider, &browser).await;
        assert_eq!(waiting(&provider).await, [1, 0]);
        provider.clock.advance(25 * 60 * 60 * 1000);
        until(&provider, [0, 1]).await;
        let empty = "SELECT COUNT(*) FROM waiting_message WHERE length(sealed) = 0";
        assert_eq!(provider.count(empty).await, 1);
        let tomorrow = provider.clock.now().plus(Duration::from_hours(25));
        while provider.provider.store.purge(tomorrow).await.unwrap() > 0 {}
        assert_eq!(waiting(&provider).await, [0, 0]);
    }
);
