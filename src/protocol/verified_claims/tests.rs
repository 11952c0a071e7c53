//! Requests and their answers, by the rules of OpenID Connect for Identity Assurance 1.0 §5.

use super::*;
use crate::domain::evidence::AtCounter;
use crate::domain::evidence::Comparison;
use crate::domain::evidence::Finding;
use crate::domain::id::AccountId;
use crate::domain::id::EvidenceId;
use crate::domain::id::OperatorId;

const NOW: Timestamp = Timestamp(1_800_000_000_000);

fn evidence(source: Source, age: u64) -> Evidence {
    let clerk = OperatorId::generate();
    let document = SeenDocument::IdCard;
    let seen = AtCounter { document, clerk, officer: clerk };
    Evidence {
        id: EvidenceId::generate(),
        account_id: AccountId::generate(),
        source,
        compared: Comparison::of(source.demands().0),
        finding: Finding::Confirmed,
        at_counter: (source == Source::Counter).then_some(seen),
        reference: Vec::new(),
        at: NOW.minus(std::time::Duration::from_secs(age)),
    }
}

/// Register a month ago, counter an hour ago, and a face that was denied since.
fn known() -> Value {
    let denied = Evidence { finding: Finding::Denied, ..evidence(Source::Face, 60) };
    let kept = [
        denied,
        evidence(Source::Counter, 3600),
        evidence(Source::PopulationRegister, 30 * 24 * 3600),
    ];
    verification("https://id.test", IdentityAssurance::COUNTER, &kept).unwrap()
}

#[expect(clippy::needless_pass_by_value, reason = "requests are written where they are asked")]
fn ask(verification: Value, claims: Value) -> Option<Value> {
    let asked = json!({ "verification": verification, "claims": claims });
    let asked = parse_request(Some(&asked)).unwrap().pop().unwrap();
    let value = |name: &str| (name == "name").then(|| json!("测试一"));
    answer(&asked, &known(), &value, NOW)
}

#[test]
fn what_was_asked_for_is_told_and_nothing_else() {
    let told = ask(json!({ "trust_framework": null }), json!({ "name": null })).unwrap();
    let least = json!({
        "verification": { "trust_framework": TRUST_FRAMEWORK }, "claims": { "name": "测试一" },
    });
    assert_eq!(told, least);
    let told = ask(json!({ "assurance_level": null }), json!({ "name": null, "birthdate": null }));
    let told = told.unwrap();
    assert_eq!(told["verification"]["assurance_level"], "3");
    assert_eq!(told["verification"]["trust_framework"], TRUST_FRAMEWORK);
    assert_eq!(told["claims"].as_object().unwrap().len(), 1);
    let everything = ask(json!({ "evidence": null }), json!({ "name": null })).unwrap();
    let everything = everything["verification"]["evidence"].as_array().unwrap().clone();
    assert_eq!(everything.len(), 2, "the denial is told to nobody");
}

#[test]
fn evidence_is_filtered_by_type_and_cut_to_what_was_asked() {
    let asked = json!({ "evidence": [{
        "type": { "value": "document" }, "document_details": { "type": null },
    }] });
    let told = ask(asked, json!({ "name": null })).unwrap();
    let one = json!({ "type": "document", "document_details": { "type": "idcard" } });
    assert_eq!(told["verification"]["evidence"], json!([one]));
    let asked = json!({ "evidence": [{ "type": { "value": "vouch" } }] });
    assert_eq!(ask(asked, json!({ "name": null })), None);
    let either = json!({ "evidence": [
        { "type": { "value": "document" } }, { "type": { "value": "electronic_record" } },
    ] });
    let told = ask(either, json!({ "name": null })).unwrap();
    assert_eq!(told["verification"]["evidence"].as_array().unwrap().len(), 2);
    let method = json!({ "evidence": [{
        "type": { "value": "document" }, "check_details": [{ "check_method": { "value": "pvp" } }],
    }] });
    let told = ask(method, json!({ "name": null })).unwrap();
    let checks = &told["verification"]["evidence"][0]["check_details"];
    assert_eq!(checks, &json!([{ "check_method": "pvp" }]));
}

#[test]
fn what_is_not_met_is_answered_by_nothing() {
    let name = || json!({ "name": null });
    let table = [
        (json!({ "trust_framework": { "value": TRUST_FRAMEWORK } }), true),
        (json!({ "trust_framework": { "value": "eidas" } }), false),
        (json!({ "trust_framework": { "values": ["eidas", TRUST_FRAMEWORK] } }), true),
        (json!({ "trust_framework": { "values": [] } }), false),
        (json!({ "trust_framework": { "values": "eidas" } }), false),
        (json!({ "assurance_level": { "values": ["2", "3"] } }), true),
        (json!({ "assurance_level": { "value": "2" } }), false),
        (json!({ "assurance_level": { "value": 3 } }), false),
        (json!({ "time": { "max_age": 3600 } }), true),
        (json!({ "time": { "max_age": 3599 } }), false),
        (json!({ "time": { "max_age": "3600" } }), false),
        (json!({ "time": { "max_age": -1 } }), false),
        (json!({ "assurance_level": { "max_age": 1 } }), false),
        (json!({ "assurance_level": { "essential": true } }), true),
        (json!({ "assurance_process": { "policy": { "value": "x" } } }), false),
        (json!({ "assurance_process": null, "assurance_level": null }), true),
        (
            json!({ "evidence": [{ "type": { "value": "document" }, "time": { "max_age": 1 } }] }),
            false,
        ),
        (json!({ "trust_framework": 1 }), false),
    ];
    for (verification, is_met) in table {
        let told = ask(verification.clone(), name());
        assert_eq!(told.is_some(), is_met, "{verification}");
    }
}

#[test]
fn a_claim_that_is_not_as_asked_for_is_left_out_and_the_last_takes_all_along() {
    let rules = || json!({ "trust_framework": null });
    assert!(ask(rules(), json!({ "name": { "value": "测试一" } })).is_some());
    assert_eq!(ask(rules(), json!({ "name": { "value": "测试二" } })), None);
    assert_eq!(ask(rules(), json!({ "birthdate": null })), None);
    assert_eq!(ask(rules(), json!({ "name": { "first": null } })), None);
}

#[test]
fn what_asks_for_nothing_is_refused() {
    let (rules, name) = (json!({ "trust_framework": null }), json!({ "name": null }));
    for wrong in [
        json!(null),
        json!("name"),
        json!([]),
        json!({}),
        json!({ "claims": name }),
        json!({ "verification": rules }),
        json!({ "verification": {}, "claims": name }),
        json!({ "verification": rules, "claims": {} }),
        json!({ "verification": rules, "claims": ["name"] }),
        json!({ "verification": { "evidence": [] }, "claims": name }),
        json!({ "verification": { "evidence": [{ "type": null }] }, "claims": name }),
        json!({ "verification": { "evidence": [{ "type": { "values": ["document"] } }] }, "claims": name }),
        json!([{ "verification": rules, "claims": name }, {}]),
        json!(vec![json!({ "verification": rules, "claims": name }); 9]),
        json!({ "verification": rules, "claims": { "name": { "value": "长".repeat(700) } } }),
    ] {
        assert!(parse_request(Some(&wrong)).is_err(), "{wrong}");
    }
    assert_eq!(parse_request(None).unwrap(), Vec::<Value>::new());
}

#[test]
fn nobody_is_verified_below_level_one() {
    let kept = [evidence(Source::PopulationRegister, 1)];
    assert_eq!(verification("https://id.test", IdentityAssurance::PHONE_ONLY, &kept), None);
    let bare = verification("https://id.test", IdentityAssurance::REGISTER_MATCH, &[]).unwrap();
    assert_eq!(bare.get("evidence"), None);
    // What was verified of a number that was put right speaks for nobody any more.
    let kept = [evidence(Source::Face, 9), evidence(Source::PopulationRegister, 1)];
    let fallen = verification("https://id.test", IdentityAssurance::REGISTER_MATCH, &kept).unwrap();
    assert_eq!(fallen["evidence"].as_array().map(Vec::len), Some(1));
}
