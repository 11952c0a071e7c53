//! Every page in every state a visitor can bring it to, one after the other, for whoever looks at them.

use super::Visit;
use super::steps::App;

/// How pages are looked at.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// The language.
    pub locale: &'static str,
    /// 长者模式
    pub elder: bool,
}

/// Somebody who looks at each page; it stands in the window when they are called with its name.
pub trait Eye {
    /// Looks at the page.
    async fn look(&mut self, visit: &Visit, name: &str);
}

impl Visit {
    /// Brings every page before the eye.
    pub async fn see_everything(&self, look: Look, eye: &mut impl Eye) {
        let Look { locale, elder } = look;
        let elder = u8::from(elder);
        let chosen = format!("/preferences?locale={locale}&elder={elder}&return=/");
        self.window.open(&self.demo.url(&chosen)).await;
        self.public_pages(eye).await;
        self.sign_up_pages(eye).await;
        self.login_pages(eye).await;
        self.portal_pages(eye).await;
        self.account_pages(eye).await;
        let app = self.enrolment_pages(eye).await;
        self.logout_pages(eye).await;
        self.second_factor_pages(&app, eye).await;
    }

    async fn show(&self, css: &str, name: &str, eye: &mut impl Eye) {
        self.window.see(css).await;
        eye.look(self, name).await;
    }

    async fn go(&self, path: &str, name: &str, eye: &mut impl Eye) {
        self.window.open(&self.demo.url(path)).await;
        eye.look(self, name).await;
    }

    async fn public_pages(&self, eye: &mut impl Eye) {
        self.go("/", "home", eye).await;
        self.go("/help", "help", eye).await;
        self.go("/privacy", "privacy", eye).await;
        self.go("/nowhere", "not-found", eye).await;
        self.go("/oauth2/authorize?client_id=nobody", "error", eye).await;
        self.go("/login?tx=of-another-browser", "start-again", eye).await;
        self.go("/demo/outbox", "outbox-empty", eye).await;
        self.window.open(&self.demo.province).await;
        self.show("#sign-in", "portal-province", eye).await;
        self.window.open(&self.demo.city).await;
        self.show("#sign-in", "portal-city", eye).await;
    }

    async fn sign_up_pages(&self, eye: &mut impl Eye) {
        let window = &self.window;
        self.go("/signup", "signup", eye).await;
        for (field, text) in [
            ("#name", "1"),
            ("#id_number", "110105194912310021"),
            ("#phone", "12"),
            ("#password", "12345678"),
            ("#password_again", "87654321"),
        ] {
            window.fill(field, text).await;
        }
        window.click("#terms").await;
        window.click("#signup").await;
        self.show(".field-bad", "signup-errors", eye).await;
        window.open(&self.demo.url("/signup")).await;
        self.fill_sign_up().await;
        self.show("#code", "signup-code", eye).await;
        let code = self.code_of_message(1).await;
        window.fill("#code", "000000").await;
        window.click("#signup").await;
        self.show("#code-error", "signup-code-error", eye).await;
        window.fill("#code", &code).await;
        window.click("#signup").await;
        self.show("#continue", "signup-done", eye).await;
        self.go("/demo/outbox", "outbox", eye).await;
    }

    async fn login_pages(&self, eye: &mut impl Eye) {
        let (window, person) = (&self.window, self.person());
        self.go("/login", "login", eye).await;
        self.go("/login?method=sms", "login-sms", eye).await;
        window.fill("#identifier", person.phone()).await;
        window.click("#send-code").await;
        self.show("#code", "login-sms-code", eye).await;
        window.fill("#code", "000000").await;
        window.click("#login").await;
        self.show("[role=alert]", "login-sms-error", eye).await;
    }

    /// From here on the visitor is logged in.
    async fn portal_pages(&self, eye: &mut impl Eye) {
        let window = &self.window;
        window.open(&self.demo.province).await;
        window.click("#sign-in").await;
        self.show("#identifier", "login-to-portal", eye).await;
        window.fill("#identifier", &self.person().identifier).await;
        window.fill("#password", "not the password").await;
        window.click("#login").await;
        self.show("[role=alert]", "login-error", eye).await;
        self.give_password(self.person()).await;
        self.show("#allow", "consent", eye).await;
        window.click("#deny").await;
        self.show("#error-code", "portal-declined", eye).await;
        window.click("#sign-in").await;
        window.click("#allow").await;
        self.show("#sign-out", "portal-signed-in", eye).await;
        window.click("#step-up").await;
        self.show("#send-code", "second-sms", eye).await;
        window.click("#send-code").await;
        self.show("#code", "second-sms-code", eye).await;
    }

    async fn account_pages(&self, eye: &mut impl Eye) {
        let window = &self.window;
        self.go("/", "home-logged-in", eye).await;
        self.go("/account", "account", eye).await;
        self.go("/account/password", "account-password", eye).await;
        window.fill("#current_password", "not the password").await;
        window.fill("#password", "autumn-river-at-dawn").await;
        window.fill("#password_again", "autumn-river-at-dawn").await;
        window.click("#save").await;
        self.show(".notice-bad", "account-password-error", eye).await;
        self.go("/account/password?done=1", "account-password-done", eye).await;
        self.go("/account/sessions", "account-sessions", eye).await;
        self.go("/account/portals", "account-portals", eye).await;
        window.click("a[href^='/account/portals/']").await;
        self.show("#block", "account-portal", eye).await;
        window.click("#block").await;
        self.show("button[name=allow]", "account-portals-blocked", eye).await;
        window.click("a[href^='/account/portals/']").await;
        self.show("#allow", "account-portal-blocked", eye).await;
        window.click("#allow").await;
        self.show("main a[href^='/account/portals/']", "account-portals-allowed", eye).await;
        self.go("/account/phone", "account-phone", eye).await;
        window.click("#block-sms").await;
        self.show("#allow-sms", "account-phone-no-sms", eye).await;
        window.click("#allow-sms").await;
        window.see("#block-sms").await;
        self.go("/account/history", "account-history", eye).await;
        self.go("/account/reauthenticate?return=/account/totp", "reauthenticate", eye).await;
    }

    async fn enrolment_pages(&self, eye: &mut impl Eye) -> App {
        let window = &self.window;
        self.go("/account/totp", "account-totp-off", eye).await;
        window.click("#begin").await;
        self.show(".secret", "account-totp-offer", eye).await;
        self.leave().await;
        // Somebody without a phone is led to the app on the way to a portal.
        window.open(&format!("{}sign-in", self.demo.province)).await;
        self.give_password(self.person_without_phone()).await;
        window.click("#allow").await;
        window.click("#step-up").await;
        self.show(".secret", "enrol", eye).await;
        let app = self.read_secret().await;
        window.fill("#code", "000000").await;
        window.click("#login").await;
        self.show("#code-error", "enrol-error", eye).await;
        window.fill("#code", &app.last_code()).await;
        window.click("#login").await;
        self.show(".codes", "recovery-codes", eye).await;
        window.click("#continue").await;
        self.show("#sign-out", "portal-stepped-up", eye).await;
        self.go("/account/totp", "account-totp-on", eye).await;
        app
    }

    async fn logout_pages(&self, eye: &mut impl Eye) {
        self.go("/oauth2/logout", "logout", eye).await;
        self.window.click("#logout").await;
        self.show(".work a[href='/login']", "logged-out", eye).await;
    }

    async fn second_factor_pages(&self, app: &App, eye: &mut impl Eye) {
        let window = &self.window;
        window.open(&format!("{}sign-in", self.demo.province)).await;
        self.give_password(self.person_without_phone()).await;
        self.show("#code", "second-totp", eye).await;
        window.click("a[href*='method=recovery_code']").await;
        self.show("#code", "second-recovery", eye).await;
        window.fill("#code", "no-such-code").await;
        window.click("#login").await;
        self.show("#code-error", "second-recovery-error", eye).await;
        window.click("a[href*='method=totp']").await;
        window.see("#code[inputmode]").await;
        window.fill("#code", &app.code()).await;
        window.click("#login").await;
        window.see("#sign-out").await;
    }

    /// Logs out at the provider.
    pub async fn leave(&self) {
        self.window.open(&self.demo.url("/oauth2/logout")).await;
        self.window.click("#logout").await;
        self.window.see(".work a[href='/login']").await;
    }
}
