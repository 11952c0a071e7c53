//! Officers at work (the acceptance 1; security.md ): a citizen who lost everything comes back by
//! a counter, second factors are reset by two, and a region ends where it ends.

use yihao::domain::operator::Role;

use super::scene::Scene;
use crate::support::Browser;
use crate::support::Person;
use crate::support::console::Operator;
use crate::support::console::appoint;
use crate::support::console::officers;
use crate::support::login;
use crate::support::portal::citizen;

const NEW: &str = "a new ferry at first light";

/// Counter staff of the city and of another one, and the officers.
struct Staff {
    system: Operator,
    security: Operator,
    audit: Operator,
    counter: Operator,
    region: Operator,
    elsewhere: Operator,
}

async fn staff(scene: &Scene) -> Staff {
    let provider = &scene.provider;
    let [system, security, audit] = officers(provider).await;
    let both = [&system, &security];
    let counter = appoint(provider, both, (Role::CounterStaff, "110105"), "counter").await;
    let region = appoint(provider, both, (Role::RegionAdministrator, "110000"), "region").await;
    let elsewhere =
        appoint(provider, both, (Role::RegionAdministrator, "140000"), "elsewhere").await;
    Staff { system, security, audit, counter, region, elsewhere }
}

#[tokio::test]
async fn who_lost_phone_and_password_comes_back_by_a_counter() {
    let Some(scene) = Scene::start().await else { return };
    let (window, desk, provider) = (&scene.window, &scene.desk, &scene.provider);
    let (staff, person) = (staff(&scene).await, citizen(provider).await);

    scene.sit_down(&staff.counter).await;
    scene.find(&person.id_number).await;
    desk.see("#ask-recover").await;
    Scene::look(desk, "counter-person").await;
    scene.act("ask-recover", "持身份证到窗口，手机遗失").await;
    desk.see(".notice-good").await;
    scene.sit_down(&staff.security).await;
    scene.work("/console/acts").await;
    Scene::look(desk, "acts-waiting").await;
    scene.approve().await;
    scene.sit_down(&staff.counter).await;
    scene.find(&person.id_number).await;
    desk.click("#counter-code").await;
    let code = desk.text("p#counter-code").await;
    Scene::look(desk, "counter-code").await;

    let moved = Person { phone: "+8613700009077".to_owned(), ..person.clone() };
    scene.visit("/recover/counter").await;
    Scene::look(window, "recover-counter").await;
    window.fill("#id_number", &moved.id_number).await;
    window.fill("#code", &code).await;
    window.fill("#phone", moved.phone.trim_start_matches("+86")).await;
    window.fill("#password", NEW).await;
    window.fill("#password_again", NEW).await;
    window.click("#recover").await;
    scene.type_code(&moved, "#confirm").await;
    window.see("#continue").await;
    scene.log_in(&moved, NEW).await;
    window.see(".page-account").await;
    assert!(window.text("h1").await.contains(&person.name));
}

#[tokio::test]
async fn second_factors_are_reset_by_two_and_only_in_the_region() {
    let Some(scene) = Scene::start().await else { return };
    let (window, desk, provider) = (&scene.window, &scene.desk, &scene.provider);
    let (staff, person) = (staff(&scene).await, citizen(provider).await);
    let browser = Browser::new();
    login::log_in(provider, &browser, &person).await;
    login::enrol(provider, &browser).await;
    scene.log_in(&person, person.password()).await;
    window.see("#code").await;

    // Whoever looks after another region finds nobody.
    scene.sit_down(&staff.elsewhere).await;
    scene.find(&person.id_number).await;
    desk.see("#identifier-error").await;
    assert!(!desk.has("#ask-reset").await);
    Scene::look(desk, "region-nobody").await;

    scene.sit_down(&staff.region).await;
    scene.find(&person.id_number).await;
    scene.act("ask-reset", "手机遗失，本人到场").await;
    desk.see(".notice-good").await;
    scene.work("/console/acts").await;
    assert!(!desk.has("button[id^=approve-]").await, "not by who asked");
    scene.sit_down(&staff.security).await;
    scene.approve().await;
    desk.see_no("button[id^=approve-]").await;
    Scene::look(desk, "acts-decided").await;

    scene.log_in(&person, person.password()).await;
    window.see(".page-account").await;
    // The audit officer reads who asked and who decided, and can do nothing.
    scene.sit_down(&staff.audit).await;
    scene.work("/console/audit?kind=act_decided").await;
    desk.see(".grid-audit").await;
    Scene::look(desk, "audit").await;
    scene.work("/console/people").await;
    assert!(!desk.has("#identifier").await);
    scene.sit_down(&staff.system).await;
    scene.work("/console/system").await;
    desk.see("#rotate-keys").await;
    Scene::look(desk, "system").await;
}
