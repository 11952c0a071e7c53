//! The authorization code flow through the front door (RFC 6749 §4.1, OpenID Connect Core §3.1).

use crate::on_both;
use crate::support::Browser;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::relying_party::claims;

on_both!(a_person_logs_in_and_the_portal_learns_who_it_is, |provider| {
    let person = Person::synthetic(1);
    provider.add_person(&person).await;
    let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));

    let landing = web1.log_in(&browser, &person, &[]).await;
    let answer = web1.redeem(landing.code()).await;

    assert_eq!(landing.get("state"), Some("S1"));
    assert_eq!(landing.get("iss"), Some(&*provider.issuer));
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");
    let tokens = answer.json();
    let id_token = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(id_token["iss"], provider.issuer);
    assert_eq!(id_token["aud"], "web1");
    assert_eq!(id_token["nonce"], "N1");
    assert_eq!(id_token["acr"], "urn:yihao:acr:1");
    let userinfo = web1.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
    assert_eq!(userinfo["sub"], id_token["sub"]);
    assert_eq!(userinfo["name"], person.name);
    assert!(userinfo.get("id_number").is_none());
});

on_both!(the_second_portal_needs_no_login, |provider| {
    let person = Person::synthetic(2);
    provider.add_person(&person).await;
    let browser = Browser::new();
    let (web1, post1) =
        (RelyingParty::new(&provider, "web1"), RelyingParty::new(&provider, "post1"));
    web1.log_in(&browser, &person, &[]).await;

    let page = browser.get(&post1.authorize(&[])).await;

    let landing = post1.landing(&page).expect("straight back, no page in between");
    let there = claims(post1.redeem(landing.code()).await.json()["id_token"].as_str().unwrap());
    let again = web1.log_in(&browser, &person, &[]).await;
    let here = claims(web1.redeem(again.code()).await.json()["id_token"].as_str().unwrap());
    assert_ne!(there["sub"], here["sub"], "two sectors know one person by two subjects");
});
