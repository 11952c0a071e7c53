//! Values of the identity domain and of the protocol: parsed once, right ever after. No I/O and
//! no framework here; how values are stored, shown or sent is decided above.

pub mod account;
pub mod assurance;
pub mod attempts;
pub mod audit_event;
pub mod authorization;
pub mod client;
pub mod delivery;
pub mod id;
pub mod request_context;
pub mod scope;
pub mod session;
pub mod subject;
pub mod token;
