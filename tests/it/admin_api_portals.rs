//! Portals and counters through the Admin API: what an officer does at `/console/onboarding` a machine does, and no
//! more; what a counter gives away it does not (security.md; decision 0011).

use serde_json::Value;
use serde_json::json;
use yihao::console::Actor;
use yihao::console::ConsoleError;
use yihao::console::acts;
use yihao::domain::act::Request;
use yihao::domain::api_scope::ApiScope;
use yihao::domain::client::ClientId;
use yihao::domain::operator::Role;
use yihao::domain::request_context::RequestContext;
use yihao::domain::scope::Scope;
use yihao::domain::synthetic;

use crate::on_both;
use crate::support::Person;
use crate::support::console::decide;
use crate::support::console::officers;
use crate::support::machine::assert_problem;
use crate::support::machine::get;
use crate::support::machine::post;
use crate::support::machine::robot;
use crate::support::portal::Portal;
use crate::support::portal::marked;

const WHY: &str = "机构改革";

on_both!(
    /// A machine of a system officer's role follows a portal: it reads application, self-check and contact, passes
    /// it, and asks for its handover, which a person decides; the new link is that person's to pass on.
    a_machine_looks_after_a_portal,
    |provider| {
        let officers = officers(&provider).await;
        let token = robot(&provider, &officers, (Role::SystemOfficer, ""), "robot-system").await;
        let clerk = robot(&provider, &officers, (Role::CounterStaff, "110105"), "robot-clerk").await;
        let mut portal = Portal::new(&provider).await;
        let path = format!("/applications/{}", portal.id);
        let contact = format!("{path}/contact");
        let read = get(&provider, &token, &path).await;
        assert_eq!((&read.json()["state"], &read.json()["self_check"]), (&json!("submitted"), &Value::Null));
        for personal in ["陈建国", "13700009050", "chen@yz.example.gov.cn"] {
            assert!(!read.body.contains(personal), "{}", read.body);
        }
        let told = get(&provider, &token, &contact).await.json();
        let known = json!({ "name": "陈建国", "phone": "+8613700009050", "email": "chen@yz.example.gov.cn" });
        assert_eq!(told["contact"], known);
        assert_problem(&get(&provider, &clerk, &contact).await, 403, "forbidden", "a clerk's machine");
        let passed = post(&provider, &token, &format!("{path}/approve"), &json!({ "reason": WHY })).await;
        assert_eq!(passed.status, 204, "{}", passed.body);
        let read = get(&provider, &token, &path).await.json();
        let lines = read["self_check"].as_array().unwrap();
        let pkce = lines.iter().find(|line| line["check"] == "pkce").unwrap();
        assert_eq!((&read["state"], &pkce["finding"]), (&json!("sandbox"), &json!("missing")));
        assert_eq!((&read["profile"], &read["algorithm"]), (&json!("server_with_secret"), &json!("ES256")));

        let acts = format!("{path}/acts");
        let unit = json!({ "name": "云州市数据局", "code": synthetic::uscc(8).to_string() });
        for (wrong, status, kind) in [
            (json!({ "kind": "hand_over", "reason": WHY }), 400, "invalid-request"),
            (json!({ "kind": "retire", "reason": WHY, "unit": unit }), 400, "invalid-request"),
            (json!({ "kind": "hand_over", "reason": WHY, "unit": { "name": "云州市数据局" } }), 400, "invalid-request"),
            (
                json!({ "kind": "hand_over", "reason": WHY,
                        "unit": { "name": "云州市数据局", "code": "123456789012345678" } }),
                422,
                "not-valid",
            ),
            (
                json!({ "kind": "hand_over", "reason": WHY,
                        "unit": { "name": "云州\u{202e}局", "code": unit["code"] } }),
                422,
                "not-valid",
            ),
        ] {
            assert_problem(&post(&provider, &token, &acts, &wrong).await, status, kind, &wrong.to_string());
        }
        assert_eq!(get(&provider, &token, "/acts").await.json()["items"], json!([]));
        let body = json!({ "kind": "hand_over", "unit": unit, "reason": WHY });
        let asked = post(&provider, &token, &acts, &body).await;
        assert_eq!(asked.status, 202, "{}", asked.body);
        assert_eq!(portal.page(&provider).await.status, 200, "nothing happens before it is decided");
        let page = decide(&provider, &officers[1], "approve").await;
        let link = marked(&page, "tracking").expect("the officer passes the new link on");

        assert_eq!(portal.page(&provider).await.status, 404, "the old link is dead");
        let read = get(&provider, &token, &path).await;
        assert_eq!(read.json()["unit"], unit);
        assert_eq!(get(&provider, &token, &contact).await.json()["contact"], Value::Null);
        portal.path = link[link.find("/onboarding").unwrap()..].to_owned();
        let secret_part = portal.path.rsplit('/').next().unwrap();
        let act = get(&provider, &token, &format!("/acts/{}", asked.json()["act"].as_str().unwrap())).await;
        assert!(!read.body.contains(secret_part) && !act.body.contains(secret_part));
        assert!(portal.page(&provider).await.body.contains("云州市数据局"));
        // What is the applicant's no officer changes, and no machine.
        for deed in ["contact", "secret", "keys", "rotate-secret"] {
            let page = post(&provider, &token, &format!("{path}/{deed}"), &json!({ "reason": WHY })).await;
            assert!(matches!(page.status, 404 | 405), "{deed}: {}", page.status);
        }
    }
);

on_both!(
    /// a code that gives an account away is asked for and handed out by people; the machine of a counter does
    /// the rest of what its clerks do.
    a_machine_has_no_codes_of_the_counter,
    |provider| {
        let id_number = "11010519491231002X".to_owned();
        let person = Person { id_number, ..Person::synthetic(8702) };
        provider.add_person(&person).await;
        let officers = officers(&provider).await;
        let clerk = robot(&provider, &officers, (Role::CounterStaff, "110105"), "robot-clerk").await;
        let chief = robot(&provider, &officers, (Role::SecurityOfficer, ""), "robot-chief").await;
        let path = format!("/people/{}", provider.account(&person).await.id);
        for token in [&clerk, &chief] {
            let body = json!({ "kind": "recover_at_counter", "reason": "证件已核对" });
            let page = post(&provider, token, &format!("{path}/acts"), &body).await;
            assert_problem(&page, 400, "invalid-request", "asked for");
            for deed in ["counter-code", "recovery-code"] {
                let page = post(&provider, token, &format!("{path}/{deed}"), &Value::Null).await;
                assert_problem(&page, 404, "not-found", deed);
            }
        }
        // Whatever way led there, the rule says no, and tells the audit chain.
        let account = provider.account(&person).await.id;
        let context = RequestContext::internal("test");
        let scope: Scope = ApiScope::ALL.iter().map(|scope| scope.as_str()).collect();
        for client in ["robot-clerk", "robot-chief"] {
            let client = ClientId::parse(client).unwrap();
            let operator = provider.provider.store.find_machine(&client).await.unwrap().unwrap();
            let actor = Actor {
                provider: &provider.provider,
                operator: &operator,
                context: &context,
                scope: Some(&scope),
            };
            let request = Request::RecoverAtCounter { account };
            let asked = acts::ask_about_person(actor, request, "证件已核对").await;
            assert!(matches!(asked, Err(ConsoleError::Forbidden)), "{asked:?}");
            let code = acts::counter_code(actor, account).await;
            assert!(matches!(code, Err(ConsoleError::Forbidden)), "a code for {client}");
            let record = "operator_refused refused the role does not allow it";
            assert_eq!(provider.audit(2).await, [record, record]);
        }
        assert_eq!(provider.rows(&["recovery"]).await, [0]);
        for kind in ["unmask", "release_phone"] {
            let body = json!({ "kind": kind, "reason": "证件已核对" });
            let asked = post(&provider, &clerk, &format!("{path}/acts"), &body).await;
            assert_eq!(asked.status, 202, "{kind}: {}", asked.body);
        }
        let approved = decide(&provider, &officers[1], "approve").await;
        assert_eq!(approved.status, 303, "{}", approved.body);
    }
);
