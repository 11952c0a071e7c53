//! Who somebody is, as far as that has to be put right: the name and number an account should have, and cases
//! in which the register says two things of one number (GB 11643-1999; design D1).

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

use crate::clock::Timestamp;
use crate::domain::document_type::DocumentType;
use crate::domain::id::AccountId;
use crate::domain::id::IdentityCaseId;
use crate::domain::identity_document::PersonKey;

/// A name and a number in canonical spelling. Personal: it is kept sealed, and `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The name.
    pub name: String,
    /// The ID number.
    pub id_number: String,
    /// What bears it.
    #[serde(default)]
    pub id_type: DocumentType,
    /// Which country or area issued it, where the type does not tell.
    #[serde(default)]
    pub id_country: String,
}

impl Identity {
    /// Of this name and document.
    pub fn new(name: &str, key: PersonKey<'_>) -> Self {
        Self {
            name: name.to_owned(),
            id_number: key.number.to_owned(),
            id_type: key.document_type,
            id_country: key.country.to_owned(),
        }
    }

    /// The natural key.
    pub fn key(&self) -> PersonKey<'_> {
        PersonKey::new(self.id_type, &self.id_country, &self.id_number)
    }
}

/// An identity somebody has to look at.
#[derive(Debug, Clone)]
pub struct IdentityCase {
    /// Its key.
    pub id: IdentityCaseId,
    /// Whose account is in doubt.
    pub account_id: AccountId,
    /// The other identity the register confirmed, sealed.
    pub document: Vec<u8>,
    /// Since when.
    pub opened_at: Timestamp,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(sealed)")
    }
}
