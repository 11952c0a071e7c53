# At login
login-rejected = The account or password is not right, or you cannot log in at the moment.
login-throttled = Too many attempts. Please try again in a while.
code-wrong = The code is wrong or has expired. Please enter it again or ask for a new one.
password-rejected = The password is not right, or cannot be checked at the moment.
totp-wrong = The code is wrong or has expired. Please enter the one the app shows now.
recovery-wrong = The recovery code is wrong or was used before.
code-throttled = A code was sent just now. Please wait a minute.
session-expired = You were away for long. To be safe, please log in again.
csrf-failed = This page has expired. Please go back, reload it and try again.
busy = Many people are here right now. Please try again shortly.
recently-changed = Your password is changed. Please log in with the new one.
logged-out = You are logged out.

# Another browser
start-again-title = Please start again
start-again = This login was opened in another browser, or it has expired.
start-again-advice = To keep your account safe, please return to the site you wanted to use and press “Log in” there again.
start-again-submit = Start again

# Error page
error-what-now = What you can do
error-advice = Go back to the site you came from and try once more. If it still fails, call the hotline and tell them the number below.
error-home = To the front page
error-code-label = Error code
error-detail-label = Detail
error-status-label = Status
error-request-label = Request number
error-title-request = This request cannot be handled
error-message-request = What the site sent us is incomplete or wrong. It is not your fault.
error-title-client = We do not know this site
error-message-client = The site is not registered, or its details do not match. Please do not enter your password there.
error-title-denied = Not continued
error-message-denied = You did not agree, or the conditions of this service are not met.
error-title-not-found = There is no such page
error-message-not-found = The address may be wrong, or the page has moved.
error-title-forbidden = This cannot be done
error-message-forbidden = You do not have the right to do it, or the page has expired.
error-title-server = Something went wrong on our side
error-message-server = We have made a note of it. Please try again later.
error-title-busy = One moment, please
error-message-busy = Many people are here right now, or the system is under maintenance. Please try again shortly.
error-title-assurance = A stronger identity check is needed
error-message-assurance = This service needs a higher identity level than your account has so far. Please ask the service, or call the help line.
