# 我的账号
account-title = 我的账号
account-greeting = { $name }，您好
account-nav-overview = 账号概览
account-nav-password = 修改密码
account-nav-totp = 动态口令
account-nav-sessions = 登录设备
account-nav-portals = 授权管理
account-nav-history = 登录记录
account-last-login = 上次登录
account-first-login = 这是您第一次登录
account-no-phone = 未绑定
account-totp-on = 已开通
account-totp-off = 未开通，建议开通
account-portals-count = 已授权 { $count } 个网站
account-sessions-count = { $count } 台设备已登录
account-password-about = 定期更换，不与其他网站相同
account-history-about = 查看最近的登录和变更
assurance-0 = 未实名
assurance-1 = 已实名（信息核验）
assurance-2 = 已实名（人脸或银行核验）
assurance-3 = 已实名（窗口核验）

# 修改密码
password-intro = 修改后，其他设备需要用新密码重新登录。
password-current = 当前密码
password-new = 新密码
password-submit = 修改密码
password-done = 密码已修改。

# 动态口令
totp-is-on = 已开通
totp-on-intro = 办理重要事项时，除密码外还会请您输入动态口令。
totp-off-intro = 开通后，办理重要事项时除密码外还需输入手机上的动态口令，账号更安全。
totp-recovery-left = 还有 { $count } 个恢复码可用
totp-renew = 重新生成恢复码
totp-remove = 关闭动态口令
totp-begin = 开始开通

# 登录设备
sessions-intro = 以下设备正在使用您的账号。有不认识的设备，请立即退出它并修改密码。
sessions-current = 本机
sessions-place = 地点
sessions-started = 登录时间
sessions-seen = 最近使用
sessions-end = 退出
sessions-end-device = 退出 { $device }
sessions-end-all = 退出所有设备
sessions-end-all-about = 包括本机，并退出所有通过本账号登录的网站。

# 授权管理
portals-intro = 您同意过、登录过或禁止过的网站。收回授权后，对方立即不能再获取；下次使用会重新征求您的同意。
portals-scopes = 授权范围
portals-granted = 授权时间：{ $at }
portals-withdraw = 收回授权
portals-withdraw-from = 收回授权：{ $portal }
portals-none = 您还没有授权任何网站。

# 登录记录
history-intro = 请看看有没有不是您本人的操作。
history-when = 时间
history-what = 事项
history-how = 方式
history-where = 来源
history-older = 更早的记录
history-none = 还没有记录。
outcome-done = 成功
outcome-refused = 未成功
event-login = 登录
event-step-up = 第二步验证
event-one-time-code-sent = 发送验证码
event-logout = 退出登录
event-session-ended = 退出设备
event-authorization-refused = 拒绝登录网站
event-authorization-code-issued = 登录网站
event-authorization-code-redeemed = 网站确认登录
event-refresh-token-used = 网站延续登录
event-token-revoked = 网站结束登录
event-client-authentication-refused = 网站身份未通过
event-token-refused = 网站凭证无效
event-id-number-released = 提供身份证号码
event-consent = 授权网站
event-consent-withdrawn = 收回授权
event-sign-up = 注册账号
event-password-changed = 修改密码
event-totp-enrolled = 开通动态口令
event-totp-removed = 关闭动态口令
event-account-locked = 账号锁定
event-account-unlocked = 账号解锁
event-client-changed = 网站资料变更
event-client-disabled = 网站停用或启用
event-client-secret-rotated = 网站密钥更换
event-keys-rotated = 签名密钥更换
event-register-imported = 数据导入
event-logout-delivered = 通知网站退出
event-request-refused = 拒绝请求
event-operator-login = 操作员登录
event-operator-logout = 操作员退出
event-operator-invited = 邀请操作员
event-operator-joined = 操作员加入
event-operator-disabled = 停用操作员
event-operator-refused = 越权操作被拒
event-person-sought = 查询人员
event-person-unmasked = 查看完整信息
event-note-added = 添加备注
event-act-requested = 提交复核
event-act-decided = 复核决定
event-person-seen = 打开人员账号
event-alert-raised = 安全告警
event-alert-acknowledged = 确认告警
event-alert-closed = 关闭告警
event-alert-delivered = 发送告警
