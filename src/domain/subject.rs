//! Subjects: whom a client sees (OpenID Connect Core §8; design D2).

use crate::crypto::mac::MacKey;
use crate::domain::client::Client;
use crate::domain::client::SubjectType;
use crate::domain::id::AccountId;
use crate::domain::id::SessionId;

/// `sub` of this account at this client: HMAC-SM3(subject key, sector ‖ account id), base64url.
pub fn subject(key: &MacKey, client: &Client, account: AccountId) -> String {
    let sector = match client.subject_type {
        SubjectType::Pairwise => client.sector.as_str(),
        SubjectType::Public => "",
    };
    encode(key, &[b"sub", sector.as_bytes(), account.0.as_bytes()])
}

/// `sid` of this session at this client: two clients cannot link a session by it.
pub fn sid(key: &MacKey, client: &Client, session: SessionId) -> String {
    encode(key, &[b"sid", client.id.as_str().as_bytes(), session.0.as_bytes()])
}

fn encode(key: &MacKey, parts: &[&[u8]]) -> String {
    crate::crypto::base64url::encode(key.tag_parts(parts))
}
