//! Administrative divisions, every code that was ever assigned (GB/T 2260), and their provinces.
//!
//! The table is a sorted text of rows of equal length, searched where it lies in the binary;
//! `scripts/generate_tables.py` writes it. Abolished codes stay for ever, because a number keeps
//! the division it was allotted in.

const TABLE: &str = include_str!("table/division.txt");
/// Code, first year, last year, name padded with blanks, line feed.
const ROW: usize = 6 + 4 + 4 + 45 + 1;

/// Prefecture-level cities that had no county in some year since cards began in 1984: numbers
/// allotted then carry the city's own code, whatever the city was divided into later.
const CITIES_ONCE_WITHOUT_COUNTIES: [&str; 13] = [
    "371100", "420400", "420800", "441000", "441100", "441900", "442000", "460100", "460200",
    "460300", "460400", "620200", "650300",
];

/// Provinces, autonomous regions, municipalities and special administrative regions.
const PROVINCES: [(&str, &str); 34] = [
    ("11", "北京市"),
    ("12", "天津市"),
    ("13", "河北省"),
    ("14", "山西省"),
    ("15", "内蒙古自治区"),
    ("21", "辽宁省"),
    ("22", "吉林省"),
    ("23", "黑龙江省"),
    ("31", "上海市"),
    ("32", "江苏省"),
    ("33", "浙江省"),
    ("34", "安徽省"),
    ("35", "福建省"),
    ("36", "江西省"),
    ("37", "山东省"),
    ("41", "河南省"),
    ("42", "湖北省"),
    ("43", "湖南省"),
    ("44", "广东省"),
    ("45", "广西壮族自治区"),
    ("46", "海南省"),
    ("50", "重庆市"),
    ("51", "四川省"),
    ("52", "贵州省"),
    ("53", "云南省"),
    ("54", "西藏自治区"),
    ("61", "陕西省"),
    ("62", "甘肃省"),
    ("63", "青海省"),
    ("64", "宁夏回族自治区"),
    ("65", "新疆维吾尔自治区"),
    ("71", "台湾省"),
    ("81", "香港特别行政区"),
    ("82", "澳门特别行政区"),
];

/// One period of one division.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Division {
    /// Six digits.
    pub code: &'static str,
    /// The name in that period, without the province and city above it.
    pub name: &'static str,
    /// First year of the period; nothing when it began before the records.
    pub from: Option<u16>,
    /// Last year of the period; nothing while it lasts.
    pub to: Option<u16>,
}

/// What a code can be on an identity card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A county-level code of the table.
    County,
    /// A known province, but the table lacks the code: the register has to confirm it.
    UnlistedCounty,
    /// A province or a city, which no card carries.
    AboveCounty,
    /// No such province on the mainland.
    Unknown,
}

/// What the six-digit code can be on a citizen's card.
pub fn standing(code: &str) -> Standing {
    let on_mainland = code.get(..2).is_some_and(is_mainland_province);
    let above_county = code.ends_with("00") && !CITIES_ONCE_WITHOUT_COUNTIES.contains(&code);
    match (on_mainland, above_county) {
        (false, _) => Standing::Unknown,
        (true, true) => Standing::AboveCounty,
        (true, false) if find(code).is_some() => Standing::County,
        (true, false) => Standing::UnlistedCounty,
    }
}

/// The division of that code in its latest period.
pub fn find(code: &str) -> Option<Division> {
    periods(code).last()
}

/// All periods of that code, the oldest first.
pub fn periods(code: &str) -> impl Iterator<Item = Division> {
    let mut from = 0;
    let mut to = TABLE.len() / ROW;
    while from < to {
        let middle = from + (to - from) / 2;
        if row_code(middle) < code {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    (from..TABLE.len() / ROW).take_while(move |row| row_code(*row) == code).map(division)
}

/// Code and name of every province, and of every city and county there is today.
pub fn current() -> impl Iterator<Item = (String, String)> {
    let provinces = PROVINCES.iter().filter(|(code, _)| is_mainland_province(code));
    let provinces = provinces.map(|(code, name)| (format!("{code}0000"), (*name).to_owned()));
    let others = (0..TABLE.len() / ROW).map(division).filter(|division| division.to.is_none());
    let others = others.filter(|division| !division.code.ends_with("0000"));
    provinces.chain(others.map(|division| (division.code.to_owned(), division.name.to_owned())))
}

/// The division a citizen's number was allotted in; 0 for a document that has none.
pub fn of_number(number: &str) -> i64 {
    let code = number.get(..6).filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()));
    code.and_then(|code| code.parse().ok()).unwrap_or(0)
}

/// Province, city and county of a six-digit code, as far as they are known and have names of their own.
pub fn full_name(code: &str) -> Option<String> {
    let province = province_name(code.get(..2)?)?;
    let city = find(&format!("{}00", code.get(..4)?)).filter(|city| !city.code.ends_with("0000"));
    let county = find(code).filter(|county| !county.code.ends_with("00"));
    let below = [city, county].into_iter().flatten().map(|division| division.name);
    let below = below.filter(|name| !is_group(name));
    Some(std::iter::once(province).chain(below).collect())
}

/// Rows that only group those below them, such as 省直辖县级行政单位.
fn is_group(name: &str) -> bool {
    matches!(name, "市辖区" | "县" | "林区") || name.contains("直辖") || name.contains("省辖")
}

/// The city a number was allotted in: its first four digits.
pub fn city_of(number: &str) -> Option<&str> {
    number.get(..4).filter(|city| is_city(city))
}

/// Whether these are the four digits of a city, or of counties right under a province. Division 99, where nobody's
/// number is allotted but those of tests and the demonstration, has cities too.
pub fn is_city(city: &str) -> bool {
    city.len() == 4
        && city.bytes().all(|byte| byte.is_ascii_digit())
        && (city.starts_with("99") || is_mainland_province(&city[..2]))
}

/// The name of the city with these four digits, and of its province where that is another. What lies right under
/// a province, as in Beijing, is called by the province's name.
pub fn city_name(city: &str) -> Option<(&'static str, &'static str)> {
    let province = province_name(city.get(..2)?)?;
    let own = find(&format!("{city}00")).map(|division| division.name);
    Some((province, own.filter(|name| !is_group(name)).unwrap_or(province)))
}

/// The name of the province with that two-digit code.
pub fn province_name(code: &str) -> Option<&'static str> {
    PROVINCES.iter().find(|(known, _)| *known == code).map(|(_, name)| *name)
}

/// Whether citizens' numbers are allotted there; Taiwan, Hong Kong and Macao have other documents.
pub fn is_mainland_province(code: &str) -> bool {
    province_name(code).is_some() && !matches!(code, "71" | "81" | "82")
}

fn row_code(row: usize) -> &'static str {
    &TABLE[row * ROW..row * ROW + 6]
}

fn division(row: usize) -> Division {
    let text = &TABLE[row * ROW..(row + 1) * ROW];
    Division {
        code: &text[..6],
        name: text[14..].trim_end(),
        from: text[6..10].parse().ok(),
        to: text[10..14].parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first identity cards were issued in 1984.
    const FIRST_CARDS: u16 = 1984;

    #[test]
    fn table_is_sorted_rows_of_equal_length() {
        assert_eq!(TABLE.len() % ROW, 0);
        let rows: Vec<_> = TABLE.split_inclusive('\n').collect();
        assert!(rows.iter().all(|row| row.len() == ROW));
        assert!(rows.windows(2).all(|pair| pair[0][..6] <= pair[1][..6]));
        assert!(rows.len() > 6_700);
        for row in 0..rows.len() {
            assert!(periods(row_code(row)).any(|period| period == division(row)));
        }
    }

    #[test]
    fn abolished_codes_stay_known() {
        let chaoyang = find("440524").unwrap();
        assert_eq!((chaoyang.name, chaoyang.from, chaoyang.to), ("潮阳县", Some(1983), Some(1992)));
        for abolished in ["140102", "140112", "140203", "140227", "140402", "140411"] {
            assert_eq!(standing(abolished), Standing::County, "{abolished}");
        }
    }

    #[test]
    fn a_number_names_the_division_it_was_allotted_in() {
        assert_eq!(of_number("140105210001011234"), 140_105);
        for other in ["", "1401", "E12345678", "１４０１０５"] {
            assert_eq!(of_number(other), 0, "{other}");
        }
        let name = |code: &str| full_name(code).unwrap_or_default();
        assert_eq!(name("140105"), "山西省太原市小店区");
        assert_eq!(name("110105"), "北京市朝阳区");
        assert_eq!(name("469001"), "海南省五指山市");
        assert_eq!((name("140100"), name("140000")), ("山西省太原市".into(), "山西省".into()));
        assert_eq!((name("990001"), name("一二"), name("")), Default::default());
    }

    #[test]
    fn every_province_of_the_table_has_a_name() {
        for row in 0..TABLE.len() / ROW {
            let province = &row_code(row)[..2];
            assert!(province == "83" || province_name(province).is_some(), "{province}");
        }
    }

    /// The list, computed from the table. 620200 is beyond it: the table has a row 市辖区 there,
    /// and the city's own code is on cards all the same.
    #[test]
    fn cities_once_without_counties_are_those_of_the_table() {
        let rows: Vec<_> = (0..TABLE.len() / ROW).map(division).collect();
        let lasts_in = |row: &Division, year: u16| {
            row.from.is_none_or(|from| from <= year) && row.to.is_none_or(|to| year <= to)
        };
        let mut computed = vec!["620200"];
        for city in rows.iter().filter(|row| is_code_of_city(row.code) && !is_heading(row.name)) {
            let counties: Vec<_> = rows
                .iter()
                .filter(|row| row.code[..4] == city.code[..4] && !row.code.ends_with("00"))
                .collect();
            let alone = (FIRST_CARDS..=2026).any(|year| {
                lasts_in(city, year) && !counties.iter().any(|row| lasts_in(row, year))
            });
            if alone {
                computed.push(city.code);
            }
        }
        computed.sort_unstable();
        assert_eq!(computed, CITIES_ONCE_WITHOUT_COUNTIES);
    }

    fn is_code_of_city(code: &str) -> bool {
        code.ends_with("00") && !code.ends_with("0000")
    }

    #[test]
    fn a_city_is_the_beginning_of_a_number() {
        assert_eq!(city_of("140105199001011234"), Some("1401"));
        for none in ["", "140", "14x1051990", "710105199001011234", "一四"] {
            assert_eq!(city_of(none), None, "{none}");
        }
        assert_eq!(city_name("1401"), Some(("山西省", "太原市")));
        assert_eq!(city_name("1101"), Some(("北京市", "北京市")));
        assert_eq!(city_name("1499"), Some(("山西省", "山西省")));
        assert_eq!(city_name("9901"), None);
    }

    /// Rows that stand for no place of their own, such as 省直辖县级行政单位.
    fn is_heading(name: &str) -> bool {
        name.starts_with("省直辖") || name == "林区"
    }

    #[test]
    fn cities_without_counties_stand_on_cards() {
        for city in CITIES_ONCE_WITHOUT_COUNTIES {
            assert_eq!(standing(city), Standing::County, "{city}");
        }
        assert_eq!(standing("140100"), Standing::AboveCounty);
        assert_eq!(standing("140000"), Standing::AboveCounty);
        assert_eq!(standing("140199"), Standing::UnlistedCounty);
        for unknown in ["710000", "810101", "910000", "000000", "160101", "", "1", "一"] {
            assert_eq!(standing(unknown), Standing::Unknown, "{unknown}");
        }
    }
}
