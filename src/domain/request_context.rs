//! What is known of a request besides its content: who sent it and under which id it is told.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;

/// Context of one request.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The id in log, audit and error page.
    pub id: String,
    /// The peer's address, through trusted proxies only.
    pub source: IpAddr,
    /// `User-Agent`, shortened and printable.
    pub user_agent: String,
}

impl RequestContext {
    /// Context of work nobody requested: schedules and commands.
    pub fn internal(what: &str) -> Self {
        Self {
            id: format!("{what}-{}", uuid::Uuid::now_v7().simple()),
            source: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            user_agent: String::new(),
        }
    }

    /// The network one throttle counts.
    pub fn source_network(&self) -> String {
        network_of(self.source)
    }
}

/// The network one source counts as: an IPv4 address, or an IPv6 /64 (security.md 0.3).
pub fn network_of(source: IpAddr) -> String {
    match source {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            if let Some(mapped) = address.to_ipv4_mapped() {
                mapped.to_string()
            } else {
                let prefix = u128::from(address) & (u128::MAX << 64);
                format!("{}/64", Ipv6Addr::from(prefix))
            }
        }
    }
}
