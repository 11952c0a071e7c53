//! Officers who deal with organisations and mandates, and the people who come to a counter.

use yihao::domain::citizen_id::CitizenId;
use yihao::domain::operator::Role;
use yihao::domain::policy::Synthetic;
use yihao::domain::synthetic;

use crate::support::Page;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::console::Operator;
use crate::support::console::appoint;
use crate::support::console::decide;
use crate::support::console::officers;
use crate::support::console::send;

/// Three officers, and staff of a counter in Taiyuan.
pub struct Desk {
    /// The system officer.
    pub system: Operator,
    /// The security officer.
    pub security: Operator,
    /// Staff of a counter.
    pub counter: Operator,
}

impl Desk {
    /// Opens it.
    pub async fn open(provider: &TestProvider) -> Self {
        let [system, security, _] = officers(provider).await;
        let place = (Role::CounterStaff, "140100");
        let counter = appoint(provider, [&system, &security], place, "taiyuan").await;
        Self { system, security, counter }
    }
}

/// Whom an officer of a provider lets approve: the act that waits longest, or what is said instead.
pub async fn approve(provider: &TestProvider, officer: &Operator) -> Page {
    decide(provider, officer, "approve").await
}

/// The key of the organisation with this code, as the console finds it.
pub async fn unit(provider: &TestProvider, officer: &Operator, uscc: &str) -> String {
    let page = send(provider, officer, "/console/organisations", &[("code", uscc)]).await;
    assert_eq!(page.status, 303, "{}", page.body);
    page.header("location").rsplit('/').next().unwrap().to_owned()
}

/// What is done about an organisation.
pub async fn about_unit(
    provider: &TestProvider,
    officer: &Operator,
    (id, action): (&str, &str),
    fields: &[(&str, &str)],
) -> Page {
    send(provider, officer, &format!("/console/organisations/{id}/{action}"), fields).await
}

/// What is filed at a counter.
pub async fn file(
    provider: &TestProvider,
    officer: &Operator,
    kind: &str,
    (agent, fields): (&Person, &[(&str, &str)]),
) -> Page {
    let mut all = vec![
        ("agent_name", agent.name.as_str()),
        ("agent_number", agent.id_number.as_str()),
        ("documents", "身份证、户口簿原件"),
        ("reason", "本人到场"),
    ];
    all.extend(fields);
    send(provider, officer, &format!("/console/counter/{kind}"), &all).await
}

/// A person of Taiyuan who was born on that day, known to the population register, without an account.
pub async fn born(provider: &TestProvider, seed: u64, day: time::Date) -> Person {
    let body = format!(
        "140105{:04}{:02}{:02}{:03}",
        day.year(),
        u8::from(day.month()),
        day.day(),
        seed % 1000
    );
    let number = "0123456789X".chars().map(|check| format!("{body}{check}"));
    let number = number
        .into_iter()
        .find(|number| CitizenId::parse(number, Synthetic::Accepted).is_ok())
        .expect("one check character is right");
    let name = synthetic::name(seed).expose().to_owned();
    let person = Person { id_number: number, name, password: None, ..Person::synthetic(seed) };
    provider.add_person(&person).await;
    person
}

/// The day in China, `years` ago.
pub fn years_ago(provider: &TestProvider, years: i32) -> time::Date {
    let today = provider.clock.now().date_in_beijing().unwrap();
    // A day that every year has.
    let today = today.replace_day(today.day().min(28)).unwrap();
    today.replace_year(today.year() - years).unwrap()
}
