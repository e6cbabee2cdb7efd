//! The events every peer holds. `host/bench/workload` in Go says the same; change both or neither, and
//! raise the version there, or cached stores will be refused.

use batpak::prelude::{Coordinate, EventKind};
use serde_json::{json, Value};

use crate::Failure;

const EVENTS_PER_ENTITY: u64 = 1000;
const SCOPES: u64 = 16;

/// How many entities a store of `n` events has.
pub fn entities(n: u64) -> u64 {
    (n / EVENTS_PER_ENTITY).max(1)
}

/// Event `i`'s entity and scope. 7919 is prime, so each run of `entities(n)` events touches every entity once,
/// in an order that strides through them and shifts by one each round.
pub fn coordinate(i: u64, n: u64) -> Result<Coordinate, Failure> {
    let count = entities(n);
    let entity = (i * 7919 + i / count) % count;
    let scope = entity % SCOPES;
    Ok(Coordinate::new(
        format!("account:{entity:06}"),
        format!("tenant:{scope:03}"),
    )?)
}

/// One of 0x1001 to 0x1004 and 0x2001 to 0x2004, scattered by a multiplicative hash so that it follows no entity.
pub fn kind(i: u64) -> EventKind {
    let k = i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 61;
    EventKind::custom(1 + (k / 4) as u8, 1 + (k % 4) as u16)
}

/// True when event `i` is caused by, and correlated with, event `i - 1`.
pub fn is_reaction(i: u64) -> bool {
    i % 3 == 2
}

/// A small map. serde_json keeps its keys sorted: amount, n, note.
pub fn payload(i: u64) -> Value {
    json!({"amount": 37 * i, "n": i, "note": "transfer"})
}
