//! Yihao 一号: the unified identity provider of a province.
//! This file lists the modules, lowest layer first.

pub mod clock;
pub mod crypto;
pub mod i18n;
pub mod jose;
pub mod outbound;
pub mod signed_call;

pub mod domain;
pub mod vault;

pub mod store;

pub mod audit;
pub mod config;
pub mod keyring;
pub mod notify;
pub mod provider;
pub mod registers;

pub mod one_time_code;
pub mod throttle;

pub mod login;
pub mod people;
pub mod protocol;

pub mod http;

pub mod cli;
pub mod demo;
