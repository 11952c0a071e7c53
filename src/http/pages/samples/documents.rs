//! The list of documents and countries, as the forms that ask for a number have it.

use serde_json::Value;
use serde_json::json;

/// With this card chosen, and for a passport its country.
pub fn chosen(card: Option<&str>) -> Value {
    let cards = ["111", "HMT_RP", "516", "511", "553", "FOREIGN_PASSPORT"].map(|value| {
        let key = value.to_lowercase().replace('_', "-");
        json!({ "value": value, "title_key": format!("document-{key}") })
    });
    json!({
        "cards": cards,
        "countries": [
            {"code": "FRA", "name": "法国"},
            {"code": "SGS", "name": "南乔治亚和南桑威奇群岛"},
            {"code": "USA", "name": "美国"},
        ],
        "card": card,
        "country": card.filter(|card| *card == "FOREIGN_PASSPORT").map(|_| "FRA"),
    })
}
