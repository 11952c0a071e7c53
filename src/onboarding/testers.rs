//! Test people of a portal in the sandbox: nobody has their numbers, and no live portal lets them in. Their
//! passwords are shown once.

use crate::audit;
use crate::audit::Event;
use crate::domain::account::Profile;
use crate::domain::application::Application;
use crate::domain::application::Document;
use crate::domain::assurance::IdentityAssurance;
use crate::domain::audit_event::AuditKind;
use crate::domain::client::Client;
use crate::domain::identity_document::IdentityDocument;
use crate::domain::synthetic;
use crate::onboarding::OnboardingError;
use crate::onboarding::tracking;
use crate::onboarding::tracking::Applicant;
use crate::onboarding::tracking::Tracked;
use crate::people::sign_up;
use crate::store::sql::ClientStep;

/// Test people of one portal.
const MOST: usize = 5;

/// A test person who was just made.
pub struct Tester {
    /// The number to log in with.
    pub id_number: String,
    /// The password, shown once.
    pub password: String,
}

/// Makes a test person.
pub async fn make(applicant: Applicant<'_>, tracked: &Tracked) -> Result<Tester, OnboardingError> {
    let Applicant { provider, context } = applicant;
    tracking::working(tracked, |client: &Client| client.sandbox)?;
    if tracked.document.testers.len() >= MOST {
        return Err(OnboardingError::TooMany);
    }
    let seed = u64::from_be_bytes(crate::crypto::random::bytes::<8>());
    let document = IdentityDocument::of_citizen_layout(&synthetic::citizen_id(seed));
    let name = synthetic::name(seed % 10_000);
    let profile = Profile::new(name.expose(), document.key(), None);
    let password = crate::crypto::random::token();
    let hash = provider.passwords.hash(password.as_bytes()).await;
    let hash = Some(hash.map_err(|_| OnboardingError::TooMany)?);
    let assurance = IdentityAssurance::REGISTER_MATCH;
    let new = sign_up::new_account(provider, &profile, hash, assurance)?;
    let tell = |event: Event<'_>| event.account(&new.account).record(provider, context);
    let done = tell(audit::done(AuditKind::SignUp).detail("tester", true));
    let taken = tell(audit::refused(AuditKind::SignUp, "the number is taken"));
    // First the portal, whose version decides who may: an account without a portal could not be found.
    let mut document: Document = tracked.document.clone();
    document.testers.push(profile.id_number.clone());
    let same: (Application, Document) = (tracked.application.clone(), document);
    tracking::keep(applicant, same, ClientStep::Keep, |event| event.detail("what", "tester"))
        .await?;
    // The number was drawn from so many that it is free, or nothing is right.
    if !provider.store.add_account(new, done, taken).await? {
        return Err(OnboardingError::Over);
    }
    Ok(Tester { id_number: profile.id_number, password })
}
