//! `/statistics`: what the dashboards show, as numbers.

use serde::Serialize;
use utoipa::ToSchema;

use crate::console::dashboards;
use crate::console::dashboards::Line;
use crate::console::dashboards::Range;
use crate::domain::api_scope::ApiScope;
use crate::domain::operator::Permission;
use crate::domain::tally::Measure;
use crate::http::api::call::Call;
use crate::http::api::fields::Moment;
use crate::http::api::fields::one_of;
use crate::http::api::operation::One;
use crate::http::api::operation::Operation;
use crate::http::api::problem::Problem;

/// The operations on statistics.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::read("/statistics/{id}", ApiScope::StatisticsRead, show)
            .filter("range", "How far back; 24h if not said", one_of(Range::ALL.map(Range::as_str)))
            .named("getStatistics", "What a chart of the dashboards shows, by its name"),
    ]
}

/// What was counted of one thing.
#[derive(Serialize, ToSchema)]
struct Statistics {
    /// What was counted.
    measure: String,
    /// How far back.
    range: String,
    /// What the values of a row are.
    columns: Vec<String>,
    /// The rows, by the span in which they were counted.
    rows: Vec<StatisticsRow>,
}

/// What was counted in one span.
#[derive(Serialize, ToSchema)]
struct StatisticsRow {
    /// When the span began.
    begins_at: Moment,
    /// Of what: a method and its result, a city, a client.
    label: String,
    /// The numbers.
    values: Vec<i64>,
}

impl From<Line> for StatisticsRow {
    fn from(line: Line) -> Self {
        Self { begins_at: line.begins_at.into(), label: line.label, values: line.values }
    }
}

async fn show(call: Call) -> Result<One<Statistics>, Problem> {
    let range = call.filter("range", Range::parse)?.unwrap_or(Range::Day);
    // Who may see none learns of no name either.
    call.actor().demand(Permission::SeeStatistics).await?;
    let measure = Measure::parse(call.text()).ok_or_else(Problem::not_found)?;
    let (columns, lines) = dashboards::file(call.actor(), measure, range).await?;
    Ok(One(Statistics {
        measure: measure.as_str().to_owned(),
        range: range.as_str().to_owned(),
        columns: columns.into_iter().map(str::to_owned).collect(),
        rows: lines.into_iter().map(StatisticsRow::from).collect(),
    }))
}
