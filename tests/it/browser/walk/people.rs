//! Who is met on the walk, and what the registers know of them.

use yihao::domain::assurance::IdentityAssurance;
use yihao::domain::citizen_id::CitizenId;
use yihao::domain::document_type::DocumentType;
use yihao::domain::legal_entity::LegalEntity;
use yihao::domain::policy::Synthetic;

use crate::support::Backend;
use crate::support::Browser;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::login::log_in;
use crate::support::organisation::claim;
use crate::support::organisation::entity_in;
use crate::support::province::Province;
use crate::support::province::SECRET;

/// More than stand on a page.
const UNITS: u64 = 22;
const SEED: u64 = 9_900;

/// Who is met.
pub struct People {
    /// Represents more organisations than stand on a page.
    pub boss: Person,
    /// Where the boss is logged in.
    pub manager: Browser,
    /// Represents nobody yet; of Taiyuan.
    pub agent: Person,
    /// Has an account that was never compared with a register.
    pub unproven: Person,
    /// Has the agent's second account.
    pub double: Person,
    /// Has no account, and a foreign passport.
    pub traveller: Person,
    /// Has no account, and the number of the boss under another name: that is what the register says now.
    pub namesake: Person,
    /// The organisations; the last one is not claimed.
    pub units: Vec<LegalEntity>,
}

/// Brings them together.
pub async fn gather() -> (People, Province, TestProvider) {
    let [boss, agent, unproven, traveller, double] =
        [0, 1, 2, 3, 5].map(|n| Person::synthetic(SEED + n));
    let agent = Person { id_number: number(), ..agent };
    let traveller = Person { name: "ERIKSSON ANNA MARIA".to_owned(), ..traveller };
    let traveller = traveller.with_document(DocumentType::ForeignPassport, "UTO", "L898902C3");
    let name = "欧阳明月".to_owned();
    let namesake =
        Person { id_number: boss.id_number.clone(), name, ..Person::synthetic(SEED + 4) };
    let unproven = Person { assurance: IdentityAssurance::PHONE_ONLY, ..unproven };
    let units: Vec<LegalEntity> =
        (0..=UNITS).map(|n| entity_in("140100", SEED + n, &boss)).collect();
    let known: Vec<&LegalEntity> = units.iter().collect();
    let registered = [&boss, &agent, &unproven, &double, &traveller, &namesake];
    let province = Province::with(&registered, &known);
    let provider = province
        .provider_with(Backend::Sqlite, SECRET, |config| {
            // No certificate is believed there: the form is shown, and refuses.
            config.certificates.anchors = Some(std::env::temp_dir());
        })
        .await;
    for person in [&boss, &agent, &unproven, &double] {
        provider.add_person(person).await;
    }
    let manager = Browser::new();
    log_in(&provider, &manager, &boss).await;
    let (traveller, namesake) = (traveller.without_account(), namesake.without_account());
    let people = People { boss, manager, agent, unproven, double, traveller, namesake, units };
    for unit in people.claimed() {
        let done = claim(&provider, &people.manager, unit.uscc.as_str()).await;
        assert_eq!(done.status, 303, "{}", done.body);
    }
    (people, province, provider)
}

/// A number that was allotted in Taiyuan.
fn number() -> String {
    let body = "14010519900307004";
    let number = "0123456789X".chars().map(|check| format!("{body}{check}"));
    let mut sound = number.filter(|number| CitizenId::parse(number, Synthetic::Accepted).is_ok());
    sound.next().expect("one check character is right")
}

impl People {
    /// Those the boss claimed.
    pub fn claimed(&self) -> &[LegalEntity] {
        &self.units[..self.units.len() - 1]
    }

    /// The one nobody claimed.
    pub fn unclaimed(&self) -> &LegalEntity {
        self.units.last().expect("units")
    }
}
