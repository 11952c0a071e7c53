//! Changes through the Admin API are made once, however often they are asked for
//! (draft-ietf-httpapi-idempotency-key-header).

use std::sync::Arc;

use serde_json::json;
use tokio::task::JoinSet;
use yihao::domain::operator::Role;

use crate::on_both;
use crate::support::console::officers;
use crate::support::machine::WHY;
use crate::support::machine::assert_problem;
use crate::support::machine::post_as;
use crate::support::machine::resident;
use crate::support::machine::robot;
use crate::support::machine::why;

on_both!(
    /// A lost answer is asked for again with the same key, and the change is made once; the key stands for no other
    /// request, and for nobody else's.
    a_change_is_made_once_for_a_key,
    |provider| {
        let person = resident(8504);
        provider.add_person(&person).await;
        let officers = officers(&provider).await;
        let token = robot(&provider, &officers, (Role::CounterStaff, "110105"), "robot").await;
        let other = robot(&provider, &officers, (Role::SecurityOfficer, ""), "robot-two").await;
        let path = format!("/people/{}/acts", provider.account(&person).await.id);
        let body = json!({ "kind": "unmask", "reason": WHY });
        let key = "key-0001";
        let first = post_as(&provider, (&token, key), &path, &body).await;
        assert_eq!(first.status, 202, "{}", first.body);

        let again = post_as(&provider, (&token, "\"key-0001\""), &path, &body).await;

        assert_eq!((again.status, &again.body), (202, &first.body));
        let waiting = "SELECT COUNT(*) FROM act WHERE kind = 'unmask'";
        assert_eq!(provider.value::<i64>(waiting).await, 1);
        let elsewhere = json!({ "kind": "release_phone", "reason": WHY });
        let page = post_as(&provider, (&token, key), &path, &elsewhere).await;
        assert_problem(&page, 422, "key-reused", "another body");
        let notes = path.replace("acts", "notes");
        let page = post_as(&provider, (&token, key), &notes, &json!({ "text": "x" })).await;
        assert_problem(&page, 422, "key-reused", "another path");
        let page = post_as(&provider, (&other, key), &path, &body).await;
        assert_eq!(page.status, 202, "another machine's key: {}", page.body);
        for wrong in ["", "short", "has space", &"x".repeat(129), "密钥密钥密钥密钥"] {
            let page = post_as(&provider, (&token, wrong), &path, &body).await;
            assert_problem(&page, 400, "invalid-request", wrong);
        }
        // A refusal is an answer too.
        let lock = path.replace("acts", "lock");
        let refused = post_as(&provider, (&token, "key-0002"), &lock, &why()).await;
        let repeated = post_as(&provider, (&token, "key-0002"), &lock, &why()).await;
        assert_problem(&refused, 403, "forbidden", "first");
        assert_eq!((repeated.status, &repeated.body), (403, &refused.body));
        assert_eq!(repeated.header("content-type"), "application/problem+json");

        provider.clock.advance(24 * 3_600_000 + 1);
        provider.provider.store.purge(provider.clock.now()).await.unwrap();
        assert_eq!(provider.rows(&["api_request"]).await, [0]);
    }
);

on_both!(
    /// Of requests with one key that come at once, one is done.
    of_equal_requests_at_once_one_is_done,
    |provider| {
        let person = resident(8505);
        provider.add_person(&person).await;
        let officers = officers(&provider).await;
        let token = robot(&provider, &officers, (Role::CounterStaff, "110105"), "robot").await;
        let path = format!("/people/{}/notes", provider.account(&person).await.id);
        let provider = Arc::new(provider);
        for round in 0..10 {
            let mut all = JoinSet::new();
            for _ in 0..8 {
                let (provider, token, path) = (Arc::clone(&provider), token.clone(), path.clone());
                all.spawn(async move {
                    let key = format!("round-{round:04}");
                    let body = json!({ "text": "来电咨询" });
                    post_as(&provider, (&token, &key), &path, &body).await.status
                });
            }
            let statuses = all.join_all().await;
            assert!(statuses.iter().all(|status| [204, 409].contains(status)), "{statuses:?}");
            assert!(statuses.contains(&204), "{statuses:?}");
            assert_eq!(provider.rows(&["account_note"]).await, [round + 1]);
        }
    }
);
