//! The application form: every field is judged at once, and what no form of ours has is refused (security.md
//!

use std::collections::BTreeMap;

use serde_json::Value;

use crate::domain::acting::SubjectKind;
use crate::domain::application::Contact;
use crate::domain::application::Document;
use crate::domain::application::Profile;
use crate::domain::application::Subjects;
use crate::domain::application::Unit;
use crate::domain::client::ApplicationType;
use crate::domain::client::Client;
use crate::domain::client::ClientAuthentication;
use crate::domain::client::ClientId;
use crate::domain::client_name;
use crate::domain::person_name::PersonName;
use crate::domain::phone_number::PhoneNumber;
use crate::domain::policy::Synthetic;
use crate::domain::scope;
use crate::domain::scope::Scope;
use crate::domain::uscc::Uscc;
use crate::identifier;
use crate::jose::Algorithm;
use crate::jose::json::parse_object;
use crate::onboarding::Errors;
use crate::onboarding::OnboardingError;
use crate::protocol::parameters::Parameters;
use crate::protocol::registration;
use crate::protocol::registration::NewClient;
use crate::provider::Provider;

/// Scope values that can be applied for, each by its reason: the field is `reason_` and the value.
pub const SCOPES: [&str; 5] = ["profile", "phone", "email", "id_number", scope::OFFLINE_ACCESS];

/// Signature algorithms that can be chosen, the recommended first.
const ALGORITHMS: [Algorithm; 3] = [Algorithm::Es256, Algorithm::Sm2, Algorithm::Rs256];

/// Every field of the form but the reasons.
pub const FIELDS: [&str; 16] = [
    "unit_name",
    "unit_code",
    "supplier_name",
    "supplier_code",
    "portal_name",
    "contact_name",
    "contact_phone",
    "contact_email",
    "purpose",
    "subjects",
    "redirect_uris",
    "post_logout_redirect_uris",
    "backchannel_logout_uri",
    "profile",
    "algorithm",
    "jwks",
];

/// What a page of ours sends besides.
const CARRIED: [&str; 2] = ["csrf", "step"];
/// Shortest and longest purpose, in characters.
const PURPOSE: std::ops::RangeInclusive<usize> = 10..=500;
/// Shortest and longest name of a unit.
const UNIT: std::ops::RangeInclusive<usize> = 2..=100;
/// Shortest and longest reason for a scope value.
const REASON: std::ops::RangeInclusive<usize> = 2..=200;
/// Longest e-mail address (RFC 5321 §4.5.3.1.3, without the brackets).
const EMAIL: usize = 254;

/// What the choice of algorithms offers.
pub fn algorithms() -> [&'static str; 3] {
    ALGORITHMS.map(Algorithm::as_str)
}

/// Nothing but these fields came.
pub fn refuse_foreign(form: &Parameters, fields: &[&str]) -> Result<(), OnboardingError> {
    let known = |name: &str| {
        let reason = name.strip_prefix("reason_").is_some_and(|scope| SCOPES.contains(&scope));
        fields.contains(&name) || CARRIED.contains(&name) || (fields == FIELDS && reason)
    };
    if form.iter().all(|(name, _)| known(name)) { Ok(()) } else { Err(OnboardingError::Foreign) }
}

/// Reads the form. Everything that is wrong is told at once.
pub fn read(provider: &Provider, form: &Parameters) -> Result<Document, OnboardingError> {
    refuse_foreign(form, &FIELDS)?;
    let synthetic = identifier::synthetic(&provider.config);
    let mut errors = Errors::new();
    let document = Document {
        unit: unit(form, ["unit_name", "unit_code"], synthetic, &mut errors),
        supplier: supplier(form, synthetic, &mut errors),
        portal_name: text(form, "portal_name").to_owned(),
        contact: Some(contact(form, synthetic, &mut errors)),
        purpose: sentence(form, "purpose", PURPOSE).unwrap_or_else(|| {
            errors.insert("purpose", "portal-purpose-invalid");
            String::new()
        }),
        scopes: scopes(form, &mut errors),
        subjects: subjects(form).unwrap_or_else(|| {
            errors.insert("subjects", "portal-subjects-invalid");
            Subjects::default()
        }),
        redirect_uris: lines(form, "redirect_uris"),
        post_logout_redirect_uris: lines(form, "post_logout_redirect_uris"),
        backchannel_logout_uri: Some(text(form, "backchannel_logout_uri"))
            .filter(|uri| !uri.is_empty())
            .map(str::to_owned),
        profile: Profile::parse(text(form, "profile")).unwrap_or_else(|| {
            errors.insert("profile", "portal-profile-invalid");
            Profile::ServerWithSecret
        }),
        jwks: None,
        algorithm: algorithm(form).unwrap_or_else(|| {
            errors.insert("algorithm", "portal-algorithm-invalid");
            ALGORITHMS[0]
        }),
        remark: None,
        testers: Vec::new(),
    };
    let document = with_keys(document, form, &mut errors);
    errors.extend(client_problems(provider, &document));
    if client_name::is_reserved(&document.portal_name) && !document.portal_name.is_empty() {
        errors.insert("portal_name", "portal-name-reserved");
    }
    if errors.is_empty() { Ok(document) } else { Err(OnboardingError::Fields(errors)) }
}

/// A contact alone, for a page that changes it.
pub fn read_contact(provider: &Provider, form: &Parameters) -> Result<Contact, OnboardingError> {
    let fields = ["contact_name", "contact_phone", "contact_email"];
    refuse_foreign(form, &fields)?;
    let mut errors = Errors::new();
    let contact = contact(form, identifier::synthetic(&provider.config), &mut errors);
    if errors.is_empty() { Ok(contact) } else { Err(OnboardingError::Fields(errors)) }
}

/// The unit a portal is handed over to.
pub fn read_unit(provider: &Provider, name: &str, code: &str) -> Option<Unit> {
    let code = Uscc::parse(code.trim(), identifier::synthetic(&provider.config)).ok()?;
    Some(Unit { name: plain(name, UNIT)?, code: code.to_string() })
}

/// The client of an application: in the sandbox, and with nothing that was not applied for.
pub fn client(document: &Document, id: ClientId) -> Client {
    let mut client = registration::new_client(NewClient {
        id,
        name: document.portal_name.clone(),
        redirect_uris: document.redirect_uris.clone(),
    });
    client.authentication = match document.profile {
        Profile::ServerWithSecret => ClientAuthentication::ClientSecretBasic,
        Profile::ServerWithPostedSecret => ClientAuthentication::ClientSecretPost,
        Profile::ServerWithKey => ClientAuthentication::PrivateKeyJwt,
        Profile::Browser | Profile::App => ClientAuthentication::None,
    };
    if document.profile == Profile::App {
        client.application_type = ApplicationType::Native;
    }
    client.jwks.clone_from(&document.jwks);
    client.post_logout_redirect_uris.clone_from(&document.post_logout_redirect_uris);
    client.backchannel_logout_uri.clone_from(&document.backchannel_logout_uri);
    let values = document.scopes.keys().map(String::as_str);
    client.scope = values.chain([scope::OPENID]).collect::<Scope>();
    client.id_token_signed_response_alg = document.algorithm;
    client.policy.subject_kinds = document.subjects.kinds();
    // The test people of the sandbox come for themselves; live, only whom the portal serves.
    client.policy.subject_kinds.insert(SubjectKind::NaturalPerson);
    client.policy.id_number_purpose = document.scopes.get("id_number").cloned();
    client.sandbox = true;
    client
}

/// What the rules of registration say, by field of the form.
fn client_problems(provider: &Provider, document: &Document) -> Errors {
    let Some(id) = ClientId::parse("candidate") else { return Errors::new() };
    let loopback = provider.config.issuer_is_loopback();
    let problems = registration::problems(&client(document, id), loopback);
    let told = problems.into_iter().map(|problem| match problem.field {
        "client_name" => ("portal_name", "portal-name-invalid"),
        "jwks" => ("jwks", "portal-jwks-invalid"),
        field => (field, "portal-uri-invalid"),
    });
    told.collect()
}

/// The keys, where the profile has any: others are not even kept.
fn with_keys(mut document: Document, form: &Parameters, errors: &mut Errors) -> Document {
    if document.profile != Profile::ServerWithKey {
        return document;
    }
    document.jwks = parse_object(text(form, "jwks").as_bytes()).ok().map(Value::Object);
    if document.jwks.is_none() {
        errors.insert("jwks", "portal-jwks-invalid");
    }
    document
}

fn text<'a>(form: &'a Parameters, name: &str) -> &'a str {
    form.get(name).unwrap_or_default().trim()
}

fn lines(form: &Parameters, name: &str) -> Vec<String> {
    let lines = text(form, name).lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}

/// Text people can read later, without what breaks or turns lines.
fn sentence(
    form: &Parameters,
    name: &str,
    length: std::ops::RangeInclusive<usize>,
) -> Option<String> {
    plain(text(form, name), length)
}

fn plain(text: &str, length: std::ops::RangeInclusive<usize>) -> Option<String> {
    let plain: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits = length.contains(&plain.chars().count()) && !plain.chars().any(client_name::misleads);
    fits.then_some(plain)
}

fn unit(
    form: &Parameters,
    [name, code]: [&'static str; 2],
    synthetic: Synthetic,
    errors: &mut Errors,
) -> Unit {
    let called = sentence(form, name, UNIT).unwrap_or_else(|| {
        errors.insert(name, "portal-unit-invalid");
        String::new()
    });
    let found = Uscc::parse(text(form, code), synthetic).map(|code| code.to_string());
    if found.is_err() {
        errors.insert(code, "portal-code-invalid");
    }
    Unit { name: called, code: found.unwrap_or_default() }
}

/// A supplier is named by both fields, or by none.
fn supplier(form: &Parameters, synthetic: Synthetic, errors: &mut Errors) -> Option<Unit> {
    let fields = ["supplier_name", "supplier_code"];
    if fields.iter().all(|field| text(form, field).is_empty()) {
        return None;
    }
    Some(unit(form, fields, synthetic, errors))
}

fn contact(form: &Parameters, synthetic: Synthetic, errors: &mut Errors) -> Contact {
    let name = PersonName::parse(text(form, "contact_name")).ok();
    let phone = PhoneNumber::parse(text(form, "contact_phone"), synthetic).ok();
    let email = Some(text(form, "contact_email")).filter(|email| is_email(email));
    for (field, missing, message) in [
        ("contact_name", name.is_none(), "name-invalid"),
        ("contact_phone", phone.is_none(), "phone-invalid"),
        ("contact_email", email.is_none(), "portal-email-invalid"),
    ] {
        if missing {
            errors.insert(field, message);
        }
    }
    Contact {
        name: name.map(|name| name.expose().to_owned()).unwrap_or_default(),
        phone: phone.map(|phone| phone.expose().to_owned()).unwrap_or_default(),
        email: email.unwrap_or_default().to_owned(),
    }
}

/// The shape of an address; whether somebody reads it nobody knows.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let plain =
        text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>()[],;:\\".contains(&byte));
    let label = |label: &str| {
        !label.is_empty() && !label.starts_with('-') && !label.ends_with('-') && label.len() < 64
    };
    plain
        && text.len() <= EMAIL
        && !local.is_empty()
        && !local.contains('@')
        && domain.contains('.')
        && domain.split('.').all(label)
}

/// Who leaves the choice out serves persons.
fn subjects(form: &Parameters) -> Option<Subjects> {
    match text(form, "subjects") {
        "" => Some(Subjects::default()),
        asked => Subjects::parse(asked),
    }
}

fn algorithm(form: &Parameters) -> Option<Algorithm> {
    let asked = text(form, "algorithm");
    ALGORITHMS.into_iter().find(|algorithm| algorithm.as_str() == asked)
}

/// A scope value is wanted where a reason is given.
fn scopes(form: &Parameters, errors: &mut Errors) -> BTreeMap<String, String> {
    let mut wanted = BTreeMap::new();
    for (value, field) in SCOPES.into_iter().zip(REASONS) {
        if text(form, field).is_empty() {
            continue;
        }
        match sentence(form, field, REASON) {
            Some(reason) => drop(wanted.insert(value.to_owned(), reason)),
            None => drop(errors.insert(field, "portal-reason-invalid")),
        }
    }
    wanted
}

/// The fields of [`SCOPES`].
pub const REASONS: [&str; 5] =
    ["reason_profile", "reason_phone", "reason_email", "reason_id_number", "reason_offline_access"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_has_its_field() {
        for (scope, field) in SCOPES.into_iter().zip(REASONS) {
            assert_eq!(field, format!("reason_{scope}"));
        }
    }

    #[test]
    fn addresses_have_a_shape() {
        for good in ["a@b.cn", "zhang.san+x@mail.example.gov.cn"] {
            assert!(is_email(good), "{good}");
        }
        for wrong in [
            "",
            "a",
            "a@b",
            "@b.cn",
            "a@",
            "a@b..cn",
            "a@-b.cn",
            "a b@c.cn",
            "a@b@c.cn",
            "a@b.cn>",
            "张@b.cn",
            "a\r\nb@c.cn",
        ] {
            assert!(!is_email(wrong), "{wrong}");
        }
        assert!(!is_email(&format!("{}@b.cn", "a".repeat(250))));
    }

    #[test]
    fn what_no_form_has_is_refused() {
        let form = |body: &[u8]| Parameters::parse(body).unwrap();
        assert!(refuse_foreign(&form(b"csrf=x&unit_name=a&reason_email=b"), &FIELDS).is_ok());
        for field in
            ["first_party", "client_id", "client_secret", "sandbox", "state", "reason_admin"]
        {
            let body = format!("unit_name=a&{field}=1");
            assert!(refuse_foreign(&form(body.as_bytes()), &FIELDS).is_err(), "{field}");
        }
    }
}
