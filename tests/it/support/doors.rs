//! The doors of our pages as people use them: pressing one button of many, and looking behind the
//! door afterwards.

use sqlx::Connection;
use sqlx::Executor;
use yihao::domain::account::AccountStatus;
use yihao::domain::audit_event::AuditKind;
use yihao::domain::audit_event::AuditRecord;
use yihao::domain::request_context::RequestContext;
use yihao::notify::Sent;
use yihao::protocol::registration;
use yihao::store::sql::AuditQuery;

use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::browser::Form;

/// Every page of the account centre.
pub const ACCOUNT: [&str; 12] = [
    "/account",
    "/account/sessions",
    "/account/portals",
    "/account/portals/web1",
    "/account/history",
    "/account/password",
    "/account/totp",
    "/account/phone",
    "/account/verification",
    "/account/export",
    "/account/cancel",
    "/account/reauthenticate",
];

impl Page {
    /// The form that contains this text; for pages with more than one.
    pub fn form_with(&self, text: &str) -> Form {
        let forms = self.body.split("<form").skip(1).map(|rest| rest.split("</form>").next());
        let found = forms.flatten().find(|form| form.contains(text));
        let found = found.unwrap_or_else(|| panic!("no form with {text}: {}", self.body));
        let alone = Self { body: format!("<form{found}</form>"), ..self.clone() };
        alone.form()
    }

    /// The form token on the page.
    pub fn csrf(&self) -> String {
        self.form().fields.get("csrf").cloned().expect("a form token")
    }

    /// The headers that every page and every redirect has (security.md A-12).
    pub fn assert_headers(&self) {
        let policy = self.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{}: {policy}", self.url);
        assert!(
            policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"),
            "{policy}"
        );
        for (name, value) in [
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(self.header(name), value, "{}: {name}", self.url);
        }
        assert_eq!(self.header("x-request-id").len(), 32);
    }

    /// The request id of the answer.
    pub fn request_id(&self) -> &str {
        self.header("x-request-id")
    }

    /// The body without what differs from browser to browser and from request to request.
    pub fn plain_body(&self, typed: &str) -> String {
        let mut body = self.body.replace(self.request_id(), "REQUEST");
        for name in ["csrf", "tx", "challenge"] {
            let field = format!("name=\"{name}\" value=\"");
            let values = self.body.split(&field).skip(1);
            for value in values.filter_map(|rest| rest.split('"').next()) {
                body = body.replace(value, &name.to_uppercase());
            }
        }
        if typed.is_empty() { body } else { body.replace(typed, "TYPED") }
    }

    /// The `Set-Cookie` headers.
    pub fn set_cookies(&self) -> Vec<String> {
        let cookies = self.headers.get_all("set-cookie").iter();
        cookies.map(|value| value.to_str().unwrap().to_owned()).collect()
    }
}

impl Browser {
    /// Sends the form that contains `text`, with these fields.
    pub async fn press(&self, page: &Page, text: &str, fields: &[(&str, &str)]) -> Page {
        let form = page.form_with(text);
        let mut all = form.fields.clone();
        all.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let all: Vec<_> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post(form.action.as_str(), &all).await
    }
}

impl TestProvider {
    /// The audit records of one request.
    pub async fn records_of(&self, page: &Page) -> Vec<AuditRecord> {
        let query = AuditQuery { account_id: None, before: None, limit: 10_000 };
        let found = self.provider.store.find_audit(&query).await.unwrap();
        let id = page.request_id();
        found.into_iter().map(|sealed| sealed.record).filter(|r| r.request_id == id).collect()
    }

    /// The one refusal that a request left, as `kind reason`.
    pub async fn refusal_of(&self, page: &Page) -> String {
        let records = self.records_of(page).await;
        let [record] = records.as_slice() else { panic!("one record, not {records:?}") };
        assert_eq!(record.outcome, "refused");
        format!("{} {}", record.kind, record.reason)
    }

    /// What a query counts in the database.
    pub async fn count(&self, query: &str) -> i64 {
        self.value(query).await
    }

    /// A value in the database.
    pub async fn value<T>(&self, query: &str) -> T
    where
        T: Send + Unpin + sqlx::Type<sqlx::Sqlite> + for<'r> sqlx::Decode<'r, sqlx::Sqlite>,
        T: sqlx::Type<sqlx::Postgres> + for<'r> sqlx::Decode<'r, sqlx::Postgres>,
    {
        let url = self.provider.config.database_url().unwrap();
        let query = sqlx::AssertSqlSafe(query.to_owned());
        if url.starts_with("sqlite:") {
            let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
            return sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap();
        }
        let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
        sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap()
    }

    /// Runs a statement behind the provider's back.
    pub async fn execute(&self, statement: &str) {
        let url = self.provider.config.database_url().unwrap();
        let statement = sqlx::AssertSqlSafe(statement.to_owned());
        if url.starts_with("sqlite:") {
            let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
            connection.execute(statement).await.unwrap();
            return;
        }
        let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
        connection.execute(statement).await.unwrap();
    }

    /// Whether this provider runs on PostgreSQL.
    pub fn is_on_postgres(&self) -> bool {
        self.provider.config.database.url.starts_with("postgres")
    }

    /// Runs `meanwhile` while this statement of somebody else's waits for its commit, which comes after
    /// `meanwhile` has read what is there and before it can write.
    pub async fn overtaken_by<T>(&self, statement: &str, meanwhile: impl Future<Output = T>) -> T {
        let url = self.provider.config.database_url().unwrap();
        let statement = sqlx::AssertSqlSafe(statement.to_owned());
        let pause = || tokio::time::sleep(std::time::Duration::from_millis(500));
        if url.starts_with("postgres") {
            let mut other = sqlx::PgConnection::connect(&url).await.unwrap();
            let mut transaction = other.begin().await.unwrap();
            transaction.execute(statement).await.unwrap();
            let commit = async {
                pause().await;
                transaction.commit().await.unwrap();
            };
            return tokio::join!(meanwhile, commit).0;
        }
        let mut other = sqlx::SqliteConnection::connect(&url).await.unwrap();
        let mut transaction = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
        transaction.execute(statement).await.unwrap();
        let commit = async {
            pause().await;
            transaction.commit().await.unwrap();
        };
        tokio::join!(meanwhile, commit).0
    }

    /// Runs `meanwhile` while these tables can be read and nothing can be written to them.
    pub async fn while_nothing_is_written<T>(
        &self,
        tables: &str,
        meanwhile: impl Future<Output = T>,
    ) -> T {
        let url = self.provider.config.database_url().unwrap();
        if url.starts_with("postgres") {
            let mut other = sqlx::PgConnection::connect(&url).await.unwrap();
            let mut transaction = other.begin().await.unwrap();
            let lock = format!("LOCK TABLE {tables} IN EXCLUSIVE MODE");
            transaction.execute(sqlx::AssertSqlSafe(lock)).await.unwrap();
            let result = meanwhile.await;
            transaction.rollback().await.unwrap();
            return result;
        }
        let mut other = sqlx::SqliteConnection::connect(&url).await.unwrap();
        let transaction = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
        let result = meanwhile.await;
        transaction.rollback().await.unwrap();
        result
    }

    /// How many rows these tables have.
    pub async fn rows(&self, tables: &[&str]) -> Vec<i64> {
        let mut counts = Vec::new();
        for table in tables {
            counts.push(self.count(&format!("SELECT COUNT(*) FROM {table}")).await);
        }
        counts
    }

    /// The code of the `nth` message, counted from one.
    pub async fn code_of_message(&self, nth: usize) -> String {
        let mut messages = self.messages().await;
        messages.reverse();
        let message = messages.get(nth - 1).expect("so many messages");
        message.code.clone().expect("a code in the message")
    }

    /// How many messages left, those under way among them.
    pub async fn messages_sent(&self) -> usize {
        self.messages().await.len()
    }

    /// What was sent, newest first, once nothing is under way any more: messages leave after the answer.
    pub async fn messages(&self) -> Vec<Sent> {
        let under_way = &self.provider.under_way;
        while !under_way.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        self.outbox.messages()
    }

    /// The newest message to this phone, once nothing is under way any more.
    pub async fn last_message_to(&self, phone: &str) -> Option<Sent> {
        self.messages().await;
        self.outbox.last_to(&phone.parse().expect("a phone"))
    }

    /// Switches a client off, or on again a second later.
    pub async fn switch_client(&self, id: &str, off: bool) {
        let id = yihao::domain::client::ClientId::parse(id).unwrap();
        self.clock.advance(1_000);
        let client = self.provider.store.find_client(&id).await.unwrap().unwrap();
        let context = RequestContext::internal("test");
        let switched =
            registration::set_disabled(&self.provider, &context, &client, off, None).await;
        switched.unwrap();
        self.clock.advance(1_000);
    }

    /// Locks, unlocks or cancels the account of a person.
    pub async fn set_status(&self, person: &Person, status: AccountStatus) {
        let account = self.account(person).await;
        let context = RequestContext::internal("test");
        let record = yihao::audit::done(AuditKind::AccountLocked).account(&account);
        let record = record.record(&self.provider, &context);
        let (store, now) = (&self.provider.store, self.clock.now());
        assert!(store.set_account_status(account.id, status, record, now).await.unwrap());
    }

    /// Moves the clock.
    pub fn wait_seconds(&self, seconds: i64) {
        self.clock.advance(seconds * 1000);
    }
}
