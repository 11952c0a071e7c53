//! `[verification.face]`, `[verification.bank_card]`, `[verification.network_certificate]`: services that verify an
//! identity. A kind without a section is not offered.

use std::path::PathBuf;

use serde::Deserialize;
use url::Url;

use crate::config::ConfigError;
use crate::domain::identity_check::CheckKind;

/// `[verification]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Verification {
    /// By a live face.
    pub face: Verifier,
    /// By a bank card.
    pub bank_card: Verifier,
    /// By a network certificate.
    pub network_certificate: Verifier,
}

/// One service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Verifier {
    /// Where checks are begun and asked for: `/begin` and `/result` are added to it.
    pub url: Option<Url>,
    /// The origin of its pages, where it is another one.
    pub pages: Option<Url>,
    /// Our name at the service.
    pub app_id: String,
    /// A file with the secret that signs requests, answers and callbacks.
    pub secret_file: Option<PathBuf>,
}

impl Default for Verifier {
    fn default() -> Self {
        Self { url: None, pages: None, app_id: "yihao".to_owned(), secret_file: None }
    }
}

impl Verification {
    /// The section of a kind.
    pub fn of(&self, kind: CheckKind) -> &Verifier {
        match kind {
            CheckKind::Face => &self.face,
            CheckKind::BankCard => &self.bank_card,
            CheckKind::NetworkCertificate => &self.network_certificate,
        }
    }

    /// The same, to be changed.
    pub fn of_mut(&mut self, kind: CheckKind) -> &mut Verifier {
        match kind {
            CheckKind::Face => &mut self.face,
            CheckKind::BankCard => &mut self.bank_card,
            CheckKind::NetworkCertificate => &mut self.network_certificate,
        }
    }

    /// Refuses what does not go together.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let rule = |kind: CheckKind, text: &str| {
            Err(ConfigError::Rule(format!("verification.{}.{text}", kind.as_str())))
        };
        for kind in CheckKind::ALL {
            let section = self.of(kind);
            if section.url.is_some() != section.secret_file.is_some() {
                return rule(kind, "url and secret_file go together");
            }
            let bare = |url: &Url| url.query().is_none() && url.fragment().is_none();
            if !section.url.iter().all(bare) {
                return rule(kind, "url must have neither query nor fragment");
            }
            if section.pages.iter().any(|pages| pages.path() != "/" || !bare(pages)) {
                return rule(kind, "pages must be a bare origin");
            }
        }
        Ok(())
    }
}
