//! `Store`: opens the database, migrates it, and runs writes. The methods stand beside this file,
//! one file a subject.

mod access_tokens;
mod accounts;
mod acting_choices;
mod acts;
mod agents;
mod alert_deliveries;
mod alerts;
mod api_requests;
mod applications;
mod audit;
mod audit_follow;
mod audit_search;
mod authorizations;
mod cancellations;
mod choices;
mod client_checks;
mod clients;
mod code_batches;
mod code_publications;
mod consents;
mod corrections;
mod credentials;
mod db;
mod evidence;
mod housekeeping;
mod identity_cases;
mod identity_checks;
mod known_browsers;
mod legacy_codes;
mod legacy_decisions;
mod machines;
mod mandate_ends;
mod mandate_lists;
mod mandates;
mod merges;
mod name_index;
mod notes;
mod one_time_codes;
mod one_trip;
mod open;
mod operator_lists;
mod operator_sessions;
mod operators;
mod organisation_steps;
mod organisations;
mod outbox;
mod phones;
mod portal_blocks;
mod recoveries;
mod refresh_tokens;
mod registers;
mod sessions;
mod signing_keys;
mod subjects;
mod tallies;
mod tally_looks;
mod throttle;
mod waiting_messages;
mod waiting_sign_ups;
mod writer;

pub use accounts::NewAccount;
pub use acting_choices::ActingChoice;
pub use acts::ActMark;
pub use acts::Effect;
pub use agents::Agents;
pub use alerts::AlertSearch;
pub use alerts::NewAlert;
pub use alerts::Raised;
pub use api_requests::KnownRequest;
pub use applications::ApplicationQuery;
pub use applications::ApplicationStep;
pub use applications::ClientStep;
pub use applications::Logo;
pub use audit::AuditQuery;
pub use audit::SealedAudit;
pub use audit::SignedHead;
pub use audit_follow::FollowedAudit;
pub use audit_search::AuditSearch;
pub use code_batches::BatchMark;
pub use code_batches::CodeFigure;
pub use code_publications::NewAnnouncement;
pub use code_publications::Reported;
pub use consents::Consent;
pub use corrections::Correction;
pub use credentials::NewTotp;
pub use identity_checks::NewCheck;
pub use identity_checks::Settled;
pub use known_browsers::KnownBrowser;
pub use legacy_decisions::CodeStep;
pub use mandate_ends::Suspension;
pub use mandates::Held;
pub use mandates::NotOffered;
pub use merges::ComputedSubjects;
pub use merges::Merge;
pub use merges::Split;
pub use name_index::IndexedName;
pub use name_index::NameIndexProgress;
pub use name_index::NameMark;
pub use name_index::Unindexed;
pub use notes::Note;
pub use notes::NoteMark;
pub use one_time_codes::NewOneTimeCode;
pub use one_time_codes::OneTimeCode;
pub use one_time_codes::OneTimeCodeTry;
pub use open::Settings;
pub use operator_sessions::OperatorSession;
pub use operators::Invitation;
pub use organisation_steps::Appointment;
pub use organisation_steps::OrganisationStep;
pub use organisations::KnownRepresentative;
pub use organisations::NewOrganisation;
pub use organisations::NotClaimed;
pub use outbox::Undelivered;
pub use phones::PhoneChange;
pub use phones::PhoneRefused;
pub use portal_blocks::Reached;
pub use recoveries::Finished;
pub use recoveries::Restoration;
pub use registers::ImportMark;
pub use registers::ImportState;
pub use registers::ImportTally;
pub use registers::Register;
pub use registers::RegisterEntry;
pub use sessions::EndedSession;
pub use sessions::NewSession;
pub use sessions::SessionEnd;
pub use signing_keys::KeyStep;
pub use signing_keys::StoredKey;
pub use tallies::TalliedAudit;
pub use tallies::TallyQuery;
pub use throttle::AttemptKey;
pub use waiting_messages::WaitingMessage;
pub use waiting_sign_ups::WaitingSignUp;

use futures_util::future::BoxFuture;

use crate::store::StoreError;
use crate::store::cache::Caches;
use crate::store::sql::db::Db;
use crate::store::sql::db::Tx;
use crate::store::sql::db::store_error;

/// What a log's filter says where statements may take their time.
pub const PATIENT_LOG: &str = "sqlx::query=error";

/// The store. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    db: Db,
    caches: Caches,
}

impl Store {
    /// Runs `body` in one transaction and answers after its commit. An error keeps nothing.
    async fn write<F, T>(&self, body: F) -> Result<T, StoreError>
    where
        F: for<'c> FnOnce(&'c mut Tx<'_>) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
        T: Send + 'static,
    {
        match &self.db {
            Db::Sqlite { writer, .. } => writer.write(body).await,
            Db::Postgres(pool) => {
                let mut transaction = pool.begin().await.map_err(store_error)?;
                let result = body(&mut Tx::Postgres(&mut transaction)).await?;
                transaction.commit().await.map_err(store_error)?;
                Ok(result)
            }
        }
    }
}
