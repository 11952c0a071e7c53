//! The Admin API at work: people, acts that a person decides, pages, strict bodies, and how a client becomes an
//! operator (security.md A-60, A-65, A-68, A-69; RFC 9457).

use serde_json::Value;
use serde_json::json;
use yihao::domain::account::AccountStatus;
use yihao::domain::client::ClientSecret;
use yihao::domain::operator::Role;

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::RelyingParty;
use crate::support::console::decide;
use crate::support::console::officers;
use crate::support::console::send;
use crate::support::fixture;
use crate::support::machine;
use crate::support::machine::WHY;
use crate::support::machine::assert_problem;
use crate::support::machine::get;
use crate::support::machine::post;
use crate::support::machine::resident;
use crate::support::machine::robot;
use crate::support::machine::why;

on_both!(
    /// A person is found by number in a body, seen masked, locked and unlocked; each step stands in the audit chain
    /// under the machine's operator.
    a_machine_looks_after_an_account,
    |provider| {
        let person = resident(8501);
        provider.add_person(&person).await;
        let officers = officers(&provider).await;
        let token = robot(&provider, &officers, (Role::RegionAdministrator, "110100"), "robot").await;
        let body = json!({ "identifier": person.id_number });
        let found = post(&provider, &token, "/people/search", &body).await;
        assert_eq!(found.status, 200, "{}", found.body);
        let path = format!("/people/{}", found.json()["id"].as_str().unwrap());

        let page = get(&provider, &token, &path).await;
        let shown = page.json();
        assert_eq!((page.status, &shown["status"]), (200, &json!("active")), "{}", page.body);
        for secret in [&*person.id_number, &person.name, &person.phone[3..]] {
            assert!(!page.body.contains(secret), "{}", page.body);
        }
        assert_eq!(shown["unmasked"], Value::Null);
        let locked = post(&provider, &token, &format!("{path}/lock"), &why()).await;
        assert_eq!((locked.status, &*locked.body), (204, ""));
        assert_eq!(provider.account(&person).await.status, AccountStatus::Locked);
        let shown = get(&provider, &token, &path).await.json();
        let history = shown["history"].as_array().unwrap();
        assert!(history.iter().any(|event| event["kind"] == "account_locked"), "{shown}");
        let again = post(&provider, &token, &format!("{path}/lock"), &why()).await;
        assert_problem(&again, 409, "over", "locked twice");
        let unlocked = post(&provider, &token, &format!("{path}/unlock"), &why()).await;
        assert_eq!(unlocked.status, 204, "{}", unlocked.body);
        assert_eq!(provider.audit(1).await, ["account_unlocked done"]);
        let note = post(&provider, &token, &format!("{path}/notes"), &json!({ "text": "来电" })).await;
        assert_eq!(note.status, 204, "{}", note.body);
        let notes = get(&provider, &token, &format!("{path}/notes")).await.json();
        assert_eq!((&notes["items"][0]["text"], &notes["items"][0]["author"]), (&json!("来电"), &json!("数据平台")));
    }
);

on_both!(
    /// A-69: what a machine asks for a person decides, and no machine ever does; what was approved it sees for a
    /// while.
    a_machine_asks_and_a_person_decides,
    |provider| {
        let person = resident(8502);
        provider.add_person(&person).await;
        let officers = officers(&provider).await;
        let clerk = robot(&provider, &officers, (Role::CounterStaff, "110105"), "robot-asks").await;
        let chief = robot(&provider, &officers, (Role::SecurityOfficer, ""), "robot-chief").await;
        let path = format!("/people/{}", provider.account(&person).await.id);
        let body = json!({ "kind": "unmask", "reason": WHY });
        let asked = post(&provider, &clerk, &format!("{path}/acts"), &body).await;
        assert_eq!(asked.status, 202, "{}", asked.body);
        let act = format!("/acts/{}", asked.json()["act"].as_str().unwrap());
        let waiting = get(&provider, &clerk, &act).await.json();
        assert_eq!((&waiting["state"], &waiting["kind"]), (&json!("waiting"), &json!("unmask")));
        // Nobody else's machine sees it, a security officer's no more than another.
        assert_problem(&get(&provider, &chief, &act).await, 404, "not-found", "another's act");
        let withdrawn = post(&provider, &chief, &format!("{act}/withdraw"), &Value::Null).await;
        assert_problem(&withdrawn, 404, "not-found", "another's act");
        assert_eq!(get(&provider, &chief, "/acts").await.json()["items"], json!([]));
        for deed in ["approve", "reject", "decide"] {
            let page = post(&provider, &chief, &format!("{act}/{deed}"), &Value::Null).await;
            assert_problem(&page, 404, "not-found", deed);
        }

        assert_eq!(get(&provider, &clerk, &path).await.json()["unmasked"], Value::Null);
        let approved = decide(&provider, &officers[1], "approve").await;
        assert_eq!(approved.status, 303, "{}", approved.body);

        let page = get(&provider, &clerk, &path).await.json();
        assert_eq!(page["unmasked"]["id_number"], json!(person.id_number));
        assert_eq!(get(&provider, &chief, &path).await.json()["unmasked"], Value::Null);
        let decided = get(&provider, &clerk, &act).await.json();
        assert_eq!(decided["state"], json!("approved"));
        let late = post(&provider, &clerk, &format!("{act}/withdraw"), &Value::Null).await;
        assert_problem(&late, 409, "over", "decided");
    }
);

on_both!(
    /// A-68: whose region is another one is not there, and stays as it is.
    what_lies_in_another_region_is_not_there,
    |provider| {
        let person = resident(8503);
        provider.add_person(&person).await;
        let officers = officers(&provider).await;
        let token = robot(&provider, &officers, (Role::RegionAdministrator, "140100"), "robot").await;
        let before = provider.account(&person).await;
        let tables = ["act", "account_note", "recovery"];
        let rows = provider.rows(&tables).await;
        let (there, nowhere) = (before.id.to_string(), uuid::Uuid::now_v7().to_string());
        let ask = json!({ "kind": "unmask", "reason": WHY });
        let deeds = [
            ("lock", why()), ("unlock", why()), ("end-sessions", why()), ("acts", ask),
            ("notes", json!({ "text": "来电" })),
        ];
        for (deed, body) in deeds {
            for id in [&there, &nowhere] {
                let page = post(&provider, &token, &format!("/people/{id}/{deed}"), &body).await;
                assert_problem(&page, 404, "not-found", deed);
            }
        }
        for rest in ["", "/notes"] {
            for id in [&there, &nowhere] {
                let page = get(&provider, &token, &format!("/people/{id}{rest}")).await;
                assert_problem(&page, 404, "not-found", rest);
            }
        }
        let body = json!({ "identifier": person.id_number });
        let page = post(&provider, &token, "/people/search", &body).await;
        assert_problem(&page, 404, "not-found", "search");
        // Operators of elsewhere are not there either.
        let all = get(&provider, &token, "/operators").await.json();
        let names: Vec<&Value> = all["items"].as_array().unwrap().iter().map(|row| &row["client_id"]).collect();
        assert_eq!(names, [&json!("robot")]);
        assert_eq!(provider.rows(&tables).await, rows);
        assert_eq!(provider.account(&person).await, before);
    }
);

on_both!(
    /// A-60: a page's token belongs to one machine, one list and one query, and cannot be made or changed.
    pages_follow_one_another_for_who_began_them,
    |provider| {
        let officers = officers(&provider).await;
        let token = robot(&provider, &officers, (Role::AuditOfficer, ""), "robot").await;
        let other = robot(&provider, &officers, (Role::AuditOfficer, ""), "robot-two").await;
        for _ in 0..3 {
            provider.provider.store.seal_audit(1000).await.unwrap();
        }
        let mut seen = Vec::new();
        let mut path = "/audit/records?limit=3".to_owned();
        let first = get(&provider, &token, &path).await;
        assert_eq!(first.status, 200, "{}", first.body);
        let mark = first.json()["next_page_token"].as_str().expect("more than three").to_owned();
        loop {
            let page = get(&provider, &token, &path).await.json();
            let items = page["items"].as_array().unwrap().clone();
            assert!(items.len() <= 3);
            seen.extend(items.iter().map(|row| row["sequence"].as_i64().unwrap()));
            let Some(next) = page["next_page_token"].as_str() else { break };
            path = format!("/audit/records?limit=3&page_token={next}");
        }
        let count = i64::try_from(seen.len()).unwrap();
        assert_eq!(seen, (1..=count).rev().collect::<Vec<_>>(), "each record once, newest first");

        let mut flipped = mark.clone().into_bytes();
        let middle = flipped.len() / 2;
        flipped[middle] = if flipped[middle] == b'A' { b'B' } else { b'A' };
        let flipped = String::from_utf8(flipped).unwrap();
        let foreign = get(&provider, &other, &format!("/audit/records?limit=3&page_token={mark}")).await;
        assert_problem(&foreign, 400, "invalid-request", "another machine's");
        for wrong in [
            format!("/audit/records?outcome=done&page_token={mark}"),
            format!("/operators?page_token={mark}"),
            format!("/audit/records?page_token={flipped}"),
            "/audit/records?page_token=1".to_owned(),
            "/audit/records?limit=0".to_owned(),
            "/audit/records?limit=101".to_owned(),
            "/audit/records?limit=%2B5".to_owned(),
            "/audit/records?limit=5&limit=6".to_owned(),
            "/audit/records?limit=".to_owned(),
            "/audit/records?sort=password_hash".to_owned(),
            "/audit/records?kind=login'--".to_owned(),
            "/audit/records?account=%27%20or%201=1".to_owned(),
            "/audit/records?kind=%00".to_owned(),
            "/audit/chain?limit=5".to_owned(),
        ] {
            assert_problem(&get(&provider, &token, &wrong).await, 400, "invalid-request", &wrong);
        }
    }
);

on_both!(
    /// A-65, A-73, A-75: what the body does not have by its description is refused, however it is sent.
    bodies_are_read_strictly,
    |provider| {
        let person = resident(8506);
        provider.add_person(&person).await;
        let officers = officers(&provider).await;
        let token = robot(&provider, &officers, (Role::SecurityOfficer, ""), "robot").await;
        let id = provider.account(&person).await.id;
        let url = provider.url(&format!("/api/v1/people/{id}/lock"));
        let bearer = format!("Bearer {token}");
        let send = async |kind: &str, coding: Option<&str>, body: Vec<u8>| -> Page {
            let key = uuid::Uuid::new_v4().to_string();
            let mut headers =
                vec![("authorization", &*bearer), ("idempotency-key", &*key), ("content-type", kind)];
            headers.extend(coding.map(|coding| ("content-encoding", coding)));
            Browser::new().post_bytes(&url, &headers, body).await
        };
        let before = provider.account(&person).await;
        let nested = format!("{{\"reason\":{}", "[".repeat(10_000));
        for wrong in [
            r#"{"reason":"例行检查","status":"active"}"#, r#"{"reason":"例行检查","role":"system_officer"}"#,
            r#"{"reason":"例行检查","reason":"另一个"}"#, r#"{"reason":7}"#, r#"["reason"]"#, "", "null", "{}",
            r#"{"reason":"x"}"#, "{\"reason\":\"\u{0}\"}", r#"{"reason":{"$gt":""}}"#, &nested,
        ] {
            let page = send("application/json", None, wrong.as_bytes().to_vec()).await;
            assert_problem(&page, 400, "invalid-request", &wrong[..wrong.len().min(60)]);
        }
        let good = why().to_string().into_bytes();
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json"] {
            assert_problem(&send(kind, None, good.clone()).await, 415, "unsupported-media-type", kind);
        }
        let page = send("application/json", Some("gzip"), good.clone()).await;
        assert_problem(&page, 415, "unsupported-media-type", "gzip");
        let page = send("application/json", None, vec![b' '; 70 * 1024]).await;
        assert_problem(&page, 413, "too-large", "too large");
        assert_eq!(provider.account(&person).await, before);
        assert_eq!(send("application/json; charset=utf-8", None, good).await.status, 204);
    }
);

on_both!(
    /// A-67: no other origin is let in, no cookie is read, no token in an address; what is not there is told as a
    /// problem.
    the_api_is_for_machines_alone,
    |provider| {
        let officers = officers(&provider).await;
        let token = robot(&provider, &officers, (Role::SystemOfficer, ""), "robot").await;
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", &*bearer), ("origin", "https://evil.example")];
        let page = Browser::new().get_with(&provider.url("/api/v1/clients"), &headers).await;
        assert_eq!((page.status, page.header("access-control-allow-origin")), (200, ""));
        assert_eq!(page.header("set-cookie"), "");
        let console = officers[0].browser.get(&provider.url("/api/v1/clients")).await;
        assert_problem(&console, 401, "no-token", "an officer's cookie");
        let url = provider.url(&format!("/api/v1/clients?access_token={token}"));
        assert_problem(&Browser::new().get(&url).await, 401, "no-token", "in the address");
        for nowhere in ["", "/", "/nothing", "/people", "/people/", "/clients/web1/secret", "/metrics"] {
            let page = get(&provider, &token, nowhere).await;
            assert!(matches!(page.status, 404 | 405), "{nowhere}: {}", page.status);
            assert_eq!(page.header("content-type"), "application/problem+json", "{nowhere}");
        }
        let page = get(&provider, &token, "/clients/web1").await;
        let digest = ClientSecret::digest_of(fixture::SECRET);
        assert!(page.status == 200 && !page.body.contains(&digest), "{}", page.body);
        let page = get(&provider, &token, "/clients/nobody").await;
        assert_problem(&page, 404, "not-found", "no such client");
    }
);

on_both!(
    /// A-69: who becomes a machine is decided by a second officer, once a client; a machine is never the last officer,
    /// has no login and makes nobody an operator.
    a_client_becomes_an_operator_by_two_officers,
    |provider| {
        let officers = officers(&provider).await;
        let [system, security, _] = &officers;
        provider.add_client(&machine::client(&provider, "robot")).await;
        let fields =
            |role, region| [("name", "数据平台"), ("role", role), ("region", region), ("reason", WHY)];
        let path = "/console/clients/robot/connect";
        let asked = send(&provider, system, path, &fields("system_officer", "")).await;
        assert_eq!(asked.status, 303, "{}", asked.body);
        let rp = RelyingParty::of(&provider, "robot", "");
        let resource = machine::audience(&provider);
        let grant = [("grant_type", "client_credentials"), ("resource", &*resource), ("scope", "clients:read")];
        let token = rp.token(&grant).await.json()["access_token"].as_str().unwrap().to_owned();
        assert_problem(&get(&provider, &token, "/clients").await, 403, "no-operator", "not yet");
        assert_eq!(decide(&provider, system, "approve").await.status, 409, "one's own");
        assert_eq!(decide(&provider, security, "approve").await.status, 303);
        assert_eq!(get(&provider, &token, "/clients").await.status, 200);

        let twice = send(&provider, system, path, &fields("counter_staff", "110105")).await;
        assert_eq!(twice.status, 400, "{}", twice.body);
        for (client, role, region) in
            [("spa1", "counter_staff", "110105"), ("web1", "counter_staff", "110105"), ("svc1", "system_officer", "110105")]
        {
            let path = format!("/console/clients/{client}/connect");
            let page = send(&provider, system, &path, &fields(role, region)).await;
            assert_eq!(page.status, 400, "{client}: {}", page.body);
        }
        // One person is left of the kind, whatever machines there are.
        let id: uuid::Uuid = provider.value("SELECT id FROM operator WHERE login_name = 'system'").await;
        let gone = format!("/console/operators/{id}/disable");
        assert_eq!(send(&provider, security, &gone, &[("reason", WHY)]).await.status, 303);
        let last = decide(&provider, system, "approve").await;
        assert_eq!(last.status, 409, "{}", last.body);
        let names = provider.value::<String>("SELECT login_name FROM operator WHERE client_id = 'robot'").await;
        let page = crate::support::console::try_log_in(&provider, &Browser::new(), (&names, "", "000000")).await;
        assert_ne!(page.status, 303, "a machine has no login");
    }
);
