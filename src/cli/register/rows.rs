//! Rows of a register's file: which columns they have, and what they become.

use crate::domain::citizen_id;
use crate::domain::citizen_id::CitizenId;
use crate::domain::citizen_id::Lengthened;
use crate::domain::document_type::Card;
use crate::domain::identity_document::IdentityDocument;
use crate::domain::identity_document::IdentityDocumentError;
use crate::domain::legal_entity::EntityStatus;
use crate::domain::legal_entity::LegalEntity;
use crate::domain::legal_entity::OrganisationName;
use crate::domain::legal_entity::Representative;
use crate::domain::person_name::PersonName;
use crate::domain::policy::Synthetic;
use crate::domain::spelling;
use crate::domain::uscc::Uscc;
use crate::registers::replica;
use crate::store::sql::Register;
use crate::store::sql::RegisterEntry;
use crate::table::Column;
use crate::table::Row;
use crate::vault::Vault;

/// The columns of people. A table without the last two is one of numbers that tell what they are.
pub const PEOPLE: [Column; 4] = [
    column("name", &["姓名"]),
    column("id_number", &["公民身份号码", "身份证号", "身份证号码", "证件号码"]),
    optional("id_type", &["证件类型"]),
    optional("id_country", &["签发国家", "签发国家或地区"]),
];

/// The columns of organisations. Without the last two, representatives have numbers that tell what they are.
pub const ORGANISATIONS: [Column; 7] = [
    column("uscc", &["统一社会信用代码"]),
    column("name", &["名称", "企业名称", "机构名称"]),
    column("status", &["状态", "登记状态", "经营状态"]),
    column("representative_name", &["法定代表人", "法定代表人姓名"]),
    column(
        "representative_id_number",
        &["法定代表人身份证号", "法定代表人公民身份号码", "法定代表人证件号码"],
    ),
    optional("representative_id_type", &["法定代表人证件类型"]),
    optional(
        "representative_id_country",
        &["法定代表人证件签发国家", "法定代表人证件签发国家或地区"],
    ),
];

const fn column(name: &'static str, also: &'static [&'static str]) -> Column {
    Column { name, also, required: true }
}

const fn optional(name: &'static str, also: &'static [&'static str]) -> Column {
    Column { name, also, required: false }
}

/// What is wrong with a document in a row.
enum DocumentProblem {
    /// The type, or what is no number of it, or whose country is another one.
    Document(IdentityDocumentError),
    /// Fifteen digits that two people may have.
    Century,
}

/// A row that was taken.
pub struct Taken {
    /// As it is stored.
    pub entry: RegisterEntry,
    /// What is odd about it.
    pub odd: Option<&'static str>,
}

/// The columns of a register.
pub fn columns(register: Register) -> &'static [Column] {
    match register {
        Register::Population => &PEOPLE,
        Register::LegalEntities => &ORGANISATIONS,
    }
}

/// Reads a row and seals it. The reason never repeats what stands in the row.
pub fn take(
    register: Register,
    row: &Row,
    vault: &Vault,
    synthetic: Synthetic,
) -> Result<Taken, &'static str> {
    match register {
        Register::Population => {
            let (name, document) = person(row, synthetic)?;
            let entry = replica::person(vault, name.expose(), document.key());
            Ok(Taken { entry, odd: None })
        }
        Register::LegalEntities => {
            let entity = organisation(row, synthetic)?;
            let odd = entity.uscc.warning().map(|_| "a category that is not known");
            Ok(Taken { entry: replica::organisation(vault, &entity), odd })
        }
    }
}

/// Reads a row of people.
pub fn person(
    row: &Row,
    synthetic: Synthetic,
) -> Result<(PersonName, IdentityDocument), &'static str> {
    let (name, number) = (row.get(0)?, row.get(1)?);
    let document = document((row.get(2)?.trim(), row.get(3)?.trim()), &number, synthetic);
    let document = document.map_err(|problem| match problem {
        DocumentProblem::Century => "a 15-digit number of uncertain century",
        DocumentProblem::Document(IdentityDocumentError::CardUnknown) => "not a type of document",
        DocumentProblem::Document(IdentityDocumentError::CountryDiffers) => {
            "not the country of that document"
        }
        DocumentProblem::Document(error) if error.is_of_country() => {
            "not a country that issues such passports"
        }
        DocumentProblem::Document(_) => "not an ID number",
    })?;
    let name = PersonName::parse(&name).map_err(|_| "not a name")?;
    Ok((name, document))
}

fn document(
    (card, country): (&str, &str),
    number: &str,
    synthetic: Synthetic,
) -> Result<IdentityDocument, DocumentProblem> {
    let is_citizen = card.is_empty() || card == Card::ResidentIdentityCard.value();
    if is_citizen && has_fifteen_digits(number) {
        let number = legacy_number(number, synthetic)?;
        let fits = ["", "CHN"].contains(&country);
        let differs = DocumentProblem::Document(IdentityDocumentError::CountryDiffers);
        return fits.then(|| IdentityDocument::of_citizen_layout(&number)).ok_or(differs);
    }
    let read = IdentityDocument::of_register(card, country, number, synthetic);
    read.map_err(DocumentProblem::Document)
}

/// Old registers still have them (domain.md 1.3): they match the number they have become, where that is certain.
fn legacy_number(number: &str, synthetic: Synthetic) -> Result<CitizenId, DocumentProblem> {
    match citizen_id::lengthen(number, synthetic) {
        Ok(Lengthened::Certain(number)) => Ok(number),
        Ok(Lengthened::Ambiguous(_)) => Err(DocumentProblem::Century),
        Err(error) => Err(DocumentProblem::Document(error.into())),
    }
}

fn has_fifteen_digits(number: &str) -> bool {
    let digits = spelling::fold_grouped(number, &[' ']);
    digits.len() == 15 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Reads a row of organisations.
pub fn organisation(row: &Row, synthetic: Synthetic) -> Result<LegalEntity, &'static str> {
    let uscc = Uscc::parse(&row.get(0)?, synthetic).map_err(|_| "not a credit code")?;
    let name = OrganisationName::parse(&row.get(1)?);
    let name = name.map_err(|_| "not a name of an organisation")?;
    let status = EntityStatus::parse(&row.get(2)?).ok_or("not a status")?;
    let representative = representative(row, synthetic)?;
    Ok(LegalEntity { uscc, name, status, representative })
}

fn representative(row: &Row, synthetic: Synthetic) -> Result<Option<Representative>, &'static str> {
    let (person, number) = (row.get(3)?, row.get(4)?);
    let (person, number) = match (person.trim(), number.trim()) {
        ("", "") => return Ok(None),
        ("", _) | (_, "") => return Err("a representative without name or number"),
        named => named,
    };
    let told = (row.get(5)?, row.get(6)?);
    let document = document((told.0.trim(), told.1.trim()), number, synthetic);
    let document = document.map_err(|problem| match problem {
        DocumentProblem::Century => "a representative's 15-digit number of uncertain century",
        DocumentProblem::Document(IdentityDocumentError::CardUnknown) => {
            "not a type of a representative's document"
        }
        DocumentProblem::Document(IdentityDocumentError::CountryDiffers) => {
            "not the country of the representative's document"
        }
        DocumentProblem::Document(error) if error.is_of_country() => {
            "not a country that issues a representative's passport"
        }
        DocumentProblem::Document(_) => "not a representative's ID number",
    })?;
    let name = PersonName::parse(person).map_err(|_| "not a representative's name")?;
    Ok(Some(Representative { name, document }))
}
