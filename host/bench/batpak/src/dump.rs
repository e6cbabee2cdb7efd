//! `dump`: every visible event as batpak sees it, one JSON object a line, keys sorted, in sequence order.

use std::io::Write;

use batpak::prelude::{IndexEntry, Region, Store, StoreConfig};
use serde_json::{json, Value};

use crate::Failure;

pub fn run(dir: &str) -> Result<(), Failure> {
    // open_read_only creates a directory that is not there.
    if !std::path::Path::new(dir).is_dir() {
        return Err(format!("{dir} is not a directory").into());
    }
    let store = Store::open_read_only(StoreConfig::new(dir))?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for entry in store.query(&Region::all()) {
        writeln!(out, "{}", line(&entry))?;
    }
    out.flush()?;
    Ok(())
}

fn line(e: &IndexEntry) -> Value {
    let kind = (u16::from(e.kind.category()) << 12) | e.kind.type_id();
    json!({
        "causation_id": e.causation_id.map(|id| format!("{id:032x}")),
        "clock": e.clock,
        "correlation_id": format!("{:032x}", e.correlation_id),
        "entity": e.coord.entity(),
        "event_hash": hex(&e.hash_chain.event_hash),
        "event_id": format!("{:032x}", e.event_id),
        "kind": format!("0x{kind:04X}"),
        "length": e.disk_pos.length,
        "offset": e.disk_pos.offset,
        "prev_hash": hex(&e.hash_chain.prev_hash),
        "scope": e.coord.scope(),
        "segment": e.disk_pos.segment_id,
        "seq": e.global_sequence,
        "wall_ms": e.wall_ms,
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
