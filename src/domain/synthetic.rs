//! Numbers and names that nobody can hold, for tests and the demonstration (design: safe data).
//!
//! A seed always gives the same value. Neighbouring seeds give unlike values, so that a generated
//! population looks like one.

use time::Duration;
use time::macros::date;

use crate::domain::citizen_id;
use crate::domain::citizen_id::CitizenId;
use crate::domain::organisation_code;
use crate::domain::organisation_code::OrganisationCode;
use crate::domain::person_name::PersonName;
use crate::domain::phone_number::PhoneNumber;
use crate::domain::policy::Synthetic;
use crate::domain::uscc::Uscc;

/// Birth dates span 1940 to 2007, so that everybody is of age.
const DAYS: u64 = 24_837;
const SEQUENCES: u64 = 999;
const COUNTIES: u64 = 9_999;
/// A prime that divides none of the above: multiplying by it reorders the seeds.
const STRIDE: u64 = 1_000_000_007;

/// A citizen's number in division 99; 2 × 10¹¹ seeds give distinct numbers.
pub fn citizen_id(seed: u64) -> CitizenId {
    let (county, rest) = digit(scatter(seed, COUNTIES * DAYS * SEQUENCES), COUNTIES);
    let (day, sequence) = digit(rest, DAYS);
    let born = date!(1940 - 01 - 01) + Duration::days(i64::try_from(day).unwrap_or(0));
    let (year, month, day) = born.to_calendar_date();
    let body =
        format!("99{:04}{year:04}{:02}{day:02}{:03}", county + 1, u8::from(month), sequence + 1);
    citizen_id::complete(&body).expect("division 99, a day of the calendar, a computed check")
}

/// The number of a permanent resident who is not born yet; 999 seeds give distinct numbers.
pub fn permanent_resident(seed: u64) -> CitizenId {
    let sequence = scatter(seed, SEQUENCES);
    let body = format!("91484021000101{:03}", sequence + 1);
    citizen_id::complete(&body).expect("a province, a country, a day, a computed check")
}

/// Whether a citizen's number is one of those nobody can hold.
pub fn is_synthetic(id_number: &str) -> bool {
    let refused = CitizenId::parse(id_number, Synthetic::Refused).err();
    refused == Some(citizen_id::CitizenIdError::SyntheticRefused)
}

/// An obviously artificial name, `测试一二三`; one in eight has a middle dot.
pub fn name(seed: u64) -> PersonName {
    const DIGITS: [char; 10] = ['〇', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
    let dot = if seed % 8 == 7 { "·" } else { "" };
    let digits: String =
        seed.to_string().bytes().map(|digit| DIGITS[usize::from(digit - b'0')]).collect();
    PersonName::parse(&format!("测试{dot}{digits}")).expect("ideographs, at most 23")
}

/// A phone number that no gateway can reach; 10 000 seeds give distinct numbers.
pub fn phone(seed: u64) -> PhoneNumber {
    let number = format!("1000000{:04}", scatter(seed, 10_000));
    PhoneNumber::parse(&number, Synthetic::Accepted).expect("the synthetic range, 11 digits")
}

/// An organisation's code with a body for private use, registered in Shanxi; 2 × 10⁶ seeds give
/// distinct codes.
pub fn uscc(seed: u64) -> Uscc {
    const KINDS: [&str; 4] = ["91", "12", "51", "92"];
    const CITIES: [&str; 5] = ["140100", "140200", "140700", "141000", "140000"];
    let (body, rest) = digit(seed, 99_999);
    let (kind, city) = digit(rest, KINDS.len() as u64);
    let body = format!("PDY{:05}", body + 1);
    let check = organisation_code::check_character(&body);
    let organisation = OrganisationCode::parse(&format!("{body}{check}"), Synthetic::Accepted);
    let organisation = organisation.expect("a body of the private zone, a computed check");
    Uscc::candidate(choose(&KINDS, kind), choose(&CITIES, city), &organisation)
        .expect("known department and division, a computed check")
}

/// An element, counting round.
fn choose<'a>(choices: &[&'a str], number: u64) -> &'a str {
    let position = number % choices.len() as u64;
    choices[usize::try_from(position).expect("less than the length")]
}

/// A bijection of the numbers below `count`, which `STRIDE` does not divide.
fn scatter(seed: u64, count: u64) -> u64 {
    let product = u128::from(seed % count) * u128::from(STRIDE) % u128::from(count);
    u64::try_from(product).unwrap_or(0)
}

/// The lowest digit in that base, and the rest.
fn digit(number: u64, base: u64) -> (u64, u64) {
    (number % base, number / base)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn seeds_give_distinct_values_again_and_again() {
        let ids: HashSet<_> = (0..20_000).map(citizen_id).collect();
        assert_eq!(ids.len(), 20_000);
        let phones: HashSet<_> = (0..10_000).map(phone).collect();
        assert_eq!(phones.len(), 10_000);
        let names: HashSet<_> = (0..10_000).map(name).collect();
        assert_eq!(names.len(), 10_000);
        let codes: HashSet<_> = (0..20_000).map(|seed| uscc(seed * 99)).collect();
        assert_eq!(codes.len(), 20_000);
        assert_eq!(citizen_id(7), citizen_id(7));
    }

    #[test]
    fn made_up_numbers_are_known_and_real_ones_are_not() {
        assert!((0..1_000).all(|seed| is_synthetic(citizen_id(seed).expose())));
        for other in ["11010519491231002X", "99", "", "13800000000"] {
            assert!(!is_synthetic(other), "{other}");
        }
    }

    #[test]
    fn permanent_residents_are_not_born() {
        let today = date!(2099 - 12 - 31);
        assert!((0..999).all(|seed| permanent_resident(seed).check_birth_date(today).is_err()));
    }

    #[test]
    fn everybody_is_of_age() {
        for seed in 0..20_000 {
            let born = citizen_id(seed).birth_date();
            assert!(born >= date!(1940 - 01 - 01) && born <= date!(2007 - 12 - 31));
        }
    }
}
