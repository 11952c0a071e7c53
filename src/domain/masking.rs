//! Masks of personal data for pages, interfaces and logs (GB/T 35273-2020; provincial practice).
//!
//! Logs and every page but the owner's own use the strong masks: a birth date and a division next
//! to each other leave only four characters of an identity number to guess.

/// How a person's name is masked; provinces differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NameMask {
    /// Only the first character is shown: `张*`, `李**`.
    #[default]
    KeepFirst,
    /// Zhejiang's platform hides the first character: `*大友`.
    HideFirst,
}

/// An identity number: `3****************X`.
pub fn identity_number(number: &str) -> String {
    keep_ends(number, 1, 1)
}

/// An identity number for its owner's confirmation page alone: `1401**********1234`.
pub fn identity_number_for_owner(number: &str) -> String {
    keep_ends(number, 4, 4)
}

/// A document of any other kind: the first and the last third are shown.
pub fn other_document(number: &str) -> String {
    let third = number.chars().count() / 3;
    keep_ends(number, third, third)
}

/// A mainland mobile number, as people know it: `137****9050`.
pub fn mobile(number: &str) -> String {
    keep_ends(number.strip_prefix("+86").unwrap_or(number), 3, 4)
}

/// A landline number: area code and last four digits.
pub fn landline(area_code: &str, number: &str) -> String {
    format!("{area_code}{}", keep_ends(number, 0, 4))
}

/// A bank card: six, stars, four.
pub fn bank_card(number: &str) -> String {
    keep_ends(number, 6, 4)
}

/// An e-mail address: at most three characters of the local part, and the domain.
pub fn email(address: &str) -> String {
    let Some((local, domain)) = address.rsplit_once('@') else {
        return identity_number(address);
    };
    // A short local part would otherwise be shown whole.
    let shown = local.chars().count().saturating_sub(1).min(3);
    let start: String = local.chars().take(shown).collect();
    format!("{start}***@{domain}")
}

/// A person's name in its canonical form.
pub fn person_name(name: &str, mask: NameMask) -> String {
    let length = name.chars().count();
    let first: String = name.chars().take(1).collect();
    match mask {
        // One character alone is the whole name.
        _ if length <= 1 => "*".to_owned(),
        // The length of a long name tells much; it is hidden.
        NameMask::KeepFirst if name.contains(['·', ' ']) => format!("{first}**"),
        NameMask::KeepFirst => keep_ends(name, 1, 0),
        NameMask::HideFirst => format!("*{}", name.chars().skip(1).collect::<String>()),
    }
}

/// The first and last characters, and a star for each between them.
///
/// Text too short to hide anything between its ends is hidden whole.
fn keep_ends(text: &str, first: usize, last: usize) -> String {
    let length = text.chars().count();
    let hidden = if first + last < length { first..length - last } else { 0..length };
    text.chars()
        .enumerate()
        .map(|(position, character)| if hidden.contains(&position) { '*' } else { character })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_follow_the_conventions() {
        assert_eq!(identity_number("31010119900101001X"), "3****************X");
        assert_eq!(identity_number_for_owner("140105199001011234"), "1401**********1234");
        assert_eq!(mobile("13712349050"), "137****9050");
        assert_eq!(mobile("+8613712349050"), "137****9050");
        assert_eq!(landline("0351", "12345678"), "0351****5678");
        assert_eq!(bank_card("6222021234567890"), "622202******7890");
        assert_eq!(other_document("E12345678"), "E12***678");
        assert_eq!(email("zhangsan@example.test"), "zha***@example.test");
        assert_eq!(email("ab@example.test"), "a***@example.test");
    }

    #[test]
    fn name_masks_follow_both_conventions() {
        assert_eq!(person_name("张三", NameMask::KeepFirst), "张*");
        assert_eq!(person_name("李小龙", NameMask::KeepFirst), "李**");
        assert_eq!(person_name("测试·二", NameMask::KeepFirst), "测**");
        assert_eq!(person_name("王大友", NameMask::HideFirst), "*大友");
        assert_eq!(person_name("\u{20000}三", NameMask::KeepFirst), "\u{20000}*");
    }

    #[test]
    fn short_text_is_hidden_whole() {
        for mask in [NameMask::KeepFirst, NameMask::HideFirst] {
            assert_eq!(person_name("张", mask), "*");
        }
        assert_eq!(identity_number("12"), "**");
        assert_eq!(mobile("1234567"), "*******");
        assert_eq!(identity_number(""), "");
    }
}
