//! Vectors of identity numbers and organisation codes: GB 11643, GB 32100, GB 11714, ICAO 9303.
//!
//! Every case of the files runs, and the numbers are asserted, so that none is skipped unseen. The
//! rest of `legacy_codes.json` runs in `legacy_vectors.rs`.

#![expect(clippy::unwrap_used, reason = "a malformed vector should stop the test")]

use serde_json::Value;
use time::Date;
use time::macros::date;
use yihao::domain::citizen_id;
use yihao::domain::citizen_id::CitizenId;
use yihao::domain::citizen_id::CitizenIdError;
use yihao::domain::citizen_id::DocumentKind;
use yihao::domain::citizen_id::Lengthened;
use yihao::domain::citizen_id::Sex;
use yihao::domain::organisation_code::OrganisationCode;
use yihao::domain::policy::Synthetic;
use yihao::domain::travel_document::TravelDocument;
use yihao::domain::travel_document::TravelDocumentKind;
use yihao::domain::uscc::Uscc;

const CITIZEN_ID: &str = include_str!("../vectors/citizen_id.json");
const USCC: &str = include_str!("../vectors/uscc.json");
const LEGACY: &str = include_str!("../vectors/legacy_codes.json");

/// The cases under a name, which must be exactly so many.
fn cases(file: &str, name: &str, count: usize) -> Vec<Value> {
    let document: Value = serde_json::from_str(file).unwrap();
    let cases = document[name].as_array().unwrap().clone();
    assert_eq!(cases.len(), count, "{name}");
    cases
}

fn text<'a>(case: &'a Value, name: &str) -> &'a str {
    case[name].as_str().unwrap_or_else(|| panic!("{name} of {case}"))
}

fn policy(case: &Value) -> Synthetic {
    match case["profile"].as_str() {
        Some("test") => Synthetic::Accepted,
        _ => Synthetic::Refused,
    }
}

/// Reads a number as the profile of the case says: sign-up with a clock, or arithmetic alone.
fn sign_up(case: &Value) -> Result<CitizenId, CitizenIdError> {
    let kind = DocumentKind::from_code(text(case, "id_type")).unwrap();
    let id = CitizenId::parse_as(kind, text(case, "input"), policy(case))?;
    let today: Option<Date> = match text(case, "profile") {
        "strict" | "test" => Some(date!(2026 - 11 - 24)),
        "strict_clock_2126" => Some(date!(2126 - 01 - 01)),
        "checksum_only" => None,
        other => panic!("profile {other}"),
    };
    today.map_or(Ok(()), |today| id.check_birth_date(today))?;
    assert_eq!(id.kind(), kind, "{case}");
    // The kind is seen from the number too, so forms that do not ask for it give the same value.
    assert_eq!(CitizenId::parse(text(case, "input"), policy(case)).as_ref(), Ok(&id));
    Ok(id)
}

fn assert_parsed(id: &CitizenId, parsed: &Value) {
    let Some(parsed) = parsed.as_object() else { return };
    for (name, expected) in parsed {
        let actual = match name.as_str() {
            "division" => id.division_code().to_owned(),
            "birth_date" => id.birth_date().to_string(),
            "sex" => if id.sex() == Sex::Female { "F" } else { "M" }.to_owned(),
            "check" => id.expose()[17..].to_owned(),
            "accept_province" => id.division_code()[1..3].to_owned(),
            "nationality_numeric" => id.division_code()[3..].to_owned(),
            other => panic!("unknown field {other}"),
        };
        assert_eq!(actual, expected.as_str().unwrap(), "{name} of {id:?}");
    }
}

#[test]
fn citizen_id_cases_give_their_reasons() {
    let (mut accepted, mut refused, mut legacy) = (0, 0, 0);
    for case in cases(CITIZEN_ID, "cases", 85) {
        if text(&case, "profile") == "legacy_format" {
            let kind = TravelDocumentKind::PermanentResidenceCard2017;
            match TravelDocument::parse(kind, text(&case, "input")) {
                Ok(document) => assert_eq!(document.expose(), text(&case, "normalized")),
                Err(error) => assert_eq!(error.code(), text(&case, "error")),
            }
            legacy += 1;
            continue;
        }
        match (sign_up(&case), case["valid"].as_bool().unwrap()) {
            (Ok(id), true) => {
                assert_eq!(id.expose(), text(&case, "normalized"), "{case}");
                assert_parsed(&id, &case["parsed"]);
                accepted += 1;
            }
            (Err(error), false) => {
                assert_eq!(error.code(), text(&case, "error"), "{case}");
                refused += 1;
            }
            (outcome, _) => panic!("{outcome:?} for {case}"),
        }
    }
    assert_eq!((accepted + refused, legacy), (83, 2));
}

#[test]
fn fifteen_digit_numbers_convert_as_listed() {
    for case in cases(CITIZEN_ID, "convert_15_to_18", 6) {
        match citizen_id::lengthen(text(&case, "input"), Synthetic::Accepted) {
            Ok(Lengthened::Certain(id)) => {
                assert_eq!(case["convertible"], true, "{case}");
                assert_eq!(id.expose(), text(&case, "converted"));
            }
            Ok(Lengthened::Ambiguous(id)) => {
                assert_eq!(text(&case, "error"), "E_LEGACY_AMBIGUOUS_CENTURY");
                assert_eq!(id.expose(), text(&case, "converted"));
            }
            Err(error) => {
                assert_eq!(case["converted"], Value::Null, "{case}");
                assert_eq!(error.code(), text(&case, "error"), "{case}");
            }
        }
    }
}

#[test]
fn document_forms_are_told_apart() {
    for case in cases(CITIZEN_ID, "format_only", 14) {
        let kind = match text(&case, "id_type") {
            "HKM_PASS" => TravelDocumentKind::HongKongMacaoPermit,
            "TW_PASS" => TravelDocumentKind::TaiwanPermit,
            "CN_PASSPORT" => TravelDocumentKind::ChinesePassport,
            "FOREIGN_PASSPORT" => TravelDocumentKind::ForeignPassport,
            other => panic!("document {other}"),
        };
        let outcome = TravelDocument::parse(kind, text(&case, "input"));
        assert_eq!(outcome.is_ok(), case["valid"].as_bool().unwrap(), "{case}");
    }
}

/// one account whatever the spelling, and a refusal before any look-up.
#[test]
fn spellings_of_one_citizen_are_one_value() {
    let canonical = CitizenId::parse("11010519491231002X", Synthetic::Refused).unwrap();
    for spelling in [
        "11010519491231002x",
        "１１０１０５１９４９１２３１００２Ｘ",
        "11010519491231002ｘ",
        "11010519491231002Ⅹ",
        " 11010519491231002X\r\n",
        "\u{3000}11010519491231002X\u{3000}",
    ] {
        let id = CitizenId::parse(spelling, Synthetic::Refused);
        assert_eq!(id.as_ref(), Ok(&canonical), "{spelling:?}");
    }
    for other in [
        "11010519491231002Х",
        "11010519491231002Χ",
        "①1010519491231002X",
        "١١٠١٠٥١٩٤٩١٢٣١٠٠٢X",
        "110105\u{200B}19491231002X",
        "11010519491231002X\0",
        "\u{202E}11010519491231002X",
        "110105194912310021",
        "11010519491331002X",
        "11010519490230002X",
        "1101051949123100X",
        "11010519491231002XX",
    ] {
        assert!(CitizenId::parse(other, Synthetic::Refused).is_err(), "{other:?}");
    }
}

/// one account whatever the spelling; letters outside the alphabet are refused, not mapped.
#[test]
fn spellings_of_one_organisation_are_one_value() {
    let canonical = Uscc::parse("91140100PDY00001XL", Synthetic::Accepted).unwrap();
    for spelling in [
        "91140100pdy00001xl",
        "９１１４０１００ＰＤＹ００００１ＸＬ",
        "91140100ｐｄｙ00001ｘｌ",
        "91 140100 PDY00001X L",
        "91-140100-PDY00001X-L",
        "91140100PDY00001-XL",
        "\u{3000}91140100PDY00001XL\r\n",
        "91\u{3000}140100\u{3000}PDY00001XL",
    ] {
        let uscc = Uscc::parse(spelling, Synthetic::Accepted);
        assert_eq!(uscc.as_ref(), Ok(&canonical), "{spelling:?}");
    }
    for (other, code) in [
        ("911401O0PDY00001XL", "E_CHARSET"),
        ("9I140100PDY00001XL", "E_CHARSET"),
        ("91140100PDY0Z001XL", "E_CHARSET"),
        ("91140100PDY0S001XL", "E_CHARSET"),
        ("91140100PDV00001XL", "E_CHARSET"),
        ("91140100PDY00001ΧL", "E_CHARSET"),
        ("91140100PDY00001ХL", "E_CHARSET"),
        ("91140100PDY\u{200B}00001XL", "E_CHARSET"),
        ("91140100PDY00001XL\0", "E_CHARSET"),
        ("91--140100PDY00001XL", "E_CHARSET"),
        ("-91140100PDY00001XL", "E_CHARSET"),
        ("91140100PDY00001XM", "E_USCC_CHECK"),
        ("91140100PDY00001X", "E_LENGTH"),
        ("91140100PDY00001XLL", "E_LENGTH"),
    ] {
        let error = Uscc::parse(other, Synthetic::Accepted).unwrap_err();
        assert_eq!(error.code(), code, "{other:?}");
    }
}

#[test]
fn uscc_cases_give_their_reasons() {
    let (mut accepted, mut refused, mut warned) = (0, 0, 0);
    for case in cases(USCC, "cases", 97) {
        let outcome = Uscc::parse(text(&case, "input"), policy(&case));
        match (outcome, case["error"].as_str()) {
            (Ok(uscc), None) => {
                assert_eq!(uscc.as_str(), text(&case, "normalized"), "{case}");
                assert_eq!(uscc.warning(), None, "{case}");
                assert_uscc_parsed(&uscc, &case["parsed"]);
                accepted += 1;
            }
            // New categories are added by notice, so an unlisted one is for the register to judge.
            (Ok(uscc), Some("E_CATEGORY")) => {
                assert_eq!(uscc.warning().unwrap().code(), "E_CATEGORY");
                warned += 1;
            }
            // Where several checks fail, the file leaves open which is named.
            (Err(error), Some("E_ORG_CHECK_OR_USCC_CHECK" | "E_CATEGORY_OR_CHECK")) => {
                assert!(matches!(error.code(), "E_ORG_CHECK" | "E_USCC_CHECK"), "{case}");
                refused += 1;
            }
            (Err(error), Some(expected)) => {
                assert_eq!(error.code(), expected, "{case}");
                refused += 1;
            }
            (outcome, _) => panic!("{outcome:?} for {case}"),
        }
    }
    assert_eq!((accepted + refused, warned), (96, 1));
}

fn assert_uscc_parsed(uscc: &Uscc, parsed: &Value) {
    let Some(parsed) = parsed.as_object() else { return };
    for (name, expected) in parsed {
        let actual = match name.as_str() {
            "authority" => uscc.department().to_string(),
            "category" => uscc.category().to_string(),
            "division" => uscc.division_code().to_owned(),
            "org_code" => uscc.organisation_code().to_string(),
            "org_check" => uscc.organisation_code().as_str()[8..].to_owned(),
            "check" => uscc.as_str()[17..].to_owned(),
            other => panic!("unknown field {other}"),
        };
        assert_eq!(actual, expected.as_str().unwrap(), "{name} of {uscc}");
    }
}

#[test]
fn organisation_code_cases_hold() {
    for case in cases(LEGACY, "org_code", 20) {
        let outcome = OrganisationCode::parse(text(&case, "input"), policy(&case));
        assert_eq!(outcome.is_ok(), case["valid"].as_bool().unwrap(), "{case}");
        if let Ok(code) = outcome {
            assert_eq!(code.as_str(), text(&case, "normalized"));
        }
    }
}

#[test]
fn candidates_are_computed_from_organisation_codes_alone() {
    let mut computed = 0;
    for case in cases(LEGACY, "convert_to_uscc", 12) {
        let (from, known) = (&case["from"], &case["known"]);
        if text(from, "type") != "org_code" {
            continue;
        }
        let code = OrganisationCode::parse(text(from, "value"), Synthetic::Accepted).unwrap();
        let category = text(known, "authority_category");
        let candidate = Uscc::candidate(category, text(known, "registration_division"), &code);
        let candidate = candidate.ok().map(|uscc| uscc.to_string());
        assert_eq!(candidate.as_deref(), case["candidate"].as_str(), "{case}");
        computed += 1;
    }
    assert_eq!(computed, 9);
}

#[test]
fn credit_codes_contain_the_old_numbers() {
    for case in cases(LEGACY, "uscc_to_legacy", 2) {
        let uscc = Uscc::parse(text(&case, "from_uscc"), Synthetic::Refused).unwrap();
        let code = uscc.organisation_code();
        assert_eq!(code.as_str(), text(&case, "org_code"));
        assert_eq!(code.hyphenated(), text(&case, "org_code_hyphen"));
        assert_eq!(uscc.tax_number_shape(), text(&case, "tax_id_15_shape"));
    }
}
