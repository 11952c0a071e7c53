//! Tests of the identity number: the standard's examples and properties (GB 11643-1999).

use proptest::prelude::*;

use super::*;
use crate::domain::synthetic;

#[test]
fn accepts_the_examples_of_the_standard() {
    let id = CitizenId::parse("11010519491231002X", Synthetic::Refused).unwrap();
    assert_eq!(id.birth_date(), time::macros::date!(1949 - 12 - 31));
    assert_eq!((id.sex(), id.division_code()), (Sex::Female, "110105"));
    assert!(CitizenId::parse("440524188001010014", Synthetic::Refused).is_ok());
}

#[test]
fn debug_and_masks_hide_the_number() {
    let id = CitizenId::parse("11010519491231002X", Synthetic::Refused).unwrap();
    assert_eq!(format!("{id:?}"), "CitizenId(1****************X)");
    assert_eq!(id.masked_for_owner(), "1101**********002X");
}

#[test]
fn age_limit_counts_birthdays() {
    let id = CitizenId::parse("440524188001010014", Synthetic::Refused).unwrap();
    assert_eq!(id.check_birth_date(time::macros::date!(2030 - 12 - 31)), Ok(()));
    let too_old = id.check_birth_date(time::macros::date!(2031 - 01 - 01));
    assert_eq!(too_old, Err(CitizenIdError::BirthDateImplausible));
    let newborn = id.check_birth_date(time::macros::date!(1880 - 01 - 01));
    assert_eq!(newborn, Ok(()));
    let unborn = id.check_birth_date(time::macros::date!(1879 - 12 - 31));
    assert_eq!(unborn, Err(CitizenIdError::BirthDateFuture));
}

#[test]
fn unlisted_county_is_accepted_and_told() {
    let body = "14019919900101001";
    let id = complete(body).unwrap();
    assert!(id.has_unlisted_county());
    assert!(
        !CitizenId::parse("11010519491231002X", Synthetic::Refused).unwrap().has_unlisted_county()
    );
}

#[test]
fn short_form_is_a_key_to_old_accounts() {
    let id = CitizenId::parse("11010519491231002X", Synthetic::Refused).unwrap();
    let short = id.fifteen_digits().unwrap();
    assert_eq!(short.as_str(), "110105491231002");
    assert_eq!(lengthen(&short, Synthetic::Refused), Ok(Lengthened::Certain(id)));
    let born_later = CitizenId::parse("990103200002290137", Synthetic::Accepted).unwrap();
    assert_eq!(born_later.fifteen_digits(), None);
}

#[test]
fn short_form_is_never_the_key_of_another_century() {
    // Born in 1880; the short form would read 1980-01-01 and find somebody else's account.
    let born_1880 = CitizenId::parse("440524188001010014", Synthetic::Refused).unwrap();
    assert_eq!(born_1880.fifteen_digits(), None);
    let centenarian = CitizenId::parse("110105184912319965", Synthetic::Refused).unwrap();
    assert_eq!(centenarian.fifteen_digits().unwrap().as_str(), "110105491231996");
}

#[test]
fn cities_without_counties_have_citizens() {
    // Sanya had no district until 2014, so its citizens hold numbers of the city itself. Unborn.
    let id = complete("46020021000101001").unwrap();
    assert!(!id.has_unlisted_county());
}

#[test]
fn centenarians_have_the_last_four_sequences() {
    for sequence in ["994", "995"] {
        let short = format!("110105491231{sequence}");
        let id = lengthen(&short, Synthetic::Refused).unwrap();
        assert!(matches!(id, Lengthened::Certain(id) if id.birth_date().year() == 1949));
    }
    for sequence in ["996", "997", "998", "999"] {
        let short = format!("110105491231{sequence}");
        let id = lengthen(&short, Synthetic::Refused).unwrap();
        assert!(matches!(id, Lengthened::Ambiguous(id) if id.birth_date().year() == 1849));
    }
}

#[test]
fn kinds_have_distinct_codes() {
    for code in ["111", "HMT_RP_HK", "HMT_RP_MO", "HMT_RP_TW", "553"] {
        assert_eq!(DocumentKind::from_code(code).unwrap().code(), code);
    }
    assert_eq!(DocumentKind::from_code("999"), None);
}

const BLANKS: [&str; 5] = ["", " ", "\t", "\u{3000}", "\r\n"];

/// One of the spellings that the folding table knows for the character.
fn spell(character: char, choice: u8) -> char {
    let full_width = char::from_u32(u32::from(character) + 0xFEE0).unwrap();
    match (character, choice % 6) {
        ('X', 1) => 'x',
        ('X', 2) => 'ｘ',
        ('X', 3) => 'Ⅹ',
        ('X', 4) => 'ⅹ',
        (_, 5) => full_width,
        _ => character,
    }
}

proptest! {
    #[test]
    fn parsers_never_panic(text in any::<String>()) {
        let _ = CitizenId::parse(&text, Synthetic::Accepted);
        let _ = lengthen(&text, Synthetic::Accepted);
    }

    #[test]
    fn parsers_never_panic_on_near_numbers(text in "[0-9０-９xXⅩ \u{3000}Х]{13,20}") {
        let _ = CitizenId::parse(&text, Synthetic::Accepted);
        let _ = lengthen(&text, Synthetic::Accepted);
    }

    #[test]
    fn canonical_form_is_stable_and_hidden(seed in any::<u64>()) {
        let id = synthetic::citizen_id(seed);
        prop_assert_eq!(&CitizenId::parse(id.expose(), Synthetic::Accepted).unwrap(), &id);
        prop_assert!(CitizenId::parse(id.expose(), Synthetic::Refused).is_err());
        let debug = format!("{id:?}");
        prop_assert_eq!(debug, format!("CitizenId(9{}{})", "*".repeat(16), &id.expose()[17..]));
    }

    #[test]
    fn short_form_leads_back_to_its_number(seed in any::<u64>()) {
        let id = synthetic::citizen_id(seed);
        if let Some(short) = id.fifteen_digits() {
            let (Lengthened::Certain(back) | Lengthened::Ambiguous(back)) =
                lengthen(&short, Synthetic::Accepted).unwrap();
            prop_assert_eq!(back, id);
        }
    }

    #[test]
    fn every_mixture_of_spellings_is_one_number(seed in any::<u64>(), choices in any::<[u8; 20]>()) {
        let id = synthetic::citizen_id(seed);
        let mut typed = BLANKS[usize::from(choices[18] % 5)].to_owned();
        for (character, choice) in id.expose().chars().zip(choices) {
            typed.push(spell(character, choice));
            // Single blanks between groups; one at the end is an outer blank.
            if choice >= 192 {
                typed.push(' ');
            }
        }
        typed.push_str(BLANKS[usize::from(choices[19] % 5)]);
        prop_assert_eq!(CitizenId::parse(&typed, Synthetic::Accepted), Ok(id), "{:?}", typed);
    }

    #[test]
    fn every_wrong_digit_is_refused(seed in any::<u64>()) {
        let number = synthetic::citizen_id(seed).expose().to_owned();
        for position in 0..18 {
            for other in "0123456789X".chars().filter(|c| !number[position..].starts_with(*c)) {
                let wrong = format!("{}{other}{}", &number[..position], &number[position + 1..]);
                prop_assert!(CitizenId::parse(&wrong, Synthetic::Accepted).is_err(), "{}", wrong);
            }
        }
    }

    #[test]
    fn every_adjacent_transposition_is_refused(seed in any::<u64>()) {
        let number = synthetic::citizen_id(seed).expose().as_bytes().to_vec();
        for position in 0..17 {
            let mut wrong = number.clone();
            wrong.swap(position, position + 1);
            let wrong = String::from_utf8(wrong).unwrap();
            let same = wrong.as_bytes() == number;
            prop_assert_eq!(CitizenId::parse(&wrong, Synthetic::Accepted).is_ok(), same);
        }
    }
}
