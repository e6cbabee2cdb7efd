//! `append`: what is asked on standard input, one JSON object a line, answered by one JSON line each.
//!
//! A line is one event, `{"entity", "scope", "kind", "payload", "key", "expect", "flags"}`, of which the last three may
//! be null; or `{"items": [event, ...]}`, a batch; or `{"items": [...], "fence": "commit" | "cancel" | "open"}`, single
//! appends under a fence, of which the last one leaves it open. The answer is `{"receipts": [...]}` or `{"error": "..."}`.

use std::io::{BufRead, Write};

use batpak::prelude::{
    AppendOptions, AppendReceipt, BatchAppendItem, CausationRef, Coordinate, EventKind, Store, StoreConfig,
};
use serde_json::{json, Value};

use crate::flags::Flags;
use crate::{line, Failure};

pub fn run(dir: &str, words: &[&str]) -> Result<(), Failure> {
    let mut flags = Flags::new(words);
    let unclean = flags.switch("--unclean");
    flags.end()?;
    let store = Store::open(StoreConfig::new(dir).with_sync_every_n_events(1))?;
    for asked in std::io::stdin().lock().lines() {
        let asked: Value = serde_json::from_str(&asked?)?;
        let answer = match answer(&store, &asked) {
            Ok(receipts) => json!({"receipts": receipts.iter().map(receipt).collect::<Vec<_>>()}),
            Err(error) => json!({"error": error.to_string()}),
        };
        writeln!(std::io::stdout(), "{answer}")?;
    }
    if unclean {
        std::mem::forget(store);
        std::process::exit(0);
    }
    store.close()?;
    Ok(())
}

/// One event that is asked for.
struct Event {
    at: Coordinate,
    kind: EventKind,
    payload: Value,
    options: AppendOptions,
}

fn event(asked: &Value) -> Result<Event, Failure> {
    let text = |name: &str| asked[name].as_str().ok_or_else(|| format!("no {name} in {asked}"));
    let kind = asked["kind"].as_u64().ok_or("no kind")?;
    let mut options = AppendOptions::new().with_flags(asked["flags"].as_u64().unwrap_or(0) as u8);
    if let Some(key) = asked["key"].as_str() {
        options = options.with_idempotency(u128::from_str_radix(key, 16)?);
    }
    if let Some(clock) = asked["expect"].as_u64() {
        options = options.with_cas(u32::try_from(clock)?);
    }
    Ok(Event {
        at: Coordinate::new(text("entity")?, text("scope")?)?,
        kind: EventKind::custom((kind >> 12) as u8, (kind & 0xfff) as u16),
        payload: asked["payload"].clone(),
        options,
    })
}

fn answer(store: &Store, asked: &Value) -> Result<Vec<AppendReceipt>, Failure> {
    let Some(items) = asked["items"].as_array() else {
        let e = event(asked)?;
        return Ok(vec![store.append_with_options(&e.at, e.kind, &e.payload, e.options)?]);
    };
    let events = items.iter().map(event).collect::<Result<Vec<_>, _>>()?;
    let Some(end) = asked["fence"].as_str() else {
        let items = events
            .into_iter()
            .map(|e| BatchAppendItem::new(e.at, e.kind, &e.payload, e.options, CausationRef::None))
            .collect::<Result<Vec<_>, _>>()?;
        return Ok(store.append_batch(items)?);
    };
    let fence = store.begin_visibility_fence()?;
    let tickets = events.iter().map(|e| fence.submit(&e.at, e.kind, &e.payload)).collect::<Result<Vec<_>, _>>()?;
    if end == "cancel" {
        fence.cancel()?;
        return Ok(Vec::new());
    }
    if end == "open" {
        std::mem::forget(fence); // dropping would cancel it
        store.sync()?; // so that the events are written
        return Ok(Vec::new());
    }
    fence.commit()?;
    Ok(tickets.into_iter().map(|t| t.wait()).collect::<Result<Vec<_>, _>>()?)
}

fn receipt(r: &AppendReceipt) -> Value {
    json!({
        "event_id": line::id(r.event_id),
        "length": r.disk_pos.length,
        "offset": r.disk_pos.offset,
        "segment": r.disk_pos.segment_id,
        "sequence": r.sequence,
    })
}
