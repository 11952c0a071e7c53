//! Provider metadata (OpenID Connect Discovery 1.0 §3, RFC 8414 §2) and the paths it names. Lists are
//! made from the types they describe, so that they cannot fall behind.

use serde_json::Value;
use serde_json::json;

use crate::domain::assurance::Acr;
use crate::domain::client::ClientAuthentication;
use crate::domain::client::GrantType;
use crate::domain::client::ResponseMode;
use crate::domain::scope;
use crate::jose::Algorithm;
use crate::protocol::authorization_details;
use crate::protocol::claims;
use crate::protocol::pkce;
use crate::protocol::verified_claims;

/// `/.well-known/openid-configuration`
pub const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
/// `/.well-known/oauth-authorization-server`
pub const OAUTH_CONFIGURATION: &str = "/.well-known/oauth-authorization-server";
/// Authorization endpoint.
pub const AUTHORIZE: &str = "/oauth2/authorize";
/// Token endpoint.
pub const TOKEN: &str = "/oauth2/token";
/// UserInfo endpoint.
pub const USERINFO: &str = "/oauth2/userinfo";
/// Keys every client can read.
pub const JWKS: &str = "/oauth2/jwks";
/// Keys with SM2 among them.
pub const JWKS_SM2: &str = "/oauth2/jwks/sm2";
/// Introspection endpoint (RFC 7662).
pub const INTROSPECT: &str = "/oauth2/introspect";
/// Revocation endpoint (RFC 7009).
pub const REVOKE: &str = "/oauth2/revoke";
/// The Admin API; also the last part of its audience.
pub const ADMIN_API: &str = "/api/v1";
/// End-session endpoint (OpenID Connect RP-Initiated Logout 1.0).
pub const LOGOUT: &str = "/oauth2/logout";

/// The metadata document of this issuer.
pub fn metadata(issuer: &str) -> Value {
    let at = |path: &str| format!("{issuer}{path}");
    let scopes: Vec<_> = [scope::OPENID, scope::OFFLINE_ACCESS]
        .into_iter()
        .chain(scope::CLAIM_SCOPES.iter().map(|scope| scope.name))
        .collect();
    let authentication: Vec<_> = ClientAuthentication::ALL.iter().map(|m| m.as_str()).collect();
    let confidential: Vec<_> = authentication.iter().filter(|method| **method != "none").collect();
    let algorithms: Vec<_> = Algorithm::ALL.iter().map(|a| a.as_str()).collect();
    let mut metadata = json!({
        "issuer": issuer,
        "authorization_endpoint": at(AUTHORIZE),
        "token_endpoint": at(TOKEN),
        "userinfo_endpoint": at(USERINFO),
        "jwks_uri": at(JWKS),
        "introspection_endpoint": at(INTROSPECT),
        "revocation_endpoint": at(REVOKE),
        "end_session_endpoint": at(LOGOUT),
        "response_types_supported": ["code"],
        "response_modes_supported": ResponseMode::ALL.map(ResponseMode::as_str),
        "grant_types_supported": GrantType::ALL.map(GrantType::as_str),
        "subject_types_supported": ["pairwise", "public"],
        "id_token_signing_alg_values_supported": algorithms,
        "token_endpoint_auth_methods_supported": authentication,
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_endpoint_auth_methods_supported": confidential,
        "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint_auth_methods_supported": authentication,
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        "scopes_supported": scopes,
        "claims_supported": claims::SUPPORTED,
        "authorization_details_types_supported": authorization_details::TYPES,
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "acr_values_supported": Acr::ALL.map(Acr::as_str),
        "display_values_supported": ["page"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "ui_locales_supported": ["zh-CN", "en"],
        "claims_locales_supported": ["zh-CN"],
        "code_challenge_methods_supported": [pkce::METHOD],
        "authorization_response_iss_parameter_supported": true,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "op_policy_uri": at("/privacy"),
    });
    if let Some(members) = metadata.as_object_mut() {
        members.extend(verified_claims::metadata());
    }
    metadata
}
