//! New codes are published once a day, signed, for everybody: pages, feed, batches that never change, and what an
//! authority may report (国发〔2015〕33号; JWS, RFC 7515; caching, RFC 9110 and 9111).

use serde_json::Value;
use yihao::codes::CodesError;
use yihao::codes::Order;
use yihao::codes::announce;
use yihao::codes::publication;
use yihao::domain::id::CodeBatchId;
use yihao::domain::request_context::RequestContext;
use yihao::domain::synthetic;
use yihao::jose::Algorithm;
use yihao::jose::DEFAULT_KEY_LIMIT;
use yihao::jose::JwkSet;

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::TestProvider;
use crate::support::console::Operator;
use crate::support::console::decide;
use crate::support::console::log_in;
use crate::support::console::officers;
use crate::support::console::send;

const HEADER: &str = "uscc,name,date,status\n";
const DAY: i64 = 24 * 60 * 60 * 1000;
/// A seed of an individual business.
const BUSINESS: u64 = 300_001;

pub fn row(seed: u64, status: &str) -> String {
    format!("{},样例企业{seed},2026-11-26,{status}\n", synthetic::uscc(seed))
}

/// Hands a file in, which waits for two officers.
pub async fn handed_in(provider: &TestProvider, rows: &str) -> Result<CodeBatchId, CodesError> {
    let context = RequestContext::internal("test");
    let file = format!("{HEADER}{rows}");
    let order = Order {
        authority: "云州市市场监督管理局",
        evidence: "云市监函〔2026〕13号",
        encoding: None,
        dry_run: false,
    };
    let read = announce::announce(&provider.provider, (&context, None), file.as_bytes(), order);
    let (batch, report) = read.await?;
    assert_eq!(report.valid, rows.lines().count() as u64);
    Ok(batch.expect("a batch"))
}

/// Officers who let codes be published.
pub struct Office<'a> {
    provider: &'a TestProvider,
    /// Who they are: two of them decide.
    pub officers: [Operator; 3],
}

impl<'a> Office<'a> {
    pub async fn open(provider: &'a TestProvider) -> Self {
        Self { provider, officers: officers(provider).await }
    }

    /// A file is handed in and confirmed.
    pub async fn told(&self, rows: &str) {
        let batch = handed_in(self.provider, rows).await.unwrap();
        assert_eq!(self.decide(batch, "confirm").await, 303);
    }

    /// Their sessions are over by the next day.
    async fn opens_again(&self) {
        for officer in &self.officers {
            assert_eq!(log_in(self.provider, officer).await.status, 303);
        }
    }

    /// One officer asks, the other one approves; says with which status.
    pub async fn decide(&self, batch: CodeBatchId, action: &str) -> u16 {
        let [system, security, _] = &self.officers;
        let path = format!("/console/codes/{batch}/{action}");
        let asked = send(self.provider, system, &path, &[("reason", "来函核对")]).await;
        assert_eq!(asked.status, 303, "{}", asked.body);
        decide(self.provider, security, "approve").await.status
    }
}

pub async fn publish(provider: &TestProvider) -> Option<i64> {
    let context = RequestContext::internal("test");
    publication::publish_now(&provider.provider, &context).await.unwrap()
}

pub async fn get(provider: &TestProvider, path: &str) -> Page {
    Browser::new().get(&provider.url(path)).await
}

/// What a batch says, if its signature is good under the published keys.
pub async fn verified(provider: &TestProvider, number: i64) -> Value {
    let batch = get(provider, &format!("/codes/batches/{number}.json")).await.json();
    let part = |name: &str| batch[name].as_str().unwrap().to_owned();
    let keys = get(provider, "/codes/keys.json").await.body;
    let keys = JwkSet::parse(keys.as_bytes(), DEFAULT_KEY_LIMIT).unwrap();
    let decode = |text: &str| yihao::crypto::base64url::decode(text).unwrap();
    let header: Value = serde_json::from_slice(&decode(&part("protected"))).unwrap();
    assert_eq!((&header["alg"], &header["typ"]), (&"SM2".into(), &"uscc-batch+jws".into()));
    let key = keys.keys().iter().find(|key| header["kid"] == key.kid()).expect("a published key");
    let signed = format!("{}.{}", part("protected"), part("payload"));
    let signature = decode(&part("signature"));
    assert!(key.verify(Algorithm::Sm2, signed.as_bytes(), &signature));
    assert!(!key.verify(Algorithm::Sm2, b"another batch", &signature));
    let payload = decode(&part("payload"));
    assert_eq!(part("sm3"), hex::encode(yihao::crypto::digest::sm3(&payload)));
    serde_json::from_slice(&payload).unwrap()
}

on_both!(
    /// One batch a day, numbered, chained and signed; no name of a person's business; people and programs read it
    /// without logging in.
    a_day_becomes_one_signed_batch,
    |provider| {
        let office = Office::open(&provider).await;
        assert_eq!(publish(&provider).await, None, "nothing waits");
        office.told(&[row(1, ""), row(BUSINESS, "issued")].concat()).await;
        assert_eq!(publish(&provider).await, Some(1));
        office.told(&row(2, "新发")).await;
        assert_eq!(publish(&provider).await, None, "the day has its batch");
        let first = verified(&provider, 1).await;
        assert_eq!(first["number"], 1);
        assert_eq!(first["issuer"], provider.provider.config.issuer_text());
        assert_eq!(first["previous_sm3"], Value::Null);
        let code = &first["codes"][0];
        assert_eq!(code["uscc"], synthetic::uscc(1).to_string());
        assert_eq!((&code["name"], &code["status"]), (&"样例企业1".into(), &"issued".into()));
        assert_eq!((&code["department"], &code["category"]), (&"9".into(), &"1".into()));
        assert_eq!((&code["division"], &code["date"]), (&"140100".into(), &"2026-11-26".into()));
        assert_eq!(first["codes"][1]["name"], Value::Null, "an individual business");
        let before = get(&provider, "/codes/batches/1.json").await.body;

        provider.clock.advance(DAY);
        office.opens_again().await;
        office.told(&row(1, "撤销")).await;
        assert_eq!(publish(&provider).await, Some(2));

        let second = verified(&provider, 2).await;
        let digest = get(&provider, "/codes/batches/1.json").await.json()["sm3"].clone();
        assert_eq!(second["previous_sm3"], digest, "batches are chained");
        assert_eq!(second["codes"][1]["status"], "withdrawn");
        assert_eq!(get(&provider, "/codes/batches/1.json").await.body, before, "it never changes");
        let list = get(&provider, "/codes").await;
        assert!(list.body.contains("href=\"/codes/2\"") && list.body.contains("href=\"/codes/1\""));
        let page = get(&provider, "/codes/1").await;
        assert!(page.body.contains(synthetic::uscc(1).as_str()), "{}", page.body);
        assert!(page.body.contains("个体工商户名称不公示") && !page.body.contains("样例企业300001"));
    }
);

on_both!(
    /// Signing keys of tokens come and go; a batch can be verified as long as it is there.
    a_batch_can_be_verified_after_its_key_is_gone,
    |provider| {
        let office = Office::open(&provider).await;
        office.told(&row(1, "")).await;
        publish(&provider).await;
        for _ in 0..3 {
            let provider = &provider.provider;
            let context = RequestContext::internal("test");
            let record = yihao::audit::key_record(&provider.vault, &provider.clock, &context);
            let now = provider.clock.now();
            provider.keyring.advance(&provider.store, true, now, &record).await.unwrap();
            provider.clock.advance(3 * DAY);
        }
        assert_eq!(verified(&provider, 1).await["number"], 1);
    }
);

on_both!(
    /// RFC 9110 §13.1.2: who has a document is not sent it again; a batch is kept for ever, the feed for minutes.
    caches_are_told_what_they_may_keep,
    |provider| {
        let office = Office::open(&provider).await;
        office.told(&row(1, "")).await;
        publish(&provider).await;
        // The key that is next is made a moment after the start, and belongs to the document.
        for _ in 0..100 {
            let keys = get(&provider, "/codes/keys.json").await.json();
            if keys["keys"].as_array().unwrap().len() > 1 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        for (path, caching) in [
            ("/codes/feed.json", "public, max-age=300"),
            ("/codes/batches/1.json", "public, max-age=31536000, immutable"),
            ("/codes/keys.json", "public, max-age=300"),
        ] {
            let page = get(&provider, path).await;
            assert_eq!((page.status, page.header("cache-control")), (200, caching), "{path}");
            assert_eq!(page.header("set-cookie"), "", "{path}");
            let tag = page.header("etag").to_owned();
            let weak = format!("\"other\", W/{tag}");
            for known in [&tag, &weak] {
                let again = Browser::new();
                let again = again.get_with(&provider.url(path), &[("if-none-match", known)]).await;
                assert_eq!((again.status, &*again.body), (304, ""), "{path}");
                assert_eq!(again.header("etag"), tag);
            }
            let other = Browser::new();
            let other = other.get_with(&provider.url(path), &[("if-none-match", "\"x\"")]).await;
            assert_eq!(other.status, 200, "{path}");
        }
        let feed = get(&provider, "/codes/feed.json").await.json();
        let url = feed["batches"][0]["url"].as_str().unwrap();
        assert!(url.ends_with("/codes/batches/1.json"), "{url}");
        assert_eq!(feed["batches"][0]["codes"], 1);
        for path in [
            "/codes/batches/2.json", "/codes/batches/01.json", "/codes/batches/1", "/codes/batches/x.json",
            "/codes/batches/-1.json", "/codes/feed.json?before=x", "/codes/2", "/codes/x", "/codes/0",
            "/codes/1?after=x", "/codes?before=x", "/codes/batches/%00.json",
        ] {
            let page = get(&provider, path).await;
            assert!(matches!(page.status, 400 | 404), "{path}: {}", page.status);
        }
    }
);

on_both!(
    /// A batch is megabytes, and strangers may ask for it: it is read for who has not got it, and many who ask at
    /// once all get the same.
    a_batch_is_read_for_who_has_not_got_it,
    |provider| {
        let office = Office::open(&provider).await;
        office.told(&[row(1, ""), row(BUSINESS, "")].concat()).await;
        publish(&provider).await;
        let path = "/codes/batches/1.json";
        let page = get(&provider, path).await;
        let token: String = provider.value("SELECT token FROM code_publication").await;
        let parts: Vec<&str> = token.split('.').collect();
        let digest = yihao::crypto::base64url::decode(parts[1]).unwrap();
        let expected = serde_json::json!({
            "number": 1, "day": "2026-11-27", "sm3": hex::encode(yihao::crypto::digest::sm3(&digest)),
            "protected": parts[0], "payload": parts[1], "signature": parts[2],
        });
        let day: String = provider.value("SELECT day FROM code_publication").await;
        assert_eq!(page.body, expected.to_string().replace("2026-11-27", &day));
        let many = (0..20).map(|_| get(&provider, path));
        for again in futures_util::future::join_all(many).await {
            assert_eq!((again.status, &again.body), (200, &page.body));
        }

        provider.execute("UPDATE code_publication SET token = ''").await;

        let tag = page.header("etag");
        let browser = Browser::new();
        let known = browser.get_with(&provider.url(path), &[("if-none-match", tag)]).await;
        assert_eq!((known.status, &*known.body, known.header("etag")), (304, "", tag));
        assert_eq!(get(&provider, "/codes/1").await.status, 200, "the page needs no signed text");
    }
);

on_both!(
    /// Many nodes at midnight: the day has one batch, and every code stands in one.
    many_who_publish_at_once_make_one_batch,
    |provider| {
        let office = Office::open(&provider).await;
        office.told(&[row(1, ""), row(2, ""), row(3, "")].concat()).await;
        let all = futures_util::future::join_all((0..8).map(|_| publish(&provider))).await;
        assert_eq!(all.iter().filter(|number| **number == Some(1)).count(), 1, "{all:?}");
        assert_eq!(provider.count("SELECT COUNT(*) FROM code_publication").await, 1);
        let open = "SELECT COUNT(*) FROM code_announcement WHERE publication IS NULL";
        assert_eq!(provider.count(open).await, 0);
    }
);

on_both!(
    /// What was confirmed today is published tomorrow, by whichever node runs.
    the_day_before_is_published_without_anybody_asking,
    |provider| {
        let office = Office::open(&provider).await;
        office.told(&row(1, "")).await;
        let context = RequestContext::internal("test");
        let today = publication::publish_day(&provider.provider, &context).await.unwrap();
        assert_eq!(today, None, "the day is not over");
        provider.clock.advance(DAY);
        let tomorrow = publication::publish_day(&provider.provider, &context).await.unwrap();
        // The provider's own task may have been first.
        assert!(matches!(tomorrow, None | Some(1)), "{tomorrow:?}");
        assert_eq!(verified(&provider, 1).await["codes"].as_array().unwrap().len(), 1);
    }
);
