//! One person agrees to share with one portal after the other.

use yihao::domain::client::Client;
use yihao::provider::Provider;
use yihao::store::sql::Consent;

use crate::crash::changes::CONSENT;
use crate::crash::changes::Front;
use crate::crash::changes::Seen;
use crate::crash::changes::account;
use crate::support::Browser;
use crate::support::Person;

/// What every portal asks.
const SCOPE: &str = "openid profile";

/// Agrees to everything a portal asks.
pub async fn stream(front: &Front<'_>, person: &Person, portals: Vec<Client>) -> Seen<Client> {
    let browser = front.log_in(person).await.expect("an answer");
    Seen::of_each(front, portals, async |portal| agree(front, &browser, portal).await).await
}

/// What was agreed to is kept, as a whole, and nothing else is.
pub async fn check(provider: &Provider, front: &Front<'_>, person: &Person, seen: Seen<Client>) {
    let account = account(provider, person).await;
    let mut kept = provider.store.list_consents(account.id).await.unwrap();
    let mut take = |portal: &Client| {
        let place = kept.iter().position(|consent: &Consent| consent.client_id == portal.id);
        let consent = kept.remove(place?);
        assert_eq!(consent.scope.to_string(), SCOPE);
        assert!(consent.claims.iter().any(|claim| claim == "name"), "{consent:?}");
        Some(consent)
    };
    for portal in &seen.done {
        assert!(take(portal).is_some(), "the consent to {} is lost", portal.id);
    }
    for portal in &seen.in_doubt {
        if take(portal).is_some() {
            front.turned_out_done(CONSENT);
        }
    }
    assert!(kept.is_empty(), "nobody agreed to {kept:?}");
}

async fn agree(front: &Front<'_>, browser: &Browser, portal: &Client) -> Option<()> {
    let mut url = url::Url::parse(&front.url("/oauth2/authorize")).unwrap();
    url.query_pairs_mut().extend_pairs([
        ("response_type", "code"),
        ("client_id", portal.id.as_str()),
        ("redirect_uri", &portal.redirect_uris[0]),
        ("scope", SCOPE),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ]);
    let sent_on = browser.try_get(url.as_str()).await?;
    let consent = sent_on.location().unwrap_or_else(|| panic!("{}", sent_on.body));
    let page = browser.try_get(consent.as_str()).await?;
    assert!(page.has("allow"), "{}", page.body);
    let done = browser.try_submit(&page, &[("decision", "allow")]).await?;
    front.acknowledge(CONSENT, &done, 303);
    Some(())
}
