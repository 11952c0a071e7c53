//! Routes, extractors and pages: the only place that speaks HTTP to a browser or a client.

pub mod assets;
pub mod pages;
