//! `fill`: single appends, because only their receipts give the id that the next event names as its cause:
//! inside a batch batpak invents the ids, and an item can name the cause but not the correlation.

use std::time::Instant;

use batpak::prelude::{Store, StoreConfig};

use crate::{workload, Failure};

/// batpak syncs after this many events (its own default is 1,000) and on close.
const SYNC_EVERY: u32 = 1_000_000;

pub fn run(dir: &str, n: &str) -> Result<(), Failure> {
    let n: u64 = n.parse()?;
    if std::path::Path::new(dir).exists() && std::fs::read_dir(dir)?.next().is_some() {
        return Err(format!("{dir} is not empty").into());
    }
    let started = Instant::now();
    let store = Store::open(StoreConfig::new(dir).with_sync_every_n_events(SYNC_EVERY))?;
    let mut previous = 0u128;
    for i in 0..n {
        let at = workload::coordinate(i, n)?;
        let kind = workload::kind(i);
        let payload = workload::payload(i);
        // The event before a reaction is a root cause, so its correlation id is its own id.
        let receipt = if workload::is_reaction(i) {
            store.append_reaction(&at, kind, &payload, previous, previous)?
        } else {
            store.append(&at, kind, &payload)?
        };
        if receipt.sequence != i {
            return Err(format!("event {i} was given sequence {}", receipt.sequence).into());
        }
        previous = receipt.event_id;
        if (i + 1) % 250_000 == 0 {
            eprintln!("batpak-peer: {} of {n} events, {:.1?}", i + 1, started.elapsed());
        }
    }
    let appended = started.elapsed();
    store.close()?;
    println!(
        "{}",
        serde_json::json!({
            "events": n,
            "append_ns": appended.as_nanos() as u64,
            "write_ns": started.elapsed().as_nanos() as u64,
            "peak_rss_bytes": crate::open::peak_rss_bytes(),
        })
    );
    Ok(())
}
