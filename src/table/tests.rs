//! What files bring: encodings, quotes, rows that are none, and a reader that goes on where it stood.

use std::io;
use std::io::Cursor;
use std::io::Read;

use super::Column;
use super::Encoding;
use super::Problem;
use super::Table;
use super::TableError;
use super::Width;

const COLUMNS: [Column; 3] = [
    Column { name: "name", also: &["姓名"], required: true },
    Column { name: "id_number", also: &["公民身份号码"], required: true },
    Column { name: "note", also: &[], required: false },
];

fn refused(bytes: &[u8]) -> String {
    let error = Table::begin(bytes, &COLUMNS, None, Width::Exact).err().expect("refused");
    error.to_string()
}

/// Line, name and number of every row, or why it is none.
fn rows(bytes: &[u8], encoding: Option<Encoding>) -> Vec<(u64, Result<String, &'static str>)> {
    let mut table = Table::begin(bytes, &COLUMNS, encoding, Width::Exact).unwrap();
    let mut found = Vec::new();
    while let Some(row) = table.next_row().unwrap() {
        let both = row.get(0).and_then(|name| Ok(format!("{name}/{}", row.get(1)?)));
        found.push((row.line, both.map_err(Problem::as_str)));
    }
    assert_eq!(table.position().read_to, bytes.len() as u64, "it was read to its end");
    found
}

fn good(line: u64, text: &str) -> (u64, Result<String, &'static str>) {
    (line, Ok(text.to_owned()))
}

#[test]
fn columns_are_found_by_name_wherever_they_stand() {
    let text = "ID_NUMBER, other ,name\n1,x,测试一\n\n\r\n2,y,测试二".as_bytes();
    assert_eq!(rows(text, None), [good(2, "测试一/1"), good(5, "测试二/2")]);
    let text = "\u{FEFF}姓名,公民身份号码\r\n测试一,1\r\n".as_bytes();
    assert_eq!(rows(text, None), [good(2, "测试一/1")]);
}

#[test]
fn gbk_is_recognised_and_can_be_told() {
    let (text, _, _) = encoding_rs::GB18030.encode("姓名,公民身份号码\n测试·一𠀀,1\n");
    assert_eq!(rows(&text, None), [good(2, "测试·一𠀀/1")]);
    assert_eq!(rows(&text, Some(Encoding::Gb18030)), [good(2, "测试·一𠀀/1")]);
    // The first 64 KiB are what is looked at.
    let mut late = b"name,id_number\n".to_vec();
    late.extend(b"A,1\n".repeat(20_000));
    late.extend(b"\xB2\xE2,2\n");
    assert_eq!(rows(&late, None).last(), Some(&(20_002, Err("not UTF-8"))));
    assert_eq!(rows(&late, Some(Encoding::Gb18030)).last(), Some(&good(20_002, "测/2")));
}

#[test]
fn a_table_that_cannot_be_read_says_why_and_repeats_nothing() {
    assert!(refused(b"").contains("names no columns"));
    assert!(refused("测试一,11010519491231002X\n".as_bytes()).contains("no column `name`"));
    assert!(!refused("测试一,11010519491231002X\n".as_bytes()).contains("1949"));
    assert!(refused(b"name,number\n").contains("no column `id_number`"));
    assert!(refused(b"name,id_number,Name\n").contains("column `name` twice"));
    assert!(refused(b"\xFF\xFEn\0a\0").contains("UTF-16"));
    assert!(refused(b"name,id_number\n\xFF\xFF\xFF\n").contains("neither UTF-8 nor GBK"));
}

#[test]
fn bad_rows_are_told_by_their_line_and_good_ones_go_on() {
    let text = b"name,id_number\n\"A\nB\",1\nC\nD,2,3\n\"E \"\"x\"\"\",4\nF\0,5\n\xFF,6\nG,7\n";
    let found = rows(text, Some(Encoding::Utf8));
    let none = "not a row of this table";
    let expected = [
        good(2, "A\nB/1"),
        (4, Err(none)),
        (5, Err(none)),
        good(6, "E \"x\"/4"),
        (7, Err("a NUL byte")),
        (8, Err("not UTF-8")),
        good(9, "G/7"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_row_of_a_hundred_megabytes_is_refused_and_the_next_one_read() {
    let mut text = b"name,id_number\nA,1\n".to_vec();
    text.resize(text.len() + 100_000_000, b'x');
    text.extend(b"\nB,2\n");
    let found = rows(&text, None);
    let long = "longer than a row may be; is a quote not closed?";
    assert_eq!(found, [good(2, "A/1"), (3, Err(long)), good(4, "B/2")]);
    let many = format!("name,id_number\n{}\nB,2\n", ",".repeat(1000));
    assert_eq!(rows(many.as_bytes(), None), [(2, Err("too many fields")), good(3, "B/2")]);
}

#[test]
fn a_quote_nobody_closes_is_told() {
    let found = rows(b"name,id_number,note\nA,1,\"x\nB,2,\nC,3,\n", None);
    assert_eq!(found, [(2, Err("a quote is not closed"))]);
    let mut text = b"name,id_number\n\"A,1\n".to_vec();
    text.extend(b"B,2\n".repeat(50_000));
    assert_eq!(rows(&text, None), [(2, Err("a quote is not closed"))]);
}

#[test]
fn a_reader_goes_on_where_another_stood_and_in_the_same_file_alone() {
    let text = "name,id_number\r\n\"测试\r\n一\",1\r\n测试二,2\r\n测试三,3\r\n";
    let begin = |text: &str| {
        let source = Cursor::new(text.as_bytes().to_vec());
        Table::begin(source, &COLUMNS, None, Width::Exact).unwrap()
    };
    let mut first = begin(text);
    first.next_row().unwrap().unwrap();
    first.next_row().unwrap().unwrap();
    let stood = first.position();

    let mut second = begin(text);
    assert!(second.go_on(stood).unwrap());
    let row = second.next_row().unwrap().unwrap();
    assert_eq!((row.line, row.get(0).unwrap().as_ref()), (5, "测试三"));
    assert!(second.next_row().unwrap().is_none());

    let cut = usize::try_from(stood.read_to).unwrap() - 1;
    for other in [text.replace('二', "四"), text[..cut].to_owned()] {
        assert!(!begin(&other).go_on(stood).unwrap());
    }
}

#[test]
fn an_absent_column_is_empty() {
    let text: &[u8] = b"id_number,name\n1,A\n";
    let mut table = Table::begin(text, &COLUMNS, None, Width::Exact).unwrap();
    let row = table.next_row().unwrap().unwrap();
    assert_eq!([0, 1, 2].map(|place| row.get(place).unwrap().into_owned()), ["A", "1", ""]);
}

const CODES: [Column; 3] = [
    Column { name: "kind", also: &["类别"], required: true },
    Column { name: "value", also: &["旧代码"], required: true },
    Column { name: "x", also: &["甲"], required: false },
];

/// Rows of a table of which none may be bad.
fn whole(bytes: &[u8], encoding: Option<Encoding>) -> Result<Vec<(i64, String)>, TableError> {
    let mut table = Table::begin(bytes, &CODES, encoding, Width::Any)?;
    let mut rows = Vec::new();
    while let Some(row) = table.next_row()? {
        let cells = row.whole()?;
        rows.push((cells.line(), format!("{}|{}", cells.cell(0), cells.cell(1))));
    }
    Ok(rows)
}

#[test]
fn marks_encodings_and_quoted_line_breaks_are_read() {
    let plain = "类别,旧代码\n甲,1\n\"乙\n丙\",2\n丁,3\n";
    let expected = [(2, "甲|1"), (3, "乙\n丙|2"), (5, "丁|3")];
    let expected = expected.map(|(line, text)| (line, text.to_owned()));
    let marked = format!("\u{FEFF}{plain}");
    let (gbk, ..) = encoding_rs::GBK.encode(plain);
    for bytes in [plain.as_bytes(), marked.as_bytes(), &gbk] {
        assert_eq!(whole(bytes, None).unwrap(), expected);
    }
    assert_eq!(whole(&gbk, Some(Encoding::Gb18030)).unwrap(), expected);
    let other = whole(&gbk, Some(Encoding::Utf8));
    assert!(matches!(other, Err(TableError::Characters(1, Problem::NotUtf8))), "{other:?}");
}

#[test]
fn where_no_row_may_be_bad_the_first_one_is_told_with_its_line() {
    assert!(matches!(whole(b"kind\n1\n", None), Err(TableError::NoColumn("value"))));
    assert!(matches!(whole(b"", None), Err(TableError::NoHeader)));
    assert!(matches!(whole(&[0xFF, 0xFE, 0x61, 0], None), Err(TableError::Utf16)));
    let open = b"kind,value,note\na,1,\"x\nb,2,y\nc,3,z\n";
    assert!(matches!(whole(open, None), Err(TableError::Row(2, Problem::OpenQuote))));
    let mut late = b"kind,value\n".to_vec();
    late.extend("organisation_code,123456789\n".repeat(5000).bytes());
    late.extend([0xB2, 0xE2, b'\n']);
    assert!(matches!(whole(&late, None), Err(TableError::Characters(5002, Problem::NotUtf8))));
}

#[test]
fn rows_may_be_shorter_or_longer_where_that_is_allowed() {
    let rows = whole(b"kind,value,x\na,1\nb\nc,3,z,more\n", None).unwrap();
    let expected = [(2, "a|1"), (3, "b|"), (4, "c|3")];
    assert_eq!(rows, expected.map(|(line, text)| (line, text.to_owned())));
}

#[test]
fn a_row_without_end_is_refused_where_it_begins() {
    let start: &[u8] = b"kind,value\nx,1\nx,\"";
    let endless = start.chain(io::repeat(b'a').take(100 * 1024 * 1024));
    let mut table = Table::begin(endless, &CODES, None, Width::Any).unwrap();
    assert!(table.next_row().unwrap().unwrap().whole().is_ok());
    let long = table.next_row().unwrap().unwrap();
    assert!(matches!(long.whole(), Err(TableError::Row(3, _))), "{long:?}");
}

#[test]
fn encodings_are_told_by_name() {
    for (name, encoding) in [
        ("utf-8", Encoding::Utf8),
        ("UTF8", Encoding::Utf8),
        ("gbk", Encoding::Gb18030),
        ("GB18030", Encoding::Gb18030),
        ("gb2312", Encoding::Gb18030),
    ] {
        assert_eq!(name.parse(), Ok(encoding));
    }
    assert!("latin1".parse::<Encoding>().is_err());
}
