//! The `yihao` program.

use std::io::Write;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match yihao::cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do when even this cannot be said.
            let _ = writeln!(std::io::stderr(), "yihao: {error:#}");
            ExitCode::FAILURE
        }
    }
}
