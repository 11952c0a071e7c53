//! A small issuer for the portal's tests: it logs in whom it is told to and can be told to err.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;

use axum::Json;
use axum::Router;
use axum::extract::Query;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use jsonwebtoken::EncodingKey;
use jsonwebtoken::Header;
use rcgen::KeyPair;
use rcgen::PublicKeyData;
use serde_json::Value;
use serde_json::json;
use tokio::net::TcpListener;

#[derive(Clone)]
pub struct Issuer {
    address: SocketAddr,
    key: Arc<KeyPair>,
    state: Arc<Mutex<Provider>>,
}

#[derive(Default)]
struct Provider {
    logged_in: bool,
    fault: Option<String>,
    prompts: Vec<String>,
    codes: HashMap<String, HashMap<String, String>>,
}

impl Issuer {
    pub async fn start() -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap()).await
    }

    pub async fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let key = Arc::new(KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap());
        let issuer = Self { address, key, state: Arc::default() };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(jwks))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .with_state(issuer.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        issuer
    }

    pub fn host(&self) -> String {
        self.address.to_string()
    }

    pub fn port(&self) -> String {
        self.address.port().to_string()
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn log_in(&self) {
        self.state.lock().unwrap().logged_in = true;
    }

    pub fn log_out(&self) {
        self.state.lock().unwrap().logged_in = false;
    }

    pub fn spoil(&self, fault: &str) {
        self.state.lock().unwrap().fault = Some(fault.to_owned());
    }

    pub fn prompts(&self) -> Vec<String> {
        self.state.lock().unwrap().prompts.clone()
    }

    pub fn sign(&self, typ: &str, claims: &Value) -> String {
        sign_with(&self.key, typ, claims)
    }

    fn has(&self, fault: &str) -> bool {
        self.state.lock().unwrap().fault.as_deref() == Some(fault)
    }
}

/// A token signed with a key that is nobody's.
pub fn forge(typ: &str, claims: &Value) -> String {
    sign_with(&KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap(), typ, claims)
}

/// One part of a compact token.
pub fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn sign_with(key: &KeyPair, typ: &str, claims: &Value) -> String {
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some("k1".to_owned());
    header.typ = Some(typ.to_owned());
    let key = EncodingKey::from_ec_der(&key.serialize_der());
    jsonwebtoken::encode(&header, claims, &key).unwrap()
}

async fn discovery(State(issuer): State<Issuer>) -> Json<Value> {
    let url = issuer.url();
    Json(json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "userinfo_endpoint": format!("{url}/userinfo"),
        "jwks_uri": format!("{url}/jwks"),
        "end_session_endpoint": format!("{url}/logout"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256", "SM2"],
    }))
}

async fn jwks(State(issuer): State<Issuer>) -> Json<Value> {
    let point = issuer.key.der_bytes();
    let part = |range| URL_SAFE_NO_PAD.encode(&point[range]);
    Json(json!({"keys": [{
        "kty": "EC", "crv": "P-256", "use": "sig", "kid": "k1", "alg": "ES256",
        "x": part(1..33), "y": part(33..65),
    }]}))
}

async fn authorize(
    State(issuer): State<Issuer>,
    Query(query): Query<HashMap<String, String>>,
) -> Redirect {
    assert_eq!(query["code_challenge_method"], "S256");
    let mut state = issuer.state.lock().unwrap();
    if let Some(prompt) = query.get("prompt") {
        state.prompts.push(prompt.clone());
    }
    let outcome = if state.logged_in {
        let code = format!("code-{}", state.codes.len());
        state.codes.insert(code.clone(), query.clone());
        format!("code={code}")
    } else {
        "error=login_required".to_owned()
    };
    let answer = url::form_urlencoded::Serializer::new(outcome)
        .append_pair("state", &query["state"])
        .append_pair("iss", &issuer.url())
        .finish();
    Redirect::to(&format!("{}?{answer}", query["redirect_uri"]))
}

async fn token(State(issuer): State<Issuer>, headers: http::HeaderMap, body: String) -> Response {
    assert!(headers["authorization"].to_str().unwrap().starts_with("Basic "));
    let form: HashMap<_, _> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    assert!(form["code_verifier"].len() >= 43);
    let request = issuer.state.lock().unwrap().codes.remove(&form["code"]).unwrap();
    let now = crate::clock::Clock::system().now().seconds();
    let nonce = if issuer.has("nonce") { "another" } else { &request["nonce"] };
    let mut claims = json!({
        "iss": issuer.url(), "aud": "portal", "sub": "pairwise-1", "sid": "sid-1",
        "iat": now, "exp": now + 300, "nonce": nonce, "auth_time": now, "amr": ["pwd"],
        "acr": request.get("acr_values").map_or("urn:yihao:acr:1", String::as_str),
    });
    if issuer.has("at_hash") {
        claims["at_hash"] = json!("AAAAAAAAAAAAAAAAAAAAAA");
    }
    let id_token =
        if issuer.has("key") { forge("JWT", &claims) } else { issuer.sign("JWT", &claims) };
    Json(json!({"access_token": "at", "token_type": "Bearer", "id_token": id_token}))
        .into_response()
}

async fn userinfo(headers: http::HeaderMap) -> Json<Value> {
    assert_eq!(headers["authorization"], "Bearer at");
    Json(json!({"sub": "pairwise-1", "name": "李<四>"}))
}
