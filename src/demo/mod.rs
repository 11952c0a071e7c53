//! `yihao demo`: the one-command tour of a made-up province, with its people, its two portals and its
//! messages.

mod people;
pub mod portal;
mod portals;
mod tour;

pub use tour::Ports;
pub use tour::run;
