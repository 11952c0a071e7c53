//! Coming back to an account and leaving it (the acceptance 1; security.md ).

use fantoccini::key::Key;
use yihao::people::cancellation;

use super::scene::Scene;
use crate::support::Browser;
use crate::support::Person;
use crate::support::login;

const NEW: &str = "a new ferry at first light";
const DAY: i64 = 24 * 3600;

async fn fill_in(scene: &Scene, person: &Person) {
    let window = &scene.window;
    window.fill("#name", &person.name).await;
    window.fill("#id_number", &person.id_number).await;
    window.fill("#phone", person.phone.trim_start_matches("+86")).await;
    window.click("#recover").await;
    scene.type_code(person, "#confirm").await;
}

async fn choose_password(scene: &Scene) {
    scene.window.fill("#password", NEW).await;
    scene.window.fill("#password_again", NEW).await;
    scene.window.click("#save").await;
    scene.window.see("#continue").await;
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_with_the_app_and_without_a_mouse() {
    let Some(scene) = Scene::start().await else { return };
    let (window, provider) = (&scene.window, &scene.provider);
    let (person, browser) = (Person::synthetic(8701), Browser::new());
    provider.add_person(&person).await;
    login::log_in(provider, &browser, &person).await;
    let (app, _) = login::enrol(provider, &browser).await;
    let enter = char::from(Key::Enter).to_string();
    scene.visit("/login").await;
    window.tab_to("a[href^='/recover']").await;
    window.type_keys(&enter).await;

    window.see("#name").await;
    for (field, text) in [
        ("#name", &*person.name),
        ("#id_number", &person.id_number),
        ("#phone", person.phone.trim_start_matches("+86")),
    ] {
        window.tab_to(field).await;
        window.type_keys(text).await;
    }
    window.type_keys(&enter).await;
    window.see("#code:focus").await;
    window.type_keys(&provider.code_sent_to(&person.phone).await).await;
    window.type_keys(&enter).await;
    window.see("#code-totp").await;
    Scene::look(window, "recover-second").await;
    provider.wait_seconds(30);
    window.tab_to("#code-totp").await;
    window.type_keys(&login::totp(provider, &app)).await;
    window.type_keys(&enter).await;
    window.see("#password:focus").await;
    Scene::look(window, "recover-password").await;
    window.type_keys(NEW).await;
    window.tab_to("#password_again").await;
    window.type_keys(NEW).await;
    window.type_keys(&enter).await;
    window.see("#continue").await;
    window.tab_to("#continue").await;
    window.type_keys(&enter).await;
    window.see("#identifier:focus").await;
    window.type_keys(&person.id_number).await;
    window.tab_to("#password").await;
    window.type_keys(NEW).await;
    window.type_keys(&enter).await;
    window.see("#code:focus").await;
    provider.wait_seconds(30);
    window.type_keys(&login::totp(provider, &app)).await;
    window.type_keys(&enter).await;

    window.see(".page-account").await;
    assert!(window.text("h1").await.contains(&person.name));
    assert!(!login::is_logged_in(provider, &browser).await, "the others are out");
}

#[tokio::test]
async fn who_has_the_phone_alone_waits_three_days() {
    let Some(scene) = Scene::start().await else { return };
    let (window, provider) = (&scene.window, &scene.provider);
    let person = Person::synthetic(8702);
    provider.add_person(&person).await;
    scene.visit("/recover").await;
    fill_in(&scene, &person).await;
    window.see("#wait").await;
    Scene::look(window, "recover-wait").await;
    window.click("#wait").await;
    window.see("main a[href='/']").await;
    Scene::look(window, "recover-waiting").await;

    provider.wait_seconds(DAY);
    scene.visit("/recover").await;
    fill_in(&scene, &person).await;
    window.see("#waits").await;
    provider.wait_seconds(2 * DAY + 60);
    scene.visit("/recover").await;
    fill_in(&scene, &person).await;
    choose_password(&scene).await;

    scene.log_in(&person, NEW).await;
    window.see(".page-account").await;
    assert!(window.text("h1").await.contains(&person.name));
}

#[tokio::test]
async fn an_account_is_given_up_and_its_phone_opens_nothing_of_it() {
    let Some(scene) = Scene::start().await else { return };
    let (window, provider) = (&scene.window, &scene.provider);
    let first = Person::synthetic(8703);
    provider.add_person(&first).await;
    scene.log_in(&first, first.password()).await;
    window.see(".page-account").await;
    scene.visit("/account/cancel").await;
    Scene::look(window, "cancel").await;
    window.click("#understood").await;
    window.click("#cancel").await;
    window.see("#keep").await;
    Scene::look(window, "cancel-due").await;
    provider.wait_seconds(8 * DAY);
    cancellation::end_due(&provider.provider, drop).await.expect("it ends");
    scene.visit("/account").await;
    window.see("#identifier").await;

    let second = Person { phone: first.phone.clone(), ..Person::synthetic(8704) };
    provider.add_person(&second.clone().without_account()).await;
    scene.visit("/signup").await;
    for (field, text) in [
        ("#name", &*second.name),
        ("#id_number", &second.id_number),
        ("#phone", second.phone.trim_start_matches("+86")),
        ("#password", NEW),
        ("#password_again", NEW),
    ] {
        window.fill(field, text).await;
    }
    window.click("#terms").await;
    window.click("#signup").await;
    scene.type_code(&second, "#signup").await;
    window.see("#continue").await;
    scene.log_in(&second, NEW).await;
    window.see(".page-account").await;

    let whole = async |path: &str| {
        scene.visit(path).await;
        window.text("main").await
    };
    for path in ["/account", "/account/portals", "/account/history", "/account/sessions"] {
        let text = whole(path).await;
        assert!(!text.contains(&first.name) && !text.contains("申请或撤销注销"), "{path}: {text}");
    }
    scene.visit("/account/sessions").await;
    window.click("#end-all").await;
    window.see("#identifier").await;
    let sent = provider.messages_sent().await;
    scene.visit("/recover").await;
    window.fill("#name", &first.name).await;
    window.fill("#id_number", &first.id_number).await;
    window.fill("#phone", first.phone.trim_start_matches("+86")).await;
    window.click("#recover").await;
    window.see("#code").await;
    assert_eq!(provider.messages_sent().await, sent, "nothing of the first is sent anywhere");
}
