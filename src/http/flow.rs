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
use crate::domain::assurance::RECENT;
use crate::domain::assurance::Requirement;
use crate::domain::client::Client;
use crate::domain::id::AccountId;
use crate::domain::id::AuthorizationId;
use crate::http::failure::Failure;
use crate::http::respond;
use crate::http::session::SignedIn;
use crate::http::verify;
use crate::http::visitor::Visitor;
use crate::login::decide;
use crate::login::decide::Decision;
use crate::login::decide::Refused;
use crate::login::decide::Situation;
use crate::login::decide::SubjectState;
use crate::login::sign_on;
use crate::onboarding::logo;
use crate::organisations::acting;
use crate::organisations::acting::Asked;
use crate::organisations::acting::Chosen;
use crate::people::verification;
use crate::protocol::authorization_request;
use crate::protocol::authorization_request::AuthorizationRequest;
use crate::protocol::consent;
use crate::protocol::discovery;
use crate::subjects;

/// What the seal is bound to.
const PURPOSE: &str = "tx";
/// A login that takes longer starts again.
const PATIENCE: Duration = Duration::from_hours(1);
/// Longest `tx`, in bytes: it has to fit into the head of a request.
const LONGEST: usize = 12 * 1024;

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
    /// Who goes on without being verified.
    unverified: Option<AccountId>,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    request: AuthorizationRequest,
    authorization: AuthorizationId,
    admitted_at: Timestamp,
    browser: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unverified: Option<AccountId>,
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
        let sealed = Sealed { request, authorization, admitted_at, browser, unverified: None };
        let tx = visitor.provider().vault.seal_transit(PURPOSE, &sealed)?;
        if tx.len() > LONGEST {
            return Err(Failure::bad_request("the request is too long to be carried along"));
        }
        Ok(Self::of(tx, client, sealed))
    }

    fn of(tx: String, client: Arc<Client>, sealed: Sealed) -> Self {
        let Sealed { request, authorization, admitted_at, unverified, .. } = sealed;
        Self { tx, request, client, authorization, admitted_at, unverified }
    }

    /// The same login, in which this person goes on without being verified. It holds for nobody else and for no
    /// other request: it stands inside the seal, with both.
    pub fn without_verification(
        self,
        visitor: &Visitor,
        account: AccountId,
    ) -> Result<Self, Failure> {
        let sealed = Sealed {
            request: self.request,
            authorization: self.authorization,
            admitted_at: self.admitted_at,
            browser: visitor.browser.digest(),
            unverified: Some(account),
        };
        let tx = visitor.provider().vault.seal_transit(PURPOSE, &sealed)?;
        Ok(Self::of(tx, self.client, sealed))
    }

    /// Reads `tx`, if there is one. In another browser, or too late, it says "start again".
    pub async fn find(visitor: &Visitor, tx: Option<&str>) -> Result<Option<Self>, Failure> {
        let Some(tx) = tx else { return Ok(None) };
        let provider = visitor.provider();
        let Some(sealed) = Self::open(visitor, tx) else {
            return Err(visitor
                .refuse("the flow is not this browser's, or over", Failure::start_again())
                .await);
        };
        let client = match authorization_request::reopen(provider, &sealed.request).await {
            Ok(client) => client,
            Err(error) => return Err(visitor.refuse(error.code.as_str(), error.into()).await),
        };
        Ok(Some(Self::of(tx.to_owned(), client, sealed)))
    }

    fn open(visitor: &Visitor, tx: &str) -> Option<Sealed> {
        let provider = visitor.provider();
        let sealed: Sealed = provider.vault.open_transit(PURPOSE, tx).ok()?;
        let age = provider.clock.now().since(sealed.admitted_at);
        (sealed.browser == visitor.browser.digest() && age <= PATIENCE).then_some(sealed)
    }

    /// What the request asks of the login. Where people come for others, too, choosing the account again is
    /// choosing for whom (design D3), and no new login.
    pub fn requirement(&self) -> Requirement {
        let mut requirement = self.request.requirement(self.admitted_at);
        requirement.fresh_account &= self.client.takes_only_persons();
        requirement
    }

    /// The client as pages show it.
    pub fn client_shown(&self) -> Value {
        json!({
            "name": self.client.name, "host": self.client.host_of(self.redirect_uri()),
            "logo": self.client.logo.as_ref().map(|digest| logo::path(&self.client.id, digest)),
            "policy_uri": null,
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
        Some(flow) => flow.requirement(),
        None => Requirement::default(),
    };
    let Some(signed_in) = &visitor.signed_in else {
        return Ok(decide::decide(&situation(visitor, &requirement, flow, None)));
    };
    let (account, profile) = (&signed_in.account, &signed_in.profile);
    let mut facts = sign_on::facts(account, profile);
    facts.identity_reach = verification::reach(visitor.provider(), account, profile);
    let known = Some((&signed_in.session, facts));
    let mut situation = situation(visitor, &requirement, flow, known);
    if let Some(flow) = flow {
        situation.unverified = flow.unverified == Some(signed_in.account.id);
        situation.is_hinted = is_hinted(visitor, flow, signed_in).await?;
        if !flow.client.takes_only_persons() {
            let chosen = chosen_subject(visitor, flow, signed_in).await?;
            // A hint may name whom the person acts for.
            situation.is_hinted |= chosen.other().is_some();
            situation.subject = match chosen {
                Chosen::Himself | Chosen::Other(_) => SubjectState::Settled,
                Chosen::Open => SubjectState::Open,
                Chosen::Nobody => SubjectState::Nobody,
            };
        }
        situation.barred = barred(visitor, flow, signed_in).await?;
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
    visitor: &Visitor,
    requirement: &'a Requirement,
    flow: Option<&Flow>,
    signed_in: Option<(&'a crate::domain::session::Session, decide::AccountFacts)>,
) -> Situation<'a> {
    Situation {
        requirement,
        signed_in,
        barred: None,
        subject: SubjectState::Settled,
        is_hinted: true,
        consented_at: None,
        // Our own pages share nothing with anybody.
        first_party: flow.is_none_or(|flow| flow.client.policy.first_party),
        recent_since: visitor.provider().clock.now().minus(RECENT),
        unverified: false,
    }
}

/// For whom this person comes to the client, as far as that is settled.
pub async fn chosen_subject(
    visitor: &Visitor,
    flow: &Flow,
    signed_in: &SignedIn,
) -> Result<Chosen, Failure> {
    let request = &flow.request;
    let asked = Asked {
        uscc: request.act_for.as_deref(),
        hinted: request.hinted_subject.as_deref(),
        since: request.prompt.select_account.then_some(flow.admitted_at),
    };
    let who = (signed_in.account.id, signed_in.session.id);
    Ok(acting::chosen(visitor.provider(), &flow.client, who, asked).await?)
}

/// Why nobody logs this person in to the client: it is in the sandbox, or the person blocked it.
async fn barred(
    visitor: &Visitor,
    flow: &Flow,
    signed_in: &SignedIn,
) -> Result<Option<Refused>, Failure> {
    let provider = visitor.provider();
    if !flow.client.admits(signed_in.profile.key(), provider.config.synthetic()) {
        return Ok(Some(Refused::NotAdmitted));
    }
    let blocked = consent::is_blocked(provider, &signed_in.account, &flow.client).await?;
    Ok(blocked.then_some(Refused::Blocked))
}

async fn is_hinted(visitor: &Visitor, flow: &Flow, signed_in: &SignedIn) -> Result<bool, Failure> {
    let Some(hinted) = &flow.request.hinted_subject else { return Ok(true) };
    let (provider, account) = (visitor.provider(), &signed_in.account);
    Ok(*hinted == subjects::of_account(provider, &flow.client, account).await?)
}

/// The page of the next step.
pub fn go(decision: &Decision, flow: Option<&Flow>) -> Response {
    let path = match decision {
        Decision::LogIn => "/login",
        Decision::Prove(_) => "/login/second",
        Decision::Enrol => "/login/enrol",
        Decision::Verify(_) => verify::PATH,
        Decision::ChooseSubject => "/choose",
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
