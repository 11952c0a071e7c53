//! What is read, decided and shown of a request.

use divan::Bencher;
use divan::black_box;
use yihao::domain::assurance::Requirement;
use yihao::domain::authorization::RequestedClaims;
use yihao::domain::citizen_id::CitizenId;
use yihao::domain::client::ClientId;
use yihao::domain::client::ResponseMode;
use yihao::domain::policy::Synthetic;
use yihao::domain::scope::Scope;
use yihao::http::pages::Frame;
use yihao::http::pages::Pages;
use yihao::login::decide::Situation;
use yihao::login::decide::decide;
use yihao::protocol::authorization_request::AuthorizationRequest;
use yihao::protocol::authorization_request::Prompt;
use yihao::protocol::authorization_request::ReturnAddress;
use yihao::protocol::parameters::Parameters;
use yihao::vault::Vault;

const QUERY: &[u8] = b"client_id=portal&response_type=code&redirect_uri=https%3A%2F%2Fportal.\
    example.gov.cn%2Fcallback&scope=openid+profile+offline_access&state=af0ifjsldkj&nonce=n-0S6\
    &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

fn authorization_request() -> AuthorizationRequest {
    AuthorizationRequest {
        return_address: ReturnAddress {
            client_id: ClientId::parse("portal").unwrap(),
            redirect_uri: "https://portal.example.gov.cn/callback".to_owned(),
            response_mode: ResponseMode::Query,
            state: Some("af0ifjsldkj".to_owned()),
        },
        scope: Scope::parse("openid profile offline_access").unwrap(),
        nonce: Some("n-0S6_WzA2Mj".to_owned()),
        code_challenge: Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned()),
        prompt: Prompt::default(),
        max_age: None,
        acr: None,
        acr_essential: false,
        claims: RequestedClaims::default(),
        resource: None,
        login_hint: None,
        ui_locales: None,
        hinted_subject: None,
        act_for: None,
    }
}

#[divan::bench]
fn parameters_parse(bencher: Bencher) {
    bencher.bench(|| Parameters::parse(black_box(QUERY)).unwrap());
}

#[divan::bench]
fn citizen_id_parse(bencher: Bencher) {
    let text = black_box("11010519491231002X");
    bencher.bench(|| CitizenId::parse(text, Synthetic::Refused).unwrap());
}

#[divan::bench]
fn tx_seal(bencher: Bencher) {
    let (vault, request) = (Vault::derive_from(&[7; 32]), authorization_request());
    bencher.bench(|| vault.seal_transit("tx", black_box(&request)).unwrap());
}

#[divan::bench]
fn tx_open(bencher: Bencher) {
    let vault = Vault::derive_from(&[7; 32]);
    let tx = vault.seal_transit("tx", &authorization_request()).unwrap();
    bencher.bench(|| vault.open_transit::<AuthorizationRequest>("tx", black_box(&tx)).unwrap());
}

#[divan::bench]
fn decide_for_a_session(bencher: Bencher) {
    let fixture = crate::store::fixture();
    let profile = fixture.provider.vault.open_profile(&fixture.account).unwrap();
    let facts = yihao::login::sign_on::facts(&fixture.account, &profile);
    let requirement = Requirement::default();
    let situation = Situation {
        requirement: &requirement,
        signed_in: Some((&fixture.session, facts)),
        barred: None,
        subject: yihao::login::decide::SubjectState::Settled,
        is_hinted: true,
        consented_at: None,
        first_party: true,
        recent_since: yihao::clock::Timestamp::default(),
        unverified: false,
    };
    bencher.bench(|| decide(black_box(&situation)));
}

#[divan::bench]
fn login_page(bencher: Bencher) {
    let pages = Pages::new(None).unwrap();
    let frame = Frame { csrf: "c".repeat(43), path_and_query: "/login".into(), ..<_>::default() };
    let page = serde_json::json!({
        "tx": "x".repeat(700), "method": "password", "methods": ["password", "sms"],
        "client": { "name": "某某省政务服务网", "host": "zwfw.example.gov.cn", "logo": null,
                    "policy_uri": null },
        "identifier": "", "challenge": null, "error": null, "sent": false, "notice": null,
        "code_sent_to": null,
    });
    bencher.bench(|| pages.render("login.html", &frame, black_box(&page)).unwrap());
}
