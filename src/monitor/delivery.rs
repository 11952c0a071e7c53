//! Alerts on their way out: webhook, syslog and mail, each from the durable outbox, tried again with growing
//! pauses until delivered or given up after a day. The webhook's contract is in
//! `docs/integration/alert-webhook.md`.

use std::time::Duration;

use serde_json::Value;
use serde_json::json;
use url::Url;

use crate::audit;
use crate::clock::Clock;
use crate::config::Config;
use crate::config::read_secret;
use crate::domain::alert::Alert;
use crate::domain::alert::AlertDelivery;
use crate::domain::alert::Channel;
use crate::domain::audit_event::AuditKind;
use crate::domain::request_context::RequestContext;
use crate::monitor::Monitor;
use crate::monitor::SetupError;
use crate::monitor::mail::Mailer;
use crate::monitor::syslog::Syslog;
use crate::outbound::Outbound;
use crate::provider::Provider;
use crate::signed_call::SignedCaller;
use crate::store::StoreError;

/// An alert is given up after this time.
const PATIENCE: Duration = Duration::from_hours(24);
/// No other node tries a leased alert meanwhile; longer than any channel takes.
const LEASE: Duration = Duration::from_mins(1);
/// Alerts tried at the same time.
const AT_ONCE: i64 = 16;

/// Where alerts are sent.
pub struct Channels {
    webhook: Option<SignedCaller>,
    syslog: Option<Syslog>,
    mail: Option<Mailer>,
}

impl Channels {
    /// The channels of this configuration; an address `outbound.allow` does not admit is refused here.
    pub fn new(
        config: &Config,
        outbound: &Outbound,
        clock: &Clock,
        host: &str,
    ) -> Result<Self, SetupError> {
        let monitor = &config.monitor;
        let secret = monitor.webhook_secret_file.as_deref().map(read_secret).transpose();
        let secret = secret.map_err(|error| SetupError(format!("webhook_secret_file: {error}")))?;
        let caller = |(url, secret): (&Url, _)| {
            let caller = SignedCaller::new(url.clone(), secret, outbound.clone(), clock.clone());
            caller.map_err(|error| SetupError(format!("webhook_{error}")))
        };
        let webhook = monitor.webhook_url.as_ref().zip(secret).map(caller).transpose()?;
        let syslog = monitor.syslog_url.as_ref().map(|url| Syslog::new(url, outbound, host));
        let mail = monitor.mail.url.as_ref().map(|url| Mailer::new(url, config, outbound));
        Ok(Self { webhook, syslog: syslog.transpose()?, mail: mail.transpose()? })
    }

    /// Those there are.
    pub fn list(&self) -> Vec<Channel> {
        let there = |channel: &Channel| match channel {
            Channel::Webhook => self.webhook.is_some(),
            Channel::Syslog => self.syslog.is_some(),
            Channel::Mail => self.mail.is_some(),
        };
        Channel::ALL.into_iter().filter(there).collect()
    }

    async fn send(&self, provider: &Provider, delivery: &AlertDelivery) -> Result<(), String> {
        let issuer = provider.config.issuer_text();
        match delivery.channel {
            Channel::Webhook => match &self.webhook {
                Some(webhook) => post(webhook, issuer, delivery).await,
                None => Err(GONE.to_owned()),
            },
            Channel::Syslog => match &self.syslog {
                Some(syslog) => syslog.send(issuer, &delivery.alert).await,
                None => Err(GONE.to_owned()),
            },
            Channel::Mail => match &self.mail {
                Some(mail) => mail.send(issuer, &delivery.alert).await,
                None => Err(GONE.to_owned()),
            },
        }
    }
}

/// What is said of a channel that was configured when the alert was raised.
const GONE: &str = "the channel is not configured any more";

impl Monitor {
    /// Tries every alert that is due.
    pub async fn deliver_due(&self, provider: &Provider) -> Result<(), StoreError> {
        if self.channels.list().is_empty() {
            return Ok(());
        }
        let now = provider.clock.now();
        let due = provider.store.lease_alert_deliveries(AT_ONCE, LEASE, now).await?;
        let tries = due.into_iter().map(|delivery| self.deliver(provider, delivery));
        for tried in futures_util::future::join_all(tries).await {
            tried?;
        }
        Ok(())
    }

    async fn deliver(
        &self,
        provider: &Provider,
        delivery: AlertDelivery,
    ) -> Result<(), StoreError> {
        let channel = delivery.channel.as_str();
        let told = self.channels.send(provider, &delivery).await;
        let result = if told.is_ok() { "delivered" } else { "failed" };
        metrics::counter!("alert_deliveries_total", "channel" => channel, "result" => result)
            .increment(1);
        let now = provider.clock.now();
        let Err(problem) = told else {
            return provider.store.settle_alert_delivery(delivery.id, now).await;
        };
        tracing::warn!(alert = %delivery.alert.id, channel, problem, "alert not delivered");
        let given_up = (now.since(delivery.created_at) >= PATIENCE).then(|| {
            let context = RequestContext::internal("monitor");
            audit::refused(AuditKind::AlertDelivered, "given up after a day")
                .detail("alert", delivery.alert.id.to_string())
                .detail("channel", channel)
                .record(provider, &context)
        });
        let due_at = now.plus(pause(delivery.attempts));
        provider.store.postpone_alert_delivery(delivery.id, problem, due_at, given_up).await
    }
}

/// 2, 4, 8 … seconds, at most half an hour.
fn pause(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts).unwrap_or(0).min(11);
    Duration::from_secs(2 << doublings).min(Duration::from_mins(30))
}

async fn post(caller: &SignedCaller, issuer: &str, delivery: &AlertDelivery) -> Result<(), String> {
    let body = body(issuer, delivery).to_string().into_bytes();
    let answer = caller.post(body).await.map_err(|error| error.to_string())?;
    match answer.status {
        200..=299 => Ok(()),
        status => Err(format!("status {status}")),
    }
}

/// What the webhook is told.
fn body(issuer: &str, delivery: &AlertDelivery) -> Value {
    json!({
        "issuer": issuer, "delivery_id": delivery.id.to_string(),
        "console_url": format!("{issuer}/console/alerts/{}", delivery.alert.id),
        "alert": facts(&delivery.alert),
    })
}

fn facts(alert: &Alert) -> Value {
    let finding = &alert.finding;
    json!({
        "id": alert.id.to_string(), "rule": finding.rule.as_str(),
        "severity": finding.rule.severity().as_str(), "state": alert.state.as_str(),
        "subject": { "kind": finding.subject.kind(), "id": finding.subject.name() },
        "events": finding.events, "occurrences": alert.occurrences,
        "first_at": finding.first_at.to_rfc3339(), "last_at": finding.last_at.to_rfc3339(),
        "raised_at": alert.raised_at.to_rfc3339(), "request_id": finding.request_id,
    })
}

#[cfg(test)]
mod tests {
    use super::pause;

    #[test]
    fn pauses_grow_to_half_an_hour() {
        let seconds: Vec<_> = [0, 1, 5, 9, 10, 99].map(|n| pause(n).as_secs()).to_vec();
        assert_eq!(seconds, [2, 4, 64, 1024, 1800, 1800]);
    }
}
