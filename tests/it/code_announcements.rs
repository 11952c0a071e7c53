//! New codes wait for two officers before they are published (decision 0021): what a file may say, in which order it is
//! published, and what happens between files that say different things.

use yihao::codes::CodesError;
use yihao::domain::synthetic;

use crate::code_publication::Office;
use crate::code_publication::get;
use crate::code_publication::handed_in;
use crate::code_publication::publish;
use crate::code_publication::row;
use crate::code_publication::verified;
use crate::on_both;
use crate::support::console::first_act;
use crate::support::console::send;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// What is published of a code after its withdrawal.
const LATE: &str = "SELECT COUNT(*) FROM code_announcement gone
                      JOIN code_announcement late ON late.uscc_digest = gone.uscc_digest
                     WHERE gone.status = 'withdrawn' AND late.status = 'changed'
                       AND (late.received_at, late.id) > (gone.received_at, gone.id)";

on_both!(
    /// Two files at once: nothing is kept of a code after its withdrawal, whichever file was read first, and whatever
    /// was kept is published before it.
    what_is_withdrawn_by_one_file_is_not_changed_by_another_at_the_same_time,
    |provider| {
        let office = Office::open(&provider).await;
        let seeds = 1..=12_u64;
        office.told(&seeds.clone().map(|seed| row(seed, "")).collect::<String>()).await;
        for seed in seeds {
            let (change, withdrawal) = (row(seed, "变更"), row(seed, "撤销"));
            let both = tokio::join!(handed_in(&provider, &change), handed_in(&provider, &withdrawal));
            for batch in [both.0.ok(), both.1.ok()].into_iter().flatten() {
                assert_eq!(office.decide(batch, "confirm").await, 303);
            }
        }
        assert_eq!(provider.count(LATE).await, 0);
        let gone = "code_announcement WHERE status = 'withdrawn'";
        assert_eq!(provider.rows(&[gone]).await, [12]);
    }
);

on_both!(
    /// What was withdrawn while a change of it waited is not changed any more: whoever asks is told, and so is who
    /// approves what was asked for before.
    a_change_that_waited_too_long_is_not_published,
    |provider| {
        let office = Office::open(&provider).await;
        let [system, security, _] = &office.officers;
        let why = [("reason", "来函核对")];
        office.told(&[row(1, ""), row(2, "")].concat()).await;
        let changed = handed_in(&provider, &[row(1, "变更"), row(2, "变更")].concat()).await.unwrap();
        let path = format!("/console/codes/{changed}/confirm");
        assert_eq!(send(&provider, system, &path, &why).await.status, 303);
        let asked = first_act(&system.browser.get(&provider.url("/console/acts")).await).unwrap();
        let withdrawn = handed_in(&provider, &row(2, "撤销")).await.unwrap();
        let again = handed_in(&provider, &row(2, "变更")).await.unwrap_err();
        assert!(again.to_string().contains("E_ANNOUNCEMENT_WAITS"), "{again}");
        let confirm = format!("/console/codes/{withdrawn}/confirm");
        assert_eq!(send(&provider, system, &confirm, &why).await.status, 303);
        let acts = security.browser.get(&provider.url("/console/acts")).await;
        let every = acts.body.split("action=\"/console/acts/").skip(1);
        let other = every.filter_map(|rest| rest.split('"').next()).find(|id| *id != asked).unwrap();
        let approve = [("decision", "approve")];
        let other = format!("/console/acts/{other}");
        assert_eq!(send(&provider, security, &other, &approve).await.status, 303);

        let late = send(&provider, security, &format!("/console/acts/{asked}"), &approve).await;

        assert_eq!(late.status, 409, "{}", late.body);
        let again = send(&provider, system, &path, &why).await;
        assert_eq!(again.status, 409, "{}", again.body);
        assert!(again.body.contains("请申请撤回本批次"), "{}", again.body);
        assert_eq!(publish(&provider).await, Some(1));
        let codes = verified(&provider, 1).await["codes"].clone();
        let said: Vec<_> = codes.as_array().unwrap().iter().map(|code| &code["status"]).collect();
        assert_eq!(said, ["issued", "issued", "withdrawn"]);
    }
);

on_both!(
    /// Four eyes: nothing is published before two officers say so; what they take back can be said again, and what
    /// they confirmed stays, whatever the clock does.
    new_codes_wait_for_two_officers,
    |provider| {
        let office = Office::open(&provider).await;
        let first = handed_in(&provider, &row(1, "")).await.unwrap();
        assert_eq!(publish(&provider).await, None, "nobody confirmed it");
        for (rows, reason) in [
            (row(1, ""), "E_ANNOUNCED"),
            (row(1, "撤销"), "E_ANNOUNCEMENT_WAITS"),
            (row(1, "变更"), "E_ANNOUNCEMENT_WAITS"),
        ] {
            let error = handed_in(&provider, &rows).await.unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
        assert_eq!(office.decide(first, "roll-back").await, 303);
        assert_eq!(provider.rows(&["code_announcement"]).await, [0]);
        assert_eq!(publish(&provider).await, None);
        let again = handed_in(&provider, &row(1, "")).await.unwrap();
        assert_eq!(office.decide(again, "confirm").await, 303);
        // The clock goes back: what is confirmed later is published later, whatever was handed in first.
        let named = |name: &str| row(1, "变更").replace("样例企业1", name);
        let first = handed_in(&provider, &named("先交的")).await.unwrap();
        let second = handed_in(&provider, &named("后交的")).await.unwrap();
        assert_eq!(office.decide(second, "confirm").await, 303);
        provider.clock.advance(-DAY / 24);
        assert_eq!(office.decide(first, "confirm").await, 303);
        assert_eq!(publish(&provider).await, Some(1), "what was confirmed, all of it");
        let codes = verified(&provider, 1).await["codes"].clone();
        let said: Vec<_> = codes.as_array().unwrap().iter().map(|code| &code["name"]).collect();
        assert_eq!(said, ["样例企业1", "后交的", "先交的"]);
        let (path, why) = (format!("/console/codes/{again}"), [("reason", "来函有误")]);
        for action in ["roll-back", "confirm"] {
            let late = send(&provider, &office.officers[0], &format!("{path}/{action}"), &why).await;
            assert_eq!(late.status, 409, "{action}: {}", late.body);
        }
        let page = office.officers[0].browser.get(&provider.url(&path)).await;
        assert!(!page.body.contains("id=\"roll-back-new-codes\""), "{}", page.body);
        assert!(page.body.contains(synthetic::uscc(1).as_str()), "{}", page.body);
    }
);

on_both!(
    /// As many as a file may hold, in one transaction, confirmed in another one; and one more.
    a_file_holds_twenty_thousand_codes,
    |provider| {
        let office = Office::open(&provider).await;
        let rows: String = (1..=20_000).map(|seed| row(seed, "")).collect();
        let more = handed_in(&provider, &[rows.clone(), row(20_001, "")].concat()).await;
        assert!(matches!(more, Err(CodesError::TooMany(20_000))), "{more:?}");
        office.told(&rows).await;
        assert_eq!(publish(&provider).await, Some(1));
        assert_eq!(get(&provider, "/codes/feed.json").await.json()["batches"][0]["codes"], 20_000);
    }
);

on_both!(
    /// An upgrade, node by node: a node from before batches of new codes publishes nothing that waits for two officers, and
    /// what comes by its terminal counts.
    a_node_from_before_publishes_nothing_that_waits,
    |provider| {
        handed_in(&provider, &row(1, "")).await.unwrap();
        let seen = "SELECT COUNT(*) FROM code_announcement
                     WHERE publication IS NULL AND received_at < 4102444800000";
        assert_eq!(provider.count(seen).await, 0);
        let office = Office::open(&provider).await;
        office.told(&row(2, "")).await;
        provider.execute("UPDATE code_announcement SET batch_id = NULL WHERE received_at < 4102444800000").await;
        office.told(&row(2, "变更")).await;
        assert_eq!(publish(&provider).await, Some(1));
        assert_eq!(verified(&provider, 1).await["codes"].as_array().unwrap().len(), 2);
    }
);

on_both!(
    /// A code is given out once and withdrawn once; a file with one wrong row is not kept at all.
    what_cannot_be_published_is_refused_with_its_line,
    |provider| {
        let office = Office::open(&provider).await;
        office.told(&row(1, "")).await;
        for (rows, line, reason) in [
            (row(1, ""), 2, "E_ANNOUNCED"),
            ([row(5, ""), row(5, "")].concat(), 3, "E_DUPLICATE"),
            ([row(5, ""), row(6, "withdrawn")].concat(), 3, "E_NOT_ANNOUNCED"),
            ([row(1, "撤销"), row(1, "变更")].concat(), 3, "E_WITHDRAWN"),
            ([row(5, ""), row(5, "撤销"), row(5, "变更")].concat(), 4, "E_WITHDRAWN"),
            ([row(5, ""), row(6, "erased")].concat(), 3, "E_STATUS"),
            ([row(5, ""), "91140100PDY00001XM,样例,2026-11-26,\n".to_owned()].concat(), 3, "E_USCC_CHECK"),
            ([row(5, ""), format!("{},样例,,\n", synthetic::uscc(6))].concat(), 3, "E_DATE"),
            ([row(5, ""), format!("{},,2026-11-26,\n", synthetic::uscc(6))].concat(), 3, "E_NAME"),
        ] {
            let error = handed_in(&provider, &rows).await.unwrap_err();
            let expected = format!("line {line}: {reason}; nothing of the file was kept");
            assert_eq!(error.to_string(), expected);
        }
        assert_eq!(provider.count("SELECT COUNT(*) FROM code_announcement").await, 1);
        office.told(&[row(1, "withdrawn"), row(5, "")].concat()).await;
        let error = handed_in(&provider, &row(1, "changed")).await.unwrap_err();
        assert!(error.to_string().contains("E_WITHDRAWN"), "{error}");
    }
);
