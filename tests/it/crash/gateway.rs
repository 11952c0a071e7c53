//! A text message gateway that accepts everything and remembers the code (docs/integration/sms-gateway.md).

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use serde_json::Value;
use serde_json::json;
use tokio::net::TcpListener;

/// After this time a message has arrived.
const PATIENCE: Duration = Duration::from_secs(5);

/// The newest code by phone.
type Codes = Arc<Mutex<BTreeMap<String, String>>>;

/// The gateway; it listens as long as the test runs.
pub struct Gateway {
    codes: Codes,
    address: String,
    secret_file: PathBuf,
}

impl Gateway {
    /// At a port of its own.
    pub async fn start() -> Self {
        let secret_file = std::env::temp_dir().join(format!("yihao-sms-{}", uuid::Uuid::new_v4()));
        std::fs::write(&secret_file, "what the gateway and we share").unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let (codes, address) = (Codes::default(), listener.local_addr().unwrap().to_string());
        let router = Router::new().route("/sms", post(accept)).with_state(codes.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { codes, address, secret_file }
    }

    /// The settings of a program that sends through it.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("YIHAO__OUTBOUND__ALLOW", self.address.clone()),
            ("YIHAO__SMS__URL", format!("http://{}/sms", self.address)),
            ("YIHAO__SMS__APP_ID", "yihao".to_owned()),
            ("YIHAO__SMS__SECRET_FILE", self.secret_file.display().to_string()),
            ("YIHAO__SMS__TEMPLATES__LOGIN_CODE", "SMS_1".to_owned()),
            ("YIHAO__SMS__TEMPLATES__BIND_PHONE", "SMS_2".to_owned()),
            ("YIHAO__SMS__TEMPLATES__RESET_PASSWORD", "SMS_3".to_owned()),
            ("YIHAO__SMS__TEMPLATES__SECURITY_NOTICE", "SMS_4".to_owned()),
        ]
    }

    /// What came for this phone so far is of no use any more.
    pub fn forget(&self, phone: &str) {
        self.codes.lock().unwrap().remove(phone);
    }

    /// The code that comes for this phone, unless `over` comes first.
    pub async fn code_for(&self, phone: &str, over: impl Future<Output = ()>) -> Option<String> {
        let arrival = async {
            loop {
                if let Some(code) = self.codes.lock().unwrap().remove(phone) {
                    return code;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::select! {
            code = tokio::time::timeout(PATIENCE, arrival) => Some(code.expect("a message")),
            () = over => None,
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.secret_file);
    }
}

async fn accept(State(codes): State<Codes>, Json(message): Json<Value>) -> Json<Value> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let code = text(&message["variables"]["code"]);
    codes.lock().unwrap().insert(text(&message["phone"]), code);
    Json(json!({ "code": 0, "receipt": message["message_id"] }))
}
