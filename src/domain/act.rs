//! Acts that need a second officer (四眼原则, security.md A-69): what one asked for, another decides, and
//! only then it happens.

use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::clock::Timestamp;
use crate::domain::application::Unit;
use crate::domain::client::ClientId;
use crate::domain::evidence::SeenDocument;
use crate::domain::guardianship::BirthDate;
use crate::domain::id::AccountId;
use crate::domain::id::ActId;
use crate::domain::id::ApplicationId;
use crate::domain::id::CodeBatchId;
use crate::domain::id::LegacyCodeId;
use crate::domain::id::OperatorId;
use crate::domain::id::OrganisationId;
use crate::domain::identity::Identity;
use crate::domain::mandate::Matters;
use crate::domain::operator::Permission;
use crate::domain::operator::Region;
use crate::domain::operator::Role;

/// How long an act waits for a second officer.
pub const PATIENCE: Duration = Duration::from_hours(72);

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Request {
    /// To see a person's data unmasked, for a while.
    Unmask {
        /// Whose.
        account: AccountId,
    },
    /// To remove a person's authenticator app and recovery codes.
    ResetSecondFactors {
        /// Whose.
        account: AccountId,
    },
    /// To hand a code to a person at a counter, with which all credentials are set anew.
    RecoverAtCounter {
        /// Whose.
        account: AccountId,
    },
    /// That a person counts as seen at a counter, with a document.
    VerifyAtCounter {
        /// Whose account.
        account: AccountId,
        /// What was shown.
        document: SeenDocument,
        /// The blind index of the number on it: nobody else's is verified by it, whoever has the account by then.
        #[serde(default)]
        number: String,
    },
    /// To take the phone off an account whose owner has it no more, so that its new holder can bind it.
    ReleasePhone {
        /// Whose.
        account: AccountId,
    },
    /// To join two accounts that are one person's.
    MergeAccounts {
        /// The one that stays.
        account: AccountId,
        /// The one that is used no more.
        absorbed: AccountId,
    },
    /// To undo that.
    SplitAccount {
        /// The one that had stayed.
        account: AccountId,
        /// The one that is used again.
        absorbed: AccountId,
    },
    /// To put right what a person is called, or by which number.
    CorrectIdentity {
        /// Whose account.
        account: AccountId,
        /// What is right.
        identity: Identity,
        /// Whether the number before is another person's.
        frees_number: bool,
    },
    /// To invite an operator.
    InviteOperator {
        /// The name.
        name: String,
        /// As what.
        role: Role,
        /// For where.
        region: Option<Region>,
    },
    /// To end an operator's work here.
    DisableOperator {
        /// Whose.
        operator: OperatorId,
    },
    /// To let the next signing keys take over now.
    RotateKeys,
    /// To make a client an operator, so that it can use the Admin API.
    ConnectMachine {
        /// Which client.
        client: ClientId,
        /// What the operator is called.
        name: String,
        /// As what.
        role: Role,
        /// For where.
        region: Option<Region>,
    },
    /// To let everybody log in to a portal.
    GoLive {
        /// Which.
        application: ApplicationId,
        /// What it is called.
        portal: String,
    },
    /// To end a portal.
    RetirePortal {
        /// Which.
        application: ApplicationId,
        /// What it is called.
        portal: String,
    },
    /// To make a new tracking link of a portal, for another unit if one is named; the old link dies.
    HandOverPortal {
        /// Which.
        application: ApplicationId,
        /// What it is called.
        portal: String,
        /// Whose portal it is from then on.
        unit: Option<Unit>,
    },
    /// To let the mappings of a batch of legacy codes count.
    ConfirmCodes {
        /// Which batch.
        batch: CodeBatchId,
    },
    /// To let the new codes of a batch be published, which is never taken back.
    PublishCodes {
        /// Which batch.
        batch: CodeBatchId,
    },
    /// To take a batch of codes back.
    RollBackCodes {
        /// Which batch.
        batch: CodeBatchId,
    },
    /// To settle a disputed mapping of a legacy code.
    SettleCode {
        /// Which.
        code: LegacyCodeId,
        /// Whether it counts from then on, and what contradicts it does not.
        accept: bool,
    },
    /// To let people act for a suspended organisation again.
    ResumeOrganisation {
        /// Which.
        organisation: OrganisationId,
    },
    /// To end every mandate of an organisation.
    EndOrganisation {
        /// Which.
        organisation: OrganisationId,
    },
    /// To believe what somebody showed at a counter.
    Counter(Box<CounterRequest>),
}

/// What was shown at a counter: who is to act, for whom, and what proved it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterRequest {
    /// Who is to act.
    pub agent: Identity,
    /// As what, for whom.
    pub asked: CounterAsked,
    /// The documents that were seen.
    pub documents: String,
}

/// As what somebody is to act, and for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CounterAsked {
    /// As the legal representative of the organisation with this credit code.
    Claim {
        /// The code, canonical spelling.
        uscc: String,
    },
    /// As the guardian of a child.
    Guardian {
        /// The child.
        ward: Identity,
        /// When the child was born, as it was read in the document, where the number does not tell.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        born: Option<BirthDate>,
    },
    /// As the helper of somebody at the counter.
    Helper {
        /// Who needs help.
        person: Identity,
        /// The same.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        born: Option<BirthDate>,
        /// In which matters.
        matters: Matters,
        /// For how many hours.
        hours: u8,
    },
}

impl CounterAsked {
    /// When the person it is about was born, where somebody had to state it.
    pub fn stated_birth_date(&self) -> Option<BirthDate> {
        match self {
            Self::Claim { .. } => None,
            Self::Guardian { born, .. } | Self::Helper { born, .. } => *born,
        }
    }
}

impl Request {
    /// The name in database, audit and pages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unmask { .. } => "unmask",
            Self::ResetSecondFactors { .. } => "reset_second_factors",
            Self::RecoverAtCounter { .. } => "recover_at_counter",
            Self::VerifyAtCounter { .. } => "verify_at_counter",
            Self::ReleasePhone { .. } => "release_phone",
            Self::MergeAccounts { .. } => "merge_accounts",
            Self::SplitAccount { .. } => "split_account",
            Self::CorrectIdentity { .. } => "correct_identity",
            Self::InviteOperator { .. } => "invite_operator",
            Self::DisableOperator { .. } => "disable_operator",
            Self::RotateKeys => "rotate_keys",
            Self::ConnectMachine { .. } => "connect_machine",
            Self::GoLive { .. } => "go_live",
            Self::RetirePortal { .. } => "retire_portal",
            Self::HandOverPortal { .. } => "hand_over_portal",
            Self::ConfirmCodes { .. } => "confirm_codes",
            Self::PublishCodes { .. } => "publish_codes",
            Self::RollBackCodes { .. } => "roll_back_codes",
            Self::SettleCode { accept: true, .. } => "accept_code",
            Self::SettleCode { accept: false, .. } => "reject_code",
            Self::ResumeOrganisation { .. } => "resume_organisation",
            Self::EndOrganisation { .. } => "end_organisation",
            Self::Counter(request) => match request.asked {
                CounterAsked::Claim { .. } => "claim_organisation",
                CounterAsked::Guardian { .. } => "appoint_guardian",
                CounterAsked::Helper { .. } => "appoint_helper",
            },
        }
    }

    /// What somebody must be allowed to do to ask for it.
    pub fn permission(&self) -> Permission {
        match self {
            Self::RecoverAtCounter { .. } => Permission::HandOutCodes,
            Self::VerifyAtCounter { .. } => Permission::VerifyAtCounter,
            Self::Unmask { .. }
            | Self::ResetSecondFactors { .. }
            | Self::ReleasePhone { .. }
            | Self::MergeAccounts { .. }
            | Self::SplitAccount { .. }
            | Self::CorrectIdentity { .. } => Permission::AskAboutPeople,
            Self::InviteOperator { .. }
            | Self::DisableOperator { .. }
            | Self::ConnectMachine { .. } => Permission::AskAboutOperators,
            Self::RotateKeys => Permission::AskAboutKeys,
            Self::GoLive { .. } | Self::RetirePortal { .. } | Self::HandOverPortal { .. } => {
                Permission::ReviewApplications
            }
            Self::ConfirmCodes { .. }
            | Self::PublishCodes { .. }
            | Self::RollBackCodes { .. }
            | Self::SettleCode { .. } => Permission::AskAboutCodes,
            Self::ResumeOrganisation { .. } | Self::EndOrganisation { .. } => {
                Permission::AskAboutOrganisations
            }
            Self::Counter(_) => Permission::ServeAtCounter,
        }
    }

    /// The account it is about.
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Unmask { account }
            | Self::ResetSecondFactors { account }
            | Self::RecoverAtCounter { account }
            | Self::VerifyAtCounter { account, .. }
            | Self::ReleasePhone { account }
            | Self::MergeAccounts { account, .. }
            | Self::SplitAccount { account, .. }
            | Self::CorrectIdentity { account, .. } => Some(*account),
            _ => None,
        }
    }

    /// The application it is about.
    pub fn application(&self) -> Option<ApplicationId> {
        match self {
            Self::GoLive { application, .. }
            | Self::RetirePortal { application, .. }
            | Self::HandOverPortal { application, .. } => Some(*application),
            _ => None,
        }
    }

    /// The batch of codes it is about.
    pub fn code_batch(&self) -> Option<CodeBatchId> {
        match self {
            Self::ConfirmCodes { batch }
            | Self::PublishCodes { batch }
            | Self::RollBackCodes { batch } => Some(*batch),
            _ => None,
        }
    }

    /// The organisation it is about, where it has an account.
    pub fn organisation(&self) -> Option<OrganisationId> {
        match self {
            Self::ResumeOrganisation { organisation } | Self::EndOrganisation { organisation } => {
                Some(*organisation)
            }
            _ => None,
        }
    }

    /// The row it is about.
    pub fn subject(&self) -> Option<uuid::Uuid> {
        match (self, self.account(), self.application()) {
            (Self::DisableOperator { operator }, ..) => Some(operator.0),
            (Self::SettleCode { code, .. }, ..) => Some(code.0),
            (Self::ResumeOrganisation { .. } | Self::EndOrganisation { .. }, ..) => {
                self.organisation().map(|organisation| organisation.0)
            }
            (_, Some(account), _) => Some(account.0),
            (_, None, Some(application)) => Some(application.0),
            _ => self.code_batch().map(|batch| batch.0),
        }
    }
}

/// Where an act stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It waits for a second officer.
    Waiting,
    /// It was approved, and done.
    Approved,
    /// It was rejected.
    Rejected,
    /// Who asked took it back.
    Withdrawn,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Approved, Self::Rejected, Self::Withdrawn];

    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// An act.
#[derive(Debug, Clone)]
pub struct Act {
    /// Its key.
    pub id: ActId,
    /// Request and reason, sealed.
    pub document: Vec<u8>,
    /// Where it stands.
    pub state: State,
    /// Who asked.
    pub requested_by: OperatorId,
    /// When.
    pub requested_at: Timestamp,
    /// Until when it can be approved.
    pub expires_at: Timestamp,
    /// Who decided.
    pub decided_by: Option<OperatorId>,
    /// When.
    pub decided_at: Option<Timestamp>,
}
