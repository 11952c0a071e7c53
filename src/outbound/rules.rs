//! Whom the provider may call: allow rules and their judgement of URLs and addresses (RFC 6890).
//!
//! Pure decisions, no I/O. A URL is judged when it is registered and again before each call; an
//! address is judged after a name was resolved, at the moment of connecting.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::str::FromStr;

use ipnet::IpNet;
use serde::Deserialize;
use url::Host;
use url::Url;

/// One entry of `outbound.allow`: `host`, `host:port`, an IP address, a CIDR, or either of these
/// with a port (`10.1.0.0/16:8443`, `[fd00::/8]:8443`).
///
/// A rule without a port opens 443 alone: whoever allows a network of portals has not thereby
/// allowed its databases. A host rule is met by public and private addresses, since portals live on
/// government networks. Loopback, link-local and other special addresses must be named as addresses,
/// so that a name which starts to resolve to them reaches nothing; `localhost` names loopback.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct AllowRule {
    target: Target,
    port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    Name(String),
    Net(IpNet),
}

/// This text is no allow rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no host, host:port, IP address, CIDR or CIDR:port")]
pub struct AllowRuleError(String);

/// Why a URL is not called. It describes the URL, never what lies behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Neither `https` nor `http`, or no host.
    #[error("only https addresses are called")]
    Scheme,
    /// `http` to something that is not this machine.
    #[error("plain http is for loopback addresses only")]
    PlainHttp,
    /// A user name or password in the URL.
    #[error("an address must not carry credentials")]
    Credentials,
    /// No rule of `outbound.allow` admits it.
    #[error("the address is not in outbound.allow")]
    NotAllowed,
}

impl AllowRule {
    /// The port this rule opens.
    pub fn port(&self) -> u16 {
        self.port
    }

    fn admits(&self, name: Option<&str>, address: IpAddr, special: Option<&Special>) -> bool {
        match (&self.target, special) {
            (_, Some(Special { reach: Reach::Never, .. })) => false,
            (Target::Net(net), None) => net.contains(&address),
            // A wide network such as 0.0.0.0/0 contains the special ranges without naming them.
            (Target::Net(net), Some(range)) => net.contains(&address) && range.net.contains(net),
            (Target::Name(rule), None) => name == Some(rule.as_str()),
            (Target::Name(rule), Some(range)) => {
                let reachable = match range.reach {
                    Reach::Private => true,
                    Reach::Loopback => is_localhost(rule),
                    Reach::Named | Reach::Never => false,
                };
                reachable && name == Some(rule.as_str())
            }
        }
    }
}

impl FromStr for AllowRule {
    type Err = AllowRuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let bad = || AllowRuleError(text.to_owned());
        if let Some(net) = parse_net(text) {
            return Ok(Self { target: Target::Net(net), port: HTTPS });
        }
        let (target, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((target, "")) => (target, HTTPS),
            Some((target, rest)) => {
                (target, rest.strip_prefix(':').and_then(parse_port).ok_or_else(bad)?)
            }
            None => match text.rsplit_once(':') {
                Some((target, port)) => (target, parse_port(port).ok_or_else(bad)?),
                None => (text, HTTPS),
            },
        };
        let target = match parse_net(target) {
            Some(net) => Target::Net(net),
            None => parse_name(target).ok_or_else(bad)?,
        };
        Ok(Self { target, port })
    }
}

impl TryFrom<String> for AllowRule {
    type Error = AllowRuleError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// Whether a URL may be registered and called, as far as its text tells.
///
/// A name that no host rule names passes here when an address rule has its port, because only the
/// resolved address can decide; [`admits_address`] then does.
pub fn check_url(rules: &[AllowRule], url: &Url) -> Result<(), Refusal> {
    if !matches!(url.scheme(), "https" | "http") {
        return Err(Refusal::Scheme);
    }
    let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
        return Err(Refusal::Scheme);
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refusal::Credentials);
    }
    if url.scheme() == "http" && !is_loopback(&host) {
        return Err(Refusal::PlainHttp);
    }
    let admitted = match host {
        Host::Ipv4(address) => admits_address(rules, None, address.into(), port),
        Host::Ipv6(address) => admits_address(rules, None, address.into(), port),
        Host::Domain(name) if is_localhost(&plain(name)) => {
            [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()]
                .into_iter()
                .any(|address| admits_address(rules, Some(name), address, port))
        }
        Host::Domain(name) => rules.iter().any(|rule| {
            rule.port == port
                && match &rule.target {
                    Target::Name(allowed) => *allowed == plain(name),
                    Target::Net(_) => true,
                }
        }),
    };
    if admitted { Ok(()) } else { Err(Refusal::NotAllowed) }
}

/// Whether a connection to this address may be opened, for a URL with this name (if any) and port.
pub fn admits_address(rules: &[AllowRule], name: Option<&str>, address: IpAddr, port: u16) -> bool {
    let address = canonical(address);
    let name = name.map(plain);
    // RFC 6761 §6.3: a localhost name is this machine, whatever a resolver says.
    if name.as_deref().is_some_and(is_localhost) && !address.is_loopback() {
        return false;
    }
    let special = SPECIAL.iter().find(|range| range.net.contains(&address));
    rules
        .iter()
        .filter(|rule| rule.port == port)
        .any(|rule| rule.admits(name.as_deref(), address, special))
}

const HTTPS: u16 = 443;

/// What may open a special-purpose range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// A host rule or an address rule within the range.
    Private,
    /// The host rule `localhost` or an address rule within the range.
    Loopback,
    /// An address rule within the range only.
    Named,
    /// Nothing: no server is there, or the address hides another one.
    Never,
}

struct Special {
    net: IpNet,
    reach: Reach,
}

/// The special-purpose ranges of RFC 6890 and its registry; the first that fits counts.
const SPECIAL: &[Special] = &[
    v4([0, 0, 0, 0], 8, Reach::Never),
    v4([10, 0, 0, 0], 8, Reach::Private),
    // Shared address space also holds the metadata service of a large Chinese cloud.
    v4([100, 64, 0, 0], 10, Reach::Named),
    v4([127, 0, 0, 0], 8, Reach::Loopback),
    v4([169, 254, 0, 0], 16, Reach::Named),
    v4([172, 16, 0, 0], 12, Reach::Private),
    v4([192, 0, 0, 0], 24, Reach::Named),
    v4([192, 168, 0, 0], 16, Reach::Private),
    v4([198, 18, 0, 0], 15, Reach::Named),
    v4([224, 0, 0, 0], 4, Reach::Never),
    v4([240, 0, 0, 0], 4, Reach::Never),
    v6(1, 128, Reach::Loopback),
    // IPv4-compatible, local NAT64, Teredo and 6to4 addresses hide an IPv4 address.
    v6(0, 96, Reach::Never),
    v6(0x64_ff9b_0001 << 80, 48, Reach::Never),
    v6(0x2001 << 112, 32, Reach::Never),
    v6(0x2002 << 112, 16, Reach::Never),
    v6(0xfc00 << 112, 7, Reach::Private),
    v6(0xfe80 << 112, 10, Reach::Named),
    v6(0xfec0 << 112, 10, Reach::Named),
    v6(0xff00 << 112, 8, Reach::Never),
];

const fn v4([a, b, c, d]: [u8; 4], prefix: u8, reach: Reach) -> Special {
    Special { net: IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix), reach }
}

const fn v6(bits: u128, prefix: u8, reach: Reach) -> Special {
    Special { net: IpNet::new_assert(IpAddr::V6(Ipv6Addr::from_bits(bits)), prefix), reach }
}

/// The address a packet would really go to: IPv4-mapped and NAT64 (RFC 6052) forms unwrapped.
fn canonical(address: IpAddr) -> IpAddr {
    if let IpAddr::V6(v6) = address
        && let [0x64, 0xff9b, 0, 0, 0, 0, _, _] = v6.segments()
    {
        let [.., a, b, c, d] = v6.octets();
        return Ipv4Addr::new(a, b, c, d).into();
    }
    address.to_canonical()
}

fn parse_net(text: &str) -> Option<IpNet> {
    let single = text.parse::<IpAddr>().ok().map(|address| IpNet::from(canonical(address)));
    single.or_else(|| text.parse::<IpNet>().ok().map(|net| net.trunc()))
}

fn parse_port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port != 0)
}

fn parse_name(text: &str) -> Option<Target> {
    match Host::parse(text).ok()? {
        Host::Domain(name) => {
            let name = plain(&name);
            let spelled = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            let whole = !name.is_empty() && name.bytes().all(spelled);
            whole.then_some(Target::Name(name))
        }
        // Forms such as 2130706433 and 0x7f.1 are addresses, as the URL standard reads them.
        Host::Ipv4(address) => Some(Target::Net(IpAddr::from(address).into())),
        Host::Ipv6(address) => Some(Target::Net(canonical(address.into()).into())),
    }
}

/// A name as rules spell it: lower case, without the root's dot.
fn plain(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => is_localhost(&plain(name)),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => canonical((*address).into()).is_loopback(),
    }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
