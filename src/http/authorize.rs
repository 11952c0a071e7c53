//! `/oauth2/authorize` (OpenID Connect Core §3.1.2): a request is checked, the decision asked, and either
//! the client gets its answer or the person the next page. The one place where protocol and login meet.

use axum::response::Response;
use serde_json::json;

use crate::audit;
use crate::domain::audit_event::AuditKind;
use crate::domain::client::ClientId;
use crate::domain::client::ResponseMode;
use crate::http::failure::Failure;
use crate::http::flow;
use crate::http::flow::Flow;
use crate::http::respond;
use crate::http::visitor::Received;
use crate::http::visitor::Visitor;
use crate::login::decide::Decision;
use crate::login::decide::Refused;
use crate::organisations::acting;
use crate::organisations::acting::Chosen;
use crate::protocol::authorization_request;
use crate::protocol::authorization_request::Refusal;
use crate::protocol::authorization_request::ReturnAddress;
use crate::protocol::authorization_response;
use crate::protocol::authorization_response::AuthorizationResponse;
use crate::protocol::error::ErrorCode;
use crate::protocol::error::OAuthError;
use crate::protocol::issue_code;
use crate::protocol::parameters::Parameters;

/// `GET /oauth2/authorize`: a request, or a flow that comes back after a step.
pub async fn by_query(visitor: Visitor) -> Result<Response, Failure> {
    match Flow::find(&visitor, visitor.query.get("tx")).await? {
        Some(flow) => proceed(&visitor, &flow).await,
        None => begin(&visitor, &visitor.query).await,
    }
}

/// `POST /oauth2/authorize`
pub async fn by_form(Received { visitor, form, .. }: Received) -> Result<Response, Failure> {
    if form.iter().any(|(name, _)| visitor.query.get(name).is_some()) {
        let twice = ErrorCode::InvalidRequest.because("a parameter stands in address and body");
        record(&visitor, None, &twice).await?;
        return Err(twice.into());
    }
    begin(&visitor, &form).await
}

async fn begin(visitor: &Visitor, parameters: &Parameters) -> Result<Response, Failure> {
    match authorization_request::parse(visitor.provider(), parameters).await {
        Ok((client, request)) => match Flow::admit(visitor, client, request) {
            Ok(flow) => proceed(visitor, &flow).await,
            Err(failure) => Err(visitor.refuse("request too long", failure).await),
        },
        Err(Refusal::Redirect(address, error)) => refuse(visitor, &address, error).await,
        Err(Refusal::Page(error)) => {
            record(visitor, None, &error).await?;
            Err(error.into())
        }
    }
}

async fn proceed(visitor: &Visitor, flow: &Flow) -> Result<Response, Failure> {
    let decision = flow::next(visitor, Some(flow)).await?;
    match (&decision, &visitor.signed_in) {
        (Decision::Respond, Some(signed_in)) => {
            let chosen = flow::chosen_subject(visitor, flow, signed_in).await?;
            let acting = match &chosen {
                Chosen::Himself => None,
                Chosen::Other(other) => {
                    let (provider, account) = (visitor.provider(), &signed_in.account);
                    Some(acting::acting(provider, &flow.client, account, other).await?)
                }
                // The mandate ended since the decision: nobody comes as somebody else for that.
                Chosen::Open | Chosen::Nobody => return Ok(flow::go_on(Some(flow))),
            };
            let asked = (flow.authorization, &*flow.client, &flow.request);
            // What was too old to count is not told either.
            let counted = signed_in.session.counting(&flow.requirement());
            let who = (&signed_in.account, &signed_in.profile, &counted);
            let provider = visitor.provider();
            match issue_code::issue(provider, &visitor.context, asked, who, acting).await {
                Ok(Some(response)) => tell(visitor, &response),
                Ok(None) => {
                    let why = ("the flow is over", Some(&flow.client.id));
                    let kind = AuditKind::RequestRefused;
                    audit::record_refusal(provider, &visitor.context, kind, why).await?;
                    Err(Failure::start_again())
                }
                Err(error) => refuse(visitor, &flow.request.return_address, error).await,
            }
        }
        (Decision::Refuse(refused), _) => {
            refuse(visitor, &flow.request.return_address, told(*refused)).await
        }
        _ => Ok(flow::go(&decision, Some(flow))),
    }
}

/// What the client is told of a decision against it.
fn told(refused: Refused) -> OAuthError {
    let (code, why) = match refused {
        Refused::LoginRequired => (ErrorCode::LoginRequired, "the end-user has to log in"),
        Refused::InteractionRequired => {
            (ErrorCode::InteractionRequired, "the end-user has to prove more")
        }
        Refused::NotAdmitted => {
            (ErrorCode::AccessDenied, "test people log in to the sandbox, and nobody else")
        }
        Refused::Blocked => {
            (ErrorCode::AccessDenied, "the end-user does not want to be logged in here")
        }
        Refused::SubjectOpen => {
            (ErrorCode::AccountSelectionRequired, "the end-user has to choose for whom to act")
        }
        Refused::NoSubject => {
            (ErrorCode::AccessDenied, "the end-user represents nobody this client takes")
        }
        Refused::ConsentRequired => (ErrorCode::ConsentRequired, "the end-user has to consent"),
        Refused::UnmetRequirements => (
            ErrorCode::UnmetAuthenticationRequirements,
            "the account cannot reach the essential class",
        ),
    };
    code.because(why)
}

/// The person declined.
pub async fn deny(visitor: &Visitor, flow: &Flow) -> Result<Response, Failure> {
    let error = ErrorCode::AccessDenied.because("the end-user declined").recorded();
    refuse(visitor, &flow.request.return_address, error).await
}

/// Tells the client why not. A failure of our own is told here, not there: the person can try again.
async fn refuse(
    visitor: &Visitor,
    address: &ReturnAddress,
    error: OAuthError,
) -> Result<Response, Failure> {
    if matches!(error.code, ErrorCode::ServerError | ErrorCode::TemporarilyUnavailable) {
        return Err(error.into());
    }
    record(visitor, Some(&address.client_id), &error).await?;
    let issuer = visitor.provider().config.issuer_text();
    tell(visitor, &authorization_response::failure(issuer, address, &error))
}

async fn record(
    visitor: &Visitor,
    client: Option<&ClientId>,
    error: &OAuthError,
) -> Result<(), Failure> {
    if error.recorded {
        return Ok(());
    }
    let why = (error.code.as_str(), client);
    let kind = AuditKind::AuthorizationRefused;
    Ok(audit::record_refusal(visitor.provider(), &visitor.context, kind, why).await?)
}

fn tell(visitor: &Visitor, response: &AuthorizationResponse) -> Result<Response, Failure> {
    match response.response_mode {
        ResponseMode::Query => Ok(respond::see_other(&response.location())),
        ResponseMode::FormPost => {
            let uri = &response.redirect_uri;
            let page = json!({ "action": uri, "fields": response.parameters });
            visitor.scripted_page(uri, "form_post.html", page)
        }
    }
}
