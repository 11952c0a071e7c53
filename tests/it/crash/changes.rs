//! `kill -9` while people sign up, change passwords, agree, enrol apps and log in with them, and an operator
//! registers clients: each acknowledged change is there after the restart, each without an answer is there
//! as a whole or not at all, and no code of an app is good twice (security.md F1; I4, I5, I6, I13).

mod apps;
mod clients;
mod consents;
mod passwords;
mod sign_ups;

use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::watch;
use yihao::domain::account::Account;
use yihao::domain::account::Profile;
use yihao::domain::audit_event::AuditKind;
use yihao::domain::client::Client;
use yihao::provider::Provider;
use yihao::registers::replica;

use crate::crash::changes::apps::App;
use crate::crash::deployment::CLIENT_CHANGED;
use crate::crash::deployment::Deployment;
use crate::crash::deployment::Node;
use crate::crash::deployment::seed_account;
use crate::crash::deployment::seed_record;
use crate::crash::gateway::Gateway;
use crate::crash::rounds;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::fixture;

const SIGN_UP: &str = "sign_up";
const PASSWORD: &str = "password_changed";
const CONSENT: &str = "consent";
const APP: &str = "totp_enrolled";
const APP_USED: &str = "step_up";
/// So many of each kind are acknowledged before the process is killed.
const AT_LEAST: usize = 2;
/// People who may sign up in a round; 500 rounds have phones for them.
const STRANGERS: u64 = 20;
/// People with an account in a round, for each kind of change.
const HOLDERS: u64 = 40;
/// Portals to agree to in a round.
const PORTALS: usize = 150;
/// What is never there, whenever the process died: a part of a change.
const PARTS: [&str; 5] = [
    "SELECT COUNT(*) FROM account a WHERE password_hash IS NULL OR NOT EXISTS
        (SELECT 1 FROM identifier_index i WHERE i.account_id = a.id AND kind = 'citizen_id')",
    "SELECT COUNT(*) FROM identifier_index WHERE account_id NOT IN (SELECT id FROM account)",
    "SELECT COUNT(*) FROM totp t WHERE 10 <>
        (SELECT COUNT(*) FROM recovery_code r WHERE r.account_id = t.account_id)",
    "SELECT COUNT(*) FROM recovery_code WHERE account_id NOT IN (SELECT account_id FROM totp)",
    "SELECT COUNT(*) FROM session s WHERE ended_at IS NULL AND credential_epoch <>
        (SELECT credential_epoch FROM account a WHERE a.id = s.account_id)",
];

/// A front door: what a stream needs to go through it.
struct Front<'a> {
    deployment: &'a Deployment,
    gateway: &'a Gateway,
    killed: watch::Sender<bool>,
}

/// What one stream met until the process died.
struct Seen<T> {
    done: Vec<T>,
    in_doubt: Vec<T>,
}

/// The people of one round, and the portals.
struct Supply {
    strangers: Vec<Person>,
    holders: Vec<Person>,
    portals: Vec<Client>,
    /// Owners of an app nobody used yet.
    owners: Vec<App>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_change_is_lost_when_the_process_is_killed() {
    let (gateway, rounds) = (Gateway::start().await, rounds(3));
    let mut deployment = Deployment::new();
    deployment.environment = gateway.environment();
    deployment.environment.push(("YIHAO__TRUSTED_PROXIES", "127.0.0.1/32".to_owned()));
    let portals = seed_portals(&deployment.provider().await).await;
    for round in 0..rounds {
        let supply = Supply::of(&deployment, round, portals.clone()).await;
        let (agreeing, changing) = (supply.holders[0].clone(), supply.holders[1].clone());

        let (node, front) = (deployment.start().await, Front::new(&deployment, &gateway));
        let ((), sign_ups, passwords, consents, enrolled, used, clients) = tokio::join!(
            front.kill(node),
            sign_ups::stream(&front, supply.strangers),
            passwords::stream(&front, &changing),
            consents::stream(&front, &agreeing, supply.portals),
            apps::enrol_each(&front, &supply.holders[2..]),
            apps::use_each(&front, supply.owners),
            clients::stream(&front, round),
        );

        let (node, front) = (deployment.start().await, Front::new(&deployment, &gateway));
        tokio::join!(
            sign_ups::check(&front, sign_ups),
            passwords::check(&front, &changing, passwords),
            apps::check_enrolled(&front, enrolled),
            apps::check_used(&front, used),
            clients::check_listed(&front, &clients),
        );
        drop(node);
        let provider = deployment.provider().await;
        consents::check(&provider, &front, &agreeing, consents).await;
        clients::check_whole(&provider, &front, clients).await;
        let counted = [SIGN_UP, PASSWORD, CONSENT, APP, CLIENT_CHANGED];
        deployment.check_audit(&counted, &[APP_USED]).await;
        for part in PARTS {
            assert_eq!(deployment.values::<i64>(part).await, [0], "{part}");
        }
    }
}

impl<'a> Front<'a> {
    fn new(deployment: &'a Deployment, gateway: &'a Gateway) -> Self {
        Self { deployment, gateway, killed: watch::Sender::new(false) }
    }

    /// Kills the process at some moment after a few changes of each kind.
    async fn kill(&self, node: Node) {
        let of = |kind| self.deployment.ledger.acknowledged(kind);
        let kinds = [SIGN_UP, PASSWORD, CONSENT, APP, CLIENT_CHANGED];
        // Enrolling an app is using it, too.
        let count = || kinds.map(of).into_iter().chain([of(APP_USED) - of(APP)]);
        let enough: Vec<usize> = count().map(|before| before + AT_LEAST).collect();
        while count().zip(&enough).any(|(now, enough)| now < *enough) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let say_so = || {
            self.killed.send_replace(true);
        };
        node.kill_at_some_moment(say_so).await;
    }

    async fn until_killed(&self) {
        let mut killed = self.killed.subscribe();
        killed.wait_for(|killed| *killed).await.expect("the sender is ours");
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.deployment.config.issuer_text())
    }

    /// The answer has this status, and is told under its request id.
    fn acknowledge(&self, kind: &'static str, page: &Page, status: u16) {
        assert_eq!(page.status, status, "{kind} is refused: {}", page.body);
        self.deployment.ledger.acknowledge(kind, page.request_id());
    }

    fn turned_out_done(&self, kind: &'static str) {
        self.deployment.ledger.turned_out_done(kind);
    }

    /// Logs in with a password; the browser, and whether it went well.
    async fn try_log_in(&self, identifier: &str, password: &str) -> Option<(Browser, bool)> {
        let browser = Browser::behind_proxy();
        let page = browser.try_get(&self.url("/login")).await?;
        let fields = [("identifier", identifier), ("password", password)];
        let page = browser.try_submit(&page, &fields).await?;
        assert!(matches!(page.status, 303 | 400), "{}: {}", page.status, page.body);
        Some((browser, page.status == 303))
    }

    /// Somebody who certainly can log in does.
    async fn log_in(&self, person: &Person) -> Option<Browser> {
        let (browser, done) = self.try_log_in(&person.id_number, person.password()).await?;
        assert!(done, "the password is refused");
        Some(browser)
    }
}

impl<T> Seen<T> {
    /// Does one after the other until nobody answers any more.
    async fn of_each(
        front: &Front<'_>,
        supply: impl IntoIterator<Item = T>,
        each: impl AsyncFn(&mut T) -> Option<()>,
    ) -> Self {
        let mut seen = Self { done: Vec::new(), in_doubt: Vec::new() };
        for mut one in supply {
            if each(&mut one).await.is_none() {
                assert!(*front.killed.borrow(), "no answer before the crash");
                seen.in_doubt.push(one);
                break;
            }
            seen.done.push(one);
        }
        seen
    }
}

impl Supply {
    /// Puts the people of a round where they belong.
    async fn of(deployment: &Deployment, round: usize, portals: Vec<Client>) -> Self {
        let provider = deployment.provider().await;
        let round = u64::try_from(round).unwrap();
        let strangers: Vec<_> =
            (0..STRANGERS).map(|number| Person::synthetic(round * STRANGERS + number)).collect();
        let entry = |person: &Person| replica::person(&provider.vault, &person.name, person.key());
        let entries = strangers.iter().map(entry).collect();
        provider.store.import_people(entries, provider.clock.now()).await.unwrap();
        let begin = 1_000_000 + round * 2 * HOLDERS;
        let mut holders = seed_holders(&provider, begin..begin + 2 * HOLDERS).await;
        let owners = holders.split_off(usize::try_from(HOLDERS).unwrap());
        let owners = join_all(owners.into_iter().map(|person| App::seed(&provider, person))).await;
        Self { strangers, holders, portals, owners }
    }
}

/// People with an account, no phone, and one password for all: hashing takes long.
async fn seed_holders(provider: &Provider, seeds: std::ops::Range<u64>) -> Vec<Person> {
    let password = Person::synthetic(0).password;
    let hash = password.as_deref().unwrap().as_bytes();
    let hash = provider.passwords.hash(hash).await.unwrap();
    let seed = async |seed| {
        let person = Person { password: password.clone(), ..Person::synthetic(seed) };
        let profile = Profile { phone: None, ..person.profile() };
        seed_account(provider, &profile, Some(hash.clone())).await;
        person
    };
    join_all(seeds.map(seed)).await
}

/// The account of somebody who has one.
async fn account(provider: &Provider, person: &Person) -> Account {
    let digest = provider.vault.index_person(person.key());
    let found = provider.store.find_account_by_identifier(&digest).await.unwrap();
    found.expect("an account")
}

/// Portals that ask for consent.
async fn seed_portals(provider: &Provider) -> Vec<Client> {
    let portal = |number| {
        let uri = format!("http://localhost:9443/cb/{number}");
        fixture::client(&format!("portal-{number}"), &uri)
    };
    let portals: Vec<Client> = (0..PORTALS).map(portal).collect();
    let added = join_all(portals.iter().map(|portal| {
        let record = seed_record(provider, AuditKind::ClientChanged);
        provider.store.add_client(portal, record, provider.clock.now())
    }));
    assert!(added.await.into_iter().all(|added| added.unwrap()));
    portals
}
