//! What the front-door tests stand on: a provider of their own on a real port, a browser, and a
//! relying party.

pub mod browser;
pub mod console;
pub mod console_forms;
pub mod console_routes;
pub mod documents;
pub mod doors;
pub mod fixture;
pub mod login;
pub mod machine;
pub mod metered;
pub mod officers;
pub mod organisation;
pub mod portal;
pub mod provider;
pub mod province;
pub mod recovery;
pub mod relying_party;
pub mod step_up;
pub mod terminal;
pub mod tokens;
pub mod unit_certificate;
pub mod verification;

pub use browser::Browser;
pub use browser::Page;
pub use fixture::Person;
pub use metered::metered;
pub use provider::Backend;
pub use provider::TestProvider;
pub use relying_party::RelyingParty;

/// One test on both databases: `on_both!(name, |provider| async move { … })`.
#[macro_export]
macro_rules! on_both {
    ($(#[$doc:meta])* $name:ident, |$provider:ident| $body:expr) => {
        $crate::on_both_backends!($(#[$doc])* $name, |backend| {
            let $provider = $crate::support::TestProvider::start(backend).await;
            $body
        });
    };
}

/// The same where the test starts its provider itself: `on_both_backends!(name, |backend| { … })`.
#[macro_export]
macro_rules! on_both_backends {
    ($(#[$doc:meta])* $name:ident, |$backend:ident| $body:expr) => {
        $(#[$doc])*
        async fn $name($backend: $crate::support::Backend) {
            $body
        }

        mod $name {
            #[tokio::test]
            async fn on_sqlite() {
                super::$name($crate::support::Backend::Sqlite).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                if let Some(backend) = $crate::support::Backend::postgres() {
                    super::$name(backend).await;
                }
            }
        }
    };
}
