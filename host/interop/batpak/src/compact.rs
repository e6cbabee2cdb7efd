//! `compact`: batpak's own compaction, with one more segment begun after the sealed ones, as every open does.
//!
//! `--retain` and `--tombstone` are the strategies that write every frame anew; here they keep every event.

use batpak::prelude::{CompactionConfig, CompactionStrategy, Store, StoreConfig};

use crate::flags::Flags;
use crate::Failure;

pub fn run(dir: &str, words: &[&str]) -> Result<(), Failure> {
    let mut flags = Flags::new(words);
    let retain = flags.switch("--retain");
    let tombstone = flags.switch("--tombstone");
    flags.end()?;
    let strategy = match (retain, tombstone) {
        (true, false) => CompactionStrategy::Retention(Box::new(|_| true)),
        (false, true) => CompactionStrategy::Tombstone(Box::new(|_| true)),
        (false, false) => CompactionStrategy::Merge,
        _ => return Err("--retain and --tombstone exclude each other".into()),
    };
    let store = Store::open(StoreConfig::new(dir))?;
    let done = store.compact(&CompactionConfig { strategy, min_segments: 1 })?;
    store.close()?;
    println!("{}", serde_json::json!({"segments_removed": done.segments_removed}));
    Ok(())
}
