//! Operators and their invitations. An invitation is accepted once, and the last officer of a kind stays:
//! decided by conditional statements.

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::domain::client::ClientId;
use crate::domain::id::InvitationDigest;
use crate::domain::id::OperatorId;
use crate::domain::operator::Operator;
use crate::domain::operator::Region;
use crate::domain::operator::Role;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::audit::append;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;
use crate::store::sql::db::fetch_in;

/// An invitation to become an operator.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Digest of the token in its address.
    pub digest: InvitationDigest,
    /// Set for the first officer of a kind: then there is one such invitation at a time.
    pub slot: Option<Role>,
    /// The name, sealed.
    pub name: Vec<u8>,
    /// As what.
    pub role: Role,
    /// For where.
    pub region: Option<Region>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it can be accepted.
    pub expires_at: Timestamp,
}

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: uuid::Uuid,
    login_name: String,
    name: Vec<u8>,
    role: String,
    region: Option<String>,
    status: String,
    password_hash: String,
    totp_secret: Vec<u8>,
    credential_epoch: i64,
    last_login_at: Option<i64>,
    created_at: i64,
    client_id: Option<String>,
}

#[derive(sqlx::FromRow)]
struct InvitationRow {
    digest: Vec<u8>,
    slot: Option<String>,
    name: Vec<u8>,
    role: String,
    region: Option<String>,
    created_at: i64,
    expires_at: i64,
}

/// The text that reads the active people of one's role, oneself among them; `$lock` as the engine needs it.
macro_rules! colleagues {
    ($lock:literal) => {
        concat!(
            "SELECT id FROM operator WHERE status = 'active' AND client_id IS NULL AND role =
                (SELECT role FROM operator WHERE id = $1) ORDER BY id ",
            $lock
        )
    };
}

/// The text that reads operators.
macro_rules! select_operator {
    ($rest:literal) => {
        concat!(
            "SELECT o.id, o.login_name, o.name, o.role, o.region, o.status, o.password_hash,
                    o.totp_secret, o.credential_epoch, o.last_login_at, o.created_at, o.client_id ",
            $rest
        )
    };
}

pub(super) use select_operator;

impl Store {
    /// The operator of that key.
    pub async fn find_operator(&self, id: OperatorId) -> Result<Option<Operator>, StoreError> {
        let sql = select_operator!("FROM operator o WHERE o.id = $1");
        let row = fetch!(&self.db, fetch_optional, Row, sql, id.0)?;
        row.map(Row::read).transpose()
    }

    /// The operator of that login name.
    pub async fn find_operator_by_login_name(
        &self,
        login_name: &str,
    ) -> Result<Option<Operator>, StoreError> {
        let sql = select_operator!("FROM operator o WHERE o.login_name = $1");
        let row = fetch!(&self.db, fetch_optional, Row, sql, login_name)?;
        row.map(Row::read).transpose()
    }

    /// Every operator, the newest last. There are hundreds, never millions.
    pub async fn list_operators(&self) -> Result<Vec<Operator>, StoreError> {
        let sql = select_operator!("FROM operator o ORDER BY o.created_at, o.id");
        let rows = fetch!(&self.db, fetch_all, Row, sql)?;
        rows.into_iter().map(Row::read).collect()
    }

    /// Whether a person of this role is active; a machine decides nothing, so it does not count.
    pub async fn has_operator(&self, role: Role) -> Result<bool, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            (i64,),
            "SELECT COUNT(*) FROM operator
              WHERE role = $1 AND status = 'active' AND client_id IS NULL",
            role.as_str()
        )?;
        Ok(row.is_some_and(|row| row.0 > 0))
    }

    /// Keeps an invitation; `false` when its slot is taken by one that can still be accepted.
    pub async fn add_invitation(
        &self,
        new: Invitation,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let kept = insert_invitation(tx, &new).await?;
                if kept {
                    append(tx, &record).await?;
                }
                Ok(kept)
            })
        })
        .await
    }

    /// Disables an operator from the terminal, the last of a kind too: whoever has the machine can invite
    /// another.
    pub async fn disable_operator(
        &self,
        id: OperatorId,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let disabled = end(tx, id, record.at).await?;
                if disabled {
                    append(tx, &record).await?;
                }
                Ok(disabled)
            })
        })
        .await
    }

    /// Voids the invitations of first officers that nobody accepted.
    pub async fn void_first_invitations(&self) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "UPDATE operator_invitation SET slot = NULL, expires_at = 0
                      WHERE slot IS NOT NULL AND accepted_at IS NULL"
                )
                .map(drop)
            })
        })
        .await
    }

    /// The invitation of that token, if it can be accepted.
    pub async fn find_invitation(
        &self,
        digest: InvitationDigest,
        now: Timestamp,
    ) -> Result<Option<Invitation>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            InvitationRow,
            "SELECT digest, slot, name, role, region, created_at, expires_at
               FROM operator_invitation
              WHERE digest = $1 AND accepted_at IS NULL AND expires_at > $2",
            digest.as_bytes(),
            now.0
        )?;
        row.map(InvitationRow::read).transpose()
    }

    /// Invitations that wait.
    pub async fn list_invitations(&self, now: Timestamp) -> Result<Vec<Invitation>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            InvitationRow,
            "SELECT digest, slot, name, role, region, created_at, expires_at
               FROM operator_invitation WHERE accepted_at IS NULL AND expires_at > $1
              ORDER BY created_at",
            now.0
        )?;
        rows.into_iter().map(InvitationRow::read).collect()
    }

    /// Makes the operator of an invitation, and spends the step of the code that proved the app. Of
    /// concurrent callers exactly one gets `true`; `Taken` when the login name is.
    pub async fn accept_invitation(
        &self,
        digest: InvitationDigest,
        new: Operator,
        step: i64,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let accepted = execute!(
                    tx,
                    "UPDATE operator_invitation SET accepted_at = $2, slot = NULL
                      WHERE digest = $1 AND accepted_at IS NULL AND expires_at > $2",
                    digest.as_bytes(),
                    record.at.0
                )? == 1;
                if !accepted {
                    return Ok(false);
                }
                insert_operator(tx, &new, step).await?;
                append(tx, &record).await?;
                Ok(true)
            })
        })
        .await
    }
}

/// Keeps an invitation; one of the same slot that nobody accepted in time gives way.
pub(super) async fn insert_invitation(
    tx: &mut Tx<'_>,
    new: &Invitation,
) -> Result<bool, StoreError> {
    let slot = new.slot.map(Role::as_str);
    execute!(
        tx,
        "UPDATE operator_invitation SET slot = NULL WHERE slot = $1 AND expires_at <= $2",
        slot,
        new.created_at.0
    )?;
    let kept = execute!(
        tx,
        "INSERT INTO operator_invitation (digest, slot, name, role, region, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (slot) DO NOTHING",
        new.digest.as_bytes(),
        slot,
        new.name.as_slice(),
        new.role.as_str(),
        new.region.as_ref().map(Region::code),
        new.created_at.0,
        new.expires_at.0
    )?;
    Ok(kept == 1)
}

/// Disables an operator and ends his sessions; `false` when he was not active, or is the last officer
/// of his kind. The officers of the kind are locked first, so that two cannot disable one another.
pub(super) async fn disable(
    tx: &mut Tx<'_>,
    id: OperatorId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let colleagues = match tx {
        Tx::Postgres(_) => colleagues!("FOR UPDATE"),
        Tx::Sqlite { .. } => colleagues!(""),
    };
    let active = fetch_in!(tx, fetch_all, (uuid::Uuid,), colleagues, id.0)?;
    let row = fetch_in!(
        tx,
        fetch_optional,
        (String, Option<String>),
        "SELECT role, client_id FROM operator WHERE id = $1 AND status = 'active'",
        id.0
    )?;
    let Some((role, machine)) = row else { return Ok(false) };
    let role = Role::parse(&role).ok_or(StoreError::Unreadable("operator"))?;
    if role.is_officer() && machine.is_none() && active.len() < 2 {
        return Ok(false);
    }
    end(tx, id, now).await
}

async fn end(tx: &mut Tx<'_>, id: OperatorId, now: Timestamp) -> Result<bool, StoreError> {
    let ended = execute!(
        tx,
        "UPDATE operator SET status = 'disabled', credential_epoch = credential_epoch + 1
          WHERE id = $1 AND status = 'active'",
        id.0
    )? == 1;
    execute!(
        tx,
        "UPDATE operator_session SET ended_at = $2 WHERE operator_id = $1 AND ended_at IS NULL",
        id.0,
        now.0
    )?;
    Ok(ended)
}

pub(super) async fn insert_operator(
    tx: &mut Tx<'_>,
    new: &Operator,
    step: i64,
) -> Result<(), StoreError> {
    let written = execute!(
        tx,
        "INSERT INTO operator (id, login_name, name, role, region, status, password_hash,
                               totp_secret, totp_last_step, credential_epoch, created_at, client_id)
         VALUES ($1, $2, $3, $4, $5, 'active', $6, $7, $8, $9, $10, $11)
         ON CONFLICT DO NOTHING",
        new.id.0,
        new.login_name.as_str(),
        new.name.as_slice(),
        new.role.as_str(),
        new.region.as_ref().map(Region::code),
        new.password_hash.as_str(),
        new.totp_secret.as_slice(),
        step,
        new.credential_epoch,
        new.created_at.0,
        new.client_id.as_ref().map(ClientId::as_str)
    )?;
    // An error leaves invitation or act as it was.
    if written == 1 { Ok(()) } else { Err(StoreError::Taken) }
}

fn region(code: Option<String>) -> Result<Option<Region>, StoreError> {
    let read = |code: String| Region::parse(&code).ok_or(StoreError::Unreadable("region"));
    code.map(read).transpose()
}

impl Row {
    pub(super) fn read(self) -> Result<Operator, StoreError> {
        Ok(Operator {
            id: OperatorId(self.id),
            login_name: self.login_name,
            name: self.name,
            role: Role::parse(&self.role).ok_or(StoreError::Unreadable("operator"))?,
            region: region(self.region)?,
            is_active: self.status == "active",
            password_hash: self.password_hash,
            totp_secret: self.totp_secret,
            credential_epoch: self.credential_epoch,
            last_login_at: self.last_login_at.map(Timestamp),
            created_at: Timestamp(self.created_at),
            client_id: match self.client_id {
                None => None,
                Some(id) => Some(ClientId::parse(&id).ok_or(StoreError::Unreadable("operator"))?),
            },
        })
    }
}

impl InvitationRow {
    fn read(self) -> Result<Invitation, StoreError> {
        let unreadable = || StoreError::Unreadable("invitation");
        Ok(Invitation {
            digest: InvitationDigest(self.digest.try_into().map_err(|_| unreadable())?),
            slot: self.slot.and_then(|slot| Role::parse(&slot)),
            name: self.name,
            role: Role::parse(&self.role).ok_or_else(unreadable)?,
            region: region(self.region)?,
            created_at: Timestamp(self.created_at),
            expires_at: Timestamp(self.expires_at),
        })
    }
}
