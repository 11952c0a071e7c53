//! Yihao 一号: the unified identity provider of a province.
//! This file lists the modules, lowest layer first.

pub mod clock;
pub mod crypto;
pub mod i18n;
pub mod jose;
pub mod outbound;
pub mod signed_call;
pub mod table;
pub mod totp;

pub mod domain;
pub mod vault;

pub mod store;

pub mod audit;
pub mod config;
pub mod keyring;
pub mod notify;
pub mod provider;
pub mod recovery;
pub mod registers;

pub mod identifier;
pub mod incoming_call;
pub mod messages;
pub mod one_time_code;
pub mod subjects;
pub mod throttle;

pub mod codes;
pub mod console;
pub mod login;
pub mod monitor;
pub mod organisations;
pub mod people;
pub mod protocol;
pub mod statistics;

pub mod onboarding;

pub mod http;

pub mod cli;
pub mod demo;
