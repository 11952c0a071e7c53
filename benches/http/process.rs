//! What Linux tells of a process: CPU time and memory (proc(5)).

use std::fs;
use std::time::Duration;

/// `/proc` counts CPU time in ticks of this length on every Linux (`USER_HZ` is 100).
const TICK: Duration = Duration::from_millis(10);

/// CPU time so far, its children's included once they ended.
pub fn cpu(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // utime, stime, cutime and cstime are fields 14 to 17; the name before may contain blanks.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let ticks = fields.skip(11).take(4).filter_map(|field| field.parse::<u32>().ok());
    ticks.map(|ticks| TICK * ticks).sum()
}

/// CPU time of a process and everything below it: a database works in children.
pub fn cpu_of_tree(root: u32) -> Duration {
    let parents = numbers().filter_map(|pid| Some((pid, parent(pid)?)));
    let parents: Vec<(u32, u32)> = parents.collect();
    let (mut total, mut waiting) = (Duration::ZERO, vec![root]);
    while let Some(pid) = waiting.pop() {
        total += cpu(pid);
        waiting.extend(parents.iter().filter(|(_, of)| *of == pid).map(|(child, _)| child));
    }
    total
}

/// A line of `/proc/PID/status` in MiB: `VmRSS`, or its peak `VmHWM`.
pub fn memory(pid: u32, name: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}

/// Lets `VmHWM` begin anew.
pub fn forget_peak(pid: u32) {
    // Where this is not allowed the peak is that of the whole run.
    let _ = fs::write(format!("/proc/{pid}/clear_refs"), "5");
}

fn numbers() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}
