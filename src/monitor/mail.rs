//! Alerts as letters (RFC 5321, RFC 5322): over TLS from the first byte (`smtps`) or after STARTTLS (`smtp`),
//! and in the clear to this machine alone. In Chinese and English, since whoever is on duty reads one of them.

use std::time::Duration;

use lettre::AsyncSmtpTransport;
use lettre::AsyncTransport;
use lettre::Message;
use lettre::Tokio1Executor;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::Certificate;
use lettre::transport::smtp::client::Tls;
use lettre::transport::smtp::client::TlsParameters;
use lettre::transport::smtp::extension::ClientId;
use secrecy::ExposeSecret;
use url::Url;

use crate::config::Config;
use crate::config::read_secret;
use crate::domain::alert::Alert;
use crate::i18n::Argument;
use crate::i18n::Locale;
use crate::i18n::Messages;
use crate::monitor::SetupError;
use crate::monitor::syslog::network_target;
use crate::outbound::Outbound;

/// A letter is handed over within this time or tried again.
const PATIENCE: Duration = Duration::from_secs(10);

/// A mail server, and who writes to whom.
pub struct Mailer {
    target: Url,
    outbound: Outbound,
    tls: Tls,
    credentials: Option<Credentials>,
    from: Mailbox,
    to: Vec<Mailbox>,
    name: ClientId,
    messages: Messages,
}

impl Mailer {
    /// Reads `smtps://user@host` or `smtp://user@host`, and the addresses.
    pub fn new(url: &Url, config: &Config, outbound: &Outbound) -> Result<Self, SetupError> {
        let mail = &config.monitor.mail;
        let wrong = |reason: String| SetupError(format!("mail: {reason}"));
        let port = match url.scheme() {
            "smtps" => 465,
            "smtp" => 587,
            _ => return Err(wrong("url begins with smtps:// or smtp://".into())),
        };
        let target = network_target(url, port, outbound, "mail.url")?;
        let mailbox = |text: &String| {
            text.parse::<Mailbox>().map_err(|error| wrong(format!("{text}: {error}")))
        };
        let user = url.username();
        let credentials = match &mail.password_file {
            Some(file) => {
                let password = read_secret(file).map_err(|error| wrong(error.to_string()))?;
                let password = password.expose_secret().to_owned();
                Some(Credentials::new(user.replace("%40", "@"), password))
            }
            None if user.is_empty() => None,
            None => return Err(wrong("password_file is missing".into())),
        };
        Ok(Self {
            tls: tls(url, &target, config).map_err(wrong)?,
            target,
            outbound: outbound.clone(),
            credentials,
            from: mailbox(&mail.from)?,
            to: mail.to.iter().map(mailbox).collect::<Result<_, _>>()?,
            name: ClientId::Domain(config.issuer.host_str().unwrap_or("localhost").to_owned()),
            messages: Messages::load().map_err(|error| wrong(error.to_string()))?,
        })
    }

    /// Hands one alert over.
    pub async fn send(&self, issuer: &str, alert: &Alert) -> Result<(), String> {
        let letter = self.letter(issuer, alert)?;
        let found = self.outbound.addresses(&self.target).await.map_err(|e| e.to_string())?;
        let address = found.first().ok_or("no address")?;
        // Connected to by the address the rules admitted, and known by the name its certificate has.
        let mut transport =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.ip().to_string())
                .port(address.port())
                .tls(self.tls.clone())
                .hello_name(self.name.clone())
                .timeout(Some(PATIENCE));
        if let Some(credentials) = &self.credentials {
            transport = transport.credentials(credentials.clone());
        }
        let sent = tokio::time::timeout(PATIENCE * 2, transport.build().send(letter)).await;
        let sent = sent.map_err(|_| "the mail server did not take it in time".to_owned())?;
        sent.map(drop).map_err(|error| error.to_string())
    }

    fn letter(&self, issuer: &str, alert: &Alert) -> Result<Message, String> {
        let title = |locale| {
            let key = format!("alert-rule-{}", alert.finding.rule.as_str().replace('_', "-"));
            self.messages.text(locale, &key, &[])
        };
        let subject = format!("[{issuer}] {} / {}", title(Locale::ZhCn), title(Locale::En));
        let [chinese, english] = [Locale::ZhCn, Locale::En].map(|locale| {
            let finding = &alert.finding;
            let arguments: [(&str, Argument<'_>); 7] = [
                ("title", title(locale).into()),
                ("subject", finding.subject.to_string().into()),
                ("events", finding.events.into()),
                ("first", finding.first_at.to_beijing().into()),
                ("last", finding.last_at.to_beijing().into()),
                ("request", finding.request_id.as_str().into()),
                ("address", format!("{issuer}/console/alerts/{}", alert.id).into()),
            ];
            self.messages.text(locale, "alert-letter", &arguments)
        });
        let mut letter = Message::builder().from(self.from.clone()).subject(subject);
        for to in &self.to {
            letter = letter.to(to.clone());
        }
        letter
            .header(ContentType::TEXT_PLAIN)
            .body(format!("{chinese}\n\n{english}\n"))
            .map_err(|error| error.to_string())
    }
}

fn tls(url: &Url, target: &Url, config: &Config) -> Result<Tls, String> {
    let is_here = match target.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if url.scheme() == "smtp" && is_here {
        return Ok(Tls::None);
    }
    let host = target.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let mut parameters = TlsParameters::builder(host.to_owned());
    if let Some(file) = &config.outbound.ca_file {
        let pem = std::fs::read(file).map_err(|error| error.to_string())?;
        let authority = Certificate::from_pem(&pem).map_err(|error| error.to_string())?;
        parameters = parameters.add_root_certificate(authority);
    }
    let parameters = parameters.build().map_err(|error| error.to_string())?;
    Ok(if url.scheme() == "smtps" { Tls::Wrapper(parameters) } else { Tls::Required(parameters) })
}
