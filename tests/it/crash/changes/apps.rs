//! People enrol authenticator apps and log in with them (RFC 6238 §5.2: a code is good once).

use yihao::clock::Clock;
use yihao::domain::audit_event::AuditKind;
use yihao::login::authenticators::recovery_code;
use yihao::login::authenticators::totp;
use yihao::provider::Provider;
use yihao::store::sql::NewTotp;

use crate::crash::changes::APP;
use crate::crash::changes::APP_USED;
use crate::crash::changes::Front;
use crate::crash::changes::Seen;
use crate::crash::changes::account;
use crate::crash::deployment::seed_record;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::login::recovery_codes_on;
use crate::support::login::secret_on;
use crate::support::login::totp_of_step;

/// Somebody and an app.
pub struct App {
    owner: Person,
    /// Empty before it was offered.
    secret: String,
    /// The step whose code was sent.
    step: i64,
    /// The recovery codes, if they were shown.
    recovery: Vec<String>,
}

impl App {
    fn of(owner: Person) -> Self {
        Self { owner, secret: String::new(), step: 0, recovery: Vec::new() }
    }

    /// One that was enrolled long ago.
    pub async fn seed(provider: &Provider, owner: Person) -> Self {
        let account = account(provider, &owner).await;
        let (id, secret) = (account.id, yihao::totp::generate_secret());
        let recovery = recovery_code::generate();
        let digest = |code: &String| recovery_code::digest(provider, id, code);
        let new = NewTotp {
            secret: provider.vault.seal_data(&totp::purpose(id), &secret),
            step: 0,
            recovery: recovery.iter().map(digest).collect(),
        };
        let record = seed_record(provider, AuditKind::TotpEnrolled);
        provider.store.enrol_totp(id, new, record).await.unwrap();
        Self { secret: yihao::totp::grouped(&secret), recovery, ..Self::of(owner) }
    }

    /// The code it shows now.
    fn code_now(&mut self) -> String {
        self.step = Clock::system().now().seconds() / 30;
        self.code()
    }

    /// The code that was sent.
    fn code(&self) -> String {
        totp_of_step(&self.secret, self.step)
    }
}

/// Enrols an app for one after the other.
pub async fn enrol_each(front: &Front<'_>, people: &[Person]) -> Seen<App> {
    let apps = people.iter().cloned().map(App::of);
    Seen::of_each(front, apps, async |app| enrol(front, app).await).await
}

/// Logs one after the other in.
pub async fn use_each(front: &Front<'_>, apps: Vec<App>) -> Seen<App> {
    Seen::of_each(front, apps, async |app| {
        let (browser, page) = second_page(front, &app.owner, "totp").await?;
        let done = browser.try_submit(&page, &[("code", &app.code_now())]).await?;
        front.acknowledge(APP_USED, &done, 303);
        Some(())
    })
    .await
}

/// An acknowledged app is asked for, its code is spent, and its recovery codes work; one in doubt is the
/// same, or another can be enrolled.
pub async fn check_enrolled(front: &Front<'_>, seen: Seen<App>) {
    for app in seen.done {
        assert!(is_enrolled(front, &app.owner).await, "an acknowledged app is lost");
        assert!(!is_accepted(front, &app.owner, ("totp", &app.code())).await, "a code works twice");
        let spare = ("recovery_code", &*app.recovery[0]);
        assert!(is_accepted(front, &app.owner, spare).await, "recovery codes are lost");
    }
    for mut app in seen.in_doubt {
        if is_enrolled(front, &app.owner).await {
            front.turned_out_done(APP);
        } else {
            enrol(front, &mut app).await.expect("an answer");
        }
        assert!(!is_accepted(front, &app.owner, ("totp", &app.code())).await, "a code works twice");
    }
}

/// A code that was accepted is not again; one in doubt is accepted at most once more.
pub async fn check_used(front: &Front<'_>, seen: Seen<App>) {
    for app in seen.done {
        assert!(!is_accepted(front, &app.owner, ("totp", &app.code())).await, "a code works twice");
    }
    for app in seen.in_doubt {
        is_accepted(front, &app.owner, ("totp", &app.code())).await;
        assert!(!is_accepted(front, &app.owner, ("totp", &app.code())).await, "a code works twice");
    }
}

async fn enrol(front: &Front<'_>, app: &mut App) -> Option<()> {
    let browser = front.log_in(&app.owner).await?;
    let page = browser.try_get(&front.url("/account/totp")).await?;
    let offer = browser.try_submit(&page, &[("step", "begin")]).await?;
    app.secret = secret_on(&offer);
    let fields = [("step", "enrol"), ("code", &*app.code_now())];
    let codes = browser.try_submit(&offer, &fields).await?;
    front.acknowledge(APP, &codes, 200);
    // Its first code is a proof of the session, too.
    front.acknowledge(APP_USED, &codes, 200);
    app.recovery = recovery_codes_on(&codes);
    Some(())
}

/// What a new browser shows after the password.
async fn second_page(front: &Front<'_>, owner: &Person, method: &str) -> Option<(Browser, Page)> {
    let browser = front.log_in(owner).await?;
    let page = browser.try_get(&front.url(&format!("/login/second?method={method}"))).await?;
    Some((browser, page))
}

/// Whether the password alone does not suffice.
async fn is_enrolled(front: &Front<'_>, owner: &Person) -> bool {
    second_page(front, owner, "totp").await.expect("an answer").1.status == 200
}

async fn is_accepted(front: &Front<'_>, owner: &Person, (method, code): (&str, &str)) -> bool {
    let (browser, page) = second_page(front, owner, method).await.expect("an answer");
    let answer = browser.try_submit(&page, &[("code", code)]).await.expect("an answer");
    assert!(matches!(answer.status, 303 | 400), "{}: {}", answer.status, answer.body);
    answer.status == 303
}
