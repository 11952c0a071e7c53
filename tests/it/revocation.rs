//! Revocation and introspection (RFC 7009, RFC 7662; security.md A-28 to
//!

use serde_json::Value;
use serde_json::json;
use yihao::jose::Algorithm;
use yihao::jose::SigningKey;

use crate::on_both;
use crate::support::Browser;
use crate::support::RelyingParty;
use crate::support::fixture;
use crate::support::relying_party::claims;
use crate::support::relying_party::header;
use crate::support::relying_party::hs256;
use crate::support::relying_party::jwt;
use crate::support::relying_party::public_key_texts;
use crate::support::tokens::access_of;
use crate::support::tokens::assert_error;
use crate::support::tokens::is_active;
use crate::support::tokens::tokens;

on_both!(
    /// revocation is honest.
    revocation_takes_back_what_is_the_clients_own,
    |provider| {
        let had = tokens(&provider, "web1").await;
        let revoke = async |rp: &RelyingParty, token: &str, hint: &str| {
            let fields = [("token", token), ("token_type_hint", hint)];
            rp.call("/oauth2/revoke", &fields).await.status
        };
        let other = RelyingParty::new(&provider, "post1");
        for token in [&had.access, &had.refresh] {
            assert_eq!(revoke(&other, token, "refresh_token").await, 200);
            assert!(is_active(&had.rp, token).await, "another client's token stays");
        }
        assert_eq!(revoke(&had.rp, "unknown", "nonsense").await, 200);
        assert_eq!(revoke(&had.rp, &had.access, "refresh_token").await, 200);
        assert!(!is_active(&had.rp, &had.access).await);
        assert_eq!(had.rp.userinfo(&had.access).await.status, 401);
        let next = had.rp.refresh(&had.refresh).await.json();
        let access = next["access_token"].as_str().unwrap();
        let refresh = next["refresh_token"].as_str().unwrap();
        assert_eq!(revoke(&had.rp, refresh, "access_token").await, 200);
        assert!(!is_active(&had.rp, access).await, "its access tokens die with it");
        assert_error(&had.rp.refresh(refresh).await, 400, "invalid_grant");
        let url = provider.url("/oauth2/revoke");
        let nobody = Browser::new().post(&url, &[("token", "x")]).await;
        assert_error(&nobody, 401, "invalid_client");
    }
);

on_both!(
    /// what the database did not take is not told as revoked.
    a_revocation_that_is_not_written_is_not_claimed,
    |provider| {
        let had = tokens(&provider, "web1").await;
        for token in [&had.access, &had.refresh] {
            let fields = [("token", &**token)];
            let revoke = had.rp.call("/oauth2/revoke", &fields);
            let tables = "approval, refresh_token, revoked_access_token";
            let page = provider.while_nothing_is_written(tables, revoke).await;
            assert_error(&page, 503, "temporarily_unavailable");
            assert_eq!(page.header("retry-after"), "2");
            assert!(is_active(&had.rp, token).await);
        }
        assert_eq!(had.rp.call("/oauth2/revoke", &[("token", &had.refresh)]).await.status, 200);
        assert!(!is_active(&had.rp, &had.access).await);
    }
);

/// The token with one character changed to another that may stand there.
fn changed(token: &str, place: usize) -> String {
    let letter = if &token[place..=place] == "B" { "C" } else { "B" };
    format!("{}{letter}{}", &token[..place], &token[place + 1..])
}

on_both!(
    /// a token is known whole or not at all, to its audience and to nobody else's.
    a_changed_token_is_no_token_and_a_foreign_audience_learns_nothing,
    |provider| {
        let had = tokens(&provider, "web1").await;
        let mut rs2 = fixture::client("rs2", "http://localhost:9449/cb");
        rs2.audiences = vec!["https://other.example.test".to_owned()];
        provider.add_client(&rs2).await;
        let (rs1, rs2) = (RelyingParty::new(&provider, "rs1"), RelyingParty::of(&provider, "rs2", ""));
        let svc1 = RelyingParty::new(&provider, "svc1");
        let token = access_of(&svc1.token(&[("grant_type", "client_credentials")]).await);
        for (rp, token) in [(&had.rp, &had.access), (&had.rp, &had.refresh), (&rs1, &token)] {
            assert!(is_active(rp, token).await);
            for place in [0, 1, 5, token.len() / 2, token.len() - 2, token.len() - 1] {
                assert!(!is_active(rp, &changed(token, place)).await, "{place} of {token}");
            }
            assert!(!is_active(&rs2, token).await);
        }
        assert_eq!(svc1.call("/oauth2/revoke", &[("token", &token)]).await.status, 200);
        for rp in [&rs1, &svc1] {
            assert!(!is_active(rp, &token).await, "a revoked JWT");
        }
    }
);

on_both!(
    /// copies of a JWT access token that differ in what cannot be seen at a glance: algorithm, key,
    /// issuer, type.
    a_forged_jwt_is_active_nowhere,
    |provider| {
        let (svc1, rs1) = (RelyingParty::new(&provider, "svc1"), RelyingParty::new(&provider, "rs1"));
        let token = access_of(&svc1.token(&[("grant_type", "client_credentials")]).await);
        let (head, said) = (header(&token), claims(&token));
        let ring = provider.provider.keyring.ring();
        let key = ring.signing_key(Algorithm::Es256).unwrap();
        let stranger = SigningKey::generate(Algorithm::Es256).unwrap();
        let with = |object: &Value, name: &str, value: &str| {
            let mut object = object.clone();
            object[name] = json!(value);
            object
        };
        let own = |message: &[u8]| key.sign(message).unwrap();
        let copy = jwt(&head, &said.to_string(), own);
        assert!(is_active(&rs1, &copy).await, "the copies differ in nothing else");
        let elsewhere = with(&said, "iss", "https://other.example").to_string();
        let mut forged = vec![
            jwt(&with(&head, "alg", "none"), &said.to_string(), |_| Vec::new()),
            jwt(&with(&head, "alg", "none"), &said.to_string(), own),
            jwt(&with(&head, "typ", "JWT"), &said.to_string(), own),
            jwt(&head, &said.to_string(), |message| stranger.sign(message).unwrap()),
            jwt(&head, &elsewhere, own),
        ];
        for secret in public_key_texts(&key.public_jwk()) {
            let head = with(&head, "alg", "HS256");
            forged.push(jwt(&head, &said.to_string(), |message| hs256(&secret, message)));
        }
        for token in forged {
            assert!(!is_active(&rs1, &token).await, "{token}");
            assert_error(&svc1.userinfo(&token).await, 401, "invalid_token");
        }
    }
);

on_both!(
    /// introspection says nothing of what is not active, or not the caller's.
    introspection_says_no_more_than_it_must,
    |provider| {
        let had = tokens(&provider, "web1").await;
        let page = had.rp.call("/oauth2/introspect", &[("token", &had.access)]).await.json();
        assert_eq!((&page["active"], &page["client_id"]), (&json!(true), &json!("web1")));
        assert_eq!(page["sub"], claims(&had.id)["sub"]);
        assert!(is_active(&had.rp, &had.refresh).await);
        assert!(!is_active(&RelyingParty::new(&provider, "post1"), &had.access).await);
        let cut = had.access[..had.access.len() - 1].to_owned();
        let broken = [
            cut, had.access[..80].to_owned(), had.access.to_uppercase(), format!("{} ", had.access),
            format!("{}=", had.access), format!("{}%", had.access), format!("{}*", had.access),
            had.id.clone(),
        ];
        for token in broken {
            assert!(!is_active(&had.rp, &token).await, "{token}");
        }
        provider.clock.advance(601_000);
        assert!(!is_active(&had.rp, &had.access).await, "expired");
        let url = provider.url("/oauth2/introspect");
        let nobody = Browser::new().post(&url, &[("token", &had.access)]).await;
        assert_error(&nobody, 401, "invalid_client");
        let public = RelyingParty::new(&provider, "spa1");
        let public = public.call("/oauth2/introspect", &[("token", &had.access)]).await;
        assert_error(&public, 400, "unauthorized_client");
    }
);

on_both!(
    /// guesses at tokens say nothing, and wait after the twentieth; a genuine token never does.
    guesses_at_tokens_wait,
    |provider| {
        let (rs1, svc1) = (RelyingParty::new(&provider, "rs1"), RelyingParty::new(&provider, "svc1"));
        let own = svc1.call("/oauth2/token", &[("grant_type", "client_credentials")]).await.json();
        let own = own["access_token"].as_str().unwrap().to_owned();
        let guess = async |number: usize| {
            let token = format!("ya10{number:064}");
            let begun = std::time::Instant::now();
            let page = rs1.call("/oauth2/introspect", &[("token", &token)]).await;
            assert_eq!((page.status, &*page.body), (200, "{\"active\":false}"));
            begun.elapsed()
        };
        for number in 0..20 {
            guess(number).await;
        }

        // The first of these is let through, the next one comes too early.
        let mut waited = std::time::Duration::ZERO;
        for number in 20..23 {
            waited = waited.max(guess(number).await);
        }

        assert!(waited >= std::time::Duration::from_millis(200), "{waited:?}");
        let page = svc1.call("/oauth2/introspect", &[("token", &own)]).await;
        assert_eq!(page.json()["active"], true);
    }
);
