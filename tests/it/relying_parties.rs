//! Real relying parties over TLS (`conformance/relying-parties`): with `YIHAO_TEST_RELYING_PARTIES=1`.

use std::path::Path;
use std::process::Command;

#[test]
fn unmodified_relying_parties_work() {
    if !std::env::var("YIHAO_TEST_RELYING_PARTIES").is_ok_and(|text| text == "1") {
        eprintln!("left out: YIHAO_TEST_RELYING_PARTIES is not 1");
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/relying-parties/run.sh");

    let done = Command::new(script).env("YIHAO_BIN", env!("CARGO_BIN_EXE_yihao")).output();

    let done = done.expect("the script is run");
    let said = String::from_utf8_lossy(&done.stdout);
    let complained = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}\n{complained}");
    print!("{said}");
}
