//! `/consent`: what a portal would learn, in plain sight, and the person's answer.

use std::collections::BTreeSet;

use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;

use crate::audit;
use crate::domain::account::Profile;
use crate::domain::audit_event::AuditKind;
use crate::domain::country;
use crate::domain::id::AccountId;
use crate::domain::id::MandateId;
use crate::domain::scope;
use crate::domain::scope::Scope;
use crate::http::authorize;
use crate::http::documents;
use crate::http::failure::Failure;
use crate::http::flow;
use crate::http::flow::Flow;
use crate::http::session::SignedIn;
use crate::http::visitor::Posted;
use crate::http::visitor::Visitor;
use crate::login::decide::Decision;
use crate::organisations::acting::Chosen;
use crate::protocol::claims;
use crate::protocol::consent;

/// Claims that stand on the page, in the order people think of them. What only qualifies another claim,
/// or says when it changed, goes with it.
const SHOWN: [&str; 9] = [
    "name",
    "id_type",
    "id_country",
    "id_number",
    "id_number_masked",
    "phone_number",
    "email",
    "identity_assurance",
    "verified_claims",
];

/// What the seal of a page is bound to.
const PURPOSE: &str = "consent page";

/// What a consent page showed, and to whom: the answer is good for nothing else.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Question {
    account: AccountId,
    scope: Scope,
    claims: BTreeSet<String>,
    acting: Option<MandateId>,
}

impl Question {
    fn of(flow: &Flow, signed_in: &SignedIn, chosen: &Chosen) -> Self {
        let opened = claims::opened(&flow.client, &flow.request.scope, &flow.request.claims);
        Self {
            account: signed_in.account.id,
            scope: flow.request.scope.clone(),
            claims: opened.into_iter().map(str::to_owned).collect(),
            acting: chosen.other().map(|other| other.mandate.id),
        }
    }
}

/// `GET /consent`
pub async fn show(mut visitor: Visitor) -> Result<Response, Failure> {
    let flow = Flow::find(&visitor, visitor.query.get("tx")).await?;
    let decision = flow::next(&visitor, flow.as_ref()).await?;
    let Some(flow) = flow else { return Ok(flow::go(&decision, None)) };
    visitor.look = visitor.look.asked_for(flow.request.ui_locales.as_deref());
    match (&decision, &visitor.signed_in) {
        (Decision::Consent, Some(signed_in)) => {
            let chosen = flow::chosen_subject(&visitor, &flow, signed_in).await?;
            page(&visitor, &flow, signed_in, &chosen)
        }
        _ => Ok(flow::go(&decision, Some(&flow))),
    }
}

/// `POST /consent`
pub async fn answer(Posted { visitor, form }: Posted) -> Result<Response, Failure> {
    let flow = Flow::find(&visitor, form.get("tx")).await?.ok_or_else(Failure::start_again)?;
    let decision = flow::next(&visitor, Some(&flow)).await?;
    let (Decision::Consent, Some(signed_in)) = (&decision, &visitor.signed_in) else {
        return Ok(flow::go(&decision, Some(&flow)));
    };
    let (provider, context) = (visitor.provider(), &visitor.context);
    let answered = provider.vault.open_transit(PURPOSE, form.get("question").unwrap_or_default());
    let chosen = flow::chosen_subject(&visitor, &flow, signed_in).await?;
    if answered.ok().as_ref() != Some(&Question::of(&flow, signed_in, &chosen)) {
        // The page was somebody else's, or shows something else by now: it is shown as it is now.
        let why = ("the page showed something else", Some(&flow.client.id));
        audit::record_refusal(provider, context, AuditKind::Consent, why).await?;
        return Ok(flow::to("/consent", Some(&flow)));
    }
    match form.get("decision") {
        Some("allow") => {
            let asked = (&*flow.client, &flow.request);
            consent::grant(provider, context, &signed_in.account, asked).await?;
            Ok(flow::go_on(Some(&flow)))
        }
        Some("deny") => {
            consent::decline(provider, context, &signed_in.account, &flow.client).await?;
            authorize::deny(&visitor, &flow).await
        }
        _ => Err(Failure::bad_request("decision must be allow or deny")),
    }
}

fn page(
    visitor: &Visitor,
    flow: &Flow,
    signed_in: &SignedIn,
    chosen: &Chosen,
) -> Result<Response, Failure> {
    let (profile, masks) = (&signed_in.profile, visitor.provider().config.masking);
    let account = format!("{} {}", masks.name(&profile.name), profile.key().masked());
    let opened = claims::opened(&flow.client, &flow.request.scope, &flow.request.claims);
    let claims: Vec<Value> = SHOWN
        .iter()
        .filter(|name| opened.contains(*name))
        .filter_map(|name| shown_claim(visitor, name, signed_in))
        .collect();
    let scopes: Vec<Value> = flow.request.scope.iter().map(shown_scope).collect();
    let question = Question::of(flow, signed_in, chosen);
    let page = json!({
        "tx": flow.tx,
        "question": visitor.provider().vault.seal_transit(PURPOSE, &question)?,
        "client": flow.client_shown(),
        "account_masked": account,
        "acting": chosen.other().map(|other| &other.name),
        "scopes": scopes,
        "claims": claims,
        "lifetime_text_key": "consent-lifetime-until-withdrawn",
    });
    visitor.page_towards(&[flow.redirect_uri()], (StatusCode::OK, "consent.html"), page)
}

/// A claim with the person's own value, as far as it may stand on a screen.
fn shown_claim(visitor: &Visitor, name: &str, signed_in: &SignedIn) -> Option<Value> {
    let profile: &Profile = &signed_in.profile;
    let (key, masks) = (profile.key(), visitor.provider().config.masking);
    let (value, value_key) = match name {
        "name" => (profile.name.clone(), None),
        "id_type" => (String::new(), Some(documents::title_key(key.document_type))),
        "id_country" => (
            country::find(key.country).map(|c| documents::name(c, visitor.look.locale))?.to_owned(),
            None,
        ),
        "id_number" => (masks.own_number(key), None),
        "id_number_masked" => (key.masked(), None),
        "phone_number" => (masks.phone(profile.phone.as_deref()?), None),
        "email" => (masks.email(profile.email.as_deref()?), None),
        "identity_assurance" | "verified_claims" => {
            let level = signed_in.account.identity_assurance.level();
            (String::new(), Some(format!("assurance-{level}")))
        }
        _ => return None,
    };
    let title_key = format!("claim-{}", name.replace('_', "-"));
    Some(json!({ "title_key": title_key, "masked_value": value, "value_key": value_key }))
}

fn shown_scope(name: &str) -> Value {
    let known = name == scope::OPENID
        || name == scope::OFFLINE_ACCESS
        || scope::CLAIM_SCOPES.iter().any(|entry| entry.name == name);
    let title_key = if known {
        format!("scope-{}", name.replace('_', "-"))
    } else {
        "scope-interface".to_owned()
    };
    json!({ "name": name, "title_key": title_key })
}
