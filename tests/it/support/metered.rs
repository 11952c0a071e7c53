//! A test that counts what the provider counts: a recorder of its own on every thread it uses.

use metrics_exporter_prometheus::PrometheusBuilder;
use metrics_exporter_prometheus::PrometheusHandle;
use metrics_exporter_prometheus::PrometheusRecorder;

/// The metrics of one test.
pub struct Meter(PrometheusHandle);

impl Meter {
    /// The value of a counter, over all its labels.
    pub fn value(&self, counter: &str) -> u64 {
        let text = self.0.render();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let own = lines.filter(|line| line.split(['{', ' ']).next() == Some(counter));
        own.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    }

    /// How many passwords were hashed.
    pub fn hashes(&self) -> u64 {
        self.value("password_hash_operations_total")
    }
}

/// Runs a test whose metrics nobody else adds to.
pub fn metered<T: Future<Output = ()>>(test: impl FnOnce(Meter) -> T) {
    // The recorder outlives its threads; it is a few bytes, once a test.
    let recorder: &'static PrometheusRecorder =
        Box::leak(Box::new(PrometheusBuilder::new().build_recorder()));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .on_thread_start(move || std::mem::forget(metrics::set_default_local_recorder(recorder)))
        .build()
        .unwrap();
    let _here = metrics::set_default_local_recorder(recorder);
    runtime.block_on(test(Meter(recorder.handle())));
}
