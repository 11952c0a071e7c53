# 证件
document-111 = 居民身份证
document-hmt-rp = 港澳台居民居住证
document-516 = 港澳居民来往内地通行证（回乡证）
document-511 = 台湾居民来往大陆通行证（台胞证）
document-553 = 外国人永久居留身份证
document-foreign-passport = 外国护照
document-label = 证件类型
document-country = 护照签发国
document-country-hint = 外国护照必填，代码见护照资料页。
document-country-choose = 请选择
document-recognised = 由号码判断
document-other = 台胞证或外国护照

# 证件号码填写有误
id-number-empty = 请填写证件号码。
id-number-length = 这种证件的号码有 18 位，请对照证件再看一遍。
id-number-charset = 证件号码中有不该出现的字符：前 17 位是数字，末位是数字或 X。
id-number-fifteen-digits = 15 位的旧身份证号码已停用，请填写第二代身份证上的 18 位号码。
id-number-division = 号码的前六位不是有效的行政区划代码，请对照证件再看一遍。
id-number-test = 这是测试专用的号码，不能在这里使用。
id-number-nationality = 号码中的国籍代码不正确，请对照证件再看一遍。
id-number-birth-date = 号码中的出生日期不存在，请对照证件再看一遍。
id-number-future = 号码中的出生日期还没有到，请对照证件再看一遍。
id-number-too-old = 号码中的出生日期过早，请对照证件再看一遍。
id-number-check = 校验位不符，号码中可能有一位填错了，请对照证件再看一遍。
id-number-letters-digits = 证件号码只有字母和数字，请对照证件再看一遍。
id-number-other-length = 号码的位数与这种证件不符，请对照证件再看一遍。
id-number-shape = 号码的字母和数字与这种证件不符，请对照证件再看一遍。
id-number-other-kind = 这不是所选证件的号码，请重新选择证件类型。
id-type-unknown = 请从列表中选择证件类型。
id-country-missing = 请选择护照的签发国。
id-country-unknown = 请从列表中选择护照的签发国。
id-country-china = 持中国护照的，请用居民身份证或港澳台居民的证件。
