//! Addresses and codes in an application, to the letter (security.md ): what an address must not be
//! is refused in every field for addresses, and a unit's code is one code however it is spelled.

use crate::on_both;
use crate::support::TestProvider;
use crate::support::portal::Portal;
use crate::support::portal::apply;
use crate::support::portal::fields_with;

/// An application whose field has this value is refused for that field alone, and nothing is kept.
async fn assert_refused(provider: &TestProvider, field: &'static str, value: &str) {
    let page = apply(provider, &fields_with(&[(field, value)])).await;
    assert_eq!(page.status, 400, "{field}: {value:.120}");
    assert!(page.has(&format!("{field}-error")), "{field}: {value:.120}: {}", page.body);
    assert_eq!(page.body.matches("class=\"field-error\"").count(), 1, "{field}: {value:.120}");
    assert_eq!(provider.rows(&["application"]).await, [0]);
}

on_both!(
    /// what runs as a script, reaches a file, matches more than one address, or goes beyond the limits.
    an_address_that_is_none_is_refused_in_every_field,
    |provider| {
        let long = |length: usize| {
            let start = "https://rp.test/";
            format!("{start}{}", "a".repeat(length - start.len()))
        };
        let wrong = [
            "vbscript:x".to_owned(),
            "javascript:alert(1)".to_owned(),
            "JaVaScRiPt:alert(1)".to_owned(),
            "\tjavascript:alert(1)".to_owned(),
            "java\tscript:alert(1)".to_owned(),
            "https://rp.test/c\tb".to_owned(),
            "data:text/html,x".to_owned(),
            "file:///x".to_owned(),
            "https:///cb".to_owned(),
            "https:rp.test/cb".to_owned(),
            "https:/rp.test/cb".to_owned(),
            "//rp.test/cb".to_owned(),
            "https://rp.test/*".to_owned(),
            "https://*.rp.test/cb".to_owned(),
            "https://rp.test\\@evil.example/cb".to_owned(),
            "https://rp.test/cb#frag".to_owned(),
            "http://rp.test/cb".to_owned(),
            long(2_049),
        ];
        for field in ["redirect_uris", "post_logout_redirect_uris", "backchannel_logout_uri"] {
            for value in &wrong {
                assert_refused(&provider, field, value).await;
                if field != "backchannel_logout_uri" {
                    let behind = format!("https://rp.test/cb\n{value}");
                    assert_refused(&provider, field, &behind).await;
                }
            }
            let many: Vec<String> = (0..21).map(|n| format!("https://rp.test/{n}")).collect();
            assert_refused(&provider, field, &many.join("\n")).await;
        }

        let twenty: Vec<String> = (0..20).map(|n| format!("https://rp.test/{n}")).collect();
        let (twenty, longest) = (twenty.join("\n"), long(2_048));
        let right = [
            ("redirect_uris", &*twenty),
            ("post_logout_redirect_uris", &twenty),
            ("backchannel_logout_uri", &longest),
        ];
        let page = apply(&provider, &fields_with(&right)).await;
        assert_eq!(page.status, 200, "{}", page.body);
    }
);

/// The code printed as the example in GB 32100.
const CODE: &str = "91350100M000100Y43";

on_both!(
    /// any spelling of a code is that code, as it is kept and shown.
    every_spelling_of_a_code_is_one_code,
    |provider| {
        let wide: String =
            CODE.chars().map(|c| char::from_u32(u32::from(c) + 0xFEE0).unwrap()).collect();
        for spelling in [
            CODE.to_owned(),
            CODE.to_lowercase(),
            wide.clone(),
            wide.to_lowercase(),
            format!("  {CODE}\u{3000}"),
            "91 350100 M000100Y4 3".to_owned(),
            "91-350100-M000100Y4-3".to_owned(),
            "9135\u{3000}0100 m000 100y43".to_owned(),
        ] {
            let portal = Portal::applied(&provider, &fields_with(&[("unit_code", &spelling)])).await;
            let page = portal.page(&provider).await;
            assert!(page.body.contains(CODE), "{spelling:?}: {}", page.body);
            // So many applications an hour come from one place.
            provider.wait_seconds(3_601);
        }
    }
);

on_both!(
    /// letters that no code has are refused, not taken for their look-alikes; so are a wrong check
    /// character and another length.
    what_is_no_code_is_refused,
    |provider| {
        let last = |letter: &str| format!("{}{letter}", &CODE[..17]);
        let wrong = [
            CODE.replacen('0', "O", 1),
            CODE.replacen('1', "I", 1),
            CODE.replacen('5', "S", 1),
            CODE.replacen('3', "Z", 1),
            CODE.replacen('Y', "V", 1),
            CODE.replacen('0', "o", 1),
            CODE.replacen('M', "М", 1),
            CODE.replacen('1', "①", 1),
            CODE.replacen('1', "١", 1),
            CODE.replacen('0', "0\u{200B}", 1),
            last("4"),
            last("X"),
            CODE[..17].to_owned(),
            format!("{CODE}0"),
            "0".repeat(18),
        ];
        for code in wrong {
            assert_refused(&provider, "unit_code", &code).await;
        }
    }
);
