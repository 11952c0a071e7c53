//! Acting for organisations, seen in a browser (the acceptance 2): claimed, passed on for one portal until
//! tomorrow, used there and nowhere else, switched without a password, taken back.

use std::time::Duration;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use axum::routing::post;
use serde_json::Value;

use super::chromium::Window;
use super::scene::Scene;
use crate::logout::Heard;
use crate::logout::wait_for;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::fixture;
use crate::support::organisation::entity;
use crate::support::organisation::takes_all;
use crate::support::provider::free_port;
use crate::support::relying_party::claims;

/// A portal that takes whoever comes, and keeps what it is told of leaving.
async fn portal(scene: &Scene, (id, port): (&'static str, u16)) -> (RelyingParty, Heard) {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.expect("the port");
    let base = format!("http://localhost:{port}");
    let heard = Heard::default();
    let keep = heard.clone();
    let router = Router::new()
        .route("/callback", get(|| async { Html("<p id=\"landed\">landed</p>") }))
        .route(
            "/logout",
            post(move |body: String| async move { keep.lock().expect("whole").push(body) }),
        );
    tokio::spawn(async move { axum::serve(listener, router).await });
    let redirect_uri = format!("{base}/callback");
    let mut client = fixture::client(id, &redirect_uri);
    client.backchannel_logout_uri = Some(format!("{base}/logout"));
    client.sector = id.to_owned();
    scene.provider.add_client(&client).await;
    takes_all(&scene.provider, id).await;
    (RelyingParty::of(&scene.provider, id, &redirect_uri), heard)
}

/// The tokens of the code the window came back with.
async fn redeem(window: &Window, rp: &RelyingParty) -> Value {
    window.see("#landed").await;
    let address = window.address().await;
    let code = address.query_pairs().find(|(name, _)| name == "code");
    let (_, code) = code.unwrap_or_else(|| panic!("no code: {address}"));
    rp.redeem(&code).await.json()
}

/// The representative claims a company, and authorises somebody for one portal until tomorrow.
async fn claim_and_authorise(scene: &Scene, uscc: &str, agent: &Person) {
    let window = &scene.window;
    scene.visit("/account/mandates").await;
    window.click("#task-claim > summary").await;
    window.fill("#uscc", uscc).await;
    window.click("#claim").await;
    window.see(&format!("#manage-{uscc}")).await;
    window.click(&format!("#manage-{uscc}")).await;
    window.fill("#name", &agent.name).await;
    window.fill("#number", &agent.id_number).await;
    window.click("#portal-here").await;
    let tomorrow = scene.provider.clock.now().plus(Duration::from_hours(24)).to_beijing();
    let set = "document.querySelector('#until').value = arguments[0]";
    window.script(set, vec![tomorrow[..10].into()]).await;
    window.click("#offer").await;
    window.see(".notice-good").await;
}

async fn log_in(scene: &Scene, window: &Window, person: &Person) {
    window.open(&scene.provider.url("/login")).await;
    window.fill("#identifier", &person.id_number).await;
    window.fill("#password", person.password()).await;
    window.click("#login").await;
    window.see(".page-account").await;
}

#[tokio::test]
async fn a_company_is_claimed_passed_on_used_and_taken_back() {
    let ports = [free_port(), free_port()];
    let Some(scene) = Scene::start_reaching(&ports).await else { return };
    let (boss, agent) = (Person::synthetic(8801), Person::synthetic(8802));
    let companies = [entity(8801, &boss), entity(8803, &boss)];
    for person in [&boss, &agent] {
        scene.provider.add_person(person).await;
    }
    for company in &companies {
        scene.provider.add_organisation(company).await;
    }
    let [first, second] = companies.each_ref().map(|company| company.uscc.as_str());
    let (here, heard) = portal(&scene, ("here", ports[0])).await;
    let (there, _) = portal(&scene, ("there", ports[1])).await;
    let (window, desk) = (&scene.window, &scene.desk);
    log_in(&scene, window, &boss).await;
    log_in(&scene, desk, &agent).await;

    for uscc in [first, second] {
        claim_and_authorise(&scene, uscc, &agent).await;
    }
    Scene::look(window, "mandate-granted").await;
    for _ in 0..2 {
        desk.open(&scene.provider.url("/account/mandates")).await;
        desk.see("button[id^=accept-]").await;
        Scene::look(desk, "mandates-offered").await;
        desk.click("button[id^=accept-]").await;
        desk.see(".notice-good").await;
    }
    desk.open(&here.authorize(&[("scope", "openid profile offline_access")])).await;
    desk.see("#act-as-self").await;
    Scene::look(desk, "choose").await;
    desk.click(&format!("#act-as-{first}")).await;
    let answer = redeem(desk, &here).await;
    let id_token = claims(answer["id_token"].as_str().expect("an ID token"));
    assert_eq!(id_token["org"]["uscc"], first);
    let told = here.userinfo(answer["access_token"].as_str().expect("a token")).await.json();
    assert_eq!(told["act"]["name"], agent.name, "the portal shows company and person");

    desk.open(&there.authorize(&[])).await;
    let elsewhere = redeem(desk, &there).await;
    let elsewhere = claims(elsewhere["id_token"].as_str().expect("an ID token"));
    assert!(elsewhere.get("org").is_none(), "at another portal only for himself");
    desk.open(&here.authorize(&[("prompt", "select_account")])).await;
    desk.see("#act-as-self").await;
    assert!(!desk.has("#password").await, "nobody types a password");
    desk.click(&format!("#act-as-{second}")).await;
    let switched = redeem(desk, &here).await;
    let switched = claims(switched["id_token"].as_str().expect("an ID token"));
    assert_eq!(switched["org"]["uscc"], second);

    scene.visit("/account/mandates").await;
    window.click(&format!("#manage-{first}")).await;
    window.click("button[id^=end-]").await;
    window.see(".notice-good").await;
    Scene::look(window, "mandate-ended").await;
    let refused = here.refresh(answer["refresh_token"].as_str().expect("offline")).await;
    assert_eq!(refused.json()["error"], "invalid_grant");
    let token = [("token", answer["access_token"].as_str().expect("a token"))];
    let introspected = here.call("/oauth2/introspect", &token).await.json();
    assert_eq!(introspected["active"], false);
    let bodies = wait_for(&heard, 1).await;
    let told = claims(bodies[0].strip_prefix("logout_token=").expect("a logout token"));
    assert_eq!(told["sub"], id_token["sub"]);
}
