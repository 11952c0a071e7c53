//! Rows of a register's file: which columns they have, and what they become.

use crate::cli::table::Column;
use crate::cli::table::Row;
use crate::domain::citizen_id;
use crate::domain::citizen_id::CitizenId;
use crate::domain::citizen_id::Lengthened;
use crate::domain::document_type::Card;
use crate::domain::document_type::DocumentType;
use crate::domain::identity_document::IdentityDocument;
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
use crate::vault::Vault;

/// The columns of people. A table without the last two is one of numbers that tell what they are.
pub const PEOPLE: [Column; 4] = [
    column("name", &["姓名"]),
    column("id_number", &["公民身份号码", "身份证号", "身份证号码", "证件号码"]),
    Column { name: "id_type", also: &["证件类型"], required: false },
    Column {
        name: "id_country", also: &["签发国家", "签发国家或地区"], required: false
    },
];

/// The columns of organisations.
pub const ORGANISATIONS: [Column; 5] = [
    column("uscc", &["统一社会信用代码"]),
    column("name", &["名称", "企业名称", "机构名称"]),
    column("status", &["状态", "登记状态", "经营状态"]),
    column("representative_name", &["法定代表人", "法定代表人姓名"]),
    column("representative_id_number", &["法定代表人身份证号", "法定代表人公民身份号码"]),
];

const fn column(name: &'static str, also: &'static [&'static str]) -> Column {
    Column { name, also, required: true }
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
    let document = document((row.get(2)?.trim(), row.get(3)?.trim()), &number, synthetic)?;
    let name = PersonName::parse(&name).map_err(|_| "not a name")?;
    Ok((name, document))
}

fn document(
    (card, country): (&str, &str),
    number: &str,
    synthetic: Synthetic,
) -> Result<IdentityDocument, &'static str> {
    let is_citizen = card.is_empty() || card == Card::ResidentIdentityCard.value();
    let read = match Card::parse(card) {
        _ if is_citizen && has_fifteen_digits(number) => {
            Ok(IdentityDocument::of_citizen_layout(&legacy_number(number, synthetic)?))
        }
        None if card.is_empty() => IdentityDocument::recognise(number, synthetic),
        None => return Err("not a type of document"),
        Some(card) => IdentityDocument::parse(card, country, number, synthetic),
    };
    let read = read.map_err(|error| match error {
        error if error.is_of_country() => "not a country that issues such passports",
        _ => "not an ID number",
    })?;
    let fits = [read.key().country, "", "CHN"].contains(&country) || is_passport(&read);
    if fits { Ok(read) } else { Err("not the country of that document") }
}

/// Old registers still have them (domain.md 1.3): they match the number they have become, where that is certain.
fn legacy_number(number: &str, synthetic: Synthetic) -> Result<CitizenId, &'static str> {
    match citizen_id::lengthen(number, synthetic) {
        Ok(Lengthened::Certain(number)) => Ok(number),
        Ok(Lengthened::Ambiguous(_)) => Err("a 15-digit number of uncertain century"),
        Err(_) => Err("not an ID number"),
    }
}

fn has_fifteen_digits(number: &str) -> bool {
    let digits = spelling::fold_grouped(number, &[' ']);
    digits.len() == 15 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_passport(document: &IdentityDocument) -> bool {
    document.key().document_type == DocumentType::ForeignPassport
}

/// Reads a row of organisations.
pub fn organisation(row: &Row, synthetic: Synthetic) -> Result<LegalEntity, &'static str> {
    let uscc = Uscc::parse(&row.get(0)?, synthetic).map_err(|_| "not a credit code")?;
    let name = OrganisationName::parse(&row.get(1)?);
    let name = name.map_err(|_| "not a name of an organisation")?;
    let status = EntityStatus::parse(&row.get(2)?).ok_or("not a status")?;
    let (person, number) = (row.get(3)?, row.get(4)?);
    let representative = match (person.trim(), number.trim()) {
        ("", "") => None,
        ("", _) | (_, "") => return Err("a representative without name or number"),
        (person, number) => Some(Representative {
            name: PersonName::parse(person).map_err(|_| "not a representative's name")?,
            id_number: CitizenId::parse(number, synthetic)
                .map_err(|_| "not a representative's ID number")?,
        }),
    };
    Ok(LegalEntity { uscc, name, status, representative })
}
