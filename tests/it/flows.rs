//! The way to a portal belongs to the browser that began it (security.md ): what another
//! browser, a tossed cookie or a changed address can do with it.

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::login::log_in;

/// Begins a login for a portal; gives its page and `tx`.
async fn begin(browser: &Browser, party: &RelyingParty) -> (Page, String) {
    let page = browser.follow(browser.get(&party.authorize(&[])).await).await;
    let tx = page.form().fields["tx"].clone();
    (page, tx)
}

fn is_start_again(page: &Page) -> bool {
    page.status == 400 && page.location().is_none() && page.body.contains("请从头开始")
}

on_both!(
    /// the cookies of a loopback issuer lack only what https gives, and logging out takes them back.
    cookies_of_a_loopback_issuer_lack_only_what_https_gives,
    |provider| {
        let person = Person::synthetic(92);
        provider.add_person(&person).await;
        let browser = Browser::new();
        let first = browser.get(&provider.url("/login")).await;
        let fields = [("identifier", &*person.id_number), ("password", person.password())];
        let second = browser.submit(&first, &fields).await;

        let mut cookies = first.set_cookies();
        cookies.extend(second.set_cookies());
        assert_eq!(cookies.len(), 3, "browser, session, and that it is known");
        for cookie in &cookies {
            let mut attributes: Vec<_> = cookie.split("; ").skip(1).collect();
            attributes.retain(|attribute| *attribute != "Max-Age=31536000");
            attributes.sort_unstable();
            assert_eq!(attributes, ["HttpOnly", "Path=/", "SameSite=Lax"], "{cookie}");
        }
        assert!(browser.get(&provider.url("/account")).await.set_cookies().is_empty());
        let page = browser.get(&provider.url("/oauth2/logout")).await;
        let page = browser.submit(&page, &[]).await;
        let taken = page.set_cookies().into_iter().find(|cookie| cookie.contains("Max-Age=0"));
        assert!(taken.is_some_and(|cookie| cookie.starts_with("yihao-session=")));
    }
);

on_both!(
    /// a twin of the session cookie in a header line of its own is no way around; strange
    /// cookies beside it do no harm.
    a_twin_in_another_header_line_is_no_session,
    |provider| {
        let (victim, attacker) = (Person::synthetic(93), Person::synthetic(94));
        let (own, tossed) = (Browser::new(), Browser::new());
        for (person, browser) in [(&victim, &own), (&attacker, &tossed)] {
            provider.add_person(person).await;
            log_in(&provider, browser, person).await;
        }
        let values = [own, tossed].map(|browser| browser.cookie("yihao-session").unwrap());
        let url = provider.url("/account");
        for order in [[0, 1], [1, 0], [0, 0]] {
            let lines = order.map(|which| format!("yihao-session={}", values[which]));
            let headers = [("cookie", &*lines[0]), ("cookie", &*lines[1])];
            assert_eq!(Browser::new().get_with(&url, &headers).await.status, 303, "{order:?}");
        }
        let many: Vec<String> = (0..200).map(|number| format!("c{number}=x; ")).collect();
        let many = many.concat();
        let line = format!("{many}yihao-session={}", values[0]);
        assert_eq!(Browser::new().get_with(&url, &[("cookie", &line)]).await.status, 200);
        // The twin of the anonymous cookie: forms of the page before it are another browser's.
        let browser = Browser::new();
        let page = browser.get(&provider.url("/login")).await;
        let csrf = page.csrf();
        let twin = [("cookie", "yihao-browser=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")];
        let fields = [("csrf", &*csrf), ("identifier", "x"), ("password", "y")];
        assert_eq!(browser.post_with(&provider.url("/login"), &twin, &fields).await.status, 403);
    }
);

on_both!(
    /// another browser with the addresses of a flow is told to start again, logged in or not, at every
    /// page and form, and the flow does not move.
    a_flow_in_another_browser_starts_again_at_every_door,
    |provider| {
        let victim = Person::synthetic(96);
        provider.add_person(&victim).await;
        let web1 = RelyingParty::new(&provider, "web1");
        let evil = Browser::new();
        let (_, tx) = begin(&evil, &web1).await;
        let (logged_in, stranger) = (Browser::new(), Browser::new());
        log_in(&provider, &logged_in, &victim).await;

        for browser in [&logged_in, &stranger] {
            for path in
                ["/login", "/login/second", "/login/enrol", "/consent", "/oauth2/authorize", "/signup"]
            {
                let page = browser.get(&provider.url(&format!("{path}?tx={tx}"))).await;
                assert!(is_start_again(&page), "{path}: {}", page.status);
            }
            let csrf = browser.get(&provider.url("/signup")).await.csrf();
            for path in
                ["/login", "/login/second", "/login/enrol", "/consent", "/signup", "/signup/code"]
            {
                let fields = [("csrf", &*csrf), ("tx", &*tx), ("decision", "allow")];
                let page = browser.post(&provider.url(path), &fields).await;
                assert!(is_start_again(&page), "{path}: {}", page.status);
            }
        }
        log_in(&provider, &stranger, &victim).await;
        let page = evil.get(&provider.url(&format!("/oauth2/authorize?tx={tx}"))).await;
        assert_eq!(page.location().unwrap().path(), "/login", "nobody logged in for the attacker");
        assert_eq!(provider.rows(&["approval", "consent"]).await, [0, 0]);
    }
);

on_both!(
    /// no letter of the sealed request can be changed, another seal of ours is no request, and
    /// what stands beside it changes nothing.
    a_sealed_request_cannot_be_changed,
    |provider| {
        let person = Person::synthetic(99);
        provider.add_person(&person).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let (_, tx) = begin(&browser, &web1).await;
        log_in(&provider, &browser, &person).await;
        let totp = browser.get(&provider.url("/account/totp")).await;
        let totp = browser.submit(&totp, &[("step", "begin")]).await;
        let challenge = totp.form().fields["challenge"].clone();
        let mut tampered = vec![challenge, "x".to_owned(), tx[..tx.len() - 1].to_owned()];
        for place in [0, 3, tx.len() / 3, tx.len() / 2, tx.len() - 2] {
            let mut bytes = tx.clone().into_bytes();
            bytes[place] = if bytes[place] == b'Q' { b'R' } else { b'Q' };
            tampered.push(String::from_utf8(bytes).unwrap());
        }

        for tx in &tampered {
            let page = browser.get(&provider.url(&format!("/oauth2/authorize?tx={tx}"))).await;
            assert!(is_start_again(&page), "{tx:.40}: {}", page.status);
        }
        let more = "&client_id=web2&redirect_uri=https://evil.example/cb&scope=openid+phone";
        let on = browser.get(&provider.url(&format!("/oauth2/authorize?tx={tx}{more}"))).await;
        assert_eq!(on.location().unwrap().path(), "/consent");
        let consent = browser.follow(on).await;
        let form = [
            ("decision", "allow"),
            ("scope", "openid phone"),
            ("redirect_uri", "https://evil.example/cb"),
        ];
        let page = browser.follow(browser.submit(&consent, &form).await).await;
        let landing = web1.landing(&page).expect("back to the portal that asked");
        let tokens = web1.redeem(landing.code()).await.json();
        assert_eq!(tokens["scope"], "offline_access openid profile");
    }
);

on_both!(
    /// a consent that is sent twice, as an impatient finger does, gives one code: the newest counts,
    /// and once it was redeemed the flow is over.
    a_flow_gives_one_code,
    |provider| {
        let person = Person::synthetic(100);
        provider.add_person(&person).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let (_, tx) = begin(&browser, &web1).await;
        log_in(&provider, &browser, &person).await;
        let on = provider.url(&format!("/oauth2/authorize?tx={tx}"));
        let consent = browser.follow(browser.get(&on).await).await;

        let (first, second) = tokio::join!(
            browser.submit(&consent, &[("decision", "allow")]),
            browser.submit(&consent, &[("decision", "allow")]),
        );
        let older = web1.landing(&browser.follow(first).await).expect("a code");
        let newer = web1.landing(&browser.follow(second).await).expect("a code");

        assert_eq!(provider.rows(&["approval"]).await, [1]);
        let refused = web1.redeem(older.code()).await.json();
        assert_eq!(refused["error"], "invalid_grant");
        let tokens = web1.redeem(newer.code()).await.json();
        let late = browser.get(&on).await;
        assert!(is_start_again(&late), "{}", late.status);
        assert_eq!(provider.refusal_of(&late).await, "request_refused the flow is over");
        assert_eq!(provider.rows(&["approval"]).await, [1]);
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!(web1.userinfo(access).await.status, 200, "and harms nobody");
    }
);

on_both!(
    /// A-43, G6: a flow in the wrong browser leaves one record.
    a_flow_in_another_browser_is_recorded,
    |provider| {
        let web1 = RelyingParty::new(&provider, "web1");
        let (_, tx) = begin(&Browser::new(), &web1).await;
        for path in ["/login", "/consent", "/oauth2/authorize"] {
            let page = Browser::new().get(&provider.url(&format!("{path}?tx={tx}"))).await;
            assert!(is_start_again(&page), "{path}: {}", page.status);
            let told = provider.refusal_of(&page).await;
            assert!(told.starts_with("request_refused "), "{path}: {told}");
        }
    }
);
