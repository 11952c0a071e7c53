//! The two portals of the demo: registered as clients, started as servers.

use std::net::SocketAddr;

use secrecy::SecretString;
use serde::Serialize;
use url::Url;

use crate::demo::portal::Peer;
use crate::demo::portal::Portal;
use crate::demo::portal::PortalConfig;
use crate::demo::portal::PortalKind;
use crate::demo::portal::RunningPortal;
use crate::domain::acting::SubjectKind;
use crate::domain::client::ClientId;
use crate::domain::client::ClientPolicy;
use crate::domain::request_context::RequestContext;
use crate::domain::scope::Scope;
use crate::jose::Algorithm;
use crate::protocol::registration;
use crate::protocol::registration::NewClient;
use crate::provider::Provider;

/// A portal of the demo, as the tour prints it.
#[derive(Debug, Clone, Serialize)]
pub struct DemoPortal {
    /// What people call it.
    pub name: String,
    /// Its front page.
    pub url: Url,
    #[serde(skip)]
    kind: PortalKind,
    #[serde(skip)]
    port: u16,
}

/// The province's portal and a city's, on these ports.
pub fn of_ports(province: u16, city: u16) -> anyhow::Result<[DemoPortal; 2]> {
    let portal = |name: &str, kind, port| {
        let url = Url::parse(&format!("http://localhost:{port}/"))?;
        anyhow::Ok(DemoPortal { name: name.to_owned(), url, kind, port })
    };
    Ok([
        portal("测试省政务服务网", PortalKind::Province, province)?,
        portal("测试市民服务门户", PortalKind::City, city)?,
    ])
}

/// Registers both anew, so that their secrets live no longer than the process, and starts them.
pub async fn start(
    provider: &Provider,
    portals: &[DemoPortal; 2],
) -> anyhow::Result<Vec<RunningPortal>> {
    let mut running = Vec::new();
    let [province, city] = portals;
    for (portal, peer) in [(province, city), (city, province)] {
        let secret = register(provider, portal).await?;
        running.push(Portal::start(config(provider, portal, peer, secret)).await?);
    }
    Ok(running)
}

fn client_id(portal: &DemoPortal) -> &'static str {
    match portal.kind {
        PortalKind::Province => "province-portal",
        PortalKind::City => "city-portal",
    }
}

async fn register(provider: &Provider, portal: &DemoPortal) -> anyhow::Result<String> {
    let id = ClientId::parse(client_id(portal)).ok_or_else(|| anyhow::anyhow!("client id"))?;
    let base = portal.url.as_str();
    let mut client = registration::new_client(NewClient {
        id: id.clone(),
        name: portal.name.clone(),
        redirect_uris: vec![format!("{base}callback")],
    });
    let (secret, kept) = registration::new_secret();
    client.secrets = vec![kept];
    client.post_logout_redirect_uris = vec![base.to_owned()];
    client.backchannel_logout_uri = Some(format!("{base}backchannel-logout"));
    client.scope = Scope::parse("openid profile phone offline_access")?;
    client.id_token_signed_response_alg = Algorithm::Es256;
    // Two ports of one host are two portals here: each has its own subjects.
    client.sector = client_id(portal).to_owned();
    client.policy = ClientPolicy {
        // The city's portal belongs to the province's own service; nothing is asked there.
        first_party: portal.kind == PortalKind::City,
        subject_kinds: SubjectKind::ALL.into_iter().collect(),
        ..ClientPolicy::default()
    };
    let context = RequestContext::internal("demo");
    if provider.store.find_client(&id).await?.is_some() {
        registration::replace(provider, &context, &client).await?;
    } else {
        registration::add(provider, &context, &client).await?;
    }
    Ok(secret)
}

fn config(
    provider: &Provider,
    portal: &DemoPortal,
    peer: &DemoPortal,
    secret: String,
) -> PortalConfig {
    PortalConfig {
        name: portal.name.clone(),
        kind: portal.kind,
        listen: SocketAddr::from(([127, 0, 0, 1], portal.port)),
        base_url: portal.url.clone(),
        issuer: provider.config.issuer_text().to_owned(),
        client_id: client_id(portal).to_owned(),
        client_secret: SecretString::from(secret),
        cookie_name: format!("{}-session", client_id(portal)),
        peer: Peer { name: peer.name.clone(), url: peer.url.clone() },
        extra_scopes: vec!["profile".to_owned(), "phone".to_owned()],
        step_up_acr: "urn:yihao:acr:2".to_owned(),
        verified_acr: "urn:yihao:acr:3".to_owned(),
        ca_file: None,
    }
}
