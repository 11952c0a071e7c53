//! What a request is made of, each part alone: `cargo bench --bench primitives [-- FILTER]`.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on panics")]

mod crypto;
mod jose;
mod request;
mod store;

fn main() {
    divan::main();
    store::clean_up();
}
