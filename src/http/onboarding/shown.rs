//! Applications as pages show them, to their applicants and to officers.

use serde_json::Value;
use serde_json::json;

use crate::domain::application::Document;
use crate::domain::application::Profile;
use crate::domain::application::Subjects;
use crate::domain::self_check;
use crate::domain::self_check::Line;
use crate::onboarding::Errors;
use crate::onboarding::form::FIELDS;
use crate::onboarding::form::REASONS;
use crate::onboarding::form::SCOPES;
use crate::onboarding::form::algorithms;
use crate::provider::Provider;

/// What the fields of the form hold for this document.
pub fn fields(document: &Document) -> Value {
    let (unit, supplier) = (&document.unit, document.supplier.as_ref());
    let contact = document.contact.as_ref();
    let jwks = document.jwks.as_ref().map(ToString::to_string);
    let mut fields = json!({
        "unit_name": unit.name, "unit_code": unit.code,
        "supplier_name": supplier.map(|supplier| &supplier.name),
        "supplier_code": supplier.map(|supplier| &supplier.code),
        "portal_name": document.portal_name,
        "contact_name": contact.map(|contact| &contact.name),
        "contact_phone": contact.map(|contact| &contact.phone),
        "contact_email": contact.map(|contact| &contact.email),
        "purpose": document.purpose, "subjects": document.subjects.as_str(),
        "redirect_uris": document.redirect_uris.join("\n"),
        "post_logout_redirect_uris": document.post_logout_redirect_uris.join("\n"),
        "backchannel_logout_uri": document.backchannel_logout_uri,
        "profile": document.profile.as_str(), "algorithm": document.algorithm.as_str(),
        "jwks": jwks,
    });
    for (scope, field) in SCOPES.into_iter().zip(REASONS) {
        fields[field] = json!(document.scopes.get(scope));
    }
    fields
}

/// What stays the same when a supplier applies for another unit.
pub fn for_another(document: &Document) -> Value {
    let mut fields = fields(document);
    for name in ["unit_name", "unit_code", "portal_name", "jwks"] {
        fields[name] = Value::Null;
    }
    for name in ["redirect_uris", "post_logout_redirect_uris", "backchannel_logout_uri"] {
        fields[name] = Value::Null;
    }
    fields
}

/// The form, with what it holds and what is wrong with it.
pub fn form(values: &Value, errors: &Errors, provider: &Provider) -> Value {
    let mut fields = json!({});
    for name in FIELDS {
        let value = values.get(name).and_then(Value::as_str).unwrap_or_default();
        fields[name] = json!({ "value": value, "error": errors.get(name) });
    }
    let scopes: Vec<Value> = SCOPES
        .into_iter()
        .zip(REASONS)
        .map(|(scope, field)| {
            let value = values.get(field).and_then(Value::as_str).unwrap_or_default();
            json!({
                "name": scope, "field": field, "title_key": scope_key(scope),
                "value": value, "error": errors.get(field),
            })
        })
        .collect();
    json!({
        "fields": fields, "scopes": scopes,
        "profiles": Profile::ALL.map(Profile::as_str),
        "algorithms": algorithms(),
        "subjects": Subjects::ALL.map(Subjects::as_str),
        "error": errors.get("form"), "has_errors": !errors.is_empty(),
        "issuer": provider.config.issuer_text(),
    })
}

/// What an application says.
pub fn document_shown(document: &Document) -> Value {
    let scopes: Vec<Value> = document
        .scopes
        .iter()
        .map(|(scope, reason)| {
            json!({ "name": scope, "title_key": scope_key(scope), "reason": reason })
        })
        .collect();
    json!({
        "unit": document.unit, "supplier": document.supplier, "name": document.portal_name,
        "contact": document.contact, "purpose": document.purpose, "scopes": scopes,
        "subjects": document.subjects.as_str(),
        "redirect_uris": document.redirect_uris,
        "post_logout_redirect_uris": document.post_logout_redirect_uris,
        "backchannel_logout_uri": document.backchannel_logout_uri,
        "profile": document.profile.as_str(), "algorithm": document.algorithm.as_str(),
        "remark": document.remark,
    })
}

/// The self-check, line by line; null outside the sandbox.
pub fn report_shown(report: Option<&[Line]>) -> Value {
    let Some(report) = report else { return Value::Null };
    let lines: Vec<Value> = report
        .iter()
        .map(|line| {
            json!({
                "check": line.check.as_str().replace('_', "-"),
                "finding": line.finding.as_str(),
                "last_seen": line.last_seen.map(crate::clock::Timestamp::to_beijing),
            })
        })
        .collect();
    json!({ "lines": lines, "is_green": self_check::is_green(report) })
}

fn scope_key(scope: &str) -> String {
    format!("scope-{}", scope.replace('_', "-"))
}
