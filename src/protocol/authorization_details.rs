//! Rich authorization requests (RFC 9396): the one type we know, `act_for`, asks to act for an organisation.
//!
//! `[{"type":"act_for","uscc":"91…"}]`: the answer is about this organisation, or it is refused.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::domain::acting::SubjectKind;
use crate::domain::client::Client;
use crate::domain::policy::Synthetic;
use crate::domain::uscc::Uscc;
use crate::protocol::error::ErrorCode;
use crate::protocol::error::OAuthError;
use crate::protocol::parameters::Parameters;

/// The types discovery names.
pub const TYPES: [&str; 1] = [ACT_FOR];
/// To act for an organisation.
const ACT_FOR: &str = "act_for";
/// The parameter, at both endpoints and in answers.
pub const PARAMETER: &str = "authorization_details";

/// The organisation that is asked for, in canonical spelling.
pub fn organisation(
    client: &Client,
    parameters: &Parameters,
) -> Result<Option<String>, OAuthError> {
    let Some(text) = parameters.get(PARAMETER) else { return Ok(None) };
    let invalid = |why: &'static str| ErrorCode::InvalidAuthorizationDetails.because(why);
    // The strict parser reads objects: the list is the value of one.
    let object = crate::jose::json::parse_object(format!("{{\"list\":{text}}}").as_bytes())
        .map_err(|_| invalid("authorization_details is no JSON array"))?;
    let (1, Some(Value::Array(list))) = (object.len(), object.get("list")) else {
        return Err(invalid("authorization_details is no JSON array"));
    };
    let [Value::Object(detail)] = list.as_slice() else {
        return Err(invalid("authorization_details holds one object"));
    };
    if detail.get("type") != Some(&json!(ACT_FOR)) {
        return Err(invalid("the type of authorization_details is not supported"));
    }
    if detail.keys().any(|key| !["type", "uscc"].contains(&key.as_str())) {
        return Err(invalid("act_for has a member that it does not know"));
    }
    let code = detail.get("uscc").and_then(Value::as_str).unwrap_or_default();
    // Whether synthetic organisations exist here is for the mandates to say.
    let uscc = Uscc::parse(code, Synthetic::Accepted)
        .map_err(|_| invalid("uscc is no unified social credit code"))?;
    if !client.policy.subject_kinds.contains(&SubjectKind::Organisation) {
        return Err(invalid("the client takes no organisations"));
    }
    Ok(Some(uscc.as_str().to_owned()))
}

/// What was granted, as tokens and introspection tell it (§7, §9).
pub fn granted(uscc: &str) -> Value {
    let mut detail = Map::new();
    detail.insert("type".to_owned(), json!(ACT_FOR));
    detail.insert("uscc".to_owned(), json!(uscc));
    json!([detail])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::registration::NewClient;
    use crate::protocol::registration::new_client;

    fn asked(text: &str, takes_organisations: bool) -> Result<Option<String>, String> {
        let mut client = new_client(NewClient {
            id: crate::domain::client::ClientId::parse("portal").unwrap(),
            name: "门户".to_owned(),
            redirect_uris: vec!["https://portal.example.test/callback".to_owned()],
        });
        if takes_organisations {
            client.policy.subject_kinds.insert(SubjectKind::Organisation);
        }
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair(PARAMETER, text)
            .finish();
        let parameters = Parameters::parse(query.as_bytes()).unwrap();
        organisation(&client, &parameters).map_err(|error| {
            assert_eq!(error.code, ErrorCode::InvalidAuthorizationDetails);
            error.description.into_owned()
        })
    }

    #[test]
    fn one_organisation_is_asked_for_by_its_code() {
        let code = "91140000701011888X";
        let good = format!(r#"[{{"type":"act_for","uscc":"{}"}}]"#, code.to_lowercase());
        assert_eq!(asked(&good, true), Ok(Some(code.to_owned())));
        assert_eq!(asked(&good, false).unwrap_err(), "the client takes no organisations");
        let table = [
            ("x", "no JSON array"),
            ("{}", "no JSON array"),
            ("[]", "holds one object"),
            ("[1]", "holds one object"),
            (r#"[],"more":[{"type":"act_for"}]"#, "no JSON array"),
            (r#"[{"type":"payment"}]"#, "type"),
            (r#"[{"type":"act_for"}]"#, "uscc"),
            (r#"[{"type":"act_for","uscc":"911400007010118880"}]"#, "uscc"),
            (r#"[{"type":"act_for","uscc":"91140000701011888X","as":"x"}]"#, "does not know"),
            (r#"[{"type":"act_for","type":"act_for"}]"#, "no JSON array"),
        ];
        for (text, why) in table {
            let refused = asked(text, true).unwrap_err();
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }
}
