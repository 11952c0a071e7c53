# Login
login-title = Log in
login-heading = Log in
login-intro = One account for government services across the province and its cities.
login-safety = Our staff will never ask you for your password or a verification code.
login-destination = You will continue to
login-ways = Ways to log in
login-way-password = Password
login-way-sms = Text message
login-for-whom = For whom
login-as-person = Myself
login-as-organisation = An organisation
login-organisation = Unified social credit code
login-organisation-hint = An old organisation, registration or tax code works, too, while it is being replaced.
login-organisation-about = People log in with their own account and act for the organisation that authorised them.
login-identifier = ID number or mobile number
login-identifier-hint = A final X may be upper or lower case.
login-other-document = Taiwan permit or foreign passport
login-usual-number = ID number or mobile number
login-name-the-document = Several documents have such numbers. Please choose yours, then log in again.
login-password = Password
login-forgot = Forgot password
login-submit = Log in
login-no-account = No account yet?
login-signup = Sign up
login-sms-hint = We will send a code to the mobile number of your account.

# Text message code
code-label = Code from the text message
code-send = Send me a code
code-send-again = Send again
code-sent = If the account details are right, a code is on its way to { $phone }. It is valid for 5 minutes.

# Second step
second-title = One more step
second-intro = This service asks for a stronger confirmation that it is you.
second-way-totp = Authenticator app
second-way-sms = Text message
second-way-recovery = Recovery code
second-way-recovery-code = Recovery code
second-sms-hint = We will send a code to the mobile number of your account.
second-submit = Confirm
second-lost = Your phone is not at hand?
totp-code-label = Code from your authenticator app
totp-code-hint = Open the app and enter the 6 digits it shows now.
recovery-code-label = Recovery code
recovery-code-hint = Enter any code you saved. Each works once.

# Setting up an authenticator app
enrol-title = Set up an authenticator app
enrol-intro = An app on your phone makes one-time codes, so that a stolen password alone opens nothing.
enrol-step-app = Install an authenticator app on your phone; any that follows the TOTP standard will do.
enrol-step-scan = Scan this code with the app.
enrol-by-hand = Cannot scan it? Type this key into the app:
enrol-step-code = Enter the 6 digits the app shows
enrol-submit = Switch on

# Recovery codes
recovery-title = Save your recovery codes
recovery-intro = If you lose or change your phone, a recovery code lets you in. Write them down or print them, and keep them safe.
recovery-once = They are shown this once, and each works once.
recovery-saved = I have saved them

# Proving again
reauthenticate-title = Please enter your password again
reauthenticate-intro = You are about to change how your account is protected, so we need to be sure it is you.
reauthenticate-submit = Confirm
reauthenticate-cancel = Cancel
code-account-phone = the phone of the account
second-way-password = Password
