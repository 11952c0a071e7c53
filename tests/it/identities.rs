//! Two numbers of one person, one number of two people (domain.md 0.2; design D1, D2; security.md ):
//! merged, split and corrected by two officers, while portals go on knowing everybody as they did.

use yihao::domain::account::AccountStatus;
use yihao::domain::operator::Role;
use yihao::people::cancellation;

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::console::Operator;
use crate::support::console::appoint;
use crate::support::console::decide;
use crate::support::console::officers;
use crate::support::console::send;
use crate::support::login::is_logged_in;
use crate::support::login::log_in;
use crate::support::login::sign_up_form;
use crate::support::login::try_password;
use crate::support::organisation;
use crate::support::province;
use crate::support::province::Province;
use crate::support::relying_party::claims;

const WHY: (&str, &str) = ("reason", "派出所来函核实");

/// The page of the identity of whoever this account is.
async fn path(provider: &TestProvider, person: &Person) -> String {
    format!("/console/people/{}/identity", provider.account(person).await.id)
}

async fn sub(rp: &RelyingParty, browser: &Browser, person: &Person) -> String {
    let landing = rp.log_in(browser, person, &[]).await;
    let answer = rp.redeem(landing.code()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let claims = claims(answer.json()["id_token"].as_str().unwrap());
    claims["sub"].as_str().unwrap().to_owned()
}

/// One officer asks, another approves.
async fn settled(
    provider: &TestProvider,
    [asks, decides]: [&Operator; 2],
    path: &str,
    fields: &[(&str, &str)],
) {
    let asked = send(provider, asks, path, fields).await;
    assert_eq!(asked.status, 303, "{}", asked.body);
    let done = decide(provider, decides, "approve").await;
    assert_eq!((done.status, done.header("location")), (303, "/console/acts"), "{}", done.body);
}

async fn two(provider: &TestProvider, seed: u64) -> [Person; 2] {
    let people = [Person::synthetic(seed), Person::synthetic(seed + 1)];
    for person in &people {
        provider.add_person(person).await;
    }
    people
}

/// The other number with the password of the one that stayed.
fn by_other_number(stays: &Person, goes: &Person) -> Person {
    Person { id_number: goes.id_number.clone(), ..stays.clone() }
}

on_both!(
    /// Two accounts become one: both numbers log in there, each portal sees whom it saw before, and of the other
    /// account nothing is left that logs in. Undone, each is who he was.
    a_merge_is_seen_by_no_portal_and_can_be_undone,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let [stays, goes] = two(&provider, 9_100).await;
        let knew_one = organisation::portal(&provider, "knew-one", 1).await;
        let knew_both = organisation::portal(&provider, "knew-both", 1).await;
        let stranger = organisation::portal(&provider, "stranger", 1).await;
        let (own, other) = (Browser::new(), Browser::new());
        let of_other = sub(&knew_one, &other, &goes).await;
        let both_other = sub(&knew_both, &other, &goes).await;
        let both_own = sub(&knew_both, &own, &stays).await;

        let path = path(&provider, &stays).await;
        let merge = [("identifier", &*goes.id_number), WHY];
        settled(&provider, [&security, &system], &format!("{path}/merge"), &merge).await;
        assert!(!is_logged_in(&provider, &other).await, "every session of the other one ended");
        assert!(is_logged_in(&provider, &own).await);
        let gone = (&*goes.id_number, goes.password());
        assert_eq!(try_password(&provider, &Browser::new(), gone).await.status, 400);
        let phone = (&*goes.phone, goes.password());
        assert_eq!(try_password(&provider, &Browser::new(), phone).await.status, 400);
        let alias = by_other_number(&stays, &goes);
        assert_eq!(sub(&knew_one, &Browser::new(), &alias).await, of_other, "as it knew him");
        assert_eq!(sub(&knew_both, &Browser::new(), &stays).await, both_own, "its own goes on");
        let fresh = sub(&stranger, &own, &stays).await;
        assert!(![&of_other, &both_other, &both_own].contains(&&fresh));
        let page = security.browser.get(&provider.url(&path)).await;
        assert!(page.body.contains("id=\"split-1\""), "{}", page.body);
        let messages = provider.messages().await;
        assert!(messages.iter().any(|told| told.text.contains("已合并")), "the owner is told");

        let parts = organisation::between(&page, "name=\"absorbed\" value=\"", "\"").unwrap();
        let split = [("absorbed", &*parts), WHY];
        settled(&provider, [&security, &system], &format!("{path}/split"), &split).await;
        assert!(!is_logged_in(&provider, &own).await, "both log in anew");
        assert_eq!(sub(&knew_one, &Browser::new(), &goes).await, of_other);
        assert_eq!(sub(&knew_both, &Browser::new(), &goes).await, both_other);
        assert_eq!(sub(&knew_both, &Browser::new(), &stays).await, both_own);
        assert_eq!(sub(&stranger, &Browser::new(), &stays).await, fresh);
        assert_ne!(sub(&knew_one, &Browser::new(), &stays).await, of_other);
        assert_eq!(try_password(&provider, &Browser::new(), phone).await.status, 303);
        let again = send(&provider, &security, &format!("{path}/split"), &split).await;
        assert_eq!(again.status, 409, "{}", again.body);
    }
);

on_both!(
    /// Parted again, an account is what it was: one that was locked or stopped before opens to nobody by that.
    what_was_locked_is_locked_again_when_parted,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        for (seed, status) in [(9_180, AccountStatus::Locked), (9_182, AccountStatus::Stopped)] {
            let [stays, goes] = two(&provider, seed).await;
            let id = provider.account(&goes).await.id;
            provider.set_status(&goes, status).await;
            let path = path(&provider, &stays).await;
            let merge = [("identifier", &*goes.id_number), WHY];
            settled(&provider, [&security, &system], &format!("{path}/merge"), &merge).await;
            let parts = id.to_string();
            let split = [("absorbed", &*parts), WHY];
            settled(&provider, [&security, &system], &format!("{path}/split"), &split).await;
            assert_eq!(provider.account(&goes).await.status, status);
            let own = (&*goes.id_number, goes.password());
            assert_ne!(try_password(&provider, &Browser::new(), own).await.status, 303);
            assert_eq!(provider.account(&stays).await.status, AccountStatus::Active);
        }
    }
);

on_both!(
    /// Of a merge and its mirror image, asked for by two and approved at once, one happens.
    two_accounts_are_merged_one_way,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let [one, other] = two(&provider, 9_110).await;
        for (stays, goes) in [(&one, &other), (&other, &one)] {
            let path = format!("{}/merge", path(&provider, stays).await);
            let fields = [("identifier", &*goes.id_number), WHY];
            assert_eq!(send(&provider, &security, &path, &fields).await.status, 303);
        }
        let acts = system.browser.get(&provider.url("/console/acts")).await;
        let ids: Vec<&str> = acts.body.split("action=\"/console/acts/").skip(1).collect();
        let ids: Vec<&str> = ids.iter().map(|rest| &rest[..36]).collect();
        assert_eq!(ids.len(), 2);
        let approve = async |id: &str| {
            let fields = [("decision", "approve")];
            send(&provider, &system, &format!("/console/acts/{id}"), &fields).await.status
        };
        let mut statuses = <[u16; 2]>::from(tokio::join!(approve(ids[0]), approve(ids[1])));
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 409]);
        let kept = provider.rows(&["account WHERE status = 'merged'", "account"]).await;
        assert_eq!(kept, [1, 2]);
    }
);

on_both!(
    /// A name or a number is put right only as the register has it; whom a number finds is decided once. The
    /// portals know the person as before, and a number set free is another person's to sign up with.
    a_correction_follows_the_register_and_keeps_the_person,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let [person, holder] = two(&provider, 9_120).await;
        let portal = organisation::portal(&provider, "portal", 1).await;
        let before = sub(&portal, &Browser::new(), &person).await;
        let path = format!("{}/correct", path(&provider, &person).await);
        let right = Person { name: "欧阳建国".to_owned(), ..Person::synthetic(9_122) };
        let fields = [("name", &*right.name), ("id_number", &*right.id_number), WHY];
        let unknown = send(&provider, &security, &path, &fields).await;
        assert_eq!(unknown.status, 400, "{}", unknown.body);
        assert!(unknown.body.contains("人口库未确认"), "{}", unknown.body);
        for (name, number) in [("", &*right.id_number), (&*right.name, "110105194912310021")] {
            let odd = [("name", name), ("id_number", number), WHY];
            assert_eq!(send(&provider, &security, &path, &odd).await.status, 400, "{name} {number}");
        }
        let held = [("name", &*holder.name), ("id_number", &*holder.id_number), WHY];
        let asked = send(&provider, &security, &path, &held).await;
        assert_eq!(asked.status, 303, "the register knows them; whose it is, is told to nobody");
        let refused = decide(&provider, &system, "approve").await;
        assert_eq!(refused.status, 409, "{}", refused.body);
        assert_eq!(decide(&provider, &system, "reject").await.status, 303);
        log_in(&provider, &Browser::new(), &person).await;

        provider.add_person(&right.clone().without_account()).await;
        let frees = [fields.as_slice(), &[("frees_number", "1")]].concat();
        settled(&provider, [&security, &system], &path, &frees).await;
        let now = Person { password: person.password.clone(), ..right };
        assert_eq!(sub(&portal, &Browser::new(), &now).await, before);
        let old = (&*person.id_number, person.password());
        assert_eq!(try_password(&provider, &Browser::new(), old).await.status, 400);
        let twin = Person { phone: Person::synthetic(9_123).phone, ..person.clone() };
        assert_eq!(sign_up(&provider, &twin).await.status, 200);
        assert_ne!(sub(&portal, &Browser::new(), &twin).await, before);
    }
);

/// Signs a person up who stands in the register; the last page.
async fn sign_up(provider: &TestProvider, person: &Person) -> Page {
    let browser = Browser::new();
    let page = browser.get(&provider.url("/signup")).await;
    let asked = browser.submit(&page, &sign_up_form(person, person.password())).await;
    let code = provider.code_sent_to(&person.phone).await;
    browser.submit(&asked, &[("code", &code), ("step", "verify")]).await
}

on_both!(
    /// The register says another name for the number of an account: somebody of that region has to look at it,
    /// once; the account stays as it is, and the visitor learns no more than that there is one.
    a_number_with_two_names_is_a_case_for_an_officer,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let number = "11010519491231002X".to_owned();
        let first = Person { id_number: number.clone(), ..Person::synthetic(9_130) };
        provider.add_person(&first).await;
        let second = Person { id_number: number, ..Person::synthetic(9_131) };
        let second = Person { name: "诸葛孔明".to_owned(), ..second };
        provider.add_person(&second.clone().without_account()).await;
        for _ in 0..2 {
            assert_eq!(sign_up(&provider, &second).await.status, 409);
        }
        assert_eq!(provider.rows(&["identity_case"]).await, [1]);
        log_in(&provider, &Browser::new(), &first).await;

        let both = [&system, &security];
        let role = Role::RegionAdministrator;
        let here = appoint(&provider, both, (role, "110100"), "beijing").await;
        let elsewhere = appoint(&provider, both, (role, "140100"), "taiyuan").await;
        let list = async |officer: &Operator| {
            officer.browser.get(&provider.url("/console/people/doubts")).await
        };
        let account = provider.account(&first).await.id.to_string();
        assert!(!list(&elsewhere).await.body.contains(&account));
        let page = list(&here).await;
        assert!(page.body.contains(&account) && page.body.contains("*葛孔明"), "{}", page.body);
        assert!(!page.body.contains("诸葛") && !page.body.contains(&first.name));
        let path = path(&provider, &first).await;
        let dismiss = format!("{path}/dismiss");
        assert_eq!(send(&provider, &elsewhere, &dismiss, &[WHY]).await.status, 404);
        assert_eq!(send(&provider, &here, &dismiss, &[("reason", "")]).await.status, 400);
        assert_eq!(send(&provider, &here, &dismiss, &[WHY]).await.status, 303);
        assert_eq!(send(&provider, &security, &dismiss, &[WHY]).await.status, 409, "once");
        assert!(!list(&here).await.body.contains(&account));
    }
);

on_both!(
    /// Whose two accounts become one goes on representing what either did, and answers what was offered to either.
    mandates_go_with_the_person,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let (uscc, boss, (agent, agent_browser)) = organisation::with_agent(&provider, 9_140).await;
        let (stays, browser) = organisation::logged_in(&provider, 9_143).await;
        let manage = organisation::managing(&provider, &boss, &uscc).await;
        let fields = [("matters", "portals"), ("portal", "web1")];
        let offered = organisation::offer(&provider, &boss, &manage, (&agent, &fields)).await;
        assert_eq!(offered.status, 303, "{}", offered.body);
        let path = path(&provider, &stays).await;
        let merge = [("identifier", &*agent.id_number), WHY];
        settled(&provider, [&security, &system], &format!("{path}/merge"), &merge).await;
        assert!(!is_logged_in(&provider, &agent_browser).await);
        let held = "mandate WHERE state = 'active' AND role = 'agent'";
        assert_eq!(provider.rows(&[held]).await, [1]);
        let page = organisation::mandates(&provider, &browser).await;
        assert!(page.body.contains("样例企业9140号"), "{}", page.body);
    }
);

on_both!(
    /// what belongs together lies within the officer's region, both of it; nobody becomes part of himself,
    /// and who is over stays so.
    a_merge_ends_at_the_border_and_needs_two_accounts,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let number = "11010519491231002X".to_owned();
        let stays = Person { id_number: number, ..Person::synthetic(9_150) };
        let [goes, over] = two(&provider, 9_151).await;
        provider.add_person(&stays).await;
        let both = [&system, &security];
        let here = (Role::RegionAdministrator, "110100");
        let here = appoint(&provider, both, here, "beijing").await;
        let path = format!("{}/merge", path(&provider, &stays).await);
        let merge = async |officer: &Operator, identifier: &str| {
            send(&provider, officer, &path, &[("identifier", identifier), WHY]).await.status
        };
        assert_eq!(merge(&here, &goes.id_number).await, 400, "another region's");
        assert_eq!(merge(&security, &Person::synthetic(9_155).id_number).await, 400, "nobody's");
        assert_eq!(merge(&security, "12345").await, 400, "no number");
        assert_eq!(merge(&security, &stays.id_number).await, 409, "himself");
        provider.set_status(&over, AccountStatus::Cancelled).await;
        assert_eq!(merge(&security, &over.id_number).await, 409, "over");
        assert_eq!(provider.rows(&["act WHERE kind = 'merge_accounts'"]).await, [0]);
        // Approved too late: the other account is over by then.
        assert_eq!(merge(&security, &goes.id_number).await, 303);
        provider.set_status(&goes, AccountStatus::Cancelled).await;
        assert_eq!(decide(&provider, &system, "approve").await.status, 409);
        assert_eq!(provider.rows(&["account WHERE merged_into IS NOT NULL"]).await, [0]);
    }
);

on_both!(
    /// PIPL art. 47: whoever gives his account up gives up what had become part of it, too.
    what_was_merged_ends_with_the_account,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let [stays, goes] = two(&provider, 9_160).await;
        let path = path(&provider, &stays).await;
        let merge = [("identifier", &*goes.id_number), WHY];
        settled(&provider, [&security, &system], &format!("{path}/merge"), &merge).await;
        let browser = Browser::new();
        log_in(&provider, &browser, &stays).await;
        let page = browser.get(&provider.url("/account/cancel")).await;
        let asked = browser.submit(&page, &[("step", "cancel"), ("understood", "1")]).await;
        assert_eq!(asked.status, 303, "{}", asked.body);
        provider.clock.advance(60 * 24 * 3_600_000);
        cancellation::end_due(&provider.provider, drop).await.unwrap();
        let left = provider
            .rows(&[
                "account WHERE status = 'cancelled' AND password_hash IS NULL",
                "identifier_index",
                "cancellation WHERE done_at IS NOT NULL",
            ])
            .await;
        assert_eq!(left, [2, 0, 2]);
        provider.clock.advance(10 * 365 * 24 * 3_600_000);
        cancellation::end_due(&provider.provider, drop).await.unwrap();
        assert_eq!(provider.rows(&["account WHERE length(person_key) > 0"]).await, [0]);
    }
);

crate::on_both_backends!(
    /// While the register is away nothing is concluded: 503, nothing asked for; and an approval waits.
    nothing_is_put_right_while_the_register_is_away,
    |backend| {
        let people = [Person::synthetic(9_170), Person::synthetic(9_171)];
        let province = Province::start(&[&people[0], &people[1]]);
        let provider = province.provider(backend, province::SECRET).await;
        for person in &people {
            provider.add_person(person).await;
        }
        let [system, security, _] = officers(&provider).await;
        let path = format!("{}/merge", path(&provider, &people[0]).await);
        let merge = [("identifier", &*people[1].id_number), WHY];
        assert_eq!(send(&provider, &security, &path, &merge).await.status, 303);
        province.fail("down").await;
        let away = send(&provider, &security, &path, &merge).await;
        assert_eq!(away.status, 503, "{}", away.body);
        assert!(away.body.contains("暂时没有应答"), "{}", away.body);
        let decided = decide(&provider, &system, "approve").await;
        assert!(matches!(decided.status, 409 | 503), "{}", decided.body);
        assert_eq!(provider.rows(&["account WHERE status = 'merged'"]).await, [0]);
        let waits = "act WHERE kind = 'merge_accounts' AND state = 'waiting'";
        assert_eq!(provider.rows(&[waits]).await, [1], "it can be approved later");
    }
);
