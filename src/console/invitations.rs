//! Invitations: how an operator comes to be. There is no default account and no default password; the first
//! officer of each kind is invited on the terminal of the machine (security.md A-67).

use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::audit;
use crate::clock::Timestamp;
use crate::console::seal_name;
use crate::crypto::password::Busy;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::InvitationDigest;
use crate::domain::id::OperatorId;
use crate::domain::operator::LoginName;
use crate::domain::operator::Operator;
use crate::domain::operator::Region;
use crate::domain::operator::Role;
use crate::domain::password;
use crate::domain::password::PasswordError;
use crate::domain::password::PasswordRule;
use crate::domain::request_context::RequestContext;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::store::sql::Invitation;
use crate::totp;
use crate::totp::Skew;
use crate::vault::VaultError;

/// How long an invitation can be accepted.
pub const LIFETIME: Duration = Duration::from_hours(72);
/// What the seal of a pending app is bound to.
const PURPOSE: &str = "operator invitation";

/// What the page of an invitation shows.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The invitation.
    pub invitation: Invitation,
    /// The `otpauth` address the QR code holds.
    pub uri: String,
    /// The secret for those who type it.
    pub secret: String,
    /// What comes back with the code.
    pub challenge: String,
}

/// What somebody who was invited fills in.
#[derive(Debug, Clone, Copy)]
pub struct Form<'a> {
    /// The login name he wants.
    pub login_name: &'a str,
    /// The password.
    pub password: &'a str,
    /// The same once more.
    pub password_again: &'a str,
    /// What the page carried.
    pub challenge: &'a str,
    /// A code of the app.
    pub code: &'a str,
}

/// Why an invitation was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// It was used, withdrawn, or is over.
    #[error("the invitation is over")]
    Over,
    /// The login name is none.
    #[error("the login name is not valid")]
    LoginName,
    /// Somebody else has it.
    #[error("the login name is taken")]
    Taken,
    /// The password is not good enough.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// Typed differently the second time.
    #[error("the two passwords differ")]
    Mismatch,
    /// The code is wrong.
    #[error("the code is wrong")]
    Code,
    /// Too many hashes at this moment.
    #[error("busy")]
    Busy,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl From<Busy> for AcceptError {
    fn from(_: Busy) -> Self {
        Self::Busy
    }
}

#[derive(Serialize, Deserialize)]
struct Pending {
    invitation: [u8; 32],
    secret: Vec<u8>,
}

/// A new invitation: the token for its address, and what is kept.
pub fn new(
    provider: &Provider,
    (name, role): (&str, Role),
    region: Option<Region>,
    slot: Option<Role>,
) -> (String, Invitation) {
    let token = crate::crypto::random::token();
    let now = provider.clock.now();
    let invitation = Invitation {
        digest: InvitationDigest::of(&token),
        slot,
        name: seal_name(provider, name),
        role,
        region,
        created_at: now,
        expires_at: now.plus(LIFETIME),
    };
    (token, invitation)
}

/// Where an invitation is accepted.
pub fn url(provider: &Provider, token: &str) -> String {
    let issuer = provider.config.issuer_text();
    format!("{}/console/invitation?token={token}", issuer.trim_end_matches('/'))
}

/// Invites the first officer of every kind nobody has, once; gives role and address. On a second node, or
/// at the next start, an invitation that still waits is not made again.
pub async fn invite_first(
    provider: &Provider,
    context: &RequestContext,
) -> Result<Vec<(Role, String)>, StoreError> {
    let mut made = Vec::new();
    for role in Role::OFFICERS {
        if provider.store.has_operator(role).await? {
            continue;
        }
        let (token, invitation) = new(provider, (role.title(), role), None, Some(role));
        let record = audit::done(AuditKind::OperatorInvited).detail("role", role.as_str());
        let record = record.detail("by", "terminal").record(provider, context);
        if provider.store.add_invitation(invitation, record).await? {
            made.push((role, url(provider, &token)));
        }
    }
    Ok(made)
}

/// The invitation of this token with a new secret for an app; none when it is over.
pub async fn offer(provider: &Provider, token: &str) -> Result<Option<Offer>, AcceptError> {
    let Some(invitation) = find(provider, token).await? else { return Ok(None) };
    let secret = totp::generate_secret().to_vec();
    let pending = Pending { invitation: invitation.digest.0, secret };
    show(provider, invitation, &pending).map(Some)
}

/// The same secret again, after something was wrong.
pub async fn offer_again(
    provider: &Provider,
    token: &str,
    challenge: &str,
) -> Result<Option<Offer>, AcceptError> {
    let Some(invitation) = find(provider, token).await? else { return Ok(None) };
    match open(provider, &invitation, challenge) {
        Ok(pending) => show(provider, invitation, &pending).map(Some),
        Err(_) => offer(provider, token).await,
    }
}

/// Accepts an invitation: the operator exists from now on.
pub async fn accept(
    provider: &Provider,
    context: &RequestContext,
    token: &str,
    form: Form<'_>,
) -> Result<(), AcceptError> {
    let invitation = find(provider, token).await?.ok_or(AcceptError::Over)?;
    let login_name = LoginName::parse(form.login_name).ok_or(AcceptError::LoginName)?;
    let name = crate::console::name_of(provider, &invitation.name)?;
    let chosen = (form.password, form.password_again);
    let bytes = check_password(provider, chosen, [&name, login_name.as_str()]).await?;
    let pending = open(provider, &invitation, form.challenge)?;
    let now = provider.clock.now();
    let step = totp::matching_step(&pending.secret, form.code, Skew::None, now);
    let step = step.ok_or(AcceptError::Code)?;
    let id = OperatorId::generate();
    let operator = Operator {
        id,
        login_name: login_name.as_str().to_owned(),
        name: invitation.name.clone(),
        role: invitation.role,
        region: invitation.region.clone(),
        is_active: true,
        password_hash: provider.passwords.hash(&bytes).await?,
        totp_secret: provider.vault.seal_data(&secret_purpose(id), &pending.secret),
        credential_epoch: 0,
        last_login_at: None,
        created_at: now,
        client_id: None,
    };
    let record = audit::done(AuditKind::OperatorJoined).operator(id);
    let record = record.detail("role", operator.role.as_str()).record(provider, context);
    let accepted = provider.store.accept_invitation(invitation.digest, operator, step, record);
    match accepted.await {
        Ok(true) => Ok(()),
        Ok(false) => Err(AcceptError::Over),
        Err(StoreError::Taken) => Err(AcceptError::Taken),
        Err(error) => Err(error.into()),
    }
}

/// Whether an operator of this name and login name may choose the password; gives what is hashed.
pub(super) async fn check_password(
    provider: &Provider,
    (new, again): (&str, &str),
    known: [&str; 2],
) -> Result<Vec<u8>, AcceptError> {
    let (typed, known) = (new.to_owned(), known.map(str::to_owned));
    let judged = provider.passwords.apart(move || {
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        password::check(&typed, PasswordRule::Mlps3, &known)
    });
    let bytes = judged.await??;
    if new == again { Ok(bytes) } else { Err(AcceptError::Mismatch) }
}

/// What the seal of an operator's secret is bound to.
pub fn secret_purpose(operator: OperatorId) -> String {
    format!("operator totp {operator}")
}

async fn find(provider: &Provider, token: &str) -> Result<Option<Invitation>, StoreError> {
    let now: Timestamp = provider.clock.now();
    provider.store.find_invitation(InvitationDigest::of(token), now).await
}

fn open(
    provider: &Provider,
    invitation: &Invitation,
    challenge: &str,
) -> Result<Pending, AcceptError> {
    let pending: Pending =
        provider.vault.open_transit(PURPOSE, challenge).map_err(|_| AcceptError::Code)?;
    (pending.invitation == invitation.digest.0).then_some(pending).ok_or(AcceptError::Code)
}

fn show(
    provider: &Provider,
    invitation: Invitation,
    pending: &Pending,
) -> Result<Offer, AcceptError> {
    let host = provider.config.issuer.host_str().unwrap_or("yihao");
    let label = format!("console {}", invitation.role.as_str());
    let uri = totp::provisioning_uri(&pending.secret, host, &label).ok_or(AcceptError::Code)?;
    Ok(Offer {
        invitation,
        uri,
        secret: totp::grouped(&pending.secret),
        challenge: provider.vault.seal_transit(PURPOSE, pending)?,
    })
}
