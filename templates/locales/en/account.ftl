# My account
account-title = My account
account-greeting = Hello, { $name }
account-nav-overview = Overview
account-nav-password = Password
account-nav-totp = Authenticator app
account-nav-sessions = Devices
account-nav-portals = Sharing
account-nav-history = History
account-last-login = Last login
account-first-login = This is your first login
account-no-phone = None
account-totp-on = Switched on
account-totp-off = Off. We recommend it
account-portals-count = { $count ->
    [one] Shared with 1 site
   *[other] Shared with { $count } sites
}
account-sessions-count = { $count ->
    [one] 1 device logged in
   *[other] { $count } devices logged in
}
account-password-about = Use one that you use nowhere else
account-history-about = Recent logins and changes
assurance-0 = Identity not verified
assurance-1 = Identity verified (register)
assurance-2 = Identity verified (face or bank)
assurance-3 = Identity verified (at a counter)

# Password
password-intro = Afterwards your other devices have to log in again with the new password.
password-current = Current password
password-new = New password
password-submit = Change password
password-done = Your password is changed.

# Authenticator app
totp-is-on = Switched on
totp-on-intro = For important matters we ask for a code from your app besides the password.
totp-off-intro = With it, important matters need a code from your phone besides the password, which keeps your account safer.
totp-recovery-left = { $count ->
    [one] 1 recovery code left
   *[other] { $count } recovery codes left
}
totp-renew = New recovery codes
totp-remove = Switch off
totp-begin = Set up

# Devices
sessions-intro = These devices are using your account. If you do not know one of them, log it out and change your password.
sessions-current = This device
sessions-place = Place
sessions-started = Logged in
sessions-seen = Last used
sessions-end = Log out
sessions-end-device = Log out { $device }
sessions-end-all = Log out everywhere
sessions-end-all-about = This device too, and every site you entered with this account.

# Sharing
portals-intro = Sites you agreed to share details with, logged in to, or blocked. If you take a consent back, it ends at once; next time they have to ask you again.
portals-scopes = What is shared
portals-granted = Agreed on { $at }
portals-withdraw = Take back
portals-withdraw-from = Take back what “{ $portal }” may know
portals-none = You have not shared anything with a site yet.

# History
history-intro = Please see whether something here was not you.
history-when = When
history-what = What
history-how = How
history-where = From
history-older = Older
history-none = Nothing here yet.
outcome-done = Done
outcome-refused = Refused
event-login = Login
event-step-up = Second step
event-one-time-code-sent = Code sent
event-logout = Logout
event-session-ended = Device logged out
event-authorization-refused = Login at a site refused
event-authorization-code-issued = Login at a site
event-authorization-code-redeemed = Login confirmed by a site
event-refresh-token-used = Login continued by a site
event-token-revoked = Login ended by a site
event-client-authentication-refused = Site not recognised
event-token-refused = Site access refused
event-id-number-released = ID number shared
event-consent = Sharing agreed
event-consent-withdrawn = Sharing taken back
event-sign-up = Sign-up
event-password-changed = Password changed
event-totp-enrolled = Authenticator app set up
event-totp-removed = Authenticator app removed
event-account-locked = Account locked
event-account-unlocked = Account unlocked
event-client-changed = Site details changed
event-client-disabled = Site switched off or on
event-client-secret-rotated = Site secret replaced
event-keys-rotated = Signing keys rotated
event-register-imported = Register imported
event-logout-delivered = Site told of logout
event-request-refused = Request refused
event-operator-login = Operator login
event-operator-logout = Operator logout
event-operator-invited = Operator invited
event-operator-joined = Operator joined
event-operator-disabled = Operator disabled
event-operator-refused = Operator refused
event-person-sought = Person looked up
event-person-unmasked = Whole data seen
event-note-added = Note added
event-act-requested = Second officer asked
event-act-decided = Second officer decided
event-person-seen = Account opened
event-alert-raised = Alert raised
event-alert-acknowledged = Alert acknowledged
event-alert-closed = Alert closed
event-alert-delivered = Alert sent
