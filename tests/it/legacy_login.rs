//! Old numbers at the login (domain.md 2.6): who names his company by one comes to the portal for it.

use crate::legacy_codes::NUMBERS;
use crate::legacy_codes::agree;
use crate::legacy_codes::batch;
use crate::legacy_codes::row;
use crate::on_both;
use crate::support::RelyingParty;
use crate::support::console::officers;
use crate::support::organisation;
use crate::support::relying_party::claims;

on_both!(
    /// domain.md 2.6: who names his company at the login by an old number comes to the portal for it, under its
    /// credit code; once the overlap is over he is told that he represents nobody so called.
    an_old_number_is_good_at_the_enterprise_tab,
    |provider| {
        let (uscc, _, (agent, _)) = organisation::with_agent(&provider, 9_210).await;
        let web1 = RelyingParty::new(&provider, "web1");
        organisation::takes_all(&provider, "web1").await;
        let log_in =
            async |code: &str| organisation::at_enterprise_tab(&provider, &web1, (&agent, code)).await;
        let body = &uscc[8..17];
        let tax = format!("140100{body}");
        let rows = [
            row("registration_number", NUMBERS[0], 9_210),
            row("organisation_code", body, 9_210),
            row("tax_number", &tax, 9_210),
            row("certificate", "云社证字〔2008〕第0123号", 9_210),
        ];
        for code in [NUMBERS[0], body, &tax] {
            let before = log_in(code).await;
            assert!(before.body.contains("没有代表所填单位"), "{code}: {}", before.body);
        }

        let [system, security, _] = officers(&provider).await;
        let (id, report) = batch(&provider, &rows.concat()).await;
        assert_eq!(report.valid, 4, "{report:?}");
        agree(&provider, [&system, &security], &format!("/console/codes/{id}/confirm")).await;
        let wide = |text: &str| -> String {
            text.chars().map(|c| char::from_u32(u32::from(c) + 0xFEE0).unwrap()).collect()
        };
        for spelling in [
            " 149999 00000 0019 ".to_owned(),
            wide(NUMBERS[0]),
            body.to_lowercase(),
            format!("{}-{}", &body[..8], &body[8..]),
            wide(&body.to_lowercase()),
            format!("\u{3000}140100 {}\t", body.to_lowercase()),
            wide(&tax),
            "云社证字(2008)第0123号".to_owned(),
        ] {
            let landed = log_in(&spelling).await;
            let answer = organisation::tokens(&web1, &landed).await;
            let org = &claims(answer["id_token"].as_str().unwrap())["org"];
            assert_eq!(org["uscc"], uscc, "{spelling:?}");
        }
        for wrong in [
            NUMBERS[0].replacen('0', "O", 1),
            format!("{}0", NUMBERS[0]),
            body[..8].to_owned(),
            body.replacen('Y', "У", 1),
            tax.replacen('0', "О", 1),
            tax[1..].to_owned(),
        ] {
            let page = log_in(&wrong).await;
            assert!(page.body.contains("没有代表所填单位"), "{wrong:?}: {}", page.body);
        }
    }
);
