//! `yihao demo`: the one-command tour of a made-up province, with its people, its two portals and its
//! messages; and the made-up province's platform.

pub mod organisations;
mod people;
pub mod portal;
mod portals;
pub mod province;
mod tour;

pub use tour::Ports;
pub use tour::run;
