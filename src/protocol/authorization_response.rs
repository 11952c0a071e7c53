//! Authorization response (RFC 6749 §4.1.2, RFC 9207, OAuth 2.0 Form Post Response Mode): the code, or
//! the error, with `state` and `iss`.

use crate::domain::client::ResponseMode;
use crate::protocol::authorization_request::ReturnAddress;
use crate::protocol::error::OAuthError;

/// What goes back to the client, through the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationResponse {
    /// A registered URI.
    pub redirect_uri: String,
    /// How.
    pub response_mode: ResponseMode,
    /// The parameters, in order.
    pub parameters: Vec<(&'static str, String)>,
}

/// The code.
pub fn success(issuer: &str, address: &ReturnAddress, code: String) -> AuthorizationResponse {
    respond(issuer, address, vec![("code", code)])
}

/// The error.
pub fn failure(issuer: &str, address: &ReturnAddress, error: &OAuthError) -> AuthorizationResponse {
    let description = error.description.clone().into_owned();
    let parameters =
        vec![("error", error.code.as_str().to_owned()), ("error_description", description)];
    respond(issuer, address, parameters)
}

fn respond(
    issuer: &str,
    address: &ReturnAddress,
    mut parameters: Vec<(&'static str, String)>,
) -> AuthorizationResponse {
    parameters.extend(address.state.clone().map(|state| ("state", state)));
    parameters.push(("iss", issuer.to_owned()));
    AuthorizationResponse {
        redirect_uri: address.redirect_uri.clone(),
        response_mode: address.response_mode,
        parameters,
    }
}

impl AuthorizationResponse {
    /// The URI with the parameters in its query. A query the client registered stays as it is (RFC
    /// 6749 §3.1.2); nothing of the URI is normalised.
    pub fn location(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.parameters {
            query.append_pair(name, value);
        }
        let separator = if self.redirect_uri.contains('?') { '&' } else { '?' };
        format!("{}{separator}{}", self.redirect_uri, query.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registered_query_is_kept() {
        let address = ReturnAddress {
            client_id: crate::domain::client::ClientId::parse("web").unwrap(),
            redirect_uri: "https://rp.test/cb?tenant=7".to_owned(),
            response_mode: ResponseMode::Query,
            state: Some("a b".to_owned()),
        };
        let response = success("https://op.test", &address, "c".to_owned());
        assert_eq!(
            response.location(),
            "https://rp.test/cb?tenant=7&code=c&state=a+b&iss=https%3A%2F%2Fop.test"
        );
    }
}
