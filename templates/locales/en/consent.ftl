# Consent
consent-title = Sharing your details
consent-heading =
    “{ $client }”
    asks for your details
consent-account = You are logged in as { $account }.
consent-shared = What will be shared
consent-nothing = Only that you are logged in. No personal details.
consent-scopes = What it is for
consent-withdraw = You can take this back at any time under “My account”.
consent-password = Your password is never shared.
consent-policy = Privacy policy of “{ $client }”
consent-allow = Agree
consent-deny = Do not agree
consent-lifetime-session = It ends when you log out.
consent-lifetime-day = It is valid for 1 day.
consent-lifetime-month = It is valid for 30 days.
consent-lifetime-year = It is valid for 1 year.
consent-lifetime-until-withdrawn = It is valid until you take it back.

# Logout
logout-title = Log out
logout-heading = Do you want to log out?
logout-intro = You will have to log in again for your next errand.
logout-intro-client = “{ $client }” asks to log you out.
logout-effect = You will be logged out of every provincial and city site you entered with this account.
logout-submit = Log out
logout-stay = Stay logged in
logged-out-title = You are logged out
logged-out-intro = Every site you entered with this account has been closed too.
logged-out-public = On a shared computer, please close all browser windows before you leave.
logged-out-return = Back to the site
logged-out-login = Log in again

# Back to the portal
form-post-title = Taking you back
form-post-intro = You are logged in, and on your way back to the site you came from.
form-post-continue = Continue
