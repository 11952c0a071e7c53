//! The made-up province's verification services: face, bank card and network certificate, by the contract of
//! `docs/integration/identity-verification.md`. Whoever tries them decides on their page how it ends.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use serde_json::json;
use url::Url;

use crate::clock::Timestamp;
use crate::crypto::base64url;
use crate::crypto::random;
use crate::domain::identity_check::CheckKind;
use crate::domain::masking;
use crate::domain::masking::NameMask;
use crate::signed_call::person_digest;

/// Where the services are; the kind and what is wanted of it follow.
pub const PATH: &str = "/verification/";
/// It is away, and says nothing.
pub const AWAY: i64 = -1;
/// So long a service stays away that was told to.
const REST: Duration = Duration::from_mins(1);

/// The checks there are, by reference.
#[derive(Default)]
pub struct Checks(Mutex<HashMap<String, Check>>);

#[derive(Clone)]
struct Check {
    asked: Asked,
    kind: CheckKind,
    decided: Option<Decided>,
    away_until: Timestamp,
}

#[derive(Clone, Deserialize)]
struct Asked {
    check: String,
    kind: String,
    name: String,
    id_number: String,
    return_url: String,
    callback_url: String,
}

#[derive(Deserialize)]
struct Wanted {
    check: String,
    reference: String,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decided {
    /// It is the person.
    Approve,
    /// It is not.
    Refuse,
    /// It is, and the service says nothing for a minute.
    Away,
    /// It is, but less was compared than has to be.
    Fewer,
    /// The service speaks of another person.
    Another,
    /// The person leaves without having done anything.
    Leave,
}

/// The form on the page.
#[derive(Debug)]
pub struct Decision {
    decision: Decided,
    /// Whether the service tells by itself that there is a result.
    call_back: bool,
}

impl Decision {
    /// Reads a form.
    pub fn read(body: &str) -> Option<Self> {
        let mut found = (None, false);
        for (name, value) in url::form_urlencoded::parse(body.as_bytes()) {
            match &*name {
                "decision" => found.0 = serde_json::from_value(json!(value)).ok(),
                "call_back" => found.1 = true,
                _ => {}
            }
        }
        Some(Self { decision: found.0?, call_back: found.1 })
    }
}

/// What happens when somebody decided.
pub struct Done {
    /// Where the browser goes.
    pub return_url: String,
    /// Whom to tell, and what.
    pub callback: Option<(Url, Vec<u8>)>,
}

impl Checks {
    /// The answer to a question of the contract, or the code of the refusal.
    pub fn answer(
        &self,
        (path, body): (&str, &str),
        (secret, origin): (&str, &str),
        now: Timestamp,
    ) -> Result<Value, i64> {
        let rest = path.strip_prefix(PATH).ok_or(4000)?;
        let (kind, wanted) = rest.split_once('/').ok_or(4000)?;
        let kind = CheckKind::parse(kind).ok_or(4000)?;
        match wanted {
            "begin" => self.begin(kind, body, origin),
            "result" => self.result(kind, body, (secret, now)),
            _ => Err(4000),
        }
    }

    fn begin(&self, kind: CheckKind, body: &str, origin: &str) -> Result<Value, i64> {
        let asked: Asked = serde_json::from_str(body).map_err(|_| 4000)?;
        if asked.kind != kind.as_str() {
            return Err(4000);
        }
        let mut checks = self.lock();
        // The same check asked for twice is one check.
        let known = checks.iter().find(|(_, known)| known.asked.check == asked.check);
        let reference = match known {
            Some((reference, _)) => reference.clone(),
            None => base64url::encode(random::bytes::<16>()),
        };
        let page = format!("{origin}/check/{reference}");
        let check = Check { asked, kind, decided: None, away_until: Timestamp(0) };
        checks.entry(reference.clone()).or_insert(check);
        Ok(json!({ "code": 0, "reference": reference, "page": page }))
    }

    fn result(
        &self,
        kind: CheckKind,
        body: &str,
        (secret, now): (&str, Timestamp),
    ) -> Result<Value, i64> {
        let wanted: Wanted = serde_json::from_str(body).map_err(|_| 4000)?;
        let checks = self.lock();
        let fits = |check: &&Check| check.kind == kind && check.asked.check == wanted.check;
        let check = checks.get(&wanted.reference).filter(fits).ok_or(4005)?;
        if now < check.away_until {
            return Err(AWAY);
        }
        let person = |name: &str| {
            let Asked { check, id_number, .. } = &check.asked;
            person_digest(secret.as_bytes(), check, name, id_number)
        };
        let (needed, _) = kind.source().demands();
        let compared: Vec<&str> = needed.iter().map(|one| one.as_str()).collect();
        let own = person(&check.asked.name);
        let (state, person, compared) = match check.decided {
            None | Some(Decided::Leave) => ("unfinished", own, &compared[..0]),
            Some(Decided::Refuse) => ("denied", own, &compared[..0]),
            Some(Decided::Fewer) => ("confirmed", own, &compared[..2]),
            Some(Decided::Another) => ("confirmed", person("测试别人"), &compared[..]),
            Some(Decided::Approve | Decided::Away) => ("confirmed", own, &compared[..]),
        };
        Ok(json!({
            "code": 0, "check": wanted.check, "reference": wanted.reference, "state": state,
            "person": person, "compared": compared,
        }))
    }

    /// The service's page for the person.
    pub fn page(&self, reference: &str) -> Option<String> {
        let checks = self.lock();
        let check = checks.get(reference)?;
        let name = masking::person_name(&check.asked.name, NameMask::HideFirst);
        let number = masking::identity_number(&check.asked.id_number);
        let title = match check.kind {
            CheckKind::Face => "人脸核验 · Face",
            CheckKind::BankCard => "银行卡核验 · Bank card",
            CheckKind::NetworkCertificate => "网号、网证 · Network certificate",
        };
        let mut html = format!(
            "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
             <h1>{title}</h1><p>样例省核验机构（演示）· a made-up service for trying things out</p>\
             <p>{name} {number}</p><form method=\"post\">"
        );
        for (value, text) in [
            ("approve", "核验通过 · It is me"),
            ("refuse", "核验不通过 · It is not"),
            ("away", "通过，但一分钟内不答复 · It is me, and the service is away for a minute"),
            ("leave", "没有完成就返回 · Go back without doing it"),
        ] {
            let _ = write!(
                html,
                "<p><button name=\"decision\" value=\"{value}\" style=\"font-size:1.1rem;padding:.6rem\">\
                 {text}</button></p>"
            );
        }
        html.push_str("</form></html>");
        Some(html)
    }

    /// Somebody decided; the last word counts.
    pub fn decide(&self, (reference, form): (&str, &Decision), now: Timestamp) -> Option<Done> {
        let mut checks = self.lock();
        let check = checks.get_mut(reference)?;
        check.decided = Some(form.decision);
        let rests = form.decision == Decided::Away;
        check.away_until = if rests { now.plus(REST) } else { Timestamp(0) };
        let body = json!({ "app_id": super::APP_ID, "check": check.asked.check });
        let body = body.to_string().into_bytes();
        let told = form.call_back.then(|| check.asked.callback_url.parse());
        let callback = told.and_then(Result::ok).map(|url| (url, body));
        Some(Done { return_url: check.asked.return_url.clone(), callback })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Check>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
