//! Legacy codes become credit codes (国发〔2015〕33号): a batch is read whole, decided by two officers, found by anybody
//! who still types an old number, and taken back again. Whatever is wrong with a file is told by its line.

use serde_json::json;
use yihao::codes;
use yihao::codes::CodesError;
use yihao::codes::Order;
use yihao::codes::import;
use yihao::domain::code_record::Report;
use yihao::domain::id::CodeBatchId;
use yihao::domain::operator::Role;
use yihao::domain::request_context::RequestContext;
use yihao::domain::synthetic;
use yihao::table::TableError;

use crate::on_both;
use crate::support::TestProvider;
use crate::support::console::Operator;
use crate::support::console::decide;
use crate::support::console::officers;
use crate::support::console::send;
use crate::support::machine;

const HEADER: &str = "kind,value,uscc,name,valid_from\n";
/// Made-up registration numbers, in the order of their sequence.
pub const NUMBERS: [&str; 4] =
    ["149999000000019", "149999000000027", "149999000000035", "149999000000043"];

async fn read(
    provider: &TestProvider,
    file: &[u8],
    dry_run: bool,
) -> Result<(Option<CodeBatchId>, Report), CodesError> {
    let order = Order {
        authority: "云州市市场监督管理局",
        evidence: "云市监函〔2026〕12号",
        encoding: None,
        dry_run,
    };
    let context = RequestContext::internal("test");
    import::import(&provider.provider, (&context, None), file, order, |_, _| Ok(())).await
}

pub async fn batch(provider: &TestProvider, rows: &str) -> (String, Report) {
    let file = format!("{HEADER}{rows}");
    let (batch, report) = read(provider, file.as_bytes(), false).await.unwrap();
    (batch.unwrap().to_string(), report)
}

/// One officer asks, the other one approves.
pub async fn agree(provider: &TestProvider, [asks, decides]: [&Operator; 2], path: &str) {
    let asked = send(provider, asks, path, &[("reason", "来函核对")]).await;
    assert_eq!(asked.status, 303, "{}", asked.body);
    let page = decide(provider, decides, "approve").await;
    assert_eq!(page.status, 303, "{}", page.body);
}

pub async fn found(provider: &TestProvider, text: &str) -> Option<String> {
    codes::find_uscc(&provider.provider, text).await.unwrap().map(|uscc| uscc.to_string())
}

fn told(report: &Report) -> Vec<(i64, &str)> {
    report.findings.iter().map(|finding| (finding.line, finding.reason.as_str())).collect()
}

pub fn row(kind: &str, value: &str, seed: u64) -> String {
    format!("{kind},{value},{},样例企业{seed},2016-10-01\n", synthetic::uscc(seed))
}

on_both!(
    /// Four eyes: nothing counts before two officers say so, and nothing after they took it back.
    a_batch_counts_once_two_officers_confirm_it_and_no_longer_than_that,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let owner = synthetic::citizen_id(7);
        let rows = [
            row("registration_number", NUMBERS[0], 1),
            row("组织机构代码", "PDY00001-X", 1),
            row("税务登记号", owner.expose(), 300_001),
            row("certificate", "云社证字〔2008〕第0123号", 2),
        ];
        let (id, report) = batch(&provider, &rows.concat()).await;
        assert_eq!((report.rows, report.valid, report.refused), (4, 4, 0), "{report:?}");
        assert_eq!(found(&provider, NUMBERS[0]).await, None, "nobody confirmed it");
        let path = format!("/console/codes/{id}");
        let page = system.browser.get(&provider.url(&path)).await;
        assert!(page.body.contains("云市监函〔2026〕12号"), "{}", page.body);
        let ask = format!("{path}/confirm");
        assert_eq!(send(&provider, &system, &ask, &[("reason", "来函核对")]).await.status, 303);
        let own = decide(&provider, &system, "withdraw").await;
        assert_eq!(own.status, 303, "who asks only takes it back: {}", own.body);
        assert_eq!(found(&provider, NUMBERS[0]).await, None);

        agree(&provider, [&system, &security], &ask).await;

        let uscc = synthetic::uscc(1).to_string();
        for spelling in [NUMBERS[0], "１４９９９９ 000000019", "PDY00001X", " pdy00001-x "] {
            assert_eq!(found(&provider, spelling).await.as_deref(), Some(&*uscc), "{spelling}");
        }
        assert_eq!(found(&provider, "云社证字(2008)第0123号").await.unwrap(), synthetic::uscc(2).to_string());
        assert!(found(&provider, owner.expose()).await.unwrap().starts_with("92"));
        for unknown in ["", NUMBERS[1], "PDY000028", "x", &"9".repeat(5000), "\0"] {
            assert_eq!(found(&provider, unknown).await, None, "{unknown:?}");
        }
        assert_eq!(send(&provider, &system, &ask, &[("reason", "来函核对")]).await.status, 409);
        let page = system.browser.get(&provider.url("/console/codes")).await;
        assert!(page.body.contains("id=\"codes-converted\">4<"), "{}", page.body);

        agree(&provider, [&security, &system], &format!("{path}/roll-back")).await;
        assert_eq!(found(&provider, NUMBERS[0]).await, None, "it was taken back");
        let page = system.browser.get(&provider.url("/console/codes")).await;
        assert!(page.body.contains("id=\"codes-converted\">0<"), "{}", page.body);
    }
);

on_both!(
    /// domain.md 2.6: the old key finds the organisation for a configured while.
    an_old_code_finds_nobody_once_the_overlap_is_over,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let (id, _) = batch(&provider, &row("registration_number", NUMBERS[0], 1)).await;
        agree(&provider, [&system, &security], &format!("/console/codes/{id}/confirm")).await;
        let day = 24 * 60 * 60 * 1000;
        provider.clock.advance(729 * day);
        assert!(found(&provider, NUMBERS[0]).await.is_some());
        provider.clock.advance(2 * day);
        assert_eq!(found(&provider, NUMBERS[0]).await, None);
    }
);

on_both!(
    /// Every way a row can be wrong has its reason; a dry run tells the same and leaves nothing.
    a_report_tells_every_line_and_a_dry_run_leaves_nothing,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let (id, _) = batch(&provider, &row("registration_number", NUMBERS[3], 9)).await;
        agree(&provider, [&system, &security], &format!("/console/codes/{id}/confirm")).await;
        let good = synthetic::uscc(1);
        let file = [
            HEADER.to_owned(),
            row("registration_number", NUMBERS[0], 1),
            row("registration_number", "149999000000018", 1),
            row("registration_number", "14999900000001", 1),
            row("registration_number", "14999900000001Х", 1),
            row("licence", NUMBERS[1], 1),
            format!("registration_number,{},91140100PDY00001XM,样例企业,\n", NUMBERS[1]),
            format!("registration_number,{},{good},\u{202E},\n", NUMBERS[1]),
            format!("registration_number,{},{good},\"样例\n企业\",\n", NUMBERS[1]),
            format!("registration_number,{},{good},样例企业,2016-02-30\n", NUMBERS[1]),
            row("registration_number", NUMBERS[0], 1),
            row("registration_number", NUMBERS[2], 1),
            row("registration_number", NUMBERS[2], 2),
            row("registration_number", NUMBERS[3], 9),
            row("registration_number", NUMBERS[3], 8),
            format!("organisation_code,PDY000036,{},样例企业,\n", unlisted()),
            "registration_number\n".to_owned(),
        ];
        let file = file.concat();
        let tables = ["code_batch", "legacy_code", "code_tally"];
        let before = provider.rows(&tables).await;

        let (batch, report) = read(&provider, file.as_bytes(), true).await.unwrap();

        let expected = [
            (3, "E_CHECK_DIGIT"), (4, "E_LENGTH"), (5, "E_CHARSET"), (6, "E_KIND"), (7, "E_USCC_CHECK"),
            (8, "E_NAME"), (9, "E_NAME"), (11, "E_DATE"), (12, "E_DUPLICATE"), (13, "E_CONFLICT_IN_FILE"),
            (14, "E_CONFLICT_IN_FILE"), (15, "E_CONVERTED"), (16, "E_CONFLICT"), (17, "E_CATEGORY"),
            (18, "E_EMPTY"),
        ];
        assert_eq!(told(&report), expected);
        let counts = (report.rows, report.valid, report.refused, report.duplicate);
        assert_eq!(counts, (16, 2, 9, 1), "{report:?}");
        assert_eq!((report.conflict, report.converted, report.warned), (3, 1, 1), "{report:?}");
        assert_eq!((batch, provider.rows(&tables).await), (None, before));
        let (_, again) = read(&provider, file.as_bytes(), false).await.unwrap();
        assert_eq!(again, report, "what a dry run says is what happens");
        assert!(!format!("{report:?}").contains("149999"), "a report repeats nothing of a line");
    }
);

on_both!(
    /// domain.md 2.5: positions 9 to 17 of a credit code are the organisation code, and a tax number ends with it. What
    /// contradicts that is taken all the same, and officers are warned.
    a_row_that_contradicts_the_organisation_code_is_taken_with_a_warning,
    |provider| {
        let [system, ..] = officers(&provider).await;
        let [own, other] = [1, 2].map(|seed| synthetic::uscc(seed).organisation_code());
        let rows = [
            row("organisation_code", own.as_str(), 1),
            row("tax_number", &format!("110100{}", own.as_str()), 1),
            row("organisation_code", other.as_str(), 1),
            row("tax_number", &format!("140100{}", other.as_str()), 1),
            row("registration_number", NUMBERS[0], 1),
        ];

        let (id, report) = batch(&provider, &rows.concat()).await;

        assert_eq!(told(&report), [(4, "E_ORG_CODE_DIFFERS"), (5, "E_ORG_CODE_DIFFERS")]);
        assert_eq!((report.valid, report.warned, report.refused), (5, 2, 0), "{report:?}");
        let page = system.browser.get(&provider.url(&format!("/console/codes/{id}"))).await;
        for words in ["需要核对", "原组织机构代码与统一社会信用代码第 9 至 17 位不一致"] {
            assert!(page.body.contains(words), "{}", page.body);
        }
    }
);

/// A code of a category the table lacks.
fn unlisted() -> String {
    use yihao::domain::organisation_code::OrganisationCode;
    use yihao::domain::policy::Synthetic;
    use yihao::domain::uscc::Uscc;
    let code = OrganisationCode::parse("PDY000036", Synthetic::Accepted).unwrap();
    Uscc::candidate("18", "140100", &code).unwrap().to_string()
}

on_both!(
    /// A legacy code has one confirmed mapping; what contradicts it is settled by two officers, one way or the other.
    what_contradicts_itself_is_settled_by_two_officers,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let both = [&system, &security];
        let number = NUMBERS[0];
        let (first, _) = batch(&provider, &row("registration_number", number, 1)).await;
        let (second, report) = batch(&provider, &row("registration_number", number, 2)).await;
        assert_eq!(report.valid, 1, "neither counts yet");
        agree(&provider, both, &format!("/console/codes/{first}/confirm")).await;
        agree(&provider, both, &format!("/console/codes/{second}/confirm")).await;
        assert_eq!(found(&provider, number).await.unwrap(), synthetic::uscc(1).to_string());
        let disputes = provider.url("/console/codes/disputes");
        let page = system.browser.get(&disputes).await;
        let path = page.body.split("action=\"/console/codes/disputes/").nth(1).unwrap();
        let path = format!("/console/codes/disputes/{}", path.split('"').next().unwrap());
        let shown = |seed| page.body.contains(&synthetic::uscc(seed).to_string());
        assert!(shown(1) && shown(2) && page.body.contains(number), "{}", page.body);
        let none = send(&provider, &system, &path, &[("decision", "accept"), ("reason", "")]).await;
        assert_eq!(none.status, 400, "a reason is needed");

        let fields = [("decision", "accept"), ("reason", "登记机关书面答复")];
        assert_eq!(send(&provider, &system, &path, &fields).await.status, 303);
        assert_eq!(decide(&provider, &security, "approve").await.status, 303);

        assert_eq!(found(&provider, number).await.unwrap(), synthetic::uscc(2).to_string());
        assert_eq!(send(&provider, &system, &path, &fields).await.status, 409, "it is settled");
        let confirmed = "SELECT COUNT(*) FROM legacy_code WHERE status = 'confirmed'";
        assert_eq!(provider.count(confirmed).await, 1);
        let counted = "SELECT CAST(SUM(records) AS BIGINT) FROM code_tally WHERE status = 'superseded'";
        assert_eq!(provider.count(counted).await, 1);
    }
);

on_both!(
    /// Files as spreadsheets write them are read; what is no table is refused with its line, and nothing is kept.
    files_of_every_kind_are_read_whole_or_not_at_all,
    |provider| {
        let plain = format!(
            "类别,旧代码,统一社会信用代码,名称\n工商注册号,１４９９９９０００００００１９,{},\"样例企业（云州）\"\n",
            synthetic::uscc(1)
        );
        let (gbk, ..) = encoding_rs::GBK.encode(&plain);
        let marked = format!("\u{FEFF}{plain}");
        for file in [plain.as_bytes(), marked.as_bytes(), &gbk] {
            let (_, report) = read(&provider, file, true).await.unwrap();
            assert_eq!((report.rows, report.valid), (1, 1), "{report:?}");
        }
        let tables = ["code_batch", "legacy_code"];
        let good = row("registration_number", NUMBERS[0], 1).repeat(700);
        let long = format!("{HEADER}{good}certificate,\"{}\n", "长".repeat(100_000));
        let error = read(&provider, long.as_bytes(), false).await.unwrap_err();
        assert!(matches!(error, CodesError::Table(TableError::Row(702, _))), "{error}");
        let broken = [format!("{HEADER}{good}").as_bytes(), b"certificate,\xFF\xFF\n"].concat();
        let error = read(&provider, &broken, false).await.unwrap_err();
        assert!(matches!(error, CodesError::Table(TableError::Characters(702, _))), "{error}");
        let error = read(&provider, b"kind,value,name\n", false).await.unwrap_err();
        assert!(matches!(error, CodesError::Table(TableError::NoColumn("uscc"))), "{error}");
        assert_eq!(provider.rows(&tables).await, [0, 0], "nothing of them is left");
    }
);

on_both!(
    /// Four officers' clicks at the same moment confirm a batch once, and one mapping of a legacy code counts.
    confirmations_at_the_same_moment_leave_one_mapping,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let mut batches = Vec::new();
        for seed in [1, 2, 3] {
            batches.push(batch(&provider, &row("registration_number", NUMBERS[0], seed)).await.0);
        }
        for id in &batches {
            let path = format!("/console/codes/{id}/confirm");
            assert_eq!(send(&provider, &system, &path, &[("reason", "来函核对")]).await.status, 303);
        }
        let page = security.browser.get(&provider.url("/console/acts")).await;
        let acts: Vec<String> = page
            .body
            .split("action=\"/console/acts/")
            .skip(1)
            .map(|rest| format!("/console/acts/{}", rest.split('"').next().unwrap()))
            .collect();
        assert_eq!(acts.len(), 3);
        let approve = [("decision", "approve")];
        let clicks = acts.iter().chain(&acts).map(|path| send(&provider, &security, path, &approve));
        futures_util::future::join_all(clicks).await;
        for path in &acts {
            send(&provider, &security, path, &approve).await;
        }

        let confirmed = "SELECT COUNT(*) FROM legacy_code WHERE status = 'confirmed'";
        assert_eq!(provider.count(confirmed).await, 1);
        let waits = "SELECT COUNT(*) FROM code_batch WHERE state <> 'confirmed'";
        assert_eq!(provider.count(waits).await, 0);
        let disputed = "SELECT COUNT(*) FROM legacy_code WHERE status = 'disputed'";
        assert_eq!(provider.count(disputed).await, 2);
    }
);

on_both!(
    /// A machine reads batches, figures and disputes, and asks; people decide.
    a_machine_asks_for_a_batch_and_people_decide,
    |provider| {
        let officers = officers(&provider).await;
        let role = (Role::SystemOfficer, "");
        let token = machine::robot(&provider, &officers, role, "robot-codes").await;
        let owner = synthetic::citizen_id(7);
        let rows = [
            row("registration_number", NUMBERS[0], 1),
            row("tax_number", owner.expose(), 300_001),
            row("tax_number", owner.expose(), 300_002),
        ];
        let (id, _) = batch(&provider, &rows.concat()).await;
        let list = machine::get(&provider, &token, "/codes/batches").await.json();
        assert_eq!((&list["items"][0]["id"], &list["items"][0]["state"]), (&json!(id), &json!("staged")));
        let disputes = machine::get(&provider, &token, "/codes/disputes").await;
        assert_eq!(disputes.json()["items"].as_array().unwrap().len(), 2, "{}", disputes.body);
        assert!(!disputes.body.contains(&owner.expose()[1..17]), "{}", disputes.body);
        let path = format!("/codes/batches/{id}");
        let body = json!({"kind": "confirm", "reason": "来函核对"});

        let asked = machine::post(&provider, &token, &format!("{path}/acts"), &body).await;

        assert_eq!(asked.status, 202, "{}", asked.body);
        assert_eq!(decide(&provider, &officers[1], "approve").await.status, 303);
        let shown = machine::get(&provider, &token, &path).await.json();
        assert_eq!((&shown["state"], &shown["findings"][0]["line"]), (&json!("confirmed"), &json!(3)));
        let counts = ["rows", "valid", "duplicate", "converted", "warned"].map(|name| shown[name].clone());
        assert_eq!(counts, [3, 1, 0, 0, 0], "{shown}");
        let figures = machine::get(&provider, &token, "/codes/figures").await.json();
        assert_eq!((&figures["converted"], &figures["disputed"]), (&json!(1), &json!(2)), "{figures}");
        let dispute = disputes.json()["items"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/codes/disputes/{dispute}/acts");
        let wrong = json!({"kind": "confirm", "reason": "来函核对"});
        assert_eq!(machine::post(&provider, &token, &path, &wrong).await.status, 400);
        let body = json!({"kind": "reject", "reason": "来函核对"});
        assert_eq!(machine::post(&provider, &token, &path, &body).await.status, 202);
        assert_eq!(decide(&provider, &officers[1], "approve").await.status, 303);
        let again = machine::post(&provider, &token, &path, &body).await;
        machine::assert_problem(&again, 409, "over", "it is settled");
    }
);
