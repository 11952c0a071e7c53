//! What officers see: one person with two numbers and one number with two people, the counter, organisations and
//! their mandates, legacy codes, and the registers.

use yihao::codes::Order;
use yihao::codes::import;
use yihao::codes::publication;
use yihao::domain::id::CodeBatchId;
use yihao::domain::request_context::RequestContext;
use yihao::domain::synthetic;

use super::Walk;
use crate::support::Browser;
use crate::support::Person;
use crate::support::console::Operator;
use crate::support::console::decide;
use crate::support::console::send;
use crate::support::login::sign_up_form;
use crate::support::officers::Desk;
use crate::support::officers::about_unit;
use crate::support::officers::unit;

const WHY: (&str, &str) = ("reason", "派出所来函核实");

impl Walk {
    /// All of it.
    pub async fn works_at_the_console(&mut self) {
        let desk = Desk::open(&self.provider).await;
        self.looks_at_an_identity(&desk).await;
        self.serves_at_the_counter(&desk).await;
        self.looks_after_organisations(&desk).await;
        self.converts_codes(&desk).await;
        self.publishes_codes(&desk).await;
    }

    /// A doubt, a merge that waits and one that was made.
    async fn looks_at_an_identity(&mut self, desk: &Desk) {
        self.wear(&desk.security.browser).await;
        self.go("/console/people/doubts", "doubts-none").await;
        self.doubt().await;
        self.go("/console/people/doubts", "doubts").await;
        let boss = self.address(&self.people.boss).await;
        let agent = self.address(&self.people.agent).await;
        self.go(&format!("{boss}/identity"), "identity-doubt").await;
        self.fill(&[("#right-name", "欧阳明月"), ("#right-number", "110105194912310021")]).await;
        self.window.fill("#reason-correct", "派出所来函核实").await;
        self.window.click("#correct").await;
        self.see(".notice-bad", "identity-refused").await;
        self.go(&agent, "console-person").await;
        let path = format!("{agent}/identity");
        self.visit(&path).await;
        let other = self.people.double.id_number.clone();
        self.fill(&[("#other", &other), ("#reason-merge", "派出所来函核实")]).await;
        self.window.click("#merge").await;
        self.see(".pending", "identity-waiting").await;
        self.wear(&desk.system.browser).await;
        self.go("/console/acts", "acts-merge").await;
        let done = decide(&self.provider, &desk.system, "approve").await;
        assert_eq!(done.status, 303, "{}", done.body);
        self.wear(&desk.security.browser).await;
        self.visit(&path).await;
        self.see("#split-1", "identity-parts").await;
    }

    /// Where a person's account is.
    async fn address(&self, person: &Person) -> String {
        format!("/console/people/{}", self.provider.account(person).await.id)
    }

    /// Somebody signs up with a number that belongs to an account of another name.
    async fn doubt(&self) {
        let (browser, person) = (Browser::new(), &self.people.namesake);
        let page = browser.get(&self.provider.url("/signup")).await;
        let sent = browser.submit(&page, &sign_up_form(person, "lantern over the lake")).await;
        assert_eq!(sent.status, 200, "{}", sent.body);
        let code = self.provider.code_sent_to(&person.phone).await;
        let done = browser.submit(&sent, &[("code", &code), ("step", "verify")]).await;
        assert_eq!(done.status, 409, "{}", done.body);
    }

    /// Representative, guardian, helper; a person seen with a document.
    async fn serves_at_the_counter(&mut self, desk: &Desk) {
        self.wear(&desk.counter.browser).await;
        self.go("/console/counter", "counter").await;
        let boss = self.people.boss.clone();
        self.fill(&[
            ("#guardian-person-name", &boss.name),
            ("#guardian-person-number", &boss.id_number),
            ("#guardian-agent-name", &boss.name),
            ("#guardian-agent-number", &boss.id_number),
            ("#guardian-documents", "户口簿、出生医学证明、监护人身份证"),
            ("#reason-guardian", "本人到场"),
        ])
        .await;
        self.window.click("#file-guardian").await;
        self.see(".notice-bad", "counter-refused").await;
        let agent = self.people.agent.clone();
        self.visit(&self.address(&agent).await).await;
        if self.window.has("#verify").await {
            self.judge("counter-verify").await;
            self.fill(&[("#seen-name", "欧阳明月"), ("#seen-number", &agent.id_number)]).await;
            self.window.fill("#reason-verify", "本人到场").await;
            self.window.click("#seen-face").await;
            self.window.click("#verify").await;
            self.see(".notice-bad", "counter-verify-differs").await;
        } else {
            self.found.push("the counter cannot verify the agent".to_owned());
        }
    }

    /// Sought, found unclaimed, looked at, suspended; and what its people see then.
    async fn looks_after_organisations(&mut self, desk: &Desk) {
        self.wear(&desk.security.browser).await;
        self.go("/console/organisations", "organisations").await;
        self.window.fill("#code", "91140100MA0TEST00").await;
        self.window.click("#find").await;
        self.see("#code-error", "organisations-nobody").await;
        self.window.fill("#code", self.people.unclaimed().uscc.as_str()).await;
        self.window.click("#find").await;
        self.see("#found-title", "organisations-unclaimed").await;
        let uscc = self.people.claimed()[1].uscc.as_str().to_owned();
        self.window.fill("#code", &uscc).await;
        self.window.click("#find").await;
        self.see("#suspend-organisation", "organisation").await;
        self.window.click("#over").await;
        self.see("#open", "organisation-over").await;
        let id = unit(&self.provider, &desk.security, &uscc).await;
        let done = about_unit(&self.provider, &desk.security, (&id, "suspend"), &[WHY]).await;
        assert_eq!(done.status, 303, "{}", done.body);
        self.visit(&format!("/console/organisations/{id}")).await;
        self.see("#ask-resume", "organisation-suspended").await;
        let boss = self.address(&self.people.boss).await;
        self.go(&boss, "console-person-mandates").await;
    }

    /// A batch that waits, one that counts, a dispute; what the system knows of its registers.
    async fn converts_codes(&mut self, desk: &Desk) {
        self.wear(&desk.system.browser).await;
        self.go("/console/codes", "console-codes-none").await;
        let (first, second) = (self.batch(1).await, self.batch(2).await);
        self.go(&format!("/console/codes/{first}"), "code-batch-staged").await;
        for batch in [&first, &second] {
            self.agree([&desk.system, &desk.security], &format!("/console/codes/{batch}/confirm"))
                .await;
        }
        self.go("/console/codes", "console-codes").await;
        self.go(&format!("/console/codes/{first}"), "code-batch").await;
        self.go("/console/codes/disputes", "code-disputes").await;
        self.go("/console/system", "console-system").await;
    }

    /// A file of new codes is looked at, handed in, and confirmed.
    async fn publishes_codes(&mut self, desk: &Desk) {
        self.go("/codes", "codes-none").await;
        let row = |seed| format!("{},样例企业{seed},2026-11-26,\n", synthetic::uscc(seed));
        let rows: String = [1, 2, 300_001].map(row).concat();
        let file = self.provider.provider.config.data_dir.join("new.csv");
        std::fs::write(&file, format!("uscc,name,date,status\n{rows}")).expect("a file");
        let file = file.canonicalize().expect("its place").to_string_lossy().into_owned();
        self.go("/console/codes/new", "code-file").await;
        self.window.click("#kind option[value=new_codes]").await;
        let words = [("#authority", "云州市市场监督管理局"), ("#evidence", "云市监函〔2026〕13号")];
        self.fill(&words).await;
        self.window.fill("#file", &file).await;
        self.window.click("#look").await;
        self.see(".notice-good", "code-file-looked").await;
        self.window.fill("#file", &file).await;
        self.window.click("#keep").await;
        self.see("#confirm-new-codes", "code-batch-new").await;
        self.window.fill("#reason-confirm-new-codes", "来函核对").await;
        self.window.click("#confirm-new-codes").await;
        self.see("#main", "acts-codes").await;
        let done = decide(&self.provider, &desk.security, "approve").await;
        assert_eq!(done.status, 303, "{}", done.body);
        let context = RequestContext::internal("test");
        publication::publish_now(&self.provider.provider, &context).await.expect("a batch");
    }

    /// A batch of two lines, one of them wrong.
    async fn batch(&self, seed: u64) -> CodeBatchId {
        let (context, provider) = (RequestContext::internal("test"), &self.provider.provider);
        let order = Order {
            authority: "云州市市场监督管理局",
            evidence: "云市监函〔2026〕12号",
            encoding: None,
            dry_run: false,
        };
        let row = |value: &str| {
            let uscc = synthetic::uscc(seed);
            format!("registration_number,{value},{uscc},样例企业{seed},2016-10-01\n")
        };
        let rows = [row("149999000000019"), row("149999000000018")].concat();
        let file = format!("kind,value,uscc,name,valid_from\n{rows}");
        let read =
            import::import(provider, (&context, None), file.as_bytes(), order, |_, _| Ok(()));
        let read = read.await;
        read.unwrap().0.expect("a batch")
    }

    /// One officer asks, the other one approves.
    async fn agree(&self, [asks, decides]: [&Operator; 2], path: &str) {
        let asked = send(&self.provider, asks, path, &[WHY]).await;
        assert_eq!(asked.status, 303, "{}", asked.body);
        let done = decide(&self.provider, decides, "approve").await;
        assert_eq!(done.status, 303, "{}", done.body);
    }
}
