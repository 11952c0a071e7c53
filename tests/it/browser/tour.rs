//! The tour that the demo prints: one login for two portals, a step-up, one logout for both.

use std::time::Duration;
use std::time::Instant;

use super::Visit;

/// How soon the other portal must know of a logout.
const LOGOUT: Duration = Duration::from_secs(3);

#[tokio::test]
async fn one_login_opens_both_portals_steps_up_and_one_logout_closes_both() {
    let Some(visit) = Visit::start().await else { return };
    let (window, demo) = (&visit.window, &visit.demo);
    let person = visit.person_without_phone();

    // The first portal: login, and consent once.
    window.open(&demo.province).await;
    window.click("#sign-in").await;
    visit.give_password(person).await;
    window.click("#allow").await;
    assert_eq!(window.text("#person-name").await, person.name);
    assert_eq!(window.text("#claim-acr").await, "urn:yihao:acr:1");
    assert!(window.has("#sign-out").await);

    // The second portal: no click, no page in between.
    window.open(&demo.city).await;
    assert_eq!(window.address().await.as_str(), demo.city);
    assert_eq!(window.text("#person-name").await, person.name);
    assert!(window.has("#sign-out").await);

    // More assurance is asked for: an app is enrolled, and the portal sees the higher class.
    window.click("#step-up").await;
    let app = visit.read_secret().await;
    window.fill("#code", &app.code()).await;
    window.click("#login").await;
    window.see(".codes").await;
    assert!(window.texts(".codes li").await.len() >= 8, "recovery codes");
    window.click("#continue").await;
    assert_eq!(window.text("#claim-acr").await, "urn:yihao:acr:2");
    assert_eq!(window.address().await.as_str(), demo.city);

    // The first portal asks again: neither login nor consent is shown a second time.
    window.open(&demo.province).await;
    window.click("#step-up").await;
    assert_eq!(window.text("#claim-acr").await, "urn:yihao:acr:2");
    assert_eq!(window.address().await.as_str(), demo.province);

    // Logout at one portal reaches the other through the back channel.
    window.click("#sign-out").await;
    window.see("#sign-in").await;
    let left = Instant::now();
    window.open(&demo.city).await;
    while !window.has("#sign-in").await {
        assert!(left.elapsed() < LOGOUT, "the city's portal was not told");
        tokio::time::sleep(Duration::from_millis(100)).await;
        window.open(&demo.city).await;
    }
    window.click("#sign-in").await;
    window.see("#identifier").await;
}

#[tokio::test]
async fn a_phone_is_the_second_factor_of_who_has_no_app() {
    let Some(visit) = Visit::start().await else { return };
    let (window, demo) = (&visit.window, &visit.demo);
    window.open(&demo.city).await;
    window.click("#sign-in").await;
    visit.give_password(visit.person()).await;
    assert_eq!(window.text("#claim-acr").await, "urn:yihao:acr:1");

    window.click("#step-up").await;
    window.click("#send-code").await;
    window.see("#code").await;
    let code = visit.code_of_message(1).await;
    window.fill("#code", &code).await;
    window.click("#login").await;

    assert_eq!(window.text("#claim-acr").await, "urn:yihao:acr:2");
    assert_eq!(window.text("#claim-amr").await, "pwd sms mfa");
}

#[tokio::test]
async fn who_declines_is_told_so_and_is_asked_again() {
    let Some(visit) = Visit::start().await else { return };
    let (window, demo) = (&visit.window, &visit.demo);
    window.open(&demo.province).await;
    window.click("#sign-in").await;
    visit.give_password(visit.person()).await;

    window.click("#deny").await;

    assert_eq!(window.text("#error-code").await, "access_denied");
    window.click("#sign-in").await;
    window.see("#allow").await;
}
