//! What happens to a client on a portal's way, as a value: the store applies it to the client as it is at that
//! moment, so that of two changes at once none is lost.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::clock::Timestamp;
use crate::domain::acting::SubjectKind;
use crate::domain::application::SECRET_GRACE;
use crate::domain::client::Client;
use crate::domain::client::ClientSecret;

/// A change of a registered client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientChange {
    /// It gets a new secret; the old one works on for a day.
    Secret(ClientSecret),
    /// It gets other keys.
    Keys(Value),
    /// It gets another logo, known by its digest.
    Logo(String),
    /// Everybody may log in from now on, for these. What the sandbox issued is void, its secrets too.
    GoLive(BTreeSet<SubjectKind>),
    /// It is off for good: switching it on again finds nothing left to work with.
    Retire,
}

impl ClientChange {
    /// The client after the change.
    pub fn apply(&self, client: &Client, now: Timestamp) -> Client {
        let mut changed = client.clone();
        match self {
            Self::Secret(secret) => changed.add_secret(secret.clone(), SECRET_GRACE, now),
            Self::Keys(jwks) => changed.jwks = Some(jwks.clone()),
            Self::Logo(digest) => changed.logo = Some(digest.clone()),
            Self::GoLive(subject_kinds) => {
                changed.sandbox = false;
                changed.policy.subject_kinds.clone_from(subject_kinds);
                changed.secrets.clear();
                changed.valid_from = now;
            }
            Self::Retire => {
                changed.disabled_at = Some(changed.disabled_at.unwrap_or(now));
                changed.valid_from = now;
                changed.secrets.clear();
                changed.jwks = None;
                changed.redirect_uris.clear();
                changed.post_logout_redirect_uris.clear();
                changed.backchannel_logout_uri = None;
                changed.grant_types.clear();
            }
        }
        changed
    }
}
