//! Yihao 一号: the unified identity provider of a province.
