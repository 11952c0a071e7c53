//! The one-command tour of the province; this part of it owns the two relying-party portals.

pub mod portal;
