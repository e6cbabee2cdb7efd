//! `open`: what the first open and the first entity query cost in a fresh process.

use std::hint::black_box;
use std::time::Instant;

use batpak::prelude::{IndexEntry, Store, StoreConfig};
use serde_json::json;

use crate::Failure;

/// Opens with the read-only handle and the default configuration.
pub fn run(dir: &str, entity: &str) -> Result<(), Failure> {
    let started = Instant::now();
    let store = Store::open_read_only(StoreConfig::new(dir))?;
    let open_ns = started.elapsed().as_nanos() as u64;

    // stream is batpak's exact match; query(Region::entity(..)) walks every entity name, as it means a prefix.
    let started = Instant::now();
    let found = black_box(store.stream(entity));
    let first_query_ns = started.elapsed().as_nanos() as u64;

    println!(
        "{}",
        json!({
            "open_ns": open_ns,
            "first_query_ns": first_query_ns,
            "peak_rss_bytes": peak_rss_bytes(),
            "query_events": found.len(),
            "query_hash": sequence_hash(&found),
        })
    );
    // Ends the process without dropping the store: that frees millions of small blocks, which nobody asked for.
    std::mem::forget(store);
    std::process::exit(0)
}

/// FNV-1a, 64 bits, of the sequences in order, each as eight little-endian bytes: `Checksum` of host/bench/workload.
fn sequence_hash(entries: &[IndexEntry]) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for entry in entries {
        for byte in entry.global_sequence.to_le_bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    format!("{hash:016x}")
}

/// VmHWM of this process, or 0 where /proc does not say.
fn peak_rss_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().strip_suffix("kB"))
        .and_then(|number| number.trim().parse::<u64>().ok())
        .map_or(0, |kilobytes| kilobytes * 1024)
}
