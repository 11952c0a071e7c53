//! Tests of the HTTP gateway against one that checks every line of the contract.

use super::HttpGateway;
use super::HttpGatewaySettings;
use crate::clock::Clock;
use crate::notify::NotifyError;
use crate::notify::OneTimeCode;
use crate::notify::Receipt;
use crate::notify::SmsGateway;
use crate::notify::SmsMessage;
use crate::notify::SmsTemplate;
use crate::notify::TemplateName;
use crate::outbound::Outbound;
use crate::outbound::OutboundRules;
use crate::signed_call::request_signature;

use std::collections::HashSet;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::post;
use http::HeaderMap;
use http::StatusCode;
use http::Uri;
use serde_json::Value;

const SECRET: &str = "a secret of the gateway and of us";

/// A gateway that verifies signatures and remembers nonces and what it accepted.
#[derive(Clone, Default)]
struct FakeGateway {
    nonces: Arc<Mutex<HashSet<String>>>,
    accepted: Arc<Mutex<Vec<(HeaderMap, String)>>>,
}

impl FakeGateway {
    fn judge(&self, uri: &Uri, headers: &HeaderMap, body: &str) -> i64 {
        let header = |name| headers[name].to_str().unwrap();
        let (date, nonce) = (header("x-yihao-date"), header("x-yihao-nonce"));
        let path = uri.path_and_query().unwrap().as_str();
        let expected =
            request_signature(SECRET.as_bytes(), &["POST", path, date, nonce], body.as_bytes());
        if header("x-yihao-signature") != expected {
            return 4001;
        }
        if !self.nonces.lock().unwrap().insert(nonce.to_owned()) {
            return 4002;
        }
        self.accepted.lock().unwrap().push((headers.clone(), body.to_owned()));
        0
    }
}

async fn good(
    State(fake): State<FakeGateway>,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> Response {
    let code = fake.judge(&uri, &headers, &body);
    axum::Json(serde_json::json!({ "code": code, "receipt": "r-1" })).into_response()
}

async fn start(fake: FakeGateway) -> String {
    let hang = || async {
        tokio::time::sleep(Duration::from_mins(1)).await;
    };
    let router = Router::new()
        .route("/good", post(good))
        .route("/refuse", post(|| async { r#"{"code":1042,"message":"secret words"}"# }))
        .route("/forbid", post(|| async { StatusCode::FORBIDDEN }))
        .route("/busy", post(|| async { StatusCode::TOO_MANY_REQUESTS }))
        .route("/broken", post(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
        .route("/garbage", post(|| async { "<html>login here</html>" }))
        .route("/no-receipt", post(|| async { r#"{"code":0}"# }))
        .route("/hang", post(hang))
        .with_state(fake);
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn settings(address: &str, path: &str) -> HttpGatewaySettings {
    HttpGatewaySettings {
        url: format!("http://{address}{path}").parse().unwrap(),
        app_id: "yihao".to_owned(),
        secret: SECRET.into(),
        signature: "一号".to_owned(),
        template_ids: TemplateName::ALL
            .map(|name| (name, format!("T-{}", name.as_str())))
            .into_iter()
            .collect(),
    }
}

fn outbound(address: &str) -> Outbound {
    let allow = vec![address.parse().unwrap()];
    Outbound::new(OutboundRules { allow, ca_file: None }).unwrap()
}

fn message() -> SmsMessage {
    let code = OneTimeCode::new("123456");
    SmsMessage::new("+8613800138000".parse().unwrap(), SmsTemplate::LoginCode { code })
}

async fn send(path: &str) -> Result<Receipt, NotifyError> {
    let address = start(FakeGateway::default()).await;
    let clock = Clock::system();
    let gateway = HttpGateway::new(settings(&address, path), outbound(&address), clock).unwrap();
    gateway.send(&message()).await
}

#[tokio::test]
async fn an_accepted_message_follows_the_contract() {
    let fake = FakeGateway::default();
    let address = start(fake.clone()).await;
    let settings = settings(&address, "/good?region=14");
    let gateway = HttpGateway::new(settings, outbound(&address), Clock::system()).unwrap();
    let message = message();

    let receipt = gateway.send(&message).await.unwrap();

    assert_eq!(receipt, Receipt("r-1".to_owned()));
    let accepted = fake.accepted.lock().unwrap().clone();
    let body: Value = serde_json::from_str(&accepted[0].1).unwrap();
    let expected = serde_json::json!({
        "app_id": "yihao", "template_id": "T-login_code", "signature": "【一号】",
        "phone": "+8613800138000", "variables": {"code": "123456", "minutes": "5"},
        "message_id": message.message_id,
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_replayed_or_altered_request_is_recognised_by_its_signature() {
    let fake = FakeGateway::default();
    let address = start(fake.clone()).await;
    let outbound = outbound(&address);
    let clock = Clock::system();
    let gateway = HttpGateway::new(settings(&address, "/good"), outbound.clone(), clock).unwrap();
    gateway.send(&message()).await.unwrap();
    let (headers, body) = fake.accepted.lock().unwrap()[0].clone();
    let again = async |body: String| {
        let mut request = http::Request::post(format!("http://{address}/good"));
        for name in ["x-yihao-date", "x-yihao-nonce", "x-yihao-signature"] {
            request = request.header(name, headers[name].clone());
        }
        let answer = outbound.exchange(request.body(body.into_bytes()).unwrap()).await.unwrap();
        serde_json::from_slice::<Value>(answer.body()).unwrap()["code"].clone()
    };

    let replayed = again(body.clone()).await;
    let altered = again(body.replace("13800138000", "13900139000")).await;

    assert_eq!((replayed, altered), (4002.into(), 4001.into()));
}

#[tokio::test]
async fn refusals_absence_and_silence_are_told_apart() {
    assert_eq!(send("/refuse").await, Err(NotifyError::Refused { code: 1042 }));
    assert_eq!(send("/forbid").await, Err(NotifyError::Refused { code: 403 }));
    for path in ["/busy", "/broken", "/garbage", "/no-receipt"] {
        assert_eq!(send(path).await, Err(NotifyError::Away), "{path}");
    }
    assert_eq!(send("/hang").await, Err(NotifyError::TimedOut));
}

#[tokio::test]
async fn settings_that_could_not_send_are_refused_at_the_start() {
    let outbound = outbound("127.0.0.1:9");
    let refused = |settings| {
        HttpGateway::new(settings, outbound.clone(), Clock::system()).unwrap_err().to_string()
    };
    let mut lacking = settings("127.0.0.1:9", "/");
    lacking.template_ids.remove(&TemplateName::BindPhone);
    assert!(refused(lacking).contains("bind_phone"));
    assert!(refused(settings("127.0.0.1:10", "/")).contains("outbound.allow"));
    let mut short = settings("127.0.0.1:9", "/");
    short.secret = "short".into();
    assert!(refused(short).contains("secret"));
}
