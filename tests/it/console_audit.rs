//! Searching the audit chain and taking records along (security.md; CSV injection), and
//! signing keys replaced by two officers.

use serde_json::Value;

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::console::Operator;
use crate::support::console::decide;
use crate::support::console::first_act;
use crate::support::console::officers;
use crate::support::console::send;
use crate::support::login::log_in;
use crate::support::login::try_password;

async fn look(provider: &TestProvider, officer: &Operator, query: &str) -> Page {
    officer.browser.get(&provider.url(&format!("/console/audit{query}"))).await
}

/// The kinds on a page of records, newest first.
fn kinds(page: &Page) -> Vec<&str> {
    assert_eq!(page.status, 200, "{}", page.body);
    let marked = page.body.split("<code class=\"under\">").skip(1);
    let words = marked.map(|rest| rest.split('<').next().unwrap());
    words.filter(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')).collect()
}

/// Chains what was written, as the node does by itself on PostgreSQL.
async fn seal(provider: &TestProvider) {
    yihao::audit::chain::seal(&provider.provider).await.unwrap();
}

/// The lines of an export.
async fn export(provider: &TestProvider, officer: &Operator, fields: &[(&str, &str)]) -> Page {
    seal(provider).await;
    send(provider, officer, "/console/audit/export", fields).await
}

on_both!(
    /// Each filter finds its own and nothing else; a number is typed into a form and stands in no address.
    records_are_found_by_what_they_are_about,
    |provider| {
        let [system, security, audit] = officers(&provider).await;
        let (one, other) = (Person::synthetic(8601), Person::synthetic(8602));
        provider.add_person(&one).await;
        provider.add_person(&other).await;
        let web1 = RelyingParty::new(&provider, "web1");
        web1.log_in(&Browser::new(), &one, &[]).await;
        log_in(&provider, &Browser::new(), &other).await;
        send(&provider, &security, "/console/people", &[("identifier", &one.id_number)]).await;
        seal(&provider).await;

        let asked = [("identifier", one.id_number.as_str())];
        let found = send(&provider, &audit, "/console/audit", &asked).await;

        let account = provider.account(&one).await.id;
        let path = format!("/console/audit?account={account}");
        assert_eq!((found.status, found.header("location")), (303, &*path));
        seal(&provider).await;
        let page = look(&provider, &audit, &format!("?account={account}")).await;
        assert_eq!(kinds(&page)[0], "person_sought", "looking up is recorded");
        assert!(kinds(&page).contains(&"login") && !page.body.contains(&one.id_number));
        let both = kinds(&look(&provider, &audit, "?kind=login").await).len();
        assert_eq!(both, 2);
        let page = look(&provider, &audit, &format!("?kind=login&account={account}")).await;
        assert_eq!(kinds(&page), ["login"]);
        let of_client = look(&provider, &audit, "?client=web1").await;
        assert!(kinds(&of_client).contains(&"authorization_code_issued"));
        assert!(!kinds(&of_client).contains(&"login"));
        let id = provider.provider.store.find_operator_by_login_name("security").await.unwrap();
        let id = id.unwrap().id;
        let by = look(&provider, &audit, &format!("?operator={id}&kind=person_sought")).await;
        assert_eq!(kinds(&by).len(), 1, "the other one was the audit officer's");
        let nobody = [("identifier", "11010519491231002X")];
        assert_eq!(send(&provider, &audit, "/console/audit", &nobody).await.status, 404);
        let nothing = [("identifier", "x")];
        assert_eq!(send(&provider, &audit, "/console/audit", &nothing).await.status, 400);
        for operator in [&system, &security] {
            assert_eq!(send(&provider, operator, "/console/audit", &asked).await.status, 403);
        }
    }
);

on_both!(
    /// Times are Beijing's, the end is not within, and pages follow each other without a gap.
    records_are_found_by_time_and_page_by_page,
    |provider| {
        let [_, _, audit] = officers(&provider).await;
        for _ in 0..30 {
            try_password(&provider, &Browser::new(), ("x", "y")).await;
        }
        provider.wait_seconds(2 * 3600);
        crate::support::console::log_in(&provider, &audit).await;
        for _ in 0..65 {
            try_password(&provider, &Browser::new(), ("x", "y")).await;
        }
        seal(&provider).await;
        let hour_ago = provider.clock.now().minus(std::time::Duration::from_hours(1));
        let mark = hour_ago.to_beijing().replace(' ', "T");

        let (mut seen, mut pages) = (0, 0);
        let mut next = Some(format!("?kind=login&outcome=refused&from={mark}"));
        while let Some(query) = next {
            let page = look(&provider, &audit, &query).await;
            seen += kinds(&page).len();
            pages += 1;
            let link = page.body.split("id=\"older\" rel=\"next\" href=\"").nth(1);
            let link = link.map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&"));
            let link = link.map(|link| link.replace("&#x2f;", "/"));
            next = link.map(|link| link.strip_prefix("/console/audit").unwrap().to_owned());
        }

        assert_eq!((seen, pages), (65, 2));
        let before = look(&provider, &audit, &format!("?kind=login&until={mark}")).await;
        assert_eq!(kinds(&before).len(), 30);
        let none = look(&provider, &audit, &format!("?from={mark}&until={mark}")).await;
        assert!(kinds(&none).is_empty());
    }
);

on_both!(
    /// what is no filter is refused or finds nothing, and no text reaches the database as anything else.
    hostile_filters_find_nothing,
    |provider| {
        let [_, _, audit] = officers(&provider).await;
        seal(&provider).await;
        for text in ["'", "%", "_", "%27%20or%201%3D1", ";--", "%5C", "%7B%22%24gt%22%3A%22%22%7D"] {
            for name in ["account", "client", "operator", "kind", "outcome", "from", "until", "below"] {
                let page = look(&provider, &audit, &format!("?{name}={text}")).await;
                assert!(matches!(page.status, 200 | 400), "{name}={text}: {}", page.status);
                let found = page.status == 200 && !kinds(&page).is_empty();
                assert!(!found, "{name}={text} found something: {:?}", kinds(&page));
            }
        }
        let long = "x".repeat(5_000);
        assert_eq!(look(&provider, &audit, &format!("?kind={long}")).await.status, 400);
    }
);

on_both!(
    /// an export is the audit officer's alone, is recorded, says where the chain stands and whether
    /// a record was changed, and carries nothing personal, not even what an operator wrote.
    records_are_taken_along_masked,
    |provider| {
        let [system, security, audit] = officers(&provider).await;
        let person = Person::synthetic(8603);
        provider.add_person(&person).await;
        log_in(&provider, &Browser::new(), &person).await;
        let account = provider.account(&person).await.id;
        let path = format!("/console/people/{account}/lock");
        let reason = format!("{} 报失 {}", person.name, person.phone);
        send(&provider, &security, &path, &[("reason", &reason)]).await;
        let by_account = account.to_string();

        let asked = [("format", "jsonl"), ("account", by_account.as_str())];
        let lines = export(&provider, &audit, &asked).await;

        assert_eq!((lines.status, lines.header("cache-control")), (200, "no-store"));
        assert!(lines.header("content-disposition").contains("attachment"));
        let rows: Vec<Value> =
            lines.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(rows[0]["chain_records"].as_i64().unwrap() > 3 && rows[0]["changed"] == 0);
        assert_eq!(rows[0]["exported"], rows.len() - 1);
        assert_eq!(rows[0]["continues_below"], Value::Null);
        assert!(rows.iter().any(|row| row["kind"] == "account_locked" && row["operator"] != ""));
        for row in &rows[1..] {
            assert_eq!((&row["intact"], &row["account"]), (&"yes".into(), &by_account.clone().into()));
        }
        let csv = export(&provider, &audit, &[("format", "csv")]).await;
        assert!(csv.header("content-type").starts_with("text/csv") && csv.status == 200);
        assert!(csv.body.lines().nth(1).unwrap().starts_with("\"sequence\",\"at\",\"kind\""));
        for line in csv.body.lines() {
            let cells = line.trim_matches('"').split("\",\"");
            assert!(!cells.clone().any(|cell| cell.starts_with(['=', '+', '-', '@'])), "{line}");
        }
        for told in [&lines.body, &csv.body] {
            for personal in [&person.name, &person.id_number, &person.phone, "报失", "127.0.0.1"] {
                assert!(!told.contains(personal), "{personal}");
            }
        }
        let seen = provider.audit(2).await;
        assert_eq!(seen, ["audit_exported done", "audit_exported done"]);
        for operator in [&system, &security] {
            assert_eq!(export(&provider, operator, &[("format", "csv")]).await.status, 403);
        }
        assert_eq!(export(&provider, &audit, &[("format", "xlsx")]).await.status, 400);

        provider.execute("UPDATE audit SET reason = 'nothing' WHERE kind = 'account_locked'").await;
        let lines = export(&provider, &audit, &asked).await;
        let state: Value = serde_json::from_str(lines.body.lines().next().unwrap()).unwrap();
        assert_eq!(state["changed"], 1, "a changed record shows");
    }
);

on_both!(
    /// keys are replaced when a second officer agrees, once, and never by who asked.
    signing_keys_are_replaced_by_two_officers,
    |provider| {
        let [system, security, audit] = officers(&provider).await;
        let keyring = &provider.provider.keyring;
        let current = || {
            let ring = keyring.ring();
            ring.signing_key(yihao::jose::Algorithm::Es256).unwrap().kid().to_owned()
        };
        let context = yihao::domain::request_context::RequestContext::internal("test");
        let inner = &provider.provider;
        let record = yihao::audit::key_record(&inner.vault, &inner.clock, &context);
        keyring.advance(&inner.store, false, inner.clock.now(), &record).await.unwrap();
        let before = current();
        let path = "/console/system/keys";
        assert_eq!(send(&provider, &security, path, &[("reason", "演练")]).await.status, 403);
        assert_eq!(send(&provider, &system, path, &[("reason", "")]).await.status, 400);
        assert_eq!(send(&provider, &system, path, &[("reason", "疑似泄露")]).await.status, 303);
        assert_eq!(decide(&provider, &system, "approve").await.status, 409, "not by who asked");
        assert_eq!(current(), before);
        let page = security.browser.get(&provider.url("/console/acts")).await;
        let act = format!("/console/acts/{}", first_act(&page).unwrap());
        assert_eq!(send(&provider, &audit, &act, &[("decision", "approve")]).await.status, 403);

        assert_eq!(send(&provider, &security, &act, &[("decision", "approve")]).await.status, 303);

        let after = current();
        assert_ne!(after, before);
        assert_eq!(send(&provider, &security, &act, &[("decision", "approve")]).await.status, 409);
        assert_eq!(current(), after, "twice is once");
        let jwks = Browser::new().get(&provider.url("/oauth2/jwks")).await;
        assert!(jwks.body.contains(&before) && jwks.body.contains(&after), "the old one verifies");
        let kinds: Vec<i64> = provider.rows(&["act"]).await;
        assert_eq!(kinds, [1]);
        let recorded = "SELECT COUNT(*) FROM audit WHERE kind = 'keys_rotated' AND details LIKE '%operator%'";
        assert!(provider.count(recorded).await >= 4, "a record for each algorithm");
    }
);

on_both!(
    /// an officer who lost the role between opening the page and pressing the button decides nothing.
    who_lost_the_role_decides_nothing,
    |provider| {
        let [system, security, audit] = officers(&provider).await;
        let both = [&system, &security];
        let second = crate::support::console::appoint(
            &provider,
            both,
            (yihao::domain::operator::Role::SecurityOfficer, ""),
            "second",
        )
        .await;
        send(&provider, &system, "/console/system/keys", &[("reason", "演练")]).await;
        let page = second.browser.get(&provider.url("/console/acts")).await;
        let act = format!("/console/acts/{}", first_act(&page).unwrap());
        provider.execute("UPDATE operator SET role = 'counter_staff' WHERE login_name = 'second'").await;

        let pressed = send(&provider, &second, &act, &[("decision", "approve")]).await;

        assert_eq!(pressed.status, 403, "{}", pressed.body);
        provider.execute("UPDATE operator SET status = 'disabled' WHERE login_name = 'second'").await;
        let gone = send(&provider, &second, &act, &[("decision", "approve")]).await;
        assert_eq!((gone.status, gone.header("location")), (303, "/console/login"));
        let waiting = "SELECT COUNT(*) FROM act WHERE state = 'waiting'";
        assert_eq!(provider.count(waiting).await, 1);
        assert_eq!(send(&provider, &audit, &act, &[("decision", "approve")]).await.status, 403);
    }
);

on_both!(
    /// A form of ten thousand rows is refused before anything of it is done.
    a_form_of_ten_thousand_rows_is_refused,
    |provider| {
        let [system, security, audit] = officers(&provider).await;
        let rows: Vec<String> = (0..10_000).map(|row| format!("r{row}={row}")).collect();
        let rows = rows.join("&");
        for (operator, path) in [
            (&security, "/console/people"),
            (&system, "/console/operators"),
            (&system, "/console/system/keys"),
            (&audit, "/console/audit"),
            (&audit, "/console/audit/export"),
        ] {
            let csrf = operator.browser.get(&provider.url("/console/login")).await.csrf();
            for body in [format!("csrf={csrf}&{rows}"), format!("csrf={csrf}&{}", &rows[..50_000])] {
                let kind = ("content-type", "application/x-www-form-urlencoded");
                let url = provider.url(path);
                let page = operator.browser.post_bytes(&url, &[kind], body.into_bytes()).await;
                assert!(matches!(page.status, 400 | 413), "{path}: {}", page.status);
            }
        }
        assert_eq!(provider.rows(&["act"]).await, [0]);
    }
);
