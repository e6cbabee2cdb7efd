//! How values are spelled in JSON lines: as in the fixtures' expected.jsonl, keys sorted.

use batpak::prelude::{EventKind, IndexEntry};
use serde_json::{json, Value};

/// What batpak's index knows of an event.
pub fn indexed(e: &IndexEntry) -> Value {
    json!({
        "causation_id": e.causation_id.map(id),
        "clock": e.clock,
        "correlation_id": id(e.correlation_id),
        "entity": e.coord.entity(),
        "event_hash": hex(&e.hash_chain.event_hash),
        "event_id": id(e.event_id),
        "kind": kind(e.kind),
        "length": e.disk_pos.length,
        "offset": e.disk_pos.offset,
        "prev_hash": hex(&e.hash_chain.prev_hash),
        "scope": e.coord.scope(),
        "segment": e.disk_pos.segment_id,
        "seq": e.global_sequence,
        "wall_ms": e.wall_ms,
    })
}

pub fn id(id: u128) -> String {
    format!("{id:032x}")
}

pub fn kind(kind: EventKind) -> String {
    format!("0x{:04X}", (u16::from(kind.category()) << 12) | kind.type_id())
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
