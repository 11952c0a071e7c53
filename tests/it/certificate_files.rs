//! A unit's certificate and signature as files (RFC 7578): what tools hand over is taken as it is, everything else is
//! told in words, and what was wrong with a file costs nobody a new signature.

use crate::certificates::Folder;
use crate::certificates::challenge;
use crate::certificates::send_parts;
use crate::certificates::start;
use crate::on_both_backends;
use crate::support::Browser;
use crate::support::organisation::claim;
use crate::support::organisation::entity;
use crate::support::organisation::logged_in;
use crate::support::unit_certificate::ROOT;
use crate::support::unit_certificate::authority;
use crate::support::unit_certificate::base64;
use crate::support::unit_certificate::issued;
use crate::support::unit_certificate::pem;
use crate::support::unit_certificate::self_issued;
use crate::support::unit_certificate::signature;
use crate::support::unit_certificate::unit;

const PATH: &str = "/account/mandates/certificate";

/// A field of the form, and what is in it.
type Part<'a> = (&'a str, &'a [u8]);

on_both_backends!(
    /// Certificate and signature each as DER, PEM, base64 or 64 bytes, with the mark some editors write before a text;
    /// a file that was not chosen comes along empty.
    files_are_taken_as_tools_write_them,
    |backend| {
        let now = yihao::clock::Clock::system().now().seconds();
        let root = self_issued(&authority(ROOT, now));
        let folder = Folder::new(&[("root.cer", &root.certificate)]);
        let provider = start(backend, &folder).await;
        let (boss, boss_browser) = logged_in(&provider, 9_641).await;
        let (_, browser) = logged_in(&provider, 9_642).await;
        for (number, seed) in (9_641..9_645).enumerate() {
            let known = entity(seed, &boss);
            provider.add_organisation(&known).await;
            let uscc = known.uscc.as_str();
            let holder = issued(&unit(&[("2.5.4.97", uscc)], now), (ROOT, &root.key));
            let der = holder.certificate.clone();
            let text = pem("CERTIFICATE", &[&der]);
            let (sealed, message) = challenge(&provider, &browser).await;
            let signed = signature(&holder.key, message.as_bytes());
            let certificate = [
                der.clone(),
                text.clone().into_bytes(),
                format!("\u{feff}{text}").into_bytes(),
                base64(&der).into_bytes(),
            ];
            let signature = [
                signed.clone(),
                holder.key.sign(message.as_bytes()).to_vec(),
                format!("\u{feff}{}\r\n", base64(&signed)).into_bytes(),
                base64(&signed).into_bytes(),
            ];
            let parts = [
                ("challenge", sealed.as_bytes()),
                ("uscc", uscc.as_bytes()),
                ("certificate", b"\r\n".as_slice()),
                ("certificate_file", &*certificate[number]),
                ("signature", b"".as_slice()),
                ("signature_file", &*signature[number]),
            ];
            let done = send_parts(&provider, &browser, &parts).await;
            assert_eq!(done.status, 303, "{number}: {}", done.body);
            assert_eq!(done.header("location"), "/account/mandates?done=claimed");
            assert_eq!(claim(&provider, &boss_browser, uscc).await.status, 303);
        }
    }
);

on_both_backends!(
    /// Nothing, both, too much: told at the form, and the challenge that was signed can still be answered.
    what_is_wrong_with_a_form_costs_no_signature,
    |backend| {
        let now = yihao::clock::Clock::system().now().seconds();
        let root = self_issued(&authority(ROOT, now));
        let folder = Folder::new(&[("root.cer", &root.certificate)]);
        let provider = start(backend, &folder).await;
        let (boss, browser) = logged_in(&provider, 9_651).await;
        let known = entity(9_651, &boss);
        provider.add_organisation(&known).await;
        let uscc = known.uscc.as_str();
        let holder = issued(&unit(&[("2.5.4.97", uscc)], now), (ROOT, &root.key));
        let (sealed, message) = challenge(&provider, &browser).await;
        let signed = base64(&signature(&holder.key, message.as_bytes()));
        let (certificate, signed) = (holder.certificate.as_slice(), signed.as_bytes());
        let (large, huge) = (vec![b'A'; 33 * 1024], vec![0; 4 * 1024 * 1024]);
        let table: [(&[Part], &str); 7] = [
            (&[("signature", signed)], "请上传或粘贴签名证书"),
            (&[("certificate_file", certificate)], "请上传或粘贴签名结果"),
            (
                &[("certificate_file", certificate), ("certificate", b"x"), ("signature", signed)],
                "签名证书既上传了文件",
            ),
            (
                &[("certificate_file", certificate), ("signature_file", signed), ("signature", signed)],
                "签名结果既上传了文件",
            ),
            (&[("certificate_file", &large), ("signature", signed)], "证书不会超过32"),
            (&[("certificate_file", &huge), ("signature", signed)], "证书不会超过32"),
            (&[("certificate_file", certificate), ("signature_file", &huge)], "签名结果不会超过32"),
        ];
        for (parts, words) in table {
            let own = [("challenge", sealed.as_bytes()), ("uscc", uscc.as_bytes())];
            let parts: Vec<_> = own.iter().chain(parts).copied().collect();
            let page = send_parts(&provider, &browser, &parts).await;
            assert!(page.status == 400 && page.body.contains(words), "{words}: {}", page.body);
            assert!(page.body.contains(&sealed), "{words}: the challenge stays");
            assert!(page.body.contains(uscc), "{words}: the code stays");
            page.assert_headers();
            let links = page.body.replace("&#x2f;", "/").replace("%2F", "/");
            assert!(links.contains("return=/account/mandates\""), "the language leads back: {links}");
        }
        assert_eq!(provider.rows(&["organisation"]).await, [0]);
        let parts = [
            ("challenge", sealed.as_bytes()),
            ("uscc", uscc.as_bytes()),
            ("certificate_file", certificate),
            ("signature", signed),
        ];
        let done = send_parts(&provider, &browser, &parts).await;
        assert_eq!(done.status, 303, "{}", done.body);
    }
);

on_both_backends!(
    /// Files of another kind are no certificates; a private key is not kept, and its owner hears what that means.
    /// What no page of ours sends is refused: other parts, parts twice, broken bodies, a body without end.
    what_is_no_certificate_is_refused_in_words,
    |backend| {
        let now = yihao::clock::Clock::system().now().seconds();
        let root = self_issued(&authority(ROOT, now));
        let folder = Folder::new(&[("root.cer", &root.certificate)]);
        let provider = start(backend, &folder).await;
        let (boss, browser) = logged_in(&provider, 9_661).await;
        let known = entity(9_661, &boss);
        provider.add_organisation(&known).await;
        let uscc = known.uscc.as_str();
        let png = crate::onboarding_sandbox::picture(64);
        let key = format!("{}{}", pem("CERTIFICATE", &[&root.certificate]), pem("PRIVATE KEY", &[b"k"]));
        for (file, words) in [
            (png.as_slice(), "无法读取证书"),
            (b"\x30\x82\x03\x10\x02\x01\x03PKCS#12", "无法读取证书"),
            (b"\xff\xfe\0-\0-\0", "无法读取证书"),
            (key.as_bytes(), "含有私钥"),
        ] {
            let (sealed, _) = challenge(&provider, &browser).await;
            let parts = [
                ("challenge", sealed.as_bytes()),
                ("uscc", uscc.as_bytes()),
                ("certificate_file", file),
                ("signature", b"AA"),
            ];
            let page = send_parts(&provider, &browser, &parts).await;
            assert!(page.status == 400 && page.body.contains(words), "{words}: {}", page.body);
        }
        for parts in [
            &[("uscc", b"x".as_slice()), ("extra", b"x")][..],
            &[("uscc", b"x"), ("uscc", b"x")],
            &[("certificate", b"x"), ("signature", b"x"), ("signature", b"x")],
        ] {
            let page = send_parts(&provider, &browser, parts).await;
            assert_eq!(page.status, 400, "{parts:?}: {}", page.body);
            page.assert_headers();
        }
        let url = provider.url(PATH);
        let multipart = [("content-type", "multipart/form-data; boundary=x")];
        let plain = [("content-type", "application/x-www-form-urlencoded")];
        for (headers, body) in [(&multipart, b"--x".to_vec()), (&plain, b"uscc=x".to_vec())] {
            let page = browser.post_bytes(&url, headers, body).await;
            assert!(matches!(page.status, 400 | 403), "{}", page.status);
            page.assert_headers();
        }
        let csrf = browser.get(&provider.url("/account/password")).await.csrf();
        let foreign = Browser::new().get(&provider.url("/login")).await.csrf();
        for (headers, token) in [
            (&[][..], &*foreign),
            (&[("origin", "https://evil.example")], &*csrf),
            (&[("sec-fetch-site", "cross-site")], &*csrf),
        ] {
            let parts = [("csrf", token.as_bytes()), ("uscc", uscc.as_bytes())];
            let page = browser.post_parts(&url, headers, &parts).await;
            assert_eq!(page.status, 403, "{headers:?}: {}", page.body);
        }
        assert_eq!(provider.rows(&["organisation"]).await, [0]);
    }
);
