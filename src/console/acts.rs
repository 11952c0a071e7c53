//! Four eyes (security.md A-69): asking for what needs a second officer, and deciding. What is asked about a
//! person stays within the asker's region; who decides is another one, and sees the reason.

use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::audit;
use crate::clock::Timestamp;
use crate::console::Actor;
use crate::console::ConsoleError;
use crate::console::applications;
use crate::console::codes;
use crate::console::counter;
use crate::console::identities;
use crate::console::invitations;
use crate::console::machines;
use crate::console::notices::Concerned;
use crate::console::organisations;
use crate::console::people;
use crate::console::reason;
use crate::console::system;
use crate::console::verification;
use crate::domain::act::Act;
use crate::domain::act::PATIENCE;
use crate::domain::act::Request;
use crate::domain::act::State;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::AccountId;
use crate::domain::id::ActId;
use crate::domain::id::ApplicationId;
use crate::domain::id::OperatorId;
use crate::domain::operator::Permission;
use crate::domain::recovery::COUNTER_CODE;
use crate::people::phone;
use crate::provider::Provider;
use crate::recovery::counter as codes_of_counter;
use crate::store::sql::ActMark;
use crate::store::sql::Effect;

/// What the seal of an act is bound to.
const PURPOSE: &str = "act";
/// How long somebody may look at what was unmasked for him.
const LOOK: Duration = Duration::from_mins(15);
/// So many acts of a kind stand on a page.
const PAGE: i64 = 50;

/// What is kept of an act, sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Document {
    /// What is asked for.
    pub request: Request,
    /// Why.
    pub reason: String,
}

/// An act with what it says.
pub struct ReadAct {
    /// The act.
    pub act: Act,
    /// What it says.
    pub document: Document,
}

impl ReadAct {
    /// Whether it can still be decided.
    pub fn waits(&self, now: Timestamp) -> bool {
        self.act.state == State::Waiting && self.act.expires_at > now
    }
}

/// What came of a decision.
pub struct Decided {
    /// What was asked for.
    pub request: Request,
    /// The address of the invitation or tracking link that was made, to be shown once.
    pub address: Option<String>,
}

/// Asks for something about a person.
pub async fn ask_about_person(
    actor: Actor<'_>,
    request: Request,
    why: &str,
) -> Result<ActId, ConsoleError> {
    actor.demand(request.permission()).await?;
    let account = request.account().ok_or(ConsoleError::NotFound)?;
    let person = people::find(actor, account).await?;
    let pointless = match request {
        Request::ResetSecondFactors { .. } => !person.account.has_totp,
        Request::ReleasePhone { .. } => person.profile.phone.is_none(),
        Request::RecoverAtCounter { .. } => !person.account.status.is_recoverable(),
        _ => false,
    };
    if pointless {
        return Err(ConsoleError::Over);
    }
    ask(actor, request, why).await
}

/// Keeps what is asked for; whether the operator may ask for it was judged before.
pub(super) async fn ask(
    actor: Actor<'_>,
    request: Request,
    why: &str,
) -> Result<ActId, ConsoleError> {
    let (provider, now) = (actor.provider, actor.provider.clock.now());
    let document = Document { request, reason: reason(why)? };
    let json = serde_json::to_vec(&document).map_err(|_| ConsoleError::NotFound)?;
    let act = Act {
        id: ActId::generate(),
        document: provider.vault.seal_data(PURPOSE, &json),
        state: State::Waiting,
        requested_by: actor.operator.id,
        requested_at: now,
        expires_at: now.plus(PATIENCE),
        decided_by: None,
        decided_at: None,
    };
    let mut event = audit::done(AuditKind::ActRequested).operator(actor.operator.id);
    if let Some(account) = document.request.account() {
        event = event.account_id(account);
    }
    let event = event.detail("act", act.id.to_string()).detail("kind", document.request.kind());
    let record = event.why(&document.reason).record(provider, actor.context);
    let id = act.id;
    provider.store.add_act(act, &document.request, record).await?;
    Ok(id)
}

/// Approves, rejects or withdraws.
pub async fn decide(actor: Actor<'_>, id: ActId, decision: State) -> Result<Decided, ConsoleError> {
    let (provider, own) = (actor.provider, actor.operator.id);
    let act = provider.store.find_act(id).await?.ok_or(ConsoleError::NotFound)?;
    let withdraws = decision == State::Withdrawn;
    if withdraws && act.requested_by != own {
        return Err(ConsoleError::NotFound);
    }
    if !withdraws {
        actor.demand(Permission::Decide).await?;
        if act.requested_by == own {
            refused(actor, id, "asked for by the same operator").await?;
            return Err(ConsoleError::Own);
        }
    }
    let document = read(provider, &act)?;
    let (concerned, (effect, address)) = match decision {
        State::Approved => {
            let concerned = Concerned::by(provider, &document.request).await?;
            (concerned, effect(actor, &act, &document).await?)
        }
        _ => (Concerned::Nobody, (Effect::None, None)),
    };
    let mut event = audit::done(AuditKind::ActDecided).operator(own);
    if let Some(account) = document.request.account() {
        event = event.account_id(account);
    }
    let record = event
        .detail("act", id.to_string())
        .detail("kind", document.request.kind())
        .detail("decision", decision.as_str())
        .detail("requested_by", act.requested_by.to_string())
        .record(provider, actor.context);
    let at = record.at;
    if provider.store.decide_act(id, (decision, own), effect, record).await? {
        if decision == State::Approved {
            concerned.tell(provider, at);
            if document.request == Request::RotateKeys {
                provider.keyring.reload(&provider.store, provider.clock.now()).await?;
            }
        }
        return Ok(Decided { request: document.request, address });
    }
    refused(actor, id, "over, or without effect").await?;
    match (&document.request, act.state) {
        (Request::DisableOperator { .. }, State::Waiting) if decision == State::Approved => {
            Err(ConsoleError::LastOfKind)
        }
        _ => Err(ConsoleError::Over),
    }
}

/// What an approval does. Who asked must still be there, and still be allowed to ask.
async fn effect(
    actor: Actor<'_>,
    act: &Act,
    document: &Document,
) -> Result<(Effect, Option<String>), ConsoleError> {
    let provider = actor.provider;
    let asker = provider.store.find_operator(act.requested_by).await?;
    let allowed = asker.filter(|asker| asker.is_active);
    let allowed = allowed.is_some_and(|asker| asker.role.may(document.request.permission()));
    if !allowed {
        refused(actor, act.id, "who asked may not any more").await?;
        return Err(ConsoleError::Over);
    }
    if let Some(application) = document.request.application() {
        return applications::effect(actor, &document.request, application).await;
    }
    Ok(match &document.request {
        Request::ReleasePhone { account } => {
            let account = provider.store.find_account(*account).await?;
            let account = account.ok_or(ConsoleError::NotFound)?;
            (Effect::ChangePhone(account.id, phone::change(provider, &account, None)?), None)
        }
        Request::VerifyAtCounter { .. } => verification::effect(actor, act, document).await?,
        Request::RotateKeys => (system::takeover(actor).await?, None),
        Request::MergeAccounts { .. }
        | Request::SplitAccount { .. }
        | Request::CorrectIdentity { .. } => {
            (identities::effect(provider, &document.request).await?, None)
        }
        Request::ResumeOrganisation { .. } | Request::EndOrganisation { .. } => {
            (organisations::effect(&document.request)?, None)
        }
        Request::Counter(request) => (counter::effect(actor, act, request).await?, None),
        Request::ConfirmCodes { .. }
        | Request::PublishCodes { .. }
        | Request::RollBackCodes { .. }
        | Request::SettleCode { .. } => (codes::effect(&document.request)?, None),
        Request::DisableOperator { operator } => (Effect::Disable(*operator), None),
        Request::ResetSecondFactors { account } => (Effect::RemoveTotp(*account), None),
        Request::ConnectMachine { client, name, role, region } => {
            let machine = machines::new(provider, client, (name, *role, region.clone())).await?;
            (Effect::Connect(Box::new(machine)), None)
        }
        Request::InviteOperator { name, role, region } => {
            let (token, invitation) =
                invitations::new(provider, (name, *role), region.clone(), None);
            (Effect::Invite(invitation), Some(invitations::url(provider, &token)))
        }
        // What was approved is then done by who asked: to look, and to hand over a code.
        Request::Unmask { .. }
        | Request::RecoverAtCounter { .. }
        | Request::GoLive { .. }
        | Request::RetirePortal { .. }
        | Request::HandOverPortal { .. } => (Effect::None, None),
    })
}

/// One page of acts.
pub struct Page {
    /// The acts.
    pub acts: Vec<ReadAct>,
    /// Where the next page begins, if there is one.
    pub next: Option<ActMark>,
}

/// Acts that wait, as far as they concern this operator: those who decide see all, the others their own.
pub async fn waiting(actor: Actor<'_>, after: Option<ActMark>) -> Result<Page, ConsoleError> {
    let provider = actor.provider;
    // What has expired waits no more, whatever mark somebody brings.
    let begin = (provider.clock.now(), ActId(uuid::Uuid::max()));
    let after = after.map_or(begin, |after| after.max(begin));
    let found = provider.store.waiting_acts(seen(actor), after, PAGE + 1).await?;
    page(provider, found, |act| (act.expires_at, act.id))
}

/// How many wait, likewise.
pub async fn count_waiting(actor: Actor<'_>) -> Result<i64, ConsoleError> {
    let now = actor.provider.clock.now();
    Ok(actor.provider.store.count_waiting_acts(seen(actor), now).await?)
}

/// Acts that wait no more, likewise.
pub async fn past(actor: Actor<'_>, before: Option<ActMark>) -> Result<Page, ConsoleError> {
    let provider = actor.provider;
    let before = before.unwrap_or((Timestamp(i64::MAX), ActId(uuid::Uuid::max())));
    let now = provider.clock.now();
    let found = provider.store.past_acts(seen(actor), before, now, PAGE + 1).await?;
    page(provider, found, |act| (act.requested_at, act.id))
}

/// Whose acts alone this operator sees; none for who sees all.
fn seen(actor: Actor<'_>) -> Option<OperatorId> {
    (!actor.may(Permission::Decide)).then_some(actor.operator.id)
}

fn page(
    provider: &Provider,
    mut found: Vec<Act>,
    mark: impl Fn(&Act) -> ActMark,
) -> Result<Page, ConsoleError> {
    let size = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = found.len() > size;
    found.truncate(size);
    let next = found.last().filter(|_| more).map(mark);
    Ok(Page { acts: opened(provider, found)?, next })
}

fn opened(provider: &Provider, acts: Vec<Act>) -> Result<Vec<ReadAct>, ConsoleError> {
    acts.into_iter().map(|act| Ok(ReadAct { document: read(provider, &act)?, act })).collect()
}

/// The acts this operator asked for, older than `before`, newest first, whatever became of them.
pub async fn own(
    actor: Actor<'_>,
    before: Option<ActId>,
    limit: i64,
) -> Result<Vec<ReadAct>, ConsoleError> {
    let acts = actor.provider.store.acts_of(actor.operator.id, before, limit).await?;
    opened(actor.provider, acts)
}

/// One act, if it concerns this operator.
pub async fn find(actor: Actor<'_>, id: ActId) -> Result<ReadAct, ConsoleError> {
    let concerns = |act: &Act| seen(actor).is_none_or(|own| act.requested_by == own);
    let act = actor.provider.store.find_act(id).await?.filter(concerns);
    opened(actor.provider, act.into_iter().collect())?.pop().ok_or(ConsoleError::NotFound)
}

/// Acts about a person since a while ago.
pub async fn about(actor: Actor<'_>, account: AccountId) -> Result<Vec<ReadAct>, ConsoleError> {
    about_row(actor, account.0).await
}

async fn about_row(actor: Actor<'_>, row: uuid::Uuid) -> Result<Vec<ReadAct>, ConsoleError> {
    let since = actor.provider.clock.now().minus(PATIENCE);
    opened(actor.provider, actor.provider.store.acts_about(row, since).await?)
}

/// Acts about a portal that wait.
pub async fn about_application(
    actor: Actor<'_>,
    application: ApplicationId,
) -> Result<Vec<ReadAct>, ConsoleError> {
    let (mut acts, now) = (about_row(actor, application.0).await?, actor.provider.clock.now());
    acts.retain(|read| read.waits(now));
    Ok(acts)
}

/// Whether this operator may look at the person's data now: it was approved for him a moment ago. Each
/// look is recorded.
pub async fn may_look(
    actor: Actor<'_>,
    account: AccountId,
    acts: &[ReadAct],
) -> Result<Option<String>, ConsoleError> {
    let since: Timestamp = actor.provider.clock.now().minus(LOOK);
    let granted = acts.iter().find(|read| {
        matches!(read.document.request, Request::Unmask { .. })
            && read.act.state == State::Approved
            && read.act.requested_by == actor.operator.id
            && read.act.decided_at.is_some_and(|at| at > since)
    });
    let Some(granted) = granted else { return Ok(None) };
    let record = audit::done(AuditKind::PersonUnmasked).operator(actor.operator.id);
    let record = record.account_id(account).detail("act", granted.act.id.to_string());
    actor.provider.store.record(record.record(actor.provider, actor.context)).await?;
    Ok(Some(granted.document.reason.clone()))
}

/// The code that was approved for a person at this operator's counter: made and shown once.
pub async fn counter_code(actor: Actor<'_>, account: AccountId) -> Result<String, ConsoleError> {
    actor.demand(Permission::HandOutCodes).await?;
    let person = people::find(actor, account).await?;
    let granted = approved_code(actor, &about(actor, account).await?).ok_or(ConsoleError::Over)?;
    let (code, recovery) = codes_of_counter::issue(actor.provider, &person.account, granted);
    let record = audit::done(AuditKind::RecoveryCodeIssued).account(&person.account);
    let record = record.operator(actor.operator.id).detail("act", granted.to_string());
    let record = record.record(actor.provider, actor.context);
    if actor.provider.store.add_counter_recovery(recovery, record).await? {
        Ok(code)
    } else {
        Err(ConsoleError::Over)
    }
}

/// The act that lets this operator hand over a code, approved less than a day ago.
pub fn approved_code(actor: Actor<'_>, acts: &[ReadAct]) -> Option<ActId> {
    let since: Timestamp = actor.provider.clock.now().minus(COUNTER_CODE);
    let fits = |read: &&ReadAct| {
        matches!(read.document.request, Request::RecoverAtCounter { .. })
            && read.act.state == State::Approved
            && read.act.requested_by == actor.operator.id
            && read.act.decided_at.is_some_and(|at| at > since)
    };
    acts.iter().find(fits).map(|read| read.act.id)
}

async fn refused(actor: Actor<'_>, id: ActId, why: &str) -> Result<(), ConsoleError> {
    let record = audit::refused(AuditKind::ActDecided, why).operator(actor.operator.id);
    let record = record.detail("act", id.to_string()).record(actor.provider, actor.context);
    Ok(actor.provider.store.record(record).await?)
}

fn read(provider: &Provider, act: &Act) -> Result<Document, ConsoleError> {
    let json = provider.vault.open_data(PURPOSE, &act.document)?;
    serde_json::from_slice(&json).map_err(|_| crate::store::StoreError::Unreadable("act").into())
}
