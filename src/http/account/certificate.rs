//! `/account/mandates/certificate`: claiming an organisation with its certificate. Certificate and signature come as
//! files (RFC 7578) or as text, whichever the unit's tool hands over.

use axum::extract::DefaultBodyLimit;
use axum::extract::Multipart;
use axum::extract::multipart::MultipartRejection;
use axum::response::Response;
use http::HeaderMap;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::crypto::certificate::CertificateError;
use crate::http::account::Owner;
use crate::http::account::granting::Granting;
use crate::http::account::mandates;
use crate::http::account::mandates::Wrong;
use crate::http::failure::Failure;
use crate::http::upload;
use crate::http::upload::Uploaded;
use crate::http::visitor::Visitor;
use crate::organisations::certificate;
use crate::organisations::certificate::Answer;
use crate::organisations::certificate::CertificateClaimError;
use crate::organisations::certificate::Challenge;

/// Largest certificate or signature, in bytes.
const LARGEST: usize = 32 * 1024;
/// Longest body that is read, in bytes: who chose a wrong file is told so, also when it is a large one.
const BODY: usize = 8 * 1024 * 1024;
/// The parts of the form.
const PARTS: [&str; 6] =
    ["challenge", "uscc", "certificate", "certificate_file", "signature", "signature_file"];
/// Longest credit code and pasted signature that are shown again, in characters.
const TYPED: (usize, usize) = (40, 400);

/// What was typed into the form, and the challenge if it can still be answered.
#[derive(Debug, Default)]
pub struct Typed {
    /// Whether the form was sent, so that it is shown opened.
    sent: bool,
    uscc: String,
    signature: String,
    challenge: Option<Challenge>,
}

/// How much of a body is read.
pub fn limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(BODY)
}

/// `POST /account/mandates/certificate`
pub async fn claim(
    visitor: Visitor,
    headers: HeaderMap,
    parts: Result<Multipart, MultipartRejection>,
) -> Result<Response, Failure> {
    let visitor = visitor.at(mandates::PATH);
    let form = upload::read(&visitor, &headers, parts, &PARTS.map(|name| (name, LARGEST))).await?;
    let owner = match Owner::of(visitor).await {
        Ok(owner) if owner.is_fresh() => owner,
        Ok(_) => return Ok(Owner::ask_again(mandates::PATH)),
        Err(response) => return Ok(response),
    };
    let typed = |challenge| Typed {
        sent: true,
        uscc: form.text("uscc").chars().take(TYPED.0).collect(),
        signature: form.text("signature").chars().take(TYPED.1).collect(),
        challenge,
    };
    let (certificate, signature) = match (one_of(&form, &CERTIFICATE), one_of(&form, &SIGNATURE)) {
        (Ok(certificate), Ok(signature)) => (certificate, signature),
        (Err(error), _) | (_, Err(error)) => {
            // Nothing was judged, so the challenge is not used up.
            let sealed = form.text("challenge");
            let who = (owner.signed_in.account.id, owner.signed_in.session.id);
            let provider = owner.visitor.provider();
            let challenge = certificate::find_challenge(provider, who, sealed);
            return wrong(&owner, (StatusCode::BAD_REQUEST, error), typed(challenge)).await;
        }
    };
    let (uscc, challenge) = (form.text("uscc"), form.text("challenge"));
    let answer = Answer { uscc, challenge, certificate, signature };
    let (visitor, signed_in) = (&owner.visitor, &owner.signed_in);
    let who = (&signed_in.account, &signed_in.profile, signed_in.session.id);
    match certificate::claim(visitor.provider(), &visitor.context, who, answer).await {
        Ok(()) => Ok(mandates::done(mandates::PATH, "claimed")),
        // What was signed before is no answer to the next challenge.
        Err(error) => {
            let typed = Typed { signature: String::new(), ..typed(None) };
            wrong(&owner, not_claimed(error)?, typed).await
        }
    }
}

/// A part as text, the same as a file, and the errors when there is neither, are both, or is too much.
type OneOf = ([&'static str; 2], [&'static str; 3]);
const CERTIFICATE: OneOf = (
    ["certificate", "certificate_file"],
    ["certificate-missing", "certificate-both", "certificate-too-large"],
);
const SIGNATURE: OneOf = (
    ["signature", "signature_file"],
    ["signature-missing", "signature-both", "signature-too-large"],
);

fn one_of<'a>(
    form: &'a Uploaded,
    (names, [missing, both, too_large]): &OneOf,
) -> Result<&'a [u8], &'static str> {
    if names.iter().any(|name| form.is_too_large(name)) {
        return Err(too_large);
    }
    let filled = |name: &&str| form.bytes(name).filter(|bytes| !bytes.trim_ascii().is_empty());
    let mut filled = names.iter().filter_map(filled);
    match (filled.next(), filled.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => Err(both),
        (None, _) => Err(missing),
    }
}

/// Why nothing was claimed, as the page tells it; failures that are ours are failures.
fn not_claimed(error: CertificateClaimError) -> Result<(StatusCode, &'static str), Failure> {
    let key = match error {
        CertificateClaimError::Claim(error) => return mandates::not_claimed(error),
        CertificateClaimError::Off => return Err(Failure::not_found()),
        CertificateClaimError::Challenge => "challenge",
        CertificateClaimError::PrivateKey => "private-key",
        CertificateClaimError::Signature => "signature",
        CertificateClaimError::NoCode => "no-code",
        CertificateClaimError::OtherCode => "other-code",
        CertificateClaimError::Certificate(error) => match error {
            CertificateError::Unreadable => "certificate-unreadable",
            CertificateError::Algorithm => "certificate-algorithm",
            CertificateError::Untrusted => "certificate-untrusted",
            CertificateError::Time => "certificate-time",
            CertificateError::Usage => "certificate-usage",
            CertificateError::Revoked => "certificate-revoked",
            CertificateError::StaleList => "certificate-stale-list",
        },
    };
    Ok((StatusCode::BAD_REQUEST, key))
}

async fn wrong(
    owner: &Owner,
    (status, error): (StatusCode, &'static str),
    certificate: Typed,
) -> Result<Response, Failure> {
    let wrong = Wrong { error: Some(error), certificate, ..Wrong::default() };
    mandates::page(owner, status, &wrong, &Granting::default()).await
}

/// The form as the page has it; null where nobody claims by certificate.
pub fn shown(owner: &Owner, typed: &Typed) -> Result<Value, Failure> {
    let (provider, signed_in) = (owner.visitor.provider(), &owner.signed_in);
    let challenge = match &typed.challenge {
        Some(challenge) => Some(challenge.clone()),
        None => certificate::challenge(provider, (signed_in.account.id, signed_in.session.id))?,
    };
    Ok(challenge.map_or(Value::Null, |challenge| {
        json!({
            "sealed": challenge.sealed, "text": challenge.text,
            "uscc": typed.uscc, "signature": typed.signature, "open": typed.sent,
        })
    }))
}
