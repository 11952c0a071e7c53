# 注册
signup-title = 注册账号
signup-intro = 请填写证件上的信息，大约需要 3 分钟。
signup-why = 姓名和证件号码只用于与人口库核对，确认您是本人；我们加密保存，不作他用。
signup-look-again = 有几项需要再看一下，已在下方标出。
signup-name = 姓名
signup-name-hint = 与证件一致；姓名中的间隔点请用“·”，外文姓名照护照填写。
signup-id-number = 证件号码
signup-id-number-hint = 身份证号码 18 位，末位是 X 的，大小写都可以。
signup-phone = 手机号码
signup-phone-hint = 将向这个号码发送验证码。
signup-password = 设置密码
signup-password-hint = 至少 8 个字符。可以用一句容易记的话。
signup-password-again = 再输入一次密码
signup-terms = 我已阅读并同意《隐私说明》，同意核对我的姓名和证件号码
signup-terms-read = 阅读《隐私说明》
signup-submit = 下一步
signup-have = 已经有账号？
signup-code-title = 验证手机号
signup-code-intro = 最后一步：确认手机号是您本人的。
signup-code-submit = 完成注册
signup-done-title = 注册完成
signup-done-intro = 您的账号已可以使用。
signup-done-next = 今后在省、市各级政务网站，都用这个账号登录。
signup-done-login = 去登录

# 填写有误
name-invalid = 请填写姓名，只用文字、空格和间隔点“·”。
phone-invalid = 请填写 11 位手机号码。
password-too-short = 密码太短，至少要 8 个字符。
password-too-long = 密码太长，请缩短一些。
password-common = 这个密码太常见，容易被猜到，请换一个。
password-mismatch = 两次输入的密码不一样。
terms-needed = 需要您同意后才能继续。
register-mismatch = 无法用这些信息完成注册。请核对姓名、证件类型和证件号码，或拨打热线咨询。
register-away = 暂时无法核对身份信息，您填写的内容没有保存，请稍后再试。
password-classes = 密码需包含大写字母、小写字母、数字、符号中的三种。
signup-exists = 该证件或手机号已注册账号，请直接登录。
