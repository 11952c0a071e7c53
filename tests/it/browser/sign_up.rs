//! A person of the register makes an account on the way to a portal.

use super::Visit;

/// What a newcomer chooses.
pub const PASSWORD: &str = "spring-tide-at-dusk";

impl Visit {
    /// Fills in the sign-up page for somebody of the register.
    pub async fn fill_sign_up(&self) {
        let (window, person) = (&self.window, self.newcomer());
        window.fill("#name", &person.name).await;
        window.fill("#id_number", &person.identifier).await;
        window.fill("#phone", person.phone()).await;
        window.fill("#password", PASSWORD).await;
        window.fill("#password_again", PASSWORD).await;
        window.click("#terms").await;
        window.click("#signup").await;
    }
}

#[tokio::test]
async fn a_newcomer_signs_up_and_arrives_at_the_portal() {
    let Some(visit) = Visit::start().await else { return };
    let (window, person) = (&visit.window, visit.newcomer());
    window.open(&visit.demo.province).await;
    window.click("#sign-in").await;
    window.click("a[href^='/signup?tx=']").await;

    visit.fill_sign_up().await;
    window.see("#code").await;
    let code = visit.code_of_message(1).await;
    window.fill("#code", "000000").await;
    window.click("#signup").await;
    window.see("#code-error").await;
    window.fill("#code", &code).await;
    window.click("#signup").await;
    window.click("#continue").await;
    window.fill("#identifier", person.phone()).await;
    window.fill("#password", PASSWORD).await;
    window.click("#login").await;
    window.click("#allow").await;

    assert_eq!(window.text("#person-name").await, person.name);
}

#[tokio::test]
async fn a_name_that_is_not_in_the_register_gets_no_account() {
    let Some(visit) = Visit::start().await else { return };
    let (window, person) = (&visit.window, visit.newcomer());
    window.open(&visit.demo.url("/signup")).await;
    window.fill("#name", "查无此人").await;
    window.fill("#id_number", &person.identifier).await;
    window.fill("#phone", person.phone()).await;
    window.fill("#password", PASSWORD).await;
    window.fill("#password_again", PASSWORD).await;
    window.click("#terms").await;
    window.click("#signup").await;

    window.see("[role=alert]").await;
    assert!(!window.has("#code").await);
}
