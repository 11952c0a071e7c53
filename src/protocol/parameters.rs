//! Request parameters (RFC 6749 §3.1, §3.2): form-encoded, each at most once, unknown ones ignored.

use std::collections::HashMap;

use crate::protocol::error::ErrorCode;
use crate::protocol::error::OAuthError;

/// Longest value of one parameter, in bytes (security.md 0.3).
const MAX_VALUE: usize = 4096;
/// Longest value of a parameter that holds a signed token.
const MAX_TOKEN_VALUE: usize = 8192;
/// More parameters than this are no request of ours.
const MAX_COUNT: usize = 64;
/// Parameters that hold a signed token, or a chain of certificates.
const TOKENS: [&str; 4] = ["client_assertion", "id_token_hint", "request", "certificate"];

/// Our own sealed request (`tx`) holds all parameters of one.
const MAX_SEALED_VALUE: usize = 24 * 1024;

/// The parameters of one request.
#[derive(Debug, Clone, Default)]
pub struct Parameters(HashMap<String, String>);

impl Parameters {
    /// Reads `application/x-www-form-urlencoded` text: a query or a body. RFC 6749 §3.1: a parameter
    /// without a value counts as absent, one that stands twice is an error.
    pub fn parse(encoded: &[u8]) -> Result<Self, OAuthError> {
        let invalid = |why| Err(ErrorCode::InvalidRequest.because(why));
        let mut values = HashMap::new();
        let mut names = std::collections::HashSet::new();
        for (name, value) in url::form_urlencoded::parse(encoded) {
            if names.len() == MAX_COUNT {
                return invalid("there are too many parameters");
            }
            // `parse` replaces what is not UTF-8; such a value was never sent by a client of ours.
            if name.contains('\u{FFFD}') || value.contains('\u{FFFD}') {
                return invalid("a parameter is not UTF-8");
            }
            let limit = longest(&name);
            if name.len() > 100 || value.len() > limit {
                return invalid("a parameter is too long");
            }
            if !names.insert(name.to_string()) {
                return invalid("a parameter stands twice");
            }
            if !value.is_empty() {
                values.insert(name.into_owned(), value.into_owned());
            }
        }
        Ok(Self(values))
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of a parameter that has to be there.
    pub fn require(&self, name: &'static str) -> Result<&str, OAuthError> {
        self.get(name)
            .ok_or_else(|| ErrorCode::InvalidRequest.because(format!("{name} is missing")))
    }

    /// Every parameter, for a form that repeats them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

fn longest(name: &str) -> usize {
    match name {
        "tx" => MAX_SEALED_VALUE,
        name if TOKENS.contains(&name) => MAX_TOKEN_VALUE,
        _ => MAX_VALUE,
    }
}

#[cfg(test)]
mod tests {
    use super::Parameters;
    use proptest::prelude::*;

    #[test]
    fn a_parameter_twice_is_refused_even_with_the_same_value() {
        assert!(Parameters::parse(b"a=1&a=1").is_err());
        assert!(Parameters::parse(b"a=1&a=").is_err());
        assert!(Parameters::parse(b"a=1&b=1").is_ok());
    }

    #[test]
    fn an_empty_value_counts_as_absent() {
        assert_eq!(Parameters::parse(b"a=").unwrap().get("a"), None);
    }

    #[test]
    fn long_values_are_refused_before_anything_is_looked_up() {
        let long = format!("scope={}", "x".repeat(4097));
        assert!(Parameters::parse(long.as_bytes()).is_err());
        let assertion = format!("client_assertion={}", "x".repeat(8192));
        assert!(Parameters::parse(assertion.as_bytes()).is_ok());
    }

    proptest! {
        #[test]
        fn any_bytes_are_parameters_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
            drop(Parameters::parse(&bytes));
        }
    }
}
