//! An organisation with an account of its own: known by its unified social credit code (GB 32100-2015;
//! design D1). Nobody logs in as one; people act for it under a mandate.

use serde::Deserialize;
use serde::Serialize;

use crate::clock::Timestamp;
use crate::domain::id::OrganisationId;

/// What we know of an organisation, sealed in its row: the name of an individual business is a person's.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganisationRecord {
    /// Credit code, canonical spelling.
    pub uscc: String,
    /// Name, as the register has it.
    pub name: String,
}

impl std::fmt::Debug for OrganisationRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OrganisationRecord(sealed)")
    }
}

/// An organisation as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// Its key.
    pub id: OrganisationId,
    /// `OrganisationRecord`, sealed.
    pub record: Vec<u8>,
    /// When somebody first claimed it.
    pub claimed_at: Timestamp,
    /// When it was last compared with the register.
    pub checked_at: Timestamp,
    /// Since when nobody acts for it, because officers said so.
    pub suspended_at: Option<Timestamp>,
}
