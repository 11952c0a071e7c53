//! Spelling of typed identifiers: one explicit folding table (design D1, GB 11643-1999 input).
//!
//! Not NFKC: that also folds `①` and `²`, and what it folds grows with each Unicode version.
//! Look-alikes of other scripts (Cyrillic `Х`, Greek `Χ`, `×`) stay themselves and are refused by
//! the parsers, because guessing would let two spellings of different numbers meet.

use zeroize::Zeroizing;

/// Full-width forms lie this far above their ASCII characters (U+FF01 is `!`).
const FULL_WIDTH_OFFSET: u32 = 0xFEE0;

/// The text with its characters folded and outer blanks removed; inner blanks stay.
pub fn fold(text: &str) -> Zeroizing<String> {
    // No character folds to a longer one, so the buffer never moves and leaves no copy behind.
    let mut folded = Zeroizing::new(String::with_capacity(text.len()));
    folded.extend(text.trim_matches(is_blank).chars().map(fold_character));
    folded
}

/// `fold`, and each single separator between two other characters removed: people paste grouped
/// numbers. Two separators in a row stay, and the parser refuses them.
pub fn fold_grouped(text: &str, separators: &[char]) -> Zeroizing<String> {
    let folded = fold(text);
    let mut joined = Zeroizing::new(String::with_capacity(folded.len()));
    let mut characters = folded.chars().peekable();
    let mut before = None;
    while let Some(character) = characters.next() {
        let is_separator = |other: Option<char>| other.is_none_or(|c| separators.contains(&c));
        let single = !is_separator(before) && !is_separator(characters.peek().copied());
        if !(separators.contains(&character) && single) {
            joined.push(character);
        }
        before = Some(character);
    }
    joined
}

/// White space that keyboards and pasting leave around a number.
pub fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n' | '\u{3000}')
}

/// One character of the table; any other character is itself.
pub fn fold_character(character: char) -> char {
    match character {
        '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' => {
            char::from_u32(u32::from(character) - FULL_WIDTH_OFFSET)
                .map_or(character, |ascii| ascii.to_ascii_uppercase())
        }
        // Input methods really write the check character X as the Roman numeral ten.
        '\u{2169}' | '\u{2179}' => 'X',
        '\u{3000}' => ' ',
        _ => character.to_ascii_uppercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::fold;
    use super::fold_grouped;

    #[test]
    fn folds_what_the_table_names() {
        assert_eq!(fold(" \u{3000}１２ａ\t").as_str(), "12A");
        for ten in ["Ｘ", "Ⅹ", "ⅹ", "x"] {
            assert_eq!(fold(&format!("12{ten}")).as_str(), "12X", "{ten}");
        }
    }

    #[test]
    fn leaves_look_alikes_of_other_scripts_alone() {
        for other in ["Х", "Χ", "×", "①", "٣", "\u{200B}", "\0", "\u{202E}", "Ⅺ", "\u{A0}"]
        {
            assert_eq!(fold(other).as_str(), other);
        }
    }

    #[test]
    fn removes_single_separators_only() {
        assert_eq!(fold_grouped(" 1 2-3 ", &[' ', '-']).as_str(), "123");
        assert_eq!(fold_grouped("1  2", &[' ']).as_str(), "1  2");
        assert_eq!(fold_grouped("-12-", &['-']).as_str(), "-12-");
    }
}
