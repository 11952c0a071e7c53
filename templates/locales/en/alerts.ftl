# Monitoring
console-nav-alerts = Alerts
console-door-alerts = What the system found by itself; security officers deal with it
console-alerts-open = { $count ->
    [one] 1 alert waits to be acknowledged
   *[other] { $count } alerts wait to be acknowledged
}
console-alerts-list = Alerts, newest first
console-alerts-none = No alert fits.
console-alerts-intro = The system watches its own audit records. An alert holds keys, digests, counts and times, and nothing personal.
console-alerts-read-only = Security officers acknowledge and close alerts; you can read them.
console-alert-rule = Kind
console-alert-subject = About
console-alert-severity = Severity
console-alert-events = Events
console-alert-occurrences = Times found
console-alert-first = First event
console-alert-last = Latest event
console-alert-raised = Raised
console-alert-request = Latest request
console-alert-facts = Facts
console-alert-handling = What was done
console-alert-handling-none = Nothing yet.
console-alert-acknowledged-by = Acknowledged by { $name }, { $at }
console-alert-closed-by = Closed by { $name }, { $at }
console-alert-back = All alerts
console-alert-note = Note
console-alert-own = This alert is about you. Another security officer must deal with it.
console-alert-over = This alert was dealt with meanwhile. Please look at it again.
console-alert-acknowledge = Acknowledge
console-alert-acknowledge-about = Says that you know of it and look into it.
console-alert-close = Close
console-alert-close-about = When you are done: say what it was and what came of it.
alert-state-open = Open
alert-state-acknowledged = Looked into
alert-state-closed = Closed
alert-severity-notice = Notice
alert-severity-warning = Warning
alert-severity-critical = Critical
alert-subject-account = Account
alert-subject-operator = Operator
alert-subject-client = Client
alert-subject-source = Source network (digest)
alert-subject-register = Register
alert-subject-chain = Audit chain
alert-subject-node = Server
alert-rule-guessing = Guessing at one account
alert-rule-spraying = Password spraying
alert-rule-enumeration = Account enumeration
alert-rule-impossible-travel = Impossible travel
alert-rule-portal-failures = A portal's failures rise
alert-rule-mass-look-ups = Mass look-ups
alert-rule-night-acts = Acts at night
alert-rule-register-mismatches = Wave of register mismatches
alert-rule-broken-chain = Broken audit chain
alert-rule-clock-drift = Clock drift
alert-about-guessing = One account failed many times within a short time; somebody may be guessing its password or codes.
alert-about-spraying = One source failed at many accounts; it may be trying leaked or common passwords one by one.
alert-about-enumeration = One source tried many numbers nobody has; it may be finding out who has an account.
alert-about-impossible-travel = One account logged in from two places with less time between than the way takes; somebody else may be using it.
alert-about-portal-failures = Requests of this portal fail much more often than before: a wrong setting, a key that has ended, or an attack.
alert-about-mass-look-ups = This operator looked up many accounts within a short time. Please find out whether the work asked for it.
alert-about-night-acts = This operator worked at night. Please find out whether it was the operator.
alert-about-register-mismatches = Many sign-ups do not match the population register; somebody may be trying names and ID numbers.
alert-about-broken-chain = Audit records were changed, deleted or cut off. Run yihao audit verify to find where, and secure the database and the file of signed heads.
alert-about-clock-drift = This server's time differs too much from the database's; tokens and one-time codes may fail. Please check its time source.
alert-letter =
    { $title }
    About: { $subject }
    Events: { $events } ({ $first } to { $last }, Beijing time)
    Latest request: { $request }
    Please deal with it in the console: { $address }
