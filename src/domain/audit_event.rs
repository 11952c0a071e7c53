//! Audit records as values: what happened, to whom, by whom, and how a record proves that it and
//! its predecessors are unchanged (design D10, GB/T 22239-2019 8.1.4.3).

use crate::clock::Timestamp;
use crate::crypto::mac::MacKey;
use crate::domain::client::ClientId;
use crate::domain::id::AccountId;
use crate::domain::id::AuditId;

macro_rules! audit_kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum AuditKind { $($(#[$doc])* $variant,)* }

        impl AuditKind {
            /// Every kind, as the documents list them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The value in the database, in exports and in metrics.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The kind of that name; none for one a newer version knows.
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

audit_kinds! {
    /// A first factor was proven, or refused.
    Login = "login",
    /// A further factor was proven, or refused.
    StepUp = "step_up",
    /// A one-time code was sent.
    CodeSent = "one_time_code_sent",
    /// A session ended at its owner's wish.
    Logout = "logout",
    /// A session was ended from another one, or by an operator.
    SessionEnded = "session_ended",
    /// An authorization request was refused.
    AuthorizationRefused = "authorization_refused",
    /// An authorization code was issued.
    CodeIssued = "authorization_code_issued",
    /// A code was redeemed, or refused.
    CodeRedeemed = "authorization_code_redeemed",
    /// A refresh token was used, or refused.
    Refreshed = "refresh_token_used",
    /// A token was revoked by its client.
    TokenRevoked = "token_revoked",
    /// A client failed to prove who it is.
    ClientRefused = "client_authentication_refused",
    /// A token was refused at UserInfo or introspection.
    TokenRefused = "token_refused",
    /// The full ID number was handed to a client.
    IdNumberReleased = "id_number_released",
    /// A person agreed to share with a client, or declined.
    Consent = "consent",
    /// A person took that back.
    ConsentWithdrawn = "consent_withdrawn",
    /// An account was made, or refused.
    SignUp = "sign_up",
    /// A sign-up waits until the register answers; or came to nothing by waiting.
    SignUpWaits = "sign_up_waits",
    /// A check of an identity was begun at a service, or was not.
    IdentityCheckBegun = "identity_check_begun",
    /// A check of an identity was given up by its owner.
    IdentityCheckStopped = "identity_check_stopped",
    /// An identity was verified: evidence was kept; or its result was refused.
    IdentityVerified = "identity_verified",
    /// A password was set, or refused.
    PasswordChanged = "password_changed",
    /// A TOTP app was enrolled, or refused.
    TotpEnrolled = "totp_enrolled",
    /// A TOTP app was removed.
    TotpRemoved = "totp_removed",
    /// A way back to an account was begun, or refused.
    RecoveryBegun = "recovery_begun",
    /// A recovery was told to wait, so that the owner can object.
    RecoveryDeferred = "recovery_deferred",
    /// A recovery was stopped by the owner or an operator.
    RecoveryStopped = "recovery_stopped",
    /// A code to recover an account was handed out at a counter.
    RecoveryCodeIssued = "recovery_code_issued",
    /// The owner came back to an account, or was refused.
    AccountRecovered = "account_recovered",
    /// The phone was changed, removed, or was not.
    PhoneChanged = "phone_changed",
    /// The owner switched a way to log in off, or on again.
    MethodBlocked = "login_method_blocked",
    /// The owner blocked a portal, or lifted that.
    PortalBlocked = "portal_blocked",
    /// The owner had known browsers forgotten.
    BrowsersForgotten = "browsers_forgotten",
    /// Language and print were kept with the account.
    LookKept = "look_kept",
    /// The owner took all data along.
    DataExported = "data_exported",
    /// The owner gave the account up, or took that back.
    CancellationChanged = "cancellation_changed",
    /// An account was cancelled for good.
    AccountCancelled = "account_cancelled",
    /// An account was locked.
    AccountLocked = "account_locked",
    /// An account was unlocked.
    AccountUnlocked = "account_unlocked",
    /// A client was registered or changed.
    ClientChanged = "client_changed",
    /// A client was switched off or on.
    ClientDisabled = "client_disabled",
    /// A client's secret was replaced.
    ClientSecretRotated = "client_secret_rotated",
    /// A portal applied for access.
    ApplicationSubmitted = "application_submitted",
    /// An application moved on, or something about it changed.
    ApplicationChanged = "application_changed",
    /// Signing keys moved on in their lives.
    KeysRotated = "keys_rotated",
    /// A register was filled.
    RegisterImported = "register_imported",
    /// A batch of legacy codes was read, or was not.
    CodesImported = "codes_imported",
    /// New codes were received, to be published.
    CodesAnnounced = "codes_announced",
    /// A day's batch of new codes was published.
    CodesPublished = "codes_published",
    /// A logout token was delivered, or given up.
    LogoutDelivered = "logout_delivered",
    /// An operator had a logout token tried again.
    DeliveryRetried = "delivery_retried",
    /// An operator logged in, or was refused.
    OperatorLogin = "operator_login",
    /// An operator chose another password.
    OperatorPasswordChanged = "operator_password_changed",
    /// An operator logged out.
    OperatorLogout = "operator_logout",
    /// An operator was invited.
    OperatorInvited = "operator_invited",
    /// An operator accepted an invitation, or was refused.
    OperatorJoined = "operator_joined",
    /// An operator was disabled, or was not.
    OperatorDisabled = "operator_disabled",
    /// An operator asked for what the role does not allow.
    OperatorRefused = "operator_refused",
    /// An operator looked somebody up.
    PersonSought = "person_sought",
    /// An operator opened a person's account, masked.
    PersonSeen = "person_seen",
    /// Records of the chain were taken out of the console.
    AuditExported = "audit_exported",
    /// An operator saw a person's data unmasked.
    PersonUnmasked = "person_unmasked",
    /// The register confirmed another name for the number of an account.
    IdentityDoubted = "identity_doubted",
    /// An officer found nothing to put right.
    IdentityDoubtDismissed = "identity_doubt_dismissed",
    /// An operator wrote a note to an account.
    NoteAdded = "note_added",
    /// Something was asked for that needs a second officer.
    ActRequested = "act_requested",
    /// A second officer decided.
    ActDecided = "act_decided",
    /// Monitoring raised an alert, or the same was found again after a day.
    AlertRaised = "alert_raised",
    /// An officer looks into an alert, or may not.
    AlertAcknowledged = "alert_acknowledged",
    /// An officer closed an alert, or may not.
    AlertClosed = "alert_closed",
    /// An alert reached nobody over one channel, and was given up.
    AlertDelivered = "alert_delivered",
    /// A person claimed an organisation, or was refused.
    OrganisationClaimed = "organisation_claimed",
    /// A mandate was offered, or refused.
    MandateOffered = "mandate_offered",
    /// A mandate was accepted or declined.
    MandateAnswered = "mandate_answered",
    /// A mandate was taken back or given up, or was not.
    MandateEnded = "mandate_ended",
    /// The register says something else of an organisation: its mandates are suspended.
    MandatesSuspended = "mandates_suspended",
    /// An operator looked an organisation up.
    OrganisationSought = "organisation_sought",
    /// An operator opened an organisation's account.
    OrganisationSeen = "organisation_seen",
    /// An operator suspended an organisation.
    OrganisationSuspended = "organisation_suspended",
    /// An organisation was resumed at a terminal.
    OrganisationResumed = "organisation_resumed",
    /// Somebody became a guardian or helper at a counter.
    MandateAppointed = "mandate_appointed",
    /// A person chose for whom to act at a client.
    ActingChosen = "acting_chosen",
    /// A request was refused before anything was known about it.
    RequestRefused = "request_refused",
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused.
    Refused,
}

impl Outcome {
    /// The value in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }

    /// The outcome of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Done, Self::Refused].into_iter().find(|outcome| outcome.as_str() == name)
    }
}

/// One record, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its key.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// What; see [`AuditKind`].
    pub kind: String,
    /// How it ended; see [`Outcome`].
    pub outcome: String,
    /// Why, in a word; never a personal value.
    pub reason: String,
    /// Whose account.
    pub account_id: Option<AccountId>,
    /// Which client.
    pub client_id: Option<ClientId>,
    /// The request, as in the log and on the error page.
    pub request_id: String,
    /// What else, as JSON; never a personal value.
    pub details: String,
    /// Personal fields, sealed under the person's key (or the strangers').
    pub personal: Vec<u8>,
    /// HMAC-SM3 of all of the above.
    pub mac: Vec<u8>,
}

impl AuditRecord {
    /// The MAC the record must carry.
    pub fn expected_mac(&self, key: &MacKey) -> [u8; 32] {
        key.tag_parts(&self.parts(&self.at.0.to_be_bytes()))
    }

    /// The link that follows `previous` in the chain: SM3 over it and the record with its MAC.
    pub fn link(&self, sequence: i64, previous: &[u8]) -> [u8; 32] {
        let at = self.at.0.to_be_bytes();
        let sequence = sequence.to_be_bytes();
        let mut parts = vec![previous, &sequence[..]];
        let own = self.parts(&at);
        parts.extend(own.iter().copied());
        parts.push(&self.mac);
        let mut bytes = Vec::with_capacity(512);
        for part in parts {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part);
        }
        crate::crypto::digest::sm3(&bytes)
    }

    fn parts<'a>(&'a self, at: &'a [u8]) -> [&'a [u8]; 10] {
        [
            self.id.0.as_bytes(),
            at,
            self.kind.as_bytes(),
            self.outcome.as_bytes(),
            self.reason.as_bytes(),
            self.account_id.as_ref().map_or(&[], |id| &id.0.as_bytes()[..]),
            self.client_id.as_ref().map_or(&[], |id| id.as_str().as_bytes()),
            self.request_id.as_bytes(),
            self.details.as_bytes(),
            &self.personal,
        ]
    }
}

/// Where the chain ends: the last sequence number and its link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainTail {
    /// Sequence number of the last sealed record; 0 when there is none.
    pub sequence: i64,
    /// Its link.
    pub link: Vec<u8>,
}

impl Default for ChainTail {
    fn default() -> Self {
        Self { sequence: 0, link: vec![0; 32] }
    }
}

impl ChainTail {
    /// Moves on over one record.
    pub fn extend(&mut self, record: &AuditRecord) {
        self.sequence += 1;
        self.link = record.link(self.sequence, &self.link).to_vec();
    }
}
