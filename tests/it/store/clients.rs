//! Clients and consents (design D6, D8).

use yihao::domain::audit_event::AuditKind;
use yihao::domain::client::Client;
use yihao::domain::scope::Scope;
use yihao::store::sql::Consent;

use crate::store::NOW;
use crate::store::client_id;
use crate::store::later;
use crate::store::on_both_stores;
use crate::support::fixture::client;

on_both_stores!(a_client_id_is_given_once, |test| {
    let first = client("portal", "https://one.example/cb");
    let second = client("portal", "https://two.example/cb");
    let (done, refused) =
        (test.record(AuditKind::ClientChanged), test.record(AuditKind::ClientChanged));

    assert!(test.store.add_client(&first, done.clone(), NOW).await.unwrap());
    assert!(!test.store.add_client(&second, refused.clone(), NOW).await.unwrap());

    let found = test.store.find_client(&first.id).await.unwrap().unwrap();
    assert_eq!(found.redirect_uris, first.redirect_uris);
    assert_eq!((test.kept(&done).await, test.kept(&refused).await), (true, false));
});

on_both_stores!(a_replaced_client_is_seen_at_once_by_the_node_that_replaced_it, |test| {
    let mut portal = client("portal", "https://one.example/cb");
    let record = || test.record(AuditKind::ClientChanged);
    test.store.add_client(&portal, record(), NOW).await.unwrap();
    let uris = || async {
        test.store.find_client(&portal.id).await.unwrap().unwrap().redirect_uris.clone()
    };
    assert_eq!(uris().await, ["https://one.example/cb"]);

    let mut changed: Client = portal.clone();
    changed.redirect_uris = vec!["https://two.example/cb".to_owned()];
    assert!(test.store.replace_client(&changed, record(), NOW).await.unwrap());

    assert_eq!(uris().await, ["https://two.example/cb"]);
    portal.id = client_id("nobody");
    let refused = record();
    assert!(!test.store.replace_client(&portal, refused.clone(), NOW).await.unwrap());
    assert!(!test.kept(&refused).await);
    assert!(test.store.find_client(&portal.id).await.unwrap().is_none());
});

on_both_stores!(clients_are_listed_by_their_ids, |test| {
    for id in ["web2", "post1", "web1"] {
        let record = test.record(AuditKind::ClientChanged);
        test.store.add_client(&client(id, "https://rp.example/cb"), record, NOW).await.unwrap();
    }

    let listed = test.other.list_clients().await.unwrap();

    let ids: Vec<_> = listed.iter().map(|client| client.id.as_str()).collect();
    assert_eq!(ids, ["post1", "web1", "web2"]);
});

on_both_stores!(a_consent_is_remembered_and_the_newer_one_counts, |test| {
    let account = test.account().await.id;
    let grant = |client: &str, scope: &str, seconds| {
        let consent = Consent {
            client_id: client_id(client),
            scope: Scope::parse(scope).unwrap(),
            claims: vec!["id_number".to_owned()],
            granted_at: later(seconds),
        };
        test.store.grant_consent(account, consent, test.record(AuditKind::Consent))
    };
    grant("web1", "openid", 1).await.unwrap();
    grant("web2", "openid", 2).await.unwrap();
    grant("web1", "openid profile", 3).await.unwrap();

    let found = test.store.find_consent(account, &client_id("web1")).await.unwrap().unwrap();
    let all = test.store.list_consents(account).await.unwrap();

    assert_eq!(found.scope, Scope::parse("openid profile").unwrap());
    assert_eq!((found.claims, found.granted_at), (vec!["id_number".to_owned()], later(3)));
    let ids: Vec<_> = all.iter().map(|consent| consent.client_id.as_str()).collect();
    assert_eq!(ids, ["web1", "web2"], "newest first");
    let stranger = test.account().await.id;
    assert!(test.store.find_consent(stranger, &client_id("web1")).await.unwrap().is_none());
});

on_both_stores!(a_withdrawn_consent_takes_back_what_rests_on_it, |test| {
    let account = test.account().await;
    let (session, _) = test.session(&account).await;
    let consent = Consent {
        client_id: client_id("web1"),
        scope: Scope::parse("openid").unwrap(),
        claims: Vec::new(),
        granted_at: NOW,
    };
    let record = test.record(AuditKind::Consent);
    test.store.grant_consent(account.id, consent, record).await.unwrap();
    let withdrawn = [
        test.authorization(&session, "web1").await.id,
        test.authorization(&session, "web1").await.id,
    ];
    let other = test.authorization(&session, "web2").await.id;
    let stranger = test.account().await;
    let (theirs, _) = test.session(&stranger).await;
    let theirs = test.authorization(&theirs, "web1").await.id;

    let web1 = client_id("web1");
    let withdraw = |record| test.store.withdraw_consent(account.id, &web1, record);
    assert!(withdraw(test.record(AuditKind::ConsentWithdrawn)).await.unwrap());

    assert!(test.store.find_consent(account.id, &web1).await.unwrap().is_none());
    for id in withdrawn {
        assert!(!test.found(id).await.is_live());
    }
    assert!(test.found(other).await.is_live());
    assert!(test.found(theirs).await.is_live());
    assert!(!withdraw(test.record(AuditKind::ConsentWithdrawn)).await.unwrap());
});
