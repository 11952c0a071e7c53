//! The portal's pages: signed out, signed in, and what went wrong (WCAG 2.2; OpenID Connect Core 1.0
//! §2 for the claims shown).

use super::Peer;
use super::PortalConfig;
use super::PortalKind;
use super::html::Html;
use super::relying_party::Identity;

/// The one stylesheet, served as `/style.css`.
pub const STYLE: &str = include_str!("style.css");

/// The icon, served as `/icon.svg`.
pub fn icon(kind: PortalKind) -> &'static str {
    match kind {
        PortalKind::Province => {
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#b4232a"/></svg>"##
        }
        PortalKind::City => {
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#0b5cad"/></svg>"##
        }
    }
}

/// What a page has to say beside its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The provider cannot be reached.
    ProviderAway,
}

/// The front page of somebody the portal does not know.
pub fn signed_out(config: &PortalConfig, notice: Option<Notice>) -> String {
    page(config, |html| {
        if notice == Some(Notice::ProviderAway) {
            html.raw("<p class=\"notice\" role=\"status\" id=\"notice\">")
                .raw("统一身份认证暂时无法访问，请稍后再试。")
                .raw("<br><span class=\"quiet\" lang=\"en\">")
                .raw("The identity provider cannot be reached. Please try again shortly.")
                .raw("</span></p>");
        }
        html.raw("<section class=\"card\"><h2>欢迎访问</h2>")
            .raw("<p>登录一次，全省通行。使用「一号」统一身份认证登录后即可办理业务。</p>")
            .raw("<p class=\"quiet\" lang=\"en\">Sign in once with Yihao, use every portal.</p>")
            .raw("<div class=\"actions\">")
            .raw("<a class=\"button primary\" id=\"sign-in\" href=\"/sign-in\">登录</a>");
        peer_link(html, &config.peer);
        html.raw("</div></section>");
        services(html, config.kind);
    })
}

/// The front page of a person who is signed in.
pub fn signed_in(config: &PortalConfig, person: &Identity) -> String {
    page(config, |html| {
        let name = person.name.as_deref().unwrap_or("用户");
        html.raw("<section class=\"card\"><h2>您好，")
            .element("span", &[("id", "person-name")], name)
            .raw("</h2>");
        if let Some(actor) = &person.actor {
            html.raw("<p>经办人：").element("span", &[("id", "actor-name")], actor).raw("</p>");
        }
        html.raw("<p class=\"quiet\">以下信息由「一号」统一身份认证提供。</p>")
            .raw("<div class=\"actions\">")
            .raw("<a class=\"button primary\" id=\"step-up\" href=\"/sign-in?acr=2\">")
            .raw("提升认证等级</a>")
            .raw("<a class=\"button\" id=\"verify\" href=\"/sign-in?acr=3\">核验身份</a>")
            .raw("<a class=\"button\" id=\"switch\" href=\"/sign-in?as=other\">切换办事身份</a>");
        peer_link(html, &config.peer);
        html.raw("<a class=\"button\" id=\"sign-out\" href=\"/sign-out\">退出登录</a></div>");
        claims(html, person);
        html.raw("</section>");
        services(html, config.kind);
    })
}

/// What is shown when a sign-in failed; `code` is an OAuth error code or our own word.
pub fn failed(config: &PortalConfig, code: &str) -> String {
    page(config, |html| {
        html.raw("<section class=\"card\"><h2>未能登录</h2>")
            .raw("<p>")
            .text(sentence(code))
            .raw("</p><p class=\"quiet\">错误代码 ")
            .element("code", &[("id", "error-code")], code)
            .raw("</p><div class=\"actions\">")
            .raw("<a class=\"button primary\" id=\"sign-in\" href=\"/sign-in\">重新登录</a>")
            .raw("<a class=\"button\" id=\"home\" href=\"/\">返回首页</a></div></section>");
    })
}

fn page(config: &PortalConfig, content: impl FnOnce(&mut Html)) -> String {
    let mut html = Html::default();
    let class = match config.kind {
        PortalKind::Province => "province",
        PortalKind::City => "city",
    };
    html.raw("<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\">")
        .raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
        .element("title", &[], &config.name)
        .raw("<link rel=\"icon\" href=\"/icon.svg\" type=\"image/svg+xml\">")
        .raw("<link rel=\"stylesheet\" href=\"/style.css\"></head>")
        .open("body", &[("class", class)])
        .raw("<header><div class=\"bar\">")
        .element("h1", &[("id", "portal-name")], &config.name)
        .raw("<span class=\"quiet\">演示门户</span></div></header><main>");
    content(&mut html);
    html.raw("</main><footer>演示系统，人物与机构均为虚构。")
        .raw("<span lang=\"en\">A demonstration; all people are fictitious.</span></footer>")
        .raw("</body></html>");
    html.finish()
}

fn peer_link(html: &mut Html, peer: &Peer) {
    html.open("a", &[("class", "button"), ("id", "peer"), ("href", peer.url.as_str())])
        .raw("前往")
        .text(&peer.name)
        .raw("</a>");
}

fn claims(html: &mut Html, person: &Identity) {
    let acr = person.acr.as_deref().unwrap_or("");
    let methods: Vec<&str> = person.amr.iter().map(|method| method_name(method)).collect();
    let time = person.auth_time.map(crate::clock::Timestamp::to_beijing).unwrap_or_default();
    html.raw("<dl><dt>姓名</dt>")
        .element("dd", &[("id", "claim-name")], person.name.as_deref().unwrap_or("未提供"))
        .raw("<dt>统一社会信用代码</dt>")
        .element("dd", &[("id", "claim-uscc")], person.uscc.as_deref().unwrap_or("（个人）"))
        .raw("<dt>用户标识</dt><dd>")
        .element("code", &[("id", "claim-sub")], &person.subject)
        .raw("</dd><dt>认证等级</dt><dd>")
        .text(level_name(acr))
        .raw(" ")
        .element("code", &[("id", "claim-acr")], acr)
        .raw("</dd><dt>认证方式</dt><dd>")
        .text(&methods.join("、"))
        .raw(" ")
        .element("code", &[("id", "claim-amr")], &person.amr.join(" "))
        .raw("</dd><dt>认证时间</dt>")
        .element("dd", &[("id", "claim-auth-time")], &time)
        .raw("</dl>");
}

fn services(html: &mut Html, kind: PortalKind) {
    let names = match kind {
        PortalKind::Province => ["社会保险", "不动产登记", "企业开办", "职业资格"],
        PortalKind::City => ["公积金", "公共停车", "居住证", "义务教育入学"],
    };
    html.raw("<ul class=\"services\" aria-label=\"服务事项\">");
    for name in names {
        html.element("li", &[], name);
    }
    html.raw("</ul>");
}

fn level_name(acr: &str) -> &'static str {
    match acr {
        "urn:yihao:acr:1" => "一级",
        "urn:yihao:acr:2" => "二级（实名，双因素）",
        "urn:yihao:acr:3" => "三级（强实名，双因素）",
        "urn:yihao:acr:4" => "四级（现场核验，硬件密码）",
        _ => "未说明",
    }
}

/// The registered methods of RFC 8176 §2 in Chinese; others as they are.
fn method_name(method: &str) -> &str {
    match method {
        "pwd" => "密码",
        "otp" => "动态口令",
        "sms" => "短信验证码",
        "mfa" => "多因素",
        "hwk" => "硬件密钥",
        "swk" => "软件密钥",
        "face" => "人脸",
        "fpt" => "指纹",
        "pin" => "PIN 码",
        "user" => "用户在场",
        "sc" => "智能卡",
        other => other,
    }
}

fn sentence(code: &str) -> &'static str {
    match code {
        "access_denied" => "您取消了登录或未同意授权。",
        "unmet_authentication_requirements" => "您的账号目前无法达到所需的认证等级。",
        "temporarily_unavailable" | "provider_away" => "统一身份认证暂时无法访问，请稍后再试。",
        "stale_request" => "登录请求已过期或已使用过，请重新登录。",
        _ => "登录没有完成，请重新登录。",
    }
}
