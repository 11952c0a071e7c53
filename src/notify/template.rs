//! The messages there are, their variables and their Chinese text (domain facts 6.1: the sender's name stands in 【】).

use std::collections::BTreeMap;
use std::fmt;

use crate::clock::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use zeroize::Zeroize;
use zeroize::ZeroizeOnDrop;

/// A code that proves possession of a telephone. It is a secret while it lives.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct OneTimeCode(String);

/// One message's kind and variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SmsTemplate {
    /// Logging in by code.
    LoginCode {
        /// The code.
        code: OneTimeCode,
    },
    /// Binding a telephone to an account.
    BindPhone {
        /// The code.
        code: OneTimeCode,
    },
    /// Recovering a lost password.
    ResetPassword {
        /// The code.
        code: OneTimeCode,
    },
    /// Something happened that the person should know of.
    SecurityNotice {
        /// What happened, in words from our own catalogue: `您的密码已修改`.
        event: String,
        /// When it happened.
        at: Timestamp,
    },
}

/// A template's name in configuration, where each has the id under which it is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplateName {
    /// [`SmsTemplate::LoginCode`]
    LoginCode,
    /// [`SmsTemplate::BindPhone`]
    BindPhone,
    /// [`SmsTemplate::ResetPassword`]
    ResetPassword,
    /// [`SmsTemplate::SecurityNotice`]
    SecurityNotice,
}

/// How long a code is valid, as every text with a code says.
const CODE_MINUTES: u32 = 5;

impl OneTimeCode {
    /// Wraps a code.
    pub fn new(code: impl Into<String>) -> Self {
        Self(code.into())
    }

    /// The code, for the message alone.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OneTimeCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OneTimeCode(******)")
    }
}

impl TemplateName {
    /// Every template, for checks of the configuration.
    pub const ALL: [Self; 4] =
        [Self::LoginCode, Self::BindPhone, Self::ResetPassword, Self::SecurityNotice];

    /// The name as configuration and the outbox spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LoginCode => "login_code",
            Self::BindPhone => "bind_phone",
            Self::ResetPassword => "reset_password",
            Self::SecurityNotice => "security_notice",
        }
    }
}

impl SmsTemplate {
    /// Which template this is.
    pub fn name(&self) -> TemplateName {
        match self {
            Self::LoginCode { .. } => TemplateName::LoginCode,
            Self::BindPhone { .. } => TemplateName::BindPhone,
            Self::ResetPassword { .. } => TemplateName::ResetPassword,
            Self::SecurityNotice { .. } => TemplateName::SecurityNotice,
        }
    }

    /// The code, where the message carries one.
    pub fn code(&self) -> Option<&OneTimeCode> {
        match self {
            Self::LoginCode { code } | Self::BindPhone { code } | Self::ResetPassword { code } => {
                Some(code)
            }
            Self::SecurityNotice { .. } => None,
        }
    }

    /// The variables the gateway puts into the registered text.
    pub fn variables(&self) -> BTreeMap<&'static str, String> {
        match self {
            Self::SecurityNotice { event, at } => {
                BTreeMap::from([("event", event.clone()), ("time", at.to_beijing())])
            }
            Self::LoginCode { code } | Self::BindPhone { code } | Self::ResetPassword { code } => {
                let code = code.expose().to_owned();
                BTreeMap::from([("code", code), ("minutes", CODE_MINUTES.to_string())])
            }
        }
    }

    /// The text people read, as it is to be registered with the gateway; `signature` is the
    /// sender's name without its brackets.
    pub fn text(&self, signature: &str) -> String {
        let body = match self {
            Self::LoginCode { code } => with_code(code, "用于登录", "请勿告诉他人"),
            Self::BindPhone { code } => with_code(code, "用于绑定手机号", "请勿告诉他人"),
            Self::ResetPassword { code } => {
                with_code(code, "用于重置密码", "如非本人操作，请勿告诉他人并尽快修改密码")
            }
            Self::SecurityNotice { event, at } => {
                format!("{event}（{}）。如非本人操作，请立即修改密码。", at.to_beijing())
            }
        };
        format!("【{signature}】{body}")
    }
}

fn with_code(code: &OneTimeCode, purpose: &str, warning: &str) -> String {
    format!("验证码 {}，{CODE_MINUTES} 分钟内有效，{purpose}，{warning}。", code.expose())
}

#[cfg(test)]
mod tests {
    use super::OneTimeCode;
    use super::SmsTemplate;
    use super::TemplateName;
    use crate::clock::Timestamp;

    #[test]
    fn texts_start_with_the_signature_and_fit_one_segment() {
        let code = || OneTimeCode::new("123456");
        let templates = [
            SmsTemplate::LoginCode { code: code() },
            SmsTemplate::BindPhone { code: code() },
            SmsTemplate::ResetPassword { code: code() },
            SmsTemplate::SecurityNotice { event: "您的密码已修改".into(), at: Timestamp(0) },
        ];
        for template in templates {
            let text = template.text("一号");
            assert!(text.starts_with("【一号】"), "{text}");
            assert!(text.chars().count() <= 70, "{text}");
        }
    }

    #[test]
    fn a_code_reads_as_people_expect_and_debugs_as_nothing() {
        let template = SmsTemplate::LoginCode { code: OneTimeCode::new("123456") };
        let text = template.text("一号");
        assert_eq!(text, "【一号】验证码 123456，5 分钟内有效，用于登录，请勿告诉他人。");
        assert!(!format!("{template:?}").contains("123456"));
    }

    #[test]
    fn names_are_the_same_in_configuration_and_outbox() {
        for name in TemplateName::ALL {
            assert_eq!(serde_json::to_value(name).unwrap(), name.as_str());
        }
    }
}
