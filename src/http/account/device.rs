//! A browser in words a person recognises, from its `User-Agent`.

/// Names by which browsers call themselves, the more special one first.
const BROWSERS: [(&str, &str); 10] = [
    ("MicroMessenger", "微信 WeChat"),
    ("AlipayClient", "支付宝 Alipay"),
    ("DingTalk", "钉钉 DingTalk"),
    ("HuaweiBrowser", "华为 Huawei Browser"),
    ("QQBrowser", "QQ Browser"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
];

/// Systems, the more special one first.
const SYSTEMS: [(&str, &str); 8] = [
    ("HarmonyOS", "HarmonyOS"),
    ("OpenHarmony", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// `Firefox · Windows`, or the beginning of what the browser said.
pub fn describe(user_agent: &str) -> String {
    let find = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} · {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) if user_agent.is_empty() => "—".to_owned(),
        (None, None) => user_agent.chars().take(40).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::describe;

    #[test]
    fn people_recognise_their_browser() {
        let edge =
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/125.0 Safari/537.36 Edg/125.0";
        assert_eq!(describe(edge), "Edge · Windows");
        assert_eq!(describe("Mozilla/5.0 (iPhone) Safari/604.1"), "Safari · iPhone");
        assert_eq!(describe("my tool/1"), "my tool/1");
        assert_eq!(describe(""), "—");
    }
}
