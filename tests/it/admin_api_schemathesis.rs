//! The Admin API against its own document, by somebody else's software: `schemathesis` sends what the document
//! allows and what it does not, with a token of each role. `YIHAO_TEST_SCHEMATHESIS` names the program.

use std::path::Path;
use std::process::Stdio;

use serde_json::json;
use tokio::process::Command;
use yihao::domain::operator::Role;

use crate::support::Backend;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::console::officers;
use crate::support::machine;
use crate::support::machine::Machine;
use crate::support::machine::connect;

/// What has to hold for every answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance,negative_data_rejection,\
                      missing_required_header,unsupported_method,ignored_auth";

/// How what the document forbids is refused; a page token may be too long even for the head of a request.
const REFUSALS: &str = "[checks]\nnegative_data_rejection.expected-statuses = \
                        [400, 401, 403, 404, 409, 413, 415, 422, 431]\n";

/// Seconds one role may take.
const PATIENCE: &str = "20";

#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_nothing_with_a_token_of_any_role() {
    let Ok(program) = std::env::var("YIHAO_TEST_SCHEMATHESIS") else {
        eprintln!("left out: YIHAO_TEST_SCHEMATHESIS is not set");
        return;
    };
    // Faster than anybody may ask: what is told to wait is looked at elsewhere.
    let quick = |config: &mut yihao::config::Config| config.api.requests_per_minute = 1_000_000;
    let provider = TestProvider::start_with(Backend::Sqlite, quick).await;
    let id_number = "11010519491231002X".to_owned();
    let person = Person { id_number, ..Person::synthetic(8601) };
    provider.add_person(&person).await;
    let officers = officers(&provider).await;
    let both = [&officers[0], &officers[1]];
    let machines = [
        connect(&provider, both, (Role::SystemOfficer, ""), "robot-system").await,
        connect(&provider, both, (Role::SecurityOfficer, ""), "robot-security").await,
        connect(&provider, both, (Role::AuditOfficer, ""), "robot-audit").await,
        connect(&provider, both, (Role::RegionAdministrator, "110100"), "robot-region").await,
        connect(&provider, both, (Role::CounterStaff, "110105"), "robot-counter").await,
    ];
    for machine in &machines {
        let token = machine.token(&provider).await;
        let settings = provider.provider.config.data_dir.join("schemathesis.toml");
        std::fs::write(&settings, rows(&provider, machine, &token, &person).await).unwrap();
        let done = run(&provider, &program, (&settings, &token)).await;
        let said = String::from_utf8_lossy(&done.stdout);
        let complained = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{:?}: {said}\n{complained}", machine.role);
        println!("{:?}: {}", machine.role, said.lines().last().unwrap_or_default());
    }
}

async fn run(
    provider: &TestProvider,
    program: &str,
    (settings, token): (&Path, &str),
) -> std::process::Output {
    Command::new(program)
        .args(["--config-file", settings.to_str().unwrap(), "run"])
        .arg(provider.url("/api/v1/openapi.json"))
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .args(["--checks", CHECKS, "--phases", "examples,coverage,fuzzing", "--max-examples", "12"])
        .args(["--max-time", PATIENCE, "--seed", "20", "--generation-database", "none"])
        .args(["--no-color", "--warnings", "off"])
        .current_dir(settings.parent().unwrap())
        .stdin(Stdio::null())
        .output()
        .await
        .expect("schemathesis runs")
}

/// Rows that are there, so that answers of success are looked at, too.
async fn rows(provider: &TestProvider, machine: &Machine, token: &str, person: &Person) -> String {
    let account = provider.account(person).await.id.to_string();
    let mut rows = vec![("people", account.clone()), ("clients", "web1".to_owned())];
    let asked = json!({ "kind": "unmask", "reason": "例行检查" });
    let asked = machine::post(provider, token, &format!("/people/{account}/acts"), &asked).await;
    if asked.status == 202 {
        rows.push(("acts", asked.json()["act"].as_str().unwrap().to_owned()));
    } else {
        assert!(matches!(machine.role, Role::SystemOfficer | Role::AuditOfficer), "{}", asked.body);
    }
    let row = |(subject, id): &(&str, String)| {
        format!(
            "[[operations]]\ninclude-path-regex = \"^/{subject}/\"\nparameters = {{ \"path.id\" = \"{id}\" }}\n"
        )
    };
    rows.iter().map(row).chain([REFUSALS.to_owned()]).collect()
}
