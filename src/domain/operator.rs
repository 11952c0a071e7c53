//! Operators: our own staff, never citizens. Each has one role, so that no account can hold two of the
//! officers' powers, and a region beyond which nothing exists (GB/T 22239-2019 8.1.4.2; design D10).

use serde::Deserialize;
use serde::Serialize;

use crate::clock::Timestamp;
use crate::domain::client::ClientId;
use crate::domain::id::OperatorId;

/// What an operator is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 系统管理员: clients, their applications, and who works here.
    SystemOfficer,
    /// 安全管理员: people's accounts, and the second signature.
    SecurityOfficer,
    /// 审计管理员: what everybody did; changes nothing.
    AuditOfficer,
    /// Looks after the people of a region.
    RegionAdministrator,
    /// Serves people at a counter.
    CounterStaff,
}

/// One thing an operator may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Look up a person and see the account, masked.
    SeePeople,
    /// Lock, unlock, end sessions.
    ChangePeople,
    /// Write a note to an account.
    WriteNotes,
    /// Ask for what needs a second officer, about a person.
    AskAboutPeople,
    /// Ask for a code of a counter, and hand it to the person: whoever does it has seen the document.
    HandOutCodes,
    /// Say that a person was seen at a counter with a document, which raises the account.
    VerifyAtCounter,
    /// Ask to invite and to disable operators.
    AskAboutOperators,
    /// Decide what another one asked for.
    Decide,
    /// See who works here.
    SeeOperators,
    /// See clients.
    SeeClients,
    /// Switch clients off and on.
    ChangeClients,
    /// See how the system is: keys, deliveries, registers, health.
    SeeSystem,
    /// Ask for what needs a second officer, about signing keys.
    AskAboutKeys,
    /// Have a delivery tried again.
    RetryDeliveries,
    /// See what portals apply for.
    SeeApplications,
    /// Review an application, and ask for what a portal needs a second officer for.
    ReviewApplications,
    /// Read the audit chain.
    SeeAudit,
    /// See what monitoring found.
    SeeAlerts,
    /// Acknowledge and close it.
    HandleAlerts,
    /// See how much of everything happens.
    SeeStatistics,
    /// See batches of legacy codes and of new ones, and what is disputed.
    SeeCodes,
    /// Hand in files of codes, and ask for what needs a second officer about them.
    AskAboutCodes,
    /// Look up an organisation, and see who acts for it, masked.
    SeeOrganisations,
    /// Suspend an organisation, and end a mandate.
    ChangeOrganisations,
    /// Ask for what needs a second officer, about an organisation.
    AskAboutOrganisations,
    /// Ask for what is shown at a counter to be believed: who represents an organisation, whose guardian or helper
    /// somebody is. Whoever does it has seen the documents.
    ServeAtCounter,
}

impl Role {
    /// Every role, officers first.
    pub const ALL: [Self; 5] = [
        Self::SystemOfficer,
        Self::SecurityOfficer,
        Self::AuditOfficer,
        Self::RegionAdministrator,
        Self::CounterStaff,
    ];
    /// The three officers, one of each is always there.
    pub const OFFICERS: [Self; 3] =
        [Self::SystemOfficer, Self::SecurityOfficer, Self::AuditOfficer];

    /// The name in database, audit and pages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SystemOfficer => "system_officer",
            Self::SecurityOfficer => "security_officer",
            Self::AuditOfficer => "audit_officer",
            Self::RegionAdministrator => "region_administrator",
            Self::CounterStaff => "counter_staff",
        }
    }

    /// What the first of a kind is called, since the terminal knows no name.
    pub fn title(self) -> &'static str {
        match self {
            Self::SystemOfficer => "系统管理员",
            Self::SecurityOfficer => "安全管理员",
            Self::AuditOfficer => "审计管理员",
            Self::RegionAdministrator => "地区管理员",
            Self::CounterStaff => "窗口工作人员",
        }
    }

    /// The role of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// Whether it is one of the three officers.
    pub fn is_officer(self) -> bool {
        Self::OFFICERS.contains(&self)
    }

    /// The one table of powers.
    pub fn may(self, permission: Permission) -> bool {
        use Permission::{
            AskAboutCodes, AskAboutKeys, AskAboutOperators, AskAboutPeople, ChangeClients, Decide,
            HandOutCodes, HandleAlerts, RetryDeliveries, ReviewApplications, SeeAlerts,
            SeeApplications, SeeAudit, SeeClients, SeeCodes, SeeOperators, SeeOrganisations,
            SeePeople, SeeStatistics, SeeSystem, ServeAtCounter, VerifyAtCounter, WriteNotes,
        };
        match self {
            Self::SystemOfficer => matches!(
                permission,
                SeeClients
                    | ChangeClients
                    | SeeSystem
                    | AskAboutKeys
                    | RetryDeliveries
                    | SeeApplications
                    | ReviewApplications
                    | SeeOperators
                    | AskAboutOperators
                    | Decide
                    | SeeStatistics
                    | SeeCodes
                    | AskAboutCodes
            ),
            Self::SecurityOfficer => {
                looks_after(permission)
                    || matches!(
                        permission,
                        SeeSystem
                            | SeeApplications
                            | SeeOperators
                            | AskAboutOperators
                            | Decide
                            | SeeAlerts
                            | HandleAlerts
                            | SeeStatistics
                            | SeeCodes
                            | AskAboutCodes
                    )
            }
            // He sees what was found and what was made of it, and changes nothing.
            Self::AuditOfficer => {
                matches!(permission, SeeAudit | SeeOperators | SeeAlerts | SeeStatistics)
            }
            Self::RegionAdministrator => {
                looks_after(permission)
                    || matches!(permission, SeeOperators | AskAboutOperators | SeeStatistics)
            }
            Self::CounterStaff => matches!(
                permission,
                SeePeople
                    | WriteNotes
                    | AskAboutPeople
                    | HandOutCodes
                    | SeeOrganisations
                    | ServeAtCounter
                    | VerifyAtCounter
            ),
        }
    }

    /// Whether somebody of this role may ask for somebody of `other`: nobody hands out what lies beside or
    /// above his own powers (security.md A-69).
    pub fn may_ask_for(self, other: Self) -> bool {
        match self {
            Self::SystemOfficer | Self::SecurityOfficer => true,
            Self::RegionAdministrator => !other.is_officer(),
            Self::AuditOfficer | Self::CounterStaff => false,
        }
    }
}

/// What who looks after people and organisations may do with them.
fn looks_after(permission: Permission) -> bool {
    use Permission::{
        AskAboutOrganisations, AskAboutPeople, ChangeOrganisations, ChangePeople, HandOutCodes,
        SeeOrganisations, SeePeople, ServeAtCounter, VerifyAtCounter, WriteNotes,
    };
    matches!(
        permission,
        SeePeople
            | ChangePeople
            | WriteNotes
            | AskAboutPeople
            | HandOutCodes
            | SeeOrganisations
            | ChangeOrganisations
            | AskAboutOrganisations
            | ServeAtCounter
            | VerifyAtCounter
    )
}

/// A subtree of the administrative divisions (GB/T 2260): the digits all its codes begin with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Region(String);

impl Region {
    /// The subtree of a six-digit code: a province, a city or a county.
    pub fn parse(code: &str) -> Option<Self> {
        let digits = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || !crate::domain::division::is_mainland_province(&code[..2]) {
            return None;
        }
        let prefix = match (&code[2..4], &code[4..]) {
            ("00", "00") => &code[..2],
            ("00", _) => return None,
            (_, "00") => &code[..4],
            _ => code,
        };
        Some(Self(prefix.to_owned()))
    }

    /// The six-digit code it is known by.
    pub fn code(&self) -> String {
        format!("{:0<6}", self.0)
    }

    /// The digits all codes in it begin with: two, four or six.
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// Its name, where the table has one.
    pub fn name(&self) -> String {
        use crate::domain::division;
        let known = match self.0.len() {
            2 => division::province_name(&self.0),
            _ => division::find(&self.code()).map(|division| division.name),
        };
        known.map_or_else(|| self.code(), str::to_owned)
    }

    /// Whether a division, by its six-digit code or a longer number that begins with it, lies in it.
    pub fn contains(&self, number: &str) -> bool {
        number.starts_with(&self.0)
    }

    /// The first and the last code that can lie in a region, or in any where there is none.
    pub fn codes_of(region: Option<&Self>) -> (i64, i64) {
        region.map_or((0, 999_999), Self::codes)
    }

    /// The first and the last code that can lie in it.
    pub fn codes(&self) -> (i64, i64) {
        let bound = |digit: char| {
            let code: String = self.0.chars().chain(std::iter::repeat(digit)).take(6).collect();
            code.parse().unwrap_or(0)
        };
        (bound('0'), bound('9'))
    }

    /// Whether all of `other` lies in it.
    pub fn covers(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }
}

/// Whether a region, or the whole province where there is none, covers another.
pub fn covers(own: Option<&Region>, other: Option<&Region>) -> bool {
    match (own, other) {
        (None, _) => true,
        (Some(own), Some(other)) => own.covers(other),
        (Some(_), None) => false,
    }
}

/// What an operator types as a name: 3 to 32 of `a-z 0-9 . - _`, folded to lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginName(String);

impl LoginName {
    /// Reads one.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-_".contains(&b);
        let fits = (3..=32).contains(&text.len()) && text.bytes().all(allowed);
        fits.then_some(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An operator.
#[derive(Debug, Clone)]
pub struct Operator {
    /// Its key.
    pub id: OperatorId,
    /// What is typed to log in.
    pub login_name: String,
    /// The name, sealed.
    pub name: Vec<u8>,
    /// What the operator is.
    pub role: Role,
    /// Where; everywhere when there is none.
    pub region: Option<Region>,
    /// Whether the operator still works here.
    pub is_active: bool,
    /// The password's hash.
    pub password_hash: String,
    /// The secret of the authenticator app, sealed.
    pub totp_secret: Vec<u8>,
    /// Rises when credentials change or the operator is disabled.
    pub credential_epoch: i64,
    /// When the operator last logged in.
    pub last_login_at: Option<Timestamp>,
    /// When the invitation was accepted.
    pub created_at: Timestamp,
    /// The client of a machine; none for a person. A machine has neither password nor app, and a login name
    /// nobody can type.
    pub client_id: Option<ClientId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_role_has_the_powers_of_two_officers() {
        use Permission::{ChangeClients, ChangePeople, SeeAudit};
        for role in Role::ALL {
            let powers = [ChangeClients, ChangePeople, SeeAudit];
            let held = powers.into_iter().filter(|permission| role.may(*permission)).count();
            assert!(held <= 1, "{role:?}");
        }
        assert!(!Role::AuditOfficer.may(Permission::Decide));
        let handles = |role: &Role| role.may(Permission::HandleAlerts);
        assert_eq!(Role::ALL.into_iter().filter(handles).count(), 1);
    }

    #[test]
    fn a_region_is_a_subtree() {
        let region = |code: &str| Region::parse(code).unwrap();
        assert!(region("140000").contains("140105199001011234"));
        assert!(region("140100").covers(&region("140105")));
        assert!(!region("140100").covers(&region("140200")));
        assert!(!region("140105").covers(&region("140100")));
        assert_eq!(region("140100").code(), "140100");
        assert_eq!(region("140000").codes(), (140_000, 149_999));
        assert_eq!(region("140100").codes(), (140_100, 140_199));
        assert_eq!(region("140105").codes(), (140_105, 140_105));
        for wrong in ["", "14", "1401000", "140005", "990000", "14010x", "８４０１００"] {
            assert_eq!(Region::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn nobody_without_a_region_lies_within_one() {
        let city = Region::parse("140100");
        assert!(covers(None, city.as_ref()) && covers(None, None));
        assert!(!covers(city.as_ref(), None));
    }

    #[test]
    fn login_names_are_plain() {
        assert_eq!(LoginName::parse(" Zhang.San ").unwrap().as_str(), "zhang.san");
        for wrong in ["ab", "zhang san", "张三", "a@b.c", &"a".repeat(33)] {
            assert_eq!(LoginName::parse(wrong), None, "{wrong}");
        }
    }
}
