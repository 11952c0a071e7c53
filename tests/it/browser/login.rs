//! Logging in: with a text message, after a mistake, and without a mouse.

use fantoccini::key::Key;

use super::Visit;

#[tokio::test]
async fn a_code_sent_to_the_phone_logs_in() {
    let Some(visit) = Visit::start().await else { return };
    let (window, person) = (&visit.window, visit.person());
    window.open(&visit.demo.url("/login")).await;
    window.click("a[href^='/login?method=sms']").await;

    window.fill("#identifier", person.phone()).await;
    window.click("#send-code").await;
    window.see("#code").await;
    let code = visit.code_of_message(1).await;
    window.fill("#code", &code).await;
    window.click("#login").await;

    window.see(".page-account").await;
    assert!(window.text("h1").await.contains(&person.name));
}

#[tokio::test]
async fn a_wrong_password_says_so_and_forgets_nothing_else() {
    let Some(visit) = Visit::start().await else { return };
    let (window, person) = (&visit.window, visit.person());
    window.open(&visit.demo.province).await;
    window.click("#sign-in").await;
    window.fill("#identifier", &person.identifier).await;
    window.fill("#password", "not the password").await;
    window.click("#login").await;

    window.see("[role=alert]").await;
    let kept = window.see("#identifier").await.prop("value").await.expect("a field");
    assert_eq!(kept.as_deref(), Some(&*person.identifier));
    window.fill("#password", person.password()).await;
    window.click("#login").await;

    window.see("#allow").await;
}

#[tokio::test]
async fn a_keyboard_alone_is_enough() {
    let Some(visit) = Visit::start().await else { return };
    let (window, person) = (&visit.window, visit.person());
    let enter = char::from(Key::Enter).to_string();
    window.open(&visit.demo.province).await;
    window.tab_to("#sign-in").await;
    window.type_keys(&enter).await;

    // The login page puts the focus into its first field, and the password is the next stop.
    window.see("#identifier:focus").await;
    window.type_keys(&person.identifier).await;
    assert_eq!(window.tab_to("#password").await, 1);
    window.type_keys(person.password()).await;
    window.type_keys(&enter).await;
    window.see("#allow").await;
    window.tab_to("#allow").await;
    window.type_keys(&enter).await;

    assert_eq!(window.text("#person-name").await, person.name);
}

#[tokio::test]
async fn the_first_stop_of_a_keyboard_skips_to_the_content() {
    let Some(visit) = Visit::start().await else { return };
    let window = &visit.window;
    window.open(&visit.demo.url("/help")).await;

    assert_eq!(window.tab_to(".skip").await, 1);
    window.type_keys(&char::from(Key::Enter).to_string()).await;

    window.see("main:focus").await;
}
