//! Files of codes handed in at the console and by machines: looked at or kept as a batch that waits for two officers.
//! Whatever is wrong with a file is told in words, and nothing of it is kept.

use serde_json::Value;
use serde_json::json;
use yihao::domain::operator::Role;
use yihao::domain::synthetic;

use crate::legacy_codes::NUMBERS;
use crate::legacy_codes::agree;
use crate::legacy_codes::found;
use crate::legacy_codes::row;
use crate::on_both;
use crate::support::Page;
use crate::support::TestProvider;
use crate::support::console::Operator;
use crate::support::console::officers;
use crate::support::machine;
use crate::support::machine::assert_problem;

const PATH: &str = "/console/codes/new";
const LEGACY: &str = "kind,value,uscc,name,valid_from\n";
const NEW: &str = "uscc,name,date,status\n";
/// What a machine says beside its file.
const SAID: &str = "authority=%E4%BA%91%E5%B7%9E%E5%B8%82%E5%B1%80&evidence=%E5%87%BD12";
/// Everything that can be kept of a file.
const KEPT: [&str; 3] = ["code_batch", "legacy_code", "code_announcement"];

/// A file to be published.
const PUBLISHED: &[(&str, &str)] = &[("kind", "new_codes")];

/// A file, fields written otherwise, and the words of the refusal.
type Case<'a> = (Vec<u8>, &'a [(&'a str, &'a str)], &'a str);

/// The form, with some of its fields written otherwise.
async fn send(
    provider: &TestProvider,
    officer: &Operator,
    file: &[u8],
    others: &[(&str, &str)],
) -> Page {
    let csrf = officer.browser.get(&provider.url(PATH)).await.csrf();
    let usual = [
        ("csrf", &*csrf),
        ("kind", "legacy_codes"),
        ("authority", "云州市市场监督管理局"),
        ("evidence", "云市监函〔2026〕12号"),
        ("encoding", ""),
        ("act", "hand_in"),
    ];
    let written = |(name, text)| {
        let other = others.iter().find(|(other, _)| *other == name);
        (name, other.map_or(text, |(_, text)| *text).as_bytes())
    };
    let parts: Vec<_> = usual.into_iter().map(written).chain([("file", file)]).collect();
    officer.browser.post_parts(&provider.url(PATH), &[], &parts).await
}

on_both!(
    /// An officer looks, hands in, asks; another one approves; only then an old number finds its organisation.
    a_file_of_the_console_counts_once_two_officers_confirm_it,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let good = row("registration_number", NUMBERS[0], 1);
        let bad = row("registration_number", "149999000000018", 1);
        let file = format!("{LEGACY}{good}{bad}");

        let looked = send(&provider, &system, file.as_bytes(), &[("act", "look")]).await;

        assert_eq!(looked.status, 200, "{}", looked.body);
        assert!(looked.body.contains("E_CHECK_DIGIT"), "{}", looked.body);
        assert_eq!(provider.rows(&KEPT).await, [0, 0, 0], "it was looked at");

        let kept = send(&provider, &system, file.as_bytes(), &[]).await;

        assert_eq!(kept.status, 303, "{}", kept.body);
        let path = kept.header("location").to_owned();
        let by = "SELECT COUNT(*) FROM audit WHERE kind = 'codes_imported' AND outcome = 'done'";
        assert_eq!(provider.count(by).await, 1);
        let page = system.browser.get(&provider.url(&path)).await;
        assert!(page.body.contains("云市监函〔2026〕12号"), "{}", page.body);
        assert_eq!(found(&provider, NUMBERS[0]).await, None);
        agree(&provider, [&system, &security], &format!("{path}/confirm")).await;
        assert_eq!(found(&provider, NUMBERS[0]).await, Some(synthetic::uscc(1).to_string()));
    }
);

on_both!(
    /// A file as a spreadsheet of an office writes it, by a machine: names of columns in Chinese, in GBK.
    a_machine_hands_a_file_in_and_officers_decide,
    |provider| {
        let officers = officers(&provider).await;
        let security = (Role::SecurityOfficer, "");
        let token = machine::robot(&provider, &officers, security, "robot").await;
        let text = format!(
            "统一社会信用代码,名称,日期,状态\r\n{},样例企业壹,2026-11-26,新发\r\n",
            synthetic::uscc(1)
        );
        let (file, ..) = encoding_rs::GBK.encode(&text);
        let path = format!("/codes/batches?kind=new_codes&{SAID}");

        let looked = machine::hand_in(&provider, &token, &format!("{path}&dry_run=true"), &file).await;

        assert_eq!(looked.status, 200, "{}", looked.body);
        assert_eq!((&looked.json()["batch"], &looked.json()["valid"]), (&Value::Null, &json!(1)));
        assert_eq!(provider.rows(&KEPT).await, [0, 0, 0], "it was looked at");

        let as_csv = (&*token, "key-of-the-office-1", "text/csv; charset=gbk");
        let kept = machine::hand_in_as(&provider, as_csv, &path, &file).await;
        let again = machine::hand_in_as(&provider, as_csv, &path, &file).await;

        assert_eq!((kept.status, &again.body), (200, &kept.body), "it is handed in once");
        assert_eq!(provider.rows(&KEPT).await, [1, 0, 1]);
        let other = format!("{path}&encoding=gbk");
        let other = machine::hand_in_as(&provider, as_csv, &other, &file).await;
        assert_problem(&other, 422, "key-reused", "another query is another request");
        let batch = kept.json()["batch"].as_str().unwrap().to_owned();
        let shown = machine::get(&provider, &token, &format!("/codes/batches/{batch}")).await.json();
        assert_eq!((&shown["kind"], &shown["state"]), (&json!("new_codes"), &json!("staged")));
        let ask = json!({ "kind": "confirm", "reason": "来函核对" });
        let path = format!("/codes/batches/{batch}/acts");
        let asked = machine::post(&provider, &token, &path, &ask).await;
        assert_problem(&asked, 403, "second-officer-needed", "what is published two people have seen");
        let [system, security, _] = &officers;
        agree(&provider, [system, security], &format!("/console/codes/{batch}/confirm")).await;
        let shown = machine::get(&provider, &token, &format!("/codes/batches/{batch}")).await.json();
        assert_eq!(shown["state"], "confirmed");
    }
);

on_both!(
    /// what is wrong with a file or with what was written beside it is told in words, and nothing is kept.
    a_file_that_cannot_be_used_is_refused_in_words,
    |provider| {
        let [system, ..] = officers(&provider).await;
        let good = format!("{LEGACY}{}", row("registration_number", NUMBERS[0], 1));
        let uscc = synthetic::uscc(1);
        let new = |rows: &str| format!("{NEW}{rows}").into_bytes();
        let utf16: Vec<u8> =
            [0xFF, 0xFE].into_iter().chain(good.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let cases: Vec<Case<'_>> = vec![
            (good.clone().into(), &[("kind", "")], "请选择文件内容"),
            (good.clone().into(), &[("kind", "legacy")], "请选择文件内容"),
            (good.clone().into(), &[("authority", "市")], "请填写来源部门"),
            (good.clone().into(), &[("authority", "市\u{7}局")], "请填写来源部门"),
            (good.clone().into(), &[("evidence", "")], "请填写依据"),
            (good.clone().into(), &[("encoding", "latin1")], "请求"),
            (Vec::new(), &[], "请选择文件"),
            (vec![b'x'; 4 * 1024 * 1024 + 1], &[], "文件超过 4 MB"),
            (utf16, &[], "UTF-16"),
            (b"\xFF\xFF\xFF\xFF".to_vec(), &[], "无法识别文件编码"),
            (b"\n\n".to_vec(), &[], "第一行没有列名"),
            (b"kind,value,name\n".to_vec(), &[], "缺少列 uscc"),
            (b"kind,kind,value,uscc,name\n".to_vec(), &[], "出现了两次"),
            (good.clone().into(), PUBLISHED, "缺少列 date"),
            (new(""), PUBLISHED, "文件中没有数据"),
            (new(&format!("{uscc},样例,2026-11-26,撤销\n")), PUBLISHED, "第 2 行：此代码没有公示过"),
            (new(&format!("{uscc},样例,26-11-2026,\n")), PUBLISHED, "第 2 行：日期格式不正确"),
            (new("91140100PDY00001XM,样例,2026-11-26,\n"), PUBLISHED, "校验位不符"),
        ];
        for (file, others, words) in cases {
            for act in ["look", "hand_in"] {
                let others = [others, &[("act", act)]].concat();
                let page = send(&provider, &system, &file, &others).await;
                assert_eq!(page.status, 400, "{words}: {}", page.body);
                assert!(page.body.contains(words), "no {words} in {}", page.body);
                page.assert_headers();
            }
        }
        let (url, parts) = (provider.url(PATH), [("file", good.as_bytes())]);
        let refused = system.browser.post_parts(&url, &[], &parts).await;
        assert_eq!(refused.status, 403, "no token of the form");
        assert_eq!(provider.rows(&KEPT).await, [0, 0, 0]);
    }
);

on_both!(
    /// the same for a machine, with the statuses of its document.
    a_machine_is_told_what_is_wrong_with_its_file,
    |provider| {
        let officers = officers(&provider).await;
        let system = (Role::SystemOfficer, "");
        let token = machine::robot(&provider, &officers, system, "robot").await;
        let file = format!("{LEGACY}{}", row("registration_number", NUMBERS[0], 1)).into_bytes();
        let path = |said: &str| format!("/codes/batches?{said}");
        let legacy = path(&format!("kind=legacy_codes&{SAID}"));
        for (said, status, kind) in [
            (path(SAID), 400, "invalid-request"),
            (path("kind=legacy_codes&authority=ab"), 400, "invalid-request"),
            (path(&format!("kind=other&{SAID}")), 400, "invalid-request"),
            (format!("{legacy}&dry_run=yes"), 400, "invalid-request"),
            (format!("{legacy}&encoding=latin1"), 400, "invalid-request"),
            (format!("{legacy}&kind=new_codes"), 400, "invalid-request"),
            (format!("{legacy}&x=1"), 400, "invalid-request"),
            (path("kind=legacy_codes&authority=a&evidence=bc"), 422, "not-valid"),
            (path(&format!("kind=new_codes&{SAID}")), 422, "not-valid"),
        ] {
            let page = machine::hand_in(&provider, &token, &said, &file).await;
            assert_problem(&page, status, kind, &said);
        }
        for kind in ["application/json", "text/plain", ""] {
            let page = machine::hand_in_as(&provider, (&token, "key-of-files", kind), &legacy, &file);
            assert_problem(&page.await, 415, "unsupported-media-type", kind);
        }
        let large = vec![b'x'; 4 * 1024 * 1024 + 1];
        assert_problem(&machine::hand_in(&provider, &token, &legacy, &large).await, 413, "too-large", "");
        let empty = machine::hand_in(&provider, &token, &legacy, b"").await;
        assert_problem(&empty, 422, "not-valid", "no header");
        assert_eq!(provider.rows(&KEPT).await, [0, 0, 0]);
        let page = machine::hand_in(&provider, &token, &legacy, &file).await;
        assert_eq!(page.status, 200, "{}", page.body);
        // Columns nobody asked for are left alone, and make a file large.
        let row = format!("certificate,号,{},样例企业,{}\n", synthetic::uscc(1), "x".repeat(20_000));
        let header = "kind,value,uscc,name,more\n";
        let almost = [header, &row.repeat((4 * 1024 * 1024 - header.len()) / row.len())].concat();
        let looked = format!("{legacy}&dry_run=true");
        let page = machine::hand_in(&provider, &token, &looked, almost.as_bytes()).await;
        assert_eq!(page.status, 200, "{}", page.body);
        assert!(page.json()["rows"].as_u64().is_some_and(|rows| rows > 200), "{}", page.body);
    }
);
