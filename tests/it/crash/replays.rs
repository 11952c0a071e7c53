//! What was spent before a restart is spent after it (security.md A-25): a node that begins anew remembers
//! nothing of its own, and needs nothing to know a replay.

use std::time::Duration;

use crate::crash::deployment::Deployment;
use crate::crash::streams;
use crate::crash::streams::Answer;

/// A little longer than a client may ask again for a rotation it had no answer to.
const AFTER_GRACE: Duration = Duration::from_secs(11);

/// The next token of the family.
async fn rotate(issuer: &str, token: &str) -> String {
    match streams::refresh(issuer, token).await {
        Answer::Done { body, .. } => body["refresh_token"].as_str().unwrap().to_owned(),
        Answer::Refused(body) => panic!("{body}"),
        Answer::Unknown => panic!("no answer"),
    }
}

async fn is_refused(issuer: &str, token: &str) -> bool {
    match streams::refresh(issuer, token).await {
        Answer::Refused(body) => body["error"] == "invalid_grant",
        Answer::Done { .. } => false,
        Answer::Unknown => panic!("no answer"),
    }
}

/// a spent refresh token presented after a restart, in order or by `kill -9`, is refused and takes its
/// family along; families nobody replayed go on.
#[tokio::test]
async fn a_spent_refresh_token_ends_its_family_after_a_restart() {
    let mut deployment = Deployment::new();
    deployment.environment.push(("YIHAO__SHUTDOWN__NOTICE_SECONDS", "1".to_owned()));
    let families = deployment.prepare(0).await.rotated;
    let [first, second, third] = <[String; 3]>::try_from(families).unwrap();
    let issuer = deployment.config.issuer_text().to_owned();

    let node = deployment.start().await;
    let first_next = rotate(&issuer, &first).await;
    let first_newest = rotate(&issuer, &first_next).await;
    let second_next = rotate(&issuer, &second).await;
    let third_next = rotate(&issuer, &third).await;
    node.end().await;

    let node = deployment.start().await;
    assert!(is_refused(&issuer, &first).await, "it was spent twice over");
    assert!(is_refused(&issuer, &first_newest).await, "its family is dead");
    drop(node);

    let node = deployment.start().await;
    assert!(is_refused(&issuer, &first_newest).await, "and stays dead when the process is killed");
    tokio::time::sleep(AFTER_GRACE).await;
    assert!(is_refused(&issuer, &second).await, "the client had its answer");
    assert!(is_refused(&issuer, &second_next).await, "its family is dead");
    drop(node);

    let node = deployment.start().await;
    assert!(is_refused(&issuer, &second_next).await);
    rotate(&issuer, &third_next).await;
    drop(node);
    let replays =
        "SELECT COUNT(*) FROM audit WHERE kind = 'refresh_token_used' AND outcome = 'refused'";
    assert!(deployment.values::<i64>(replays).await[0] >= 2, "both replays are told");
}
