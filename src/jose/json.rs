//! JSON read strictly (RFC 8259, RFC 7515 §4): no duplicate members, bounded nesting, UTF-8 only.
//!
//! Parsers differ on which of two equal names counts. What we verified would then not be what
//! another reader of the same token sees, so a duplicate is refused at every depth.

use crate::jose::JoseError;
use serde::de::DeserializeSeed;
use serde::de::Deserializer;
use serde::de::Error;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;
use serde_json::Map;
use serde_json::Number;
use serde_json::Value;
use std::fmt;

/// How deeply objects and arrays may be nested.
pub const MAX_DEPTH: usize = 32;

/// Reads one JSON object and nothing after it.
pub fn parse_object(bytes: &[u8]) -> Result<Map<String, Value>, JoseError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value =
        Strict { depth: MAX_DEPTH }.deserialize(&mut reader).map_err(|_| JoseError::Json)?;
    reader.end().map_err(|_| JoseError::Json)?;
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(JoseError::Json),
    }
}

/// Reads a value that may open `depth` more levels.
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: Error>(&self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| E::custom("nested too deeply"))?;
        Ok(Self { depth })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(self.deeper()?)? {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(self.deeper()?)?;
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("duplicate member"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::MAX_DEPTH;
    use super::parse_object;
    use crate::jose::JoseError;
    use proptest::prelude::any;
    use proptest::prelude::proptest;
    use serde_json::Value;
    use serde_json::json;

    #[test]
    fn reads_every_kind_of_value() {
        let text = r#" {"a":[1,-2,3.5,true,null,"\u4e2d"],"b":{}} "#;
        let expected = json!({ "a": [1, -2, 3.5, true, null, "中"], "b": {} });
        assert_eq!(Value::Object(parse_object(text.as_bytes()).unwrap()), expected);
    }

    #[test]
    fn refuses_what_is_not_one_strict_object() {
        for text in [
            "",
            "null",
            "[]",
            "\"a\"",
            "1",
            "{",
            "{}{}",
            "{} x",
            "{'a':1}",
            "{\"a\":1,}",
            "{\"a\":NaN}",
            "{\"a\":01}",
            "{\"a\":1e999}",
            "\u{feff}{}",
            "{\"a\":\"\u{1}\"}",
            r#"{"a":"\ud800"}"#,
            "// {}",
            "{\"a\":1}//",
        ] {
            assert_eq!(parse_object(text.as_bytes()), Err(JoseError::Json), "{text}");
        }
        assert_eq!(parse_object(b"{\"a\":\"\xff\"}"), Err(JoseError::Json));
    }

    #[test]
    fn refuses_duplicate_members_at_every_depth_and_in_every_spelling() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":[{"b":1,"c":2,"b":3}]}"#,
        ] {
            assert_eq!(parse_object(text.as_bytes()), Err(JoseError::Json), "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse_object(nested(MAX_DEPTH - 1).as_bytes()).is_ok());
        assert_eq!(parse_object(nested(MAX_DEPTH + 1).as_bytes()), Err(JoseError::Json));
        assert_eq!(parse_object(nested(100_000).as_bytes()), Err(JoseError::Json));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>(), text in r#"[\[\]{}":,a0-9e.\\ -]{0,40}"#) {
            let _ = parse_object(&bytes);
            let _ = parse_object(text.as_bytes());
        }

        #[test]
        fn what_it_reads_is_what_the_lenient_reader_reads(text in r#"\{("[a-c]":(1|"x"|\[1\]|\{"a":2\}),){0,3}"d":0\}"#) {
            if let Ok(object) = parse_object(text.as_bytes()) {
                assert_eq!(Value::Object(object), serde_json::from_str::<Value>(&text).unwrap());
            }
        }
    }
}
