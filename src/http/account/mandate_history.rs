//! `/account/mandates/history`: whom a person represents and ever represented, and who acts or acted for the person,
//! whole, a page at a time.

use axum::response::Response;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::clock::Timestamp;
use crate::domain::mandate::Principal;
use crate::http::account::Owner;
use crate::http::account::granting;
use crate::http::account::granting::PAGE;
use crate::http::failure::Failure;
use crate::organisations::represented;
use crate::organisations::represented::Past;
use crate::provider::Provider;

/// The lists there are, the first one where the address names none: what the person holds and held, who acts for the
/// person, who did.
const LISTS: [&str; 3] = ["held", "mine", "over"];

/// `GET /account/mandates/history`
pub async fn show(owner: Owner) -> Result<Response, Failure> {
    let (visitor, account) = (&owner.visitor, owner.signed_in.account.id);
    let provider = visitor.provider();
    let asked = visitor.query.get("of").unwrap_or(LISTS[0]);
    let list = LISTS.into_iter().find(|list| *list == asked);
    let list = list.ok_or_else(|| Failure::bad_request("of is no list of this page"))?;
    let part = (granting::before(visitor)?, PAGE + 1);
    let (rows, next) = if list == "held" {
        let found = represented::history(provider, account, part).await?;
        let (found, next) = granting::part_of(found, |past| past.mandate.id);
        (held_rows(provider, &found).await?, next)
    } else {
        let principal = Principal::Person(account);
        let found = provider.store.list_mandates_of(principal, list == "mine", part).await?;
        let (found, next) = granting::part_of(found, |mandate| mandate.id);
        (granting::rows(provider, &found).await?, next)
    };
    let page = json!({ "lists": LISTS, "list": list, "rows": rows, "next": next });
    visitor.page_towards(&[], (StatusCode::OK, "account_mandate_history.html"), page)
}

/// Mandates as who has them sees them: named after whom they are about.
pub async fn held_rows(provider: &Provider, held: &[Past]) -> Result<Vec<Value>, Failure> {
    let mut rows = Vec::with_capacity(held.len());
    for past in held {
        let mandate = &past.mandate;
        rows.push(json!({
            "name": past.name, "number": past.uscc, "grantor": past.grantor,
            "state_key": format!("mandate-state-{}", mandate.state.as_str()),
            "ended_at": mandate.ended_at.map(Timestamp::to_beijing),
            "terms": granting::terms_shown(provider, mandate).await?,
        }));
    }
    Ok(rows)
}
