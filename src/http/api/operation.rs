//! One operation: path, scope, query, body and answer, in one row from which router, checks and document are
//! made, so that they cannot disagree.

use std::future::Future;
use std::sync::Arc;

use axum::body::Bytes;
use axum::response::IntoResponse;
use axum::response::Response;
use futures_util::future::BoxFuture;
use http::Method;
use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use utoipa::openapi::Object;

use crate::domain::api_scope::ApiScope;
use crate::domain::id::ActId;
use crate::http::api::call::Call;
use crate::http::api::document::Schemas;
use crate::http::api::fields;
use crate::http::api::problem::Problem;
use crate::http::respond;

/// What is done once a request was let in and its body read; not begun before it is awaited.
type Deed = BoxFuture<'static, Response>;
/// Reads the body, and says what is to be done.
type Prepare = dyn Fn(Call, &Bytes) -> Result<Deed, Problem> + Send + Sync;

/// A filter of a list.
pub struct Filter {
    /// Its name in the query.
    pub name: &'static str,
    /// What it keeps.
    pub about: &'static str,
    /// What it may be.
    pub schema: Object,
    /// Whether it has to be there.
    pub required: bool,
}

/// What is sent with a request.
pub enum Sent {
    /// Nothing.
    Nothing,
    /// JSON, of the schema of this name.
    Json(String, fn(&mut Schemas)),
    /// A table (RFC 7111: `text/csv`), of at most so many bytes.
    Csv(usize),
}

/// One operation.
pub struct Operation {
    /// GET reads; POST changes something, but for a look-up that no address may hold.
    pub method: Method,
    /// As the router has it, below the API's own path.
    pub path: &'static str,
    /// `operationId`.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    /// What the token must carry.
    pub scope: ApiScope,
    /// Filters it takes.
    pub filters: Vec<Filter>,
    /// Whether it changes something, and so wants an idempotency key.
    pub changes: bool,
    /// Its body.
    pub sent: Sent,
    /// Status and schema of the answer.
    pub answer: (StatusCode, Shape),
    /// What it does.
    pub prepare: Arc<Prepare>,
}

/// What an answer looks like.
#[derive(Clone)]
pub enum Shape {
    /// Nothing.
    Nothing,
    /// One thing of this name.
    One(String, fn(&mut Schemas)),
    /// A page of things of this name.
    Page(String, fn(&mut Schemas)),
    /// A file of one of these media types.
    File(&'static [&'static str]),
}

/// What a handler answers with.
pub trait Outcome: Send + 'static {
    /// The status of success.
    const STATUS: StatusCode;
    /// What it looks like.
    fn shape() -> Shape;
    /// The answer.
    fn tell(self) -> Response;
}

/// One thing.
pub struct One<T>(pub T);
/// A page of things, and the token of the next page.
pub struct Page<T>(pub Vec<T>, pub Option<String>);
/// Done; there is nothing to say.
pub struct Done;

/// A file.
pub struct File(pub Response);

/// What was asked for waits for a second officer.
#[derive(Serialize, ToSchema)]
pub struct Asked {
    /// The act that waits.
    pub act: uuid::Uuid,
}

impl From<ActId> for Asked {
    fn from(act: ActId) -> Self {
        Self { act: act.0 }
    }
}

fn name_of<T: ToSchema>() -> String {
    T::name().into_owned()
}

impl<T: Serialize + ToSchema + Send + 'static> Outcome for One<T> {
    const STATUS: StatusCode = StatusCode::OK;

    fn shape() -> Shape {
        Shape::One(name_of::<T>(), Schemas::add::<T>)
    }

    fn tell(self) -> Response {
        respond::json(Self::STATUS, &self.0)
    }
}

impl<T: Serialize + ToSchema + Send + 'static> Outcome for Page<T> {
    const STATUS: StatusCode = StatusCode::OK;

    fn shape() -> Shape {
        Shape::Page(name_of::<T>(), Schemas::add::<T>)
    }

    fn tell(self) -> Response {
        let page = serde_json::json!({ "items": self.0, "next_page_token": self.1 });
        respond::json(Self::STATUS, &page)
    }
}

impl Outcome for Asked {
    const STATUS: StatusCode = StatusCode::ACCEPTED;

    fn shape() -> Shape {
        Shape::One(name_of::<Self>(), Schemas::add::<Self>)
    }

    fn tell(self) -> Response {
        respond::json(Self::STATUS, &self)
    }
}

impl Outcome for File {
    const STATUS: StatusCode = StatusCode::OK;

    fn shape() -> Shape {
        Shape::File(&["application/jsonl", "text/csv"])
    }

    fn tell(self) -> Response {
        self.0
    }
}

impl Outcome for Done {
    const STATUS: StatusCode = StatusCode::NO_CONTENT;

    fn shape() -> Shape {
        Shape::Nothing
    }

    fn tell(self) -> Response {
        Self::STATUS.into_response()
    }
}

fn tell<A: Outcome>(answer: Result<A, Problem>) -> Response {
    answer.map_or_else(Problem::into_response, A::tell)
}

impl Operation {
    /// An operation that reads.
    pub fn read<A, F, D>(path: &'static str, scope: ApiScope, act: D) -> Self
    where
        A: Outcome,
        F: Future<Output = Result<A, Problem>> + Send + 'static,
        D: Fn(Call) -> F + Send + Sync + 'static,
    {
        let prepare = move |call: Call, _: &Bytes| -> Result<Deed, Problem> {
            let deed = act(call);
            Ok(Box::pin(async move { tell(deed.await) }))
        };
        Self::new(Method::GET, (path, scope), (A::STATUS, A::shape()), Arc::new(prepare))
    }

    /// An operation that changes something and needs nothing said.
    pub fn change<A, F, D>(path: &'static str, scope: ApiScope, act: D) -> Self
    where
        A: Outcome,
        F: Future<Output = Result<A, Problem>> + Send + 'static,
        D: Fn(Call) -> F + Send + Sync + 'static,
    {
        Self { method: Method::POST, changes: true, ..Self::read(path, scope, act) }
    }

    /// An operation that changes what its body says.
    pub fn send<A, B, F, D>(path: &'static str, scope: ApiScope, act: D) -> Self
    where
        A: Outcome,
        B: DeserializeOwned + ToSchema + Send + 'static,
        F: Future<Output = Result<A, Problem>> + Send + 'static,
        D: Fn(Call, B) -> F + Send + Sync + 'static,
    {
        let prepare = move |call: Call, body: &Bytes| -> Result<Deed, Problem> {
            let deed = act(call, fields::read(body)?);
            Ok(Box::pin(async move { tell(deed.await) }))
        };
        let answer = (A::STATUS, A::shape());
        let plain = Self::new(Method::POST, (path, scope), answer, Arc::new(prepare));
        Self { changes: true, sent: Sent::Json(name_of::<B>(), Schemas::add::<B>), ..plain }
    }

    /// An operation that takes a table of at most so many bytes; what else is said stands in the query.
    pub fn take<A, F, D>((path, largest): (&'static str, usize), scope: ApiScope, act: D) -> Self
    where
        A: Outcome,
        F: Future<Output = Result<A, Problem>> + Send + 'static,
        D: Fn(Call, Bytes) -> F + Send + Sync + 'static,
    {
        let prepare = move |call: Call, body: &Bytes| -> Result<Deed, Problem> {
            let deed = act(call, body.clone());
            Ok(Box::pin(async move { tell(deed.await) }))
        };
        let answer = (A::STATUS, A::shape());
        let plain = Self::new(Method::POST, (path, scope), answer, Arc::new(prepare));
        Self { changes: true, sent: Sent::Csv(largest), ..plain }
    }

    /// What it is called, and what it does.
    #[must_use]
    pub fn named(self, name: &'static str, about: &'static str) -> Self {
        Self { name, about, ..self }
    }

    /// A filter it takes.
    #[must_use]
    pub fn filter(mut self, name: &'static str, about: &'static str, schema: Object) -> Self {
        self.filters.push(Filter { name, about, schema, required: false });
        self
    }

    /// Something the query has to say.
    #[must_use]
    pub fn needs(mut self, name: &'static str, about: &'static str, schema: Object) -> Self {
        self.filters.push(Filter { name, about, schema, required: true });
        self
    }

    /// A look-up whose words no address may hold: POST, but it changes nothing.
    #[must_use]
    pub fn looking(self) -> Self {
        Self { changes: false, ..self }
    }

    /// Whether its answer is a page of a list.
    pub fn is_list(&self) -> bool {
        matches!(self.answer.1, Shape::Page(..))
    }

    fn new(
        method: Method,
        (path, scope): (&'static str, ApiScope),
        answer: (StatusCode, Shape),
        prepare: Arc<Prepare>,
    ) -> Self {
        Self {
            method,
            path,
            name: "",
            about: "",
            scope,
            filters: Vec::new(),
            changes: false,
            sent: Sent::Nothing,
            answer,
            prepare,
        }
    }
}
