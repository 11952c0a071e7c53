//! Values of the identity domain and of the protocol: parsed once, right ever after. No I/O and
//! no framework here; how values are stored, shown or sent is decided above.

pub mod account;
pub mod assurance;
pub mod attempts;
pub mod audit_event;
pub mod authorization;
pub mod citizen_id;
pub mod client;
pub mod country;
pub mod delivery;
pub mod division;
pub mod id;
pub mod masking;
pub mod organisation_code;
pub mod password;
pub mod person_name;
pub mod phone_number;
pub mod policy;
pub mod request_context;
pub mod scope;
pub mod session;
pub mod spelling;
pub mod subject;
pub mod synthetic;
pub mod token;
pub mod travel_document;
pub mod uscc;
