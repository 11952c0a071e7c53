//! A way back to an account whose password, phone or app is lost (security.md ): by proofs that
//! remain, by the register and the phone after a time of waiting, or by a code handed out at a counter.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::domain::id::AccountId;
use crate::domain::id::ActId;
use crate::domain::id::RecoveryId;

/// How long one sitting may take.
pub const SITTING: Duration = Duration::from_mins(15);
/// How long a recovery stays open once its time of waiting is over.
pub const OPEN_FOR: Duration = Duration::from_hours(24 * 7);
/// How long a code of a counter works.
pub const COUNTER_CODE: Duration = Duration::from_hours(24);
/// A phone that was bound within this time is no way back: whoever took the account over bound it.
pub const PHONE_RIPENS: Duration = Duration::from_hours(24 * 7);
/// After so long without a login the phone may be somebody else's: operators hand numbers out anew.
pub const PHONE_FADES: Duration = Duration::from_hours(24 * 90);

/// Where a recovery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryState {
    /// The phone was proven; something else is still missing.
    Open,
    /// It waits, so that the owner has time to object.
    Waiting,
    /// A new password may be set.
    Ready,
    /// It was.
    Done,
    /// A newer one, the owner or an operator ended it.
    Stopped,
}

/// A recovery.
#[derive(Debug, Clone)]
pub struct Recovery {
    /// Its key.
    pub id: RecoveryId,
    /// Whose account.
    pub account_id: AccountId,
    /// Where it stands.
    pub state: RecoveryState,
    /// The browser that walks it.
    pub binding: [u8; 32],
    /// The keyed digest of a code handed out at a counter.
    pub code_digest: Option<[u8; 32]>,
    /// The act that allowed that code.
    pub act_id: Option<ActId>,
    /// The account's credentials it was begun under.
    pub credential_epoch: i64,
    /// Before this it only waits.
    pub ready_at: Timestamp,
    /// After this it is over.
    pub expires_at: Timestamp,
    /// When it was begun.
    pub created_at: Timestamp,
}

impl RecoveryState {
    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Waiting => "waiting",
            Self::Ready => "ready",
            Self::Done => "done",
            Self::Stopped => "stopped",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        let all = [Self::Open, Self::Waiting, Self::Ready, Self::Done, Self::Stopped];
        all.into_iter().find(|state| state.as_str() == name)
    }
}
