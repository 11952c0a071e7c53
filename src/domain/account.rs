//! An account: a person's row with us, and what is sealed inside it (design D1, D4).

use serde::Deserialize;
use serde::Serialize;

use crate::clock::Timestamp;
use crate::domain::assurance::IdentityAssurance;
use crate::domain::id::AccountId;

/// Whether the account may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    /// It may.
    Active,
    /// An operator closed it for a time.
    Locked,
    /// It is over: cancelled by its owner or by an operator.
    Cancelled,
}

impl AccountStatus {
    /// The value in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Locked => "locked",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Active, Self::Locked, Self::Cancelled].into_iter().find(|s| s.as_str() == name)
    }
}

/// What kind of text finds an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IdentifierKind {
    /// Citizen ID number: (111, CHN, number).
    CitizenId,
    /// Verified mobile phone.
    Phone,
}

impl IdentifierKind {
    /// The value in the database, and the domain separator of the blind index.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CitizenId => "citizen_id",
            Self::Phone => "phone",
        }
    }
}

/// What we know of a person, sealed in the account's row under the person's own key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Name, canonical spelling.
    pub name: String,
    /// Citizen ID number, canonical spelling.
    pub id_number: String,
    /// Mobile phone, E.164.
    pub phone: Option<String>,
    /// E-mail, as given.
    pub email: Option<String>,
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Profile(sealed)")
    }
}

/// An account as the store keeps it: nothing personal is readable in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its key.
    pub id: AccountId,
    /// Whether it may be used.
    pub status: AccountStatus,
    /// How well the identity was established.
    pub identity_assurance: IdentityAssurance,
    /// The person's own key, sealed under the vault's; erasing it erases the person.
    pub person_key: Vec<u8>,
    /// `Profile`, sealed under the person's key.
    pub profile: Vec<u8>,
    /// The password's hash.
    pub password_hash: Option<String>,
    /// When the password was last set.
    pub password_changed_at: Option<Timestamp>,
    /// Rises when credentials change; what was issued under a lower one is dead.
    pub credential_epoch: i64,
    /// Whether a TOTP app is enrolled.
    pub has_totp: bool,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When the profile last changed.
    pub updated_at: Timestamp,
}
