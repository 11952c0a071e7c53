//! Yihao 一号: the unified identity provider of a province.
//! This file lists the modules, lowest layer first.

pub mod clock;
pub mod crypto;
pub mod jose;

pub mod domain;
pub mod vault;

pub mod store;
