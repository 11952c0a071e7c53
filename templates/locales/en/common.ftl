# Shared by all pages
skip-to-content = Skip to content
title-error = Error:{" "}
nav-preferences = Display
nav-account = My account
nav-help = Help
nav-privacy = Privacy
nav-codes = New credit codes
nav-logout = Log out
elder-on = Large print
elder-off = Standard print
other-language = 中文
footer-hotline = Government service hotline

# Methods
method-password = Password
method-sms = Text message code
method-totp = Authenticator app
method-recovery-code = Recovery code
method-recovery = Recovery code

# What is shared
scope-openid = Confirm who is logging in
scope-profile = Basic identity details
scope-phone = Mobile number
scope-email = Email address
scope-id-number = ID number
scope-offline-access = Keep working for you after you leave
claim-sub = Your reference at this site
claim-name = Name
claim-subject-type = Kind of identity
claim-identity-assurance = Identity level
claim-id-number = ID number
claim-id-type = Document
claim-id-country = Country or area that issued it
claim-id-number-masked = ID number (partly hidden)
claim-updated-at = Details last changed
claim-phone-number = Mobile number
claim-phone-number-verified = Whether the mobile number is verified
claim-email = Email address
claim-email-verified = Whether the email address is verified
scope-interface = Use an interface of the service
