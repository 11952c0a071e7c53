//! The tour itself: everything is made, started, and told to the visitor (design 2).

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context;
use serde::Serialize;
use url::Url;

use crate::cli::compose;
use crate::cli::serve;
use crate::clock::Clock;
use crate::config::Config;
use crate::console::invitations;
use crate::demo::organisations;
use crate::demo::organisations::DemoOrganisation;
use crate::demo::people;
use crate::demo::people::DemoPerson;
use crate::demo::portals;
use crate::demo::portals::DemoPortal;
use crate::demo::province::Province;
use crate::domain::identity_check::CheckKind;
use crate::domain::operator::Role;
use crate::domain::request_context::RequestContext;
use crate::provider::Provider;

/// Where the tour keeps its things.
const DATA_DIR: &str = "data/demo";

/// Which ports the demo takes.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Ports {
    /// Port of the provider.
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// Port of the province's portal.
    #[arg(long, default_value_t = 8081)]
    pub province_port: u16,
    /// Port of the city's portal.
    #[arg(long, default_value_t = 8082)]
    pub city_port: u16,
}

/// What the tour prints, and writes to `tour.json`.
#[derive(Serialize)]
struct Tour<'a> {
    issuer: &'a str,
    portals: &'a [DemoPortal],
    outbox: String,
    people: &'a [DemoPerson],
    /// Addresses at which the first officers come in, once each.
    operators: Vec<DemoOfficer>,
    organisations: &'a [DemoOrganisation],
}

/// The first officer of a kind, who was invited.
#[derive(Serialize)]
struct DemoOfficer {
    role: &'static str,
    invitation: String,
}

/// Runs the demo until it is told to end.
pub async fn run(ports: Ports, data_dir: Option<&Path>) -> anyhow::Result<()> {
    let mut config = config(ports, data_dir.unwrap_or(Path::new(DATA_DIR)))?;
    compose::make_data_dir(&config)?;
    let province = Province::start(&config.data_dir).await?;
    ask(&province, &mut config)?;
    let running = serve::start(config, Clock::system(), true).await?;
    let provider = running.composed.provider.clone();
    let people = people::make(&provider).await?;
    let portals = portals::of_ports(ports.province_port, ports.city_port)?;
    let servers = portals::start(&provider, &portals).await?;
    let organisations = organisations::told();
    let issuer = provider.config.issuer_text();
    let tour = Tour {
        issuer,
        portals: &portals,
        outbox: format!("{issuer}/demo/outbox"),
        people: &people,
        operators: officers(&provider).await?,
        organisations: &organisations,
    };
    let file = provider.config.data_dir.join("tour.json");
    let text = serde_json::to_string_pretty(&tour)?;
    std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    tell(&tour, &file)?;
    serve::terminated().await;
    for server in servers {
        server.stop().await;
    }
    running.stop().await
}

/// Invitations of the officers nobody is yet, made anew with each start of the tour.
async fn officers(provider: &Provider) -> anyhow::Result<Vec<DemoOfficer>> {
    provider.store.void_first_invitations().await?;
    let context = RequestContext::internal("demo");
    let made = invitations::invite_first(provider, &context).await?;
    let officer =
        |(role, invitation): (Role, String)| DemoOfficer { role: role.as_str(), invitation };
    Ok(made.into_iter().map(officer).collect())
}

fn config(ports: Ports, data_dir: &Path) -> anyhow::Result<Config> {
    let mut config = Config {
        issuer: Url::parse(&format!("http://localhost:{}", ports.port))?,
        listen: SocketAddr::from(([127, 0, 0, 1], ports.port)),
        data_dir: data_dir.to_owned(),
        accept_synthetic: true,
        ..Config::default()
    };
    config.outbound.allow =
        [ports.province_port, ports.city_port].map(|port| format!("localhost:{port}")).to_vec();
    Ok(config)
}

/// The province's registers are asked who somebody is, and what an organisation is; its services verify people.
fn ask(province: &Province, config: &mut Config) -> anyhow::Result<()> {
    let authority = &province.url[url::Position::BeforeHost..url::Position::AfterPort];
    config.outbound.allow.push(authority.to_owned());
    config.population.url = Some(province.url.clone());
    config.population.secret_file = Some(province.secret_file.clone());
    config.legal_entities.url = Some(province.legal_entities_url()?);
    config.legal_entities.secret_file = Some(province.secret_file.clone());
    for kind in CheckKind::ALL {
        let section = config.verification.of_mut(kind);
        section.url = Some(province.verification_url(kind)?);
        section.secret_file = Some(province.secret_file.clone());
    }
    Ok(config.check()?)
}

fn tell(tour: &Tour<'_>, file: &Path) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n  Yihao 一号 is ready at {}\n", tour.issuer)?;
    for portal in tour.portals {
        writeln!(out, "  {:<28} {}", portal.url, portal.name)?;
    }
    writeln!(out, "  {:<28} text messages that would have been sent", tour.outbox)?;
    writeln!(out, "\n  Log in as")?;
    for person in tour.people {
        let password = person.password.as_deref().unwrap_or("(none yet)");
        let phone = person.phone.as_deref().unwrap_or("(no phone)");
        writeln!(
            out,
            "    {:<18}  {:<14} {:<14}  {}: {}",
            person.identifier, password, phone, person.name, person.note
        )?;
    }
    let [province, city] = [&tour.portals[0].url, &tour.portals[1].url];
    writeln!(out, "\n  Try this")?;
    writeln!(out, "    1. Open {province} and log in with an ID number and its password.")?;
    writeln!(out, "    2. Open {city}: you are logged in already.")?;
    writeln!(
        out,
        "    3. There, raise the assurance (提升认证等级): a code is sent to the phone,"
    )?;
    writeln!(out, "       or an authenticator app is set up for somebody without one.")?;
    writeln!(out, "    4. Log out at one portal, look at the other: you are out of both.")?;
    writeln!(out, "    5. {}/account shows devices, sharing and history.", tour.issuer)?;
    writeln!(
        out,
        "    6. {}/account/mandates: claim an organisation, authorise somebody,",
        tour.issuer
    )?;
    writeln!(out, "       and come to a portal for it.")?;
    writeln!(out, "    7. {}/account/verification: verify a face, a bank card or a", tour.issuer)?;
    writeln!(out, "       network certificate at the made-up service, and rise to level 2.")?;
    writeln!(out, "\n  Organisations, and who represents them")?;
    for organisation in tour.organisations {
        let by = organisation.representative.as_deref().unwrap_or("(nobody)");
        writeln!(
            out,
            "    {}  {} ({}), {by}",
            organisation.uscc, organisation.name, organisation.status
        )?;
    }
    if !tour.operators.is_empty() {
        writeln!(out, "\n  Officers come in here, once each, with an authenticator app at hand")?;
        for officer in &tour.operators {
            writeln!(out, "    {:<17} {}", officer.role, officer.invitation)?;
        }
    }
    writeln!(out, "  Officers work at {}/console.", tour.issuer)?;
    writeln!(out, "\n  The same list is in {}. Ctrl-C ends the demo.\n", file.display())?;
    out.flush()
}
