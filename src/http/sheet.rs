//! Tables to take along: CSV (RFC 4180) with a byte order mark, which spreadsheet programs need to read Chinese,
//! and with no cell they would take for a formula.

use axum::body::Body;
use axum::response::Response;
use http::HeaderValue;
use http::header;

/// What a spreadsheet program takes for the beginning of a formula, in full width too.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// A file of this name and these rows. The name is ours: letters, digits, dots and dashes.
pub fn csv(name: &str, rows: &[Vec<String>]) -> Response {
    let mut text = String::from('\u{feff}');
    for row in rows {
        for (place, value) in row.iter().enumerate() {
            if place > 0 {
                text.push(',');
            }
            text.push_str(&cell(value));
        }
        text.push_str("\r\n");
    }
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let disposition = format!("attachment; filename=\"{name}\"");
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}

/// A cell in quotation marks. What a spreadsheet would reckon begins with an apostrophe, and is text.
pub fn cell(value: &str) -> String {
    let first = value.trim_start_matches(' ').chars().next();
    let guard = if first.is_some_and(|first| FORMULA.contains(&first)) { "'" } else { "" };
    format!("\"{guard}{}\"", value.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn no_cell_is_a_formula() {
        for hostile in
            ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "＠x"]
        {
            assert_eq!(cell(hostile), format!("\"'{hostile}\""));
        }
    }

    #[test]
    fn a_cell_ends_where_it_ends() {
        assert_eq!(cell("a \"b\", c\n"), "\"a \"\"b\"\", c\n\"");
        assert_eq!(cell("login"), "\"login\"");
        assert_eq!(cell("云州市"), "\"云州市\"");
    }
}
