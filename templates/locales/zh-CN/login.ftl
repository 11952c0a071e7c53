# 登录
login-title = 登录
login-heading = 登录
login-intro = 用一个账号，办理省、市各级政务服务。
login-safety = 工作人员不会以任何理由向您索要密码或验证码。
login-destination = 登录后将前往
login-ways = 登录方式
login-way-password = 密码登录
login-way-sms = 短信登录
login-for-whom = 办事身份
login-as-person = 个人登录
login-as-organisation = 法人登录
login-organisation = 统一社会信用代码
login-organisation-hint = 也可填写尚在过渡期内的组织机构代码、注册号或税务登记号。
login-organisation-about = 法人登录由获得单位授权的个人使用本人账号完成。
login-identifier = 身份证号或手机号
login-identifier-hint = 身份证号末位是 X 的，大小写都可以。
login-other-document = 台胞证、外国护照登录
login-usual-number = 身份证号、手机号登录
login-name-the-document = 这个号码可能属于几种证件，请先选择证件类型，再登录一次。
login-password = 密码
login-forgot = 忘记密码
login-submit = 登录
login-no-account = 还没有账号？
login-signup = 注册账号
login-sms-hint = 验证码将发送到您账号绑定的手机。

# 短信验证码
code-label = 短信验证码
code-send = 获取验证码
code-send-again = 重新发送
code-sent = 如果账号信息无误，验证码已发送至 { $phone }，5 分钟内有效。

# 第二步验证
second-title = 再确认一步
second-intro = 这项服务需要更可靠的身份确认，请再完成一次验证。
second-way-totp = 动态口令
second-way-sms = 短信验证码
second-way-recovery = 恢复码
second-way-recovery-code = 恢复码
second-sms-hint = 验证码将发送到您账号绑定的手机。
second-submit = 确认
second-lost = 手机不在身边？
totp-code-label = 动态口令
totp-code-hint = 打开验证器应用，输入当前显示的 6 位数字。
recovery-code-label = 恢复码
recovery-code-hint = 输入您保存的任意一个恢复码，每个只能用一次。

# 开通动态口令
enrol-title = 开通动态口令
enrol-intro = 用手机上的验证器应用生成一次性口令，即使密码泄露，别人也登录不了您的账号。
enrol-step-app = 在手机上安装任意一款验证器应用（支持 TOTP 标准）。
enrol-step-scan = 用验证器应用扫描二维码。
enrol-by-hand = 扫不了？请在应用中手动输入密钥：
enrol-step-code = 输入应用显示的 6 位数字
enrol-submit = 开通

# 恢复码
recovery-title = 请保存恢复码
recovery-intro = 手机丢失或更换时，可用恢复码登录。请抄写或打印，放在安全的地方。
recovery-once = 恢复码只显示这一次，每个只能使用一次。
recovery-saved = 我已保存，继续

# 重新验证
reauthenticate-title = 请再次输入密码
reauthenticate-intro = 您正要修改账号的安全设置，请确认是您本人。
reauthenticate-submit = 确认
reauthenticate-cancel = 取消
code-account-phone = 账号绑定的手机
second-way-password = 密码
