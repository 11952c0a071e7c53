//! An account: a person's row with us, and what is sealed inside it (design D1, D4).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use crate::clock::Timestamp;
use crate::domain::assurance::IdentityAssurance;
use crate::domain::choices::Choices;
use crate::domain::document_type::DocumentType;
use crate::domain::id::AccountId;
use crate::domain::identity_document::PersonKey;

/// Whether the account may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    /// It may.
    Active,
    /// An operator closed it for a time.
    Locked,
    /// Its owner stopped it, to recover it later: somebody else was at it.
    Stopped,
    /// It is over: cancelled by its owner or by an operator.
    Cancelled,
    /// Its owner has another one, that is used since.
    Merged,
}

impl AccountStatus {
    /// Each of them.
    pub const ALL: [Self; 5] =
        [Self::Active, Self::Locked, Self::Stopped, Self::Cancelled, Self::Merged];

    /// The value in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Locked => "locked",
            Self::Stopped => "stopped",
            Self::Cancelled => "cancelled",
            Self::Merged => "merged",
        }
    }

    /// The status of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether it is somebody's account still, even if nobody may use it now.
    pub fn is_kept(self) -> bool {
        matches!(self, Self::Active | Self::Locked | Self::Stopped)
    }

    /// Whether its owner can come back to it by himself.
    pub fn is_recoverable(self) -> bool {
        matches!(self, Self::Active | Self::Stopped)
    }
}

/// What kind of text finds an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IdentifierKind {
    /// A number of the citizens' layout, which tells its type and country by itself.
    CitizenId,
    /// Any other document: (type, country, number).
    Document,
    /// Verified mobile phone.
    Phone,
}

impl IdentifierKind {
    /// Which kind of row leads to this person.
    pub fn of(key: PersonKey<'_>) -> Self {
        if key.has_citizen_layout() { Self::CitizenId } else { Self::Document }
    }

    /// The value in the database, and the domain separator of the blind index.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CitizenId => "citizen_id",
            Self::Document => "document",
            Self::Phone => "phone",
        }
    }
}

/// What we know of a person, sealed in the account's row under the person's own key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Name, canonical spelling.
    pub name: String,
    /// Number of the identity document, canonical spelling.
    pub id_number: String,
    /// What bears that number. Profiles sealed before it was kept are all of the citizens' layout.
    #[serde(default)]
    pub id_type: DocumentType,
    /// Which country or area issued it, ISO 3166-1 alpha-3.
    #[serde(default = "china")]
    pub id_country: String,
    /// Mobile phone, E.164.
    pub phone: Option<String>,
    /// E-mail, as given.
    pub email: Option<String>,
    /// When the phone took the place of another; none for the first one.
    #[serde(default)]
    pub phone_bound_at: Option<Timestamp>,
    /// What only a newer version knows, kept as it is: during an upgrade both write the same profiles.
    #[serde(flatten)]
    pub newer: BTreeMap<String, serde_json::Value>,
}

impl Profile {
    /// The profile of a new account.
    pub fn new(name: &str, key: PersonKey<'_>, phone: Option<&str>) -> Self {
        Self {
            name: name.to_owned(),
            id_number: key.number.to_owned(),
            id_type: key.document_type,
            id_country: key.country.to_owned(),
            phone: phone.map(str::to_owned),
            email: None,
            phone_bound_at: None,
            newer: BTreeMap::new(),
        }
    }

    /// The natural key of the person.
    pub fn key(&self) -> PersonKey<'_> {
        PersonKey::new(self.id_type, &self.id_country, &self.id_number)
    }
}

fn china() -> String {
    "CHN".to_owned()
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
    /// No verification of ours leads above this; none where nothing stands against it.
    pub assurance_cap: Option<IdentityAssurance>,
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
    /// What its owner chose.
    pub choices: Choices,
    /// Whether clients know its owner by a `sub` that is not computed from its key.
    pub has_other_subjects: bool,
    /// The account its owner uses instead, once both turned out to be one person's.
    pub merged_into: Option<AccountId>,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When the profile last changed.
    pub updated_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_keeps_what_a_newer_version_wrote() {
        let newer = r#"{"name":"\u5f20\u4e09","id_number":"11010519491231002X","id_type":"111",
            "id_country":"CHN","phone":null,"email":null,"phone_bound_at":null,"pinyin":["zhang","san"]}"#;
        let read: Profile = serde_json::from_str(newer).unwrap();
        let told = Profile { phone: Some("+8613800138000".to_owned()), ..read };
        let again: serde_json::Value = serde_json::to_value(&told).unwrap();
        assert_eq!(again["pinyin"], serde_json::json!(["zhang", "san"]));
        assert_eq!(again["phone"], "+8613800138000");
    }

    #[test]
    fn a_profile_of_before_documents_is_of_the_citizens_layout() {
        let older =
            r#"{"name":"\u5f20\u4e09","id_number":"11010519491231002X","phone":null,"email":null}"#;
        let read: Profile = serde_json::from_str(older).unwrap();
        assert_eq!((read.id_type, &*read.id_country), (DocumentType::default(), "CHN"));
        assert!(read.newer.is_empty());
    }
}
