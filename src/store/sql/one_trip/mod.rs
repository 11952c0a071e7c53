//! The hottest writes in one trip to the database, audit record included (design D7). Each does what its
//! general form does when all is as hoped; otherwise it has changed nothing that matters, and the general
//! form tells why.

pub(super) mod postgres;
pub(super) mod sqlite;
