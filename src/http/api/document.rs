//! The document of the API (`OpenAPI` 3.1), made from the same rows as its routes.

use std::collections::BTreeMap;

use axum::body::Bytes;
use http::Method;
use http::StatusCode;
use utoipa::PartialSchema;
use utoipa::ToSchema;
use utoipa::openapi::ComponentsBuilder;
use utoipa::openapi::Content;
use utoipa::openapi::HeaderBuilder;
use utoipa::openapi::Info;
use utoipa::openapi::InfoBuilder;
use utoipa::openapi::Object;
use utoipa::openapi::ObjectBuilder;
use utoipa::openapi::OpenApiBuilder;
use utoipa::openapi::PathItem;
use utoipa::openapi::PathsBuilder;
use utoipa::openapi::Ref;
use utoipa::openapi::RefOr;
use utoipa::openapi::Required;
use utoipa::openapi::Response;
use utoipa::openapi::ResponseBuilder;
use utoipa::openapi::Schema;
use utoipa::openapi::Server;
use utoipa::openapi::Type;
use utoipa::openapi::path::HttpMethod;
use utoipa::openapi::path::OperationBuilder;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::path::ParameterBuilder;
use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::path::PathsBuilder as Paths;
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::security::ClientCredentials;
use utoipa::openapi::security::Flow;
use utoipa::openapi::security::OAuth2;
use utoipa::openapi::security::Scopes;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::security::SecurityScheme;

use crate::domain::api_scope::ApiScope;
use crate::domain::tally::Measure;
use crate::http::api::call::LIMIT;
use crate::http::api::call::LONGEST_PAGE;
use crate::http::api::call::PAGE_TOKEN;
use crate::http::api::fields::client_id;
use crate::http::api::fields::one_of;
use crate::http::api::fields::uuid;
use crate::http::api::gate::KEY_PATTERN;
use crate::http::api::operation::Operation;
use crate::http::api::operation::Sent;
use crate::http::api::operation::Shape;
use crate::http::api::problem;
use crate::http::api::problem::Told;
use crate::protocol::discovery;

/// How the security scheme is called.
const SECURITY: &str = "oauth2";
/// The media type of bodies and answers.
const JSON: &str = "application/json";

/// The schemas the document names.
#[derive(Default)]
pub struct Schemas(BTreeMap<String, RefOr<Schema>>);

impl Schemas {
    /// Adds a type, and those it is made of.
    pub fn add<T: ToSchema>(&mut self) {
        let mut parts = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut parts);
        self.0.extend(parts);
    }
}

/// The document, as it is served.
pub fn write(operations: &[Operation], issuer: &str) -> Bytes {
    let issuer = issuer.trim_end_matches('/');
    let mut schemas = Schemas::default();
    schemas.0.insert(Told::name().into_owned(), Told::schema());
    let mut paths: Paths = PathsBuilder::new();
    for operation in operations {
        let method =
            if operation.method == Method::GET { HttpMethod::Get } else { HttpMethod::Post };
        let described = describe(operation, &mut schemas);
        paths = paths.path(operation.path, PathItem::new(method, described));
    }
    let scopes = ApiScope::ALL.iter().map(|scope| (scope.as_str(), scope.about()));
    let token = format!("{issuer}{}", discovery::TOKEN);
    let flow = Flow::ClientCredentials(ClientCredentials::new(token, scopes.collect::<Scopes>()));
    let components = ComponentsBuilder::new()
        .schemas_from_iter(schemas.0)
        .security_scheme(SECURITY, SecurityScheme::OAuth2(OAuth2::new([flow])))
        .build();
    let document = OpenApiBuilder::new()
        .info(info())
        .servers(Some([Server::new(format!("{issuer}{}", discovery::ADMIN_API))]))
        .paths(paths)
        .components(Some(components))
        .build();
    serde_json::to_vec(&document).unwrap_or_default().into()
}

fn info() -> Info {
    InfoBuilder::new()
        .title("Yihao Admin API")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "What operators do in the console, for machines. A machine is a client that a second \
             officer made an operator; it works within its role, its region and the scope of its \
             token. Ask the token endpoint for a token with `grant_type=client_credentials` and \
             `resource` set to the address of this API.",
        ))
        .build()
}

fn describe(operation: &Operation, schemas: &mut Schemas) -> utoipa::openapi::path::Operation {
    let mut built = OperationBuilder::new()
        .operation_id(Some(operation.name))
        .summary(Some(operation.about))
        .tag(operation.path.split('/').nth(1).unwrap_or_default())
        .security(SecurityRequirement::new(SECURITY, [operation.scope.as_str()]));
    for parameter in parameters(operation) {
        built = built.parameter(parameter);
    }
    let body = match &operation.sent {
        Sent::Nothing => None,
        Sent::Json(name, add) => {
            add(schemas);
            Some((JSON, Content::new(Some(Ref::from_schema_name(name)))))
        }
        Sent::Csv(_) => Some(("text/csv", Content::new(Some(text())))),
    };
    if let Some((kind, content)) = body {
        let body = RequestBodyBuilder::new().content(kind, content).required(Some(Required::True));
        built = built.request_body(Some(body.build()));
    }
    let (status, shape) = &operation.answer;
    built = built.response(status.as_str(), success(shape, schemas));
    for status in problems(operation) {
        built = built.response(status.as_str(), failure(status));
    }
    built.build()
}

fn parameters(operation: &Operation) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    let string = || ObjectBuilder::new().schema_type(Type::String);
    if operation.path.contains("{id}") {
        parameters.push(parameter(("id", "Its key"), ParameterIn::Path, key_schema(operation)));
    }
    if operation.changes {
        let about = "A key of the machine's choice: the same request with the same key is done once \
                     within a day, and answered as before";
        let schema = string().pattern(Some(KEY_PATTERN)).build();
        parameters.push(parameter(("Idempotency-Key", about), ParameterIn::Header, schema));
    }
    for filter in &operation.filters {
        let named = (filter.name, filter.about);
        let mut said = parameter(named, ParameterIn::Query, filter.schema.clone());
        if filter.required {
            said.required = Required::True;
        }
        parameters.push(said);
    }
    if operation.is_list() {
        let limit = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(LONGEST_PAGE));
        let about = "At most so many items";
        parameters.push(parameter((LIMIT, about), ParameterIn::Query, limit.build()));
        let about = "`next_page_token` of the page before, for the same list and filters";
        let token = string().max_length(Some(2000)).build();
        parameters.push(parameter((PAGE_TOKEN, about), ParameterIn::Query, token));
    }
    parameters
}

/// Rows of ours have a UUID; a client has the name it was registered with.
fn key_schema(operation: &Operation) -> Object {
    if operation.path.starts_with("/clients/") {
        return client_id();
    }
    if operation.path.starts_with("/statistics/") {
        return one_of(Measure::ALL.iter().map(|measure| measure.as_str()));
    }
    uuid()
}

fn parameter((name, about): (&str, &str), place: ParameterIn, schema: Object) -> Parameter {
    // Most filters, and pages, may be left out; what stands in path or head may not.
    let required =
        if matches!(place, ParameterIn::Query) { Required::False } else { Required::True };
    ParameterBuilder::new()
        .name(name)
        .description(Some(about))
        .parameter_in(place)
        .required(required)
        .schema(Some(schema))
        .build()
}

fn success(shape: &Shape, schemas: &mut Schemas) -> Response {
    let schema: RefOr<Schema> = match shape {
        Shape::Nothing => return Response::new("Done"),
        Shape::One(name, add) => {
            add(schemas);
            Ref::from_schema_name(name).into()
        }
        Shape::Page(name, add) => {
            add(schemas);
            page(name).into()
        }
        Shape::File(kinds) => return file(kinds),
    };
    ResponseBuilder::new().description("Success").content(JSON, Content::new(Some(schema))).build()
}

fn file(kinds: &[&str]) -> Response {
    let built = ResponseBuilder::new().description("A file");
    let with =
        |built: ResponseBuilder, kind: &&str| built.content(*kind, Content::new(Some(text())));
    kinds.iter().fold(built, with).build()
}

fn text() -> Object {
    ObjectBuilder::new().schema_type(Type::String).build()
}

fn page(name: &str) -> Schema {
    let kinds = SchemaType::from_iter([Type::String, Type::Null]);
    let token = ObjectBuilder::new()
        .schema_type(kinds)
        .description(Some("Where the next page begins; null on the last one"));
    let items = ArrayBuilder::new().items(Ref::from_schema_name(name));
    ObjectBuilder::new()
        .property("items", items)
        .required("items")
        .property("next_page_token", token)
        .required("next_page_token")
        .build()
        .into()
}

/// The statuses an operation may refuse with.
fn problems(operation: &Operation) -> Vec<StatusCode> {
    let mut found = vec![
        StatusCode::BAD_REQUEST,
        StatusCode::UNAUTHORIZED,
        StatusCode::FORBIDDEN,
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::SERVICE_UNAVAILABLE,
    ];
    let takes_body = !matches!(operation.sent, Sent::Nothing);
    if operation.path.contains("{id}") || takes_body {
        found.push(StatusCode::NOT_FOUND);
    }
    if operation.is_list() {
        found.push(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    if takes_body {
        found.push(StatusCode::PAYLOAD_TOO_LARGE);
        found.push(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        found.push(StatusCode::UNPROCESSABLE_ENTITY);
    }
    if operation.changes {
        found.push(StatusCode::CONFLICT);
        found.push(StatusCode::UNPROCESSABLE_ENTITY);
    }
    found.sort();
    found.dedup();
    found
}

fn failure(status: StatusCode) -> Response {
    let schema = Content::new(Some(Ref::from_schema_name(Told::name())));
    let mut built = ResponseBuilder::new()
        .description(status.canonical_reason().unwrap_or("Refused"))
        .content(problem::MEDIA_TYPE, schema);
    if [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&status) {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).build();
        let header = HeaderBuilder::new().schema(seconds).description(Some("Seconds to wait"));
        built = built.header("Retry-After", header.build());
    }
    built.build()
}
