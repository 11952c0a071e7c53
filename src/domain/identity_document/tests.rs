//! Tests of the natural key: each kind's spellings, its reasons, and what the key is (security.md A-51).

use proptest::prelude::*;

use super::*;
use crate::domain::citizen_id;
use crate::domain::synthetic;

const CITIZEN: &str = "11010519491231002X";
/// A permanent residence card of 2017 whose check digit holds.
const OLD_CARD: &str = "USA140100010113";

fn parse(card: Card, country: &str, text: &str) -> Result<IdentityDocument, IdentityDocumentError> {
    IdentityDocument::parse(card, country, text, Synthetic::Accepted)
}

/// A residence permit with this prefix.
fn permit(prefix: &str) -> String {
    let body = format!("{prefix}19900101001");
    citizen_id::complete(&body).unwrap().expose().to_owned()
}

/// A card with its country, spellings of one number, and the key: type, country, number.
type Accepted<'a> = (Card, &'a str, &'a [&'a str], (&'a str, &'a str, &'a str));

/// Type, country and number of a document.
fn told(document: &IdentityDocument) -> (&str, &str, &str) {
    let key = document.key();
    (key.document_type.code(), key.country, key.number)
}

#[test]
fn each_kind_has_one_key_whatever_the_spelling() {
    let resident = synthetic::permanent_resident(1);
    let resident = resident.expose();
    let (hong_kong, taiwan) = (permit("810000"), permit("830000"));
    let table: [Accepted<'_>; 9] = [
        (
            Card::ResidentIdentityCard,
            "",
            &[
                CITIZEN,
                "11010519491231002x",
                "１１０１０５１９４９１２３１００２Ⅹ",
                " 110105 19491231 002X ",
            ],
            ("111", "CHN", CITIZEN),
        ),
        (Card::ResidencePermit, "USA", &[&hong_kong], ("HMT_RP_HK", "HKG", &hong_kong)),
        (Card::ResidencePermit, "", &[&taiwan], ("HMT_RP_TW", "TWN", &taiwan)),
        (Card::PermanentResidenceCard, "", &[resident], ("553", "CHN", resident)),
        (
            Card::PermanentResidenceCard,
            "",
            &[OLD_CARD, "usa140100010113", "ＵＳＡ１４０１０００１０１１３", "USA 1401 000101 13"],
            ("553", "CHN", OLD_CARD),
        ),
        (
            Card::HongKongMacaoPermit,
            "",
            &["H00000000", "h00000000", "Ｈ００００００００", "\u{3000}H 00000000", "H0000000002"],
            ("516", "HKG", "H00000000"),
        ),
        (Card::HongKongMacaoPermit, "", &["m00000001"], ("516", "MAC", "M00000001")),
        (
            Card::TaiwanPermit,
            "",
            &["00000001", "００００００01", "0000000101"],
            ("511", "TWN", "00000001"),
        ),
        (
            Card::ForeignPassport,
            "ｕｔｏ ",
            &["L898902C3", "l898902c3", "Ｌ８９８９０２Ｃ３"],
            ("FOREIGN_PASSPORT", "UTO", "L898902C3"),
        ),
    ];
    for (card, country, spellings, key) in table {
        for spelling in spellings {
            let document = parse(card, country, spelling).unwrap();
            assert_eq!(told(&document), key, "{spelling}");
            let (code, country, number) = key;
            let again = PersonKey::new(DocumentType::from_code(code).unwrap(), country, number);
            assert!(again == document.key(), "the profile gives the same key: {spelling}");
            assert_eq!(again.document_type.card(), card);
        }
    }
}

#[test]
fn each_kind_refuses_with_its_reason() {
    let hong_kong = permit("810000");
    let resident = synthetic::permanent_resident(1);
    let table = [
        (Card::ResidentIdentityCard, "", "", "E_EMPTY"),
        (Card::ResidentIdentityCard, "", "1101051949123100X", "E_LENGTH"),
        (Card::ResidentIdentityCard, "", "11010519491231002Х", "E_CHARSET"),
        (Card::ResidentIdentityCard, "", "110105491231002", "E_LEGACY_15_NOT_ACCEPTED"),
        (Card::ResidentIdentityCard, "", "000105194912310029", "E_DIVISION_UNKNOWN"),
        (Card::ResidentIdentityCard, "", "110105194913310026", "E_BIRTHDATE_INVALID"),
        (Card::ResidentIdentityCard, "", "110105194912310020", "E_CHECK_DIGIT"),
        (Card::ResidentIdentityCard, "", &hong_kong, "E_DOCUMENT_OTHER_KIND"),
        (Card::ResidentIdentityCard, "", resident.expose(), "E_DOCUMENT_OTHER_KIND"),
        (Card::ResidencePermit, "", CITIZEN, "E_DOCUMENT_OTHER_KIND"),
        (Card::ResidencePermit, "", "81000019900101001", "E_LENGTH"),
        (Card::PermanentResidenceCard, "", CITIZEN, "E_DOCUMENT_OTHER_KIND"),
        (Card::PermanentResidenceCard, "", "", "E_EMPTY"),
        (Card::PermanentResidenceCard, "", "914156210001010010", "E_NATIONALITY_UNKNOWN"),
        (Card::PermanentResidenceCard, "", "110105491231002", "E_SHAPE"),
        (Card::PermanentResidenceCard, "", "USA140100010117", "E_CHECK_DIGIT"),
        (Card::PermanentResidenceCard, "", "HKG140100010116", "E_NATIONALITY_UNKNOWN"),
        (Card::PermanentResidenceCard, "", "USА140100010113", "E_CHARSET"),
        (Card::PermanentResidenceCard, "", "USA1401000101", "E_LENGTH"),
        (Card::PermanentResidenceCard, "", "USA140100023011", "E_BIRTHDATE_INVALID"),
        (Card::HongKongMacaoPermit, "", "H0000000", "E_LENGTH"),
        (Card::HongKongMacaoPermit, "", "A00000000", "E_SHAPE"),
        (Card::HongKongMacaoPermit, "", "Н00000000", "E_CHARSET"),
        (Card::TaiwanPermit, "", "000000001", "E_LENGTH"),
        (Card::TaiwanPermit, "", "T0000001", "E_SHAPE"),
        (Card::TaiwanPermit, "", "0000000①", "E_CHARSET"),
        (Card::ForeignPassport, "", "L898902C3", "E_COUNTRY_MISSING"),
        (Card::ForeignPassport, "ZZZ", "L898902C3", "E_COUNTRY_UNKNOWN"),
        (Card::ForeignPassport, "CHN", "E00000000", "E_COUNTRY_IS_CHINA"),
        (Card::ForeignPassport, "TWN", "300000000", "E_COUNTRY_IS_CHINA"),
        (Card::ForeignPassport, "FRA", "", "E_EMPTY"),
        (Card::ForeignPassport, "FRA", "L898902C3X", "E_LENGTH"),
        (Card::ForeignPassport, "FRA", "L89<902C3", "E_CHARSET"),
        (Card::ForeignPassport, "FRA", "L89\u{200B}8902C", "E_CHARSET"),
    ];
    for (card, country, text, reason) in table {
        let refused = parse(card, country, text).unwrap_err();
        assert_eq!(refused.code(), reason, "{card:?} {country} {text}: {refused}");
    }
    let live = IdentityDocument::parse(Card::ForeignPassport, "UTO", "1", Synthetic::Refused);
    assert_eq!(live.unwrap_err(), IdentityDocumentError::CountryUnknown, "nobody is from there");
}

#[test]
fn a_number_is_recognised_where_it_can_be_one_kind_only() {
    let known = |text: &str| {
        let found = IdentityDocument::recognise(text, Synthetic::Accepted);
        found.map(|found| found.key().document_type.code().to_owned()).ok()
    };
    let resident = synthetic::permanent_resident(2);
    for (text, code) in [
        (CITIZEN, "111"),
        (&*permit("820000"), "HMT_RP_MO"),
        (resident.expose(), "553"),
        (OLD_CARD, "553"),
        ("h0000000001", "516"),
    ] {
        assert_eq!(known(text).as_deref(), Some(code), "{text}");
    }
    for text in ["00000001", "0000000101", "L898902C3", "E00000000", "13800000000", "", "张三"] {
        assert_eq!(known(text), None, "{text}");
    }
}

#[test]
fn a_profile_that_says_less_is_read_by_its_number() {
    let number = permit("810000");
    let key = PersonKey::new(DocumentType::default(), "CHN", &number);
    assert_eq!((key.document_type.code(), key.country), ("HMT_RP_HK", "HKG"));
    assert_eq!(key.division(), Some("810000"));
    let resident = synthetic::permanent_resident(1);
    let key = PersonKey::new(DocumentType::default(), "CHN", resident.expose());
    assert_eq!((key.document_type.code(), key.division()), ("553", None));
    // A passport may begin like a division, and is none.
    let passport = PersonKey::new(DocumentType::ForeignPassport, "FRA", "140105123");
    assert!(passport.division().is_none() && !passport.has_citizen_layout());
    assert!(PersonKey::new(DocumentType::ForeignPassport, "UTO", "1").is_synthetic());
}

#[test]
fn debug_shows_the_ends_at_most() {
    let document = parse(Card::HongKongMacaoPermit, "", "H0000000001").unwrap();
    assert_eq!(format!("{document:?}"), "IdentityDocument(516, HKG, H*******0)");
}

#[test]
fn codes_and_values_are_read_back() {
    for known in DocumentType::ALL {
        assert_eq!(DocumentType::from_code(known.code()), Some(known));
        assert_eq!(Card::parse(known.code()), Some(known.card()));
        let json = serde_json::to_string(&known).unwrap();
        assert_eq!(json, format!("\"{}\"", known.code()), "sealed as it is told");
    }
    for card in Card::ALL {
        assert_eq!(Card::parse(card.value()), Some(card));
    }
    assert_eq!((Card::parse(""), Card::parse("414")), (None, None));
}

proptest! {
    #[test]
    fn parser_never_panics_and_is_stable(text in any::<String>(), near in "[0-9A-Za-z]{0,18}") {
        for card in Card::ALL {
            let _ = parse(card, &text, &text);
            if let Ok(document) = parse(card, "FRA", &near) {
                let again = parse(card, document.key().country, document.key().number);
                prop_assert_eq!(again, Ok(document));
            }
        }
        let _ = IdentityDocument::recognise(&text, Synthetic::Accepted);
        let _ = PersonKey::new(DocumentType::default(), &text, &text).masked();
    }
}
