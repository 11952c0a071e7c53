//! How elements of `verified_claims` are asked for (OpenID Connect for Identity Assurance 1.0 §5.4, §5.5): by
//! naming them, with `value`, `values` and `max_age` as what they have to be. An element that is not met is
//! answered by nothing at all.

use serde_json::Map;
use serde_json::Value;

use crate::clock::Timestamp;

/// What may stand where an element is asked for, besides the names of its own elements.
const WORDS: [&str; 5] = ["value", "values", "max_age", "essential", "purpose"];

/// Of what is known, what was asked for; none where something is not as it has to be.
pub fn answer(asked: &Value, known: &Value, now: Timestamp) -> Option<Value> {
    match (asked, known) {
        (Value::Null, known) => Some(known.clone()),
        (Value::Object(words), known) if is_condition(words) => {
            meets(words, known, now).then(|| known.clone())
        }
        (Value::Object(members), Value::Object(known)) => {
            let mut told = Map::new();
            for (name, asked) in members {
                match known.get(name) {
                    Some(known) => drop(told.insert(name.clone(), answer(asked, known, now)?)),
                    None if constrains(asked) => return None,
                    None => {}
                }
            }
            Some(Value::Object(told))
        }
        (Value::Array(templates), Value::Array(known)) => {
            // Each template is a filter, and one of them is enough.
            let fits =
                |one: &Value| templates.iter().find_map(|template| answer(template, one, now));
            let told: Vec<Value> = known.iter().filter_map(fits).collect();
            (!told.is_empty()).then_some(Value::Array(told))
        }
        _ => None,
    }
}

/// Whether every entry of `evidence` says of which one type it is to be (§5.4.2).
pub fn names_types(evidence: &Value) -> bool {
    let named = |entry: &Value| entry.pointer("/type/value").is_some_and(Value::is_string);
    match evidence {
        Value::Null => true,
        Value::Array(entries) => !entries.is_empty() && entries.iter().all(named),
        _ => false,
    }
}

fn is_condition(words: &Map<String, Value>) -> bool {
    words.keys().all(|word| WORDS.contains(&word.as_str()))
}

/// Whether something is demanded of what is asked for here.
fn constrains(asked: &Value) -> bool {
    match asked {
        Value::Object(words) if is_condition(words) => {
            ["value", "values", "max_age"].iter().any(|word| words.contains_key(*word))
        }
        Value::Object(members) => members.values().any(constrains),
        Value::Array(_) => true,
        _ => false,
    }
}

fn meets(words: &Map<String, Value>, known: &Value, now: Timestamp) -> bool {
    let value = words.get("value").is_none_or(|value| value == known);
    let listed = |values: &Value| values.as_array().is_some_and(|values| values.contains(known));
    let values = words.get("values").is_none_or(listed);
    value && values && words.get("max_age").is_none_or(|age| is_younger(known, age, now))
}

fn is_younger(known: &Value, age: &Value, now: Timestamp) -> bool {
    let at = known.as_str().and_then(Timestamp::from_rfc3339);
    match (at, age.as_u64()) {
        (Some(at), Some(age)) => now.since(at).as_secs() <= age,
        _ => false,
    }
}
