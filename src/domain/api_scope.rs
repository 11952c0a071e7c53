//! Scope values of the Admin API (RFC 6749 §3.3): which of its role's powers a machine may use with a token. None
//! opens [`Permission::Decide`], so a machine is never the second officer, nor [`Permission::HandOutCodes`] and
//! [`Permission::ServeAtCounter`], for which somebody has to have seen a document.

use crate::domain::operator::Permission;
use crate::domain::scope::Scope;

macro_rules! api_scopes {
    ($($variant:ident = $name:literal, $about:literal, [$($opens:ident),*];)*) => {
        /// One scope value.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ApiScope { $(#[doc = $about] $variant,)* }

        impl ApiScope {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The value on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it is for, as the API's document says it.
            pub fn about(self) -> &'static str {
                match self { $(Self::$variant => $about,)* }
            }

            /// The powers it opens.
            fn opens(self) -> &'static [Permission] {
                match self { $(Self::$variant => &[$(Permission::$opens,)*],)* }
            }
        }
    };
}

api_scopes! {
    PeopleRead = "people:read", "Look people up and see their accounts, masked", [SeePeople];
    PeopleWrite = "people:write", "Lock and unlock accounts, end sessions, write notes, ask for acts",
        [SeePeople, ChangePeople, WriteNotes, AskAboutPeople];
    ActsRead = "acts:read", "See the acts this machine asked for", [];
    ActsWrite = "acts:write", "Withdraw the acts this machine asked for", [];
    OperatorsRead = "operators:read", "See operators and invitations", [SeeOperators];
    OperatorsWrite = "operators:write", "Ask to invite and to disable operators",
        [SeeOperators, AskAboutOperators];
    ClientsRead = "clients:read", "See clients", [SeeClients];
    ClientsWrite = "clients:write", "Switch clients off and on", [SeeClients, ChangeClients];
    ApplicationsRead = "applications:read", "See what portals apply for", [SeeApplications];
    ApplicationsWrite = "applications:write", "Review applications, ask for acts about portals",
        [SeeApplications, ReviewApplications];
    ContactsRead = "contacts:read", "See who answers for a portal: name, phone and e-mail",
        [SeeApplications];
    AuditRead = "audit:read", "Read the audit chain", [SeeAudit];
    AlertsRead = "alerts:read", "See what monitoring found", [SeeAlerts];
    AlertsWrite = "alerts:write", "Acknowledge and close alerts", [SeeAlerts, HandleAlerts];
    StatisticsRead = "statistics:read", "See what the dashboards show", [SeeStatistics];
    KeysWrite = "keys:write", "Ask for signing keys to be replaced", [SeeSystem, AskAboutKeys];
    CodesRead = "codes:read", "See batches of legacy codes and of new ones, figures and disputes", [SeeCodes];
    CodesWrite = "codes:write", "Hand in files of codes, ask for batches to be confirmed or taken back, and for disputes to be settled",
        [SeeCodes, AskAboutCodes];
    OrganisationsRead = "organisations:read", "See organisations and who acts for them, masked",
        [SeeOrganisations];
    OrganisationsWrite = "organisations:write", "Suspend organisations, end mandates, ask for acts about them",
        [SeeOrganisations, ChangeOrganisations, AskAboutOrganisations];
    SystemRead = "system:read", "See keys, deliveries, registers and health", [SeeSystem];
    SystemWrite = "system:write", "Have deliveries tried again", [SeeSystem, RetryDeliveries];
}

/// Whether a token of this scope opens the power.
pub fn grants(scope: &Scope, permission: Permission) -> bool {
    let carried = ApiScope::ALL.iter().filter(|value| scope.contains(value.as_str()));
    carried.flat_map(|value| value.opens()).any(|opened| *opened == permission)
}

#[cfg(test)]
mod tests {
    use super::ApiScope;
    use super::grants;
    use crate::domain::operator::Permission;
    use crate::domain::scope::Scope;

    fn everything() -> Scope {
        ApiScope::ALL.iter().map(|value| value.as_str()).collect()
    }

    #[test]
    fn no_scope_lets_a_machine_decide_or_give_an_account_away() {
        assert!(!grants(&everything(), Permission::Decide));
        assert!(!grants(&everything(), Permission::HandOutCodes));
        assert!(!grants(&everything(), Permission::ServeAtCounter));
        assert!(!grants(&everything(), Permission::VerifyAtCounter));
        assert!(grants(&everything(), Permission::RetryDeliveries));
    }

    #[test]
    fn a_scope_opens_its_own_powers_and_no_others() {
        let reading: Scope = ["people:read", "openid"].into_iter().collect();
        assert!(grants(&reading, Permission::SeePeople));
        assert!(!grants(&reading, Permission::ChangePeople));
        assert!(!grants(&Scope::default(), Permission::SeePeople));
    }

    #[test]
    fn what_reads_changes_nothing() {
        use Permission::{
            AskAboutCodes, AskAboutKeys, AskAboutOperators, AskAboutOrganisations, AskAboutPeople,
            ChangeClients, ChangeOrganisations, ChangePeople, HandleAlerts, RetryDeliveries,
            ReviewApplications, WriteNotes,
        };
        let reading = ApiScope::ALL.iter().map(|value| value.as_str());
        let reading: Scope = reading.filter(|name| name.ends_with(":read")).collect();
        for power in [
            AskAboutCodes,
            AskAboutKeys,
            AskAboutOperators,
            AskAboutOrganisations,
            AskAboutPeople,
            ChangeClients,
            ChangeOrganisations,
            ChangePeople,
            HandleAlerts,
            RetryDeliveries,
            ReviewApplications,
            WriteNotes,
        ] {
            assert!(!grants(&reading, power), "{power:?}");
        }
    }
}
