//! Acting for somebody (design D3): organisations claimed by their legal representatives, mandates passed on
//! from hand to hand, and for whom a person comes to a portal. Only natural persons log in.

pub mod acting;
pub mod certificate;
pub mod claim;
pub mod following;
pub mod mandates;
pub mod notices;
pub mod represented;
pub mod told;
