//! What is no number of a document is refused with its reason, and changes nothing (security.md ); numbers of
//! fifteen digits match old registers alone (domain.md 1.3).

use yihao::domain::citizen_id::CitizenId;
use yihao::domain::document_type::DocumentType;
use yihao::domain::policy::Synthetic;
use yihao::i18n::Locale;
use yihao::i18n::Messages;

use crate::on_both;
use crate::on_both_backends;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::login::sign_up_form;
use crate::support::login::try_password;
use crate::support::province::Province;
use crate::support::province::SECRET;

const PASSWORD: &str = "lantern over the lake";

async fn fill(
    provider: &TestProvider,
    person: &Person,
    (card, country, number): (&str, &str, &str),
) -> Page {
    let browser = Browser::new();
    let page = browser.get(&provider.url("/signup")).await;
    let mut fields = sign_up_form(person, PASSWORD).to_vec();
    fields.retain(|(name, _)| *name != "id_number");
    fields.extend([("id_number", number), ("id_type", card), ("id_country", country)]);
    browser.submit(&page, &fields).await
}

/// What is wrong at which field, by kind, country and text.
const REFUSED: &[(&str, &str, &str, &str, &str)] = &[
    ("111", "", "", "id_number", "id-number-empty"),
    ("111", "", "1101051949123100X", "id_number", "id-number-length"),
    ("111", "", "110105194912310021X", "id_number", "id-number-length"),
    ("111", "", "11010519491231002Х", "id_number", "id-number-charset"),
    ("111", "", "1１0105\u{200B}19491231002X", "id_number", "id-number-charset"),
    ("111", "", "110105491231002", "id_number", "id-number-fifteen-digits"),
    ("111", "", "１１０１０５４９１２３１００２", "id_number", "id-number-fifteen-digits"),
    ("111", "", "000105194912310029", "id_number", "id-number-division"),
    ("111", "", "110000194912310024", "id_number", "id-number-division"),
    ("111", "", "110105194913310026", "id_number", "id-number-birth-date"),
    ("111", "", "110105194912310020", "id_number", "id-number-check"),
    ("111", "", "110105187001010012", "id_number", "id-number-too-old"),
    ("111", "", "110105210001010015", "id_number", "id-number-future"),
    ("HMT_RP", "", "11010519491231002X", "id_number", "id-number-other-kind"),
    ("516", "", "H0000000", "id_number", "id-number-other-length"),
    ("516", "", "A00000000", "id_number", "id-number-shape"),
    ("516", "", "Н00000000", "id_number", "id-number-letters-digits"),
    ("511", "", "0000000", "id_number", "id-number-other-length"),
    ("511", "", "T0000000", "id_number", "id-number-shape"),
    ("511", "", "0000000①", "id_number", "id-number-letters-digits"),
    ("553", "", "11010519491231002X", "id_number", "id-number-other-kind"),
    ("553", "", "USA140100010117", "id_number", "id-number-check"),
    ("553", "", "CHN140100010116", "id_number", "id-number-nationality"),
    ("553", "", "USA140100023011", "id_number", "id-number-birth-date"),
    ("FOREIGN_PASSPORT", "", "L898902C3", "id_country", "id-country-missing"),
    ("FOREIGN_PASSPORT", "XYZ", "L898902C3", "id_country", "id-country-unknown"),
    ("FOREIGN_PASSPORT", "CHN", "E00000000", "id_country", "id-country-china"),
    ("FOREIGN_PASSPORT", "HKG", "K00000000", "id_country", "id-country-china"),
    ("FOREIGN_PASSPORT", "FRA", "L898902C3X", "id_number", "id-number-other-length"),
    ("FOREIGN_PASSPORT", "FRA", "L89-902C3", "id_number", "id-number-letters-digits"),
    ("414", "CHN", "E00000000", "id_type", "id-type-unknown"),
    ("\"><svg>", "", "H00000000", "id_type", "id-type-unknown"),
];

on_both!(each_kind_refuses_bad_spellings_at_their_field, |provider| {
    let person = Person::synthetic(1).without_account();
    provider.add_person(&person).await;
    let messages = Messages::load().unwrap();
    let tables = ["account", "one_time_code", "throttle", "audit WHERE kind = 'sign_up'"];
    let before = provider.rows(&tables).await;
    for (card, country, number, field, key) in REFUSED {
        let page = fill(&provider, &person, (card, country, number)).await;
        assert_eq!(page.status, 400, "{card} {number}: {}", page.body);
        let said = messages.text(Locale::ZhCn, key, &[]);
        let at_field = format!("id=\"{field}-error\">{said}</p>");
        assert!(page.body.contains(&at_field), "{card} {number}: {at_field}: {}", page.body);
    }
    assert_eq!(provider.rows(&tables).await, before, "nothing changed");
    assert_eq!(provider.messages_sent().await, 0);
});

/// Somebody who can have had a number of fifteen digits, and that number.
fn elder() -> (Person, String) {
    let has_short = |person: &Person| {
        let number = CitizenId::parse(&person.id_number, Synthetic::Accepted).unwrap();
        let short = number.fifteen_digits()?;
        Some((person.clone(), short.to_string()))
    };
    (1..100).find_map(|seed| has_short(&Person::synthetic(seed))).unwrap()
}

on_both!(
    /// A number of fifteen digits proves nothing: nobody signs up or logs in with it.
    fifteen_digits_are_no_identifier,
    |provider| {
        let (person, short) = elder();
        provider.add_person(&person).await;
        let page = try_password(&provider, &Browser::new(), (&short, person.password())).await;
        assert_eq!(page.status, 400);
        let refused = provider.audit(1).await;
        assert_eq!(refused, ["login refused not an identifier"]);
    }
);

on_both_backends!(
    /// An old register has them; they match the number they have become.
    fifteen_digits_of_an_old_register_match,
    |backend| {
        let (person, short) = elder();
        let old = Person { id_number: short, ..person.clone() };
        let province = Province::start(&[&old]);
        let provider = province.provider(backend, SECRET).await;
        let page = fill(&provider, &person, ("111", "", &person.id_number)).await;
        assert_eq!(page.status, 200, "{}", page.body);
    }
);

on_both_backends!(
    /// A register that keeps no passports confirms none: such an account has the lowest level until a counter looks at
    /// the document. Of no other document is that enough.
    a_passport_nobody_keeps_has_the_lowest_level,
    |backend| {
        let passport = |seed, number: &str| {
            Person::synthetic(seed)
                .without_account()
                .with_document(DocumentType::ForeignPassport, "UTO", number)
        };
        let (known, unknown) = (passport(1, "KNOWN1"), passport(2, "UNKNOWN1"));
        let province = Province::start(&[&known]);
        let provider = province.provider(backend, SECRET).await;
        let unconfirmed = ("FOREIGN_PASSPORT", "UTO", "UNKNOWN1");
        assert_eq!(fill(&provider, &unknown, unconfirmed).await.status, 400);
        province.fail("no_passports").await;
        let browser = Browser::new();
        let page = browser.get(&provider.url("/signup")).await;
        let mut fields = sign_up_form(&unknown, PASSWORD).to_vec();
        fields.extend(unknown.document_fields());
        let asked = browser.submit(&page, &fields).await;
        assert_eq!(asked.status, 200, "{}", asked.body);
        let code = provider.code_sent_to(&unknown.phone).await;
        browser.submit(&asked, &[("code", &code), ("step", "verify")]).await;
        assert_eq!(provider.account(&unknown).await.identity_assurance.level(), 0);
        let stranger = Person::synthetic(3);
        assert_eq!(fill(&provider, &stranger, ("111", "", &stranger.id_number)).await.status, 400);
    }
);
