//! One login, two portals; two factors; one logout (acceptance 2 of the trunk).

use std::time::Duration;

use fantoccini::Locator;

use crate::browser::Visit;
use crate::browser::machine;

#[tokio::test]
async fn one_login_opens_two_portals_and_one_logout_closes_both() {
    let Some(visit) = Visit::start().await else { return };
    let (_, _, name) = visit.person();

    // One login, one consent.
    visit.open(&visit.portal(0)).await;
    visit.click("sign-in").await;
    visit.log_in().await;
    visit.click("allow").await;
    visit.find("sign-out").await;
    visit.wait_for_text(&name).await;

    // The other portal asks nothing.
    visit.open(&visit.portal(1)).await;
    visit.find("sign-out").await;
    visit.wait_for_text(&name).await;

    // An app is set up, after the password was typed a moment ago.
    visit.open(&visit.url("/account/totp")).await;
    visit.click("begin").await;
    let secret = visit.client.find(Locator::Css(".secret")).await.unwrap().text().await.unwrap();
    let first = machine::app_code(&secret, 0);
    visit.type_into("code", &first).await;
    visit.click("login").await;
    assert_eq!(visit.client.find_all(Locator::Css(".codes li")).await.unwrap().len(), 10);
    visit.click("continue").await;

    // A fresh login at a portal that asks for more: password, then the app.
    visit.open(&visit.portal(0)).await;
    visit.click("sign-out").await;
    visit.find("sign-in").await;
    visit.click("sign-in").await;
    visit.log_in().await;
    assert!(!visit.has("send-code").await, "the app, and no way around it");
    let code = machine::next_code(&secret, &first).await;
    visit.type_into("code", &code).await;
    visit.click("login").await;
    visit.find("sign-out").await;
    visit.click("step-up").await;
    visit.wait_for_text("urn:yihao:acr:2").await;
    visit.open(&visit.portal(1)).await;
    visit.find("sign-out").await;

    // Out at one is out at both.
    visit.click("sign-out").await;
    visit.find("sign-in").await;
    for _ in 0..60 {
        visit.open(&visit.portal(0)).await;
        if visit.has("sign-in").await {
            visit.end().await;
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("still logged in at the first portal: {}", visit.text().await);
}

#[tokio::test]
async fn a_person_of_the_register_signs_up_with_the_keyboard_alone() {
    let Some(visit) = Visit::start().await else { return };
    let people = visit.tour["people"].as_array().unwrap().clone();
    let person = people.iter().find(|person| person["password"].is_null()).unwrap();
    let text = |name: &str| person[name].as_str().unwrap().to_owned();
    visit.open(&visit.url("/signup")).await;
    let mut field = visit.find("name").await;
    let typed = [
        text("name"),
        text("identifier"),
        text("phone"),
        "lantern lake".into(),
        "lantern lake".into(),
    ];
    let tab = char::from(fantoccini::key::Key::Tab).to_string();
    let enter = char::from(fantoccini::key::Key::Enter).to_string();
    for value in typed {
        field.send_keys(&format!("{value}{tab}")).await.unwrap();
        field = visit.client.active_element().await.unwrap();
    }
    field.send_keys(" ").await.unwrap();
    field.send_keys(&enter).await.unwrap();
    visit.find("code").await;
    let page = visit.client.current_url().await.unwrap();

    visit.client.new_window(true).await.map(drop).unwrap();
    let windows = visit.client.windows().await.unwrap();
    visit.client.switch_to_window(windows[1].clone()).await.unwrap();
    visit.open(&visit.url("/demo/outbox")).await;
    let code = visit.client.find(Locator::Css(".outbox-code")).await.unwrap().text().await.unwrap();
    visit.client.switch_to_window(windows[0].clone()).await.unwrap();
    assert_eq!(visit.client.current_url().await.unwrap(), page);
    let field = visit.client.active_element().await.unwrap();
    field.send_keys(&format!("{code}{enter}")).await.unwrap();
    visit.click("continue").await;
    visit.type_into("identifier", &text("identifier")).await;
    visit.type_into("password", "lantern lake").await;
    visit.click("login").await;
    visit.wait_for_text(&text("name")).await;
    visit.end().await;
}

#[tokio::test]
async fn language_and_large_print_stay_on_the_page() {
    let Some(visit) = Visit::start().await else { return };
    visit.open(&visit.url("/preferences?locale=zh-CN")).await;
    visit.open(&visit.portal(0)).await;
    visit.click("sign-in").await;
    visit.find("identifier").await;
    visit.client.find(Locator::LinkText("English")).await.unwrap().click().await.unwrap();
    visit.wait_for_text("ID number or mobile number").await;
    visit.client.find(Locator::LinkText("Large print")).await.unwrap().click().await.unwrap();
    visit.wait_for_text("Standard print").await;
    visit.log_in().await;
    visit.find("allow").await;
    visit.end().await;
}
