# 各页共用
skip-to-content = 跳到正文
title-error = 有误：
nav-preferences = 显示方式
nav-account = 我的账号
nav-help = 帮助
nav-privacy = 隐私说明
nav-codes = 信用代码公示
nav-logout = 退出登录
elder-on = 长者模式
elder-off = 标准模式
other-language = English
footer-hotline = 政务服务热线

# 方式
method-password = 密码
method-sms = 短信验证码
method-totp = 动态口令
method-recovery-code = 恢复码
method-recovery = 恢复码

# 共享的信息
scope-openid = 确认您的登录身份
scope-profile = 基本身份信息
scope-phone = 手机号码
scope-email = 电子邮箱
scope-id-number = 证件号码
scope-offline-access = 您离开后仍可继续为您办理
claim-sub = 您在该网站的编号
claim-name = 姓名
claim-subject-type = 身份类型
claim-identity-assurance = 实名等级
claim-id-number = 证件号码
claim-id-type = 证件类型
claim-id-country = 证件签发国家或地区
claim-id-number-masked = 证件号码（部分隐去）
claim-updated-at = 资料更新时间
claim-phone-number = 手机号码
claim-phone-number-verified = 手机号码是否已验证
claim-email = 电子邮箱
claim-email-verified = 电子邮箱是否已验证
scope-interface = 访问业务接口
