//! What an operator at a terminal types about organisations and mandates: looks are masked, changes count at once.

use std::process::Command;
use std::process::Output;

use serde_json::Value;

use crate::support::Backend;
use crate::support::TestProvider;
use crate::support::organisation::mandates;
use crate::support::organisation::with_agent;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organisation_is_shown_suspended_and_resumed_and_a_mandate_ended() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let (uscc, _, (agent, browser)) = with_agent(&provider, 9701).await;
    let config = &provider.provider.config;
    let run = |arguments: &[&str]| -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_yihao"));
        command
            .args(arguments)
            .arg("--json")
            .env("YIHAO__ISSUER", config.issuer_text())
            .env("YIHAO__DATA_DIR", &config.data_dir)
            .env("YIHAO__ACCEPT_SYNTHETIC", "true")
            .env("YIHAO__LOG__FILTER", "off")
            .output()
            .unwrap()
    };
    let json = |arguments: &[&str]| -> Value {
        let output = run(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let id: uuid::Uuid = provider.value("SELECT id FROM organisation").await;
    let id = id.to_string();

    let shown = json(&["organisation", "show", &id]);
    assert_eq!((&shown["status"], &shown["register"]), (&"active".into(), &"active".into()));
    assert_eq!(shown["mandates"], 2);
    let listed = json(&["mandate", "list", "--organisation", &id]);
    let rows = listed.as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["role"]), (2, &Value::from("agent")));
    assert!(!listed.to_string().contains(&agent.name), "{listed}");
    assert!(!listed.to_string().contains(&agent.id_number), "{listed}");

    assert_eq!(json(&["organisation", "suspend", &id])["changed"], true);
    let page = mandates(&provider, &browser).await.body;
    assert!(page.contains(&uscc) && page.contains("单位账号已暂停"), "{page}");
    assert_eq!(json(&["organisation", "suspend", &id])["changed"], false);
    assert_eq!(json(&["organisation", "resume", &id])["status"], "active");
    let page = mandates(&provider, &browser).await.body;
    assert!(page.contains(&uscc) && !page.contains("单位账号已暂停"), "{page}");

    let mandate = rows[0]["mandate"].as_str().unwrap();
    assert_eq!(json(&["mandate", "end", mandate])["changed"], true);
    assert_eq!(json(&["mandate", "end", mandate])["changed"], false);
    assert!(!mandates(&provider, &browser).await.body.contains(&uscc));
    let over = json(&["mandate", "list", "--organisation", &id, "--over"]);
    assert_eq!(over[0]["state"], "revoked");
    let nowhere = uuid::Uuid::now_v7().to_string();
    for wrong in [
        &["organisation", "show", "x"][..],
        &["organisation", "suspend", &nowhere],
        &["mandate", "end", &nowhere],
        &["mandate", "list"],
        &["mandate", "list", "--account", &nowhere, "--limit", "0"],
    ] {
        assert!(!run(wrong).status.success(), "{wrong:?}");
    }
}
