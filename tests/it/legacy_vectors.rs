//! Vectors of legacy codes: GS 15-2006 registration numbers, and what can be derived from a legacy code.
//! Every case of the file runs; its organisation codes run in `identifiers.rs`.

use serde_json::Value;
use yihao::domain::legacy_code::LegacyCode;
use yihao::domain::legacy_code::LegacyKind;
use yihao::domain::policy::Synthetic;
use yihao::domain::registration_number::RegistrationNumber;
use yihao::domain::registration_number::RegistrationNumberError;

const LEGACY: &str = include_str!("../vectors/legacy_codes.json");

/// The cases under a name, which must be exactly so many.
fn cases(name: &str, count: usize) -> Vec<Value> {
    let document: Value = serde_json::from_str(LEGACY).unwrap();
    let cases = document[name].as_array().unwrap().clone();
    assert_eq!(cases.len(), count, "{name}");
    cases
}

fn policy(case: &Value) -> Synthetic {
    match case["profile"].as_str() {
        Some("test") => Synthetic::Accepted,
        _ => Synthetic::Refused,
    }
}

#[test]
fn registration_number_cases_give_their_reasons() {
    let (mut accepted, mut refused) = (0, 0);
    for case in cases("registration_number_15", 21) {
        let input = case["input"].as_str().unwrap();
        match RegistrationNumber::parse(input, policy(&case)) {
            Ok(number) => {
                assert_eq!(case["valid"], true, "{case}");
                assert_eq!(number.as_str(), input);
                if let Some(authority) = case["first_registration_authority"].as_str() {
                    assert_eq!(number.authority(), authority, "{case}");
                    let sequence = case["sequence"].as_str().unwrap();
                    assert_eq!(number.is_individual_business(), sequence >= "6", "{case}");
                }
                accepted += 1;
            }
            Err(error) => {
                assert_eq!(case["error"].as_str().unwrap(), error.code(), "{case}");
                refused += 1;
            }
        }
    }
    assert_eq!((accepted, refused), (17, 4));
}

#[test]
fn conversion_cases_give_candidates_and_nothing_more() {
    let mut nothing = 0;
    for case in cases("convert_to_uscc", 12) {
        let (from, known) = (&case["from"], &case["known"]);
        let kind = match from["type"].as_str().unwrap() {
            "org_code" => LegacyKind::OrganisationCode,
            "registration_number" => LegacyKind::RegistrationNumber,
            "tax_id_15" | "tax_id_individual_20" => LegacyKind::TaxNumber,
            other => panic!("type {other}"),
        };
        let value = from["value"].as_str().unwrap();
        // The suffixed number of the file belongs to a person nobody can be.
        let code = LegacyCode::parse(kind, value, Synthetic::Accepted).unwrap();
        let category = known["authority_category"].as_str().unwrap_or("91");
        let candidate = code.candidate(category, known["registration_division"].as_str());
        let candidate = candidate.map(|uscc| uscc.to_string());
        assert_eq!(candidate.as_deref(), case["candidate"].as_str(), "{case}");
        assert_eq!(case["must_confirm"], true);
        nothing += usize::from(candidate.is_none());
    }
    assert_eq!(nothing, 3);
}

#[test]
fn spellings_of_a_registration_number_are_one() {
    for text in ["４４０３０１１０３４４８６６９", " 440301-103448669 ", "440301103448669\t"]
    {
        let number = RegistrationNumber::parse(text, Synthetic::Refused).unwrap();
        assert_eq!(number.as_str(), "440301103448669");
    }
    for text in
        ["44030110344866٩", "44030110344866O", "440301 103448\u{200B}669", "①40301103448669"]
    {
        let error = RegistrationNumber::parse(text, Synthetic::Refused).unwrap_err();
        assert_eq!(error, RegistrationNumberError::Charset, "{text}");
    }
}
