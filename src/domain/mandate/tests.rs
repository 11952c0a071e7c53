//! The rules of granting, as a table.

use super::*;

const NOW: Timestamp = Timestamp(1_000_000);

fn client(name: &str) -> ClientId {
    ClientId::parse(name).unwrap()
}

fn listed(clients: &[&str], items: &[&str]) -> Matters {
    Matters::Listed {
        clients: clients.iter().map(|name| client(name)).collect(),
        items: items.iter().map(|&item| item.to_owned()).collect(),
    }
}

fn terms(role: MandateRole, matters: Matters, until: Option<i64>, delegation: u8) -> Terms {
    let until = until.map(|seconds| Timestamp(NOW.0 + seconds));
    Terms { role, matters, term: Term { from: NOW, until }, delegation }
}

fn held(terms: Terms) -> Mandate {
    Mandate {
        id: MandateId::generate(),
        principal: Principal::Organisation(OrganisationId::generate()),
        parent: None,
        evidence: MandateEvidence::Granted,
        terms,
        agent_digest: IdentifierDigest([0; 32]),
        agent: Some(AccountId::generate()),
        parties: Vec::new(),
        state: MandateState::Active,
        granted_by: AccountId::generate(),
        offered_at: NOW,
        accepted_at: Some(NOW),
        ended_at: None,
    }
}

#[test]
fn nobody_gives_more_than_he_has() {
    use GrantError::Delegation;
    use GrantError::Role;
    use GrantError::Term as Longer;
    use MandateRole::Administrator;
    use MandateRole::Agent;
    use MandateRole::LegalRepresentative;
    use MandateRole::Relative;
    let boss = || Terms::of_representative(NOW);
    let admin = || terms(Administrator, Matters::All, Some(100), 2);
    let agent = || terms(Agent, listed(&["a", "b"], &["i1"]), Some(50), 1);
    let table = [
        (boss(), admin(), Ok(())),
        (boss(), terms(Agent, Matters::All, None, 0), Ok(())),
        (boss(), terms(LegalRepresentative, Matters::All, None, 0), Err(Role)),
        (boss(), terms(Administrator, Matters::All, None, DEEPEST), Err(Delegation)),
        (boss(), terms(Relative, Matters::All, None, 0), Err(Role)),
        (admin(), agent(), Ok(())),
        (admin(), terms(Administrator, Matters::All, Some(100), 0), Err(Role)),
        (admin(), terms(Agent, Matters::All, None, 0), Err(Longer)),
        (admin(), terms(Agent, Matters::All, Some(101), 0), Err(Longer)),
        (admin(), terms(Agent, Matters::All, Some(100), 2), Err(Delegation)),
        (admin(), terms(Agent, Matters::All, Some(0), 0), Err(GrantError::TermOver)),
        (admin(), terms(Agent, listed(&[], &[]), Some(1), 0), Err(GrantError::NoMatters)),
        (agent(), terms(Agent, listed(&["a"], &[]), Some(50), 0), Ok(())),
        (agent(), terms(Agent, listed(&["a"], &["i1"]), Some(50), 0), Ok(())),
        (agent(), terms(Agent, listed(&["c"], &[]), Some(50), 0), Err(GrantError::Matters)),
        (agent(), terms(Agent, Matters::All, Some(50), 0), Err(GrantError::Matters)),
        (agent(), terms(Agent, listed(&["a"], &["i2"]), Some(50), 0), Err(GrantError::Matters)),
        (agent(), terms(Agent, listed(&["a"], &[]), Some(50), 1), Err(Delegation)),
    ];
    for (number, (has, wants, expected)) in table.into_iter().enumerate() {
        assert_eq!(held(has).check_grant(&wants, NOW), expected, "row {number}");
    }
}

#[test]
fn what_is_not_in_force_gives_nothing() {
    let wants = terms(MandateRole::Agent, Matters::All, Some(10), 0);
    for state in MandateState::ALL {
        let mandate = Mandate { state, ..held(Terms::of_representative(NOW)) };
        let expected =
            if state == MandateState::Active { Ok(()) } else { Err(GrantError::NotInForce) };
        assert_eq!(mandate.check_grant(&wants, NOW), expected, "{state:?}");
    }
    let later = terms(MandateRole::Administrator, Matters::All, None, 2);
    let later = Terms { term: Term { from: Timestamp(NOW.0 + 1), until: None }, ..later };
    assert_eq!(held(later).check_grant(&wants, NOW), Err(GrantError::NotInForce));
    let over = terms(MandateRole::Administrator, Matters::All, Some(5), 2);
    let at = Timestamp(NOW.0 + 5);
    assert_eq!(held(over).check_grant(&wants, at), Err(GrantError::NotInForce));
}

#[test]
fn matters_say_where_somebody_may_act() {
    let portal = client("a");
    assert!(Matters::All.lead_to(&portal));
    assert!(listed(&["a"], &[]).lead_to(&portal) && !listed(&["b"], &[]).lead_to(&portal));
    assert!(listed(&["b"], &["i1"]).lead_to(&portal));
    assert_eq!(Matters::All.items_at(&portal), None);
    assert_eq!(listed(&["a"], &["i1"]).items_at(&portal), None);
    let items = BTreeSet::from(["i1".to_owned()]);
    assert_eq!(listed(&["b"], &["i1"]).items_at(&portal), Some(&items));
}

#[test]
fn names_are_read_back() {
    for role in MandateRole::ALL {
        assert_eq!(MandateRole::parse(role.as_str()), Some(role));
    }
    for state in MandateState::ALL {
        assert_eq!(MandateState::parse(state.as_str()), Some(state));
    }
}
