# Language and print
account-look = Language and print
account-look-zh = 中文
account-look-en = English
account-look-not-kept = Switch at the top of the page; your account keeps it

# Browsers
browsers-title = Browsers we know
browsers-intro = You have logged in with these. When somebody on the same network keeps typing wrong passwords, they are not held up; every step is asked for all the same. If you do not know one, forget it and change your password.
browsers-none = We know none.
browsers-last = Last login
browsers-first = First login
browsers-forget = Forget
browsers-forget-one = Forget { $device }
browsers-forget-all = Forget them all

# Login by text message
sms-login-title = Login by text message
sms-login-on = On: a code sent to your phone logs you in.
sms-login-off = Off: no code logs in to your account. Your phone is still told what happens, and can help to recover the account.
sms-login-block = Switch it off
sms-login-allow = Switch it on

# Sites
list-comma = {", "}
portals-granted-at = Agreed
portals-last = Last told something
portals-blocked = Blocked
portals-blocked-at = Blocked since
portals-told = What it was told
portals-told-about = The table says what each login allowed the site to know. What it read afterwards is never more.
portals-told-none = This site was told nothing about you.
portals-block = Block
portals-allow = Allow again
portals-allow-this = Allow “{ $portal }” again
portals-back = Back
portal-is-blocked = You blocked logins to this site on { $at }.
portal-block-title = Do you want no more logins to this site?
portal-block-about = What you share with it ends at once, you are logged out there, and your account no longer logs in to it. You can allow it again at any time.
portal-allow-title = Allow logins again
portal-allow-about = The next time you log in there, the site has to ask for your consent again.
event-login-method-blocked = Login by text message switched
event-portal-blocked = Site blocked or allowed
event-browsers-forgotten = Known browsers forgotten
event-look-kept = Language and print kept

# Searching and exporting the audit chain
console-filter-from = From
console-filter-until = Until
console-filter-client = Site key
console-audit-seek = Find somebody’s records by ID number or phone
console-audit-seek-about = The number does not appear in the address; looking it up is recorded.
console-audit-seek-do = Find
console-audit-export = Export
console-audit-export-about = With the filters above, at most 10,000 records, and the state of the chain. Nothing personal leaves with them; the export is recorded.
console-audit-none-here = No record fits in this part; you can go on further back.
event-audit-exported = Audit records exported

# Keys and sources
console-system-rests = failed repeatedly, not asked now
console-system-holds = Replica holds
console-system-filled = { $entries } entries, filled on { $at }
console-system-not-filled = not filled yet
console-do-rotate-keys = Replace signing keys now
console-about-rotate-keys = Once a second officer agrees, the next keys take over at once; the old ones stay published for two days.
console-press-rotate-keys = Ask for it
act-rotate-keys = Replace signing keys now
