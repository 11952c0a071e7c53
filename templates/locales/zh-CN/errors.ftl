# 登录时
login-rejected = 账号或密码不正确，或暂时不能登录。
login-throttled = 尝试次数过多，请过一会儿再试。
code-wrong = 验证码不正确或已过期，请重新输入或重新获取。
password-rejected = 密码不正确，或暂时不能验证。
totp-wrong = 动态口令不正确或已过期，请输入应用现在显示的数字。
recovery-wrong = 恢复码不正确，或已使用过。
code-throttled = 验证码发送太频繁，请过一分钟再试。
session-expired = 停留时间太长，为了安全请重新登录。
csrf-failed = 页面已过期，请返回上一页，刷新后再试。
busy = 现在使用的人较多，请稍后再试。
recently-changed = 密码已修改，请用新密码登录。
logged-out = 您已退出登录。

# 换了浏览器
start-again-title = 请从头开始
start-again = 这个登录页面是在另一个浏览器中打开的，或已经过期。
start-again-advice = 为了您的账号安全，请回到您要办事的网站，重新点击“登录”。
start-again-submit = 重新开始

# 出错页
error-what-now = 您可以这样做
error-advice = 请返回您要办事的网站，重新操作一次。如果仍然不行，请拨打热线，并告知下面的编号。
error-home = 回到首页
error-code-label = 错误代码
error-detail-label = 详细说明
error-status-label = 状态
error-request-label = 请求编号
error-title-request = 这个请求无法处理
error-message-request = 网站发来的请求不完整或不正确。这不是您的问题。
error-title-client = 无法识别来访的网站
error-message-client = 这个网站没有登记，或登记的信息不一致。请不要在该网站输入密码。
error-title-denied = 没有继续
error-message-denied = 您没有同意，或不满足这项服务的条件。
error-title-not-found = 没有找到这个页面
error-message-not-found = 地址可能有误，或页面已经移走。
error-title-forbidden = 不能执行这个操作
error-message-forbidden = 您没有相应的权限，或页面已过期。
error-title-server = 系统出了点问题
error-message-server = 我们已经记录下来，请稍后再试。
error-title-busy = 请稍等片刻
error-message-busy = 现在使用的人较多，或系统正在维护，请稍后再试。
error-title-assurance = 身份确认等级不够
error-message-assurance = 这项服务需要更高的身份确认等级，您的账号目前还没有达到。请咨询该服务的提供单位，或拨打服务热线。
