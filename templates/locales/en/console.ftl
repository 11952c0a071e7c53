# The operators' console
console-name = Console
console-who = The operator who is logged in
console-whole-province = Whole province
console-nav-home = Front page
console-nav-people = Look up
console-nav-acts = Approvals
console-nav-operators = Operators
console-nav-onboarding = Applications
console-nav-clients = Clients
console-nav-audit = Audit
role-system-officer = System officer
role-security-officer = Security officer
role-audit-officer = Audit officer
role-region-administrator = Region administrator
role-counter-staff = Counter staff
console-role-about-system-officer = Looks after clients and the running of the system; does not see the audit records.
console-role-about-security-officer = Looks after accounts and operators; does not change the system or see the audit records.
console-role-about-audit-officer = Reads the audit records and handles no cases.
console-role-about-region-administrator = Looks after the accounts and counter staff of the region.
console-role-about-counter-staff = Looks up accounts and helps people who come to the counter.

# Words of several pages
console-reason = Reason
console-status = Status
console-role = Role
console-region = Region
console-person-name = Name
console-client = Client
console-account = Account
console-operator = Operator
console-device = Device
console-deed = Action
console-outcome = Outcome
console-details = Request
console-involved = Involved
console-since = Agreed on
console-any = Any
console-yes = Yes
console-no = No
console-set = Set up
console-not-set = Not set up
console-never = Never
console-self = You
console-back-home = To the front page
console-status-active = Active
console-status-locked = Locked
console-status-cancelled = Cancelled
console-status-disabled = Switched off
console-done = Done, and recorded in the audit.
console-asked = Sent. It now waits for a second operator.
console-reason-needed = Please give a reason of 2 to 200 characters.

# Login
console-login-title = Console login
console-login-intro = For authorised operators only. Every step taken here is recorded with name and time.
console-login-citizen = Not an operator?
console-login-citizen-link = Log in as a citizen
console-login-name = Login name
console-login-lost = Forgot the password or changed your phone? Ask a security officer for a new invitation.
console-login-rejected = The login name, password or code is not right, or you cannot log in at the moment.

# Accepting an invitation
console-invitation-title = Set up your operator account
console-invitation-intro = Hello, { $name }. Choose a login name and a password, and connect the authenticator app on your phone.
console-invitation-not-you = Not you? Close this page and give the link back to your administrator.
console-login-name-hint = 3 to 32 characters: small letters, digits and . - _
console-password-hint = At least 8 characters, with three of: capital letters, small letters, digits, signs.
console-invitation-scan = Scan this code with an authenticator app on your phone; any that follows the TOTP standard will do. You will need it at every login.
console-invitation-accept = Set up the account
login-name-invalid = A login name has 3 to 32 characters: small letters, digits and . - _
login-name-taken = Somebody has this login name already. Please choose another.
console-invitation-gone-title = This invitation is over
console-invitation-gone = It was used, was taken back, or its time has run out.
console-invitation-gone-used = If you set up your account with it, just log in.
console-invitation-gone-ask = If you did not, ask your administrator for a new one.

# Front page
console-greeting = Hello, { $name }
console-waiting = { $count ->
    [one] 1 request waits for approval
   *[other] { $count } requests wait for approval
}
console-waiting-none = Nothing waits for approval.
console-door-people = { $accounts } accounts, { $locked } of them locked
console-door-people-plain = By ID number, mobile number or name
console-door-acts = What needs a second operator
console-door-operators = { $count ->
    [one] 1 operator
   *[other] { $count } operators
}
console-door-operators-plain = Invite and switch off operators
console-door-clients = See them and switch them off
console-door-onboarding = { $count ->
    [one] 1 application waits
   *[other] { $count } applications wait
}
console-door-onboarding-plain = Portals that apply, go live and are renewed
console-door-audit = Who did what, and when
console-chain = Audit chain
console-chain-records = Sealed
console-chain-unsealed = To be sealed
console-chain-head = Last signed
console-chain-no-head = Not yet

# Looking up an account
console-people-by-number = By number
console-people-by-name = By name
console-people-exact-name = Exactly as in the household register; everybody of that name is listed.
console-people-region = Where the number was issued
console-people-everywhere = Anywhere
console-people-division = Number issued in
console-people-found = Found
console-people-open = (open account { $number })
console-people-none = Nobody of this name has an account in this region.
console-people-none-later = There is nobody further.
console-people-incomplete = Names are still being indexed after an upgrade: accounts made earlier may be missing here. Looking up by number is not affected.
console-people-more = Next page
console-not-a-name = Please enter the whole name, without digits or signs.
console-people-exact = The whole number; parts of it find nothing.
console-people-find = Look up
console-people-recorded = Every look-up is recorded with your name ({ $name }), whether it finds anybody or not.
console-people-no-trace = Numbers and names never enter an address or a log.
console-people-masked = What is found is partly hidden; seeing it in full needs a second operator.
console-not-an-identifier = This is not a whole ID number or mobile number. Please compare; Taiwan travel permits and foreign passports have to be named.
console-nobody = No account in your region uses this number.

# One account
console-person-title = Account: { $name }
console-person-another = Look up another
console-person-facts = Account
console-person-created = Signed up
console-person-id = Account key
console-person-waiting = Waiting for approval
console-unmasked = In full
console-unmasked-about = Approved, and shown this once. Reason: { $reason }
console-deeds-now = Done at once
console-deeds-ask = Needs a second operator
console-do-lock = Lock the account
console-about-lock = Nobody can log in with it, and all devices are logged out.
console-press-lock = Lock
console-do-unlock = Unlock the account
console-about-unlock = Its owner can log in again, with the same password.
console-press-unlock = Unlock
console-do-end-sessions = Log out all devices
console-about-end-sessions = Its owner has to log in again; nothing else changes.
console-press-end-sessions = Log out
console-do-ask-unmask = See details in full
console-about-ask-unmask = Once approved, shown to you alone for 15 minutes; each look is recorded.
console-press-ask-unmask = Ask
console-do-ask-reset = Reset the second step
console-about-ask-reset = Removes authenticator app and recovery codes. Compare the ID card in person first.
console-press-ask-reset = Ask
console-notes = Notes
console-notes-none = No notes yet.
console-note-add = Add a note
console-note-hint = Every operator can read it, and nobody can change it. No ID numbers or other personal details, please.
console-note-submit = Add
console-sessions = Devices logged in
console-sessions-none = No device is logged in.
console-portals-none = Nothing is shared with a site.

# Approvals
console-acts-intro = Nobody approves their own request. A decision takes effect at once and is recorded.
console-acts-waiting = Waiting
console-acts-decided = Decided lately
console-requested-by = Asked by
console-requested-at = Asked at
console-expires-at = Valid until
console-decided-by = Decided by
console-decision = Decision
console-approve = Approve
console-reject = Reject
console-withdraw = Withdraw
console-approve-what = Approve: { $what }, { $subject }
console-reject-what = Reject: { $what }, { $subject }
console-withdraw-what = Withdraw: { $what }, { $subject }
console-act-another = You asked for it, so another operator must decide.
console-act-not-yours = Not yours to decide.
console-act-over = This was decided already, or its time has run out.
console-act-own = You cannot approve your own request. Another operator must decide.
console-act-state-approved = Approved
console-act-state-rejected = Rejected
console-act-state-expired = Expired
console-act-state-withdrawn = Withdrawn
act-unmask = See details in full
act-reset-second-factors = Reset the second step
act-invite-operator = Invite an operator
act-disable-operator = Switch off an operator
act-go-live = Let a portal go live
act-retire-portal = Retire a portal
act-hand-over-portal = New tracking link of a portal
console-tracking = New tracking link
console-tracking-hand-over = It is shown this once, and the old one is dead. Hand it over in person or by a way you trust: whoever has it looks after the portal.

# Operators
console-operators-list = All operators
console-invitations = Invitations not yet accepted
console-invitation-hand-over = The link is shown this once. Hand it over in person, not by message: whoever opens it can set up the account.
console-disable = Switch off
console-disable-whom = Switch off { $name }
console-invite-title = Invite an operator
console-invite-about = A second operator has to approve it, and is shown a link that works once.
console-invite = Send for approval
console-name-invalid = Enter a name, with letters, spaces and “·” only.
console-last-of-kind = Nobody else has this role. Invite a successor first.
console-region-not-yours = This region is not one of yours.

# Audit
console-filter-title = Filter the audit records
console-filter-account = Account key
console-filter = Filter
console-filter-none = Clear
console-audit-records = Audit records, newest first
console-audit-none = No record fits.

# Clients
console-clients-list = All clients
console-clients-none = No client is registered yet.
console-clients-back = All clients
console-client-name = Name
console-client-facts = Registration
console-host = Host
console-authentication = Authentication
console-algorithm = Signing algorithm
console-first-party = Our own
console-id-number-purpose = Why it gets ID numbers
console-id-number-never = It gets none
console-switch-off = Switch this client off
console-switch-about-off = At once: nobody can log in there, and all its tokens end.
console-switch-press-off = Switch off
console-switch-on = Switch this client on
console-switch-about-on = People can log in there again; old tokens stay ended.
console-switch-press-on = Switch on

# Applications
console-onboarding-filter = Filter the applications
console-onboarding-list = Applications, newest first
console-onboarding-none = No application fits.
console-onboarding-next = Older applications
console-onboarding-back = All applications
console-onboarding-due = Only those due within 30 days
console-onboarding-is-due = Due for renewal
console-reviewed-by = First review
console-self-check-open = The self-check is not green, so it cannot go live.
console-do-approve = Pass the first review
console-about-approve = Makes a sandbox, where only test people can log in.
console-press-approve = Pass
console-do-return = Send back
console-about-return = The applicant reads your reason.
console-press-return = Send back
console-do-refuse = Refuse
console-about-refuse = The application ends here; the applicant reads your reason.
console-press-refuse = Refuse
console-do-renew = Renew for a year
console-about-renew = The unit confirmed that the portal is in use.
console-press-renew = Renew
console-do-go-live = Go live
console-about-go-live = Once approved everybody can log in; secrets and tokens of the sandbox end.
console-press-go-live = Ask
console-do-new-link = New tracking link
console-about-new-link = For an applicant who lost it. The old link dies; who approves is shown the new one once.
console-press-new-link = Ask
console-do-hand-over = Hand over to another unit
console-about-hand-over = The old link dies and the new unit gets the new one; it names a contact and changes the secret.
console-press-hand-over = Ask
console-do-retire = Retire
console-about-retire = Once approved it ends at once and for good.
console-press-retire = Ask

# Not allowed
console-forbidden-title = Your role may not do this
console-forbidden = You are { $role }, and this is not among the tasks of that role.
console-forbidden-why = The powers of the roles are kept apart on purpose. If it is needed, ask somebody who has the role.

# Recovery at a counter
console-status-stopped = Stopped by its owner
act-recover-at-counter = Recovery at a counter
act-release-phone = Release of a phone
console-do-ask-recover = Recover at the counter
console-about-ask-recover = When phone and password are both lost. Check the ID card in person; once approved, you hand over a one-time code.
console-press-ask-recover = Ask
console-do-ask-release = Release the phone
console-about-ask-release = When the number belongs to somebody else now and its former holder cannot take it off.
console-press-ask-release = Ask
console-counter-title = Code for the counter
console-counter-ready = Approved. The code is shown once; open it in front of the person.
console-counter-show = Show the code
console-counter-back = Back to the account
console-counter-for = For { $name } ({ $number }) in person:
console-counter-hand-over = Write it down or print it and hand it over; never send it by message.
console-counter-where = The person opens the counter's page of account recovery:
console-counter-until = It works for { $hours } hours, once.
console-counter-once = The code is not shown again after this page. If it is lost, ask anew.

# System
console-nav-system = System
console-system-database = Database
console-system-answers = answers
console-system-away = does not answer
console-system-population = Population register
console-system-replica = local replica
console-system-sms = Text messages
console-deliveries = Logout notices not delivered yet
console-deliveries-none = Every logout notice has arrived.
console-delivery-since = Since
console-delivery-attempts = Tries
console-delivery-due = Next try
console-delivery-given-up = given up
console-delivery-problem = What was in the way
console-delivery-retry = Try now
console-delivery-more = More
console-keys = Signing keys
console-keys-about = Keys are replaced by themselves. To replace them at once, ask for it here, or run yihao keys rotate on the server.
console-key-since = Made
console-key-until = Published until
console-key-next = next
console-key-current = in use
console-key-retired = retired

# Own password
console-password-title = Change password
console-password-intro = You log in again with the new password afterwards.
console-password-code = The six digits your app shows now; those you logged in with are used up.
console-password-rejected = The current password or the code is wrong, or the code was used before.

# Machines
console-machine = Machine
console-machine-name = What it is called
console-connect-title = Make this client an operator
console-connect-about = It then uses the admin API under this role and region, never approves anything, and stands in the list of operators. A second operator has to approve it.
console-connect = Send for approval
console-no-machine = Only a client that is on, out of the sandbox and has credentials of its own (client_credentials) can be an operator.
act-connect-machine = Make a client an operator
