//! What a run found, as a row of a table for people and as a line of JSON for programs.

use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use crate::scenario::Outcome;

/// The measured window of one scenario.
#[derive(Debug)]
pub struct Report {
    /// Its name.
    pub scenario: String,
    /// Which database.
    pub store: &'static str,
    /// Connections.
    pub connections: usize,
    /// How long it really was.
    pub time: Duration,
    /// What the callers saw.
    pub outcome: Outcome,
    /// CPU time of server, database and driver.
    pub cpu: Cpu,
    /// Resident memory of the server in MiB: before, after, and the peak between.
    pub memory: [f64; 3],
}

/// CPU time that was used.
#[derive(Debug, Clone, Copy)]
pub struct Cpu {
    /// By the server.
    pub server: Duration,
    /// By the database, where it is a process of its own.
    pub database: Duration,
    /// By this driver.
    pub driver: Duration,
}

/// The head of the table.
pub const HEAD: &str = "\
scenario             op/s   p50 ms   p99 ms   max ms  errors  CPU ms/op  RSS MiB before/after/peak";

impl Report {
    /// Puts the latencies in order; everything else is read off them.
    pub fn sort(&mut self) {
        self.outcome.latencies.sort_unstable();
    }

    /// A row of the table, and the first problems below it.
    pub fn row(&self) -> String {
        let [before, after, peak] = self.memory;
        let mut row = format!(
            "{:<18} {:>6.0} {:>8.2} {:>8.2} {:>8.2} {:>7} {:>10.3}  {before:.1} / {after:.1} / {peak:.1}",
            self.scenario,
            self.per_second(),
            self.latency(0.50),
            self.latency(0.99),
            self.latency(1.0),
            self.outcome.errors,
            self.per_operation(self.cpu.server + self.cpu.database),
        );
        for problem in &self.outcome.problems {
            row.push_str("\n    ");
            row.push_str(problem);
        }
        row
    }

    /// The same and more, for a file of JSON lines.
    pub fn json(&self) -> Value {
        let [before, after, peak] = self.memory;
        json!({
            "scenario": self.scenario,
            "store": self.store,
            "connections": self.connections,
            "seconds": self.time.as_secs_f64(),
            "operations": self.outcome.latencies.len(),
            "per_second": self.per_second(),
            "p50_ms": self.latency(0.50),
            "p99_ms": self.latency(0.99),
            "max_ms": self.latency(1.0),
            "errors": self.outcome.errors,
            "problems": self.outcome.problems,
            "verified": self.outcome.verified,
            "cpu_ms_per_operation": self.per_operation(self.cpu.server + self.cpu.database),
            "database_cpu_ms_per_operation": self.per_operation(self.cpu.database),
            "driver_cpu_ms_per_operation": self.per_operation(self.cpu.driver),
            "rss_mib_before": before,
            "rss_mib_after": after,
            "rss_mib_peak": peak,
        })
    }

    fn operations(&self) -> f64 {
        // Far below the 2^53 operations from which on this would not be exact.
        #[expect(clippy::cast_precision_loss, reason = "see above")]
        let operations = self.outcome.latencies.len() as f64;
        operations
    }

    fn per_second(&self) -> f64 {
        self.operations() / self.time.as_secs_f64()
    }

    fn per_operation(&self, cpu: Duration) -> f64 {
        if self.outcome.latencies.is_empty() {
            return 0.0;
        }
        cpu.as_secs_f64() * 1e3 / self.operations()
    }

    /// The latency, in ms, within which this share of the operations ended.
    fn latency(&self, share: f64) -> f64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to count")]
        let rank = (self.operations() * share).ceil() as usize;
        let found = self.outcome.latencies.get(rank.saturating_sub(1));
        found.map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
    }
}
