//! What visitors do on more than one way.

use std::time::Duration;

use totp_rs::Builder;
use totp_rs::Secret;
use yihao::clock::Clock;

use super::DemoPerson;
use super::Visit;

/// Length of a TOTP step.
const STEP_SECONDS: i64 = 30;

impl Visit {
    /// Opens the login page of the provider itself and logs in.
    pub async fn log_in(&self, person: &DemoPerson) {
        self.window.open(&self.demo.url("/login")).await;
        self.give_password(person).await;
        self.window.see(".page-account").await;
    }

    /// Fills in the login page.
    pub async fn give_password(&self, person: &DemoPerson) {
        self.window.fill("#identifier", &person.identifier).await;
        self.window.fill("#password", person.password()).await;
        self.window.click("#login").await;
    }

    /// The newest code in the messages of the demo, once there are so many messages.
    pub async fn code_of_message(&self, count: usize) -> String {
        let address = self.demo.url("/demo/outbox");
        let look = async |window: &super::Window| {
            for _ in 0..100 {
                window.open(&address).await;
                let codes = window.texts(".outbox-code").await;
                if codes.len() >= count {
                    return codes[0].clone();
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            panic!("message {count} does not arrive")
        };
        self.window.aside(look).await
    }

    /// The secret on the page that offers an authenticator app.
    pub async fn read_secret(&self) -> App {
        let shown = self.window.text(".secret").await.replace(' ', "");
        App(Secret::try_from_base32(shown).expect("a base32 secret"))
    }
}

/// An authenticator app with one secret in it.
#[derive(Debug, PartialEq)]
pub struct App(Secret);

impl App {
    /// The code of this moment.
    pub fn code(&self) -> String {
        self.code_at(0)
    }

    /// The code of the step before, which is still taken: so two steps can be shown without a wait.
    pub fn last_code(&self) -> String {
        self.code_at(-STEP_SECONDS)
    }

    fn code_at(&self, offset: i64) -> String {
        let seconds = Clock::system().now().seconds() + offset;
        let totp = Builder::new().with_secret(self.0.clone()).build().expect("a usable secret");
        totp.generate(u64::try_from(seconds).expect("a time after 1970")).to_string()
    }
}
