//! `open`: what the first open, the first get and the first entity query cost in a fresh process.

use std::hint::black_box;
use std::time::Instant;

use batpak::prelude::{IndexEntry, Store, StoreConfig, ViewConfig};
use serde_json::json;

use crate::Failure;

struct Question<'a> {
    id: Option<u128>,
    entity: &'a str,
}

pub fn run(dir: &str, flags: &[&str]) -> Result<(), Failure> {
    let mut config = StoreConfig::new(dir);
    let mut writable = false;
    let mut question = Question { id: None, entity: "account:000000" };
    let mut flags = flags.iter();
    while let Some(&flag) = flags.next() {
        match flag {
            "--rw" => writable = true,
            "--lean" => config = config.with_views(ViewConfig::none()),
            "--get" => {
                let text = flags.next().ok_or("--get needs an id")?;
                question.id = Some(u128::from_str_radix(text, 16)?);
            }
            "--entity" => question.entity = flags.next().ok_or("--entity needs a name")?,
            other => return Err(format!("open: unknown flag {other}").into()),
        }
    }
    let started = Instant::now();
    if writable {
        let store = Store::open(config)?;
        let open_ns = started.elapsed().as_nanos() as u64;
        ask(&store, open_ns, &question)?;
        leave(store)
    } else {
        let store = Store::open_read_only(config)?;
        let open_ns = started.elapsed().as_nanos() as u64;
        ask(&store, open_ns, &question)?;
        leave(store)
    }
}

/// Ends the process without dropping the store. Dropping frees millions of small blocks, which nobody asked to
/// time, and closing a writable store would rewrite its artifact.
fn leave<S>(store: Store<S>) -> Result<(), Failure> {
    std::mem::forget(store);
    std::process::exit(0)
}

fn ask<S>(store: &Store<S>, open_ns: u64, question: &Question) -> Result<(), Failure> {
    // Without an id to ask for, the query comes first and supplies one.
    let id = match question.id {
        Some(id) => id,
        None => {
            let found = store.stream(question.entity);
            found.first().ok_or("the entity has no event")?.event_id
        }
    };
    let started = Instant::now();
    let event = store.get(id)?;
    let first_get_ns = started.elapsed().as_nanos() as u64;

    // stream is batpak's exact match; query(Region::entity(..)) walks every entity name, as it means a prefix.
    let started = Instant::now();
    let found = black_box(store.stream(question.entity));
    let first_query_ns = started.elapsed().as_nanos() as u64;

    println!(
        "{}",
        json!({
            "open_ns": open_ns,
            "first_get_ns": first_get_ns,
            "first_query_ns": first_query_ns,
            "peak_rss_bytes": peak_rss_bytes(),
            "events": store.stats().event_count,
            "get_n": event.event.payload["n"].as_u64(),
            "query_events": found.len(),
            "query_hash": sequence_hash(&found),
        })
    );
    Ok(())
}

/// FNV-1a, 64 bits, of the sequences in order, each as eight little-endian bytes: every peer prints it, and the
/// runner refuses to compare peers whose answers differ.
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
pub fn peak_rss_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().strip_suffix("kB"))
        .and_then(|number| number.trim().parse::<u64>().ok())
        .map_or(0, |kilobytes| kilobytes * 1024)
}
