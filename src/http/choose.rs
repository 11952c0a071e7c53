//! `/choose`: for whom a person comes to a portal, where there is a choice (design D3). Right for one
//! organisation and for thousands: a page shows some, and the rest is searched for.

use axum::response::Response;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::codes;
use crate::domain::acting::SubjectKind;
use crate::domain::id::AccountId;
use crate::domain::id::MandateId;
use crate::domain::id::SessionId;
use crate::domain::uscc::Uscc;
use crate::http::failure::Failure;
use crate::http::flow;
use crate::http::flow::Flow;
use crate::http::respond;
use crate::http::session::SignedIn;
use crate::http::visitor::Posted;
use crate::http::visitor::Visitor;
use crate::login::decide::Decision;
use crate::organisations::acting;
use crate::organisations::represented;
use crate::organisations::represented::Represented;
use crate::protocol::parameters::Parameters;

/// So many stand on one page.
const PAGE: usize = 20;
/// Longest text that is searched for, in characters.
const LONGEST: usize = 60;
/// The value that stands for oneself.
const HIMSELF: &str = "self";

/// `GET /choose`
pub async fn show(mut visitor: Visitor) -> Result<Response, Failure> {
    let flow = Flow::find(&visitor, visitor.query.get("tx")).await?;
    let decision = flow::next(&visitor, flow.as_ref()).await?;
    let Some(flow) = flow else { return Ok(flow::go(&decision, None)) };
    visitor.look = visitor.look.asked_for(flow.request.ui_locales.as_deref());
    let notice = visitor.query.get("notice") == Some("organisation");
    match &visitor.signed_in {
        Some(signed_in) if is_asked(&decision) || (notice && may_choose(&decision, &flow)) => {
            page(&visitor, &flow, signed_in, &Wanted { notice, ..Wanted::default() }).await
        }
        _ => Ok(flow::go(&decision, Some(&flow))),
    }
}

/// `POST /choose`: a choice, or a search.
pub async fn answer(Posted { visitor, form }: Posted) -> Result<Response, Failure> {
    let flow = Flow::find(&visitor, form.get("tx")).await?.ok_or_else(Failure::start_again)?;
    let decision = flow::next(&visitor, Some(&flow)).await?;
    let signed_in = match &visitor.signed_in {
        Some(signed_in) if may_choose(&decision, &flow) => signed_in,
        _ => return Ok(flow::go(&decision, Some(&flow))),
    };
    let Some(subject) = form.get("subject") else {
        return page(&visitor, &flow, signed_in, &Wanted::read(&form)).await;
    };
    let mandate = match subject {
        HIMSELF => None,
        text => Some(text.parse().map(MandateId).map_err(|_| unknown())?),
    };
    let who = (signed_in.account.id, signed_in.session.id);
    let (provider, context) = (visitor.provider(), &visitor.context);
    if acting::choose(provider, context, &flow.client, who, mandate).await? {
        return Ok(flow::go_on(Some(&flow)));
    }
    // It ended while the page was open: the list is shown as it is now.
    page(&visitor, &flow, signed_in, &Wanted::read(&form)).await
}

/// Settles for whom a person comes who named an organisation at the login already: where a mandate for it leads
/// to the portal, nothing is asked; otherwise the page says so.
pub async fn by_organisation(
    visitor: &Visitor,
    flow: Option<&Flow>,
    who: (AccountId, SessionId),
    text: &str,
) -> Result<Response, Failure> {
    let Some(flow) = flow else { return Ok(respond::see_other("/account/mandates")) };
    if flow.client.takes_only_persons() {
        return Ok(flow::go_on(Some(flow)));
    }
    let (provider, context) = (visitor.provider(), &visitor.context);
    // Its credit code, or one it had before, as long as those are still answered.
    let uscc = match Uscc::parse(text, provider.config.synthetic()) {
        Ok(uscc) => Some(uscc),
        Err(_) => codes::find_uscc(provider, text).await?,
    };
    let all = represented::at_client(provider, who.0, &flow.client).await?;
    let meant = all
        .iter()
        .find(|other| uscc.is_some() && other.uscc.as_deref() == uscc.as_ref().map(Uscc::as_str));
    if let Some(other) = meant {
        let mandate = Some(other.mandate.id);
        acting::choose(provider, context, &flow.client, who, mandate).await?;
        return Ok(flow::go_on(Some(flow)));
    }
    Ok(respond::see_other(&format!("/choose?tx={}&notice=organisation", flow.tx)))
}

fn is_asked(decision: &Decision) -> bool {
    *decision == Decision::ChooseSubject
}

/// Whoever could go on may choose again before, unless the portal asked for one.
fn may_choose(decision: &Decision, flow: &Flow) -> bool {
    let settled = matches!(decision, Decision::Consent | Decision::Respond);
    let free = flow.request.act_for.is_none() && !flow.client.takes_only_persons();
    is_asked(decision) || (settled && free)
}

/// What part of the list.
#[derive(Default)]
struct Wanted {
    search: String,
    from: usize,
    notice: bool,
}

impl Wanted {
    fn read(form: &Parameters) -> Self {
        let search = form.get("search").unwrap_or_default().trim().chars().take(LONGEST).collect();
        let from = form.get("from").and_then(|text| text.parse().ok()).unwrap_or_default();
        Self { search, from, notice: false }
    }
}

async fn page(
    visitor: &Visitor,
    flow: &Flow,
    signed_in: &SignedIn,
    wanted: &Wanted,
) -> Result<Response, Failure> {
    let provider = visitor.provider();
    let account = signed_in.account.id;
    let all = represented::at_client(provider, account, &flow.client).await?;
    let last = provider.store.last_acting_choice(account, &flow.client.id).await?;
    let last = last.and_then(|choice| choice.mandate);
    let mut found: Vec<&Represented> =
        all.iter().filter(|other| other.matches(&wanted.search)).collect();
    // Whom the person came for last time stands first.
    found.sort_by_key(|other| Some(other.mandate.id) != last);
    let from = if wanted.from < found.len() { wanted.from } else { 0 };
    let subjects: Vec<Value> = found
        .iter()
        .skip(from)
        .take(PAGE)
        .map(|other| shown(other, Some(other.mandate.id) == last))
        .collect();
    let himself = flow.client.policy.subject_kinds.contains(&SubjectKind::NaturalPerson);
    let page = json!({
        "tx": flow.tx,
        "client": flow.client_shown(),
        "himself": himself.then(|| {
            visitor.provider().config.masking.name(&signed_in.profile.name)
        }),
        "subjects": subjects,
        "search": wanted.search,
        "searchable": all.len() > PAGE,
        "total": all.len(),
        "found": found.len(),
        "before": (from > 0).then(|| from.saturating_sub(PAGE)),
        "after": (from + PAGE < found.len()).then_some(from + PAGE),
        "notice": wanted.notice.then_some("choose-not-represented"),
    });
    visitor.page_towards(&[flow.redirect_uri()], (StatusCode::OK, "choose.html"), page)
}

fn shown(other: &Represented, is_last: bool) -> Value {
    let until = other.mandate.terms.term.last_minute();
    json!({
        "mandate": other.mandate.id,
        "id": other.uscc.clone().unwrap_or_else(|| other.mandate.id.to_string()),
        "name": other.name,
        "uscc": other.uscc,
        "role_key": format!("mandate-role-{}", other.mandate.terms.role.as_str().replace('_', "-")),
        "until": until.map(crate::clock::Timestamp::to_beijing),
        "last": is_last,
    })
}

fn unknown() -> Failure {
    Failure::bad_request("subject must be one of those on the page")
}
