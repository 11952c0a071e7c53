# Documents
document-111 = Resident identity card
document-hmt-rp = Residence permit, Hong Kong, Macao or Taiwan
document-516 = Travel permit, Hong Kong or Macao
document-511 = Travel permit, Taiwan
document-553 = Permanent residence card
document-foreign-passport = Foreign passport
document-label = Document
document-country = Issuing country of the passport
document-country-hint = Only for foreign passports; the code is on the passport’s data page.
document-country-choose = Please choose
document-recognised = Recognised from the number
document-other = Taiwan permit or foreign passport

# What is wrong with the number
id-number-empty = Please fill in the number of the document.
id-number-length = Numbers of this document have 18 characters. Please compare it with your card.
id-number-charset = The number has characters that do not belong there: it is 17 digits and then a digit or X.
id-number-fifteen-digits = Old numbers of 15 digits are no longer in use. Please fill in the 18 characters of your present card.
id-number-division = The first six digits are no division of China. Please compare them with your card.
id-number-test = This number is for tests only and cannot be used here.
id-number-nationality = The nationality in this number is not right. Please compare it with your card.
id-number-birth-date = The birth date in this number does not exist. Please compare it with your card.
id-number-future = The birth date in this number has not come yet. Please compare it with your card.
id-number-too-old = The birth date in this number lies too far back. Please compare it with your card.
id-number-check = The check character does not fit: one of the characters may be wrong. Please compare it with your card.
id-number-letters-digits = The number can contain only letters and digits. Please compare it with your document.
id-number-other-length = Numbers of this document have a different length. Please compare it with your document.
id-number-shape = Letters and digits are not where this document has them. Please compare the number with your document.
id-number-other-kind = This number does not fit the document you chose. Please choose the document again.
id-type-unknown = Please choose the document from the list.
id-country-missing = Please choose the country that issued the passport.
id-country-unknown = Please choose the country that issued the passport from the list.
id-country-china = Holders of Chinese passports use their resident identity card, or the document of Hong Kong, Macao and Taiwan residents.
