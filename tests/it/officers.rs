//! Organisations and mandates at the console, and what a counter files (security.md; decision 0016): who
//! may, what two officers decide, and what the registers say of it later.

use std::time::Duration;

use yihao::domain::legal_entity::EntityStatus;
use yihao::domain::legal_entity::LegalEntity;

use crate::on_both;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::console::send;
use crate::support::login::log_in;
use crate::support::officers::Desk;
use crate::support::officers::about_unit;
use crate::support::officers::approve;
use crate::support::officers::born;
use crate::support::officers::file;
use crate::support::officers::unit;
use crate::support::officers::years_ago;
use crate::support::organisation::accept;
use crate::support::organisation::choose;
use crate::support::organisation::chooser;
use crate::support::organisation::claim;
use crate::support::organisation::entity;
use crate::support::organisation::entity_in;
use crate::support::organisation::logged_in;
use crate::support::organisation::mandates;
use crate::support::organisation::offer;
use crate::support::organisation::takes_all;
use crate::support::organisation::tokens;
use crate::support::organisation::with_agent;
use crate::support::relying_party::claims;

const REASON: (&str, &str) = ("reason", "来函协查");

/// Whether a token is still worth anything.
async fn is_active(rp: &RelyingParty, token: &str) -> bool {
    rp.call("/oauth2/introspect", &[("token", token)]).await.json()["active"] == true
}

on_both!(
    /// One officer suspends at once: tokens die, nobody comes, claims or grants in its name; two resume it, and the
    /// mandates are as they were.
    a_suspended_organisation_rests_until_two_officers_resume_it,
    |provider| {
        let (uscc, boss, (agent, browser)) = with_agent(&provider, 9501).await;
        takes_all(&provider, "web1").await;
        let web1 = RelyingParty::new(&provider, "web1");
        let page = chooser(&browser, &web1, &[]).await;
        let answer = tokens(&web1, &choose(&browser, &page, &uscc).await).await;
        let token = answer["access_token"].as_str().unwrap().to_owned();
        let desk = Desk::open(&provider).await;
        let id = unit(&provider, &desk.security, &uscc).await;
        let url = provider.url(&format!("/console/organisations/{id}"));
        let page = desk.security.browser.get(&url).await;
        assert!(page.body.contains("样例企业9501号") && page.body.contains("法定代表人"));
        assert!(!page.body.contains(&agent.id_number) && !page.body.contains(&agent.name), "masked");
        assert!(is_active(&web1, &token).await);

        let none = about_unit(&provider, &desk.security, (&id, "suspend"), &[("reason", "")]).await;
        assert_eq!(none.status, 400);
        let done = about_unit(&provider, &desk.security, (&id, "suspend"), &[REASON]).await;
        assert_eq!(done.status, 303, "{}", done.body);

        assert_eq!(provider.audit(1).await, ["organisation_suspended done"]);
        assert!(!is_active(&web1, &token).await, "what went on in its name ended");
        let again = about_unit(&provider, &desk.security, (&id, "suspend"), &[REASON]).await;
        assert_eq!(again.status, 409);
        let page = chooser(&browser, &web1, &[("prompt", "select_account")]).await;
        assert!(!page.body.contains(&format!("act-as-{uscc}")), "nobody comes for it");
        let refused = claim(&provider, &boss, &uscc).await;
        assert!(refused.status == 409 && refused.body.contains("暂停"), "{}", refused.body);
        for own in [&boss, &browser] {
            let page = mandates(&provider, own).await;
            assert!(page.body.contains(&uscc) && page.body.contains("单位账号已暂停"), "{}", page.body);
            assert!(!page.body.contains(&format!("manage-{uscc}")), "nobody is appointed");
        }

        let asked = [("kind", "resume_organisation"), REASON];
        let asked = about_unit(&provider, &desk.security, (&id, "ask"), &asked).await;
        assert_eq!(asked.status, 303, "{}", asked.body);
        assert_eq!(approve(&provider, &desk.system).await.status, 303);
        let page = chooser(&browser, &web1, &[("prompt", "select_account")]).await;
        let back = claims(tokens(&web1, &choose(&browser, &page, &uscc).await).await["id_token"].as_str().unwrap());
        assert_eq!(back["org"]["role"], "agent", "the mandate is as it was");
        let page = mandates(&provider, &boss).await;
        assert!(page.body.contains(&format!("manage-{uscc}")) && !page.body.contains("已暂停"));
    }
);

on_both!(
    /// One officer ends a mandate, but not the one on which all hang; to end everything takes two.
    a_mandate_is_ended_by_one_officer_and_all_of_them_by_two,
    |provider| {
        let (uscc, boss, (agent, browser)) = with_agent(&provider, 9511).await;
        let desk = Desk::open(&provider).await;
        let id = unit(&provider, &desk.security, &uscc).await;
        let mandate = async |role: &str| -> String {
            let sql = format!(
                "SELECT id FROM mandate WHERE role = '{role}' AND state = 'active' ORDER BY id LIMIT 1"
            );
            let leaked: &'static str = Box::leak(sql.into_boxed_str());
            provider.value::<uuid::Uuid>(leaked).await.to_string()
        };
        let first = mandate("legal_representative").await;
        let fields = [("mandate", &*first), REASON];
        let refused = about_unit(&provider, &desk.security, (&id, "end-mandate"), &fields).await;
        assert_eq!(refused.status, 403, "{}", refused.body);
        let second = mandate("agent").await;
        let fields = [("mandate", &*second), REASON];
        let counter = about_unit(&provider, &desk.counter, (&id, "end-mandate"), &fields).await;
        assert_eq!(counter.status, 403);
        let done = about_unit(&provider, &desk.security, (&id, "end-mandate"), &fields).await;
        assert_eq!(done.status, 303, "{}", done.body);
        assert!(!mandates(&provider, &browser).await.body.contains(&uscc), "{}", agent.name);
        let over = about_unit(&provider, &desk.security, (&id, "end-mandate"), &fields).await;
        assert_eq!(over.status, 409);

        let fields = [("kind", "end_organisation"), REASON];
        let asked = about_unit(&provider, &desk.security, (&id, "ask"), &fields).await;
        assert_eq!(asked.status, 303, "{}", asked.body);
        assert!(mandates(&provider, &boss).await.body.contains(&uscc), "nothing happens before");
        let own = approve(&provider, &desk.security).await;
        assert!(own.status == 409 && own.body.contains("不能核准自己"), "{}", own.body);
        assert_eq!(approve(&provider, &desk.system).await.status, 303);
        assert!(!mandates(&provider, &boss).await.body.contains(&uscc));
        let url = provider.url(&format!("/console/organisations/{id}?over=1"));
        let history = desk.security.browser.get(&url).await;
        assert!(history.body.contains("已收回"), "what was is seen: {}", history.body);
    }
);

on_both!(
    /// Documents at a counter make somebody representative whom the register does not name, once a second officer
    /// agrees; a change of the register is followed all the same.
    a_claim_at_a_counter_counts_once_a_second_officer_agrees,
    |provider| {
        let (named, named_browser) = logged_in(&provider, 9521).await;
        let (real, browser) = logged_in(&provider, 9522).await;
        let known = entity_in("140105", 9521, &named);
        provider.add_organisation(&known).await;
        let uscc = known.uscc.as_str();
        assert_eq!(claim(&provider, &named_browser, uscc).await.status, 303);
        let desk = Desk::open(&provider).await;
        let filed = file(&provider, &desk.counter, "claim", (&real, &[("code", uscc)])).await;
        assert_eq!(filed.status, 303, "{}", filed.body);
        assert!(!mandates(&provider, &browser).await.body.contains(uscc), "nothing exists before");
        let own = desk.counter.browser.get(&provider.url("/console/acts")).await;
        assert!(own.body.contains("身份证、户口簿原件") && !own.body.contains(&real.id_number));

        assert_eq!(approve(&provider, &desk.security).await.status, 303);

        assert!(mandates(&provider, &browser).await.body.contains(&format!("manage-{uscc}")));
        assert!(!mandates(&provider, &named_browser).await.body.contains(uscc), "one represents it");
        assert_eq!(approve_again(&provider, &desk).await, 0, "it is decided");
        // The same entry again changes nothing; another representative does.
        let renamed = LegalEntity { name: entity(9523, &named).name, ..known.clone() };
        provider.add_organisation(&renamed).await;
        provider.clock.advance(25 * 3_600_000);
        log_in(&provider, &browser, &real).await;
        let page = mandates(&provider, &browser).await;
        assert!(page.body.contains(uscc), "the register still names whom it named then");
        let heir = Person::synthetic(9524);
        let representative = entity(9521, &heir).representative;
        provider.add_organisation(&LegalEntity { representative, ..renamed }).await;
        for _ in 0..200 {
            if !mandates(&provider, &browser).await.body.contains(uscc) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("another representative at the register changed nothing");
    }
);

/// Acts that wait.
async fn approve_again(provider: &TestProvider, desk: &Desk) -> usize {
    let page = desk.security.browser.get(&provider.url("/console/acts")).await;
    page.body.matches("value=\"approve\"").count()
}

on_both!(
    /// A claim is refused where the organisation is not in existence, not of the region, or the person has no
    /// account; whatever was true when it was filed is judged again.
    what_a_counter_claims_is_judged_twice,
    |provider| {
        let (boss, _) = logged_in(&provider, 9531).await;
        let known = entity_in("140105", 9531, &boss);
        let over = LegalEntity {
            status: EntityStatus::Deregistered,
            ..entity_in("140105", 9532, &boss)
        };
        let away = entity_in("140200", 9533, &boss);
        let desk = Desk::open(&provider).await;
        for one in [&known, &over, &away] {
            provider.add_organisation(one).await;
        }
        let nowhere = entity_in("140105", 9534, &boss);
        for (code, status) in [
            (over.uscc.as_str(), 409),
            (nowhere.uscc.as_str(), 409),
            (away.uscc.as_str(), 400),
            ("91140000701011888X", 400),
        ] {
            let page = file(&provider, &desk.counter, "claim", (&boss, &[("code", code)])).await;
            assert_eq!(page.status, status, "{code}: {}", page.body);
        }
        let code = [("code", known.uscc.as_str())];
        let blank = [code[0], ("documents", " ")];
        assert_eq!(file(&provider, &desk.counter, "claim", (&boss, &blank)).await.status, 400);
        let nobody = Person::synthetic(9535).without_account();
        assert_eq!(file(&provider, &desk.counter, "claim", (&nobody, &code)).await.status, 303);
        let page = approve(&provider, &desk.security).await;
        assert!(page.status == 409 && page.body.contains("没有实名账号"), "{}", page.body);
        let page = crate::support::console::decide(&provider, &desk.security, "reject").await;
        assert_eq!(page.status, 303);

        assert_eq!(file(&provider, &desk.counter, "claim", (&boss, &code)).await.status, 303);
        let gone = LegalEntity { status: EntityStatus::Revoked, ..known.clone() };
        provider.add_organisation(&gone).await;
        assert_eq!(approve(&provider, &desk.security).await.status, 409);
        provider.add_organisation(&known).await;
        provider.clock.advance(73 * 3_600_000);
        crate::support::console::log_in(&provider, &desk.security).await;
        assert_eq!(approve_again(&provider, &desk).await, 0, "nobody decides after three days");
    }
);

on_both!(
    /// Of two approvals at once one counts; and what is suspended meanwhile is not claimed.
    approvals_race_for_one_claim,
    |provider| {
        let (boss, browser) = logged_in(&provider, 9541).await;
        let known = entity_in("140105", 9541, &boss);
        provider.add_organisation(&known).await;
        let desk = Desk::open(&provider).await;
        let code = [("code", known.uscc.as_str())];
        assert_eq!(file(&provider, &desk.counter, "claim", (&boss, &code)).await.status, 303);
        let (one, other) =
            tokio::join!(approve(&provider, &desk.security), approve(&provider, &desk.system));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 409], "{} {}", one.body, other.body);
        assert!(mandates(&provider, &browser).await.body.contains(known.uscc.as_str()));

        let (heir, heir_browser) = logged_in(&provider, 9542).await;
        assert_eq!(file(&provider, &desk.counter, "claim", (&heir, &code)).await.status, 303);
        let id = unit(&provider, &desk.security, known.uscc.as_str()).await;
        let done = about_unit(&provider, &desk.security, (&id, "suspend"), &[REASON]).await;
        assert_eq!(done.status, 303);
        assert_eq!(approve(&provider, &desk.security).await.status, 409);
        let none = mandates(&provider, &heir_browser).await;
        assert!(!none.body.contains(known.uscc.as_str()));
    }
);

on_both!(
    /// Whoever filed it must still be allowed to when it is decided.
    what_a_former_clerk_filed_is_not_approved,
    |provider| {
        let (boss, _) = logged_in(&provider, 9551).await;
        let known = entity_in("140105", 9551, &boss);
        provider.add_organisation(&known).await;
        let desk = Desk::open(&provider).await;
        let code = [("code", known.uscc.as_str())];
        assert_eq!(file(&provider, &desk.counter, "claim", (&boss, &code)).await.status, 303);
        let found = provider.provider.store.find_operator_by_login_name("taiyuan").await;
        let path = format!("/console/operators/{}/disable", found.unwrap().unwrap().id);
        assert_eq!(send(&provider, &desk.system, &path, &[REASON]).await.status, 303);
        let page = desk.security.browser.get(&provider.url("/console/acts")).await;
        let last = page.body.rsplit("action=\"/console/acts/").next().unwrap();
        let disable = format!("/console/acts/{}", last.split('"').next().unwrap());
        let fields = [("decision", "approve")];
        assert_eq!(send(&provider, &desk.security, &disable, &fields).await.status, 303);
        assert_eq!(approve(&provider, &desk.security).await.status, 409);
    }
);

on_both!(
    /// A parent acts for a child who needs no account, until the fourteenth birthday begins in Beijing.
    a_guardian_acts_until_the_child_is_fourteen,
    |provider| {
        let day = years_ago(&provider, 14) + time::Duration::days(2);
        let child = born(&provider, 561, day).await;
        let (parent, browser) = logged_in(&provider, 9562).await;
        let desk = Desk::open(&provider).await;
        takes_all(&provider, "web1").await;
        let web1 = RelyingParty::new(&provider, "web1");
        let ward = [("person_name", &*child.name), ("person_number", &*child.id_number)];
        let filed = file(&provider, &desk.counter, "guardian", (&parent, &ward)).await;
        assert_eq!(filed.status, 303, "{}", filed.body);
        assert!(!mandates(&provider, &browser).await.body.contains("id=\"accept-"));
        assert_eq!(approve(&provider, &desk.security).await.status, 303);
        assert_eq!(provider.account(&child).await.password_hash, None, "nobody logs in to it");
        let mandate = accept(&provider, &browser).await;

        let page = chooser(&browser, &web1, &[("scope", "openid profile")]).await;
        let answer = tokens(&web1, &choose(&browser, &page, &mandate).await).await;

        let told = claims(answer["id_token"].as_str().unwrap());
        assert_eq!(told["subject_type"], "natural_person");
        assert_eq!(told["represented"]["role"], "guardian", "{told}");
        assert_ne!(told["act"]["sub"], told["sub"]);
        let token = answer["access_token"].as_str().unwrap().to_owned();
        assert!(is_active(&web1, &token).await);
        let again = file(&provider, &desk.counter, "guardian", (&parent, &ward)).await;
        assert_eq!(again.status, 303);
        assert_eq!(approve(&provider, &desk.security).await.status, 409, "there is one already");
        provider.clock.advance(5 * 24 * 3_600_000);
        for _ in 0..200 {
            let lapsed = "SELECT COUNT(*) FROM mandate WHERE role = 'guardian' AND state = 'lapsed'";
            if provider.value::<i64>(lapsed).await == 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        log_in(&provider, &browser, &parent).await;
        let page = mandates(&provider, &browser).await;
        assert!(!page.body.contains("监护人"), "it is over by itself: {}", page.body);
    }
);

on_both!(
    /// Guardians are for children alone, helpers for who is older, and both for people the register knows, of the
    /// region of the counter.
    who_needs_no_guardian_gets_none,
    |provider| {
        let (agent, browser) = logged_in(&provider, 9571).await;
        let child = born(&provider, 571, years_ago(&provider, 5)).await;
        let youth = born(&provider, 572, years_ago(&provider, 14)).await;
        let old = born(&provider, 573, years_ago(&provider, 81)).await;
        let stranger = Person { name: "王无名".to_owned(), ..old.clone() };
        let elsewhere = Person::synthetic(9574).without_account();
        provider.add_person(&elsewhere).await;
        let desk = Desk::open(&provider).await;
        let (counter, hours, items) = (&desk.counter, ("hours", "2"), ("items", "140100-0042"));
        let table = [
            ("guardian", &youth, vec![], 400),
            ("guardian", &old, vec![], 400),
            ("guardian", &elsewhere, vec![], 400),
            ("guardian", &child, vec![], 303),
            ("helper", &child, vec![hours, items], 400),
            ("helper", &stranger, vec![hours, items], 400),
            ("helper", &old, vec![hours], 400),
            ("helper", &old, vec![items], 400),
            ("helper", &old, vec![("hours", "73"), items], 400),
            ("helper", &old, vec![hours, ("items", "<b>")], 400),
            ("helper", &old, vec![hours, items], 303),
        ];
        for (kind, person, more, status) in table {
            let mut fields =
                vec![("person_name", &*person.name), ("person_number", &*person.id_number)];
            fields.extend(more);
            let page = file(&provider, counter, kind, (&agent, &fields)).await;
            assert_eq!(page.status, status, "{kind} {fields:?}: {}", page.body);
        }
        let own = [("person_name", &*agent.name), ("person_number", &*agent.id_number), hours, items];
        assert_eq!(file(&provider, counter, "helper", (&agent, &own)).await.status, 400);
        // The helper of somebody without account or phone: for hours, in these matters.
        assert_eq!(approve(&provider, &desk.security).await.status, 303);
        assert_eq!(approve(&provider, &desk.security).await.status, 303);
        accept(&provider, &browser).await;
        accept(&provider, &browser).await;
        let account = provider.account(&old).await;
        let url = provider.url(&format!("/console/people/{}", account.id));
        let page = desk.counter.browser.get(&url).await;
        assert!(page.body.contains("140100-0042") && page.body.contains("窗口材料"), "{}", page.body);
        assert!(!page.body.contains(&agent.name));
        let waits = offer(&provider, &browser, "/account/mandates", (&old, &[])).await;
        assert_eq!(waits.status, 303, "the helper passes nothing on, and appoints for himself alone");
    }
);
