//! Names of clients that people could take for one another (security.md A-65): folded, they must differ.

use unicode_normalization::UnicodeNormalization;

/// Longest name, in characters.
pub const LONGEST: usize = 100;

/// Nobody but the provider itself is called so, in whole or in part; folded.
const RESERVED: [&str; 4] = ["一号通行", "yihao", "统一身份认证", "身份认证平台"];

/// Letters of other scripts, and digits, that look like a Latin letter; upper and lower case are folded
/// before.
const LOOK_ALIKES: [(char, char); 36] = [
    ('а', 'a'),
    ('в', 'b'),
    ('е', 'e'),
    ('к', 'k'),
    ('м', 'm'),
    ('н', 'h'),
    ('о', 'o'),
    ('р', 'p'),
    ('с', 'c'),
    ('т', 't'),
    ('у', 'y'),
    ('х', 'x'),
    ('і', 'i'),
    ('ј', 'j'),
    ('ѕ', 's'),
    ('ԁ', 'd'),
    ('ɡ', 'g'),
    ('ո', 'n'),
    ('α', 'a'),
    ('β', 'b'),
    ('ε', 'e'),
    ('η', 'n'),
    ('ι', 'i'),
    ('κ', 'k'),
    ('μ', 'u'),
    ('ν', 'v'),
    ('ο', 'o'),
    ('ρ', 'p'),
    ('τ', 't'),
    ('υ', 'u'),
    ('χ', 'x'),
    ('0', 'o'),
    ('1', 'l'),
    ('|', 'l'),
    ('〇', 'o'),
    ('—', '一'),
];

/// Characters that break a line or turn the text around them: a name with one is not what it seems.
pub fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// What a name comes down to when one only glances at it.
pub fn fold(name: &str) -> String {
    let plain = name.nfkc().flat_map(char::to_lowercase).nfkd();
    let seen = plain.filter(|c| !misleads(*c)).map(look_alike);
    seen.filter(|c| c.is_alphanumeric()).map(|c| if c == 'i' { 'l' } else { c }).collect()
}

/// Whether only the provider may be called so.
pub fn is_reserved(name: &str) -> bool {
    let folded = fold(name);
    folded.is_empty() || RESERVED.iter().any(|reserved| folded.contains(&fold(reserved)))
}

fn look_alike(c: char) -> char {
    LOOK_ALIKES.iter().find(|(odd, _)| *odd == c).map_or(c, |(_, latin)| *latin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_fold_to_one() {
        for (one, other) in [
            ("Portal", "PORTAL"),
            ("Portal", "Роrtаl"),
            ("Portal", "Ｐortal"),
            ("Portal", "P-o r t a l"),
            ("Portal", "Port\u{200B}al"),
            ("Portal", "Pórtal"),
            ("Portal 10", "Portal lO"),
            ("Pail", "PaIl"),
            ("云州市民生服务平台", "云州市民生服务平台。"),
            ("云州市民生服务平台", "云州市 民生 服务平台"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
        assert_ne!(fold("云州市民生服务平台"), fold("云川市民生服务平台"));
    }

    #[test]
    fn the_providers_own_names_are_reserved() {
        for name in
            ["一号通行", "Yihao", "Y I H A 0", "ＹＩＨＡＯ 帮助", "统一身份认证中心", "…", ""]
        {
            assert!(is_reserved(name), "{name}");
        }
        assert!(!is_reserved("云州市民生服务平台"));
    }
}
