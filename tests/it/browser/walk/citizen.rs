//! What citizens see: signing up and coming back with a document of another kind, verifying an identity, acting for
//! organisations and for each other, and the published codes.

use serde_json::json;

use super::Walk;
use crate::support::Browser;
use crate::support::RelyingParty;
use crate::support::organisation;
use crate::support::step_up::THREE;

const PASSWORD: &str = "lantern over the lake";
const PASSPORT: &str = "#id_type option[value=FOREIGN_PASSPORT]";

impl Walk {
    /// Without a country, then while the register is away: the sign-up waits.
    pub async fn signs_up_with_a_passport(&mut self) {
        let person = self.people.traveller.clone();
        let phone = person.phone.trim_start_matches("+86");
        let passwords = [("#password", PASSWORD), ("#password_again", PASSWORD)];
        self.wear(&Browser::new()).await;
        self.visit("/signup").await;
        self.window.click(PASSPORT).await;
        self.see("#id_country", "signup-passport").await;
        let (name, number) = (person.name.as_str(), person.id_number.as_str());
        self.fill(&[("#name", name), ("#id_number", number), ("#phone", phone)]).await;
        self.fill(&passwords).await;
        self.window.click("#terms").await;
        self.window.click("#signup").await;
        self.see("#id_country-error", "signup-passport-errors").await;

        self.province.fail("down").await;
        self.window.click("#id_country option[value=UTO]").await;
        self.fill(&passwords).await;
        self.window.click("#terms").await;
        self.window.click("#signup").await;
        self.see("#waits", "signup-away").await;
        self.fill(&passwords).await;
        self.window.click("#terms").await;
        self.window.click("#signup").await;
        self.window.see("#code").await;
        let code = self.provider.code_sent_to(&person.phone).await;
        self.window.fill("#code", &code).await;
        self.window.click("#signup").await;
        self.see(".work a.button-quiet", "signup-waits").await;
    }

    /// Logging in and recovering with what no citizen of the mainland has.
    pub async fn comes_back_with_a_permit(&mut self) {
        self.wear(&Browser::new()).await;
        self.visit("/login").await;
        self.window.click("#other-document").await;
        self.see("#id_type", "login-permit").await;
        self.window.click(PASSPORT).await;
        self.see("#id_country", "login-passport").await;
        self.window.click("#id_country option[value=UTO]").await;
        self.fill(&[("#identifier", "L898902C3"), ("#password", "not it")]).await;
        self.window.click("#login").await;
        self.see("[role=alert]", "login-passport-refused").await;
        self.visit("/recover").await;
        self.window.click("#id_type option[value='511']").await;
        self.judge("recover-permit").await;
        let fields = [("#name", "1"), ("#id_number", "0000000"), ("#phone", "13700009050")];
        self.fill(&fields).await;
        self.window.click("#recover").await;
        self.see(".field-error", "recover-permit-errors").await;
    }

    /// Nothing yet, under way, not finished, refused, waiting for an answer, confirmed.
    pub async fn verifies_an_identity(&mut self) {
        self.come_as(&self.people.unproven).await;
        self.go("/account/verification", "verification-nothing").await;
        self.come_as(&self.people.agent).await;
        let web1 = RelyingParty::new(&self.provider, "web1");
        self.window.open(&web1.authorize(&THREE)).await;
        self.see("#begin-face", "verify-on-the-way").await;
        self.window.click("#begin-bank_card").await;
        self.window.click("button[value=refuse]").await;
        self.see(".notice-bad", "verify-on-the-way-denied").await;
        self.go("/account/verification", "verification-register").await;
        let begin = "#begin-bank_card";
        self.window.click(begin).await;
        self.window.see("button[name=decision]").await;
        self.visit("/account/verification").await;
        self.see("#look", "verification-open").await;
        self.window.click("#look").await;
        self.see(".notice", "verification-unfinished").await;
        self.window.click(begin).await;
        self.window.click("button[value=refuse]").await;
        self.see(".notice-bad", "verification-denied").await;
        self.window.click(begin).await;
        self.window.see("button[name=decision]").await;
        let page = self.window.address().await;
        let back = self.province.decide(page.as_str(), &[("decision", "approve")]).await;
        self.province.fail("down").await;
        self.window.open(&back).await;
        self.see("#look", "verification-pending").await;
        self.window.click("#agreed").await;
        self.window.click("#begin-face").await;
        self.see(".notice-bad", "verification-away").await;
        self.province.fail("none").await;
        self.provider.clock.advance(35_000);
        self.visit("/account/verification").await;
        if self.window.has("#look").await {
            self.window.click("#look").await;
        }
        self.see(".badge-2", "verification-confirmed").await;
        let risen = "UPDATE account SET identity_assurance = 3 WHERE identity_assurance = 2";
        self.provider.execute(risen).await;
        self.come_as(&self.people.agent).await;
        self.visit("/account/verification").await;
        self.see(".badge-3", "verification-counter").await;
    }

    /// Nobody, refused, many, searched; appointing, accepting, taking back, and what that leaves.
    pub async fn acts_for_others(&mut self) {
        self.come_as(&self.people.agent).await;
        self.go("/account/mandates", "mandates-none").await;
        self.window.click("#task-claim > summary").await;
        self.window.fill("#uscc", "91140100MA0TEST00").await;
        self.window.click("#claim").await;
        self.see(".notice-bad", "mandates-claim-refused").await;
        let uscc = self.people.claimed()[0].uscc.as_str().to_owned();
        self.window.click("#task-certificate > summary").await;
        self.fill(&[("#certificate-uscc", &uscc), ("#signature-pasted", "AA")]).await;
        self.window.fill("#certificate-pasted", "-----BEGIN CERTIFICATE-----").await;
        self.window.click("#claim-by-certificate").await;
        self.see(".notice-bad", "mandates-certificate-refused").await;

        self.come_as(&self.people.boss).await;
        self.go("/account/mandates", "mandates-many").await;
        self.window.click("#after").await;
        self.see("#before", "mandates-page").await;
        self.window.fill("#search", "没有这个单位").await;
        self.window.click("#seek").await;
        self.see(".empty", "mandates-search-none").await;

        let path = organisation::managing(&self.provider, &self.people.manager, &uscc).await;
        self.go(&path, "mandate-manage-none").await;
        let agent = self.people.agent.clone();
        self.fill(&[("#name", &agent.name), ("#number", &agent.id_number)]).await;
        self.window.click("#offer").await;
        self.see(".notice-bad", "mandate-grant-refused").await;
        let until = self.provider.clock.now().plus(std::time::Duration::from_hours(24 * 90));
        let until = json!(until.to_beijing()[..10]);
        for _ in 0..2 {
            self.window.click("#matters option[value=all]").await;
            let set = "document.querySelector('#until').value = arguments[0]";
            self.window.script(set, vec![until.clone()]).await;
            self.window.click("#offer").await;
            self.window.see(".notice-good").await;
            self.fill(&[("#name", &agent.name), ("#number", &agent.id_number)]).await;
        }
        self.window.click("button[id^=end-]").await;
        self.see(".notice-good", "mandate-manage").await;
        self.go(&format!("{path}?over=1"), "mandate-history").await;
        self.visit(&path).await;
        let begins = self.provider.clock.now().plus(std::time::Duration::from_hours(24 * 30));
        let set = "document.querySelector('#from').value = arguments[0]";
        self.window.script(set, vec![json!(begins.to_beijing()[..10])]).await;
        self.fill(&[("#name", &agent.name), ("#number", &agent.id_number)]).await;
        self.window.click("#matters option[value=all]").await;
        self.window.click("#offer").await;
        self.see(".notice-good", "mandate-manage-later").await;

        self.come_as(&self.people.agent).await;
        self.visit("/account/mandates").await;
        self.see("button[id^=accept-]", "mandates-offered").await;
        for _ in 0..2 {
            self.window.click("button[id^=accept-]").await;
            self.window.see(".notice-good").await;
            self.visit("/account/mandates").await;
        }
        self.see("#coming-title", "mandates-coming").await;
        let boss = self.people.boss.clone();
        self.window.click("#task-relative > summary").await;
        self.fill(&[("#name", &boss.name), ("#number", &boss.id_number)]).await;
        self.window.click("#matters option[value=all]").await;
        self.window.click("#offer").await;
        self.see(".notice-good", "mandates-mine").await;
        self.window.click("button[id^=end-]").await;
        self.see(".notice-good", "mandates-over").await;
        for list in ["held", "mine", "over"] {
            let path = format!("/account/mandates/history?of={list}");
            self.go(&path, &format!("mandates-history-{list}")).await;
        }
    }

    /// A list, a batch.
    pub async fn reads_published_codes(&mut self) {
        self.wear(&Browser::new()).await;
        self.go("/codes", "codes").await;
        self.window.click("main a[href='/codes/1']").await;
        self.see("#sm3", "codes-batch").await;
    }
}
