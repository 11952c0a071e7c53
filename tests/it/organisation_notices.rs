//! People are told what happens around their organisations and mandates (security.md ): those whom it
//! concerns, a few times an hour at most, and nobody learns by it whom we know.

use yihao::domain::assurance::IdentityAssurance;
use yihao::domain::id::MandateId;
use yihao::domain::mandate::Mandate;
use yihao::domain::mandate::MandateRole;
use yihao::domain::mandate::MandateState;
use yihao::domain::mandate::Matters;
use yihao::domain::mandate::Parties;
use yihao::domain::mandate::Principal;
use yihao::domain::mandate::Term;
use yihao::domain::mandate::Terms;
use yihao::domain::mandate_evidence::MandateEvidence;
use yihao::domain::request_context::RequestContext;

use crate::on_both;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::officers::Desk;
use crate::support::officers::about_unit;
use crate::support::officers::approve;
use crate::support::officers::unit;
use crate::support::organisation::accept;
use crate::support::organisation::appoint;
use crate::support::organisation::between;
use crate::support::organisation::browser_page;
use crate::support::organisation::entity;
use crate::support::organisation::logged_in;
use crate::support::organisation::managing;
use crate::support::organisation::mandates;
use crate::support::organisation::offer;
use crate::support::organisation::row_of;
use crate::support::organisation::step;
use crate::support::organisation::with_agent;

const REASON: (&str, &str) = ("reason", "来函协查");
const SUSPENDED: &str = "单位已被暂停办事";
const RESUMED: &str = "单位已恢复办事";
const UNIT_ENDED: &str = "由管理部门终止";
const REGISTERED: &str = "登记信息有变更";
const OFFERED: &str = "有人授权您代为办事";
const ACCEPTED: &str = "授权已被对方接受";
const DECLINED: &str = "授权已被对方拒绝";
const TAKEN_BACK: &str = "授权已被收回";

/// How many messages with these words have left.
async fn said(provider: &TestProvider, words: &str) -> usize {
    provider.messages().await.iter().filter(|sent| sent.text.contains(words)).count()
}

/// Whether these words were the last this person was told.
async fn heard(provider: &TestProvider, person: &Person, words: &str) -> bool {
    let last = provider.last_message_to(&person.phone).await;
    last.is_some_and(|sent| sent.text.contains(words))
}

/// Somebody who acts for the organisation of that mandate, without having been asked.
async fn enrol(provider: &TestProvider, own: &Mandate, seed: u64) -> Person {
    let person = Person { assurance: IdentityAssurance::REGISTER_MATCH, ..Person::synthetic(seed) };
    provider.add_account(&person.profile(), "no hash".to_owned(), &person).await;
    let account = provider.account(&person).await;
    let (id, inner) = (MandateId::generate(), &provider.provider);
    let parties = Parties {
        agent_name: person.name.clone(),
        agent_number: person.key().masked(),
        grantor_name: "测试".to_owned(),
    };
    let now = inner.clock.now();
    let mandate = Mandate {
        id,
        principal: own.principal,
        parent: Some(own.id),
        evidence: MandateEvidence::Granted,
        terms: Terms {
            role: MandateRole::Agent,
            matters: Matters::All,
            term: Term { from: now, until: None },
            delegation: 0,
        },
        agent_digest: inner.vault.index_person(person.key()),
        agent: Some(account.id),
        parties: inner.vault.seal_parties(id, &parties).unwrap(),
        state: MandateState::Active,
        granted_by: own.granted_by,
        offered_at: now,
        accepted_at: Some(now),
        ended_at: None,
    };
    let kind = yihao::domain::audit_event::AuditKind::MandateOffered;
    let record = yihao::audit::done(kind).record(inner, &RequestContext::internal("test"));
    assert!(inner.store.offer_mandate(mandate, record).await.unwrap().is_ok());
    person
}

on_both!(
    /// Everybody with a live mandate is told once of each step of the officers, when it is taken and not when it is
    /// asked for; who was only offered one, and everybody else, hears nothing. No name, no number.
    everybody_who_acts_is_told_what_officers_do,
    |provider| {
        let (uscc, boss_browser, (agent, _)) = with_agent(&provider, 9801).await;
        let boss = Person::synthetic(9801);
        let (waiting, _) = logged_in(&provider, 9803).await;
        let (stranger, _) = logged_in(&provider, 9804).await;
        let path = managing(&provider, &boss_browser, &uscc).await;
        offer(&provider, &boss_browser, &path, (&waiting, &[("matters", "all")])).await;
        let desk = Desk::open(&provider).await;
        let id = unit(&provider, &desk.security, &uscc).await;

        let done = about_unit(&provider, &desk.security, (&id, "suspend"), &[REASON]).await;
        assert_eq!(done.status, 303, "{}", done.body);
        assert_eq!(said(&provider, SUSPENDED).await, 2);
        assert!(heard(&provider, &boss, SUSPENDED).await && heard(&provider, &agent, SUSPENDED).await);
        let again = about_unit(&provider, &desk.security, (&id, "suspend"), &[REASON]).await;
        assert_eq!((again.status, said(&provider, SUSPENDED).await), (409, 2));

        let asked = [("kind", "resume_organisation"), REASON];
        about_unit(&provider, &desk.security, (&id, "ask"), &asked).await;
        assert_eq!(said(&provider, RESUMED).await, 0, "nothing happened yet");
        assert_eq!(approve(&provider, &desk.system).await.status, 303);
        assert_eq!(said(&provider, RESUMED).await, 2);
        assert!(heard(&provider, &boss, RESUMED).await && heard(&provider, &agent, RESUMED).await);

        let asked = [("kind", "end_organisation"), REASON];
        about_unit(&provider, &desk.security, (&id, "ask"), &asked).await;
        assert_eq!(approve(&provider, &desk.system).await.status, 303);
        assert_eq!(said(&provider, UNIT_ENDED).await, 2);
        assert!(heard(&provider, &boss, UNIT_ENDED).await && heard(&provider, &agent, UNIT_ENDED).await);

        assert!(heard(&provider, &waiting, OFFERED).await, "and nothing since");
        assert!(provider.last_message_to(&stranger.phone).await.is_none());
        for sent in provider.messages().await {
            for personal in [&*boss.name, &agent.name, &agent.id_number, &uscc, "样例企业9801号"] {
                assert!(!sent.text.contains(personal), "{}", sent.text);
            }
            assert!(sent.text.chars().count() <= 70, "{}", sent.text);
        }
    }
);

on_both!(
    /// When the register names another representative, those whose mandates end by it are told, once, and nobody else;
    /// where the register only says it again, nobody is.
    who_loses_a_mandate_by_the_register_is_told,
    |provider| {
        let (_, _, (agent, _)) = with_agent(&provider, 9861).await;
        let boss = Person::synthetic(9861);
        let (heir, _) = logged_in(&provider, 9863).await;
        let changed = entity(9861, &heir);
        for _ in 0..2 {
            provider.add_organisation(&changed).await;
            let waits = "SELECT COUNT(*) FROM legal_entity_change";
            for _ in 0..400 {
                if provider.count(waits).await == 0 {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(25)).await;
            }
            assert_eq!(provider.count(waits).await, 0, "followed");
            assert_eq!(said(&provider, REGISTERED).await, 2);
        }
        assert!(heard(&provider, &boss, REGISTERED).await && heard(&provider, &agent, REGISTERED).await);
        assert!(provider.last_message_to(&heir.phone).await.is_none());
    }
);

on_both!(
    /// An offer is told to the person of that number and name, and to nobody else; who offers sees no difference, and the
    /// same is counted whether or not there is such an account.
    an_offer_is_told_to_whom_it_is_meant_for_alone,
    |provider| {
        let (_, browser) = logged_in(&provider, 9811).await;
        let (named, _) = logged_in(&provider, 9812).await;
        let (misnamed, _) = logged_in(&provider, 9813).await;
        let nobody = Person::synthetic(9814);
        let wrong = Person { name: nobody.name.clone(), ..misnamed.clone() };
        let path = "/account/mandates";
        let warm = Person::synthetic(9815);
        offer(&provider, &browser, path, (&warm, &[("matters", "all")])).await;
        provider.messages().await;
        let mut seen = Vec::new();
        for person in [&named, &wrong, &nobody] {
            let before = provider.rows(&["throttle"]).await[0];
            let answer = offer(&provider, &browser, path, (person, &[("matters", "all")])).await;
            provider.messages().await;
            let counted = provider.rows(&["throttle"]).await[0] - before;
            seen.push((answer.status, answer.header("location").to_owned(), counted));
        }
        assert_eq!(seen[0], (303, "/account/mandates?done=offered".to_owned(), 1));
        assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
        assert_eq!(said(&provider, OFFERED).await, 1);
        assert!(heard(&provider, &named, OFFERED).await);
        assert!(provider.last_message_to(&misnamed.phone).await.is_none());
    }
);

on_both!(
    /// Who offered learns of the answer; who has a mandate learns that it was taken back, and with it those below him; who
    /// gives his own up needs no message.
    answers_and_ends_are_told_to_the_other_side,
    |provider| {
        let (uscc, boss_browser, (agent, browser)) = with_agent(&provider, 9821).await;
        let boss = Person::synthetic(9821);
        assert!(heard(&provider, &agent, OFFERED).await && heard(&provider, &boss, ACCEPTED).await);
        let (other, other_browser) = logged_in(&provider, 9823).await;
        let path = managing(&provider, &boss_browser, &uscc).await;
        offer(&provider, &boss_browser, &path, (&other, &[("matters", "all")])).await;
        let page = mandates(&provider, &other_browser).await;
        let waiting = between(&page, "id=\"accept-", "\"").unwrap();
        let no = [("step", "decline"), ("mandate", &*waiting)];
        assert_eq!(step(&provider, &other_browser, "/account/mandates", &no).await.status, 303);
        assert!(heard(&provider, &boss, DECLINED).await && heard(&provider, &other, OFFERED).await);

        // Below the administrator stands one more; both learn it when the administrator's mandate is taken back.
        let fields = [("role", "administrator"), ("matters", "all"), ("delegation", "1")];
        appoint(&provider, (&boss_browser, &uscc), (&other, &other_browser), &fields).await;
        let (third, third_browser) = logged_in(&provider, 9824).await;
        let below = managing(&provider, &other_browser, &uscc).await;
        offer(&provider, &other_browser, &below, (&third, &[("matters", "all")])).await;
        accept(&provider, &third_browser).await;
        assert!(heard(&provider, &other, ACCEPTED).await, "who granted it is told");
        let page = browser_page(&provider, &boss_browser, &path).await;
        let row = row_of(&page, &other.name);
        let end = [("step", "end"), ("mandate", &*row)];
        assert_eq!(step(&provider, &boss_browser, &path, &end).await.status, 303);
        assert_eq!(said(&provider, TAKEN_BACK).await, 2);
        assert!(heard(&provider, &other, TAKEN_BACK).await && heard(&provider, &third, TAKEN_BACK).await);

        // The first agent gives up what he has.
        let sql = "SELECT m.id FROM mandate m WHERE m.role = 'agent' AND m.state = 'active'";
        let own = provider.value::<uuid::Uuid>(sql).await.to_string();
        let end = [("step", "end"), ("mandate", &*own)];
        assert_eq!(step(&provider, &browser, "/account/mandates", &end).await.status, 303);
        assert_eq!(said(&provider, TAKEN_BACK).await, 2);
    }
);

on_both!(
    /// Nobody's phone is flooded: five of a kind an hour, whoever causes them; the offers stand in the account all the
    /// same, and an hour later people are told again.
    a_phone_is_told_a_few_times_an_hour,
    |provider| {
        let (agent, _) = logged_in(&provider, 9832).await;
        for seed in [9833, 9834] {
            let (_, browser) = logged_in(&provider, seed).await;
            for _ in 0..4 {
                let fields = [("matters", "all")];
                let made = offer(&provider, &browser, "/account/mandates", (&agent, &fields)).await;
                assert_eq!(made.status, 303, "{}", made.body);
            }
        }
        assert_eq!(said(&provider, OFFERED).await, 5);
        assert_eq!(provider.count("SELECT COUNT(*) FROM mandate WHERE state = 'offered'").await, 8);
        provider.clock.advance(61 * 60 * 1000);
        let (_, browser) = logged_in(&provider, 9835).await;
        offer(&provider, &browser, "/account/mandates", (&agent, &[("matters", "all")])).await;
        assert_eq!(said(&provider, OFFERED).await, 6);
    }
);

on_both!(
    /// An organisation of many is told beside the request, each of its people once, also who has several mandates.
    many_members_are_told_each_once,
    |provider| {
        let (uscc, _, (agent, _)) = with_agent(&provider, 9841).await;
        let desk = Desk::open(&provider).await;
        let id = unit(&provider, &desk.security, &uscc).await;
        let principal = Principal::Organisation(id.parse().map(yihao::domain::id::OrganisationId).unwrap());
        let store = &provider.provider.store;
        let held = store.list_mandates_of(principal, true, (None, 10)).await.unwrap();
        let own = held.iter().find(|one| one.terms.role.manages()).unwrap().clone();
        for seed in 0..120 {
            enrol(&provider, &own, 98_500 + seed).await;
        }
        let second = held.iter().find(|one| !one.terms.role.manages()).unwrap();
        let again = Mandate { id: MandateId::generate(), ..second.clone() };
        let parties = provider.provider.vault.open_parties(second.id, &second.parties).unwrap();
        let parties = provider.provider.vault.seal_parties(again.id, &parties).unwrap();
        let kind = yihao::domain::audit_event::AuditKind::MandateOffered;
        let record = yihao::audit::done(kind).record(&provider.provider, &RequestContext::internal("test"));
        assert!(store.offer_mandate(Mandate { parties, ..again }, record).await.unwrap().is_ok());

        let done = about_unit(&provider, &desk.security, (&id, "suspend"), &[REASON]).await;

        assert_eq!(done.status, 303, "{}", done.body);
        assert_eq!(said(&provider, SUSPENDED).await, 122);
        assert!(heard(&provider, &agent, SUSPENDED).await);
    }
);
