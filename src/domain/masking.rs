//! Masks of personal data for pages, interfaces and logs (GB/T 35273-2020; provincial practice).
//!
//! Logs and every page but the owner's own use the strong masks: a birth date and a division next
//! to each other leave only four characters of an identity number to guess.

use serde::Deserialize;

use crate::domain::identity_document::PersonKey;

/// The conventions of a deployment, for pages and portals: `[masking]` of the configuration. Logs do not ask: they
/// are always told the least. A number on any page but its owner's has no choice either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Masks {
    /// Names.
    pub name: NameMask,
    /// An identity number on its owner's own pages.
    pub own_number: OwnNumberMask,
    /// Mobile numbers.
    pub phone: PhoneMask,
    /// E-mail addresses.
    pub email: EmailMask,
}

/// How a person's name is masked; provinces differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameMask {
    /// Only the first character is shown: `张*`, `李**`.
    KeepFirst,
    /// Zhejiang's platform hides the first character: `*大友`.
    #[default]
    HideFirst,
}

/// How a person's own identity number is masked for that person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnNumberMask {
    /// Four characters at each end: `1401**********1234`.
    #[default]
    Ends,
    /// Zhejiang's platform shows positions 1, 5 to 12 and 18: `1***05199001*****4`.
    BirthMonth,
    /// As for everybody else: `1****************4`.
    Strong,
}

/// How a mobile number is masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhoneMask {
    /// The middle is hidden: `137****9050`.
    #[default]
    Middle,
    /// Only the last four digits are shown: `*******9050`.
    LastFour,
}

/// How an e-mail address is masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailMask {
    /// Three characters and the domain: `zha***@example.test`.
    #[default]
    FirstThree,
    /// One character and the domain: `z***@example.test`.
    FirstOne,
}

impl Masks {
    /// A person's name.
    pub fn name(&self, name: &str) -> String {
        person_name(name, self.name)
    }

    /// The number of somebody's document, for its owner.
    pub fn own_number(&self, key: PersonKey<'_>) -> String {
        match self.own_number {
            _ if !key.has_citizen_layout() => key.masked(),
            OwnNumberMask::Ends => identity_number_for_owner(key.number),
            OwnNumberMask::BirthMonth => keep(key.number, |at| matches!(at, 0 | 4..=11 | 17)),
            OwnNumberMask::Strong => key.masked(),
        }
    }

    /// A mobile number.
    pub fn phone(&self, number: &str) -> String {
        match self.phone {
            PhoneMask::Middle => mobile(number),
            PhoneMask::LastFour => keep_ends(number.strip_prefix("+86").unwrap_or(number), 0, 4),
        }
    }

    /// An e-mail address.
    pub fn email(&self, address: &str) -> String {
        match self.email {
            EmailMask::FirstThree => email(address, 3),
            EmailMask::FirstOne => email(address, 1),
        }
    }
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

/// A mobile number: `137****9050` of a mainland one, `+86` or not; of others the last four digits.
pub fn mobile(number: &str) -> String {
    match number.strip_prefix("+86") {
        Some(national) => keep_ends(national, 3, 4),
        None if number.starts_with('+') => keep_ends(number, 0, 4),
        None => keep_ends(number, 3, 4),
    }
}

/// An e-mail address: at most so many characters of the local part, and the domain.
fn email(address: &str, most: usize) -> String {
    let Some((local, domain)) = address.rsplit_once('@') else {
        return identity_number(address);
    };
    // A short local part would otherwise be shown whole.
    let shown = local.chars().count().saturating_sub(1).min(most);
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
        // In Latin letters the surname stands first; one letter less of it would hide nothing.
        NameMask::HideFirst if name.contains(' ') => {
            let given = name.split_once(' ').map_or("", |(_, given)| given);
            format!("** {given}")
        }
        NameMask::HideFirst => format!("*{}", name.chars().skip(1).collect::<String>()),
    }
}

/// The first and last characters, and a star for each between them.
///
/// Text too short to hide anything between its ends is hidden whole.
fn keep_ends(text: &str, first: usize, last: usize) -> String {
    let length = text.chars().count();
    let hidden = if first + last < length { first..length - last } else { 0..length };
    keep(text, |position| !hidden.contains(&position))
}

/// The characters at some positions, and a star for each other.
fn keep(text: &str, shown: impl Fn(usize) -> bool) -> String {
    let masked = text.chars().enumerate();
    masked.map(|(position, letter)| if shown(position) { letter } else { '*' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::document_type::DocumentType;

    fn key<'a>(document_type: DocumentType, country: &'a str, number: &'a str) -> PersonKey<'a> {
        PersonKey::new(document_type, country, number)
    }

    #[test]
    fn masks_follow_the_conventions() {
        assert_eq!(identity_number("31010119900101001X"), "3****************X");
        assert_eq!(identity_number_for_owner("140105199001011234"), "1401**********1234");
        assert_eq!(mobile("13712349050"), "137****9050");
        assert_eq!(mobile("+8613712349050"), "137****9050");
        assert_eq!(mobile("+85261234567"), "********4567");
        assert_eq!(other_document("E12345678"), "E12***678");
    }

    #[test]
    fn each_policy_has_its_mask() {
        let masks = Masks::default();
        let zhejiang = Masks { own_number: OwnNumberMask::BirthMonth, ..masks };
        let strict = Masks {
            name: NameMask::KeepFirst,
            own_number: OwnNumberMask::Strong,
            phone: PhoneMask::LastFour,
            email: EmailMask::FirstOne,
        };
        let numbers = [
            (DocumentType::ResidentIdentityCard, "CHN", "140105199001011234"),
            (DocumentType::PermanentResidenceCard, "CHN", "USA140100010113"),
            (DocumentType::HongKongMacaoPermit, "HKG", "H00000001"),
            (DocumentType::TaiwanPermit, "TWN", "00000001"),
            (DocumentType::ForeignPassport, "UTO", "L898902C3"),
            (DocumentType::ForeignPassport, "UTO", "12"),
        ];
        let own = |masks: Masks| {
            numbers.map(|(kind, country, number)| masks.own_number(key(kind, country, number)))
        };
        let others =
            ["1****************4", "U*************3", "H00***001", "00****01", "L89***2C3", "**"];
        let first = |first: &'static str| {
            let mut all = others;
            all[0] = first;
            all
        };
        assert_eq!(own(masks), first("1401**********1234"));
        assert_eq!(own(zhejiang), first("1***05199001*****4"));
        assert_eq!(own(strict), others);
        let shown = numbers.map(|(kind, country, number)| key(kind, country, number).masked());
        assert_eq!(shown, others, "for others there is no choice");
        let table = [
            (masks, "*大友", "137****9050", "zha***@example.test"),
            (strict, "王**", "*******9050", "z***@example.test"),
        ];
        for (masks, name, phone, email) in table {
            assert_eq!(masks.name("王大友"), name);
            assert_eq!(masks.phone("+8613712349050"), phone);
            assert_eq!(masks.email("zhangsan@example.test"), email);
            assert_eq!(masks.email("a@example.test"), "***@example.test");
        }
    }

    #[test]
    fn name_masks_follow_both_conventions() {
        let table = [
            ("张三", "张*", "*三"),
            ("李小龙", "李**", "*小龙"),
            ("测试·二", "测**", "*试·二"),
            ("\u{20000}三", "\u{20000}*", "*三"),
            ("ERIKSSON ANNA MARIA", "E**", "** ANNA MARIA"),
            ("张", "*", "*"),
        ];
        for (name, kept, hidden) in table {
            assert_eq!(person_name(name, NameMask::KeepFirst), kept);
            assert_eq!(person_name(name, NameMask::HideFirst), hidden);
        }
    }

    #[test]
    fn short_text_is_hidden_whole() {
        assert_eq!(identity_number("12"), "**");
        assert_eq!(mobile("1234567"), "*******");
        assert_eq!(identity_number(""), "");
    }
}
