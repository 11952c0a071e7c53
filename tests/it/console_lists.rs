//! Lists of the console that grow without end: a page at a time, each row once and none left out, whatever mark
//! somebody brings (security.md ).

use std::collections::BTreeSet;

use yihao::domain::operator::Role;

use crate::on_both;
use crate::support::Page;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::console::Operator;
use crate::support::console::appoint;
use crate::support::console::officers;
use crate::support::console::send;
use crate::support::fixture;
use crate::support::machine;

/// Rows on a page.
pub const PAGE: usize = 50;

/// What stands on the pages of a list between these two marks of a row, page by page.
pub async fn turn(
    provider: &TestProvider,
    operator: &Operator,
    path: &str,
    (button, before): (&str, &str),
) -> Vec<BTreeSet<String>> {
    let (mut path, mut pages) = (path.to_owned(), Vec::new());
    loop {
        let page = operator.browser.get(&provider.url(&path)).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        pages.push(between(&page, before));
        let Some(link) = link(&page, button) else { return pages };
        path = link;
        assert!(pages.len() < 10, "the pages go in circles");
    }
}

fn between(page: &Page, before: &str) -> BTreeSet<String> {
    let rest = page.body.split(before).skip(1);
    rest.map(|text| text.split(['"', '/', '<']).next().unwrap().to_owned()).collect()
}

/// Where the button of that id leads.
fn link(page: &Page, id: &str) -> Option<String> {
    let tag = page.body.split(&format!("id=\"{id}\" rel=\"next\" href=\"")).nth(1)?;
    Some(tag.split('"').next()?.replace("&#x2f;", "/").replace("&amp;", "&"))
}

/// How many stand on each page.
pub fn sizes(pages: &[BTreeSet<String>]) -> Vec<usize> {
    pages.iter().map(BTreeSet::len).collect()
}

/// All of them.
pub fn all(pages: &[BTreeSet<String>]) -> BTreeSet<String> {
    pages.iter().flatten().cloned().collect()
}

/// Copies the one row of a table that fits, with other keys.
async fn multiply(provider: &TestProvider, table: &str, columns: &str, values: &str, fits: &str) {
    let keys = if provider.is_on_postgres() {
        "SELECT number, md5(number::text)::uuid AS id FROM generate_series(1, 120) AS number"
    } else {
        "WITH RECURSIVE keys (number) AS
            (SELECT 1 UNION ALL SELECT number + 1 FROM keys WHERE number < 120)
         SELECT number, randomblob(16) AS id FROM keys"
    };
    let sql = format!(
        "INSERT INTO {table} ({columns}) SELECT {values} FROM {table} t, ({keys}) k WHERE {fits}"
    );
    provider.execute(&sql).await;
}

on_both!(
    /// Acts that wait and acts that are over: pages of their own, and only who decides sees those of others.
    acts_are_paged_and_stay_with_who_asked,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let both = [&system, &security];
        let person =
            Person { id_number: "11010519491231002X".to_owned(), ..Person::synthetic(9401) };
        provider.add_person(&person).await;
        let region =
            appoint(&provider, both, (Role::RegionAdministrator, "110100"), "beijing").await;
        let person = provider.account(&person).await.id;
        let fields = [("kind", "unmask"), ("reason", "例行检查")];
        let path = format!("/console/people/{person}/ask");
        assert_eq!(send(&provider, &security, &path, &fields).await.status, 303);
        let columns = "id, kind, subject_id, document, state, requested_by, requested_at, expires_at";
        // Three of a moment: the key decides among them.
        let later = "k.id, t.kind, t.subject_id, t.document, t.state, t.requested_by,
            t.requested_at + k.number / 3, t.expires_at + k.number / 3";
        multiply(&provider, "act", columns, later, "t.state = 'waiting'").await;
        // The last to be asked for is the region's own; it is seen however many wait before it.
        provider.clock.advance(60_000);
        assert_eq!(send(&provider, &region, &path, &fields).await.status, 303);

        let decide = "id=\"approve-";
        let pages = turn(&provider, &system, "/console/acts", ("later", decide)).await;
        assert_eq!((sizes(&pages), all(&pages).len()), (vec![PAGE, PAGE, 22], 122));
        let own = turn(&provider, &region, "/console/acts", ("later", "id=\"withdraw-")).await;
        assert_eq!(sizes(&own), [1]);
        let home = region.browser.get(&provider.url("/console")).await;
        assert!(home.body.contains("有 1 件事等待核准"), "{}", home.body);
        let home = system.browser.get(&provider.url("/console")).await;
        assert!(home.body.contains("有 122 件事等待核准"), "{}", home.body);

        provider.execute("UPDATE act SET state = 'rejected' WHERE state = 'waiting'").await;
        let mut rows = Vec::new();
        let mut path = Some("/console/acts".to_owned());
        while let Some(address) = path {
            let page = system.browser.get(&provider.url(&address)).await;
            let is_over = |state| page.body.matches(&format!("state-{state}\"")).count();
            rows.push(is_over("rejected") + is_over("approved"));
            path = link(&page, "older");
        }
        assert_eq!(rows, [PAGE, PAGE, 23], "the invitation of the region's is there, too");
        for mark in ["x", "1.x", "x.0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88", "1"] {
            for name in ["after", "before"] {
                let url = provider.url(&format!("/console/acts?{name}={mark}"));
                assert_eq!(system.browser.get(&url).await.status, 400, "{name}={mark}");
            }
        }
        let past = provider.url(&format!("/console/acts?after=1.{}", uuid::Uuid::nil()));
        let page = system.browser.get(&past).await;
        assert!(between(&page, decide).is_empty(), "what is over does not wait, whatever the mark");
    }
);

on_both!(
    /// Operators: a page at a time, within the region alone; the front page counts those.
    operators_are_paged_within_the_region,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let both = [&system, &security];
        let role = Role::RegionAdministrator;
        let region = appoint(&provider, both, (role, "110100"), "beijing").await;
        appoint(&provider, both, (role, "140100"), "taiyuan").await;
        let columns = "id, login_name, name, role, region, status, password_hash, totp_secret,
            totp_last_step, credential_epoch, created_at";
        let copies = "k.id, 'counter' || k.number, t.name, t.role, '110105', t.status,
            t.password_hash, t.totp_secret, t.totp_last_step, t.credential_epoch, t.created_at";
        multiply(&provider, "operator", columns, copies, "t.login_name = 'beijing'").await;

        let row = "<code class=\"under\" translate=\"no\">";
        let pages = turn(&provider, &security, "/console/operators", ("more", row)).await;
        assert_eq!((sizes(&pages), all(&pages).len()), (vec![PAGE, PAGE, 25], 125));
        let pages = turn(&provider, &region, "/console/operators", ("more", row)).await;
        assert_eq!(sizes(&pages), [PAGE, PAGE, 21]);
        let seen = all(&pages);
        assert!(seen.contains("beijing") && !seen.contains("taiyuan") && !seen.contains("system"));
        let home = region.browser.get(&provider.url("/console")).await;
        assert!(home.body.contains("现有 121 位管理人员"), "{}", home.body);
        let url = provider.url("/console/operators?after=x");
        assert_eq!(system.browser.get(&url).await.status, 400);
    }
);

on_both!(
    /// Notes to an account: newest first, a page at a time, in the console and for a machine; of one moment the key
    /// decides, and a machine's place in one list is none in another's.
    notes_are_paged,
    |provider| {
        let officers = officers(&provider).await;
        let security = &officers[1];
        let (one, other) = (Person::synthetic(9402), Person::synthetic(9403));
        provider.add_person(&one).await;
        provider.add_person(&other).await;
        let [one, other] = [provider.account(&one).await.id, provider.account(&other).await.id];
        let path = format!("/console/people/{one}");
        for number in 0..PAGE + 5 {
            let note = format!("来电 {number:02}");
            let done = send(&provider, security, &format!("{path}/notes"), &[("text", &note)]).await;
            assert_eq!(done.status, 303, "{}", done.body);
        }
        for moment in ["1000", "created_at"] {
            provider.execute(&format!("UPDATE account_note SET created_at = {moment}")).await;
            let pages = turn(&provider, security, &path, ("older-notes", "<li><p>来电 ")).await;
            assert_eq!((sizes(&pages), all(&pages).len()), (vec![PAGE, 5], PAGE + 5));
        }
        for mark in ["x", "1.x", "%00"] {
            let url = provider.url(&format!("{path}?notes={mark}"));
            assert_eq!(security.browser.get(&url).await.status, 400, "{mark}");
        }
        let token =
            machine::robot(&provider, &officers, (Role::SecurityOfficer, ""), "robot").await;
        let path = format!("/people/{one}/notes?limit=30");
        let first = machine::get(&provider, &token, &path).await.json();
        let mark = first["next_page_token"].as_str().expect("a second page").to_owned();
        let second = machine::get(&provider, &token, &format!("{path}&page_token={mark}")).await.json();
        assert_eq!(second["next_page_token"], serde_json::Value::Null);
        let notes = [&first, &second].map(|page| page["items"].as_array().unwrap().clone()).concat();
        let texts: BTreeSet<_> = notes.iter().map(|note| note["text"].to_string()).collect();
        assert_eq!((notes.len(), texts.len()), (PAGE + 5, PAGE + 5));
        let elsewhere = format!("/people/{other}/notes?limit=30&page_token={mark}");
        let page = machine::get(&provider, &token, &elsewhere).await;
        machine::assert_problem(&page, 400, "invalid-request", "another person's notes");
    }
);

on_both!(
    /// Clients: by their identifiers, a page at a time.
    clients_are_paged,
    |provider| {
        let [system, ..] = officers(&provider).await;
        for number in 0..60 {
            let id = format!("portal-{number:02}");
            provider.add_client(&fixture::client(&id, "https://rp.example.test/cb")).await;
        }
        let row = "href=\"/console/clients/";
        let pages = turn(&provider, &system, "/console/clients", ("more", row)).await;
        assert_eq!((sizes(&pages), all(&pages).len()), (vec![PAGE, 17], 67));
        for (mark, status) in [("zzz", 200), ("%00", 400), ("", 200)] {
            let url = provider.url(&format!("/console/clients?after={mark}"));
            assert_eq!(system.browser.get(&url).await.status, status, "{mark}");
        }
    }
);
