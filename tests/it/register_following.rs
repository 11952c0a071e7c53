//! What hangs on the register follows it at once, whatever happens beside it (design D3; security.md ): one
//! organisation that cannot be followed holds up no other, and nobody loses what the register gave him meanwhile.

use std::time::Duration;

use serde_json::json;
use yihao::audit;
use yihao::domain::audit_event::AuditKind;
use yihao::domain::id::OrganisationId;
use yihao::domain::request_context::RequestContext;
use yihao::organisations::following;
use yihao::store::sql::Suspension;

use crate::on_both;
use crate::on_both_backends;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::console::send;
use crate::support::login::log_in;
use crate::support::officers::Desk;
use crate::support::officers::approve;
use crate::support::officers::file;
use crate::support::organisation::claim;
use crate::support::organisation::entity;
use crate::support::organisation::logged_in;
use crate::support::organisation::mandates;
use crate::support::organisation::with_agent;
use crate::support::province::Call;
use crate::support::province::Province;
use crate::support::province::SECRET;

const SUSPENDED: &str = "SELECT COUNT(*) FROM mandate WHERE state = 'suspended'";

async fn organisation(provider: &TestProvider, uscc: &str) -> OrganisationId {
    let uscc = yihao::domain::uscc::Uscc::parse(uscc, yihao::domain::policy::Synthetic::Accepted);
    let digest = provider.provider.vault.index_uscc(&uscc.unwrap());
    let found = provider.provider.store.find_organisation_by_code(digest).await.unwrap();
    found.expect("somebody claimed it").id
}

/// Until this query counts so many.
async fn until(provider: &TestProvider, query: &str, wanted: i64) {
    for _ in 0..400 {
        if provider.count(query).await == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{query}: {} and not {wanted}", provider.count(query).await);
}

on_both!(
    /// A record that does not open holds up neither what an import changed nor what is compared by itself.
    one_that_cannot_be_followed_holds_up_no_other,
    |provider| {
        let (broken, ..) = with_agent(&provider, 9941).await;
        with_agent(&provider, 9943).await;
        with_agent(&provider, 9945).await;
        let (heir, _) = logged_in(&provider, 9947).await;
        let id = organisation(&provider, &broken).await;
        let spoil = if provider.is_on_postgres() { "'\\x00'" } else { "X'00'" };
        let of_it = "WHERE id = (SELECT organisation_id FROM mandate ORDER BY id LIMIT 1)";
        provider.execute(&format!("UPDATE organisation SET record = {spoil}, checked_at = 0 {of_it}")).await;
        let opens = provider.provider.store.find_organisation(id).await.unwrap().unwrap();
        assert!(provider.provider.vault.open_organisation(&opens.record).is_err(), "the first one's");

        provider.add_organisation(&entity(9941, &heir)).await;
        provider.add_organisation(&entity(9943, &heir)).await;
        until(&provider, SUSPENDED, 2).await;

        // Nobody tells of the third: it is found by being compared, a day later, behind the one that cannot be.
        let forget = "DELETE FROM legal_entity WHERE digest =
            (SELECT digest FROM organisation ORDER BY id DESC LIMIT 1)";
        provider.execute(forget).await;
        provider.clock.advance(25 * 3600 * 1000);
        following::compare_old(&provider.provider).await.unwrap();
        until(&provider, SUSPENDED, 4).await;
        let first = format!(
            "SELECT COUNT(*) FROM mandate WHERE state = 'active' AND organisation_id IN
                (SELECT id FROM organisation {of_it})"
        );
        assert_eq!(provider.count(&first).await, 2, "of the one that does not open nothing is concluded");
        assert_eq!(provider.count("SELECT COUNT(*) FROM organisation WHERE tried_at > 0").await, 1);
    }
);

on_both!(
    /// What the register said of somebody is not done to who represents the organisation since.
    a_new_representative_is_not_suspended_with_the_old_one,
    |provider| {
        let (uscc, ..) = with_agent(&provider, 9951).await;
        let id = organisation(&provider, &uscc).await;
        let store = &provider.provider.store;
        let old = store.find_representative(id).await.unwrap().unwrap().mandate;
        let (heir, browser) = logged_in(&provider, 9953).await;
        provider.add_organisation(&entity(9951, &heir)).await;
        until(&provider, SUSPENDED, 2).await;
        assert_eq!(claim(&provider, &browser, &uscc).await.status, 303);

        let record = || {
            let context = RequestContext::internal("register");
            audit::done(AuditKind::MandatesSuspended).record(&provider.provider, &context)
        };
        for observed in [Some(old), None] {
            let late = store.suspend_mandates((id, observed), record()).await.unwrap();
            assert_eq!(late, Suspension::Overtaken);
        }
        let new = store.find_representative(id).await.unwrap().expect("still the heir").mandate;
        assert_eq!(store.suspend_mandates((id, Some(new)), record()).await.unwrap(), Suspension::Done);
        let again = store.suspend_mandates((id, None), record()).await.unwrap();
        assert_eq!(again, Suspension::Nothing);
    }
);

on_both!(
    /// Whoever displaces a representative is compared with the register at once: of two answers the older may come last.
    who_displaces_somebody_is_compared_at_once,
    |provider| {
        let (uscc, ..) = with_agent(&provider, 9961).await;
        let desk = Desk::open(&provider).await;
        let (other, _) = logged_in(&provider, 9963).await;
        let code = [("code", &*uscc)];
        let asked = file(&provider, &desk.security, "claim", (&other, &code)).await;
        assert_eq!(asked.status, 303, "{}", asked.body);
        let before = provider.value::<i64>("SELECT checked_at FROM organisation").await;
        provider.clock.advance(60_000);
        assert_eq!(approve(&provider, &desk.system).await.status, 303);
        let checked = format!("SELECT COUNT(*) FROM organisation WHERE checked_at > {before}");
        until(&provider, &checked, 1).await;
        // A counter knew better, and the register has not changed since: the new one stays.
        let stays = "SELECT COUNT(*) FROM mandate WHERE state = 'active' AND evidence = 'counter'";
        assert_eq!(provider.count(stays).await, 1);
    }
);

on_both!(
    /// Whom the register names and whom a counter files race for one organisation: it has one representative then, and
    /// whoever that is holds the only mandate.
    two_ways_to_claim_leave_one_representative,
    |provider| {
        let desk = Desk::open(&provider).await;
        let representatives = "SELECT COUNT(*) FROM mandate WHERE role = 'legal_representative' AND state = 'active'";
        for round in 0..3_u64 {
            let (boss, browser) = logged_in(&provider, 9_970 + 2 * round).await;
            let (other, _) = logged_in(&provider, 9_971 + 2 * round).await;
            let known = entity(9_970 + 2 * round, &boss);
            provider.add_organisation(&known).await;
            let uscc = known.uscc.as_str();
            let code = [("code", uscc)];
            let asked = file(&provider, &desk.security, "claim", (&other, &code)).await;
            assert_eq!(asked.status, 303, "{}", asked.body);
            let csrf = browser.get(&provider.url("/account/password")).await.csrf();
            let (url, fields) = (provider.url("/account/mandates"), [("csrf", &*csrf), ("step", "claim"), ("uscc", uscc)]);
            let (claimed, approved) =
                tokio::join!(browser.post(&url, &fields), approve(&provider, &desk.system));
            assert!(claimed.status == 303 || claimed.status == 409, "{}", claimed.body);
            assert!(approved.status == 303 || approved.status == 409, "{}", approved.body);
            let rounds = i64::try_from(round).unwrap() + 1;
            assert_eq!(provider.count(representatives).await, rounds);
            until(&provider, "SELECT COUNT(*) FROM legal_entity_change", 0).await;
            assert_eq!(provider.count(representatives).await, rounds, "and it stands");
        }
    }
);

on_both!(
    /// Whose number turns out to be somebody else's keeps nothing of what was given to that number, though the register
    /// goes on naming it.
    what_was_given_to_a_number_goes_with_it,
    |provider| {
        let (uscc, boss, (agent, browser)) = with_agent(&provider, 9981).await;
        let person = Person::synthetic(9981);
        let right = Person { name: person.name.clone(), ..Person::synthetic(9983) };
        provider.add_person(&right.clone().without_account()).await;
        let desk = Desk::open(&provider).await;
        let id = provider.account(&person).await.id;
        let path = format!("/console/people/{id}/identity/correct");
        let fields = [
            ("name", &*right.name),
            ("id_number", &*right.id_number),
            ("frees_number", "1"),
            ("reason", "派出所来函"),
        ];
        assert_eq!(send(&provider, &desk.security, &path, &fields).await.status, 303);
        assert_eq!(approve(&provider, &desk.system).await.status, 303);
        assert_eq!(provider.count("SELECT COUNT(*) FROM mandate WHERE state = 'active'").await, 0);
        assert!(!mandates(&provider, &browser).await.body.contains(&uscc), "{} lost it", agent.name);
        let now = Person { password: person.password.clone(), phone: person.phone.clone(), ..right };
        log_in(&provider, &boss, &now).await;
        assert!(!mandates(&provider, &boss).await.body.contains(&uscc));
        assert_eq!(claim(&provider, &boss, &uscc).await.status, 400, "the register names the number");
    }
);

on_both_backends!(
    /// The register behind the platform says that something changed: it is asked, and what hangs on the organisation
    /// follows at once. A call of anybody else, an old one, or the same again changes nothing.
    what_the_platform_tells_is_asked_and_followed,
    |backend| {
        let (boss, heir) = (Person::synthetic(9991), Person::synthetic(9993));
        let (before, after) = (entity(9991, &boss), entity(9991, &heir));
        let mut province = Province::with(&[], &[&before]);
        let provider = province.provider(backend, SECRET).await;
        let (uscc, ..) = with_agent(&provider, 9991).await;
        province.changes_to(&[&after]);
        let path = "/registers/legal-entities/changed";
        let told = || Call::new(path, json!({ "app_id": "yihao", "uscc": [uscc] }).to_string());
        let open = "SELECT COUNT(*) FROM mandate WHERE state = 'active'";
        let odd = |codes: serde_json::Value| Call::new(path, json!({ "uscc": codes }).to_string());
        let many: Vec<String> = vec![uscc.clone(); 1_001];
        for (call, expected) in [
            (Call { secret: "a secret of somebody else", ..told() }, (401, 4001)),
            (Call { signs: Some("{}".to_owned()), ..told() }, (401, 4001)),
            (Call { skew: -400, ..told() }, (401, 4002)),
            (Call { body: "not json".to_owned(), ..told() }, (400, 4000)),
            (odd(json!([])), (400, 4000)),
            (odd(json!(["91140000701011888Z"])), (400, 4000)),
            (odd(json!(many)), (400, 4000)),
        ] {
            assert_eq!(call.make(&provider).await, expected, "{}", call.body);
        }
        assert_eq!(provider.count(open).await, 2);
        let refused = "request_refused refused call not of the register";
        assert!(provider.audit(40).await.iter().any(|line| line == refused));

        let call = told();
        assert_eq!(call.make(&provider).await, (200, 0));
        assert_eq!(call.make(&provider).await, (401, 4003), "once alone");
        until(&provider, open, 0).await;
        assert_eq!(provider.count(SUSPENDED).await, 2);
        let elsewhere = entity(9995, &boss);
        let nobodys = Call::new(path, json!({ "uscc": [elsewhere.uscc.as_str()] }).to_string());
        assert_eq!(nobodys.make(&provider).await, (200, 0), "whom we know is told to nobody");
        until(&provider, "SELECT COUNT(*) FROM legal_entity_change", 0).await;
    }
);

on_both!(
    /// A local replica calls nobody: there is no such door.
    where_a_replica_is_asked_nobody_tells,
    |provider| {
        let call = Call::new("/registers/legal-entities/changed", json!({ "uscc": [] }).to_string());
        assert_eq!(call.make(&provider).await, (404, 4004));
    }
);
