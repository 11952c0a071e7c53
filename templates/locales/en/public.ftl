# Front page
home-title = Home
home-intro = The identity service of the whole province. People log in with their ID number, once for every provincial and city site.
home-account = Go to my account
home-promises = What we promise
home-one = Log in once
home-one-text = Logged in at the province, you need not log in again at the city. Log out once, and you are out everywhere.
home-two = You decide
home-two-text = Which site sees which of your details is up to you, and you can change your mind at any time.
home-three = For everyone
home-three-text = There is a large print mode, and those without a smartphone are served at counters and by the hotline.

# Help
help-heading = How can we help?
help-intro = Here is what people ask most. You can also call { $hotline } and speak to a person.
help-login = Logging in
help-login-text = Enter your ID number or mobile number and your password. Or choose “Text message” and use the code sent to your phone.
help-forgot = Forgotten password
help-forgot-text = Choose “Forgot password” on the login page; once we know it is you, you set a new one. If your phone is lost too, bring your ID card to a service counter.
help-code = No code arrives
help-code-text = Make sure the phone has signal and credit, and look among blocked messages. You can ask again after a minute, up to 5 times an hour.
help-second = Your phone is not at hand
help-second-text = In the second step choose “Recovery code” and use any of those you saved. If you cannot find them, call { $hotline } or visit a counter.
help-portals = Who sees my details
help-portals-text = Only the sites you agreed to. Look them through and take any of them back under “My account”, “Sharing”.
help-elder = The text is too small
help-elder-text = Press “Large print” at the top of any page. Text and buttons grow.
help-fraud = Beware of fraud
help-fraud-text = We never call or write to ask for your password or a code, and never ask you to transfer money. If a call seems odd, hang up and check with { $hotline }.

# Privacy
privacy-heading = Privacy notice
privacy-intro = In short: what we collect, what for, and what your rights are.
privacy-what = What we collect
privacy-what-text = Your name, ID number and mobile number, and the time, device and source address of each login.
privacy-why = What for
privacy-why-text = Only to be sure it is you, to protect your account, and, when you agree, to tell the site you want to use who you are.
privacy-share = Who gets it
privacy-share-text = We ask you before anything is shared with a site. Each site knows you by a different reference, so they cannot combine what they know.
privacy-keep = How it is kept
privacy-keep-text = ID and mobile numbers are stored within the country, encrypted with national algorithms. Security logs are kept for at least six months, as the law demands.
privacy-rights = Your rights
privacy-rights-text = You can see your details, your devices and your login history, and take back what you shared, at any time under “My account”. To correct your details or close the account, visit a service counter or call the hotline.
privacy-contact = Contact
privacy-contact-text = { $owner }. If you have a question, call { $hotline }.

# Demo
outbox-title = Demo messages
outbox-demo = This is a demonstration. Messages are not really sent; they all appear here.
outbox-none = No messages yet.
