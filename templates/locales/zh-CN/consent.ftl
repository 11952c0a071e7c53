# 授权
consent-title = 授权确认
consent-heading =
    “{ $client }”
    想使用您的信息
consent-account = 您当前以 { $account } 的身份登录。
consent-shared = 将提供以下信息
consent-nothing = 只确认您已登录，不提供个人信息。
consent-scopes = 授权范围
consent-withdraw = 您可以随时在“我的账号”中收回授权。
consent-password = 对方不会得到您的密码。
consent-policy = 查看“{ $client }”的隐私政策
consent-allow = 同意并继续
consent-deny = 不同意
consent-lifetime-session = 授权在您退出登录后失效。
consent-lifetime-day = 授权有效期 1 天。
consent-lifetime-month = 授权有效期 30 天。
consent-lifetime-year = 授权有效期 1 年。
consent-lifetime-until-withdrawn = 授权长期有效，直到您收回。

# 退出
logout-title = 退出登录
logout-heading = 要退出登录吗？
logout-intro = 退出后，再次办事需要重新登录。
logout-intro-client = “{ $client }”请求为您退出登录。
logout-effect = 您将同时退出所有通过本账号登录的省、市网站。
logout-submit = 退出登录
logout-stay = 不退出
logged-out-title = 您已退出登录
logged-out-intro = 所有通过本账号登录的网站都已退出。
logged-out-public = 如果这是公用电脑，请关闭所有浏览器窗口后再离开。
logged-out-return = 返回原网站
logged-out-login = 重新登录

# 返回网站
form-post-title = 正在返回
form-post-intro = 登录完成，正在带您回到原来的网站。
form-post-continue = 继续
