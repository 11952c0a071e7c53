//! The sandbox: its test people, the logo that is chosen there, and what its portal is told (security.md A-59,
//!

use std::sync::Arc;
use std::sync::Mutex;

use yihao::protocol::backchannel_logout;

use crate::on_both;
use crate::on_both_backends;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::console::officers;
use crate::support::portal::Portal;
use crate::support::portal::citizen;
use crate::support::portal::fields_with;
use crate::support::portal::marked;
use crate::support::portal::tester;

/// A unit that could exist: the code of the standard's example.
const UNIT: &str = "91350100M000100Y43";

on_both_backends!(
    /// Where made-up numbers are refused, a portal's test people log in to the sandbox and nowhere else, and
    /// citizens everywhere but there.
    test_people_open_the_sandbox_alone,
    |backend| {
        let provider = TestProvider::start_with(backend, |c| c.accept_synthetic = false).await;
        let [system, ..] = officers(&provider).await;
        let citizen = citizen(&provider).await;
        let portal = Portal::applied(&provider, &fields_with(&[("unit_code", UNIT)])).await;
        assert_eq!(portal.step(&provider, "tester", &[]).await.status, 409, "no sandbox yet");
        portal.officer(&provider, &system, "approve").await;
        let page = portal.step(&provider, "tester", &[]).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let password = marked(&page, "tester-password").unwrap();
        let tester = Person {
            id_number: marked(&page, "tester-number").unwrap(),
            password: Some(password.clone()),
            ..citizen.clone()
        };
        let later = portal.page(&provider).await;
        assert!(later.body.contains(&tester.id_number) && !later.body.contains(&password));

        let party = portal.relying_party(&provider).await;
        let landing = party.log_in(&Browser::new(), &tester, &[]).await;
        assert_eq!(party.redeem(landing.code()).await.status, 200);
        let landing = party.log_in(&Browser::new(), &citizen, &[]).await;
        assert_eq!(landing.error(), "access_denied");
        let web1 = RelyingParty::new(&provider, "web1");
        assert_eq!(web1.log_in(&Browser::new(), &tester, &[]).await.error(), "access_denied");
        assert!(web1.log_in(&Browser::new(), &citizen, &[]).await.get("code").is_some());
        for _ in 0..4 {
            assert_eq!(portal.step(&provider, "tester", &[]).await.status, 200);
        }
        assert_eq!(portal.step(&provider, "tester", &[]).await.status, 429, "five are enough");
    }
);

async fn upload(provider: &TestProvider, portal: &Portal, parts: &[(&str, &[u8])]) -> Page {
    let csrf = portal.browser.get(&provider.url("/onboarding")).await.csrf();
    let parts: Vec<_> =
        [("csrf", csrf.as_bytes())].into_iter().chain(parts.iter().copied()).collect();
    portal.upload(provider, &[], &parts).await
}

/// A picture of this width and height.
pub fn picture(side: u32) -> Vec<u8> {
    let mut written = Vec::new();
    let mut encoder = png::Encoder::new(&mut written, side, side);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&vec![7; usize::try_from(side * side * 3).unwrap()]).unwrap();
    writer.finish().unwrap();
    written
}

on_both!(
    /// a logo is a picture and nothing else; it stands on the consent page, and stays as it was approved.
    a_logo_is_a_picture_and_stays_as_it_was_approved,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let tester = tester(&provider).await;
        let portal = Portal::new(&provider).await;
        let whole = picture(64);
        assert_eq!(upload(&provider, &portal, &[("logo", &whole)]).await.status, 409, "no client");
        portal.officer(&provider, &system, "approve").await;
        let evil = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>";
        for wrong in [&b""[..], evil, &whole[..40], &picture(16), &vec![0; 65 * 1024]] {
            let page = upload(&provider, &portal, &[("logo", wrong)]).await;
            assert!(page.status == 400 && page.has("logo-error"), "{}", page.body);
        }
        let huge = upload(&provider, &portal, &[("logo", &vec![0; 100_000])]).await;
        assert!(matches!(huge.status, 400 | 413), "{}", huge.status);
        let foreign = [("logo", &*whole), ("sandbox", b"0")];
        assert_eq!(upload(&provider, &portal, &foreign).await.status, 400);
        let twice = [("logo", &*whole), ("logo", &*whole)];
        assert_eq!(upload(&provider, &portal, &twice).await.status, 400);
        assert_eq!(upload(&provider, &portal, &[("logo", &whole)]).await.status, 303);

        let party = portal.relying_party(&provider).await;
        let browser = Browser::new();
        let page = browser.follow(browser.get(&party.authorize(&[])).await).await;
        let fields = [("identifier", &*tester.id_number), ("password", tester.password())];
        let consent = browser.follow(browser.submit(&page, &fields).await).await;
        let source = consent.body.split("src=\"").find(|rest| rest.starts_with("&#x2f;logo")).unwrap();
        let source = source.split('"').next().unwrap().replace("&#x2f;", "/");
        let served = Browser::new().get(&provider.url(&source)).await;
        assert_eq!((served.status, served.header("content-type")), (200, "image/png"));
        assert_eq!(served.header("x-content-type-options"), "nosniff");
        assert!(served.header("content-security-policy").ends_with("; sandbox"));
        assert!(served.header("content-disposition").starts_with("attachment"));
        assert!(served.header("cache-control").contains("immutable"));
        assert!(served.set_cookies().is_empty());
        let client = source.rsplit_once('/').unwrap().0;
        for digest in ["", "0", "%00", "%ff", "..%2f..", "'"] {
            let url = provider.url(&format!("{client}/{digest}"));
            let page = Browser::new().get(&url).await;
            assert!(matches!(page.status, 400 | 404), "A-60, A-63: {digest}: {}", page.status);
        }

        portal.show_all(&provider, &tester).await;
        portal.step(&provider, "live", &[]).await;
        portal.officer(&provider, &system, "go-live").await;
        crate::support::console::decide(&provider, &security, "approve").await;
        let late = upload(&provider, &portal, &[("logo", &picture(100))]).await;
        assert_eq!(late.status, 409, "what two officers saw stays");
    }
);

/// A portal that accepts logout tokens, and how many came.
async fn listener() -> (String, Arc<Mutex<usize>>) {
    use tokio::io::AsyncReadExt;
    use tokio::io::AsyncWriteExt;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = vec![0; 16 * 1024];
            let _ = stream.read(&mut bytes).await;
            *counted.lock().unwrap() += 1;
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                .await;
        }
    });
    (format!("http://127.0.0.1:{}/logout", address.port()), count)
}

on_both_backends!(
    /// Back-channel logout is looked at where a portal registered for it, and counts when it was answered.
    a_logout_token_that_was_answered_counts,
    |backend| {
        let (uri, count) = listener().await;
        let allowed = uri.trim_start_matches("http://").trim_end_matches("/logout").to_owned();
        let provider = TestProvider::start_with(backend, |config| {
            config.outbound.allow = vec![allowed];
        })
        .await;
        let [system, ..] = officers(&provider).await;
        let tester = tester(&provider).await;
        let fields = fields_with(&[("backchannel_logout_uri", &uri)]);
        let portal = Portal::applied(&provider, &fields).await;
        portal.officer(&provider, &system, "approve").await;
        portal.show_all(&provider, &tester).await;
        for _ in 0..50 {
            backchannel_logout::deliver_due(&provider.provider, || false).await.unwrap();
            if *count.lock().unwrap() > 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        // Whoever delivered it notes so once it is answered.
        let mut page = portal.page(&provider).await;
        for _ in 0..50 {
            if page.body.matches("<li class=\"check check-green").count() == 9 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            page = portal.page(&provider).await;
        }
        let lines: Vec<_> = page.body.split("<li class=\"check check-").skip(1).collect();
        assert_eq!(lines.len(), 9);
        assert!(lines.iter().all(|line| line.starts_with("green")), "{}", page.body);
    }
);
