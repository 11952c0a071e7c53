//! The claims of a token, read with the types their specifications give them (RFC 7519 §4).

use crate::jose::JoseError;
use serde_json::Map;
use serde_json::Value;

/// The claims set of a token. An absent claim is `None`; one of the wrong type is an error, and
/// nothing is converted: `"1"` is not a number, and `null` is not absent.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims(Map<String, Value>);

impl Claims {
    /// Wraps a claims set.
    pub fn new(claims: Map<String, Value>) -> Self {
        Self(claims)
    }

    /// A claim of any type.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A claim that is a string.
    pub fn string(&self, name: &'static str) -> Result<Option<&str>, JoseError> {
        self.0.get(name).map(|value| value.as_str().ok_or(JoseError::Claim(name))).transpose()
    }

    /// A claim that is a whole number, `NumericDate` for example. A fraction of zero is admitted,
    /// since some libraries write every number with one.
    pub fn integer(&self, name: &'static str) -> Result<Option<i64>, JoseError> {
        self.0.get(name).map(|value| whole_number(value).ok_or(JoseError::Claim(name))).transpose()
    }

    /// A claim that is a boolean.
    pub fn boolean(&self, name: &'static str) -> Result<Option<bool>, JoseError> {
        self.0.get(name).map(|value| value.as_bool().ok_or(JoseError::Claim(name))).transpose()
    }

    /// A claim that is a string or an array of strings, `aud` for example (RFC 7519 §4.1.3).
    pub fn strings(&self, name: &'static str) -> Result<Option<Vec<&str>>, JoseError> {
        self.0.get(name).map(|value| one_or_more(value).ok_or(JoseError::Claim(name))).transpose()
    }

    /// The claims as a map.
    pub fn into_map(self) -> Map<String, Value> {
        self.0
    }
}

fn one_or_more(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(one) => Some(vec![one]),
        Value::Array(many) => many.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

fn whole_number(value: &Value) -> Option<i64> {
    /// Beyond 2^53 a double no longer tells whole numbers apart.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if let Some(integer) = value.as_i64() {
        return Some(integer);
    }
    let float = value.as_f64().filter(|_| !value.is_u64())?;
    #[expect(clippy::cast_possible_truncation, reason = "whole and within the exact range")]
    (float.fract() == 0.0 && float.abs() <= EXACT).then_some(float as i64)
}

#[cfg(test)]
mod tests {
    use super::Claims;
    use crate::jose::JoseError;
    use crate::jose::json;

    fn claims(text: &str) -> Claims {
        Claims::new(json::parse_object(text.as_bytes()).unwrap())
    }

    #[test]
    fn an_absent_claim_is_no_error() {
        let claims = claims("{}");
        assert_eq!(claims.string("a"), Ok(None));
        assert_eq!(claims.integer("a"), Ok(None));
        assert_eq!(claims.boolean("a"), Ok(None));
        assert_eq!(claims.strings("a"), Ok(None));
        assert_eq!(claims.get("a"), None);
    }

    #[test]
    fn strings_are_strings() {
        assert_eq!(claims(r#"{"a":"x"}"#).string("a"), Ok(Some("x")));
        for text in [r#"{"a":1}"#, r#"{"a":null}"#, r#"{"a":["x"]}"#] {
            assert_eq!(claims(text).string("a"), Err(JoseError::Claim("a")), "{text}");
        }
    }

    #[test]
    fn integers_are_whole_numbers_in_range() {
        for (text, value) in [
            (r#"{"a":1}"#, 1),
            (r#"{"a":-1}"#, -1),
            (r#"{"a":1700000000.0}"#, 1_700_000_000),
            (r#"{"a":1.7e9}"#, 1_700_000_000),
            (r#"{"a":9223372036854775807}"#, i64::MAX),
        ] {
            assert_eq!(claims(text).integer("a"), Ok(Some(value)), "{text}");
        }
        for text in [
            r#"{"a":"1"}"#,
            r#"{"a":1.5}"#,
            r#"{"a":9223372036854775808}"#,
            r#"{"a":1e300}"#,
            r#"{"a":true}"#,
            r#"{"a":null}"#,
            r#"{"a":[1]}"#,
        ] {
            assert_eq!(claims(text).integer("a"), Err(JoseError::Claim("a")), "{text}");
        }
    }

    #[test]
    fn audiences_are_one_string_or_several() {
        assert_eq!(claims(r#"{"aud":"x"}"#).strings("aud"), Ok(Some(vec!["x"])));
        assert_eq!(claims(r#"{"aud":["x","y"]}"#).strings("aud"), Ok(Some(vec!["x", "y"])));
        assert_eq!(claims(r#"{"aud":["x",1]}"#).strings("aud"), Err(JoseError::Claim("aud")));
        assert_eq!(claims(r#"{"aud":{}}"#).strings("aud"), Err(JoseError::Claim("aud")));
    }
}
