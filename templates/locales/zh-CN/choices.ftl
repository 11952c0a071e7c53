# 语言和字体
account-look = 语言和字体
account-look-zh = 中文
account-look-en = English
account-look-not-kept = 用页面顶部的按钮切换，会随账号保存

# 常用浏览器
browsers-title = 常用浏览器
browsers-intro = 您在这些浏览器上登录过。同一网络有人反复输错密码时，它们不受影响；该验证的步骤一样不少。有不认识的，请清除并修改密码。
browsers-none = 没有常用浏览器。
browsers-last = 最近登录
browsers-first = 首次登录
browsers-forget = 清除
browsers-forget-one = 清除 { $device }
browsers-forget-all = 全部清除

# 短信登录
sms-login-title = 短信登录
sms-login-on = 已开通：可以用发到绑定手机的验证码登录。
sms-login-off = 已关闭：验证码不能登录您的账号。绑定手机仍会收到安全通知，也可用于找回账号。
sms-login-block = 关闭短信登录
sms-login-allow = 开通短信登录

# 网站
list-comma = 、
portals-granted-at = 授权时间
portals-last = 最近获取
portals-blocked = 已禁止
portals-blocked-at = 禁止时间
portals-told = 它获取过什么
portals-told-about = 表中是每次登录时允许该网站获取的信息。它登录后实际读取的不会超出这个范围。
portals-told-none = 这个网站没有获取过您的信息。
portals-block = 禁止登录
portals-allow = 解除禁止
portals-allow-this = 解除禁止：{ $portal }
portals-back = 返回
portal-is-blocked = 您已于 { $at } 禁止用本账号登录这个网站。
portal-block-title = 不想再用账号登录这个网站
portal-block-about = 立即收回授权，退出该网站，并且不再允许用您的账号登录它。随时可以解除。
portal-allow-title = 重新允许登录
portal-allow-about = 解除后，下次登录该网站时会重新征求您的同意。
event-login-method-blocked = 关闭或开通短信登录
event-portal-blocked = 禁止网站或解除
event-browsers-forgotten = 清除常用浏览器
event-look-kept = 保存语言和字体

# 审计检索与导出
console-filter-from = 开始时间
console-filter-until = 结束时间
console-filter-client = 网站编号
console-audit-seek = 按身份证号或手机号查某人的记录
console-audit-seek-about = 号码不会出现在网址里；查询本身会被记录。
console-audit-seek-do = 查找
console-audit-export = 导出
console-audit-export-about = 按上面的条件，一次最多 10,000 条，含审计链状态。个人信息不随之导出；导出会被记录。
console-audit-none-here = 这一段没有符合条件的记录，可以继续往前查。
event-audit-exported = 导出审计记录

# 密钥与数据源
console-system-rests = 连续失败，暂停访问
console-system-holds = 副本数据
console-system-filled = { $entries } 条，{ $at } 导入
console-system-not-filled = 尚未导入
console-do-rotate-keys = 立即更换签名密钥
console-about-rotate-keys = 由另一位管理员复核后，待启用的密钥立即启用，原密钥再公布两天。
console-press-rotate-keys = 提交复核
act-rotate-keys = 立即更换签名密钥
