//! What no client assertion looks like: JSON that can be read in two ways, encrypted tokens, a million dots
//! (RFC 7519 §7.2, RFC 8725 §3.4; security.md ).

use serde_json::Value;
use serde_json::json;
use yihao::crypto::base64url;

use crate::on_both;
use crate::support::Browser;
use crate::support::RelyingParty;
use crate::support::fixture::assertion_key;
use crate::support::relying_party::assert_invalid_client;
use crate::support::relying_party::asserted;
use crate::support::relying_party::is_accepted;

/// An assertion whose claims are this text, to the letter.
fn signed_text(header: &str, said: &str) -> String {
    let encode = |text: &str| base64url::encode(text);
    let message = format!("{}.{}", encode(header), encode(said));
    let signature = assertion_key().sign(message.as_bytes()).unwrap();
    format!("{message}.{}", base64url::encode(signature))
}

/// Encrypted tokens that would cost work to open.
fn encrypted() -> Vec<String> {
    let header = |json: Value| base64url::encode(json.to_string());
    let heads = [
        json!({ "alg": "RSA1_5", "enc": "A128CBC-HS256" }),
        json!({ "alg": "dir", "enc": "A256GCM", "zip": "DEF" }),
        json!({ "alg": "PBES2-HS256+A128KW", "enc": "A256GCM", "p2c": 10_000_000, "p2s": "c2FsdA" }),
    ];
    heads.into_iter().map(|head| format!("{}.AAAA.AAAA.AAAA.AAAA", header(head))).collect()
}

on_both!(
    /// what stands twice in an assertion, or too deep, is refused, however well it is signed.
    an_assertion_is_json_that_can_be_read_in_one_way,
    |provider| {
        let web2 = RelyingParty::new(&provider, "web2");
        let kid = assertion_key().kid();
        let head = json!({ "alg": "ES256", "typ": "JWT", "kid": kid }).to_string();
        let said = || web2.assertion_claims(&json!({})).to_string();
        let with = |text: String, more: &str| text.replacen('{', &format!("{{{more},"), 1);
        let control = asserted(&provider, &signed_text(&head, &said())).await;
        assert!(is_accepted(&control), "{}", control.body);
        let deep = format!("\"x\":{}1{}", "[".repeat(33), "]".repeat(33));
        for (head, said) in [
            (head.clone(), with(said(), "\"sub\":\"web2\"")),
            (head.clone(), with(said(), "\"sub\":\"web1\"")),
            (with(head.clone(), "\"alg\":\"none\""), said()),
            (with(head.clone(), "\"alg\":\"ES256\""), said()),
            (head.clone(), with(said(), &deep)),
            (with(head.clone(), &deep), said()),
        ] {
            let page = asserted(&provider, &signed_text(&head, &said)).await;
            assert_invalid_client(&page, &format!("{head} {said}"));
        }
    }
);

on_both!(
    /// an encrypted token is refused wherever a signed one is expected, before any work; a million
    /// dots are no token.
    an_encrypted_token_is_none,
    |provider| {
        let web1 = RelyingParty::new(&provider, "web1");
        let browser = Browser::new();
        for hint in encrypted() {
            let begun = std::time::Instant::now();
            let page = browser.get(&web1.authorize(&[("id_token_hint", &hint)])).await;
            assert_eq!(web1.landing(&page).expect("told").error(), "invalid_request");
            let url = format!("{}?id_token_hint={hint}", provider.url("/oauth2/logout"));
            assert_eq!(browser.get(&url).await.status, 400);
            let fields = [("id_token_hint", &*hint)];
            assert_eq!(browser.post(&provider.url("/oauth2/logout"), &fields).await.status, 400);
            assert_invalid_client(&asserted(&provider, &hint).await, &hint);
            assert!(begun.elapsed() < std::time::Duration::from_secs(2), "{:?}", begun.elapsed());
        }
        let dots = ".".repeat(1_000_000);
        for path in ["/oauth2/logout", "/oauth2/authorize", "/oauth2/token"] {
            for name in ["id_token_hint", "client_assertion"] {
                let page = browser.post(&provider.url(path), &[(name, &*dots)]).await;
                assert_eq!(page.status, 413, "{path} {name}");
            }
        }
    }
);
