//! Operators and their console (security.md, P12; GB/T 22239-2019 8.1.4.1 and 8.1.4.2).

use yihao::console::invitations;
use yihao::domain::operator::Role;
use yihao::domain::request_context::RequestContext;

use crate::on_both;
use crate::support::Browser;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::console::Operator;
use crate::support::console::PASSWORD;
use crate::support::console::accept;
use crate::support::console::appoint;
use crate::support::console::ask_to_invite;
use crate::support::console::begin_step;
use crate::support::console::come_in;
use crate::support::console::decide;
use crate::support::console::first_act;
use crate::support::console::log_in;
use crate::support::console::officers;
use crate::support::console::send;
use crate::support::console::try_log_in;
use crate::support::login;
use crate::support::login::totp;

const PAGES: [&str; 7] = [
    "/console",
    "/console/people",
    "/console/acts",
    "/console/operators",
    "/console/clients",
    "/console/audit",
    "/console/onboarding",
];

async fn status(provider: &TestProvider, operator: &Operator, path: &str) -> u16 {
    operator.browser.get(&provider.url(path)).await.status
}

on_both!(
    /// there is no default account. The first officers are invited once, and an address is good once.
    the_first_officers_are_invited_once,
    |provider| {
        for (name, password) in [("admin", "admin"), ("root", "root"), ("system", PASSWORD)] {
            let page = try_log_in(&provider, &Browser::new(), (name, password, "000000")).await;
            assert_eq!(page.status, 400, "{name}");
        }
        let context = RequestContext::internal("test");
        let made = invitations::invite_first(&provider.provider, &context).await.unwrap();
        assert_eq!(made.len(), 3);
        let again = invitations::invite_first(&provider.provider, &context).await.unwrap();
        assert!(again.is_empty(), "they wait already");

        let at = made[0].1.find("/console").unwrap();
        let url = provider.url(&made[0].1[at..]);
        let (one, other) = (Browser::new(), Browser::new());
        let (first, second) = (one.get(&url).await, other.get(&url).await);
        let short = [("login_name", "a b"), ("password", "x"), ("password_again", "x"), ("code", "1")];
        assert_eq!(one.submit(&first, &short).await.status, 400);
        assert_eq!(accept(&provider, &one, &first, "system").await.status, 303);
        assert_eq!(accept(&provider, &other, &second, "thief").await.status, 410);
        assert_eq!(Browser::new().get(&url).await.status, 410);
        provider.clock.advance(73 * 60 * 60 * 1000);
        let late = invitations::invite_first(&provider.provider, &context).await.unwrap();
        assert_eq!(late.len(), 2, "two were not accepted in time, one is there");
    }
);

on_both!(
    /// whatever is wrong, the answer is one; a code of the app counts once, and only now.
    an_operator_proves_password_and_app_together,
    |provider| {
        let [system, ..] = officers(&provider).await;
        begin_step(&provider);
        let code = totp(&provider, &system.secret);
        let mut pages = Vec::new();
        for (name, password, code) in [
            ("system", "wrong", &*code),
            ("system", PASSWORD, "000000"),
            ("nobody", PASSWORD, &code),
            ("no body", PASSWORD, &code),
        ] {
            provider.clock.advance(1);
            pages.push(try_log_in(&provider, &Browser::new(), (name, password, code)).await);
        }
        assert!(pages.iter().all(|page| page.status == 400));
        let said = |body: &str| body.split("role=\"alert\"").nth(1).unwrap().chars().take(90).collect();
        let said: Vec<String> = pages.iter().map(|page| said(&page.body)).collect();
        assert!(said.iter().all(|text| *text == said[0]), "{said:?}");

        let browser = Browser::new();
        assert_eq!(try_log_in(&provider, &browser, ("system", PASSWORD, &code)).await.status, 303);
        let again = try_log_in(&provider, &Browser::new(), ("system", PASSWORD, &code)).await;
        assert_eq!(again.status, 400, "a step counts once");
        begin_step(&provider);
        let old = totp(&provider, &system.secret);
        begin_step(&provider);
        let late = try_log_in(&provider, &Browser::new(), ("system", PASSWORD, &old)).await;
        assert_eq!(late.status, 400, "and only in its own 30 seconds");
    }
);

on_both!(
    /// operators' passwords are guessed at as slowly as anybody's.
    an_operators_login_rests_after_ten_failures,
    |provider| {
        let [system, ..] = officers(&provider).await;
        for _ in 0..10 {
            provider.clock.advance(31_000);
            let guess = ("system", "wrong", "000000");
            assert_eq!(try_log_in(&provider, &Browser::new(), guess).await.status, 400);
        }
        assert_eq!(log_in(&provider, &system).await.status, 400, "it rests");
        provider.clock.advance(15 * 60_000);
        assert_eq!(log_in(&provider, &system).await.status, 303);
    }
);

on_both!(
    /// fifteen minutes without use, eight hours at most, and the end at his own wish.
    an_operators_session_ends,
    |provider| {
        let [system, ..] = officers(&provider).await;
        provider.clock.advance(2 * 60_000);
        assert_eq!(status(&provider, &system, "/console").await, 200);
        provider.clock.advance(14 * 60_000);
        assert_eq!(status(&provider, &system, "/console").await, 200);
        provider.clock.advance(16 * 60_000);
        assert_eq!(status(&provider, &system, "/console").await, 303, "idle");
        log_in(&provider, &system).await;
        for _ in 0..48 {
            provider.clock.advance(10 * 60_000);
            status(&provider, &system, "/console").await;
        }
        assert_eq!(status(&provider, &system, "/console").await, 303, "eight hours are over");
        log_in(&provider, &system).await;
        let cookie = system.browser.cookie("yihao-console").unwrap();
        assert_eq!(send(&provider, &system, "/console/logout", &[]).await.status, 303);
        system.browser.set_cookie("yihao-console", &cookie);
        assert_eq!(status(&provider, &system, "/console").await, 303, "the cookie is worth nothing");
    }
);

on_both!(
    /// strangers and citizens are sent to the operators' login, at every page and form.
    nobody_but_an_operator_gets_in,
    |provider| {
        let person = Person::synthetic(700);
        provider.add_person(&person).await;
        let citizen = Browser::new();
        login::log_in(&provider, &citizen, &person).await;
        let forms = ["/console/people", "/console/operators", "/console/acts/x", "/console/logout"];
        for browser in [&Browser::new(), &citizen] {
            for path in PAGES {
                let page = browser.get(&provider.url(path)).await;
                assert_eq!((page.status, page.header("location")), (303, "/console/login"), "{path}");
            }
            let csrf = browser.get(&provider.url("/console/login")).await.csrf();
            for path in forms {
                let page = browser.post(&provider.url(path), &[("csrf", &*csrf)]).await;
                assert_eq!((page.status, page.header("location")), (303, "/console/login"), "{path}");
                assert_eq!(browser.post(&provider.url(path), &[]).await.status, 403, "{path}");
            }
        }
    }
);

on_both!(
    /// what each role may open, and nothing else; the attempt is recorded.
    a_role_opens_its_own_pages_alone,
    |provider| {
        let [system, security, audit] = officers(&provider).await;
        let both = [&system, &security];
        let region =
            appoint(&provider, both, (Role::RegionAdministrator, "110000"), "region").await;
        let counter = appoint(&provider, both, (Role::CounterStaff, "110100"), "counter").await;
        // Home, people, acts, operators, clients, audit, onboarding.
        for (operator, expected) in [
            (&system, [200, 403, 200, 200, 200, 403, 200]),
            (&security, [200, 200, 200, 200, 403, 403, 200]),
            (&audit, [200, 403, 200, 200, 403, 200, 403]),
            (&region, [200, 200, 200, 200, 403, 403, 403]),
            (&counter, [200, 200, 200, 403, 403, 403, 403]),
        ] {
            for (path, expected) in PAGES.into_iter().zip(expected) {
                let got = status(&provider, operator, path).await;
                assert_eq!(got, expected, "{} {path}", operator.login_name);
            }
        }
        assert_eq!(provider.audit(1).await, ["operator_refused refused the role does not allow it"]);
        let person = Person::synthetic(701);
        provider.add_person(&person).await;
        for operator in [&system, &audit] {
            let fields = [("identifier", &*person.id_number)];
            let page = send(&provider, operator, "/console/people", &fields).await;
            assert_eq!(page.status, 403, "{}", operator.login_name);
        }
        assert_eq!(ask_to_invite(&provider, &audit, ("counter_staff", "110100")).await.status, 403);
        assert_eq!(ask_to_invite(&provider, &counter, ("counter_staff", "110100")).await.status, 403);
    }
);

on_both!(
    /// nobody hands out what lies beyond his own role and region, or decides what he asked for; the
    /// last officer of a kind stays.
    nobody_hands_out_more_than_he_has,
    |provider| {
        let [system, security, audit] = officers(&provider).await;
        let both = [&system, &security];
        let region =
            appoint(&provider, both, (Role::RegionAdministrator, "110000"), "region").await;
        for (role, place) in [
            ("security_officer", ""),
            ("system_officer", "110000"),
            ("counter_staff", ""),
            ("counter_staff", "140100"),
            ("nothing", "110100"),
            ("counter_staff", "999999"),
        ] {
            let page = ask_to_invite(&provider, &region, (role, place)).await;
            assert_eq!(page.status, 400, "{role} {place}");
        }
        let page = ask_to_invite(&provider, &system, ("security_officer", "110000")).await;
        assert_eq!(page.status, 400, "officers work for the whole province");

        assert_eq!(ask_to_invite(&provider, &security, ("security_officer", "")).await.status, 303);
        let page = decide(&provider, &security, "approve").await;
        assert_eq!(page.status, 409, "not by who asked");
        assert_eq!(decide(&provider, &security, "withdraw").await.status, 303);
        let page = audit.browser.get(&provider.url("/console/acts")).await;
        assert!(first_act(&page).is_none());

        let id = operator_id(&provider, "audit").await;
        let path = format!("/console/operators/{id}/disable");
        let asked = send(&provider, &security, &path, &[("reason", "离岗")]).await;
        assert_eq!(asked.status, 303, "{}", asked.body);
        let page = decide(&provider, &system, "approve").await;
        assert_eq!(page.status, 409, "the last audit officer");
        assert_eq!(status(&provider, &audit, "/console").await, 200);

        let id = operator_id(&provider, "region").await;
        let path = format!("/console/operators/{id}/disable");
        assert_eq!(decide(&provider, &security, "withdraw").await.status, 303);
        assert_eq!(send(&provider, &system, &path, &[("reason", "离岗")]).await.status, 303);
        assert_eq!(decide(&provider, &security, "approve").await.status, 303);
        assert_eq!(status(&provider, &region, "/console").await, 303, "his session ended");
        assert_eq!(log_in(&provider, &region).await.status, 400);
    }
);

async fn operator_id(provider: &TestProvider, login_name: &str) -> String {
    let found = provider.provider.store.find_operator_by_login_name(login_name).await.unwrap();
    found.unwrap().id.to_string()
}

on_both!(
    /// A-14 of acts: one act decided by many at once, or twice, or too late, happens once or not at all.
    an_act_is_decided_once_and_in_time,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        ask_to_invite(&provider, &system, ("audit_officer", "")).await;
        let page = security.browser.get(&provider.url("/console/acts")).await;
        let path = format!("/console/acts/{}", first_act(&page).unwrap());
        let approve = [("decision", "approve")];
        let racers = (0..10).map(|_| send(&provider, &security, &path, &approve));
        let answers = futures_util::future::join_all(racers).await;
        assert_eq!(answers.iter().filter(|page| page.status == 200).count(), 1);
        assert!(answers.iter().all(|page| matches!(page.status, 200 | 409)));
        assert_eq!(provider.rows(&["operator_invitation"]).await, [4]);

        ask_to_invite(&provider, &system, ("audit_officer", "")).await;
        let page = security.browser.get(&provider.url("/console/acts")).await;
        let path = format!("/console/acts/{}", first_act(&page).unwrap());
        provider.clock.advance(73 * 60 * 60 * 1000);
        log_in(&provider, &security).await;
        let late = send(&provider, &security, &path, &approve).await;
        assert_eq!(late.status, 409, "{}", late.body);
        assert_eq!(provider.rows(&["operator_invitation"]).await, [4]);
    }
);

on_both!(
    /// what was asked by somebody who is gone since happens no more.
    who_asked_must_still_be_there,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let both = [&system, &security];
        let region =
            appoint(&provider, both, (Role::RegionAdministrator, "110000"), "region").await;
        ask_to_invite(&provider, &region, ("counter_staff", "110100")).await;
        let page = security.browser.get(&provider.url("/console/acts")).await;
        let waiting = format!("/console/acts/{}", first_act(&page).unwrap());
        let id = operator_id(&provider, "region").await;
        let path = format!("/console/operators/{id}/disable");
        send(&provider, &system, &path, &[("reason", "离岗")]).await;
        let page = security.browser.get(&provider.url("/console/acts")).await;
        let ids: Vec<&str> = page.body.split("action=\"/console/acts/").skip(1).collect();
        let second = ids.iter().map(|rest| rest.split('"').next().unwrap()).next_back().unwrap();
        let disable = format!("/console/acts/{second}");
        assert_eq!(send(&provider, &security, &disable, &[("decision", "approve")]).await.status, 303);
        let page = send(&provider, &security, &waiting, &[("decision", "approve")]).await;
        assert_eq!(page.status, 409, "{}", page.body);
        assert_eq!(provider.rows(&["operator_invitation"]).await, [4]);
    }
);

on_both!(
    /// The terminal makes a new address where one was lost; the one before is void.
    an_invitation_that_was_lost_is_made_again,
    |provider| {
        let context = RequestContext::internal("test");
        let lost = invitations::invite_first(&provider.provider, &context).await.unwrap();
        provider.provider.store.void_first_invitations().await.unwrap();
        let made = invitations::invite_first(&provider.provider, &context).await.unwrap();
        assert_eq!(made.len(), 3);
        let at = lost[0].1.find("/console").unwrap();
        assert_eq!(Browser::new().get(&provider.url(&lost[0].1[at..])).await.status, 410);
        come_in(&provider, &made[0].1, "system").await;
    }
);

on_both!(
    /// the system officer switches a portal off, with a reason; another role cannot.
    a_client_is_switched_in_the_console,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let path = "/console/clients/svc1";
        let page = system.browser.get(&provider.url(path)).await;
        assert!(page.status == 200 && page.has("switch"), "{}", page.body);
        let switch = format!("{path}/switch");
        assert_eq!(send(&provider, &security, &switch, &[("reason", "停用")]).await.status, 403);
        assert_eq!(send(&provider, &system, &switch, &[("reason", "")]).await.status, 400);
        let svc1 = RelyingParty::new(&provider, "svc1");
        let ask = [("grant_type", "client_credentials")];
        assert_eq!(svc1.token(&ask).await.status, 200);
        assert_eq!(send(&provider, &system, &switch, &[("reason", "停用")]).await.status, 303);
        assert_eq!(svc1.token(&ask).await.status, 401);
        assert_eq!(send(&provider, &system, &switch, &[("reason", "恢复")]).await.status, 303);
        assert_eq!(svc1.token(&ask).await.status, 200);
        let nothing = system.browser.get(&provider.url("/console/clients/nothing")).await;
        assert_eq!(nothing.status, 404);
    }
);

on_both!(
    /// The last officer of a kind whose phone is lost is replaced from the machine itself.
    the_machine_replaces_the_last_officer,
    |provider| {
        let [_, _, audit] = officers(&provider).await;
        let store = &provider.provider.store;
        let id = store.find_operator_by_login_name("audit").await.unwrap().unwrap().id;
        let context = RequestContext::internal("test");
        let record = yihao::audit::done(yihao::domain::audit_event::AuditKind::OperatorDisabled);
        let record = record.operator(id).record(&provider.provider, &context);
        assert!(store.disable_operator(id, record).await.unwrap());
        assert_eq!(status(&provider, &audit, "/console").await, 303);
        let made = invitations::invite_first(&provider.provider, &context).await.unwrap();
        assert_eq!(made.len(), 1);
        come_in(&provider, &made[0].1, "audit.two").await;
    }
);
