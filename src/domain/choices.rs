//! What the owner of an account chose of it: how pages look, and which ways of logging in are switched off.

use crate::domain::assurance::Method;

/// Choices; the default is what nobody chose.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choices {
    /// Methods that log in to this account no more.
    pub blocked: Vec<Method>,
    /// The language of pages, as a tag.
    pub locale: Option<String>,
    /// Large print.
    pub elder: Option<bool>,
}

/// Methods an owner may switch off: without the others nobody could log in, or could switch this one on.
pub const BLOCKABLE: [Method; 1] = [Method::Sms];

impl Choices {
    /// Whether this method still logs in.
    pub fn allows(&self, method: Method) -> bool {
        !self.blocked.contains(&method)
    }

    /// The same with this method switched off, or on again.
    #[must_use]
    pub fn with(&self, method: Method, blocked: bool) -> Self {
        let others = self.blocked.iter().copied().filter(|other| *other != method);
        Self { blocked: others.chain(blocked.then_some(method)).collect(), ..self.clone() }
    }

    /// The blocked methods as they are stored.
    pub fn blocked_text(&self) -> String {
        self.blocked.iter().map(|method| method.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// Reads them; none when a name is nobody's.
    pub fn read_blocked(text: &str) -> Option<Vec<Method>> {
        text.split_whitespace().map(Method::parse).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Choices;
    use crate::domain::assurance::Method;

    #[test]
    fn a_method_is_switched_off_once_and_on_again() {
        let none = Choices::default();
        let off = none.with(Method::Sms, true).with(Method::Sms, true);
        assert_eq!(off.blocked_text(), "sms");
        assert!(!off.allows(Method::Sms) && off.allows(Method::Password));
        assert_eq!(off.with(Method::Sms, false), none);
    }

    #[test]
    fn what_is_stored_is_read_again() {
        assert_eq!(Choices::read_blocked(""), Some(Vec::new()));
        assert_eq!(Choices::read_blocked("sms"), Some(vec![Method::Sms]));
        assert_eq!(Choices::read_blocked("sms carrier_pigeon"), None);
    }
}
