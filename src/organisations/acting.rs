//! For whom a person comes to a portal: asked where both are possible, chosen once a session, switched without
//! another login (design D3).

use crate::audit;
use crate::clock::Timestamp;
use crate::domain::account::Account;
use crate::domain::acting::Acting;
use crate::domain::acting::SubjectKind;
use crate::domain::audit_event::AuditKind;
use crate::domain::client::Client;
use crate::domain::id::AccountId;
use crate::domain::id::MandateId;
use crate::domain::id::SessionId;
use crate::domain::request_context::RequestContext;
use crate::organisations::represented;
use crate::organisations::represented::Represented;
use crate::organisations::represented::RepresentedError;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::subjects;

/// What a request says of whom it is for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked<'a> {
    /// The organisation with this credit code, and no other (RFC 9396: `act_for`).
    pub uscc: Option<&'a str>,
    /// Whom an `id_token_hint` names.
    pub hinted: Option<&'a str>,
    /// A choice counts from then on: the request wants a new one.
    pub since: Option<Timestamp>,
}

/// For whom.
#[derive(Debug, Clone)]
pub enum Chosen {
    /// For himself.
    Himself,
    /// For somebody else.
    Other(Box<Represented>),
    /// It has to be asked.
    Open,
    /// For nobody whom the client takes, or whom it asked for.
    Nobody,
}

impl Chosen {
    /// For whom, where it is somebody else.
    pub fn other(&self) -> Option<&Represented> {
        match self {
            Self::Other(other) => Some(other),
            Self::Himself | Self::Open | Self::Nobody => None,
        }
    }
}

/// For whom this person comes to the client now. Where only natural persons come there is nothing to ask, and
/// nothing is looked up.
pub async fn chosen(
    provider: &Provider,
    client: &Client,
    (account, session): (AccountId, SessionId),
    asked: Asked<'_>,
) -> Result<Chosen, RepresentedError> {
    if let Some(uscc) = asked.uscc {
        return by_code(provider, client, account, (uscc, asked.hinted)).await;
    }
    if client.takes_only_persons() {
        return Ok(Chosen::Himself);
    }
    let himself = client.policy.subject_kinds.contains(&SubjectKind::NaturalPerson);
    if let Some(hinted) = asked.hinted {
        if himself && subjects::of(provider, client, account).await? == *hinted {
            return Ok(Chosen::Himself);
        }
        for other in represented::at_client(provider, account, client).await? {
            let principal = other.mandate.principal;
            if subjects::of_principal(provider, client, principal).await? == *hinted {
                return Ok(Chosen::Other(Box::new(other)));
            }
        }
        return Ok(Chosen::Nobody);
    }
    let choice = provider.store.find_acting_choice(session, account, &client.id).await?;
    let fresh = choice.filter(|choice| asked.since.is_none_or(|since| choice.chosen_at >= since));
    match fresh.map(|choice| choice.mandate) {
        Some(None) if himself => return Ok(Chosen::Himself),
        Some(Some(mandate)) => {
            let other = represented::one_at_client(provider, account, client, mandate).await?;
            if let Some(other) = other {
                return Ok(Chosen::Other(Box::new(other)));
            }
        }
        _ => {}
    }
    let mut all = represented::at_client(provider, account, client).await?;
    Ok(match (himself, all.len()) {
        (true, 0) => Chosen::Himself,
        (false, 0) => Chosen::Nobody,
        (false, 1) => all.pop().map_or(Chosen::Nobody, |other| Chosen::Other(Box::new(other))),
        _ => Chosen::Open,
    })
}

async fn by_code(
    provider: &Provider,
    client: &Client,
    account: AccountId,
    (uscc, hinted): (&str, Option<&str>),
) -> Result<Chosen, RepresentedError> {
    let all = represented::at_client(provider, account, client).await?;
    let meant = all.into_iter().find(|other| other.uscc.as_deref() == Some(uscc));
    let Some(other) = meant else { return Ok(Chosen::Nobody) };
    // A hint names the person, or whom the person acts for; a hint at anybody else is another person's.
    let is_hinted = match hinted {
        None => true,
        Some(hinted) => {
            let principal = other.mandate.principal;
            subjects::of(provider, client, account).await? == *hinted
                || subjects::of_principal(provider, client, principal).await? == *hinted
        }
    };
    Ok(if is_hinted { Chosen::Other(Box::new(other)) } else { Chosen::Nobody })
}

/// Keeps a choice; `false` when this person may not come for that one.
pub async fn choose(
    provider: &Provider,
    context: &RequestContext,
    client: &Client,
    (account, session): (AccountId, SessionId),
    mandate: Option<MandateId>,
) -> Result<bool, RepresentedError> {
    let allowed = match mandate {
        None => client.policy.subject_kinds.contains(&SubjectKind::NaturalPerson),
        Some(id) => represented::one_at_client(provider, account, client, id).await?.is_some(),
    };
    let told = match mandate {
        None => "himself".to_owned(),
        Some(id) => id.to_string(),
    };
    let event = if allowed {
        audit::done(AuditKind::ActingChosen)
    } else {
        audit::refused(AuditKind::ActingChosen, "not represented")
    };
    let record = event
        .account_id(account)
        .client(&client.id)
        .detail("mandate", told)
        .record(provider, context);
    if allowed {
        let who = (session, account);
        provider.store.choose_acting(who, client.id.clone(), mandate, record).await?;
    } else {
        provider.store.record(record).await?;
    }
    Ok(allowed)
}

/// What the authorization says of it.
pub async fn acting(
    provider: &Provider,
    client: &Client,
    account: &Account,
    other: &Represented,
) -> Result<Acting, StoreError> {
    let mandate = &other.mandate;
    Ok(Acting {
        mandate: mandate.id,
        principal: mandate.principal,
        role: mandate.terms.role,
        items: mandate.terms.matters.items_at(&client.id).cloned(),
        valid_until: mandate.terms.term.until,
        actor: subjects::of_account(provider, client, account).await?,
    })
}
