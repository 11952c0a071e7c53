//! Values in bodies: read strictly, described where they are read.

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::de::Error;
use utoipa::ToSchema;
use utoipa::openapi::KnownFormat;
use utoipa::openapi::Object;
use utoipa::openapi::ObjectBuilder;
use utoipa::openapi::SchemaFormat;
use utoipa::openapi::Type;
use utoipa::openapi::schema::SchemaType;

use crate::clock::Timestamp;
use crate::domain::document_type::DocumentType;
use crate::domain::operator::Region;
use crate::domain::operator::Role;
use crate::http::api::problem::Problem;
use crate::identifier::Typed;
use crate::jose::json::parse_object;

/// A moment (RFC 3339, UTC).
#[derive(Serialize, ToSchema)]
#[serde(transparent)]
#[schema(format = DateTime, value_type = String)]
pub struct Moment(String);

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        Self(at.to_rfc3339())
    }
}

/// Text of so many characters.
pub struct Text<const LEAST: usize, const MOST: usize>(String);

impl<const LEAST: usize, const MOST: usize> Text<LEAST, MOST> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de, const LEAST: usize, const MOST: usize> Deserialize<'de> for Text<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let text = String::deserialize(reader)?;
        let fits = (LEAST..=MOST).contains(&text.chars().count());
        fits.then_some(Self(text)).ok_or_else(|| D::Error::custom("a text of another length"))
    }
}

/// How such a text is described.
pub fn text<const LEAST: usize, const MOST: usize>() -> Object {
    let kind = ObjectBuilder::new().schema_type(Type::String);
    kind.min_length(Some(LEAST)).max_length(Some(MOST)).build()
}

/// Text that may be left out, of so many characters at most.
pub fn optional_text(most: usize) -> Object {
    let kinds = SchemaType::from_iter([Type::String, Type::Null]);
    ObjectBuilder::new().schema_type(kinds).max_length(Some(most)).build()
}

/// Whom to look up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonSearch {
    /// A whole ID number or mobile number.
    #[schema(schema_with = text::<1, 64>)]
    identifier: Text<1, 64>,
    /// What bears the number; null where the number tells it. It has to be said of eight or ten digits (`511`) and of
    /// passports (`FOREIGN_PASSPORT`).
    #[serde(default)]
    #[schema(schema_with = id_type)]
    id_type: Option<String>,
    /// Which country issued that passport, ISO 3166-1 alpha-3.
    #[serde(default)]
    #[schema(schema_with = id_country)]
    id_country: Option<String>,
}

impl PersonSearch {
    /// What was typed.
    pub fn typed(&self) -> Typed<'_> {
        typed(&self.identifier, (&self.id_type, &self.id_country))
    }
}

/// A number with what was said beside it.
pub fn typed<'a>(
    number: &'a Text<1, 64>,
    (card, country): (&'a Option<String>, &'a Option<String>),
) -> Typed<'a> {
    Typed {
        text: number.as_str(),
        card: card.as_deref().unwrap_or_default(),
        country: country.as_deref().unwrap_or_default(),
    }
}

/// The code of a document, or nothing.
pub fn id_type() -> Object {
    let kinds = SchemaType::from_iter([Type::String, Type::Null]);
    let codes = DocumentType::ALL.map(|known| Some(known.code())).into_iter().chain([None]);
    ObjectBuilder::new().schema_type(kinds).enum_values(Some(codes)).build()
}

/// The code of a country, or nothing.
pub fn id_country() -> Object {
    let kinds = SchemaType::from_iter([Type::String, Type::Null]);
    ObjectBuilder::new().schema_type(kinds).pattern(Some("^[A-Z]{3}$")).build()
}

/// The names of roles.
pub fn role() -> Object {
    one_of(Role::ALL.map(Role::as_str))
}

/// A six-digit code of an administrative division.
pub fn region() -> Object {
    let kinds = SchemaType::from_iter([Type::String, Type::Null]);
    ObjectBuilder::new().schema_type(kinds).pattern(Some("^[0-9]{6}$")).build()
}

/// The code of a division, if one was named; empty if none was.
pub fn division(code: Option<&str>) -> Result<&str, Problem> {
    match code {
        Some(code) if Region::parse(code).is_none() => {
            Err(Problem::bad_request("region is no code of a division"))
        }
        code => Ok(code.unwrap_or_default()),
    }
}

/// A unified social credit code, by its shape.
pub fn credit_code() -> Object {
    let kind = ObjectBuilder::new().schema_type(Type::String);
    kind.pattern(Some("^[0-9A-Z]{18}$")).build()
}

/// The key of a row.
pub fn uuid() -> Object {
    let format = SchemaFormat::KnownFormat(KnownFormat::Uuid);
    ObjectBuilder::new().schema_type(Type::String).format(Some(format)).build()
}

/// A moment (RFC 3339).
pub fn moment() -> Object {
    let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
    ObjectBuilder::new().schema_type(Type::String).format(Some(format)).build()
}

/// A number from 1 on.
pub fn place() -> Object {
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).build()
}

/// A `client_id`.
pub fn client_id() -> Object {
    let kind = ObjectBuilder::new().schema_type(Type::String);
    kind.pattern(Some("^[A-Za-z0-9._~-]{1,100}$")).build()
}

/// One of these names.
pub fn one_of<'a>(names: impl IntoIterator<Item = &'a str>) -> Object {
    let kind = ObjectBuilder::new().schema_type(Type::String);
    kind.enum_values(Some(names.into_iter().map(str::to_owned))).build()
}

/// Why something is done: kept sealed in the audit chain.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// In the machine's words; they may be read by people later.
    #[schema(schema_with = text::<2, 200>)]
    pub reason: Text<2, 200>,
}

/// A body of this kind. Members it does not have, members that stand twice, and what is nested too deeply are
/// refused (security.md A-65).
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let members = parse_object(body)
        .map_err(|_| Problem::bad_request("the body is not one JSON object, read strictly"))?;
    serde_json::from_value(serde_json::Value::Object(members))
        .map_err(|_| Problem::bad_request("the body has not the members this request needs"))
}

#[cfg(test)]
mod tests {
    use super::Reason;
    use super::read;

    #[test]
    fn a_body_is_read_strictly() {
        assert!(read::<Reason>(r#"{"reason":"例行检查"}"#.as_bytes()).is_ok());
        let long = format!(r#"{{"reason":"{}"}}"#, "x".repeat(201));
        for wrong in [
            "",
            "[]",
            "null",
            r#"{"reason":"x"}"#,
            r#"{"reason":null}"#,
            r#"{"reason":["ab"]}"#,
            r#"{"reason":"ab","reason":"cd"}"#,
            r#"{"reason":"ab","role":"system_officer"}"#,
            r#"{"reason":"ab"} {}"#,
            &long,
            &format!("{{\"reason\":{}1", "[".repeat(100)),
        ] {
            assert!(read::<Reason>(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
