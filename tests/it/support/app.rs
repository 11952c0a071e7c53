//! An authenticator app: RFC 6238 by the letter, so that it shares no code with the provider.

use aws_lc_rs::hmac;
use yihao::clock::Timestamp;

use crate::support::Page;

/// An app with one secret.
pub struct App(Vec<u8>);

impl App {
    /// Types the secret that a page shows.
    pub fn enrol(page: &Page) -> Self {
        let shown = page.body.split("class=\"secret\"").nth(1).expect("a secret");
        let shown = shown.split('>').nth(1).unwrap().split('<').next().unwrap();
        Self(base32(shown))
    }

    /// The code it shows at this moment.
    pub fn code(&self, at: Timestamp) -> String {
        self.code_of_step(at.seconds().div_euclid(30))
    }

    /// The code of a step (RFC 4226 §5.3).
    pub fn code_of_step(&self, step: i64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let offset = usize::from(tag[19] & 0x0f);
        let word = u32::from_be_bytes(tag[offset..offset + 4].try_into().unwrap());
        format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
    }
}

fn base32(text: &str) -> Vec<u8> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes().filter(u8::is_ascii_alphanumeric) {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'2'..=b'7' => letter - b'2' + 26,
            _ => panic!("no base32: {text}"),
        };
        bits = (bits << 5) | u32::from(value);
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xff).unwrap());
        }
    }
    bytes
}

impl crate::support::Browser {
    /// Enrols an app on the account page of somebody who just logged in; also gives the recovery codes.
    pub async fn enrol_app(&self, provider: &crate::support::TestProvider) -> (App, Vec<String>) {
        let page = self.get(&provider.url("/account/totp")).await;
        let page = self.press(&page, "begin", &[("step", "begin")]).await;
        let app = App::enrol(&page);
        let code = app.code(provider.clock.now());
        let page = self.press(&page, "enrol", &[("step", "enrol"), ("code", &code)]).await;
        assert_eq!(page.status, 200, "{}", page.body);
        (app, page.recovery_codes())
    }
}
