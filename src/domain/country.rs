//! Countries and areas by numeric and alpha-3 code (ISO 3166-1), with their names.

use crate::domain::policy::Synthetic;

const TABLE: &str = include_str!("table/country.txt");

/// China and its parts: who is from there is no foreigner.
const CHINA: [&str; 8] = ["156", "CHN", "158", "TWN", "344", "HKG", "446", "MAC"];

/// The issuing country of specimen passports (ICAO Doc 9303 part 3, section 5), which nobody is from.
pub const UTOPIA: Country = Country { alpha3: "UTO", chinese: "乌托邦", english: "Utopia" };

/// A country or area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Country {
    /// The code that passports bear.
    pub alpha3: &'static str,
    /// What it is called in Chinese.
    pub chinese: &'static str,
    /// What it is called in English.
    pub english: &'static str,
}

/// Whether the numeric code names a foreign country or area.
pub fn is_foreign_numeric(code: &str) -> bool {
    code.len() == 3 && !CHINA.contains(&code) && TABLE.lines().any(|row| row.get(..3) == Some(code))
}

/// Whether the alpha-3 code names a foreign country or area.
pub fn is_foreign_alpha3(code: &str) -> bool {
    foreign(Synthetic::Refused).any(|country| country.alpha3 == code)
}

/// Countries and areas that issue foreign passports, in the order of their codes.
pub fn foreign(synthetic: Synthetic) -> impl Iterator<Item = Country> {
    let utopia = (synthetic == Synthetic::Accepted).then_some(UTOPIA);
    let rows = TABLE.lines().filter_map(country);
    rows.filter(|country| !CHINA.contains(&country.alpha3)).chain(utopia)
}

/// The country or area with this alpha-3 code, China and its parts among them.
pub fn find(alpha3: &str) -> Option<Country> {
    let row = TABLE.lines().filter_map(country).find(|country| country.alpha3 == alpha3);
    row.or_else(|| (alpha3 == UTOPIA.alpha3).then_some(UTOPIA))
}

fn country(row: &'static str) -> Option<Country> {
    let (chinese, english) = row.get(6..)?.split_once('|')?;
    Some(Country { alpha3: row.get(3..6)?, chinese, english })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_foreign_countries_only() {
        assert!(is_foreign_numeric("840") && is_foreign_alpha3("USA"));
        for code in ["156", "999", "344", "", "84", "USA", "一"] {
            assert!(!is_foreign_numeric(code), "{code}");
        }
        for code in ["CHN", "ZZZ", "HKG", "UTO", "", "840", "一"] {
            assert!(!is_foreign_alpha3(code), "{code}");
        }
    }

    #[test]
    fn every_country_has_both_names() {
        let all: Vec<Country> = foreign(Synthetic::Refused).collect();
        assert_eq!(all.len(), TABLE.lines().count() - 4, "all but China and its parts");
        assert!(all.is_sorted_by_key(|country| country.alpha3));
        assert!(all.iter().all(|one| !one.chinese.is_empty() && !one.english.is_empty()));
        assert_eq!(
            find("FRA").map(|found| (found.chinese, found.english)),
            Some(("法国", "France"))
        );
        assert!(!all.contains(&UTOPIA) && foreign(Synthetic::Accepted).any(|one| one == UTOPIA));
    }
}
