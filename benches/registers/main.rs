//! Writes registers of people and organisations that nobody is, as large as wanted, for imports to be measured
//! with: `cargo bench --bench registers -- people 5000000 > people.csv`.

use std::io::BufWriter;
use std::io::Write;

use yihao::domain::synthetic;

const USAGE: &str = "cargo bench --bench registers -- people|organisations ROWS [OFFSET] > FILE
  ROWS    as many as wanted; up to 2,000,000 organisations are different ones
  OFFSET  people: the names are those of so many seeds further on, so that an import rewrites
          organisations: the representatives are";

fn main() -> std::io::Result<()> {
    let words: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let number = |place: usize| words.get(place).and_then(|word| word.parse::<u64>().ok());
    let (kind, rows, offset) = (words.first(), number(1), number(2).unwrap_or(0));
    match (kind.map(String::as_str), rows) {
        (Some("people"), Some(rows)) => people(&mut std::io::stdout().lock(), rows, offset),
        (Some("organisations"), Some(rows)) => {
            organisations(&mut std::io::stdout().lock(), rows, offset)
        }
        // As `cargo test --benches` runs it.
        _ => {
            people(&mut std::io::sink(), 1000, 0)?;
            organisations(&mut std::io::sink(), 1000, 0)?;
            writeln!(std::io::stderr(), "{USAGE}")
        }
    }
}

fn people(out: &mut impl Write, rows: u64, offset: u64) -> std::io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, out);
    writeln!(out, "name,id_number")?;
    for seed in 0..rows {
        let (name, number) = (synthetic::name(seed + offset), synthetic::citizen_id(seed));
        writeln!(out, "{},{}", name.expose(), number.expose())?;
    }
    out.flush()
}

fn organisations(out: &mut impl Write, rows: u64, offset: u64) -> std::io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, out);
    writeln!(out, "uscc,name,status,representative_name,representative_id_number")?;
    for seed in 0..rows {
        let (name, number) = (synthetic::name(seed + offset), synthetic::citizen_id(seed + offset));
        writeln!(
            out,
            "{},样例企业第{seed}号有限公司,active,{},{}",
            synthetic::uscc(seed),
            name.expose(),
            number.expose()
        )?;
    }
    out.flush()
}
