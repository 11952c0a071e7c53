//! Every route of the console and who may use it: the table that the server is held to (security.md A-67).

use yihao::domain::operator::Role;

/// A role.
pub const SYSTEM: Role = Role::SystemOfficer;
/// A role.
pub const SECURITY: Role = Role::SecurityOfficer;
/// A role.
pub const AUDIT: Role = Role::AuditOfficer;
/// A role.
pub const REGION: Role = Role::RegionAdministrator;
/// A role.
pub const COUNTER: Role = Role::CounterStaff;
const ALL: &[Role] = &Role::ALL;
const PEOPLE: &[Role] = &[SECURITY, REGION, COUNTER];

/// One request that its roles may make and nobody else.
pub struct Route {
    /// As the router has it.
    pub pattern: &'static str,
    /// What is asked for; `{person}`, `{act}` and `{operator}` stand for rows that are there, `{nothing}` for none.
    pub path: &'static str,
    /// Fields of a form; none for a page.
    pub fields: Option<&'static [(&'static str, &'static str)]>,
    /// Who may.
    pub roles: &'static [Role],
}

const fn page(pattern: &'static str, path: &'static str, roles: &'static [Role]) -> Route {
    Route { pattern, path, fields: None, roles }
}

const fn form(
    pattern: &'static str,
    path: &'static str,
    fields: &'static [(&'static str, &'static str)],
    roles: &'static [Role],
) -> Route {
    Route { pattern, path, fields: Some(fields), roles }
}

/// Why.
pub const REASON: (&str, &str) = ("reason", "例行检查");
const VERIFY: &[(&str, &str)] =
    &[("document", "id_card"), ("name", "测试"), ("id_number", "x"), ("face", "1"), REASON];
const PERSON_ACTION: &str = "/console/people/{id}/{action}";
const UNIT_ACTION: &str = "/console/organisations/{id}/{action}";
const AGENT: [(&str, &str); 4] = [
    ("agent_name", "李明"),
    ("agent_number", "11010519491231002X"),
    ("documents", "身份证"),
    ("reason", "例行检查"),
];

/// Whoever has no session may open these.
pub const OPEN: [&str; 2] = ["/console/login", "/console/invitation"];

/// The table.
pub const ROUTES: &[Route] = &[
    page("/console", "/console", ALL),
    page("/console/people", "/console/people", PEOPLE),
    form("/console/people", "/console/people", &[("identifier", "11010519491231002X")], PEOPLE),
    page("/console/people/by-name", "/console/people/by-name", PEOPLE),
    form("/console/people/by-name", "/console/people/by-name", &[("name", "测试")], PEOPLE),
    page("/console/people/{id}", "/console/people/{person}", PEOPLE),
    form(PERSON_ACTION, "/console/people/{person}/lock", &[REASON], &[SECURITY, REGION]),
    form(PERSON_ACTION, "/console/people/{person}/unlock", &[REASON], &[SECURITY, REGION]),
    form(PERSON_ACTION, "/console/people/{person}/end-sessions", &[REASON], &[SECURITY, REGION]),
    form(PERSON_ACTION, "/console/people/{person}/notes", &[("text", "来电咨询")], PEOPLE),
    form(PERSON_ACTION, "/console/people/{person}/ask", &[("kind", "unmask"), REASON], PEOPLE),
    form(
        PERSON_ACTION,
        "/console/people/{person}/ask",
        &[("kind", "recover_at_counter"), REASON],
        PEOPLE,
    ),
    form(
        PERSON_ACTION,
        "/console/people/{person}/ask",
        &[("kind", "release_phone"), REASON],
        PEOPLE,
    ),
    form(PERSON_ACTION, "/console/people/{person}/counter-code", &[], PEOPLE),
    form(PERSON_ACTION, "/console/people/{person}/verify", VERIFY, PEOPLE),
    page("/console/people/doubts", "/console/people/doubts", PEOPLE),
    page("/console/people/{id}/identity", "/console/people/{person}/identity", PEOPLE),
    form(
        "/console/people/{id}/identity/{action}",
        "/console/people/{person}/identity/merge",
        &[("identifier", "11010519491231002X"), REASON],
        PEOPLE,
    ),
    form(
        "/console/people/{id}/identity/{action}",
        "/console/people/{person}/identity/split",
        &[("absorbed", "019363d2-7a10-7cc2-9d5b-0f3f0f8f4a11"), REASON],
        PEOPLE,
    ),
    form(
        "/console/people/{id}/identity/{action}",
        "/console/people/{person}/identity/correct",
        &[("name", "测试"), ("id_number", "11010519491231002X"), REASON],
        PEOPLE,
    ),
    form(
        "/console/people/{id}/identity/{action}",
        "/console/people/{person}/identity/dismiss",
        &[REASON],
        PEOPLE,
    ),
    form(
        PERSON_ACTION,
        "/console/people/{person}/end-mandate",
        &[("mandate", "0193f6a2-7c1e-7000-8000-000000000000"), REASON],
        &[SECURITY, REGION],
    ),
    page("/console/organisations", "/console/organisations", PEOPLE),
    form(
        "/console/organisations",
        "/console/organisations",
        &[("code", "911101050000000001")],
        PEOPLE,
    ),
    page("/console/organisations/{id}", "/console/organisations/{unit}", PEOPLE),
    form(UNIT_ACTION, "/console/organisations/{unit}/suspend", &[REASON], &[SECURITY, REGION]),
    form(
        UNIT_ACTION,
        "/console/organisations/{unit}/ask",
        &[("kind", "end_organisation"), REASON],
        &[SECURITY, REGION],
    ),
    form(
        UNIT_ACTION,
        "/console/organisations/{unit}/end-mandate",
        &[("mandate", "0193f6a2-7c1e-7000-8000-000000000000"), REASON],
        &[SECURITY, REGION],
    ),
    page("/console/counter", "/console/counter", PEOPLE),
    form("/console/counter/{kind}", "/console/counter/claim", &AGENT, PEOPLE),
    form("/console/counter/{kind}", "/console/counter/guardian", &AGENT, PEOPLE),
    page("/console/acts", "/console/acts", ALL),
    form(
        "/console/acts/{id}",
        "/console/acts/{act}",
        &[("decision", "approve")],
        &[SYSTEM, SECURITY],
    ),
    page("/console/operators", "/console/operators", &[SYSTEM, SECURITY, AUDIT, REGION]),
    form(
        "/console/operators",
        "/console/operators",
        &[("name", "王工"), ("role", "counter_staff"), ("region", "110100"), REASON],
        &[SYSTEM, SECURITY, REGION],
    ),
    form(
        "/console/operators/{id}/disable",
        "/console/operators/{operator}/disable",
        &[REASON],
        &[SYSTEM, SECURITY, REGION],
    ),
    page("/console/clients", "/console/clients", &[SYSTEM]),
    page("/console/clients/{id}", "/console/clients/web1", &[SYSTEM]),
    form(
        "/console/clients/{id}/switch",
        "/console/clients/web1/switch",
        &[("to", "off"), REASON],
        &[SYSTEM],
    ),
    page(
        "/console/dashboards",
        "/console/dashboards?range=12m",
        &[SYSTEM, SECURITY, AUDIT, REGION],
    ),
    page(
        "/console/dashboards/{file}",
        "/console/dashboards/regions.csv",
        &[SYSTEM, SECURITY, AUDIT, REGION],
    ),
    form(
        "/console/clients/{id}/connect",
        "/console/clients/web1/connect",
        &[("name", "数据平台"), ("role", "counter_staff"), ("region", "110100"), REASON],
        &[SYSTEM],
    ),
    page("/console/codes", "/console/codes", &[SYSTEM, SECURITY]),
    page("/console/codes/new", "/console/codes/new", &[SYSTEM, SECURITY]),
    form(
        "/console/codes/new",
        "/console/codes/new",
        &[
            ("kind", "legacy_codes"),
            ("authority", "云州市市场监督管理局"),
            ("evidence", "云市监函〔2026〕12号"),
            ("file", "kind,value,uscc,name\n"),
            ("act", "hand_in"),
        ],
        &[SYSTEM, SECURITY],
    ),
    page("/console/codes/disputes", "/console/codes/disputes", &[SYSTEM, SECURITY]),
    form(
        "/console/codes/disputes/{id}",
        "/console/codes/disputes/{nothing}",
        &[("decision", "accept"), REASON],
        &[SYSTEM, SECURITY],
    ),
    page("/console/codes/{id}", "/console/codes/{nothing}", &[SYSTEM, SECURITY]),
    form(
        "/console/codes/{id}/{action}",
        "/console/codes/{nothing}/confirm",
        &[REASON],
        &[SYSTEM, SECURITY],
    ),
    page("/console/system", "/console/system", &[SYSTEM, SECURITY]),
    form(
        "/console/system/deliveries/{id}",
        "/console/system/deliveries/0193f6a2-7c1e-7000-8000-000000000000",
        &[],
        &[SYSTEM],
    ),
    page("/console/alerts", "/console/alerts", &[SECURITY, AUDIT]),
    page("/console/alerts/{id}", "/console/alerts/{nothing}", &[SECURITY, AUDIT]),
    form(
        "/console/alerts/{id}",
        "/console/alerts/{nothing}",
        &[("step", "acknowledge"), REASON],
        &[SECURITY],
    ),
    page("/console/onboarding", "/console/onboarding", &[SYSTEM, SECURITY]),
    page("/console/onboarding/{id}", "/console/onboarding/{nothing}", &[SYSTEM, SECURITY]),
    form(
        "/console/onboarding/{id}/{action}",
        "/console/onboarding/{nothing}/return",
        &[REASON],
        &[SYSTEM],
    ),
    page("/console/audit", "/console/audit", &[AUDIT]),
    form("/console/audit", "/console/audit", &[("identifier", "11010519491231002X")], &[AUDIT]),
    form("/console/audit/export", "/console/audit/export", &[("format", "csv")], &[AUDIT]),
    form("/console/system/keys", "/console/system/keys", &[REASON], &[SYSTEM]),
    page("/console/password", "/console/password", ALL),
    form("/console/password", "/console/password", &[("password", "x")], ALL),
    form("/console/logout", "/console/logout", &[], ALL),
];
