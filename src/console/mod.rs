//! What operators may do (design 4; security.md ): who they are and how they come to be, people
//! and their accounts, acts that need a second officer, the audit chain. Every function takes the operator
//! who asks, a person or a machine, and judges by role, region and token; pages and API only show.

pub mod acts;
pub mod alerts;
pub mod applications;
pub mod audit_export;
pub mod audit_search;
pub mod clients;
pub mod codes;
pub mod counter;
pub mod dashboards;
pub mod identities;
pub mod invitations;
pub mod machines;
pub mod name_search;
mod notices;
pub mod operators;
pub mod organisations;
pub mod people;
pub mod repeats;
pub mod sign_on;
pub mod system;
pub mod verification;

use crate::audit;
use crate::codes::CodesError;
use crate::domain::api_scope;
use crate::domain::audit_event::AuditKind;
use crate::domain::guardianship::BirthDateError;
use crate::domain::identity_document::IdentityDocumentError;
use crate::domain::operator::Operator;
use crate::domain::operator::Permission;
use crate::domain::request_context::RequestContext;
use crate::domain::scope::Scope;
use crate::keyring::KeyringError;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::vault::VaultError;

/// Why an operator does not get what he asks for.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// His role does not allow it.
    #[error("the role does not allow it")]
    Forbidden,
    /// It does not exist, or not for him.
    #[error("there is no such thing here")]
    NotFound,
    /// No reason was given, or one that is none.
    #[error("a reason is needed")]
    Reason,
    /// It was decided, used or over before.
    #[error("it is over")]
    Over,
    /// Who asked cannot decide.
    #[error("another officer has to decide")]
    Own,
    /// An alert about him is another officer's.
    #[error("the alert is about the operator himself")]
    AboutSelf,
    /// An alert was dealt with before.
    #[error("the alert was dealt with")]
    AlertOver,
    /// The last officer of a kind cannot go.
    #[error("the last one of a kind stays")]
    LastOfKind,
    /// A name is missing or none.
    #[error("the name is not valid")]
    Name,
    /// What was typed of somebody's document is no document.
    #[error("the document is none: {1}")]
    NoDocument(Party, IdentityDocumentError),
    /// The number does not tell when somebody was born, and nobody said so, or said something else.
    #[error(transparent)]
    BirthDate(#[from] BirthDateError),
    /// The number lies in no region: the whole province serves who has it.
    #[error("the document lies in no region")]
    NoRegion,
    /// The region, or the role, lies beyond his own.
    #[error("that lies beyond the operator's own powers")]
    Beyond,
    /// Another portal is called so, or could be taken for this one.
    #[error("the name is another portal's")]
    NameTaken,
    /// A person counts as seen only if the clerk says that the portrait is the person's.
    #[error("face and portrait were not compared")]
    NotSeen,
    /// What the document says is not what is known of the person.
    #[error("the document is another person's")]
    Document,
    /// The client cannot be a machine: it has no credentials of its own, or is off.
    #[error("the client cannot work as a machine")]
    NoMachine,
    /// The portal has not shown everything yet.
    #[error("the self-check is not green")]
    NotGreen,
    /// Nobody has this number, or nobody here.
    #[error("nobody here has this number")]
    Unknown,
    /// The register does not say that name and number belong together.
    #[error("the register does not confirm it")]
    NotConfirmed,
    /// He asked about the same number too often.
    #[error("too many attempts")]
    TooMany,
    /// A register gives no answer.
    #[error("the register is away")]
    RegisterAway,
    /// The register does not know the organisation, or it is not in existence.
    #[error("the register knows no such organisation that is in existence")]
    NotActive,
    /// There is no account of sufficient assurance.
    #[error("the person has no account that suffices")]
    NoAccount,
    /// No documents were named.
    #[error("the documents that were seen are needed")]
    Documents,
    /// A child has a guardian, somebody older a helper.
    #[error("the person's age does not allow it")]
    Age,
    /// No number of hours, or too many.
    #[error("help lasts 1 to 72 hours")]
    Hours,
    /// No matters, or too many.
    #[error("1 to 50 matters are named")]
    Matters,
    /// One officer may not end this mandate, and no machine may ask for this.
    #[error("that needs a second officer")]
    Second,
    /// A batch of new codes has one that another batch withdrew.
    #[error("a code of the batch was withdrawn meanwhile; take the batch back")]
    CodeWithdrawn,
    /// What is wrong with a file of codes.
    #[error(transparent)]
    Codes(CodesError),
    /// Signing keys.
    #[error(transparent)]
    Keys(#[from] KeyringError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// Whose document was typed, where there are two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// Who is to act.
    Agent,
    /// For whom.
    Principal,
}

/// An operator at work: who asks, in which request.
#[derive(Clone, Copy)]
pub struct Actor<'a> {
    /// The provider.
    pub provider: &'a Provider,
    /// The operator.
    pub operator: &'a Operator,
    /// The request.
    pub context: &'a RequestContext,
    /// What a machine's token carries; none for a person at the console.
    pub scope: Option<&'a Scope>,
}

/// What the seal of an operator's name is bound to.
const NAME: &str = "operator name";
/// Shortest and longest reason, in characters.
const REASON: std::ops::RangeInclusive<usize> = 2..=200;

impl Actor<'_> {
    /// Whether the role allows it, and for a machine its token too.
    pub fn may(&self, permission: Permission) -> bool {
        let opened = match (&self.operator.client_id, self.scope) {
            (None, None) => true,
            (Some(_), Some(scope)) => api_scope::grants(scope, permission),
            // A person needs no token, and a machine is nobody without one.
            (None, Some(_)) | (Some(_), None) => false,
        };
        opened && self.operator.role.may(permission)
    }

    /// Goes on if the role allows it; otherwise the attempt is recorded.
    pub async fn demand(&self, permission: Permission) -> Result<(), ConsoleError> {
        if self.may(permission) {
            return Ok(());
        }
        let refused = audit::refused(AuditKind::OperatorRefused, "the role does not allow it");
        let record = refused.operator(self.operator.id).record(self.provider, self.context);
        self.provider.store.record(record).await?;
        Err(ConsoleError::Forbidden)
    }
}

/// The name of an operator, as he is called on pages.
pub fn name_of(provider: &Provider, sealed: &[u8]) -> Result<String, VaultError> {
    let bytes = provider.vault.open_data(NAME, sealed)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn seal_name(provider: &Provider, name: &str) -> Vec<u8> {
    provider.vault.seal_data(NAME, name.as_bytes())
}

/// A reason somebody can read later.
pub fn reason(text: &str) -> Result<String, ConsoleError> {
    let text: String = text.trim().chars().filter(|c| !c.is_control()).collect();
    if REASON.contains(&text.chars().count()) { Ok(text) } else { Err(ConsoleError::Reason) }
}

/// The name of a member of staff: 2 to 50 characters that can be seen.
fn person_name(text: &str) -> Result<String, ConsoleError> {
    let text = text.trim();
    let fits = (2..=50).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned()).ok_or(ConsoleError::Name)
}
