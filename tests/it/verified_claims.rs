//! `verified_claims` through the front door (OpenID Connect for Identity Assurance 1.0): nothing is told unless it was
//! asked for, registered and agreed to.

use serde_json::Value;
use serde_json::json;
use yihao::domain::assurance::IdentityAssurance;
use yihao::domain::scope::Scope;

use crate::on_both;
use crate::support::Browser;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::relying_party::claims;

/// What a login with this `claims` parameter gives: the ID token's claims and UserInfo's.
async fn told(provider: &TestProvider, person: &Person, asked: &Value) -> (Value, Value) {
    let rp = RelyingParty::new(provider, "web1");
    let text = asked.to_string();
    let change = [("scope", "openid"), ("claims", &*text)];
    let landing = rp.log_in(&Browser::new(), person, &change).await;
    let answer = rp.redeem(landing.code()).await.json();
    let userinfo = rp.userinfo(answer["access_token"].as_str().unwrap()).await;
    assert_eq!(userinfo.status, 200, "{}", userinfo.body);
    (claims(answer["id_token"].as_str().unwrap()), userinfo.json())
}

fn element() -> Value {
    json!({
        "verification": {
            "trust_framework": null, "assurance_level": null,
            "evidence": [{
                "type": { "value": "electronic_record" }, "record": { "type": null },
                "check_details": [{ "check_method": null, "txn": null }],
            }],
        },
        "claims": { "name": null, "id_number": null, "id_number_masked": null },
    })
}

on_both!(
    /// UserInfo carries the evidence beside the claims it speaks for; they do not leave it as claims of their
    /// own, and the number needs its purpose.
    userinfo_carries_the_evidence,
    |provider| {
        let person = Person::synthetic(1200);
        provider.add_person(&person).await;
        let asked = json!({ "userinfo": { "verified_claims": element() } });
        let (token, userinfo) = told(&provider, &person, &asked).await;
        assert_eq!(token.get("verified_claims"), None);
        let verified = &userinfo["verified_claims"];
        let verification = &verified["verification"];
        assert_eq!(verification["trust_framework"], "urn:yihao:trust-framework");
        assert_eq!(verification["assurance_level"], "1");
        assert_eq!(verification.get("time"), None, "it was not asked for");
        let evidence = &verification["evidence"][0];
        assert_eq!(evidence["record"], json!({ "type": "population_register" }));
        assert_eq!(evidence["check_details"][0]["check_method"], "data");
        assert!(evidence["check_details"][0]["txn"].is_string());
        let masked = &verified["claims"]["id_number_masked"];
        assert_eq!(verified["claims"]["name"], json!(person.name));
        assert!(masked.as_str().unwrap().contains('*'));
        assert_eq!(verified["claims"].get("id_number"), None, "no purpose was declared");
        assert!(!userinfo.to_string().contains(&person.id_number));
        assert_eq!((userinfo.get("name"), userinfo.get("id_number_masked")), (None, None));
    }
);

on_both!(
    /// The ID token carries it where it was asked for there, and never the full number.
    the_id_token_carries_it_when_asked,
    |provider| {
        let person = Person::synthetic(1210);
        provider.add_person(&person).await;
        provider
            .change_client("web1", |client| {
                client.scope = Scope::parse("openid profile id_number").unwrap();
                client.policy.id_number_purpose = Some("办理养老保险".to_owned());
            })
            .await;
        let both = json!({
            "id_token": { "verified_claims": element() },
            "userinfo": { "verified_claims": element() },
        });
        let (token, userinfo) = told(&provider, &person, &both).await;
        assert_eq!(token["verified_claims"]["claims"]["name"], json!(person.name));
        assert!(!token.to_string().contains(&person.id_number), "never in a token");
        let number = &userinfo["verified_claims"]["claims"]["id_number"];
        assert_eq!(number, &json!(person.id_number));
        assert!(provider.audit(5).await.iter().any(|line| line == "id_number_released done"));
    }
);

on_both!(
    /// Nothing unless asked, nothing that does not meet the request, nothing below level 1, and nothing to a client
    /// that may not ask for a profile.
    nothing_is_told_that_was_not_asked_for_and_met,
    |provider| {
        let person = Person::synthetic(1220);
        provider.add_person(&person).await;
        let level = |level: &str| {
            json!({ "userinfo": { "verified_claims": {
                "verification": { "assurance_level": { "value": level } },
                "claims": { "name": null },
            } } })
        };
        let (token, userinfo) = told(&provider, &person, &json!({ "userinfo": { "name": null } })).await;
        assert_eq!((token.get("verified_claims"), userinfo.get("verified_claims")), (None, None));
        assert!(told(&provider, &person, &level("1")).await.1["verified_claims"].is_object());
        assert_eq!(told(&provider, &person, &level("2")).await.1.get("verified_claims"), None);
        let several = json!({ "userinfo": { "verified_claims": [
            element(),
            { "verification": { "trust_framework": { "value": "eidas" } }, "claims": { "name": null } },
            { "verification": { "time": { "max_age": 600 } }, "claims": { "name": { "value": person.name } } },
        ] } });
        let userinfo = told(&provider, &person, &several).await.1;
        assert_eq!(userinfo["verified_claims"].as_array().map(Vec::len), Some(2), "{userinfo}");

        let nobody = Person { assurance: IdentityAssurance::PHONE_ONLY, ..Person::synthetic(1221) };
        provider.add_person(&nobody).await;
        let asked = json!({ "userinfo": { "verified_claims": element() } });
        assert_eq!(told(&provider, &nobody, &asked).await.1.get("verified_claims"), None);

        provider.change_client("web1", |client| client.scope = Scope::parse("openid").unwrap()).await;
        let userinfo = told(&provider, &person, &asked).await.1;
        assert_eq!(userinfo.as_object().map(serde_json::Map::len), Some(1), "{userinfo}");
    }
);

on_both!(
    /// It stands on the page of the consent, and an agreement to the name alone is none to the evidence.
    it_is_agreed_to_like_a_claim_of_its_own,
    |provider| {
        let person = Person::synthetic(1230);
        provider.add_person(&person).await;
        let rp = RelyingParty::new(&provider, "web1");
        let browser = Browser::new();
        let name = json!({ "userinfo": { "name": null } }).to_string();
        rp.log_in(&browser, &person, &[("scope", "openid"), ("claims", &name)]).await;
        let asked = json!({ "userinfo": { "verified_claims": element() } }).to_string();
        let address = rp.authorize(&[("scope", "openid"), ("claims", &asked)]);
        let page = browser.follow(browser.get(&address).await).await;
        assert!(page.has("allow") && page.body.contains("核验记录"), "{}", page.body);
        let landing = rp.walk(&browser, &person, page).await;
        let answer = rp.redeem(landing.code()).await.json();
        let userinfo = rp.userinfo(answer["access_token"].as_str().unwrap()).await.json();
        assert!(userinfo["verified_claims"].is_object(), "{userinfo}");
        let portals = browser.get(&provider.url("/account/portals/web1")).await;
        assert_eq!(portals.status, 200, "{}", portals.body);
    }
);

on_both!(
    /// A request that asks for no claims, or for no verification, is told so at the client.
    a_request_that_asks_for_nothing_is_refused,
    |provider| {
        let rp = RelyingParty::new(&provider, "web1");
        let browser = Browser::new();
        for wrong in [
            json!({ "verification": { "trust_framework": null } }),
            json!({ "claims": { "name": null } }),
            json!({ "verification": { "trust_framework": null }, "claims": {} }),
            json!([]),
            json!(null),
        ] {
            let asked = json!({ "userinfo": { "verified_claims": wrong } }).to_string();
            let page = browser.get(&rp.authorize(&[("claims", &asked)])).await;
            let landing = rp.landing(&page).expect("back at the client");
            assert_eq!(landing.error(), "invalid_request", "{wrong}");
        }
    }
);

on_both!(
    /// Discovery says what there is (§8).
    discovery_tells_of_it,
    |provider| {
        let page = Browser::new().get(&provider.url("/.well-known/openid-configuration")).await;
        let metadata = page.json();
        assert_eq!(metadata["verified_claims_supported"], true);
        assert_eq!(metadata["trust_frameworks_supported"], json!(["urn:yihao:trust-framework"]));
        let inner = &metadata["claims_in_verified_claims_supported"];
        assert_eq!(inner, &json!(["name", "id_number", "id_number_masked"]));
        assert_eq!(metadata["evidence_supported"], json!(["document", "electronic_record"]));
        assert!(metadata["documents_supported"].as_array().unwrap().contains(&json!("idcard")));
        let records = metadata["electronic_records_supported"].as_array().unwrap();
        assert_eq!(records.len(), 4, "{records:?}");
        assert!(metadata["claims_supported"].as_array().unwrap().contains(&json!("verified_claims")));
    }
);
