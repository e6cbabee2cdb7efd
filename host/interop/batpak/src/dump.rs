//! `dump`: every visible event as batpak sees it, one JSON object a line, keys sorted, in sequence order.
//!
//! With `--payloads` each line also has what only the frame knows: content_hash, flags, payload, payload_size and
//! timestamp_us, or payload_error in their place when batpak cannot read the frame its index names.

use std::io::Write;

use batpak::prelude::{IndexEntry, ReadOnly, Region, Store, StoreConfig};
use serde_json::{json, Value};

use crate::flags::Flags;
use crate::{line, Failure};

pub fn run(dir: &str, words: &[&str]) -> Result<(), Failure> {
    let mut flags = Flags::new(words);
    let payloads = flags.switch("--payloads");
    flags.end()?;
    // open_read_only creates a directory that is not there.
    if !std::path::Path::new(dir).is_dir() {
        return Err(format!("{dir} is not a directory").into());
    }
    let store = Store::open_read_only(StoreConfig::new(dir))?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for entry in store.query(&Region::all()) {
        let mut value = line::indexed(&entry);
        if payloads {
            add_frame(&mut value, &store, &entry);
        }
        writeln!(out, "{value}")?;
    }
    out.flush()?;
    Ok(())
}

/// Reads the frame as a user would, by id. A place that is wrong may still be that of a frame, and batpak does not
/// compare the two ids; here that counts as unreadable.
fn add_frame(value: &mut Value, store: &Store<ReadOnly>, entry: &IndexEntry) {
    match store.get(entry.event_id) {
        Ok(stored) if stored.event.header.event_id == entry.event_id => {
            let header = stored.event.header;
            value["content_hash"] = json!(line::hex(&header.content_hash));
            value["flags"] = json!(header.flags);
            value["payload"] = stored.event.payload;
            value["payload_size"] = json!(header.payload_size);
            value["timestamp_us"] = json!(header.timestamp_us);
        }
        Ok(stored) => {
            let found = line::id(stored.event.header.event_id);
            value["payload_error"] = json!(format!("the frame is that of event {found}"));
        }
        Err(error) => value["payload_error"] = json!(error.to_string()),
    }
}
