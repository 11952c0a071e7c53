//! A portal's way from the application to everybody, walked in the browser, with a relying party that is built on
//! the `openidconnect` crate and knows the issuer alone (the acceptance 2).

use secrecy::SecretString;
use yihao::demo::portal::Peer;
use yihao::demo::portal::Portal;
use yihao::demo::portal::PortalConfig;
use yihao::demo::portal::PortalKind;
use yihao::demo::portal::RunningPortal;
use yihao::domain::synthetic;

use super::scene::Scene;
use crate::support::console::officers;
use crate::support::portal::citizen;
use crate::support::provider::free_port;

async fn relying_party(scene: &Scene, port: u16, credentials: (&str, &str)) -> RunningPortal {
    let base_url: url::Url = format!("http://localhost:{port}").parse().expect("an address");
    let config = PortalConfig {
        name: "云州市民生服务平台".to_owned(),
        kind: PortalKind::City,
        listen: ([127, 0, 0, 1], port).into(),
        base_url: base_url.clone(),
        issuer: scene.provider.provider.config.issuer_text().to_owned(),
        client_id: credentials.0.to_owned(),
        client_secret: SecretString::from(credentials.1.to_owned()),
        cookie_name: "yunzhou-session".to_owned(),
        peer: Peer { name: "另一个网站".to_owned(), url: base_url },
        extra_scopes: vec!["profile".to_owned()],
        step_up_acr: "urn:yihao:acr:2".to_owned(),
        verified_acr: "urn:yihao:acr:3".to_owned(),
        ca_file: None,
    };
    Portal::start(config).await.expect("the portal starts")
}

/// Fills in the application and sends it; gives the path of the tracking link.
async fn apply(scene: &Scene, port: u16) -> String {
    let window = &scene.window;
    scene.visit("/onboarding").await;
    let callback = format!("http://localhost:{port}/callback");
    let bye = format!("http://localhost:{port}/");
    let unit = synthetic::uscc(7).to_string();
    for (field, text) in [
        ("#unit_name", "云州市行政审批服务管理局"),
        ("#unit_code", &unit),
        ("#contact_name", "陈建国"),
        ("#contact_phone", "13700009050"),
        ("#contact_email", "chen@yz.example.gov.cn"),
        ("#portal_name", "云州市民生服务平台"),
        ("#purpose", "为市民在线办理水电燃气过户，依据云政办发〔2026〕12 号。"),
        ("#reason_profile", "核对办事人"),
        ("#redirect_uris", &callback),
        ("#post_logout_redirect_uris", &bye),
    ] {
        window.fill(field, text).await;
    }
    for (field, value) in [("profile", "server_with_secret"), ("algorithm", "ES256")] {
        let chosen = format!("document.getElementById('{field}').value = '{value}'");
        window.script(&chosen, Vec::new()).await;
    }
    window.click("#apply").await;
    let link = window.text("#tracking").await;
    Scene::look(window, "onboarding-filed").await;
    link[link.find("/onboarding").expect("a page of ours")..].to_owned()
}

/// Has a secret made; gives the client's id and the secret.
async fn credentials(scene: &Scene, tracking: &str) -> (String, String) {
    scene.visit(tracking).await;
    scene.window.click("#secret").await;
    let secret = scene.window.text("#client-secret").await;
    (scene.window.text("#client-id").await, secret)
}

/// Logs in at the portal, and out again.
async fn try_out(scene: &Scene, port: u16, (number, password): (&str, &str)) {
    let window = &scene.window;
    window.open(&format!("http://localhost:{port}/")).await;
    window.click("#sign-in").await;
    window.fill("#identifier", number).await;
    window.fill("#password", password).await;
    window.click("#login").await;
    window.click("#allow").await;
    window.see("#person-name").await;
    window.click("#sign-out").await;
    window.see("#sign-in").await;
}

#[tokio::test]
async fn a_portal_applies_is_tried_out_and_serves_everybody() {
    let Some(scene) = Scene::start().await else { return };
    let (window, desk, provider) = (&scene.window, &scene.desk, &scene.provider);
    let [system, security, _] = officers(provider).await;
    let person = citizen(provider).await;
    let port = free_port();
    let tracking = apply(&scene, port).await;

    scene.sit_down(&system).await;
    scene.work("/console/onboarding").await;
    desk.click("main a[href^='/console/onboarding/']").await;
    desk.see("#approve").await;
    Scene::look(desk, "application").await;
    let application = desk.address().await.path().to_owned();
    scene.act("approve", "材料齐全").await;
    desk.see(".notice-good").await;

    let (id, secret) = credentials(&scene, &tracking).await;
    let sandbox = relying_party(&scene, port, (&id, &secret)).await;
    scene.visit(&tracking).await;
    window.click("#tester").await;
    let number = window.text("#tester-number").await;
    let password = window.text("#tester-password").await;
    try_out(&scene, port, (&number, &password)).await;
    scene.visit(&tracking).await;
    window.click("#addresses").await;
    Scene::look(window, "onboarding-checked").await;
    window.click("#live").await;
    window.see("#not-live").await;
    scene.work(&application).await;
    scene.act("go-live", "自检通过").await;
    desk.see(".notice-good").await;
    scene.sit_down(&security).await;
    scene.approve().await;
    provider.wait_seconds(1);

    sandbox.stop().await;
    let (id, secret) = credentials(&scene, &tracking).await;
    let live = relying_party(&scene, port, (&id, &secret)).await;
    window.open(&format!("http://localhost:{port}/")).await;
    window.click("#sign-in").await;
    window.fill("#identifier", &person.id_number).await;
    window.fill("#password", person.password()).await;
    window.click("#login").await;
    window.click("#allow").await;
    assert_eq!(window.text("#person-name").await, person.name);
    live.stop().await;
}
