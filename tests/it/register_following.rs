//! What hangs on the register follows it at once, whatever happens beside it (design D3; security.md ): one
//! organisation that cannot be followed holds up no other, and nobody loses what the register gave him meanwhile.

use std::time::Duration;

use yihao::audit;
use yihao::domain::audit_event::AuditKind;
use yihao::domain::id::OrganisationId;
use yihao::domain::request_context::RequestContext;
use yihao::organisations::following;
use yihao::store::sql::Suspension;

use crate::on_both;
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
        let sql = "SELECT agent_digest FROM mandate WHERE state = 'suspended' ORDER BY id LIMIT 1";
        let digest: Vec<u8> = provider.value(sql).await;
        let hex = hex::encode(digest);
        let digest = if provider.is_on_postgres() { format!("'\\x{hex}'") } else { format!("X'{hex}'") };
        provider
            .execute(&format!(
                "UPDATE mandate SET agent_digest = {digest} WHERE role = 'legal_representative'
                    AND id = (SELECT id FROM mandate
                        WHERE role = 'legal_representative' AND state = 'active' ORDER BY id DESC LIMIT 1)"
            ))
            .await;
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
