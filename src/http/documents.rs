//! Which identity document somebody means: the list of cards and of countries, and what a form says of both.

use serde_json::Value;
use serde_json::json;

use crate::config::Config;
use crate::domain::country;
use crate::domain::country::Country;
use crate::domain::document_type::Card;
use crate::domain::document_type::DocumentType;
use crate::domain::identity_document::PersonKey;
use crate::i18n::Locale;
use crate::identifier::Typed;
use crate::protocol::parameters::Parameters;

/// What a form says: a number in the field of that name, and what was chosen beside it.
pub fn typed<'f>(form: &'f Parameters, number: &str) -> Typed<'f> {
    let text = |name| form.get(name).unwrap_or_default();
    Typed { text: text(number), card: text("id_type"), country: text("id_country") }
}

/// Every card and country, with what was chosen, for `document_fields` of the templates.
pub fn choices(config: &Config, locale: Locale, chosen: Typed<'_>) -> Value {
    listed(config, locale, &Card::ALL, chosen)
}

/// The cards whose numbers look like others', for forms that recognise the rest.
pub fn ambiguous(config: &Config, locale: Locale, chosen: Typed<'_>) -> Value {
    listed(config, locale, &[Card::TaiwanPermit, Card::ForeignPassport], chosen)
}

/// The key of the message that names a type of document.
pub fn title_key(document_type: DocumentType) -> String {
    card_key(document_type.card())
}

/// What the country of a document is called, where the document does not tell it.
pub fn country_name(key: PersonKey<'_>, locale: Locale) -> Option<&'static str> {
    let told = key.document_type == DocumentType::ForeignPassport;
    country::find(key.country).filter(|_| told).map(|country| name(country, locale))
}

fn listed(config: &Config, locale: Locale, cards: &[Card], chosen: Typed<'_>) -> Value {
    let card = |card: &Card| json!({ "value": card.value(), "title_key": card_key(*card) });
    let country =
        |country: Country| json!({ "code": country.alpha3, "name": name(country, locale) });
    json!({
        "cards": cards.iter().map(card).collect::<Vec<_>>(),
        "countries": country::foreign(config.synthetic()).map(country).collect::<Vec<_>>(),
        "card": Card::parse(chosen.card).map(Card::value),
        "country": country::find(chosen.country).map(|known| known.alpha3),
    })
}

fn card_key(card: Card) -> String {
    format!("document-{}", card.value().to_lowercase().replace('_', "-"))
}

/// What it is called in that language.
pub fn name(country: Country, locale: Locale) -> &'static str {
    match locale {
        Locale::ZhCn => country.chinese,
        Locale::En => country.english,
    }
}
