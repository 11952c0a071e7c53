//! The `openidconnect` crate's generic types, filled in once for the portal: core claims plus `sid`
//! (OpenID Connect Back-Channel Logout 1.0 §2.1), and the guarded client as its transport.

use std::pin::Pin;

use openidconnect::AdditionalClaims;
use openidconnect::AsyncHttpClient;
use openidconnect::Client;
use openidconnect::EmptyExtraTokenFields;
use openidconnect::EndpointMaybeSet;
use openidconnect::EndpointNotSet;
use openidconnect::EndpointSet;
use openidconnect::HttpRequest;
use openidconnect::HttpResponse;
use openidconnect::IdToken;
use openidconnect::IdTokenClaims;
use openidconnect::IdTokenFields;
use openidconnect::StandardErrorResponse;
use openidconnect::StandardTokenResponse;
use openidconnect::core::CoreAuthDisplay;
use openidconnect::core::CoreAuthPrompt;
use openidconnect::core::CoreErrorResponseType;
use openidconnect::core::CoreGenderClaim;
use openidconnect::core::CoreJsonWebKey;
use openidconnect::core::CoreJweContentEncryptionAlgorithm;
use openidconnect::core::CoreJwsSigningAlgorithm;
use openidconnect::core::CoreRevocableToken;
use openidconnect::core::CoreRevocationErrorResponse;
use openidconnect::core::CoreTokenIntrospectionResponse;
use openidconnect::core::CoreTokenType;
use serde::Deserialize;
use serde::Serialize;

use crate::outbound::Outbound;
use crate::outbound::OutboundError;

/// The guarded client in the shape the `openidconnect` crate calls.
pub struct Provider(pub Outbound);

impl<'c> AsyncHttpClient<'c> for Provider {
    type Error = OutboundError;
    // Boxed and without borrows: the crate's own futures are `Send` only over such a one.
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, OutboundError>> + Send>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        let outbound = self.0.clone();
        Box::pin(async move { outbound.exchange(request).await })
    }
}

/// The claim that ties an ID token to the provider's session (Back-Channel Logout 1.0 §2.1), and the one that
/// names an organisation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SessionClaim {
    #[serde(skip_serializing_if = "Option::is_none")]
    /// The session's identifier.
    pub sid: Option<String>,
    /// The organisation the person acts for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org: Option<Organisation>,
}

/// What the portal reads of `org`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Organisation {
    /// The credit code.
    pub uscc: String,
}

/// Who acts, where that is not the subject (RFC 8693 §4.1): the claim of `UserInfo`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ActorClaim {
    /// The person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Actor>,
}

/// What the portal reads of `act`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Actor {
    /// The person's name.
    #[serde(default)]
    pub name: Option<String>,
}

impl AdditionalClaims for ActorClaim {}

impl AdditionalClaims for SessionClaim {}

/// An ID token that may carry a `sid`.
pub type PortalIdToken = IdToken<
    SessionClaim,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

/// What the token endpoint answers.
pub type Tokens = StandardTokenResponse<
    IdTokenFields<
        SessionClaim,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

/// The client after discovery: authorization endpoint known, token endpoint and `UserInfo` where the
/// provider has them.
pub type Party = Client<
    SessionClaim,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// The claims of an ID token.
pub type Claims = IdTokenClaims<SessionClaim, CoreGenderClaim>;
