# Sign-up
signup-title = Sign up
signup-intro = Please have your ID card at hand. It takes about 3 minutes.
signup-why = Your name and ID number are checked against the population register to be sure it is you. We keep them encrypted and use them for nothing else.
signup-look-again = A few things need another look. They are marked below.
signup-name = Name
signup-name-hint = As on the document; “·” between the parts of a Chinese name, Latin letters as on the passport.
signup-id-number = ID number
signup-id-number-hint = 18 characters on a resident identity card; a final X may be upper or lower case.
signup-phone = Mobile number
signup-phone-hint = We will send a code to this number.
signup-password = Choose a password
signup-password-hint = At least 8 characters. A sentence you remember is a good one.
signup-password-again = The password once more
signup-terms = I have read the privacy notice and agree to it, and to having my name and ID number checked
signup-terms-read = Read the privacy notice
signup-submit = Next
signup-have = Already have an account?
signup-code-title = Confirm your mobile number
signup-code-intro = The last step: we make sure the number is yours.
signup-code-submit = Finish
signup-done-title = Welcome
signup-done-intro = Your account is ready.
signup-done-next = Use it from now on at every government site of the province and its cities.
signup-done-login = Log in

# What is wrong with a field
name-invalid = Enter your name, with letters, spaces and “·” only.
phone-invalid = Enter a mobile number of 11 digits.
password-too-short = The password is too short. It needs at least 8 characters.
password-too-long = The password is too long. Please choose a shorter one.
password-common = This password is so common that it is easily guessed. Please choose another.
password-mismatch = The two passwords are not the same.
terms-needed = We need your agreement to continue.
register-mismatch = We cannot sign you up with these details. Please check name, document and number, or call the hotline.
register-away = Your identity cannot be checked at the moment. Nothing you entered was kept; please try again later.
password-classes = The password needs three of: capital letters, small letters, digits, signs.
signup-exists = There is an account with this document or phone already. Please log in.
