//! OAuth 2.0 and OpenID Connect, one specification a file. Rules only: requests arrive as values and
//! leave as values; `http` speaks HTTP, `login` proves who somebody is.

pub mod access_token;
pub mod acting;
pub mod authorization_details;
pub mod authorization_request;
pub mod authorization_response;
pub mod backchannel_logout;
pub mod claims;
pub mod client_assertion;
pub mod client_auth;
pub mod consent;
pub mod discovery;
pub mod error;
mod guesses;
pub mod id_token_hint;
pub mod introspection;
pub mod issue_code;
pub mod logout;
pub mod parameters;
pub mod pkce;
pub mod protected_resource;
pub mod redirect_uri;
pub mod registration;
pub mod revocation;
pub mod self_check;
pub mod token;
pub mod userinfo;
pub mod verified_claims;
