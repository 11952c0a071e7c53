//! All integration tests, one binary, one module a feature.
