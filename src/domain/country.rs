//! Countries and areas by numeric and alpha-3 code (ISO 3166-1).

const TABLE: &str = include_str!("table/country.txt");

/// China and its parts: who is from there is no foreigner.
const CHINA: [&str; 8] = ["156", "CHN", "158", "TWN", "344", "HKG", "446", "MAC"];

/// Whether the numeric code names a foreign country or area.
pub fn is_foreign_numeric(code: &str) -> bool {
    code.len() == 3 && !CHINA.contains(&code) && TABLE.lines().any(|row| row.get(..3) == Some(code))
}

/// Whether the alpha-3 code names a foreign country or area.
pub fn is_foreign_alpha3(code: &str) -> bool {
    code.len() == 3 && !CHINA.contains(&code) && TABLE.lines().any(|row| row.get(3..) == Some(code))
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
        for code in ["CHN", "ZZZ", "HKG", "", "840"] {
            assert!(!is_foreign_alpha3(code), "{code}");
        }
    }
}
