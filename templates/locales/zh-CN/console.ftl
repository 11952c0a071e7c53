# 管理台
console-name = 管理台
console-who = 当前登录的管理人员
console-whole-province = 全省
console-nav-home = 首页
console-nav-people = 账号查询
console-nav-acts = 双人核准
console-nav-operators = 管理人员
console-nav-onboarding = 接入申请
console-nav-clients = 接入网站
console-nav-audit = 审计记录
role-system-officer = 系统管理员
role-security-officer = 安全管理员
role-audit-officer = 审计管理员
role-region-administrator = 地区管理员
role-counter-staff = 窗口工作人员
console-role-about-system-officer = 负责接入网站和系统运行；看不到审计记录。
console-role-about-security-officer = 负责账号安全和管理人员；不能更改系统，也看不到审计记录。
console-role-about-audit-officer = 只查阅审计记录，不办理业务。
console-role-about-region-administrator = 负责本地区的账号和窗口工作人员。
console-role-about-counter-staff = 在窗口当面为群众查询账号、办理业务。

# 各页共用的词
console-reason = 理由
console-status = 状态
console-role = 角色
console-region = 管理范围
console-person-name = 姓名
console-client = 网站
console-account = 账号
console-operator = 经办人
console-device = 设备
console-deed = 操作
console-outcome = 结果
console-details = 请求与附注
console-involved = 涉及
console-since = 授权时间
console-any = 全部
console-yes = 是
console-no = 否
console-set = 已设置
console-not-set = 未设置
console-never = 从未登录
console-self = 本人
console-back-home = 回到首页
console-status-active = 正常
console-status-locked = 已锁定
console-status-cancelled = 已注销
console-status-disabled = 已停用
console-done = 已办理，并已记入审计记录。
console-asked = 已提交，等待另一位管理人员核准。
console-reason-needed = 请写明理由，2 至 200 个字。

# 登录
console-login-title = 管理台登录
console-login-intro = 仅供授权的管理人员使用。在这里的每一步操作都会记录姓名和时间。
console-login-citizen = 不是管理人员？
console-login-citizen-link = 群众登录入口
console-login-name = 登录名
console-login-lost = 忘记密码或更换手机，请联系安全管理员重新邀请。
console-login-rejected = 登录名、密码或动态口令不正确，或暂时不能登录。

# 接受邀请
console-invitation-title = 开通管理账号
console-invitation-intro = { $name }，您好。请设置登录名和密码，并绑定手机上的验证器应用。
console-invitation-not-you = 以上信息不是您本人？请关闭本页，把链接交还给您的管理员。
console-login-name-hint = 3 至 32 位，只用小写字母、数字和 . - _
console-password-hint = 至少 8 个字符，包含大写字母、小写字母、数字、符号中的三种。
console-invitation-scan = 用手机上任意一款验证器应用（支持 TOTP 标准）扫描二维码。今后每次登录都要用到。
console-invitation-accept = 开通账号
login-name-invalid = 登录名须为 3 至 32 位，只用小写字母、数字和 . - _
login-name-taken = 这个登录名已有人使用，请换一个。
console-invitation-gone-title = 邀请已失效
console-invitation-gone = 这个邀请已被使用、已撤回，或已超过期限。
console-invitation-gone-used = 已经用它开通过账号的，直接登录即可。
console-invitation-gone-ask = 还没有开通的，请联系您的管理员重新邀请。

# 首页
console-greeting = { $name }，您好
console-waiting = 有 { $count } 件事等待核准
console-waiting-none = 没有等待核准的事。
console-door-people = 共 { $accounts } 个账号，其中 { $locked } 个已锁定
console-door-people-plain = 按身份证号、手机号或姓名查找
console-door-acts = 重要操作须由第二位管理人员核准
console-door-operators = 现有 { $count } 位管理人员
console-door-operators-plain = 邀请和停用管理人员
console-door-clients = 查看和停用接入网站
console-door-onboarding = 有 { $count } 份申请等待处理
console-door-onboarding-plain = 审核网站的接入、上线和续期
console-door-audit = 谁在何时做了什么，新的在前
console-chain = 审计链
console-chain-records = 已封存
console-chain-unsealed = 待封存
console-chain-head = 最近签名
console-chain-no-head = 尚未签名

# 账号查询
console-people-by-number = 按号码查找
console-people-by-name = 按姓名查找
console-people-exact-name = 与户口簿上完全一致；重名的人会一并列出。
console-people-region = 号码所属地区
console-people-everywhere = 不限地区
console-people-division = 号码所属地区
console-people-found = 查找结果
console-people-open = （打开第 { $number } 个账号）
console-people-none = 所选地区内没有叫这个名字的账号。
console-people-none-later = 后面没有了。
console-people-incomplete = 系统升级后正在补建姓名索引，较早注册的账号可能暂时查不到；按号码查找不受影响。
console-people-more = 下一页
console-not-a-name = 请输入完整的姓名，不要带数字或符号。
console-people-exact = 须完整输入，不支持模糊查找。
console-people-find = 查找
console-people-recorded = 每次查找都会以您的姓名（{ $name }）记入审计记录，查到与否都一样。
console-people-no-trace = 号码和姓名不会出现在网址或日志中。
console-people-masked = 查到的信息部分隐去；查看完整信息须由第二位管理人员核准。
console-not-an-identifier = 这不是完整的证件号码或手机号，请核对；台胞证和外国护照须选择证件类型。
console-nobody = 您的管理范围内没有使用这个号码的账号。

# 一个账号
console-person-title = 账号：{ $name }
console-person-another = 查找另一个账号
console-person-facts = 账号资料
console-person-created = 注册时间
console-person-id = 账号编号
console-person-waiting = 等待核准
console-unmasked = 完整信息
console-unmasked-about = 已经核准，仅本次显示。理由：{ $reason }
console-deeds-now = 直接办理
console-deeds-ask = 须第二人核准
console-do-lock = 锁定账号
console-about-lock = 立即不能登录，所有设备退出。
console-press-lock = 锁定
console-do-unlock = 解除锁定
console-about-unlock = 本人恢复登录，密码不变。
console-press-unlock = 解锁
console-do-end-sessions = 退出所有设备
console-about-end-sessions = 本人须重新登录，账号不受影响。
console-press-end-sessions = 全部退出
console-do-ask-unmask = 查看完整信息
console-about-ask-unmask = 核准后 15 分钟内只向您显示，每次查看都会记录。
console-press-ask-unmask = 申请
console-do-ask-reset = 重置第二步验证
console-about-ask-reset = 移除动态口令和恢复码；办理前请当面核对身份证。
console-press-ask-reset = 申请
console-notes = 备注
console-notes-none = 还没有备注。
console-note-add = 添加备注
console-note-hint = 管理人员都能看到，不能修改或删除。请勿写入身份证号等个人信息。
console-note-submit = 添加
console-sessions = 登录中的设备
console-sessions-none = 没有登录中的设备。
console-portals-none = 没有授权任何网站。

# 双人核准
console-acts-intro = 申请人不能核准自己的申请。核准或驳回后立即生效，并记入审计记录。
console-acts-waiting = 等待核准
console-acts-decided = 最近办结
console-requested-by = 申请人
console-requested-at = 申请时间
console-expires-at = 有效期至
console-decided-by = 核准人
console-decision = 结果
console-approve = 核准
console-reject = 驳回
console-withdraw = 撤回
console-approve-what = 核准：{ $what }，{ $subject }
console-reject-what = 驳回：{ $what }，{ $subject }
console-withdraw-what = 撤回：{ $what }，{ $subject }
console-act-another = 您提交的，须由另一位管理人员核准。
console-act-not-yours = 不在您的核准范围内。
console-act-over = 这件事已经办结或过期。
console-act-own = 不能核准自己提交的申请，请由另一位管理人员核准。
console-act-state-approved = 已核准
console-act-state-rejected = 已驳回
console-act-state-expired = 已过期
console-act-state-withdrawn = 已撤回
act-unmask = 查看完整信息
act-reset-second-factors = 重置第二步验证
act-invite-operator = 邀请管理人员
act-disable-operator = 停用管理人员
act-go-live = 网站上线
act-retire-portal = 网站下线
act-hand-over-portal = 重新签发管理链接
console-tracking = 新的管理链接
console-tracking-hand-over = 链接只显示这一次，原来的链接已经失效。请当面或用可靠的方式交给对方；谁持有它，谁就能管理这个应用。

# 管理人员
console-operators-list = 全部管理人员
console-invitations = 尚未接受的邀请
console-invitation-hand-over = 链接只显示这一次。请当面交给本人，不要用微信或短信转发；谁打开它，谁就能开通这个账号。
console-disable = 停用
console-disable-whom = 停用 { $name }
console-invite-title = 邀请管理人员
console-invite-about = 提交后须由另一位管理人员核准，一次性链接只向核准人显示一次。
console-invite = 提交邀请
console-name-invalid = 请填写姓名，只用文字、空格和间隔点“·”。
console-last-of-kind = 这是该角色的最后一位管理人员，停用前请先邀请接任的人。
console-region-not-yours = 这个地区不在您的管理范围内。

# 审计记录
console-filter-title = 筛选审计记录
console-filter-account = 账号编号
console-filter = 筛选
console-filter-none = 清除条件
console-audit-records = 审计记录，新的在前
console-audit-none = 没有符合条件的记录。

# 接入网站
console-clients-list = 全部接入网站
console-clients-none = 还没有接入网站。
console-clients-back = 全部接入网站
console-client-name = 名称
console-client-facts = 登记信息
console-host = 域名
console-authentication = 认证方式
console-algorithm = 签名算法
console-first-party = 自有网站
console-id-number-purpose = 获取身份证号的用途
console-id-number-never = 不获取
console-switch-off = 停用这个网站
console-switch-about-off = 立即生效：群众不能再用它登录，已发出的令牌全部失效。
console-switch-press-off = 停用
console-switch-on = 恢复这个网站
console-switch-about-on = 群众可以重新登录；以前的令牌不会恢复。
console-switch-press-on = 恢复

# 接入申请
console-onboarding-filter = 筛选接入申请
console-onboarding-list = 接入申请，新的在前
console-onboarding-none = 没有符合条件的申请。
console-onboarding-next = 更早的申请
console-onboarding-back = 全部申请
console-onboarding-due = 只看 30 天内到期的
console-onboarding-is-due = 即将到期或已到期
console-reviewed-by = 初审人
console-self-check-open = 自检没有全部通过，不能上线。
console-do-approve = 初审通过
console-about-approve = 建立沙箱，只有测试人员能登录。
console-press-approve = 通过
console-do-return = 退回申请人
console-about-return = 申请人能看到您写的理由。
console-press-return = 退回
console-do-refuse = 不予通过
console-about-refuse = 申请到此为止；申请人能看到您写的理由。
console-press-refuse = 不通过
console-do-renew = 续期一年
console-about-renew = 已与单位核实，应用仍在使用。
console-press-renew = 续期
console-do-go-live = 上线
console-about-go-live = 核准后群众可以登录；沙箱的密钥和令牌全部失效。
console-press-go-live = 申请
console-do-new-link = 重新签发管理链接
console-about-new-link = 申请人遗失链接时使用。核准后原链接失效，新链接只向核准人显示一次。
console-press-new-link = 申请
console-do-hand-over = 移交给另一家单位
console-about-hand-over = 核准后原链接失效，新链接交给新的单位；由它填写联系人，并更换密钥。
console-press-hand-over = 申请
console-do-retire = 下线
console-about-retire = 核准后立即停止服务，不能恢复。
console-press-retire = 申请

# 没有权限
console-forbidden-title = 您的角色不能做这件事
console-forbidden = 您的角色是{ $role }，这项操作不在职责之内。
console-forbidden-why = 各角色的权限互相分开，不能兼任。确有需要，请联系相应角色的管理人员办理。

# 窗口找回
console-status-stopped = 本人停用
act-recover-at-counter = 窗口找回账号
act-release-phone = 解绑手机号
console-do-ask-recover = 窗口找回账号
console-about-ask-recover = 本人手机和密码都用不了时办理。请当面核对身份证；核准后由您打印一次性代码交给本人。
console-press-ask-recover = 申请
console-do-ask-release = 解绑手机号
console-about-ask-release = 号码已归他人使用、原主无法自行解绑时办理。
console-press-ask-release = 申请
console-counter-title = 窗口找回代码
console-counter-ready = 已核准。代码只显示一次，请在本人面前打开。
console-counter-show = 显示代码
console-counter-back = 回到账号
console-counter-for = 交给 { $name }（{ $number }）本人：
console-counter-hand-over = 抄写或打印后当面交给本人，不要用短信或微信发送。
console-counter-where = 请本人打开“找回账号”的窗口办理页：
console-counter-until = { $hours } 小时内有效，只能用一次。
console-counter-once = 离开本页后代码不再显示；遗失须重新申请。

# 系统状况
console-nav-system = 系统状况
console-system-database = 数据库
console-system-answers = 正常
console-system-away = 没有应答
console-system-population = 人口库
console-system-replica = 本地副本
console-system-sms = 短信网关
console-deliveries = 尚未送达的退出通知
console-deliveries-none = 所有退出通知都已送达。
console-delivery-since = 产生时间
console-delivery-attempts = 已试次数
console-delivery-due = 下次发送
console-delivery-given-up = 已放弃
console-delivery-problem = 原因
console-delivery-retry = 立即重发
console-delivery-more = 更多
console-keys = 签名密钥
console-keys-about = 密钥按期自动更换。需要立即更换时，在这里提交复核，或在服务器上执行 yihao keys rotate。
console-key-since = 生成时间
console-key-until = 公布至
console-key-next = 待启用
console-key-current = 使用中
console-key-retired = 已停用

# 修改自己的密码
console-password-title = 修改密码
console-password-intro = 修改后须用新密码重新登录。
console-password-code = 请输入应用当前显示的 6 位数字，登录时用过的不能再用。
console-password-rejected = 当前密码或动态口令不正确，或动态口令已用过。

# 程序账号
console-machine = 程序账号
console-machine-name = 名称
console-connect-title = 为此应用开通程序账号
console-connect-about = 开通后，应用以所选角色和地区调用管理接口，不能核准任何申请，并列入管理人员名单。须由另一位管理人员核准。
console-connect = 提交核准
console-no-machine = 只有已启用、不在沙箱中、以自身凭据（client_credentials）接入的应用才能开通程序账号。
act-connect-machine = 开通程序账号
