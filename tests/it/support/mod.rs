//! What the front-door tests stand on: a provider of their own on a real port, a browser, and a
//! relying party.

pub mod browser;
pub mod doors;
pub mod fixture;
pub mod login;
pub mod metered;
pub mod provider;
pub mod relying_party;

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
        $(#[$doc])*
        async fn $name($provider: $crate::support::TestProvider) {
            $body
        }

        mod $name {
            #[tokio::test]
            async fn on_sqlite() {
                use $crate::support::*;
                super::$name(TestProvider::start(Backend::Sqlite).await).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                use $crate::support::*;
                if let Some(backend) = Backend::postgres() {
                    super::$name(TestProvider::start(backend).await).await;
                }
            }
        }
    };
}
