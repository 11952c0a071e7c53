//! The dashboards: charts with their tables, and the same as files.

use axum::extract::Path;
use axum::response::IntoResponse;
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::clock::Timestamp;
use crate::console::dashboards;
use crate::console::dashboards::Chart;
use crate::console::dashboards::Dashboards;
use crate::console::dashboards::Plot;
use crate::console::dashboards::Range;
use crate::console::dashboards::Row;
use crate::domain::division;
use crate::domain::operator::Region;
use crate::domain::tally::Measure;
use crate::domain::tally::Span;
use crate::http::chart;
use crate::http::console::Officer;
use crate::http::failure::Failure;
use crate::http::sheet;

/// `GET /console/dashboards`
pub async fn show(officer: Officer) -> Result<Response, Failure> {
    let range = range(&officer)?;
    let found = match dashboards::look(officer.actor(), range).await {
        Ok(found) => found,
        Err(error) => return officer.refuse(error),
    };
    let mut charts = Vec::new();
    for chart in &found.charts {
        charts.push(shown(&officer, (range, &found), chart).await?);
    }
    let region = officer.operator.region.as_ref().filter(|_| !officer.operator.role.is_officer());
    let page = json!({
        "range": range.as_str(), "ranges": Range::ALL.map(Range::as_str), "charts": charts,
        "region": region.map(Region::name),
        // Numbers are counted by city: a county has none of its own.
        "region_is_small": region.is_some_and(|region| region.digits().len() > 4),
    });
    officer.page((StatusCode::OK, "console/dashboards.html"), page)
}

/// `GET /console/dashboards/{measure}.csv`
pub async fn download(officer: Officer, Path(file): Path<String>) -> Result<Response, Failure> {
    let range = range(&officer)?;
    let measure = file.strip_suffix(".csv").and_then(Measure::parse);
    let Some(measure) = measure else { return Err(Failure::not_found()) };
    let (columns, lines) = match dashboards::file(officer.actor(), measure, range).await {
        Ok(file) => file,
        Err(error) => return Ok(officer.refuse(error).into_response()),
    };
    let head = ["begins_at", "label", "name"].into_iter().chain(columns);
    let mut rows = vec![head.map(str::to_owned).collect::<Vec<_>>()];
    for line in lines {
        let name = name(&officer, measure, &line.label).await?;
        let values = line.values.iter().map(ToString::to_string);
        rows.push(
            [line.begins_at.to_beijing(), line.label, name].into_iter().chain(values).collect(),
        );
    }
    Ok(sheet::csv(&format!("{}-{}.csv", measure.as_str(), range.as_str()), &rows))
}

fn range(officer: &Officer) -> Result<Range, Failure> {
    match officer.visitor.query.get("range") {
        None => Ok(Range::Day),
        Some(name) => {
            Range::parse(name).ok_or_else(|| Failure::bad_request("range is none of ours"))
        }
    }
}

async fn shown(
    officer: &Officer,
    (range, all): (Range, &Dashboards),
    chart: &Chart,
) -> Result<Value, Failure> {
    let times: Vec<String> = all.begins.iter().map(|at| time(range.span(), *at)).collect();
    let plots: Vec<Value> =
        chart.plots.iter().map(|plot| drawn(chart.measure, plot, &times)).collect();
    let longest = chart.rows.iter().map(|row| row.values.iter().sum::<i64>()).max().unwrap_or(0);
    let mut rows = Vec::new();
    for row in &chart.rows {
        rows.push(json!({
            "label": row.label, "name": name(officer, chart.measure, &row.label).await?,
            "values": row.values, "bar": bar(chart.measure, row, longest),
        }));
    }
    let sums = chart.plots.iter().flat_map(|plot| &plot.series).flat_map(|series| &series.counts);
    let counted: i64 = match chart.measure {
        Measure::Levels | Measure::Outbox => {
            chart.rows.iter().map(|row| row.values.first().copied().unwrap_or(0)).sum()
        }
        Measure::Latency => chart.rows.iter().filter_map(|row| row.values.first()).sum(),
        _ => sums.sum(),
    };
    Ok(json!({
        "measure": chart.measure.as_str(), "total": counted, "plots": plots, "rows": rows,
        "columns": chart.columns, "looked_at": chart.looked_at.map(Timestamp::to_beijing),
    }))
}

/// A plot as shapes, with its series as a table.
fn drawn(measure: Measure, plot: &Plot, times: &[String]) -> Value {
    let counts: Vec<Vec<i64>> = plot.series.iter().map(|series| series.counts.clone()).collect();
    // Quantiles hold each other: what is drawn is by how much the next one is more.
    let heights = if measure == Measure::Latency { differences(&counts) } else { counts.clone() };
    let steps = if times.len().is_multiple_of(4) { 4 } else { 7 };
    let axis: Vec<&String> = times.iter().step_by(times.len().div_ceil(steps).max(1)).collect();
    let rows: Vec<Value> = times
        .iter()
        .enumerate()
        .map(|(place, time)| {
            let values: Vec<i64> = counts.iter().map(|series| series[place]).collect();
            json!({ "time": time, "values": values })
        })
        .collect();
    json!({
        "label": plot.label, "drawing": chart::columns(&heights), "axis": axis, "rows": rows,
        "series": plot.series.iter().map(|series| series.name).collect::<Vec<_>>(),
    })
}

fn differences(counts: &[Vec<i64>]) -> Vec<Vec<i64>> {
    let below = |number: usize, place: usize| match number {
        0 => 0,
        number => counts[number - 1][place],
    };
    let less = |(number, series): (usize, &Vec<i64>)| {
        series.iter().enumerate().map(|(place, value)| value - below(number, place)).collect()
    };
    counts.iter().enumerate().map(less).collect()
}

/// Times are no parts of a whole: they have no bar.
fn bar(measure: Measure, row: &Row, longest: i64) -> Option<f64> {
    let sum = row.values.iter().sum();
    (measure != Measure::Latency && measure != Measure::Outbox).then(|| chart::bar(sum, longest))
}

fn time(span: Span, at: Timestamp) -> String {
    let text = at.to_beijing();
    let part = match span {
        Span::Hour => text.get(11..),
        Span::Day => text.get(5..10),
        Span::Month => text.get(..7),
    };
    part.unwrap_or_default().to_owned()
}

/// What a label is called, where that is no matter of language: cities and portals.
async fn name(officer: &Officer, measure: Measure, label: &str) -> Result<String, Failure> {
    if measure.is_by_city() {
        return Ok(match division::city_name(label) {
            Some((province, city)) if province == city => city.to_owned(),
            Some((province, city)) => format!("{province} {city}"),
            None => String::new(),
        });
    }
    if measure == Measure::Portals
        && let Some(name) = dashboards::client_name(officer.actor(), label).await?
    {
        return Ok(name);
    }
    Ok(String::new())
}
