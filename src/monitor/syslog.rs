//! Alerts as syslog messages (RFC 5424): over UDP (RFC 5426), TCP with octet counting (RFC 6587 §3.4.1), or
//! the socket of this machine. All of it is ASCII, and holds no value a stranger chose but a client's id.

use std::path::PathBuf;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::UdpSocket;
use url::Url;

use crate::domain::alert::Alert;
use crate::domain::alert::Severity;
use crate::monitor::SetupError;
use crate::outbound::Outbound;

/// Security and authorization messages (RFC 5424 §6.2.1).
const FACILITY: u8 = 10;
/// A message is handed over within this time or tried again.
const PATIENCE: Duration = Duration::from_secs(5);

/// A syslog server.
pub struct Syslog {
    target: Target,
    outbound: Outbound,
    host: String,
}

enum Target {
    Udp(Url),
    Tcp(Url),
    Unix(PathBuf),
}

impl Syslog {
    /// Reads `udp://host:514`, `tcp://host:601` or `unix:///dev/log`.
    pub fn new(url: &Url, outbound: &Outbound, host: &str) -> Result<Self, SetupError> {
        let target = match url.scheme() {
            "udp" => Target::Udp(network_target(url, 514, outbound, "syslog_url")?),
            "tcp" => Target::Tcp(network_target(url, 601, outbound, "syslog_url")?),
            "unix" => Target::Unix(PathBuf::from(url.path())),
            _ => return Err(SetupError("syslog_url begins with udp://, tcp:// or unix://".into())),
        };
        Ok(Self { target, outbound: outbound.clone(), host: host.to_owned() })
    }

    /// Hands one alert over. Over UDP nobody says whether it came.
    pub async fn send(&self, issuer: &str, alert: &Alert) -> Result<(), String> {
        let message = message(&self.host, issuer, alert);
        let sent = tokio::time::timeout(PATIENCE, self.hand_over(message.as_bytes())).await;
        sent.map_err(|_| "the syslog server did not take it in time".to_owned())?
    }

    async fn hand_over(&self, message: &[u8]) -> Result<(), String> {
        let told = |error: std::io::Error| error.to_string();
        match &self.target {
            Target::Udp(url) => {
                let found = self.outbound.addresses(url).await.map_err(|e| e.to_string())?;
                let address = found.first().ok_or("no address")?;
                let own = if address.is_ipv6() { "[::]:0" } else { "0.0.0.0:0" };
                let socket = UdpSocket::bind(own).await.map_err(told)?;
                socket.send_to(message, address).await.map(drop).map_err(told)
            }
            Target::Tcp(url) => {
                let found = self.outbound.addresses(url).await.map_err(|e| e.to_string())?;
                let mut stream = TcpStream::connect(&found[..]).await.map_err(told)?;
                let framed = [format!("{} ", message.len()).as_bytes(), message].concat();
                stream.write_all(&framed).await.map_err(told)?;
                stream.shutdown().await.map_err(told)
            }
            Target::Unix(path) => {
                let socket = tokio::net::UnixDatagram::unbound().map_err(told)?;
                socket.send_to(message, path).await.map(drop).map_err(told)
            }
        }
    }
}

/// Host and port of a channel as the outbound rules judge them.
pub fn network_target(
    url: &Url,
    port: u16,
    outbound: &Outbound,
    key: &str,
) -> Result<Url, SetupError> {
    let wrong = |reason: String| SetupError(format!("{key}: {reason}"));
    let host = url.host_str().ok_or_else(|| wrong("there is no host".into()))?;
    let text = format!("https://{host}:{}", url.port().unwrap_or(port));
    let target = Url::parse(&text).map_err(|error| wrong(error.to_string()))?;
    outbound.check_url(&target).map_err(|error| wrong(error.to_string()))?;
    Ok(target)
}

/// The message (RFC 5424 §6): no structured data, since its names would need a number of ours; the facts
/// follow as `name=value`.
fn message(host: &str, issuer: &str, alert: &Alert) -> String {
    let finding = &alert.finding;
    let severity = finding.rule.severity();
    let priority = FACILITY * 8 + code(severity);
    let request = if finding.request_id.is_empty() { "-" } else { &finding.request_id };
    format!(
        "<{priority}>1 {} {host} yihao {} alert - issuer={issuer} alert={} rule={} severity={} \
         subject={} events={} occurrences={} first_at={} last_at={} request_id={request}",
        alert.raised_at.to_rfc3339(),
        std::process::id(),
        alert.id,
        finding.rule.as_str(),
        severity.as_str(),
        finding.subject,
        finding.events,
        alert.occurrences,
        finding.first_at.to_rfc3339(),
        finding.last_at.to_rfc3339(),
    )
}

/// RFC 5424 §6.2.1: critical, warning, notice.
fn code(severity: Severity) -> u8 {
    match severity {
        Severity::Critical => 2,
        Severity::Warning => 4,
        Severity::Notice => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::domain::alert::Finding;
    use crate::domain::alert::Rule;
    use crate::domain::alert::State;
    use crate::domain::alert::Subject;
    use crate::domain::id::AlertId;
    use crate::outbound::OutboundRules;

    #[test]
    fn a_message_has_the_parts_of_the_specification() {
        let at = Timestamp::from_rfc3339("2026-11-24T08:30:00Z").unwrap();
        let finding = Finding {
            rule: Rule::Spraying,
            subject: Subject::Source([0xAB; 16]),
            events: 30,
            first_at: at,
            last_at: at,
            request_id: String::new(),
        };
        let alert = Alert {
            id: AlertId(uuid::Uuid::nil()),
            finding,
            occurrences: 1,
            raised_at: at,
            state: State::Open,
            acknowledged: None,
            closed: None,
        };
        let message = message("id-1", "https://id.example.gov", &alert);
        let process = std::process::id();
        let expected = format!(
            "<82>1 2026-11-24T08:30:00Z id-1 yihao {process} alert - issuer=https://id.example.gov \
             alert=00000000-0000-0000-0000-000000000000 rule=spraying severity=critical \
             subject=source:abababababababababababababababab events=30 occurrences=1 \
             first_at=2026-11-24T08:30:00Z last_at=2026-11-24T08:30:00Z request_id=-"
        );
        assert_eq!(message, expected);
    }

    #[test]
    fn a_server_that_may_not_be_called_is_refused_at_once() {
        let allow = vec!["127.0.0.1:514".parse().unwrap()];
        let outbound = Outbound::new(OutboundRules { allow, ca_file: None }).unwrap();
        let syslog = |url: &str| Syslog::new(&url.parse().unwrap(), &outbound, "id-1").map(drop);
        assert!(syslog("udp://127.0.0.1").is_ok());
        assert!(syslog("unix:///dev/log").is_ok());
        for wrong in
            ["udp://127.0.0.1:515", "tcp://127.0.0.1", "udp://10.0.0.1", "http://127.0.0.1:514"]
        {
            assert!(syslog(wrong).is_err(), "{wrong}");
        }
    }
}
