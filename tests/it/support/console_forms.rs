//! Every address below the console, and every form of it with what an officer would write there: the tests of
//! headers, forgery and hostile words go through these tables, and fail when an address is missing.

use crate::support::Person;
use crate::support::TestProvider;
use crate::support::console::Operator;
use crate::support::console::PASSWORD;
use crate::support::console::ask_to_invite;
use crate::support::console::first_act;
use crate::support::console::officers;
use crate::support::portal::Portal;

/// The file that says which addresses the console has.
pub const ROUTES: &str = "src/http/console/mod.rs";

/// Every page.
pub const PAGES: &[&str] = &[
    "/console",
    "/console/login",
    "/console/password",
    "/console/invitation",
    "/console/people",
    "/console/people/by-name",
    "/console/people/doubts",
    "/console/people/{id}",
    "/console/people/{id}/identity",
    "/console/acts",
    "/console/operators",
    "/console/clients",
    "/console/clients/{id}",
    "/console/dashboards",
    "/console/dashboards/{file}",
    "/console/codes",
    "/console/codes/new",
    "/console/codes/disputes",
    "/console/codes/{id}",
    "/console/counter",
    "/console/organisations",
    "/console/organisations/{id}",
    "/console/system",
    "/console/onboarding",
    "/console/onboarding/{id}",
    "/console/audit",
    "/console/alerts",
    "/console/alerts/{id}",
];

/// A form: where it is sent, the last part of that address where there are many, and its fields.
pub type ConsoleForm = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Every form.
pub const FORMS: &[ConsoleForm] = &[
    ("/console/login", "", &[("login_name", "system"), ("password", PASSWORD), ("code", "000000")]),
    ("/console/logout", "", &[]),
    (
        "/console/password",
        "",
        &[
            ("current_password", "not the one"),
            ("password", "seven cranes over 2 rivers"),
            ("password_again", "seven cranes over 2 rivers"),
            ("code", "000000"),
        ],
    ),
    (
        "/console/invitation",
        "",
        &[
            ("token", "x"),
            ("login_name", "newcomer"),
            ("password", PASSWORD),
            ("password_again", PASSWORD),
            ("challenge", "x"),
            ("code", "000000"),
        ],
    ),
    ("/console/people", "", &[("identifier", "13700009050")]),
    ("/console/people/by-name", "", &[("name", "李明"), ("region", "110000"), ("after", "")]),
    ("/console/people/{id}/{action}", "lock", &[("reason", "核查")]),
    ("/console/people/{id}/{action}", "unlock", &[("reason", "核查")]),
    ("/console/people/{id}/{action}", "end-sessions", &[("reason", "核查")]),
    ("/console/people/{id}/{action}", "notes", &[("text", "来电咨询")]),
    ("/console/people/{id}/{action}", "ask", &[("kind", "unmask"), ("reason", "核查")]),
    ("/console/people/{id}/{action}", "counter-code", &[]),
    (
        "/console/people/{id}/identity/{action}",
        "merge",
        &[("identifier", "13700009050"), ("reason", "核查")],
    ),
    (
        "/console/people/{id}/identity/{action}",
        "split",
        &[("absorbed", "019363d2-7a10-7cc2-9d5b-0f3f0f8f4a11"), ("reason", "核查")],
    ),
    (
        "/console/people/{id}/identity/{action}",
        "correct",
        &[("name", "李明"), ("id_number", "11010519491231002X"), ("reason", "核查")],
    ),
    ("/console/people/{id}/identity/{action}", "dismiss", &[("reason", "核查")]),
    (
        "/console/people/{id}/{action}",
        "end-mandate",
        &[("mandate", "019363d2-7a10-7cc2-9d5b-0f3f0f8f4a11"), ("reason", "核查")],
    ),
    (
        "/console/people/{id}/{action}",
        "verify",
        &[
            ("document", "id_card"),
            ("name", "测试"),
            ("id_number", "x"),
            ("face", "1"),
            ("reason", "核查"),
        ],
    ),
    ("/console/acts/{id}", "", &[("decision", "approve")]),
    (
        "/console/operators",
        "",
        &[("name", "王工"), ("role", "audit_officer"), ("region", ""), ("reason", "新到岗")],
    ),
    ("/console/operators/{id}/disable", "", &[("reason", "离岗")]),
    ("/console/clients/{id}/switch", "", &[("reason", "停用")]),
    (
        "/console/clients/{id}/connect",
        "",
        &[
            ("name", "值班系统"),
            ("role", "counter_staff"),
            ("region", "110100"),
            ("reason", "对接"),
        ],
    ),
    (
        "/console/codes/new",
        "",
        &[
            ("kind", "new_codes"),
            ("authority", "云州市市场监督管理局"),
            ("evidence", "云市监函〔2026〕12号"),
            ("encoding", ""),
            ("file", "uscc,name,date\n91140100PDY00001XL,样例企业,2026-11-26\n"),
            ("act", "look"),
        ],
    ),
    ("/console/codes/{id}/{action}", "confirm", &[("reason", "来函核对")]),
    ("/console/codes/{id}/{action}", "roll-back", &[("reason", "来函有误")]),
    ("/console/codes/disputes/{id}", "", &[("decision", "accept"), ("reason", "登记机关书面答复")]),
    (
        "/console/counter/{kind}",
        "claim",
        &[
            ("code", "91140000701011888X"),
            ("agent_name", "李明"),
            ("agent_number", "L898902C3"),
            ("agent_id_type", "FOREIGN_PASSPORT"),
            ("agent_id_country", "FRA"),
            ("documents", "营业执照"),
            ("reason", "登记信息有误"),
        ],
    ),
    (
        "/console/counter/{kind}",
        "guardian",
        &[
            ("person_name", "李小明"),
            ("person_number", "00000001"),
            ("person_id_type", "511"),
            ("person_id_country", ""),
            ("person_born", "2020-05-06"),
            ("agent_name", "李明"),
            ("agent_number", "11010519491231002X"),
            ("agent_id_type", "111"),
            ("documents", "户口簿"),
            ("reason", "父亲到场"),
        ],
    ),
    (
        "/console/counter/{kind}",
        "helper",
        &[
            ("person_name", "李老"),
            ("person_number", "11010519491231002X"),
            ("agent_name", "李明"),
            ("agent_number", "11010519491231002X"),
            ("items", "i1"),
            ("hours", "2"),
            ("documents", "身份证"),
            ("reason", "本人到场"),
        ],
    ),
    ("/console/organisations", "", &[("code", "91140000701011888X")]),
    ("/console/organisations/{id}/{action}", "suspend", &[("reason", "协查")]),
    (
        "/console/organisations/{id}/{action}",
        "ask",
        &[("kind", "end_organisation"), ("reason", "协查")],
    ),
    (
        "/console/organisations/{id}/{action}",
        "end-mandate",
        &[("mandate", "019363d2-7a10-7cc2-9d5b-0f3f0f8f4a11"), ("reason", "协查")],
    ),
    ("/console/system/keys", "", &[("reason", "到期")]),
    ("/console/system/deliveries/{id}", "", &[]),
    ("/console/onboarding/{id}/{action}", "approve", &[("reason", "材料齐全")]),
    ("/console/onboarding/{id}/{action}", "return", &[("reason", "材料不全")]),
    ("/console/onboarding/{id}/{action}", "refuse", &[("reason", "不符合")]),
    ("/console/onboarding/{id}/{action}", "go-live", &[("reason", "自检通过")]),
    ("/console/onboarding/{id}/{action}", "retire", &[("reason", "停办")]),
    ("/console/onboarding/{id}/{action}", "new-link", &[("reason", "链接遗失")]),
    (
        "/console/onboarding/{id}/{action}",
        "hand-over",
        &[("unit_name", "云州市数据局"), ("unit_code", "x"), ("reason", "机构改革")],
    ),
    ("/console/audit", "", &[("identifier", "13700009050")]),
    ("/console/audit/export", "", &[("account", ""), ("kind", "login")]),
    ("/console/alerts/{id}", "", &[("step", "acknowledge"), ("reason", "已核实")]),
];

/// Officers at work, and one of everything that an address can name.
pub struct Office {
    /// Who works with systems, with people, and looks at the records.
    pub officers: [Operator; 3],
    /// Somebody with an account.
    pub person: Person,
    account: String,
    act: String,
    operator: String,
    application: String,
}

impl Office {
    /// Opens it.
    pub async fn open(provider: &TestProvider) -> Self {
        let officers = officers(provider).await;
        let [system, security, _] = &officers;
        let person = Person::synthetic(8_700);
        provider.add_person(&person).await;
        let account = provider.account(&person).await.id.to_string();
        assert_eq!(ask_to_invite(provider, system, ("audit_officer", "")).await.status, 303);
        let acts = security.browser.get(&provider.url("/console/acts")).await;
        let act = first_act(&acts).unwrap();
        let found = provider.provider.store.find_operator_by_login_name("audit").await.unwrap();
        let operator = found.unwrap().id.to_string();
        let application = Portal::new(provider).await.id;
        Self { officers, person, account, act, operator, application }
    }

    /// The address with what it names put in.
    pub fn address(&self, path: &str, action: &str) -> String {
        let unknown = "019363d2-7a10-7cc2-9d5b-0f3f0f8f4a11";
        let id = match path.split('/').nth(2) {
            Some("people") => &*self.account,
            Some("acts") => &*self.act,
            Some("operators") => &*self.operator,
            Some("onboarding") => &*self.application,
            Some("clients") => "web1",
            _ => unknown,
        };
        let path = path.replace("{id}", id).replace("{action}", action).replace("{kind}", action);
        path.replace("{file}", "logins.csv")
    }

    /// Who may send this form.
    pub fn officer_for(&self, path: &str) -> &Operator {
        let [system, security, audit] = &self.officers;
        match path.split('/').nth(2) {
            Some("people" | "acts" | "alerts" | "organisations" | "counter") => security,
            Some("audit") => audit,
            _ => system,
        }
    }
}

/// A route as its file writes it: the address, and whether it takes forms.
pub struct Route {
    /// The address.
    pub path: String,
    /// Whether it is looked at.
    pub gets: bool,
    /// Whether forms are sent to it.
    pub posts: bool,
}

/// Every route of a file whose address stands in it as text, however it is broken into lines.
pub fn routes_of(file: &str) -> Vec<Route> {
    let source = std::fs::read_to_string(file).unwrap();
    let mut found = Vec::new();
    for rest in source.split(".route(").skip(1) {
        let Some(quoted) = rest.trim_start().strip_prefix('"') else { continue };
        let (path, handlers) = quoted.split_once('"').unwrap();
        // Up to the end of this call: what comes behind it is no handler of this route.
        let mut depth = 1_i32;
        let end = handlers.find(|letter| {
            depth += match letter {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            depth == 0
        });
        let handlers = &handlers[..end.unwrap()];
        let (gets, posts) = (handlers.contains("get("), handlers.contains("post("));
        assert!(gets || posts, "{path} in {file} is neither looked at nor sent to");
        found.push(Route { path: path.to_owned(), gets, posts });
    }
    assert!(!found.is_empty(), "{file} has no routes");
    found
}
