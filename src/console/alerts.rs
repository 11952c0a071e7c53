//! What monitoring found, and how officers deal with it. The audit officer sees it, so that nothing found is
//! made away with; the security officer deals with it, but not with what is about himself.

use crate::audit;
use crate::console::Actor;
use crate::console::ConsoleError;
use crate::console::reason;
use crate::domain::alert::Alert;
use crate::domain::alert::Handling;
use crate::domain::alert::Rule;
use crate::domain::alert::State;
use crate::domain::alert::Step;
use crate::domain::alert::Subject;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::AlertId;
use crate::domain::operator::Permission;
use crate::store::sql::AlertSearch;

/// Alerts on one page.
pub const PAGE: i64 = 50;
/// What the seal of an officer's note is bound to.
const NOTE: &str = "alert note";

/// Which alerts an officer looks for.
#[derive(Debug, Clone, Copy)]
pub struct Search {
    /// In this state.
    pub state: Option<State>,
    /// Of this rule.
    pub rule: Option<Rule>,
    /// Older than this one.
    pub before: Option<AlertId>,
    /// At most so many.
    pub limit: i64,
}

/// Alerts that match, newest first.
pub async fn list(actor: Actor<'_>, search: Search) -> Result<Vec<Alert>, ConsoleError> {
    actor.demand(Permission::SeeAlerts).await?;
    let Search { state, rule, before, limit } = search;
    let search = AlertSearch { state, rule, before, limit };
    Ok(actor.provider.store.search_alerts(&search).await?)
}

/// One alert.
pub async fn find(actor: Actor<'_>, id: AlertId) -> Result<Alert, ConsoleError> {
    actor.demand(Permission::SeeAlerts).await?;
    actor.provider.store.find_alert(id).await?.ok_or(ConsoleError::NotFound)
}

/// How many nobody has looked at; none for who may not see them.
pub async fn count_open(actor: Actor<'_>) -> Result<Option<i64>, ConsoleError> {
    if !actor.may(Permission::SeeAlerts) {
        return Ok(None);
    }
    Ok(Some(actor.provider.store.count_open_alerts().await?))
}

/// Whether this officer may take this alert further.
pub fn may_handle(actor: Actor<'_>, alert: &Alert) -> bool {
    actor.may(Permission::HandleAlerts) && !is_about(actor, alert)
}

/// Acknowledges or closes an alert, with a note that says why.
pub async fn handle(
    actor: Actor<'_>,
    id: AlertId,
    step: Step,
    note: &str,
) -> Result<(), ConsoleError> {
    actor.demand(Permission::HandleAlerts).await?;
    let (provider, own) = (actor.provider, actor.operator.id);
    let alert = provider.store.find_alert(id).await?.ok_or(ConsoleError::NotFound)?;
    let kind = match step {
        Step::Acknowledge => AuditKind::AlertAcknowledged,
        Step::Close => AuditKind::AlertClosed,
    };
    if is_about(actor, &alert) {
        let refused = audit::refused(kind, "about the operator himself").operator(own);
        let record = refused.detail("alert", id.to_string()).record(provider, actor.context);
        provider.store.record(record).await?;
        return Err(ConsoleError::AboutSelf);
    }
    let note = reason(note)?;
    let record = audit::done(kind)
        .operator(own)
        .detail("alert", id.to_string())
        .detail("rule", alert.finding.rule.as_str())
        .why(&note)
        .record(provider, actor.context);
    let sealed = provider.vault.seal_data(NOTE, note.as_bytes());
    let handling = Handling { by: own, at: provider.clock.now(), note: sealed };
    if provider.store.handle_alert((id, step), handling, record).await? {
        Ok(())
    } else {
        Err(ConsoleError::AlertOver)
    }
}

/// What an officer wrote at a step.
pub fn note(actor: Actor<'_>, handling: &Handling) -> Result<String, ConsoleError> {
    let text = actor.provider.vault.open_data(NOTE, &handling.note)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn is_about(actor: Actor<'_>, alert: &Alert) -> bool {
    alert.finding.subject == Subject::Operator(actor.operator.id)
}
