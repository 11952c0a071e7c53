//! The account centre: what a person sees and changes of their own.

use super::Visit;

#[tokio::test]
async fn a_changed_password_is_the_one_that_counts() {
    let Some(visit) = Visit::start().await else { return };
    let (window, person) = (&visit.window, visit.person());
    let new = "autumn-river-at-dawn";
    visit.log_in(person).await;
    window.click("a[href='/account/password']").await;
    let change = async |current: &str| {
        window.fill("#current_password", current).await;
        window.fill("#password", new).await;
        window.fill("#password_again", new).await;
        window.click("#save").await;
    };

    change("not the password").await;
    window.see(".notice-bad").await;
    change(person.password()).await;
    window.see(".notice-good").await;

    window.open(&visit.demo.url("/oauth2/logout")).await;
    window.click("#logout").await;
    window.see(".work a[href='/login']").await;
    window.open(&visit.demo.url("/login")).await;
    visit.give_password(person).await;
    window.see("[role=alert]").await;
    window.fill("#password", new).await;
    window.click("#login").await;
    window.see(".page-account").await;
}

#[tokio::test]
async fn a_withdrawn_portal_has_to_ask_again() {
    let Some(visit) = Visit::start().await else { return };
    let (window, person) = (&visit.window, visit.person());
    window.open(&visit.demo.province).await;
    window.click("#sign-in").await;
    visit.give_password(person).await;
    window.click("#allow").await;
    window.see("#sign-out").await;

    window.open(&visit.demo.url("/account/portals")).await;
    window.click("button[name=withdraw]").await;
    window.see_no("button[name=withdraw]").await;
    window.see("main a[href^='/account/portals/']").await;

    window.open(&format!("{}sign-in", visit.demo.province)).await;
    window.see("#allow").await;
}

#[tokio::test]
async fn an_app_is_set_up_used_and_removed() {
    let Some(visit) = Visit::start().await else { return };
    let (window, person) = (&visit.window, visit.person());
    visit.log_in(person).await;
    window.click(".rail a[href='/account/totp']").await;
    window.click("#begin").await;
    let app = visit.read_secret().await;
    window.fill("#code", "000000").await;
    window.click("#login").await;
    window.see("#code-error").await;
    // A wrong code offers the same secret again: the app already has it.
    assert_eq!(visit.read_secret().await, app);
    window.fill("#code", &app.last_code()).await;
    window.click("#login").await;
    window.see(".codes").await;
    window.click("#continue").await;
    window.see("#remove").await;

    // From now on the account itself asks for two factors.
    window.open(&visit.demo.url("/oauth2/logout")).await;
    window.click("#logout").await;
    window.see(".work a[href='/login']").await;
    window.open(&visit.demo.url("/login")).await;
    visit.give_password(person).await;
    window.fill("#code", &app.code()).await;
    window.click("#login").await;
    window.see(".page-account").await;

    window.open(&visit.demo.url("/account/totp")).await;
    window.click("#remove").await;
    window.see("#begin").await;
}

#[tokio::test]
async fn the_pages_tell_what_happened_and_all_devices_are_sent_away() {
    let Some(visit) = Visit::start().await else { return };
    let (window, person) = (&visit.window, visit.person());
    visit.log_in(person).await;

    let number = window.text(".ledger dd").await;
    assert!(!number.contains(&person.identifier), "the full number stands nowhere");
    window.click(".rail a[href='/account/history']").await;
    assert!(window.text(".history").await.contains("登录"));
    window.click(".rail a[href='/account/sessions']").await;
    assert!(window.text(".entries").await.contains("Chrome"));
    window.click("#end-all").await;

    window.see("#identifier").await;
    window.open(&visit.demo.url("/account")).await;
    window.see("#identifier").await;
}
