//! Scope (RFC 6749 §3.3) and what each value opens (OpenID Connect Core §5.4).

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::Serialize;

/// More values than this in one request are refused before anything is looked up.
pub const MAX_VALUES: usize = 32;

/// `openid`: the request is OpenID Connect's, not OAuth's alone.
pub const OPENID: &str = "openid";
/// `offline_access`: a refresh token that outlives the session (OpenID Connect Core §11).
pub const OFFLINE_ACCESS: &str = "offline_access";

/// A scope value that opens claims.
pub struct ClaimScope {
    /// The value.
    pub name: &'static str,
    /// The claims UserInfo gives for it.
    pub claims: &'static [&'static str],
}

/// Scope values a person can grant, with their claims; consent and discovery are built from it.
pub const CLAIM_SCOPES: &[ClaimScope] = &[
    ClaimScope {
        name: "profile",
        claims: &["name", "subject_type", "identity_assurance", "id_number_masked", "updated_at"],
    },
    ClaimScope { name: "phone", claims: &["phone_number", "phone_number_verified"] },
    ClaimScope { name: "email", claims: &["email", "email_verified"] },
    ClaimScope { name: "id_number", claims: &["id_number", "id_type", "id_country"] },
];

/// A set of scope values; the order never matters.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scope(BTreeSet<String>);

/// Why a `scope` parameter is not a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// A character outside `%x21 / %x23-5B / %x5D-7E`.
    #[error("scope has a character that RFC 6749 does not allow")]
    Character,
    /// A value twice.
    #[error("scope repeats a value")]
    Repeated,
    /// Too many values.
    #[error("scope has too many values")]
    TooMany,
}

impl Scope {
    /// Reads a space-delimited list.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        let mut values = BTreeSet::new();
        for value in text.split(' ').filter(|value| !value.is_empty()) {
            let allowed = |byte| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
            if !value.bytes().all(allowed) {
                return Err(ScopeError::Character);
            }
            if values.len() == MAX_VALUES {
                return Err(ScopeError::TooMany);
            }
            if !values.insert(value.to_owned()) {
                return Err(ScopeError::Repeated);
            }
        }
        Ok(Self(values))
    }

    /// Whether it has this value.
    pub fn contains(&self, value: &str) -> bool {
        self.0.contains(value)
    }

    /// Whether every value of this is in `other`.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// Whether it has no value.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The values both have.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// The values either has.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// The values this has and `other` lacks.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0).cloned().collect())
    }

    /// The values, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl<'a> FromIterator<&'a str> for Scope {
    fn from_iter<I: IntoIterator<Item = &'a str>>(values: I) -> Self {
        Self(values.into_iter().map(str::to_owned).collect())
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (position, value) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str(" ")?;
            }
            f.write_str(value)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_matter_and_repetition_is_refused() {
        assert_eq!(Scope::parse("profile openid"), Scope::parse("openid profile"));
        assert_eq!(Scope::parse("openid openid"), Err(ScopeError::Repeated));
        assert_eq!(Scope::parse("open\"id"), Err(ScopeError::Character));
        let many = (0..33).map(|n| n.to_string()).collect::<Vec<_>>().join(" ");
        assert_eq!(Scope::parse(&many), Err(ScopeError::TooMany));
    }
}
