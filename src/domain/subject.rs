//! Subjects: whom a client sees (OpenID Connect Core §8; design D2), as the key computes them.

use crate::crypto::mac::MacKey;
use crate::domain::client::Client;
use crate::domain::client::SubjectType;
use crate::domain::id::AccountId;
use crate::domain::id::OrganisationId;
use crate::domain::id::SessionId;
use crate::domain::mandate::Principal;

/// `sub` of this account at this client: HMAC-SM3(subject key, sector ‖ account id), base64url.
pub fn subject(key: &MacKey, client: &Client, account: AccountId) -> String {
    encode(key, &[b"sub", sector(client).as_bytes(), account.0.as_bytes()])
}

/// `sub` of an organisation at this client. Whoever acts for it, it is the same.
pub fn organisation(key: &MacKey, client: &Client, id: OrganisationId) -> String {
    encode(key, &[b"organisation", sector(client).as_bytes(), id.0.as_bytes()])
}

/// `sid` of this session at this client: two clients cannot link a session by it.
pub fn sid(key: &MacKey, client: &Client, session: SessionId) -> String {
    encode(key, &[b"sid", client.id.as_str().as_bytes(), session.0.as_bytes()])
}

/// `sid` of this session at this client where the person acts for somebody: whoever switches leaves one client
/// session for another, and the end of one is not the end of the other.
pub fn sid_for(key: &MacKey, client: &Client, session: SessionId, principal: Principal) -> String {
    let principal = match principal {
        Principal::Person(id) => id.0,
        Principal::Organisation(id) => id.0,
    };
    let (client, session) = (client.id.as_str().as_bytes(), session.0);
    encode(key, &[b"sid", client, session.as_bytes(), principal.as_bytes()])
}

/// The sector whose clients know somebody by the same `sub`; empty for all clients with public subjects.
pub fn sector(client: &Client) -> &str {
    match client.subject_type {
        SubjectType::Pairwise => &client.sector,
        SubjectType::Public => "",
    }
}

fn encode(key: &MacKey, parts: &[&[u8]]) -> String {
    crate::crypto::base64url::encode(key.tag_parts(parts))
}
