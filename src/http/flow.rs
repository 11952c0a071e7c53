//! A login on its way to a portal. No row is kept of it: the checked authorization request travels sealed
//! in `tx`, bound to the browser that brought it, and the same decision is asked after every step
//! (design D5).

use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;

use crate::clock::Timestamp;
use crate::domain::assurance::Method;
use crate::domain::assurance::Requirement;
use crate::domain::client::Client;
use crate::domain::id::AuthorizationId;
use crate::domain::subject;
use crate::http::failure::Failure;
use crate::http::respond;
use crate::http::session::SignedIn;
use crate::http::visitor::Visitor;
use crate::login::decide;
use crate::login::decide::Decision;
use crate::login::decide::Situation;
use crate::login::sign_on;
use crate::protocol::authorization_request;
use crate::protocol::authorization_request::AuthorizationRequest;
use crate::protocol::consent;
use crate::protocol::discovery;

/// What the seal is bound to.
const PURPOSE: &str = "tx";
/// A login that takes longer starts again.
const PATIENCE: Duration = Duration::from_hours(1);

/// A login on its way.
pub struct Flow {
    /// The request, sealed: what pages carry.
    pub tx: String,
    /// The request.
    pub request: AuthorizationRequest,
    /// Its client, as it is now.
    pub client: Arc<Client>,
    /// The one authorization it may become.
    pub authorization: AuthorizationId,
    admitted_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    request: AuthorizationRequest,
    authorization: AuthorizationId,
    admitted_at: Timestamp,
    browser: String,
}

impl Flow {
    /// Admits a request that was just checked.
    pub fn admit(
        visitor: &Visitor,
        client: Arc<Client>,
        request: AuthorizationRequest,
    ) -> Result<Self, Failure> {
        let admitted_at = visitor.provider().clock.now();
        let browser = visitor.browser.digest();
        let authorization = AuthorizationId::generate();
        let sealed = Sealed { request, authorization, admitted_at, browser };
        let tx = visitor.provider().vault.seal_transit(PURPOSE, &sealed)?;
        Ok(Self { tx, request: sealed.request, client, authorization, admitted_at })
    }

    /// Reads `tx`, if there is one. In another browser, or too late, it says "start again".
    pub async fn find(visitor: &Visitor, tx: Option<&str>) -> Result<Option<Self>, Failure> {
        let Some(tx) = tx else { return Ok(None) };
        let provider = visitor.provider();
        let opened = provider.vault.open_transit(PURPOSE, tx);
        let sealed: Sealed = opened.map_err(|_| Failure::start_again())?;
        let age = provider.clock.now().since(sealed.admitted_at);
        if sealed.browser != visitor.browser.digest() || age > PATIENCE {
            return Err(Failure::start_again());
        }
        let client = authorization_request::reopen(provider, &sealed.request).await?;
        Ok(Some(Self {
            tx: tx.to_owned(),
            request: sealed.request,
            client,
            authorization: sealed.authorization,
            admitted_at: sealed.admitted_at,
        }))
    }

    /// The client as pages show it.
    pub fn client_shown(&self) -> Value {
        json!({
            "name": self.client.name, "host": self.client.host(),
            "logo": null, "policy_uri": null,
        })
    }

    /// Where the answer goes.
    pub fn redirect_uri(&self) -> &str {
        &self.request.return_address.redirect_uri
    }
}

/// What this browser needs next, for a flow or for our own pages.
pub async fn next(visitor: &Visitor, flow: Option<&Flow>) -> Result<Decision, Failure> {
    let requirement = match flow {
        Some(flow) => flow.request.requirement(flow.admitted_at),
        None => Requirement::default(),
    };
    let Some(signed_in) = &visitor.signed_in else {
        return Ok(decide::decide(&situation(&requirement, flow, None)));
    };
    let facts = sign_on::facts(&signed_in.account, &signed_in.profile);
    let known = Some((&signed_in.session, facts));
    let mut situation = situation(&requirement, flow, known);
    if let Some(flow) = flow {
        situation.is_hinted = is_hinted(visitor, flow, signed_in);
        // Where no consent is needed, none is looked up.
        if !situation.first_party || requirement.fresh_consent {
            let provider = visitor.provider();
            let (account, client) = (&signed_in.account, &flow.client);
            situation.consented_at =
                consent::agreed_at(provider, account, client, &flow.request).await?;
        }
    }
    Ok(decide::decide(&situation))
}

fn situation<'a>(
    requirement: &'a Requirement,
    flow: Option<&Flow>,
    signed_in: Option<(&'a crate::domain::session::Session, decide::AccountFacts)>,
) -> Situation<'a> {
    Situation {
        requirement,
        signed_in,
        is_hinted: true,
        consented_at: None,
        // Our own pages share nothing with anybody.
        first_party: flow.is_none_or(|flow| flow.client.policy.first_party),
    }
}

fn is_hinted(visitor: &Visitor, flow: &Flow, signed_in: &SignedIn) -> bool {
    let Some(hinted) = &flow.request.hinted_subject else { return true };
    let key = &visitor.provider().vault.subject;
    *hinted == subject::subject(key, &flow.client, signed_in.account.id)
}

/// The page of the next step.
pub fn go(decision: &Decision, flow: Option<&Flow>) -> Response {
    let path = match decision {
        Decision::LogIn => "/login",
        Decision::Prove(_) => "/login/second",
        Decision::Enrol => "/login/enrol",
        Decision::Consent => "/consent",
        Decision::Respond | Decision::Refuse(_) => match flow {
            Some(_) => discovery::AUTHORIZE,
            None => "/account",
        },
    };
    to(path, flow)
}

/// After a step: ask again what is needed.
pub fn go_on(flow: Option<&Flow>) -> Response {
    go(&Decision::Respond, flow)
}

/// A page of ours, with the flow.
pub fn to(path: &str, flow: Option<&Flow>) -> Response {
    match flow {
        Some(flow) => respond::see_other(&format!("{path}?tx={}", flow.tx)),
        None => respond::see_other(path),
    }
}

/// The method of this name, if it is among these; the first of them without a name.
pub fn chosen(name: Option<&str>, among: &[Method]) -> Result<Method, Failure> {
    let method = match name {
        None => among.first().copied(),
        Some(name) => Method::parse(name).filter(|method| among.contains(method)),
    };
    method.ok_or_else(|| Failure::bad_request("the method is not offered here"))
}
