//! What a command says: one line, a table, or JSON.

use std::io::Write;

use serde::Serialize;
use serde_json::Value;

/// One line on stdout.
pub fn line(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}

/// JSON on stdout.
pub fn json(value: &impl Serialize) -> anyhow::Result<()> {
    line(&serde_json::to_string_pretty(value)?)
}

/// An object: JSON, or a line for each member.
pub fn object(value: &Value, as_json: bool) -> anyhow::Result<()> {
    let Some(members) = value.as_object().filter(|_| !as_json) else { return json(value) };
    let width = members.keys().map(String::len).max().unwrap_or(0);
    for (name, value) in members {
        line(&format!("{name:<width$}  {}", plain(value)))?;
    }
    Ok(())
}

/// Rows: JSON, or columns.
pub fn rows(columns: &[&str], rows: &[Value], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return json(&rows);
    }
    let cell = |row: &Value, column: &str| row.get(column).map(plain).unwrap_or_default();
    let width = |column: &&str| {
        let cells = rows.iter().map(|row| cell(row, column).chars().count());
        cells.chain([column.chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = columns.iter().map(width).collect();
    let show = |cells: Vec<String>| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.chars().count())))
            .collect();
        line(padded.join("  ").trim_end())
    };
    show(columns.iter().map(|&column| column.to_owned()).collect())?;
    for row in rows {
        show(columns.iter().map(|column| cell(row, column)).collect())?;
    }
    Ok(())
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}
