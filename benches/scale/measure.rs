//! Pages of the console as an officer asks for them, one after the other, over HTTP; every answer is checked.

use std::time::Duration;
use std::time::Instant;

use anyhow::Context;
use anyhow::ensure;
use reqwest::Client;
use reqwest::redirect::Policy;

use crate::organisations::Citizens;
use crate::organisations::PORTAL;
use crate::organisations::REDIRECT_URI;
use crate::people::COMMON_NAME;
use crate::people::People;
use crate::rest::Officers;

/// What one row of the table measures.
pub struct Case {
    /// What it is called.
    pub name: &'static str,
    /// What the acceptance of the project allows.
    pub target: Duration,
    who: Who,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Who {
    System,
    Security,
    Audit,
    Representative,
    Agent,
    Busy,
}

/// How the page is asked for.
enum Kind {
    /// This address, once more each time.
    Get(&'static str),
    /// The last page that `next` leads to, after so many steps.
    Deep(&'static str, usize),
    /// A form for each of the people.
    Number,
    Phone,
    Name(&'static str),
    CommonName {
        region: &'static str,
        deep: bool,
    },
    /// The page of each of the people.
    Person,
    /// The page on which a representative appoints others.
    Managing,
    /// The page that asks for whom somebody comes to a portal, searched for this.
    Chooser(&'static str),
}

/// What came of it.
pub struct Outcome {
    pub times: Vec<Duration>,
    pub bytes: usize,
}

const EXACT: Duration = Duration::from_millis(10);
const SEARCH: Duration = Duration::from_millis(50);
const MANDATES: Duration = Duration::from_millis(100);
const LIST: Duration = Duration::from_millis(200);
const DASHBOARD: Duration = Duration::from_millis(500);
/// So many numbers the range has that is nobody's and yet a phone's; digests scatter them over the index.
const PHONES: u64 = 10_000;
/// Pages of a list that are turned before a deep one is measured.
const DEEP: usize = 20;

/// Everything that is measured.
pub fn cases() -> Vec<Case> {
    use Who::{Agent, Audit, Busy, Representative, Security, System};
    let case = |name, target, who, kind| Case { name, target, who, kind };
    vec![
        case("search by number", EXACT, Security, Kind::Number),
        case("search by phone", SEARCH, Security, Kind::Phone),
        case("search by name", SEARCH, Security, Kind::Name("")),
        case("a common name", LIST, Security, Kind::CommonName { region: "", deep: false }),
        case("in a county", LIST, Security, Kind::CommonName { region: "140105", deep: false }),
        case("page 20 of it", LIST, Security, Kind::CommonName { region: "140000", deep: true }),
        case("person", LIST, Security, Kind::Person),
        case("front page", LIST, Security, Kind::Get("/console")),
        case("front page, audit", LIST, Audit, Kind::Get("/console")),
        case("acts", LIST, Security, Kind::Get("/console/acts")),
        case("operators", LIST, Security, Kind::Get("/console/operators")),
        case("clients", LIST, System, Kind::Get("/console/clients")),
        case("applications", LIST, Security, Kind::Get("/console/onboarding")),
        case(
            "applications that wait",
            LIST,
            Security,
            Kind::Get("/console/onboarding?state=submitted"),
        ),
        case("applications, page 20", LIST, Security, Kind::Deep("/console/onboarding", DEEP)),
        case("alerts", LIST, Security, Kind::Get("/console/alerts")),
        case("alerts that are open", LIST, Security, Kind::Get("/console/alerts?state=open")),
        case("alerts, page 20", LIST, Security, Kind::Deep("/console/alerts", DEEP)),
        case("audit", LIST, Audit, Kind::Get("/console/audit")),
        case("audit of a rare kind", LIST, Audit, Kind::Get("/console/audit?kind=account_locked")),
        case("audit, page 20", LIST, Audit, Kind::Deep("/console/audit", DEEP)),
        case("dashboards", DASHBOARD, Security, Kind::Get("/console/dashboards")),
        case(
            "dashboards of a year",
            DASHBOARD,
            Security,
            Kind::Get("/console/dashboards?range=12m"),
        ),
        case("system and deliveries", LIST, System, Kind::Get("/console/system")),
        case("deliveries, page 20", LIST, System, Kind::Deep("/console/system", DEEP)),
        case("mandates", MANDATES, Representative, Kind::Get("/account/mandates")),
        case("mandates of 2,000", MANDATES, Busy, Kind::Get("/account/mandates")),
        case("an organisation", MANDATES, Representative, Kind::Managing),
        case("chooser of one", MANDATES, Agent, Kind::Chooser("")),
        case("chooser of 2,000", MANDATES, Busy, Kind::Chooser("")),
        case("chooser, searched", MANDATES, Busy, Kind::Chooser("1999")),
    ]
}

/// A browser with the cookies of an officer.
struct Desk {
    client: Client,
    issuer: String,
    cookies: String,
    csrf: String,
}

/// Asks so many times.
pub async fn measure(
    case: &Case,
    issuer: &str,
    (people, (officers, citizens), accounts): (&People, (&Officers, &Citizens), u64),
    requests: u64,
) -> anyhow::Result<Outcome> {
    let cookie = match case.who {
        Who::System => ("console", &officers.system),
        Who::Security => ("console", &officers.security),
        Who::Audit => ("console", &officers.audit),
        Who::Representative => ("session", &citizens.representative),
        Who::Agent => ("session", &citizens.agent),
        Who::Busy => ("session", &citizens.busy),
    };
    let desk = Desk::open(issuer, (cookie.0, cookie.1)).await?;
    let mut outcome = Outcome { times: Vec::new(), bytes: 0 };
    let address = match case.kind {
        Kind::Get(path) => path.to_owned(),
        Kind::Deep(path, pages) => desk.turn(path, pages).await?,
        Kind::CommonName { region, deep: true } => desk.turn_names(region, DEEP).await?,
        Kind::Managing => desk.managing().await?,
        Kind::Chooser(_) => desk.chooser().await?,
        _ => String::new(),
    };
    // The first of a kind pays for connections and plans; it is told apart.
    for number in 0..=requests {
        let who = number * 7_919 % accounts;
        let (path, form) = match &case.kind {
            Kind::Chooser(wanted) if !wanted.is_empty() => {
                let tx = address.split_once("tx=").map_or("", |(_, tx)| tx);
                let fields = vec![("tx", tx.to_owned()), ("search", (*wanted).to_owned())];
                ("/choose".to_owned(), Some(fields))
            }
            Kind::Get(_) | Kind::Deep(..) | Kind::Managing | Kind::Chooser(_) => {
                (address.clone(), None)
            }
            Kind::Number => search("identifier", &people.id_number(who)),
            Kind::Phone => search("identifier", &People::phone(who % PHONES)),
            Kind::Name(region) => by_name(&people.name(who), region, ""),
            Kind::CommonName { region, .. } => by_name(COMMON_NAME, region, &address),
            Kind::Person => (desk.find(&people.id_number(who)).await?, None),
        };
        let (time, _, body) = desk.ask(&path, form).await.context(case.name)?;
        if number > 0 {
            outcome.times.push(time);
        }
        outcome.bytes = outcome.bytes.max(body.len());
    }
    outcome.times.sort_unstable();
    Ok(outcome)
}

impl Outcome {
    /// The time that so many of a hundred stay below.
    pub fn percentile(&self, share: usize) -> Duration {
        let place = (self.times.len() * share / 100).min(self.times.len().saturating_sub(1));
        self.times.get(place).copied().unwrap_or_default()
    }
}

type Form = Vec<(&'static str, String)>;

fn search(field: &'static str, value: &str) -> (String, Option<Form>) {
    ("/console/people".to_owned(), Some(vec![(field, value.to_owned())]))
}

fn by_name(name: &str, region: &str, after: &str) -> (String, Option<Form>) {
    let fields =
        vec![("name", name.to_owned()), ("region", region.to_owned()), ("after", after.to_owned())];
    ("/console/people/by-name".to_owned(), Some(fields))
}

impl Desk {
    async fn open(issuer: &str, (kind, cookie): (&str, &str)) -> anyhow::Result<Self> {
        let client = Client::builder().redirect(Policy::none()).no_proxy().build()?;
        let page = client.get(format!("{issuer}/console/login")).send().await?;
        let browser = page.headers().get("set-cookie").context("the browser's cookie")?;
        let browser = browser.to_str()?.split(';').next().unwrap_or_default().to_owned();
        let body = page.text().await?;
        let csrf = between(&body, "name=\"csrf\" value=\"", "\"").context("the form's token")?;
        let cookies = format!("{browser}; yihao-{kind}={cookie}");
        Ok(Self { client, issuer: issuer.to_owned(), cookies, csrf })
    }

    /// Asks for a page; gives the time to its end, where it leads, and what it says.
    async fn ask(
        &self,
        path: &str,
        form: Option<Form>,
    ) -> anyhow::Result<(Duration, String, String)> {
        let url = format!("{}{path}", self.issuer);
        let request = match form {
            None => self.client.get(url),
            Some(mut fields) => {
                fields.push(("csrf", self.csrf.clone()));
                self.client.post(url).form(&fields)
            }
        };
        let began = Instant::now();
        let answer = request.header("cookie", &self.cookies).send().await?;
        let status = answer.status();
        let location = answer.headers().get("location").and_then(|value| value.to_str().ok());
        let location = location.unwrap_or_default().to_owned();
        let body = answer.text().await?;
        let time = began.elapsed();
        let is_good = status == 200 || (status == 303 && location.starts_with("/console/people/"));
        let told: String = body.chars().take(300).collect();
        ensure!(is_good, "{path}: {status} {location} {told}");
        Ok((time, location, body))
    }

    /// Where the person of that number is shown.
    async fn find(&self, number: &str) -> anyhow::Result<String> {
        let (path, form) = search("identifier", number);
        Ok(self.ask(&path, form).await?.1)
    }

    /// Where the first organisation this person represents is looked after.
    async fn managing(&self) -> anyhow::Result<String> {
        let body = self.ask("/account/mandates", None).await?.2;
        let link = between(&body, "id=\"manage-", ">").context("nothing to look after")?;
        let link = between(&link, "href=\"", "\"").context("a link")?;
        Ok(link.replace("&#x2f;", "/"))
    }

    /// The page that asks for whom, as an authorization request leads there.
    async fn chooser(&self) -> anyhow::Result<String> {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("client_id", PORTAL),
                ("redirect_uri", REDIRECT_URI),
                ("response_type", "code"),
                ("scope", "openid"),
                ("state", "s"),
                ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
                ("code_challenge_method", "S256"),
                ("prompt", "select_account"),
            ])
            .finish();
        let request = self.client.get(format!("{}/oauth2/authorize?{query}", self.issuer));
        let answer = request.header("cookie", &self.cookies).send().await?;
        let location = answer.headers().get("location").and_then(|value| value.to_str().ok());
        let location = location.unwrap_or_default().to_owned();
        let path = location.strip_prefix(&self.issuer).unwrap_or(&location).to_owned();
        ensure!(path.starts_with("/choose?"), "not asked for whom: {} {path}", answer.status());
        Ok(path)
    }

    /// Turns pages by the link to the next one.
    async fn turn(&self, path: &str, pages: usize) -> anyhow::Result<String> {
        let mut path = path.to_owned();
        for _ in 0..pages {
            let body = self.ask(&path, None).await?.2;
            let link = ["rel=\"next\" href=\"", "id=\"next\" href=\""];
            let link = link.into_iter().find_map(|before| between(&body, before, "\""));
            let Some(link) = link else { break };
            path = link.replace("&amp;", "&").replace("&#x2f;", "/");
        }
        Ok(path)
    }

    /// The mark after so many pages of the name many have.
    async fn turn_names(&self, region: &str, pages: usize) -> anyhow::Result<String> {
        let mut mark = String::new();
        for _ in 0..pages {
            let (path, form) = by_name(COMMON_NAME, region, &mark);
            let body = self.ask(&path, form).await?.2;
            let Some(next) = between(&body, "name=\"after\" value=\"", "\"") else { break };
            mark = next;
        }
        Ok(mark)
    }
}

fn between(text: &str, before: &str, after: &str) -> Option<String> {
    let rest = &text[text.find(before)? + before.len()..];
    Some(rest[..rest.find(after)?].to_owned())
}
