//! 长者模式 and the other language change how a page looks, never where the visitor is.

use super::Visit;

const ELDER: &str = ".top-links a:nth-child(1)";
const LANGUAGE: &str = ".top-links a:nth-child(2)";

#[tokio::test]
async fn a_page_stays_what_it_is_in_large_print_and_in_english() {
    let Some(visit) = Visit::start().await else { return };
    let window = &visit.window;
    window.open(&visit.demo.province).await;
    window.click("#sign-in").await;
    window.see("#identifier").await;
    let (address, portal) = (window.address().await, window.text(".destination-name").await);
    assert!(window.has("html[lang='zh-CN']:not(.elder)").await);

    window.click(ELDER).await;
    window.see("html.elder[lang='zh-CN'] #identifier").await;
    window.click(LANGUAGE).await;
    window.see("html.elder[lang='en'] #identifier").await;
    assert_eq!(window.address().await, address);
    assert_eq!(window.text(".destination-name").await, portal);
    window.click(ELDER).await;
    window.see("html[lang='en']:not(.elder) #identifier").await;

    // The choice outlives the login.
    visit.give_password(visit.person()).await;
    window.see("html[lang='en'] #allow").await;
}

#[tokio::test]
async fn an_answer_to_a_form_still_leads_to_the_portal_in_english() {
    let Some(visit) = Visit::start().await else { return };
    let (window, person) = (&visit.window, visit.person());
    window.open(&visit.demo.province).await;
    window.click("#sign-in").await;
    window.fill("#identifier", &person.identifier).await;
    window.fill("#password", "not the password").await;
    window.click("#login").await;
    window.see("[role=alert]").await;

    window.click(LANGUAGE).await;
    window.see("html[lang='en'] #identifier").await;
    visit.give_password(person).await;

    window.see("#allow").await;
}

#[tokio::test]
async fn the_way_in_is_kept_after_a_code_was_sent() {
    let Some(visit) = Visit::start().await else { return };
    let (window, person) = (&visit.window, visit.person());
    window.open(&visit.demo.province).await;
    window.click("#sign-in").await;
    window.click("a[href^='/login?method=sms']").await;
    window.fill("#identifier", person.phone()).await;
    window.click("#send-code").await;
    window.see("#code").await;

    window.click(ELDER).await;

    window.see("html.elder #send-code").await;
    window.see(".destination-name").await;
}

#[tokio::test]
async fn a_sign_up_goes_back_to_its_first_page() {
    let Some(visit) = Visit::start().await else { return };
    let window = &visit.window;
    window.open(&visit.demo.province).await;
    window.click("#sign-in").await;
    window.click("a[href^='/signup?tx=']").await;
    visit.fill_sign_up().await;
    window.see("#code").await;

    window.click(LANGUAGE).await;

    window.see("html[lang='en'] #id_number").await;
    assert!(window.has("a[href^='/login?tx=']").await, "the portal is not forgotten");
}
