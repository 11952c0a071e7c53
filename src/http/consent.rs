//! `/consent`: what a portal would learn, in plain sight, and the person's answer.

use axum::response::Response;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::domain::account::Profile;
use crate::domain::masking;
use crate::domain::masking::NameMask;
use crate::domain::scope;
use crate::http::authorize;
use crate::http::failure::Failure;
use crate::http::flow;
use crate::http::flow::Flow;
use crate::http::session::SignedIn;
use crate::http::visitor::Posted;
use crate::http::visitor::Visitor;
use crate::login::decide::Decision;
use crate::protocol::claims;
use crate::protocol::consent;

/// `GET /consent`
pub async fn show(mut visitor: Visitor) -> Result<Response, Failure> {
    let flow = Flow::find(&visitor, visitor.query.get("tx")).await?;
    let decision = flow::next(&visitor, flow.as_ref()).await?;
    let Some(flow) = flow else { return Ok(flow::go(&decision, None)) };
    visitor.look = visitor.look.asked_for(flow.request.ui_locales.as_deref());
    match (&decision, &visitor.signed_in) {
        (Decision::Consent, Some(signed_in)) => page(&visitor, &flow, signed_in),
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

fn page(visitor: &Visitor, flow: &Flow, signed_in: &SignedIn) -> Result<Response, Failure> {
    let profile = &signed_in.profile;
    let account = format!(
        "{} {}",
        masking::person_name(&profile.name, NameMask::HideFirst),
        masking::identity_number(&profile.id_number)
    );
    let opened = claims::opened(&flow.client, &flow.request.scope, &flow.request.claims);
    // In the order of discovery, which begins with the name.
    let opened = claims::SUPPORTED.iter().copied().filter(|name| opened.contains(name));
    let claims: Vec<Value> = opened.filter_map(|name| shown_claim(name, signed_in)).collect();
    let scopes: Vec<Value> = flow.request.scope.iter().map(shown_scope).collect();
    let page = json!({
        "tx": flow.tx,
        "client": flow.client_shown(),
        "account_masked": account,
        "scopes": scopes,
        "claims": claims,
        "lifetime_text_key": "consent-lifetime-until-withdrawn",
    });
    visitor.page_towards(&[flow.redirect_uri()], (StatusCode::OK, "consent.html"), page)
}

/// A claim with the person's own value, as far as it may stand on a screen.
fn shown_claim(name: &str, signed_in: &SignedIn) -> Option<Value> {
    let profile: &Profile = &signed_in.profile;
    let (value, value_key) = match name {
        "name" => (profile.name.clone(), None),
        "id_number" => (masking::identity_number_for_owner(&profile.id_number), None),
        "id_number_masked" => (masking::identity_number(&profile.id_number), None),
        "phone_number" => (masking::mobile(profile.phone.as_deref()?), None),
        "email" => (masking::email(profile.email.as_deref()?), None),
        "identity_assurance" => {
            let level = signed_in.account.identity_assurance.level();
            (String::new(), Some(format!("assurance-{level}")))
        }
        // What only qualifies another claim, or says when it changed, stands for itself.
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
