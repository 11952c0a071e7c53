//! Text messages on their way. They leave beside the answer and never in it, so no answer tells whether
//! there was anything to send (security.md A-50); and people are told what happened to their account,
//! whoever did it.

pub mod waiting;

use crate::domain::account::Account;
use crate::notify::SmsMessage;
use crate::notify::SmsTemplate;
use crate::provider::Provider;

/// What the owner of an account is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// Too many wrong answers: it rests for a while.
    LoginRests,
    /// The password was changed.
    PasswordChanged,
    /// An authenticator app was enrolled.
    TotpEnrolled,
    /// The authenticator app was removed.
    TotpRemoved,
    /// New recovery codes were made.
    RecoveryCodesRenewed,
    /// Somebody asked to set a new password, and waits for it.
    RecoveryWaits,
    /// A new password was set by recovery.
    Recovered,
    /// A counter is about to hand over a code to recover the account.
    CounterRecovery,
    /// Another phone was bound; told to both.
    PhoneChanged,
    /// The phone was taken off the account.
    PhoneRemoved,
    /// The owner stopped the account.
    AccountStopped,
    /// The owner gave the account up.
    CancellationAsked,
    /// The account is no more.
    AccountCancelled,
    /// All data were taken along.
    DataExported,
    /// Text messages log in no more.
    SmsLoginBlocked,
    /// Text messages log in again.
    SmsLoginAllowed,
    /// A portal was blocked.
    PortalBlocked,
    /// A blocked portal was allowed again.
    PortalAllowed,
    /// Known browsers were forgotten.
    BrowsersForgotten,
    /// Two accounts became this one.
    AccountsMerged,
    /// One account became two again.
    AccountsParted,
    /// The name or number was put right.
    IdentityCorrected,
    /// Somebody else represents the organisation now, by a counter's word.
    RepresentsNoMore,
    /// A counter made somebody a guardian or helper.
    SomebodyActs,
    /// A sign-up that waited has become an account.
    SignedUp,
    /// A sign-up that waited came to nothing: the register does not confirm it, or never answered.
    NotSignedUp,
    /// Who signed up has an account already.
    SignedUpBefore,
    /// The identity was verified, and the account rose by it.
    IdentityRaised,
    /// A check of the identity that had to wait came to nothing.
    IdentityNotConfirmed,
    /// Officers suspended an organisation the person acts for.
    OrganisationSuspended,
    /// Officers let people act for it again.
    OrganisationResumed,
    /// Officers ended every mandate of it.
    OrganisationEnded,
    /// The register says something else of an organisation: the mandate is suspended.
    OrganisationRegistered,
    /// A mandate was offered and waits for an answer.
    MandateOffered,
    /// A mandate the person offered was accepted.
    MandateAccepted,
    /// A mandate the person offered was declined.
    MandateDeclined,
    /// A mandate the person had was taken back.
    MandateEnded,
}

impl Notice {
    fn template(self, provider: &Provider) -> SmsTemplate {
        SmsTemplate::SecurityNotice { event: self.text().to_owned(), at: provider.clock.now() }
    }

    /// The words of the message.
    fn text(self) -> &'static str {
        match self {
            Self::LoginRests => "您的账号因多次验证失败暂停登录15分钟",
            Self::PasswordChanged => "您的登录密码已修改",
            Self::TotpEnrolled => "您的账号已绑定动态口令",
            Self::TotpRemoved => "您的账号已解绑动态口令",
            Self::RecoveryCodesRenewed => "您的账号已重新生成恢复码",
            Self::RecoveryWaits => "有人申请找回您的账号，等待期后可重设密码，非本人请登录后撤销",
            Self::Recovered => "您的账号已找回，并重设了密码",
            Self::CounterRecovery => "您的账号正在窗口办理找回，非本人请立即拨打服务热线",
            Self::PhoneChanged => "您账号绑定的手机号已更换",
            Self::PhoneRemoved => "您账号绑定的手机号已解绑",
            Self::AccountStopped => "您的账号已由本人紧急停用",
            Self::CancellationAsked => "您的账号已申请注销，冷静期内可登录撤销",
            Self::AccountCancelled => "您的账号已注销",
            Self::DataExported => "您的账号资料已被下载",
            Self::SmsLoginBlocked => "您的账号已关闭短信登录",
            Self::SmsLoginAllowed => "您的账号已重新开通短信登录",
            Self::PortalBlocked => "您的账号已禁止登录某个网站",
            Self::PortalAllowed => "您的账号已解除对某个网站的禁止",
            Self::RepresentsNoMore => {
                "窗口已为您所代表的单位登记新的代表人，如有疑问请拨打服务热线"
            }
            Self::SomebodyActs => "窗口已为您登记代办人，非本人办理请立即拨打服务热线",
            Self::BrowsersForgotten => "您的账号已清除常用浏览器记录",
            Self::AccountsMerged => "您名下的两个账号已合并为一个",
            Self::AccountsParted => "您的账号合并已撤销，请重新登录",
            Self::IdentityCorrected => "您账号的姓名或证件号码已更正，请重新登录",
            Self::SignedUp => "您的注册已核验通过，可以登录了",
            Self::NotSignedUp => "您的注册未能核验通过，没有建立账号，可重新注册",
            Self::SignedUpBefore => "您已经有账号，请直接登录或找回账号",
            Self::IdentityRaised => "您的账号实名等级已提升，非本人操作请立即拨打服务热线",
            Self::IdentityNotConfirmed => "您提交的身份核验未通过，实名等级未改变",
            Self::OrganisationSuspended => "您可代表的一个单位已被暂停办事，详见“我的账号”",
            Self::OrganisationResumed => "您可代表的一个单位已恢复办事，详见“我的账号”",
            Self::OrganisationEnded => "一个单位给您的办事授权已由管理部门终止",
            Self::OrganisationRegistered => {
                "您可代表的一个单位登记信息有变更，您的办事授权已中止，详见“我的账号”"
            }
            Self::MandateOffered => "有人授权您代为办事，登录“我的账号”可接受或拒绝",
            Self::MandateAccepted => "您给出的一项办事授权已被对方接受",
            Self::MandateDeclined => "您给出的一项办事授权已被对方拒绝",
            Self::MandateEnded => "您的一项办事授权已被收回，详见“我的账号”",
        }
    }
}

/// Tells the owner, if there is a phone. What cannot be sent changes nothing.
pub fn notify(provider: &Provider, account: &Account, notice: Notice) {
    if let Some(phone) = phone_of(provider, account) {
        notify_phone(provider, &phone, notice);
    }
}

/// The same, and waits until the gateway has taken it: whoever tells many tells them one after the other.
pub async fn tell(provider: &Provider, account: &Account, notice: Notice) {
    if let Some(phone) = phone_of(provider, account) {
        deliver(provider, &phone, notice.template(provider)).await;
    }
}

/// Tells whoever has this phone, the new one or the old one of an account.
pub fn notify_phone(provider: &Provider, phone: &str, notice: Notice) {
    send(provider, phone, notice.template(provider));
}

/// Sends a message, soon.
pub fn send(provider: &Provider, phone: &str, template: SmsTemplate) {
    let (sender, phone) = (provider.clone(), phone.to_owned());
    provider.under_way.spawn(async move { deliver(&sender, &phone, template).await });
}

async fn deliver(provider: &Provider, phone: &str, template: SmsTemplate) {
    let Ok(phone) = phone.parse() else {
        tracing::error!("a stored phone is no phone");
        return;
    };
    let message = SmsMessage::new(phone, template);
    // Kept before it leaves: a node that ends meanwhile, however it ends, leaves it to the others.
    let kept = waiting::keep(provider, &message).await;
    let sent = provider.sms.send(&message).await;
    if let Err(error) = &sent {
        metrics::counter!("sms_failures_total").increment(1);
        tracing::warn!(%error, "a text message was not accepted by the gateway");
    }
    if kept {
        waiting::settle(provider, &message, &sent).await;
    }
}

fn phone_of(provider: &Provider, account: &Account) -> Option<String> {
    match provider.vault.open_profile(account) {
        Ok(profile) => profile.phone,
        Err(error) => {
            tracing::error!(%error, "a profile does not open");
            None
        }
    }
}
