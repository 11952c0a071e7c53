//! Why a token or a key is refused, in words that may be logged: none of them quotes the input.

/// Why a token or a key is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JoseError {
    /// The token or the key set is longer than it may be.
    #[error("the document is too long")]
    TooLong,
    /// Not three parts of strict base64url.
    #[error("not a compact JWS")]
    Malformed,
    /// Not a JSON object, or one with a duplicate member, or nested too deeply.
    #[error("not a strict JSON object")]
    Json,
    /// A header parameter that must not be there, or has the wrong type.
    #[error("the header parameter `{0}` is not accepted")]
    Header(&'static str),
    /// The algorithm is unknown, not on the caller's list, or not the key's.
    #[error("the algorithm is not accepted")]
    Algorithm,
    /// The `typ` is not on the caller's list.
    #[error("the token is of another type")]
    Type,
    /// No key of the set fits the token.
    #[error("no key fits the token")]
    UnknownKey,
    /// The token names no key, and several could have signed it.
    #[error("the token names no key and several fit")]
    AmbiguousKey,
    /// The signature is not that of the key.
    #[error("the signature does not verify")]
    Signature,
    /// A claim has another type than it must.
    #[error("the claim `{0}` has the wrong type")]
    Claim(&'static str),
    /// The key is malformed, weak, or not for signatures; the text says which rule it broke.
    #[error("the key is refused: {0}")]
    Key(&'static str),
    /// A private or symmetric key where a public one belongs: its owner must be told.
    #[error("the key is not public")]
    NotPublic,
    /// More keys than the caller allows.
    #[error("the set has too many keys")]
    TooManyKeys,
    /// Two keys of the set have the same `kid`.
    #[error("two keys of the set have the same `kid`")]
    DuplicateKid,
    /// Signing failed, or the claims are no JSON object.
    #[error("signing failed")]
    Signing,
}
