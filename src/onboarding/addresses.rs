//! Whether a portal's addresses are https with a certificate that holds (RFC 9325): looked at through the one
//! guarded client, which reaches no host an operator did not admit (security.md A-66).

use std::collections::BTreeMap;
use std::time::Duration;

use url::Host;
use url::Url;

use crate::domain::client::Client;
use crate::domain::self_check::Check;
use crate::domain::self_check::Outcome;
use crate::onboarding::OnboardingError;
use crate::onboarding::tracking::Tracked;
use crate::outbound::OutboundError;
use crate::provider::Provider;

/// The same portal is looked at no more often than this.
const PAUSE: Duration = Duration::from_secs(20);

/// Looks at every address of a portal in the sandbox, and notes how it went.
pub async fn look(provider: &Provider, tracked: &Tracked) -> Result<(), OnboardingError> {
    let client = tracked.client.as_deref().filter(|client| client.sandbox);
    let client = client.ok_or(OnboardingError::Over)?;
    let now = provider.clock.now();
    let report = tracked.report.as_deref().unwrap_or_default();
    let last = report.iter().find(|line| line.check == Check::Tls).and_then(|line| line.last_seen);
    if last.is_some_and(|last| now.since(last) < PAUSE) {
        return Err(OnboardingError::TooMany);
    }
    let mut outcomes = Vec::new();
    for origin in origins(client).values() {
        outcomes.push(outcome(provider, origin).await);
    }
    let noted = vec![(Check::Tls, together(&outcomes))];
    Ok(provider.store.note_checks(client.id.clone(), noted, now).await?)
}

/// One address an origin: where a person or a message would go.
fn origins(client: &Client) -> BTreeMap<String, Url> {
    let lists = [&client.redirect_uris, &client.post_logout_redirect_uris];
    let all = lists.into_iter().flatten().chain(&client.backchannel_logout_uri);
    let mut found = BTreeMap::new();
    for uri in all.filter_map(|uri| Url::parse(uri).ok()) {
        // An app's own scheme stays on the device.
        if uri.has_host() {
            let mut origin = uri;
            origin.set_path("/");
            origin.set_query(None);
            found.insert(origin.to_string(), origin);
        }
    }
    found
}

/// Any answer at all means that a connection with a certificate that holds was made.
async fn outcome(provider: &Provider, origin: &Url) -> Outcome {
    if origin.scheme() == "http" && is_loopback(origin) {
        // Registration lets it pass on a person's own device and in the demonstration alone.
        return Outcome::Passed;
    }
    if origin.scheme() != "https" {
        return Outcome::Failed;
    }
    match provider.outbound.get(origin).await {
        Err(OutboundError::Denied(_)) => Outcome::Unchecked,
        Ok(_) | Err(OutboundError::TooLarge | OutboundError::Encoded) => Outcome::Passed,
        Err(_) => Outcome::Failed,
    }
}

fn is_loopback(origin: &Url) -> bool {
    match origin.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// One that failed is enough; one nobody could look at leaves the rest to an officer.
fn together(outcomes: &[Outcome]) -> Outcome {
    if outcomes.contains(&Outcome::Failed) {
        Outcome::Failed
    } else if outcomes.contains(&Outcome::Unchecked) {
        Outcome::Unchecked
    } else {
        Outcome::Passed
    }
}

#[cfg(test)]
mod tests {
    use super::Outcome::Failed;
    use super::Outcome::Passed;
    use super::Outcome::Unchecked;
    use super::together;

    #[test]
    fn the_worst_counts() {
        assert_eq!(together(&[]), Passed);
        assert_eq!(together(&[Passed, Unchecked, Passed]), Unchecked);
        assert_eq!(together(&[Unchecked, Failed]), Failed);
    }
}
