//! Portals' applications. Every step is one conditional statement on the version that was read, and what it
//! does to the client happens in its transaction.

use crate::clock::Timestamp;
use crate::domain::application::Application;
use crate::domain::application::State;
use crate::domain::audit_event::AuditRecord;
use crate::domain::client::Client;
use crate::domain::client::ClientId;
use crate::domain::client_change::ClientChange;
use crate::domain::id::ApplicationId;
use crate::domain::id::OperatorId;
use crate::domain::id::TrackingDigest;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::cache::Change;
use crate::store::sql::audit::append;
use crate::store::sql::clients;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;

/// An application as it becomes, and what happens to its client.
#[derive(Debug, Clone)]
pub struct ApplicationStep {
    /// The application after the step; its version is the one that was read.
    pub to: Application,
    /// The client.
    pub client: ClientStep,
}

/// What happens to the client of an application.
#[derive(Debug, Clone)]
pub enum ClientStep {
    /// Nothing.
    Keep,
    /// It is registered.
    Add(Box<Client>),
    /// It changes.
    Change(ClientChange),
    /// It gets another logo.
    Draw(Logo),
}

/// A logo, as it is served.
#[derive(Debug, Clone)]
pub struct Logo {
    /// SM3 of the picture, hexadecimal.
    pub digest: String,
    /// The picture.
    pub png: Vec<u8>,
}

/// Which applications are wanted.
#[derive(Debug, Clone, Default)]
pub struct ApplicationQuery {
    /// In these states; in any, when there is none.
    pub state: Option<State>,
    /// Of this supplier.
    pub supplier: Option<String>,
    /// To be renewed before then.
    pub due_before: Option<Timestamp>,
    /// Older than this one.
    pub before: Option<ApplicationId>,
    /// At most so many.
    pub limit: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: uuid::Uuid,
    tracking_digest: Vec<u8>,
    state: String,
    document: Vec<u8>,
    supplier: Option<String>,
    client_id: Option<String>,
    name_key: Option<String>,
    reviewed_by: Option<uuid::Uuid>,
    renew_by: Option<i64>,
    version: i64,
    submitted_at: i64,
    updated_at: i64,
}

/// The text that reads applications.
macro_rules! select_application {
    ($rest:literal) => {
        concat!(
            "SELECT id, tracking_digest, state, document, supplier, client_id, name_key,
                    reviewed_by, renew_by, version, submitted_at, updated_at FROM application ",
            $rest
        )
    };
}

impl Store {
    /// Keeps a new application.
    pub async fn add_application(
        &self,
        new: Application,
        record: AuditRecord,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "INSERT INTO application (id, tracking_digest, state, document, supplier,
                                              version, submitted_at, updated_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                    new.id.0,
                    new.tracking.as_bytes(),
                    new.state.as_str(),
                    new.document.as_slice(),
                    new.supplier.as_deref(),
                    new.version,
                    new.submitted_at.0,
                    new.updated_at.0
                )?;
                append(tx, &record).await
            })
        })
        .await
    }

    /// The application of that key.
    pub async fn find_application(
        &self,
        id: ApplicationId,
    ) -> Result<Option<Application>, StoreError> {
        let sql = select_application!("WHERE id = $1");
        let row = fetch!(&self.db, fetch_optional, Row, sql, id.0)?;
        row.map(Row::read).transpose()
    }

    /// The application of that tracking link.
    pub async fn find_application_by_tracking(
        &self,
        digest: TrackingDigest,
    ) -> Result<Option<Application>, StoreError> {
        let sql = select_application!("WHERE tracking_digest = $1");
        let row = fetch!(&self.db, fetch_optional, Row, sql, digest.as_bytes())?;
        row.map(Row::read).transpose()
    }

    /// Applications, newest first, one page.
    pub async fn find_applications(
        &self,
        query: &ApplicationQuery,
    ) -> Result<Vec<Application>, StoreError> {
        let sql = select_application!(
            "WHERE (CAST($1 AS TEXT) IS NULL OR state = $1)
               AND (CAST($2 AS TEXT) IS NULL OR supplier = $2)
               AND (CAST($3 AS BIGINT) IS NULL
                    OR (renew_by <= $3 AND state IN ('live', 'retire_asked')))
               AND id < $4
             ORDER BY id DESC LIMIT $5"
        );
        let before = query.before.map_or(uuid::Uuid::max(), |id| id.0);
        let rows = fetch!(
            &self.db,
            fetch_all,
            Row,
            sql,
            query.state.map(State::as_str),
            query.supplier.as_deref(),
            query.due_before.map(|at| at.0),
            before,
            query.limit
        )?;
        rows.into_iter().map(Row::read).collect()
    }

    /// The logo of a client, if it is the one with this digest.
    pub async fn find_logo(
        &self,
        client: &ClientId,
        digest: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            (Vec<u8>,),
            "SELECT png FROM client_logo WHERE client_id = $1 AND digest = $2",
            client.as_str(),
            digest
        )?;
        Ok(row.map(|row| row.0))
    }

    /// How many applications are in these states.
    pub async fn count_applications(&self, states: [State; 2]) -> Result<i64, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            (i64,),
            "SELECT COUNT(*) FROM application WHERE state IN ($1, $2)",
            states[0].as_str(),
            states[1].as_str()
        )?;
        Ok(row.map_or(0, |row| row.0))
    }

    /// Takes a step; `false` when somebody else took one since the application was read, when the name is
    /// another portal's, or the client is not there.
    pub async fn step_application(
        &self,
        step: ApplicationStep,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        let client_id = step.to.client_id.clone();
        let taken = self
            .write(move |tx| {
                Box::pin(async move {
                    if !take_step(tx, &step, record.at).await? {
                        // An error undoes what was done by then.
                        return Err(StoreError::Taken);
                    }
                    append(tx, &record).await?;
                    Ok(true)
                })
            })
            .await;
        if let Some(id) = client_id {
            self.caches.forget(Change::Client(id));
        }
        match taken {
            Err(StoreError::Taken) => Ok(false),
            other => other,
        }
    }
}

/// Takes a step inside a transaction; after `false` nothing of it may be committed.
pub(super) async fn take_step(
    tx: &mut Tx<'_>,
    step: &ApplicationStep,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let to = &step.to;
    let stepped = execute!(
        tx,
        "UPDATE application SET tracking_digest = $3, state = $4, document = $5, supplier = $6,
                name_key = $7, reviewed_by = $8, renew_by = $9, version = version + 1,
                updated_at = $10
          WHERE id = $1 AND version = $2 AND NOT EXISTS
                (SELECT 1 FROM application o WHERE o.name_key = $7 AND o.id <> $1)",
        to.id.0,
        to.version,
        to.tracking.as_bytes(),
        to.state.as_str(),
        to.document.as_slice(),
        to.supplier.as_deref(),
        to.name_key.as_deref(),
        to.reviewed_by.map(|id| id.0),
        to.renew_by.map(|at| at.0),
        now.0
    )? == 1;
    if !stepped {
        return Ok(false);
    }
    match (&step.client, &to.client_id) {
        (ClientStep::Keep, _) => Ok(true),
        (ClientStep::Add(client), Some(id)) => {
            let added = clients::insert(tx, client, now).await?;
            execute!(
                tx,
                "UPDATE application SET client_id = $2 WHERE id = $1 AND client_id IS NULL",
                to.id.0,
                id.as_str()
            )
            .map(|joined| added && joined == 1)
        }
        (ClientStep::Draw(logo), Some(id)) => {
            execute!(
                tx,
                "INSERT INTO client_logo (client_id, digest, png, created_at)
                 VALUES ($1, $2, $3, $4) ON CONFLICT (client_id) DO UPDATE
                 SET digest = excluded.digest, png = excluded.png,
                     created_at = excluded.created_at",
                id.as_str(),
                logo.digest.as_str(),
                logo.png.as_slice(),
                now.0
            )?;
            clients::change(tx, id, &ClientChange::Logo(logo.digest.clone()), now).await
        }
        (ClientStep::Change(change), Some(id)) => clients::change(tx, id, change, now).await,
        (_, None) => Ok(false),
    }
}

impl Row {
    fn read(self) -> Result<Application, StoreError> {
        let unreadable = || StoreError::Unreadable("application");
        let client_id = match self.client_id {
            None => None,
            Some(id) => Some(ClientId::parse(&id).ok_or_else(unreadable)?),
        };
        let tracking = self.tracking_digest.try_into().map_err(|_| unreadable())?;
        Ok(Application {
            id: ApplicationId(self.id),
            tracking: TrackingDigest(tracking),
            state: State::parse(&self.state).ok_or_else(unreadable)?,
            document: self.document,
            supplier: self.supplier,
            client_id,
            name_key: self.name_key,
            reviewed_by: self.reviewed_by.map(OperatorId),
            renew_by: self.renew_by.map(Timestamp),
            version: self.version,
            submitted_at: Timestamp(self.submitted_at),
            updated_at: Timestamp(self.updated_at),
        })
    }
}
