//! Names as a register writes them (民委发〔2016〕33号; domain.md 6.4), from the sign-up form to what a portal is told.

use serde_json::json;

use crate::on_both;
use crate::support::Browser;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::login::sign_up_form;

const PASSWORD: &str = "lantern over the lake";

/// Signs up with the name as typed; the status of the answer.
async fn sign_up(provider: &TestProvider, person: &Person, typed: &str) -> u16 {
    let spelled = Person { name: typed.to_owned(), ..person.clone() };
    let browser = Browser::new();
    let page = browser.get(&provider.url("/signup")).await;
    let asked = browser.submit(&page, &sign_up_form(&spelled, PASSWORD)).await;
    if asked.status != 200 {
        return asked.status;
    }
    let code = provider.code_sent_to(&person.phone).await;
    browser.submit(&asked, &[("code", &code), ("step", "verify")]).await.status
}

on_both!(names_reach_a_portal_as_the_register_has_them, |provider| {
    let long_chinese = "\u{20BB7}".repeat(60);
    let long_latin = format!("{} MARIA", "ALEXANDROVNA".repeat(7));
    let table: &[(&str, &str)] = &[
        ("阿依古丽•买买提", "阿依古丽·买买提"),
        ("迪丽.热巴", "迪丽·热巴"),
        ("尼加提・艾合买提", "尼加提·艾合买提"),
        ("\u{3000}𠮷田\u{30EDE} ", "𠮷田\u{30EDE}"),
        ("張國榮", "張國榮"),
        ("Müller  Hans Jr.", "MÜLLER HANS JR."),
        (&long_chinese, &long_chinese),
        (&long_latin, &long_latin),
    ];
    for (seed, (typed, canonical)) in (921..).zip(table) {
        let person = Person { name: (*canonical).to_owned(), ..Person::synthetic(seed) };
        let person = Person { password: Some(PASSWORD.to_owned()), ..person };
        provider.add_person(&person.clone().without_account()).await;
        assert_eq!(sign_up(&provider, &person, typed).await, 200, "{typed}");

        let web1 = RelyingParty::new(&provider, "web1");
        let claims = r#"{"id_token":{"name":null}}"#;
        let asked = [("scope", "openid profile"), ("claims", claims)];
        let landing = web1.log_in(&Browser::new(), &person, &asked).await;
        let tokens = web1.redeem(landing.code()).await.json();
        let part = tokens["id_token"].as_str().unwrap().split('.').nth(1).unwrap().to_owned();
        let told = yihao::crypto::base64url::decode(&part).unwrap();
        let told: serde_json::Value = serde_json::from_slice(&told).unwrap();
        assert_eq!(told["name"], json!(canonical), "in the ID token");
        let userinfo = web1.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
        assert_eq!(userinfo["name"], json!(canonical), "{userinfo}");
    }
});

on_both!(a_name_is_never_converted_nor_shortened, |provider| {
    let person = Person { name: "張國榮".to_owned(), ..Person::synthetic(931) }.without_account();
    provider.add_person(&person).await;
    for typed in ["张国荣", "張國", "張國榮榮", "張·國榮"] {
        assert_eq!(sign_up(&provider, &person, typed).await, 400, "{typed}");
    }
    let endless = "国".repeat(101);
    for typed in [&*endless, "張\u{200B}國榮", "張<國榮", "·", "", "\u{202E}張國榮"] {
        assert_eq!(sign_up(&provider, &person, typed).await, 400, "{typed}");
    }
    assert_eq!(provider.rows(&["account"]).await, [0]);
});
