//! The sections of the configuration, each with its defaults.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;
use url::Url;

use crate::domain::password::PasswordRule;

macro_rules! section {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty = $default:expr,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }
    };
}

section! {
    /// `[database]`
    Database {
        /// `sqlite://…` or `postgres://…`; empty means `yihao.db` in `data_dir`.
        url: String = String::new(),
        /// A file whose first line is the URL, so that its password stands in no configuration.
        url_file: Option<PathBuf> = None,
        /// Connections of one node at most.
        connections: u32 = 16,
    }
}
section! {
    /// `[redis]`
    Redis {
        /// `redis://…`; without it the cache is the process's own.
        url: Option<String> = None,
    }
}
section! {
    /// `[certificates]`
    Certificates {
        /// Whom units' certificates are believed from: a folder of certificates of authorities (`.pem`, `.crt`,
        /// `.cer`) and of revocation lists (`.crl`). Without it nobody claims by certificate.
        anchors: Option<PathBuf> = None,
        /// Attributes of a subject that may hold the credit code, the first that does counts.
        subject: Vec<String> = ["2.5.4.97", "2.5.4.5", "2.5.4.11"].map(str::to_owned).to_vec(),
    }
}
section! {
    /// `[tls]`
    Tls {
        /// Certificate chain, PEM.
        cert_file: Option<PathBuf> = None,
        /// Private key, PEM.
        key_file: Option<PathBuf> = None,
    }
}
section! {
    /// `[outbound]`
    Outbound {
        /// Hosts and networks the provider may call; nothing else is called.
        allow: Vec<String> = Vec::new(),
        /// Further certificate authorities, PEM.
        ca_file: Option<PathBuf> = None,
    }
}
section! {
    /// `[metrics]`
    Metrics {
        /// Where `/metrics` listens; without it there are none.
        listen: Option<SocketAddr> = None,
    }
}
section! {
    /// `[keys]`
    Keys {
        /// The master key, 64 hexadecimal digits; by default `master.key` in `data_dir`.
        master_key_file: Option<PathBuf> = None,
        /// Signing keys are replaced after so many days.
        rotation_days: u32 = 90,
    }
}
section! {
    /// `[account]`
    Account {
        /// So long the owner can object before a password is set on the phone's word alone.
        recovery_wait_hours: u32 = 72,
        /// So long the owner of an account that was given up can take that back.
        cancellation_days: u32 = 7,
        /// So long the audit records of a cancelled account stay readable (at least six months,
        /// Cybersecurity Law).
        retention_days: u32 = 180,
    }
}
section! {
    /// `[session]`
    Session {
        /// A citizen's session ends after so many minutes without use.
        idle_minutes: u32 = 30,
        /// And after so many hours whatever happens.
        absolute_hours: u32 = 12,
    }
}
section! {
    /// `[password]`
    Password {
        /// How passwords are hashed.
        hash: PasswordHash = PasswordHash::Argon2id,
        /// What a new password must be.
        policy: PasswordRule = PasswordRule::Citizen,
        /// Hashes computed at the same time; 0 means one less than there are cores.
        workers: usize = 0,
        /// Hashes that may wait for their turn; more are told to come back.
        queue: usize = 64,
        /// PBKDF2 rounds of the `gm` profile.
        gm_iterations: u32 = 100_000,
    }
}
section! {
    /// `[sms]`
    Sms {
        /// The gateway; without it messages are kept in memory and can be seen only under `demo`.
        url: Option<Url> = None,
        /// Our name at the gateway.
        app_id: String = String::new(),
        /// A file with the secret that signs our requests.
        secret_file: Option<PathBuf> = None,
        /// The registered signature in front of every message.
        signature: String = "一号".to_owned(),
        /// Under which id each template is registered there: `login_code`, `bind_phone`,
        /// `reset_password`, `security_notice`.
        templates: BTreeMap<String, String> = BTreeMap::new(),
    }
}
section! {
    /// `[population]`
    Population {
        /// The population register behind the data-sharing platform; without it the local replica answers.
        url: Option<Url> = None,
        /// Our name at the platform.
        app_id: String = "yihao".to_owned(),
        /// A file with the secret that signs our requests and its answers.
        secret_file: Option<PathBuf> = None,
    }
}
section! {
    /// `[legal_entities]`
    LegalEntities {
        /// The legal-entity register behind the data-sharing platform; without it the local replica answers.
        url: Option<Url> = None,
        /// Our name at the platform.
        app_id: String = "yihao".to_owned(),
        /// A file with the secret that signs our requests and its answers.
        secret_file: Option<PathBuf> = None,
    }
}
section! {
    /// `[api]`
    Api {
        /// So many requests of one machine a minute, over all nodes; beyond that it is told to wait.
        requests_per_minute: u32 = 600,
    }
}
section! {
    /// `[codes]`
    Codes {
        /// So many days after its conversion a legacy code still finds the organisation; 0: never.
        legacy_overlap_days: u32 = 730,
    }
}
section! {
    /// `[pages]`
    Pages {
        /// Templates and the brand file that replace the built-in ones.
        theme_dir: Option<PathBuf> = None,
    }
}
section! {
    /// `[shutdown]`
    Shutdown {
        /// After SIGTERM `/readyz` answers 503 for so many seconds while everything else goes on: time for
        /// a balancer to notice.
        notice_seconds: u64 = 5,
        /// Then requests under way get so many seconds to end.
        grace_seconds: u64 = 30,
    }
}
section! {
    /// `[log]`
    Log {
        /// JSON lines, or text for a terminal.
        format: LogFormat = LogFormat::Auto,
        /// What is logged, as in `info,yihao=debug`.
        filter: String = "info".to_owned(),
    }
}

/// `password.hash`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordHash {
    /// Argon2id, 19 MiB, two passes.
    Argon2id,
    /// PBKDF2-HMAC-SM3 (GM/T 0091).
    Gm,
}

/// `log.format`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// JSON lines.
    Json,
    /// Text.
    Text,
}
