//! People of every kind of document, and what a command at a terminal tells of them.

use serde_json::Value;
use yihao::domain::citizen_id::CitizenId;
use yihao::domain::document_type::DocumentType;
use yihao::domain::policy::Synthetic;

use crate::support::Person;
use crate::support::TestProvider;
use crate::support::terminal;

/// Everybody's password.
pub const PASSWORD: &str = "lantern over the lake";

/// A number of the citizens' layout with this prefix, of somebody who was born in 1900 and is not any more.
fn number(prefix: &str) -> String {
    let found = "0123456789X".chars().find_map(|last| {
        let number = format!("{prefix}19000101001{last}");
        CitizenId::parse(&number, Synthetic::Accepted).is_ok().then_some(number)
    });
    found.unwrap_or_else(|| panic!("{prefix} begins no number"))
}

/// One person of each kind, another spelling of the number, and how it is masked for others.
pub fn kinds() -> Vec<(Person, String, &'static str)> {
    use DocumentType as T;
    let person = |seed, name: &str, id_type, country: &str, number: &str| {
        let named = Person { name: name.to_owned(), ..Person::synthetic(seed) };
        let named = Person { password: Some(PASSWORD.to_owned()), ..named };
        named.with_document(id_type, country, number)
    };
    let (permit, card) = (number("830000"), number("914840"));
    let strong = |number: &str| {
        let last = number.chars().last().unwrap();
        &*format!("{}****************{last}", &number[..1]).leak()
    };
    vec![
        (
            person(901, "测试一", T::TaiwanResidencePermit, "TWN", &permit),
            permit.to_lowercase(),
            strong(&permit),
        ),
        (
            person(902, "LI TEST", T::PermanentResidenceCard, "CHN", &card),
            format!(" {card}\u{3000}"),
            strong(&card),
        ),
        (
            person(903, "SMITH-JONES ADA", T::PermanentResidenceCard, "CHN", "USA140100010113"),
            "usa140100010113".to_owned(),
            "U*************3",
        ),
        (
            person(904, "陈·测试", T::HongKongMacaoPermit, "HKG", "H00000000"),
            "ｈ0000000002".to_owned(),
            "H00***000",
        ),
        (
            person(905, "测试\u{20000}", T::TaiwanPermit, "TWN", "00000001"),
            "００００００01".to_owned(),
            "00****01",
        ),
        (
            person(906, "ERIKSSON ANNA MARIA", T::ForeignPassport, "UTO", "L898902C3"),
            "l898902c3".to_owned(),
            "L89***2C3",
        ),
    ]
}

/// One person of each kind there is, the layout of citizens first.
pub fn every() -> Vec<Person> {
    use DocumentType as T;
    let citizen = Person { password: Some(PASSWORD.to_owned()), ..Person::synthetic(907) };
    let permit = |seed, id_type, country: &str, prefix| {
        let person = Person { password: Some(PASSWORD.to_owned()), ..Person::synthetic(seed) };
        person.with_document(id_type, country, &number(prefix))
    };
    let more = [
        citizen,
        permit(908, T::HongKongResidencePermit, "HKG", "810000"),
        permit(909, T::MacaoResidencePermit, "MAC", "820000"),
    ];
    more.into_iter().chain(kinds().into_iter().map(|(person, ..)| person)).collect()
}

/// What an operator at a terminal is told of the account with this document; none when nobody is found.
pub fn shown(provider: &TestProvider, person: &Person) -> Option<Value> {
    let arguments = ["account", "show", "-", "--json", "--id-type", person.id_type.code()];
    let arguments = [&arguments[..], &["--id-country", &person.id_country]].concat();
    let told = terminal::asked(provider, &arguments, &person.id_number).ok()?;
    Some(serde_json::from_str(&told).unwrap())
}
