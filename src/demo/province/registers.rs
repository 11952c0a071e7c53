//! What the made-up province knows: its people and its organisations, and what it answers about them.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;

use crate::cli::register::rows;
use crate::demo::organisations;
use crate::demo::people;
use crate::domain::document_type::DocumentType;
use crate::domain::identity_document::IdentityDocument;
use crate::domain::legal_entity::LegalEntity;
use crate::domain::policy::Synthetic;
use crate::table::Column;
use crate::table::Row;
use crate::table::Table;
use crate::table::Width;

/// Where people are compared.
pub const COMPARE: &str = "/population/compare";
/// Where organisations are found.
pub const FIND: &str = "/legal-entity/find";

/// The registers.
pub struct Registers {
    /// Names by document.
    people: HashMap<IdentityDocument, String>,
    /// Organisations by their code.
    organisations: HashMap<String, LegalEntity>,
}

#[derive(Deserialize)]
struct Person {
    name: String,
    id_number: String,
    #[serde(default)]
    id_type: DocumentType,
    #[serde(default)]
    id_country: String,
}

#[derive(Deserialize)]
struct Organisation {
    uscc: String,
}

impl Registers {
    /// Those of the demo, and what these files add.
    pub fn new(people: Option<&Path>, organisations: Option<&Path>) -> anyhow::Result<Self> {
        let known = people::all().into_iter();
        let known = known.filter_map(|person| Some((person.document()?, person.name)));
        let mut found = Self {
            people: known.collect(),
            organisations: organisations::all().into_iter().map(by_code).collect(),
        };
        if let Some(file) = people {
            for_each(file, &rows::PEOPLE, |row| {
                let (name, document) = rows::person(row, Synthetic::Accepted)?;
                found.people.insert(document, name.expose().to_owned());
                Ok(())
            })?;
        }
        if let Some(file) = organisations {
            for_each(file, &rows::ORGANISATIONS, |row| {
                let entity = rows::organisation(row, Synthetic::Accepted)?;
                found.organisations.extend([by_code(entity)]);
                Ok(())
            })?;
        }
        Ok(found)
    }

    /// What is said at that address about the question; nothing: it is none.
    pub fn answer(&self, path: &str, question: &str) -> Option<Value> {
        match path {
            COMPARE => {
                let asked: Person = serde_json::from_str(question).ok()?;
                let document = IdentityDocument::parse(
                    asked.id_type.card(),
                    &asked.id_country,
                    &asked.id_number,
                    Synthetic::Accepted,
                );
                let is_known = document.is_ok_and(|key| self.people.get(&key) == Some(&asked.name));
                Some(json!({ "code": 0, "result": if is_known { "match" } else { "no_match" } }))
            }
            FIND => {
                let asked: Organisation = serde_json::from_str(question).ok()?;
                Some(match self.organisations.get(&asked.uscc) {
                    Some(entity) => json!({ "code": 0, "result": "found", "entity": tell(entity) }),
                    None => json!({ "code": 0, "result": "not_found" }),
                })
            }
            _ => None,
        }
    }
}

/// Whether the question is about a foreign passport.
pub fn is_of_passport(question: &str) -> bool {
    let asked: Option<Person> = serde_json::from_str(question).ok();
    asked.is_some_and(|person| person.id_type == DocumentType::ForeignPassport)
}

fn by_code(entity: LegalEntity) -> (String, LegalEntity) {
    (entity.uscc.to_string(), entity)
}

fn tell(entity: &LegalEntity) -> Value {
    let representative = entity.representative.as_ref().map(|known| {
        let key = known.document.key();
        json!({
            "name": known.name.expose(), "id_type": key.document_type.code(),
            "id_country": key.country, "id_number": key.number,
        })
    });
    json!({
        "uscc": entity.uscc.as_str(), "name": entity.name.as_str(),
        "status": entity.status.as_str(), "representative": representative,
    })
}

fn for_each(
    file: &Path,
    columns: &[Column],
    mut take: impl FnMut(&Row) -> Result<(), &'static str>,
) -> anyhow::Result<()> {
    let named = || format!("cannot read {}", file.display());
    let source = File::open(file).with_context(named)?;
    let mut table = Table::begin(source, columns, None, Width::Exact).with_context(named)?;
    while let Some(row) = table.next_row().with_context(named)? {
        let taken = take(&row);
        taken.map_err(|why| anyhow::anyhow!("{}: line {}: {why}", file.display(), row.line))?;
    }
    Ok(())
}
