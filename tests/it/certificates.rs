//! Claiming an organisation with its SM2 certificate (decision 0016): whoever holds the key administers the unit, and
//! nothing that only looks like it does.

use std::path::PathBuf;

use yihao::crypto::certificate::Anchors;
use yihao::crypto::certificate::Certificate;
use yihao::crypto::certificate::CertificateError;
use yihao::crypto::certificate::RevocationList;
use yihao::crypto::sm2::SigningKey;
use yihao::domain::legal_entity::EntityStatus;
use yihao::domain::legal_entity::LegalEntity;

use crate::on_both_backends;
use crate::support::Backend;
use crate::support::Browser;
use crate::support::Page;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::organisation::between;
use crate::support::organisation::choose;
use crate::support::organisation::chooser;
use crate::support::organisation::claim;
use crate::support::organisation::entity;
use crate::support::organisation::logged_in;
use crate::support::organisation::managing;
use crate::support::organisation::mandates;
use crate::support::organisation::row_of;
use crate::support::organisation::step;
use crate::support::organisation::takes_all;
use crate::support::organisation::tokens;
use crate::support::relying_party::claims;
use crate::support::unit_certificate::AGREES;
use crate::support::unit_certificate::BETWEEN;
use crate::support::unit_certificate::Holder;
use crate::support::unit_certificate::ROOT;
use crate::support::unit_certificate::SIGNS;
use crate::support::unit_certificate::Spec;
use crate::support::unit_certificate::authority;
use crate::support::unit_certificate::base64;
use crate::support::unit_certificate::issued;
use crate::support::unit_certificate::list;
use crate::support::unit_certificate::pem;
use crate::support::unit_certificate::self_issued;
use crate::support::unit_certificate::signature;
use crate::support::unit_certificate::unit;

const NOW: i64 = 1_790_000_000;
const CODE: (&str, &str) = ("2.5.4.97", "91140000701011888X");

/// What comes of a chain under these anchors.
fn prove(root: &Holder, lists: &[Vec<u8>], chain: &[&[u8]]) -> Result<i64, CertificateError> {
    let mut anchors = Anchors::default();
    anchors.add(Certificate::from_der(&root.certificate)?);
    for list in lists {
        anchors.add_list(RevocationList::read(list)?);
    }
    let chain = Certificate::read_chain(pem("CERTIFICATE", chain).as_bytes())?;
    anchors.prove(&chain, NOW).map(|proven| proven.until)
}

#[test]
fn only_a_whole_way_up_to_an_anchor_proves_anything() {
    let root = self_issued(&authority(ROOT, NOW));
    let own = unit(&[CODE], NOW);
    let plain = issued(&own, (ROOT, &root.key));
    assert_eq!(prove(&root, &[], &[&plain.certificate]), Ok(NOW + 10_000_000));
    let table: [(&str, Spec<'_>, CertificateError); 6] = [
        ("over", Spec { time: (NOW - 20, NOW - 1), ..own.clone() }, CertificateError::Time),
        ("to come", Spec { time: (NOW + 1, NOW + 20), ..own.clone() }, CertificateError::Time),
        ("an authority", Spec { ca: Some((true, None)), ..own.clone() }, CertificateError::Usage),
        ("for agreement", Spec { usage: Some(AGREES), ..own.clone() }, CertificateError::Usage),
        ("strange", Spec { strange: true, ..own.clone() }, CertificateError::Usage),
        ("two CAs", Spec { subject: ROOT, ..own.clone() }, CertificateError::Untrusted),
    ];
    for (what, spec, error) in table {
        let other = SigningKey::generate();
        let above = if error == CertificateError::Untrusted { &other } else { &root.key };
        let holder = issued(&spec, (ROOT, above));
        assert_eq!(prove(&root, &[], &[&holder.certificate]), Err(error), "{what}");
    }
    let stranger = self_issued(&authority(ROOT, NOW));
    let forged = issued(&own, (ROOT, &stranger.key));
    let chain = [&*forged.certificate, &stranger.certificate];
    assert_eq!(prove(&root, &[], &chain), Err(CertificateError::Untrusted), "of the same name");
    let mut changed = plain.certificate.clone();
    let place = changed.len() - 40;
    changed[place] ^= 1;
    assert!(prove(&root, &[], &[&changed]).is_err(), "another signature");
}

#[test]
fn authorities_between_have_to_be_authorities() {
    let root = self_issued(&authority(ROOT, NOW));
    let own = unit(&[CODE], NOW);
    let way = |spec: &Spec<'_>| {
        let between = issued(spec, (ROOT, &root.key));
        let holder = issued(&own, (BETWEEN, &between.key));
        (prove(&root, &[], &[&holder.certificate, &between.certificate]), holder)
    };
    let between = authority(BETWEEN, NOW);
    let (good, holder) = way(&between);
    assert_eq!(good, Ok(NOW + 10_000_000));
    let alone = prove(&root, &[], &[&holder.certificate]);
    assert_eq!(alone, Err(CertificateError::Untrusted), "the one between is missing");
    for (what, spec, error) in [
        ("no flag", Spec { ca: None, ..between.clone() }, CertificateError::Usage),
        ("flag off", Spec { ca: Some((false, None)), ..between.clone() }, CertificateError::Usage),
        ("may not issue", Spec { usage: Some(SIGNS), ..between.clone() }, CertificateError::Usage),
        ("says nothing", Spec { usage: None, ..between.clone() }, CertificateError::Usage),
        ("over", Spec { time: (NOW - 9, NOW - 1), ..between.clone() }, CertificateError::Time),
        ("strange", Spec { strange: true, ..between.clone() }, CertificateError::Usage),
    ] {
        assert_eq!(way(&spec).0, Err(error), "{what}");
    }
    // A root that allows none between.
    let short = self_issued(&Spec { ca: Some((true, Some(0))), ..authority(ROOT, NOW) });
    let one = issued(&between, (ROOT, &short.key));
    let holder = issued(&own, (BETWEEN, &one.key));
    let chain = [&*holder.certificate, &one.certificate];
    assert_eq!(prove(&short, &[], &chain), Err(CertificateError::Usage), "too deep");
    let direct = issued(&own, (ROOT, &short.key));
    assert!(prove(&short, &[], &[&direct.certificate]).is_ok());
    // A unit's own certificate issues nothing.
    let below = issued(&unit(&[("2.5.4.97", "91140000701011888X")], NOW), (&[CODE], &direct.key));
    let chain = [&*below.certificate, &direct.certificate];
    assert_eq!(prove(&short, &[], &chain), Err(CertificateError::Usage));
}

#[test]
fn what_its_authority_took_back_proves_nothing() {
    let root = self_issued(&authority(ROOT, NOW));
    let own = issued(&unit(&[CODE], NOW), (ROOT, &root.key));
    let chain = [&*own.certificate];
    let term = (NOW - 60, NOW + 60);
    let issuer = (ROOT, &root.key);
    let other = SigningKey::generate();
    for (what, lists, wanted) in [
        ("another one", vec![list(issuer, &[8], term)], Ok(())),
        ("none", vec![list(issuer, &[], term)], Ok(())),
        ("it", vec![list(issuer, &[3, 7], term)], Err(CertificateError::Revoked)),
        ("old", vec![list(issuer, &[8], (NOW - 9, NOW - 1))], Err(CertificateError::StaleList)),
        (
            "old, and it",
            vec![list(issuer, &[7], (NOW - 9, NOW - 1))],
            Err(CertificateError::Revoked),
        ),
        ("of another key", vec![list((ROOT, &other), &[7], term)], Ok(())),
        ("of another name", vec![list((BETWEEN, &other), &[7], term)], Ok(())),
        (
            "an old and a new one",
            vec![list(issuer, &[], (NOW - 9, NOW - 1)), list(issuer, &[], term)],
            Ok(()),
        ),
    ] {
        assert_eq!(prove(&root, &lists, &chain).map(drop), wanted, "{what}");
    }
}

/// A folder of anchors that goes with the test.
pub struct Folder(PathBuf);

impl Folder {
    /// With these files in it.
    pub fn new(files: &[(&str, &[u8])]) -> Self {
        let path = std::env::temp_dir().join(format!("yihao-anchors-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir_all(&path).unwrap();
        for (name, bytes) in files {
            std::fs::write(path.join(name), bytes).unwrap();
        }
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A provider that believes what is in the folder.
pub async fn start(backend: Backend, folder: &Folder) -> TestProvider {
    TestProvider::start_with(backend, |config| {
        config.certificates.anchors = Some(folder.0.clone());
    })
    .await
}

/// The challenge on the page: what comes back, and what is signed.
pub async fn challenge(provider: &TestProvider, browser: &Browser) -> (String, String) {
    let page = mandates(provider, browser).await;
    let sealed = between(&page, "name=\"challenge\" value=\"", "\"").expect("a challenge");
    let text = page.body.split("id=\"certificate-text\"").nth(1).unwrap();
    let text = &text[text.find('>').unwrap() + 1..];
    let text = text[..text.find('<').unwrap()].replace("&#x2f;", "/");
    (sealed, text)
}

/// Sends the form with these parts.
pub async fn send_parts(
    provider: &TestProvider,
    browser: &Browser,
    parts: &[(&str, &[u8])],
) -> Page {
    let csrf = browser.get(&provider.url("/account/password")).await.csrf();
    let parts: Vec<_> = [("csrf", csrf.as_bytes())].iter().chain(parts).copied().collect();
    browser.post_parts(&provider.url("/account/mandates/certificate"), &[], &parts).await
}

async fn send(
    provider: &TestProvider,
    browser: &Browser,
    uscc: &str,
    (sealed, chain, signature): (&str, &str, &str),
) -> Page {
    let parts = [
        ("uscc", uscc.as_bytes()),
        ("challenge", sealed.as_bytes()),
        ("certificate", chain.as_bytes()),
        ("signature", signature.as_bytes()),
    ];
    send_parts(provider, browser, &parts).await
}

/// Signs a new challenge with this holder's key and claims.
async fn answer(provider: &TestProvider, browser: &Browser, uscc: &str, holder: &Holder) -> Page {
    let (sealed, text) = challenge(provider, browser).await;
    let chain = pem("CERTIFICATE", &[&holder.certificate]);
    let signed = base64(&signature(&holder.key, text.as_bytes()));
    send(provider, browser, uscc, (&sealed, &chain, &signed)).await
}

on_both_backends!(
    /// Who signs with the unit's key administers it for as long as the certificate; the legal representative stands
    /// above, and takes it back.
    the_holder_of_a_units_key_administers_it,
    |backend| {
        let now = yihao::clock::Clock::system().now().seconds();
        let root = self_issued(&authority(ROOT, now));
        let folder = Folder::new(&[("root.cer", &root.certificate), ("readme.txt", b"x")]);
        let provider = start(backend, &folder).await;
        let (boss, boss_browser) = logged_in(&provider, 9601).await;
        let (_, browser) = logged_in(&provider, 9602).await;
        let known = entity(9601, &boss);
        provider.add_organisation(&known).await;
        let uscc = known.uscc.as_str();
        let subject = [("2.5.4.6", "CN"), ("2.5.4.10", "样例企业9601号"), ("2.5.4.97", uscc)];
        let holder = issued(&unit(&subject, now), (ROOT, &root.key));

        let done = answer(&provider, &browser, uscc, &holder).await;

        assert_eq!(done.status, 303, "{}", done.body);
        takes_all(&provider, "web1").await;
        let web1 = RelyingParty::new(&provider, "web1");
        let page = chooser(&browser, &web1, &[]).await;
        let told = tokens(&web1, &choose(&browser, &page, uscc).await).await;
        let told = claims(told["id_token"].as_str().unwrap());
        assert_eq!(told["org"]["role"], "administrator", "{told}");
        let again = answer(&provider, &browser, uscc, &holder).await;
        assert_eq!(again.status, 409, "{}", again.body);
        assert_eq!(claim(&provider, &boss_browser, uscc).await.status, 303);
        assert!(!mandates(&provider, &browser).await.body.contains(uscc), "the representative came");
        let back = answer(&provider, &browser, uscc, &holder).await;
        assert_eq!(back.status, 303, "{}", back.body);
        let path = managing(&provider, &boss_browser, uscc).await;
        let page = boss_browser.get(&provider.url(&path)).await;
        let agent = &crate::support::Person::synthetic(9602).name;
        let mandate = row_of(&page, agent);
        let fields = [("step", "end"), ("mandate", &*mandate)];
        let ended = step(&provider, &boss_browser, &path, &fields).await;
        assert_eq!(ended.status, 303, "{}", ended.body);
        assert!(!mandates(&provider, &browser).await.body.contains(uscc));
        let named = "SELECT COUNT(*) FROM mandate WHERE evidence = 'certificate'";
        assert_eq!(provider.value::<i64>(named).await, 2);
    }
);

on_both_backends!(
    /// A challenge is answered once, in time, in its session; by the certificate's key, for the unit it names.
    what_is_not_the_units_own_answer_is_refused,
    |backend| {
        let now = yihao::clock::Clock::system().now().seconds();
        let root = self_issued(&authority(ROOT, now));
        let crl = list((ROOT, &root.key), &[9], (now - 60, now + 100_000));
        let pems = pem("X509 CRL", &[&crl]);
        let folder = Folder::new(&[("root.cer", &root.certificate), ("root.crl", pems.as_bytes())]);
        let provider = start(backend, &folder).await;
        let (boss, _) = logged_in(&provider, 9611).await;
        let (_, browser) = logged_in(&provider, 9612).await;
        let (_, other_browser) = logged_in(&provider, 9613).await;
        let (known, other) = (entity(9611, &boss), entity(9614, &boss));
        let over = LegalEntity { status: EntityStatus::Deregistered, ..entity(9615, &boss) };
        for one in [&known, &other, &over] {
            provider.add_organisation(one).await;
        }
        let uscc = known.uscc.as_str();
        let subject = [("2.5.4.97", uscc)];
        let own = unit(&subject, now);
        let holder = issued(&own, (ROOT, &root.key));
        let chain = pem("CERTIFICATE", &[&holder.certificate]);

        let refused = async |uscc: &str, spec: &Spec<'_>, words: &str| {
            let holder = issued(spec, (ROOT, &root.key));
            let page = answer(&provider, &browser, uscc, &holder).await;
            assert!(page.status == 400 && page.body.contains(words), "{words}: {}", page.body);
        };
        refused(other.uscc.as_str(), &own, "与填写的不同").await;
        refused(uscc, &unit(&[("2.5.4.3", "no code")], now), "没有统一社会信用代码").await;
        let two = [("2.5.4.97", uscc), ("2.5.4.5", other.uscc.as_str())];
        refused(uscc, &unit(&two, now), "与填写的不同").await;
        refused(uscc, &Spec { time: (now - 9, now - 1), ..own.clone() }, "不在有效期").await;
        let gone = [("2.5.4.97", over.uscc.as_str())];
        refused(over.uscc.as_str(), &unit(&gone, now), "登记信息不能确认").await;
        let (sealed, text) = challenge(&provider, &other_browser).await;
        let right = base64(&signature(&holder.key, text.as_bytes()));
        let longer = format!("{right}AA");
        let page = send(&provider, &other_browser, uscc, (&sealed, &chain, &longer)).await;
        assert_eq!(page.status, 400, "{}", page.body);
        for wrong in ["x", "-----BEGIN CERTIFICATE-----"] {
            let (sealed, _) = challenge(&provider, &other_browser).await;
            let page = send(&provider, &other_browser, uscc, (&sealed, wrong, &right)).await;
            assert!(page.status == 400 && page.body.contains("无法读取证书"), "{}", page.body);
        }
    }
);

on_both_backends!(
    /// A signature by another key, a challenge that was used, is old or another session's, a revoked certificate, an
    /// unknown authority.
    a_challenge_is_answered_once_in_its_session,
    |backend| {
        let now = yihao::clock::Clock::system().now().seconds();
        let root = self_issued(&authority(ROOT, now));
        let crl = list((ROOT, &root.key), &[9], (now - 60, now + 100_000));
        let folder = Folder::new(&[("root.cer", &root.certificate), ("root.crl", &crl)]);
        let provider = start(backend, &folder).await;
        let (boss, browser) = logged_in(&provider, 9621).await;
        let (_, other) = logged_in(&provider, 9622).await;
        let known = entity(9621, &boss);
        provider.add_organisation(&known).await;
        let uscc = known.uscc.as_str();
        let subject = [("2.5.4.5", uscc)];
        let own = unit(&subject, now);
        let holder = issued(&own, (ROOT, &root.key));
        let chain = pem("CERTIFICATE", &[&holder.certificate]);

        let (sealed, text) = challenge(&provider, &browser).await;
        let stolen = base64(&signature(&SigningKey::generate(), text.as_bytes()));
        let page = send(&provider, &browser, uscc, (&sealed, &chain, &stolen)).await;
        assert!(page.status == 400 && page.body.contains("签名与证书不符"), "{}", page.body);
        let right = base64(&signature(&holder.key, text.as_bytes()));
        let page = send(&provider, &browser, uscc, (&sealed, &chain, &right)).await;
        assert!(page.status == 400 && page.body.contains("已用过"), "spent by the first answer");
        let (sealed, text) = challenge(&provider, &browser).await;
        let right = base64(&signature(&holder.key, text.as_bytes()));
        let page = send(&provider, &other, uscc, (&sealed, &chain, &right)).await;
        assert!(page.status == 400 && page.body.contains("已用过"), "another session's");
        let revoked = issued(&Spec { serial: 9, ..own.clone() }, (ROOT, &root.key));
        let page = answer(&provider, &browser, uscc, &revoked).await;
        assert!(page.status == 400 && page.body.contains("已被吊销"), "{}", page.body);
        let stranger = self_issued(&authority(ROOT, now));
        let unknown = issued(&own, (ROOT, &stranger.key));
        let page = answer(&provider, &browser, uscc, &unknown).await;
        assert!(page.status == 400 && page.body.contains("受信任"), "{}", page.body);
        assert_eq!(provider.audit(1).await, ["organisation_claimed refused untrusted"]);
        let (sealed, text) = challenge(&provider, &other).await;
        let right = base64(&signature(&holder.key, text.as_bytes()));
        std::fs::write(folder.0.join("broken.crl"), b"x").unwrap();
        let away = send(&provider, &other, uscc, (&sealed, &chain, &right)).await;
        assert_eq!(away.status, 503, "a list that cannot be read is none to leave out");
        std::fs::remove_file(folder.0.join("broken.crl")).unwrap();
        let done = answer(&provider, &other, uscc, &holder).await;
        assert_eq!(done.status, 303, "{}", done.body);
    }
);

on_both_backends!(
    /// Where no anchors are configured there is no such form, and no such step.
    without_anchors_nobody_claims_by_certificate,
    |backend| {
        let provider = TestProvider::start(backend).await;
        let (_, browser) = logged_in(&provider, 9631).await;
        let page = mandates(&provider, &browser).await;
        assert!(!page.has("claim-by-certificate"));
        let page = send(&provider, &browser, "91140000701011888X", ("x", "x", "x")).await;
        assert!(matches!(page.status, 400 | 404), "{}", page.status);
    }
);
