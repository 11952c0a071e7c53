# 首页
home-title = 首页
home-intro = 全省统一的身份认证。凭公民身份号码登录一次，省、市各级政务服务网站都能用。
home-account = 进入我的账号
home-promises = 我们的承诺
home-one = 一次登录
home-one-text = 在省里登录过，到市里办事不用再登录。退出一次，全部退出。
home-two = 您说了算
home-two-text = 哪个网站能看到您的哪些信息，由您同意，也随时可以收回。
home-three = 人人能用
home-three-text = 有长者模式，不会用手机也可以到窗口或拨打热线办理。

# 帮助
help-heading = 需要帮助？
help-intro = 下面是常见问题。也可以拨打 { $hotline }，有人工服务。
help-login = 怎样登录
help-login-text = 输入身份证号或手机号和密码。也可以选“短信登录”，用手机收到的验证码登录。
help-forgot = 忘记密码
help-forgot-text = 在登录页点“忘记密码”，核对身份后重设密码。手机也用不了的，请携带身份证到服务窗口办理。
help-code = 收不到验证码
help-code-text = 请确认手机有信号、未欠费，并查看是否被拦截。一分钟后可重新获取，每小时最多 5 次。
help-second = 手机不在身边
help-second-text = 登录第二步可以选“恢复码”，用开通时保存的任意一个。恢复码也找不到的，请拨打 { $hotline } 或到窗口办理。
help-portals = 谁能看到我的信息
help-portals-text = 只有您同意过的网站。在“我的账号”的“授权管理”中可以逐个查看和收回。
help-elder = 字太小看不清
help-elder-text = 点页面右上角的“长者模式”，文字和按钮都会变大。
help-fraud = 谨防诈骗
help-fraud-text = 我们不会打电话、发短信索要您的密码或验证码，也不会让您转账。接到可疑电话请挂断，并拨打 { $hotline } 核实。

# 隐私
privacy-heading = 隐私说明
privacy-intro = 简单说明我们收集什么、用来做什么、您有什么权利。
privacy-what = 收集什么
privacy-what-text = 姓名、身份证号码、手机号码，以及登录的时间、设备和来源地址。
privacy-why = 用来做什么
privacy-why-text = 只用于确认您是本人、保护您的账号，以及在您同意后向您要办事的网站证明您的身份。
privacy-share = 提供给谁
privacy-share-text = 每次向网站提供信息前都征求您的同意。不同网站看到的编号不同，不能据此互相拼接您的信息。
privacy-keep = 怎样保存
privacy-keep-text = 身份证号码和手机号码以国产密码算法加密保存在境内。安全日志按法律规定至少保存六个月。
privacy-rights = 您的权利
privacy-rights-text = 您可以随时在“我的账号”中查看个人信息、登录设备和登录记录，并撤回授权。更正信息或注销账号，请到服务窗口或拨打热线办理。
privacy-contact = 联系我们
privacy-contact-text = { $owner }。有疑问请拨打 { $hotline }。

# 演示
outbox-title = 演示短信箱
outbox-demo = 这是演示环境。短信不会真的发出，都显示在这里。
outbox-none = 还没有短信。
