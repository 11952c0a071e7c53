//! An account as an operator sees it, and what he does about it.

use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::console::ConsoleError;
use crate::console::acts;
use crate::console::acts::ReadAct;
use crate::console::operators;
use crate::console::operators::Names;
use crate::console::organisations as mandates;
use crate::console::people;
use crate::console::people::NoteMark;
use crate::console::people::Person;
use crate::console::people::ReadNote;
use crate::console::verification as at_counter;
use crate::console::verification::Seen;
use crate::domain::account::AccountStatus;
use crate::domain::act::Request as Asked;
use crate::domain::evidence::SeenDocument;
use crate::domain::id::AccountId;
use crate::domain::id::MandateId;
use crate::domain::id::NoteId;
use crate::domain::operator::Permission;
use crate::domain::recovery::COUNTER_CODE;
use crate::http::account::device;
use crate::http::account::verification;
use crate::http::console::Officer;
use crate::http::console::OfficerForm;
use crate::http::console::mark;
use crate::http::console::mark_text;
use crate::http::console::message_key;
use crate::http::console::organisations;
use crate::http::documents;
use crate::http::failure::Failure;
use crate::http::respond;
use crate::people::account_centre;
use crate::people::evidence;
use crate::protocol::parameters::Parameters;

/// `GET /console/people/{id}`
pub async fn show(Path(id): Path<String>, officer: Officer) -> Result<Response, Failure> {
    let done = officer.visitor.query.get("done").filter(|done| matches!(*done, "done" | "asked"));
    let done = done.map(|done| format!("console-{done}"));
    let seen = match account(&id) {
        Ok(account) => people::look(officer.actor(), account).await,
        Err(error) => Err(error),
    };
    match seen {
        Ok(person) => page(&officer, &person, (StatusCode::OK, None, done.as_deref())).await,
        Err(error) => officer.refuse(error),
    }
}

/// `POST /console/people/{id}/…`
pub async fn act(
    Path((id, action)): Path<(String, String)>,
    OfficerForm { officer, form }: OfficerForm,
) -> Result<Response, Failure> {
    let account = match account(&id) {
        Ok(account) => account,
        Err(error) => return officer.refuse(error),
    };
    let (actor, why) = (officer.actor(), form.get("reason").unwrap_or_default());
    let done = match action.as_str() {
        "lock" => people::set_locked(actor, account, true, why).await,
        "unlock" => people::set_locked(actor, account, false, why).await,
        "end-sessions" => people::end_sessions(actor, account, why).await,
        "end-mandate" => end_mandate(&officer, account, &form).await,
        "notes" => people::add_note(actor, account, form.get("text").unwrap_or_default()).await,
        "ask" => match asked(form.get("kind"), account) {
            Some(request) => acts::ask_about_person(actor, request, why).await.map(drop),
            None => Err(ConsoleError::NotFound),
        },
        "verify" => verify(&officer, account, &form).await,
        "counter-code" => match acts::counter_code(actor, account).await {
            Ok(code) => return code_page(&officer, account, &code).await,
            Err(error) => Err(error),
        },
        _ => Err(ConsoleError::NotFound),
    };
    let told = if matches!(&*action, "ask" | "verify") { "asked" } else { "done" };
    match done {
        Ok(()) => Ok(respond::see_other(&format!("/console/people/{account}?done={told}"))),
        Err(error) => match (message_key(&error), person(&officer, &id).await) {
            (Some(key), Ok(person)) => {
                page(&officer, &person, (StatusCode::BAD_REQUEST, Some(key), None)).await
            }
            _ => officer.refuse(error),
        },
    }
}

/// The clerk says what the document says.
async fn verify(
    officer: &Officer,
    account: AccountId,
    form: &Parameters,
) -> Result<(), ConsoleError> {
    let text = |name| form.get(name).unwrap_or_default();
    let document = SeenDocument::parse(text("document")).ok_or(ConsoleError::NotSeen)?;
    let (name, id_number) = (text("name"), text("id_number"));
    let seen = Seen { document, name, id_number, face: form.get("face").is_some() };
    at_counter::ask(officer.actor(), account, seen, text("reason")).await.map(drop)
}

fn asked(kind: Option<&str>, account: AccountId) -> Option<Asked> {
    Some(match kind? {
        "unmask" => Asked::Unmask { account },
        "reset_second_factors" => Asked::ResetSecondFactors { account },
        "recover_at_counter" => Asked::RecoverAtCounter { account },
        "release_phone" => Asked::ReleasePhone { account },
        _ => return None,
    })
}

/// Ends a mandate for this person, and for no other.
async fn end_mandate(
    officer: &Officer,
    account: AccountId,
    form: &Parameters,
) -> Result<(), ConsoleError> {
    let mandate = form.get("mandate").and_then(|text| text.parse().ok());
    // What is no key is nobody's.
    let which = (MandateId(mandate.unwrap_or(uuid::Uuid::nil())), account);
    let why = form.get("reason").unwrap_or_default();
    mandates::end_mandate_of_person(officer.actor(), which, why).await
}

/// The code for the person at the counter, shown once, to be handed over on paper.
async fn code_page(officer: &Officer, account: AccountId, code: &str) -> Result<Response, Failure> {
    let person = people::find(officer.actor(), account).await?;
    let page = json!({
        "account": shown(officer, &person), "code": code, "hours": COUNTER_CODE.as_secs() / 3600,
        "address": officer.visitor.provider().config.issuer.join("/recover/counter").map(String::from).ok(),
    });
    officer.page((StatusCode::OK, "console/counter_code.html"), page)
}

fn account(id: &str) -> Result<AccountId, ConsoleError> {
    id.parse().map(AccountId).map_err(|_| ConsoleError::NotFound)
}

async fn person(officer: &Officer, id: &str) -> Result<Person, ConsoleError> {
    people::find(officer.actor(), account(id)?).await
}

async fn page(
    officer: &Officer,
    person: &Person,
    (status, error, done): (StatusCode, Option<&str>, Option<&str>),
) -> Result<Response, Failure> {
    let (actor, account) = (officer.actor(), &person.account);
    let provider = actor.provider;
    let acts = acts::about(actor, account.id).await?;
    let names = operators::names(provider).await?;
    let key = person.profile.key();
    let unmasked = acts::may_look(actor, account.id, &acts).await?.map(|reason| {
        json!({
            "name": person.profile.name, "id_number": person.profile.id_number,
            "id_type": key.document_type.code(), "id_country": key.country,
            "phone": person.profile.phone, "reason": reason,
        })
    });
    let portals = account_centre::consents(provider, account).await?;
    let sessions = account_centre::sessions(provider, account).await?;
    let (history, _) = account_centre::history(provider, account, None).await?;
    let evidence = evidence::list(provider, account).await?;
    let (notes, older) = notes(officer, person, &names).await?;
    let page = json!({
        "account": shown(officer, person),
        "sessions": sessions.iter().map(|session| json!({
            "device": device::describe(&session.user_agent),
            "started_at": session.created_at.to_beijing(),
            "last_seen_at": session.last_seen_at.to_beijing(),
        })).collect::<Vec<Value>>(),
        "portals": portals.iter().map(|(client, consent)| json!({
            "name": client.name, "since": consent.granted_at.to_beijing(),
        })).collect::<Vec<Value>>(),
        "history": history.iter().map(|entry| json!({
            "at": entry.at.to_beijing(), "kind": entry.kind, "outcome": entry.outcome,
            "reason": entry.method,
        })).collect::<Vec<Value>>(),
        "documents": SeenDocument::ALL.iter().map(|one| one.as_str()).collect::<Vec<_>>(),
        "evidence": evidence.iter().map(verification::shown).collect::<Vec<Value>>(),
        "notes": notes,
        "older_notes": older.map(|(at, id)| mark_text((at, id.0))),
        "may": may(officer, person, acts::approved_code(actor, &acts).is_some()),
        "acting": acting(officer, account.id).await?,
        "unmasked": unmasked,
        "waiting": waiting(officer, &acts, &names),
        "error": error,
        "done": done,
    });
    officer.page((status, "console/person.html"), page)
}

fn shown(officer: &Officer, person: &Person) -> Value {
    let (account, profile) = (&person.account, &person.profile);
    let (visitor, key) = (&officer.visitor, profile.key());
    let masks = visitor.provider().config.masking;
    json!({
        "id": account.id.to_string(),
        "status": account.status.as_str(),
        "name": masks.name(&profile.name),
        "id_type_key": documents::title_key(key.document_type),
        "id_country": documents::country_name(key, visitor.look.locale),
        "id_number": key.masked(),
        "phone": profile.phone.as_deref().map(|phone| masks.phone(phone)),
        "assurance": account.identity_assurance.level(),
        "has_password": account.password_hash.is_some(),
        "has_totp": account.has_totp,
        "created": account.created_at.to_beijing(),
    })
}

fn may(officer: &Officer, person: &Person, has_code: bool) -> Value {
    let power = |permission| officer.operator.role.may(permission);
    let (change, ask) = (power(Permission::ChangePeople), power(Permission::AskAboutPeople));
    let hands_out = power(Permission::HandOutCodes);
    let status = person.account.status;
    json!({
        "lock": change && status == AccountStatus::Active,
        "unlock": change && matches!(status, AccountStatus::Locked | AccountStatus::Stopped),
        "end_sessions": change,
        "end_mandate": change,
        "note": power(Permission::WriteNotes),
        "ask_unmask": ask,
        "ask_reset": ask && person.account.has_totp,
        "ask_recover": hands_out && status.is_recoverable(),
        "verify": power(Permission::VerifyAtCounter) && at_counter::is_open(person),
        "ask_release": ask && person.profile.phone.is_some(),
        "counter_code": hands_out && has_code && status.is_recoverable(),
    })
}

/// A page of notes, and where the next one begins.
async fn notes(
    officer: &Officer,
    person: &Person,
    names: &Names,
) -> Result<(Vec<Value>, Option<NoteMark>), Failure> {
    let before = mark(officer, "notes")?.map(|(at, id)| (at, NoteId(id)));
    let (found, next) = people::notes(officer.actor(), person, before, people::NOTES).await?;
    let shown = |note: ReadNote| {
        json!({
            "at": note.at.to_beijing(), "author": names.of(note.operator), "text": note.text,
        })
    };
    Ok((found.into_iter().map(shown).collect(), next))
}

/// Whom the person represents or represented, and who acts or acted for the person: of each a page, and where the
/// next one begins.
async fn acting(officer: &Officer, account: AccountId) -> Result<Value, Failure> {
    let actor = officer.actor();
    let part = |list| Ok::<_, Failure>((organisations::before(officer, list)?, mandates::PAGE));
    let (held, more) = mandates::mandates_held(actor, account, part("represented")?).await?;
    let older = held.last().filter(|_| more).map(|last| last.mandate.id.to_string());
    let mut represented = Vec::with_capacity(held.len());
    for held in held {
        let rows = organisations::rows(actor.provider, std::slice::from_ref(&held.mandate)).await?;
        let mut row = rows.into_iter().next().unwrap_or_default();
        row["principal"] = match &held.organisation {
            // Its page says whether it lies where the officer works.
            Some(record) => mandates::masked_name(actor.provider, record)?.into(),
            None => row["grantor"].clone(),
        };
        represented.push(row);
    }
    let mut acting = json!({ "represented": represented, "older_represented": older });
    for (list, open) in [("agents", true), ("former", false)] {
        let (before, limit) = part(list)?;
        let about = (open, before, limit);
        let (found, more) = mandates::mandates_about(actor, account, about).await?;
        let older = found.last().filter(|_| more).map(|last| last.id.to_string());
        acting[list] = organisations::rows(actor.provider, &found).await?.into();
        acting[format!("older_{list}")] = older.into();
    }
    Ok(acting)
}

pub(super) fn waiting(officer: &Officer, acts: &[ReadAct], names: &Names) -> Vec<Value> {
    let shown = |read: &ReadAct| {
        json!({
            "kind": read.document.request.kind(), "at": read.act.requested_at.to_beijing(),
            "by": names.of(read.act.requested_by),
        })
    };
    let now = officer.visitor.provider().clock.now();
    acts.iter().filter(|read| read.waits(now)).map(shown).collect()
}
