//! Every route of the console, every role, and whose object it is (security.md ): a table that says who
//! may, and a server that has to agree.

use yihao::domain::operator::Role;

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::console::Operator;
use crate::support::console::appoint;
use crate::support::console::first_act;
use crate::support::console::officers;
use crate::support::console::send;
use crate::support::console_routes::AUDIT;
use crate::support::console_routes::COUNTER;
use crate::support::console_routes::OPEN;
use crate::support::console_routes::REASON;
use crate::support::console_routes::REGION;
use crate::support::console_routes::ROUTES;
use crate::support::console_routes::Route;
use crate::support::console_routes::SECURITY;
use crate::support::console_routes::SYSTEM;
use crate::support::login::log_in;
use crate::support::organisation::claim;
use crate::support::organisation::entity_in;

#[test]
fn every_route_of_the_console_is_in_the_table() {
    let mut missing = Vec::new();
    for entry in std::fs::read_dir("src/http/console").unwrap() {
        let source = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let source = source.replace("\n            ", " ").replace("\n        .route", "\n.route");
        for line in source.lines().filter(|line| line.contains(".route(")) {
            let pattern = line.split('"').nth(1).unwrap();
            if OPEN.contains(&pattern) || !pattern.starts_with("/console") {
                continue;
            }
            let has = |posted: bool| {
                ROUTES
                    .iter()
                    .any(|route| route.pattern == pattern && route.fields.is_some() == posted)
            };
            for (method, posted) in [("get(", false), ("post(", true)] {
                if line.contains(method) && !has(posted) {
                    missing.push(format!("{method}{pattern}"));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// The operators of one place, and one of another.
struct Staff {
    all: Vec<(Role, Operator)>,
    elsewhere: Operator,
}

impl Staff {
    fn of(&self, role: Role) -> &Operator {
        &self.all.iter().find(|(known, _)| *known == role).unwrap().1
    }
}

async fn staff(provider: &TestProvider) -> Staff {
    let [system, security, audit] = officers(provider).await;
    let both = [&system, &security];
    let region = appoint(provider, both, (REGION, "110100"), "beijing").await;
    let counter = appoint(provider, both, (COUNTER, "110105"), "chaoyang").await;
    let elsewhere = appoint(provider, both, (REGION, "140100"), "taiyuan").await;
    let all = vec![
        (AUDIT, audit),
        (COUNTER, counter),
        (REGION, region),
        (SECURITY, security),
        (SYSTEM, system),
    ];
    Staff { all, elsewhere }
}

/// A person of the region, and the path of a route with rows that are there.
async fn concrete(
    provider: &TestProvider,
    staff: &Staff,
    route: &Route,
    person: &Person,
) -> String {
    let mut path = route.path.replace("{nothing}", &uuid::Uuid::now_v7().to_string());
    if path.contains("{person}") {
        path = path.replace("{person}", &provider.account(person).await.id.to_string());
    }
    if path.contains("{unit}") {
        let known = entity_in("110105", 8304, person);
        provider.add_organisation(&known).await;
        let browser = Browser::new();
        log_in(provider, &browser, person).await;
        claim(provider, &browser, known.uscc.as_str()).await;
        let digest = provider.provider.vault.index_uscc(&known.uscc);
        let found = provider.provider.store.find_organisation_by_code(digest).await;
        path = path.replace("{unit}", &found.unwrap().expect("it is claimed").id.to_string());
    }
    if path.contains("{operator}") {
        let id = "SELECT id FROM operator WHERE login_name = 'chaoyang'";
        let id: uuid::Uuid = provider.value(id).await;
        path = path.replace("{operator}", &id.to_string());
    }
    if path.contains("{act}") {
        let region = staff.of(REGION);
        let person = provider.account(person).await.id;
        let fields = [("kind", "unmask"), REASON];
        send(provider, region, &format!("/console/people/{person}/ask"), &fields).await;
        let page = region.browser.get(&provider.url("/console/acts")).await;
        path = path.replace("{act}", &first_act(&page).expect("an act waits"));
    }
    path
}

async fn ask(provider: &TestProvider, operator: &Operator, route: &Route, path: &str) -> Page {
    match route.fields {
        None => operator.browser.get(&provider.url(path)).await,
        Some(fields) => send(provider, operator, path, fields).await,
    }
}

on_both!(
    /// who may gets an answer, who may not gets 403 and a record of it, whoever is no operator the login
    /// page; nothing answers with an error of ours.
    every_route_is_open_to_its_roles_alone,
    |provider| {
        let id_number = "11010519491231002X".to_owned();
        let person = Person { id_number, ..Person::synthetic(8301) };
        provider.add_person(&person).await;
        let staff = staff(&provider).await;
        let (stranger, citizen) = (Browser::new(), Browser::new());
        log_in(&provider, &citizen, &person).await;
        for route in ROUTES.iter().filter(|route| route.pattern != "/console/logout") {
            let path = concrete(&provider, &staff, route, &person).await;
            for browser in [&stranger, &citizen] {
                let nobody = match route.fields {
                    None => browser.get(&provider.url(&path)).await,
                    Some(fields) => {
                        let csrf = browser.get(&provider.url("/console/login")).await.csrf();
                        let own = fields.iter().copied().chain([("csrf", &*csrf)]);
                        browser.post(&provider.url(&path), &own.collect::<Vec<_>>()).await
                    }
                };
                let sent_away = (nobody.status, nobody.header("location"));
                assert_eq!(sent_away, (303, "/console/login"), "nobody at {path}");
            }
            // Those who may not come first: what the others do may use the row up.
            let refused = staff.all.iter().filter(|(role, _)| !route.roles.contains(role));
            for (role, operator) in refused {
                let page = ask(&provider, operator, route, &path).await;
                assert_eq!(page.status, 403, "{role:?} at {path}: {}", page.body);
                let record = "operator_refused refused the role does not allow it";
                assert_eq!(provider.audit(1).await, [record], "{role:?} at {path}");
            }
            for (role, operator) in staff.all.iter().filter(|(role, _)| route.roles.contains(role)) {
                let page = ask(&provider, operator, route, &path).await;
                let nothing = route.path.contains("{nothing}") || (path.ends_with("end-mandate") || path.ends_with("/organisations"));
                let missing = nothing && page.status == 404;
                let answered = page.status < 500 && ![401, 403, 404].contains(&page.status);
                let answered = answered || missing;
                assert!(answered, "{role:?} at {path}: {} {}", page.status, page.body);
            }
        }
    }
);

on_both!(
    /// whose region is another one gets the same answer as for what is not there, and changes nothing.
    what_lies_in_another_region_is_not_there,
    |provider| {
        let id_number = "11010519491231002X".to_owned();
        let person = Person { id_number, ..Person::synthetic(8302) };
        provider.add_person(&person).await;
        let staff = staff(&provider).await;
        let before = provider.account(&person).await;
        let tables = ["act", "account_note", "recovery", "organisation", "mandate"];
        let told = |route: &&Route| route.path.contains("{person}") || route.path.contains("{unit}");
        for route in ROUTES.iter().filter(told) {
            let path = concrete(&provider, &staff, route, &person).await;
            let rows = provider.rows(&tables).await;
            let there = ask(&provider, &staff.elsewhere, route, &path).await;
            let key = path.split('/').nth(3).unwrap();
            let nowhere = path.replace(key, &uuid::Uuid::now_v7().to_string());
            let missing = ask(&provider, &staff.elsewhere, route, &nowhere).await;
            assert_eq!((there.status, missing.status), (404, 404), "{path}");
            assert_eq!(there.plain_body(&path), missing.plain_body(&nowhere), "{path}");
            assert_eq!(provider.rows(&tables).await, rows, "{path}");
        }
        assert_eq!(provider.account(&person).await, before);
    }
);

on_both!(
    /// an address that only looks like one of the console's opens nothing.
    no_other_spelling_opens_the_console,
    |provider| {
        let staff = staff(&provider).await;
        for path in [
            "/CONSOLE", "//console", "/console/", "/%63onsole", "/console%2fpeople", "/console/people/",
            "/console.json", "/console;x=1", "/console/..;/console", "/console/admin", "/console/debug",
            "/console/metrics", "/admin",
        ] {
            let page = staff.of(SYSTEM).browser.get(&provider.url(path)).await;
            assert!(matches!(page.status, 400 | 404), "{path}: {}", page.status);
        }
        for header in ["x-original-url", "x-rewrite-url", "x-http-method-override"] {
            let url = provider.url("/console/clients");
            let page = staff.of(SYSTEM).browser.get_with(&url, &[(header, "/console/audit")]).await;
            assert!(page.status == 200 && page.body.contains("web1"), "{header}");
        }
    }
);
