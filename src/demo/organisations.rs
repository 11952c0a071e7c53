//! The organisations of the demo: codes of the zone for private use, represented by the demo's people
//! (domain facts 7).

use serde::Serialize;

use crate::demo::people;
use crate::domain::legal_entity::EntityStatus;
use crate::domain::legal_entity::LegalEntity;
use crate::domain::legal_entity::OrganisationName;
use crate::domain::legal_entity::Representative;
use crate::domain::person_name::PersonName;
use crate::domain::synthetic;

/// Seeds of one kind of code lie so far from those of the next: enterprises, institutions, social
/// associations, individual businesses.
const KIND: u64 = 99_999;

/// Seed, name, standing, and which of the people represents it.
const ALL: [(u64, &str, EntityStatus, Option<usize>); 9] = [
    (0, "样例企业壹有限公司", EntityStatus::Active, Some(0)),
    (1, "样例企业贰有限公司", EntityStatus::Active, Some(1)),
    (2, "样例企业叁（太原）有限公司", EntityStatus::Revoked, Some(1)),
    (3, "样例企业肆有限公司", EntityStatus::Deregistered, Some(0)),
    (4, "样例企业伍有限公司", EntityStatus::Moved, None),
    (KIND + 5, "样例事业单位", EntityStatus::Active, Some(1)),
    (2 * KIND + 6, "样例行业协会", EntityStatus::Active, Some(0)),
    (3 * KIND + 7, "样例便利店", EntityStatus::Active, Some(2)),
    // Its representative is known by a passport.
    (8, "样例外资企业有限公司", EntityStatus::Active, Some(8)),
];

/// An organisation of the demo, as the tour prints it.
#[derive(Debug, Clone, Serialize)]
pub struct DemoOrganisation {
    /// Credit code.
    pub uscc: String,
    /// Name.
    pub name: String,
    /// How it stands at its register.
    pub status: &'static str,
    /// The name of who can claim it.
    pub representative: Option<String>,
}

/// The same as [`all`], for the tour.
pub fn told() -> Vec<DemoOrganisation> {
    let told = |entity: LegalEntity| DemoOrganisation {
        uscc: entity.uscc.as_str().to_owned(),
        name: entity.name.as_str().to_owned(),
        status: entity.status.as_str(),
        representative: entity.representative.map(|known| known.name.expose().to_owned()),
    };
    all().into_iter().map(told).collect()
}

/// Every organisation in the register of the demo.
pub fn all() -> Vec<LegalEntity> {
    let people = people::all();
    let representative = |place: usize| {
        let person = people.get(place)?;
        Some(Representative {
            name: PersonName::parse(&person.name).ok()?,
            document: person.document()?,
        })
    };
    let made = ALL.into_iter().filter_map(|(seed, name, status, person)| {
        Some(LegalEntity {
            uscc: synthetic::uscc(seed),
            name: OrganisationName::parse(name).ok()?,
            status,
            representative: person.and_then(representative),
        })
    });
    made.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::ALL;
    use super::LegalEntity;
    use super::all;
    use crate::domain::document_type::DocumentType;
    use crate::domain::legal_entity::EntityKind;

    #[test]
    fn each_is_there_and_has_its_representative() {
        let made = all();
        assert_eq!(made.len(), ALL.len());
        for (entity, (_, _, _, person)) in made.iter().zip(ALL) {
            assert_eq!(entity.representative.is_some(), person.is_some(), "{entity:?}");
        }
        let by_passport = made.iter().filter_map(|entity| entity.representative.as_ref());
        let passport = DocumentType::ForeignPassport;
        let by_passport =
            by_passport.filter(|known| known.document.key().document_type == passport);
        assert_eq!(by_passport.count(), 1);
        let kinds: HashSet<_> = made.iter().map(LegalEntity::kind).collect();
        assert!(kinds.len() == 4 && kinds.contains(&EntityKind::IndividualBusiness), "{kinds:?}");
    }
}
