//! Authorization requests that are not answered with a code (RFC 6749 §4.1.2.1, RFC 9700 §4.1,
//! security.md ).

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::RelyingParty;
use crate::support::TestProvider;

/// E400: our own page, no redirect, the attacker's text absent.
fn assert_own_page(page: &Page, what: &str) {
    assert_eq!(page.status, 400, "{what}: {}", page.body);
    assert!(page.location().is_none(), "{what}");
    assert!(page.has("error-code"), "{what}");
    assert!(!page.body.contains("evil.example"), "{what}");
}

/// R(error): back to the registered URI with error, state and iss, and no code.
fn assert_told(provider: &TestProvider, rp: &RelyingParty, page: &Page, error: &str) {
    assert_eq!(page.status, 303, "{}: {}", page.url, page.body);
    let landing = rp.landing(page).expect("the registered URI");
    assert_eq!(landing.error(), error, "{:?}", landing.0);
    assert_eq!(landing.get("state"), Some("S1"));
    assert_eq!(landing.get("iss"), Some(&*provider.issuer));
    assert_eq!(landing.get("code"), None);
    assert!(!page.header("location").contains('#'));
}

/// Nothing is wrong with the request: the person is asked to log in.
fn assert_to_login(page: &Page) {
    let location = page.location().unwrap_or_else(|| panic!("{}: {}", page.url, page.body));
    assert_eq!(location.path(), "/login", "{}", page.url);
}

on_both!(
    /// oidcc-ensure-registered-redirect-uri.
    redirect_uris_are_compared_byte_for_byte,
    |provider| {
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let good = "http%3A%2F%2Flocalhost%3A9443%2Fcb";
        let request = web1.authorize(&[]);
        for raw in [
            "http://localhost:9443/cb/",
            "http://localhost:9443/CB",
            "http://localhost:9443/cb?x=1",
            "http://localhost:9443/cb%23f",
            "http://localhost:9443/cb/../cb",
            "http://localhost:9443/cb%2FFAKE",
            "http://localhost:9443/cb%252FFAKE",
            "http://localhost:9443/cb/%2e%2e/cb",
            "http://localhost:9443/cb;/../../FAKE",
            "http://localhost:9443/cb%0A%0D/../FAKE",
            "http://localhost:9443/cb%00",
            "http://localhost:9443/cb?code=attackercode",
            "https://localhost:9443/cb",
            "http://localhost/cb",
            "http://localhost:9443.evil.example/cb",
            "https://evil.example/cb",
            "//localhost:9443/cb",
            "%20http://localhost:9443/cb",
            "",
            "http://localhost:9443@evil.example/cb",
            "http://a@b@localhost:9443/cb",
            "http://localhost:9443\\@evil.example/cb",
            "https://evil.example%23@localhost:9443/cb",
            "http:localhost:9443/cb",
            "http:///localhost:9443/cb",
        ] {
            let raw = raw.replace('&', "%26").replace('\\', "%5C");
            let page = browser.get(&request.replace(good, &raw)).await;
            assert_own_page(&page, &raw);
        }
        for uri in CONFUSING {
            let encoded = browser.get(&web1.authorize(&[("redirect_uri", uri)])).await;
            assert_own_page(&encoded, uri);
            let raw = uri.replace('\\', "%5C");
            assert_own_page(&browser.get(&request.replace(good, &raw)).await, &raw);
        }
        let absent = browser.get(&web1.authorize(&[("redirect_uri", "")])).await;
        assert_own_page(&absent, "absent");
        assert_eq!(provider.audit(1).await, ["authorization_refused refused invalid_request"]);
        let https = vec!["https://rp1.test:9443/cb".to_owned()];
        provider.change_client("web1", |client| client.redirect_uris = https).await;
        let dotless = web1.authorize(&[("redirect_uri", "https://rp1xtest:9443/cb")]);
        assert_own_page(&browser.get(&dotless).await, "a dot is no wildcard");
        let itself = web1.authorize(&[("redirect_uri", "https://rp1.test:9443/cb")]);
        assert_eq!(browser.get(&itself).await.status, 303);
    }
);

/// URIs that one program reads as ours and the next as somebody else's; each is sent as a form
/// encodes it, and as it stands.
const CONFUSING: &[&str] = &[
    "http://localhost:9443/cb/..%2FFAKE",
    "http://localhost:9443/cb/%2e%2e%2FFAKE",
    "http://localhost:9443/cb/..%252FFAKE",
    "http://localhost:9443/cb/;/../../FAKE",
    "http://localhost:9443/cb%3B%2F..%2FFAKE",
    "http://localhost:9443/cb/..;/FAKE",
    "http://localhost.evil.example:9443/cb",
    "https://evil.example%5C.localhost:9443/cb",
    "https://evil.example\\.localhost:9443/cb",
    "http://localhost:9443%40evil.example/cb",
    "http://localhost:9443%2540evil.example/cb",
];

on_both!(
    /// the port of a native client's loopback address is free, and nothing else is.
    only_native_loopback_ports_are_free,
    |provider| {
        let (browser, native1) = (Browser::new(), RelyingParty::new(&provider, "native1"));
        let free = native1.authorize(&[("redirect_uri", "http://127.0.0.1:51004/cb")]);
        assert_to_login(&browser.get(&free).await);
        for uri in [
            "http://localhost:51004/cb",
            "http://127.0.0.1:51004/other",
            "http://127.0.0.1.evil.example/cb",
            "http://127.1/cb",
            "http://0.0.0.0/cb",
            "https://127.0.0.1:1/cb",
            "http://127.0.0.1:+80/cb",
            "http://127.0.0.1:0/cb",
        ] {
            let page = browser.get(&native1.authorize(&[("redirect_uri", uri)])).await;
            assert_own_page(&page, uri);
        }
        let six = [("redirect_uri", "http://[::1]:51004/cb")];
        assert_own_page(&browser.get(&native1.authorize(&six)).await, "not registered");
        let uri = || "http://[::1]/cb".to_owned();
        provider.change_client("native1", |client| client.redirect_uris.push(uri())).await;
        assert_to_login(&browser.get(&native1.authorize(&six)).await);

        let web1 = RelyingParty::new(&provider, "web1");
        let uri = vec!["http://127.0.0.1:3000/cb".to_owned()];
        provider.change_client("web1", |client| client.redirect_uris = uri).await;
        let registered = web1.authorize(&[("redirect_uri", "http://127.0.0.1:3000/cb")]);
        assert_to_login(&browser.get(&registered).await);
        let port = web1.authorize(&[("redirect_uri", "http://127.0.0.1:3001/cb")]);
        assert_own_page(&browser.get(&port).await, "web1 has no free port");
    }
);

/// What is wrong with a request, and how its client is told.
const TOLD: &[(&[(&str, &str)], &str)] = &[
    (&[("response_type", "nope")], "unsupported_response_type"),
    (&[("response_type", "")], "invalid_request"),
    (&[("response_type", "token")], "unsupported_response_type"),
    (&[("response_type", "code token")], "unsupported_response_type"),
    (&[("response_type", "code code")], "unsupported_response_type"),
    (&[("response_type", "CODE")], "unsupported_response_type"),
    (&[("response_type", "id_token")], "unsupported_response_type"),
    (&[("response_type", "id_token token")], "unsupported_response_type"),
    (&[("response_type", "none")], "unsupported_response_type"),
    (&[("response_type", "code\0")], "unsupported_response_type"),
    (&[("response_mode", "fragment")], "invalid_request"),
    (&[("response_mode", "jwt")], "invalid_request"),
    (&[("response_mode", "form_post.jwt")], "invalid_request"),
    (&[("response_mode", "xx")], "invalid_request"),
    (&[("scope", "openid nope")], "invalid_scope"),
    (&[("scope", "openid admin")], "invalid_scope"),
    (&[("scope", "profile")], "invalid_scope"),
    (&[("scope", "openid openid")], "invalid_scope"),
    (&[("scope", "")], "invalid_scope"),
    (&[("prompt", "none")], "login_required"),
    (&[("prompt", "none login")], "invalid_request"),
    (&[("prompt", "dance")], "invalid_request"),
    (&[("request", "xx")], "request_not_supported"),
    (&[("request_uri", "https://evil.example/x")], "request_uri_not_supported"),
    (&[("max_age", "-1")], "invalid_request"),
    (&[("max_age", "1e3")], "invalid_request"),
    (&[("code_challenge", "")], "invalid_request"),
    (&[("code_challenge", ""), ("code_challenge_method", "")], "invalid_request"),
    (&[("code_challenge_method", "plain")], "invalid_request"),
    (&[("code_challenge_method", "")], "invalid_request"),
    (&[("code_challenge", "short")], "invalid_request"),
    (&[("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM")], "invalid_request"),
    (&[("claims", "{")], "invalid_request"),
    (&[("claims", "[]")], "invalid_request"),
    (
        &[("claims", "{\"id_token\":{\"acr\":{\"essential\":true,\"value\":\"x\"}}}")],
        "unmet_authentication_requirements",
    ),
    (&[("resource", "https://unknown.example")], "invalid_target"),
    (&[("id_token_hint", "no.token.at-all")], "invalid_request"),
];

on_both!(
    /// A-09 (a–d), oidcc-response-type-missing,
    /// oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported,
    /// oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported,
    /// oidcc-prompt-none-not-logged-in.
    what_is_wrong_is_told_to_a_known_client_and_to_nobody_else,
    |provider| {
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        for (change, error) in TOLD {
            for page in by_both_methods(&browser, &web1.authorize(change)).await {
                assert_told(&provider, &web1, &page, error);
            }
            let audit = provider.audit(2).await;
            assert!(audit.iter().all(|line| *line == format!("authorization_refused refused {error}")));

            let evil: Vec<_> =
                change.iter().copied().chain([("redirect_uri", "https://evil.example/cb")]).collect();
            for page in by_both_methods(&browser, &web1.authorize(&evil)).await {
                assert_own_page(&page, error);
            }
            let unknown: Vec<_> = change.iter().copied().chain([("client_id", "nope")]).collect();
            assert_own_page(&browser.get(&web1.authorize(&unknown)).await, error);
        }
    }
);

/// The same request by GET and by POST, which is no weaker.
async fn by_both_methods(browser: &Browser, request: &str) -> [Page; 2] {
    let mut url: url::Url = request.parse().unwrap();
    let fields: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let fields: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    url.set_query(None);
    [browser.get(request).await, browser.post(url.as_str(), &fields).await]
}

on_both!(
    /// what only an answer says means nothing in a request.
    an_error_in_a_request_is_an_unknown_parameter,
    |provider| {
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let evil = [("error", "access_denied"), ("redirect_uri", "https://evil.example/cb")];
        for page in by_both_methods(&browser, &web1.authorize(&evil)).await {
            assert_own_page(&page, "evil");
        }
        for page in by_both_methods(&browser, &web1.authorize(&evil[..1])).await {
            assert_to_login(&page);
        }
    }
);

on_both!(
    /// an error leaves by the mode that was asked for and registered; the issuer is ours
    /// whatever the request calls us.
    errors_leave_by_a_registered_mode,
    |provider| {
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let silent = web1.authorize(&[("prompt", "none"), ("response_mode", "form_post")]);
        for page in by_both_methods(&browser, &silent).await {
            assert_eq!((page.status, page.location()), (200, None));
            let landing = web1.landing(&page).expect("a form to the registered URI");
            let names: Vec<&str> = landing.0.keys().map(String::as_str).collect();
            assert_eq!(names, ["error", "error_description", "iss", "state"]);
            assert_eq!(landing.error(), "login_required");
            assert_eq!((landing.get("state"), landing.get("iss")), (Some("S1"), Some(&*provider.issuer)));
        }
        let silent = web1.authorize(&[("prompt", "none")]);
        let elsewhere = browser.get_with(&silent, &[("host", "evil.example")]).await;
        assert_told(&provider, &web1, &elsewhere, "login_required");
        let query = vec![yihao::domain::client::ResponseMode::Query];
        provider.change_client("web1", |client| client.response_modes = query).await;
        for page in by_both_methods(&browser, &web1.authorize(&[("response_mode", "form_post")])).await {
            assert_told(&provider, &web1, &page, "invalid_request");
        }
    }
);

on_both!(
    /// A-07, A-09 (d): there, but empty or of the wrong length.
    what_is_empty_or_of_the_wrong_length_is_told,
    |provider| {
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let empty = web1.authorize(&[]).replace("response_type=code", "response_type=");
        assert_told(&provider, &web1, &browser.get(&empty).await, "invalid_request");
        for length in [42, 44, 129] {
            let challenge = "a".repeat(length);
            let page = browser.get(&web1.authorize(&[("code_challenge", &challenge)])).await;
            assert_told(&provider, &web1, &page, "invalid_request");
        }
    }
);

on_both!(
    /// a client that has not the grant gets no code.
    a_client_without_the_code_grant_is_told,
    |provider| {
        use yihao::domain::client::GrantType;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let others = vec![GrantType::RefreshToken, GrantType::ClientCredentials];
        provider.change_client("web1", |client| client.grant_types = others).await;
        for page in by_both_methods(&browser, &web1.authorize(&[])).await {
            assert_told(&provider, &web1, &page, "unauthorized_client");
        }
    }
);

on_both!(
    /// a parameter twice is an error, whatever it says; an unknown one is ignored.
    no_parameter_stands_twice,
    |provider| {
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        for name in [
            "client_id", "redirect_uri", "response_type", "scope", "state", "nonce",
            "code_challenge", "code_challenge_method", "prompt",
        ] {
            let once = web1.authorize(&[("prompt", "login")]);
            let url: url::Url = once.parse().unwrap();
            let (_, same) = url.query_pairs().find(|(other, _)| other == name).expect("a value");
            for value in ["x", "", &*same] {
                let mut twice = url.clone();
                twice.query_pairs_mut().append_pair(name, value);
                for page in by_both_methods(&browser, twice.as_str()).await {
                    assert_own_page(&page, name);
                }
            }
        }
        let request = web1.authorize(&[]);
        let both = browser.post(&format!("{request}&x=1"), &[("state", "S2")]).await;
        assert_own_page(&both, "in address and body");
        let more = format!("{request}&foo=bar&scope%5B%5D=x");
        assert_eq!(browser.get(&more).await.status, 303);
    }
);

on_both!(
    /// too much is refused before anything is looked up.
    oversized_parameters_are_refused,
    |provider| {
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let words = "w ".repeat(2500);
        for name in ["scope", "state", "nonce", "acr_values", "ui_locales", "claims", "login_hint"] {
            let page = browser.get(&web1.authorize(&[(name, &words)])).await;
            assert!(matches!(page.status, 400 | 431), "{name}: {}", page.status);
            assert!(page.location().is_none());
        }
        let many: Vec<String> = (0..40).map(|n| format!("s{n}")).collect();
        let page = browser.get(&web1.authorize(&[("scope", &many.join(" "))])).await;
        assert_told(&provider, &web1, &page, "invalid_scope");
    }
);

on_both!(
    /// text is text, in every parameter.
    hostile_text_is_only_text,
    |provider| {
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        for text in ["'", "';--", "%", "_", "{\"$gt\":\"\"}", "\r\nSet-Cookie: x=1", "\u{2028}\u{1b}[31m"]
        {
            for name in ["client_id", "redirect_uri", "response_type", "scope", "acr_values", "login_hint"]
            {
                let page = browser.get(&web1.authorize(&[(name, text)])).await;
                assert!(matches!(page.status, 303 | 400), "{name}={text:?}: {}", page.status);
                assert!(page.headers.get_all("set-cookie").iter().all(|c| !c.to_str().unwrap().starts_with("x=")));
            }
            let page = browser.get(&web1.authorize(&[("state", text), ("prompt", "none")])).await;
            let landing = web1.landing(&page).expect("an answer");
            assert_eq!(landing.get("state"), Some(text), "state is repeated byte for byte");
        }
    }
);

on_both!(a_disabled_client_gets_nothing, |provider| {
    let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
    provider
        .change_client("web1", |client| client.disabled_at = Some(yihao::clock::Timestamp(1)))
        .await;
    assert_own_page(&browser.get(&web1.authorize(&[])).await, "disabled");
});
