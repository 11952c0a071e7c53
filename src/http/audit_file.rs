//! Records of the audit chain as a file: JSON lines, or CSV whose cells no spreadsheet takes for a formula. The
//! first line says where the chain stands.

use axum::response::IntoResponse;
use axum::response::Response;
use http::header;
use serde_json::Value;
use serde_json::json;

use crate::clock::Timestamp;
use crate::console::Actor;
use crate::console::ConsoleError;
use crate::console::audit_export;
use crate::console::audit_export::COLUMNS;
use crate::console::audit_search;
use crate::console::audit_search::Export;
use crate::console::audit_search::Search;
use crate::http::sheet::cell;

type Row = [String; COLUMNS.len()];

/// What the records are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JSON lines.
    Lines,
    /// CSV (RFC 4180).
    Csv,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 2] = [Self::Lines, Self::Csv];

    /// The name in requests, audit and file names.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lines => "jsonl",
            Self::Csv => "csv",
        }
    }

    /// The format of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Lines => "application/jsonl; charset=utf-8",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

/// Records that match, as a file; that they were taken along is recorded.
pub async fn write(
    actor: Actor<'_>,
    search: Search,
    format: Format,
) -> Result<Response, ConsoleError> {
    let export = audit_search::export(actor, search, format.as_str()).await?;
    let rows = audit_export::rows(actor, &export);
    let state = state(&export, &rows);
    let text = match format {
        Format::Csv => csv(&state, &rows),
        Format::Lines => lines(&state, &rows),
    };
    let (records, kind) = (export.chain.records, format.as_str());
    let headers = [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"audit-{records}.{kind}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, text).into_response())
}

/// Where the chain stands, and whether everything that was asked for is here.
fn state(export: &Export, rows: &[Row]) -> Value {
    let intact = COLUMNS.iter().position(|name| *name == "intact").unwrap_or_default();
    json!({
        "chain_records": export.chain.records,
        "chain_unsealed": export.chain.unsealed,
        "chain_signed_at": export.chain.head_at.map(Timestamp::to_rfc3339),
        "exported": rows.len(),
        "changed": rows.iter().filter(|row| row[intact] != "yes").count(),
        "continues_below": export.next,
    })
}

fn lines(state: &Value, rows: &[Row]) -> String {
    let row = |row: &Row| {
        let named = COLUMNS.iter().zip(row).map(|(name, text)| ((*name).to_owned(), json!(text)));
        Value::Object(named.collect()).to_string()
    };
    let all = std::iter::once(state.to_string()).chain(rows.iter().map(row));
    all.map(|line| line + "\n").collect()
}

/// RFC 4180, with the state in a line of its own before the columns.
fn csv(state: &Value, rows: &[Row]) -> String {
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells: Vec<String> = cells.map(cell).collect();
        cells.join(",") + "\r\n"
    };
    let facts = state.as_object().into_iter().flatten();
    let facts: Vec<String> = facts.map(|(name, value)| format!("{name} {value}")).collect();
    let mut text = line(&mut facts.iter().map(String::as_str));
    text.push_str(&line(&mut COLUMNS.into_iter()));
    for row in rows {
        text.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    text
}
