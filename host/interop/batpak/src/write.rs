//! `write`: a store, or more of one, from a seed.
//!
//! The same seed takes the same steps with the same payloads. Ids are batpak's own UUIDv7, so they differ from run to
//! run, and with them the bytes; `--clock-us` fixes all times except created_ns in segment headers.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::Arc;

use batpak::prelude::{Store, StoreConfig};

use crate::flags::Flags;
use crate::script::{Clock, Script};
use crate::Failure;

pub fn run(dir: &str, words: &[&str]) -> Result<(), Failure> {
    let mut flags = Flags::new(words);
    let seed: u64 = flags.required("--seed")?;
    let steps: usize = flags.required("--steps")?;
    let entities: usize = flags.value("--entities")?.unwrap_or(5);
    let segment_max: Option<u64> = flags.value("--segment-max")?;
    let start: Option<i64> = flags.value("--clock-us")?;
    let unclean = flags.switch("--unclean");
    let no_index = flags.switch("--no-index");
    flags.end()?;
    if entities == 0 {
        return Err("--entities must be at least 1".into());
    }

    // Every single append is on disk before the next command; batches sync themselves.
    let mut config = StoreConfig::new(dir)
        .with_sync_every_n_events(1)
        .with_enable_checkpoint(!no_index)
        .with_enable_mmap_index(!no_index);
    if let Some(bytes) = segment_max {
        config = config.with_segment_max_bytes(bytes);
    }
    let clock = start.map(Clock::new);
    if let Some(clock) = &clock {
        let clock = Arc::clone(clock);
        config = config.with_clock(Some(Arc::new(move || clock.now())));
    }

    let store = Store::open(config)?;
    Script::new(&store, seed, entities, clock).run(steps)?;
    if unclean {
        // Neither Store's Drop nor the writer's shutdown: no footer, no artifact, as after a kill.
        std::mem::forget(store);
        std::process::exit(0);
    }
    store.close()?;
    Ok(())
}

impl Clock {
    fn new(start_us: i64) -> Arc<Self> {
        Arc::new(Self { us: AtomicI64::new(start_us), step_us: AtomicI64::new(1000) })
    }

    fn now(&self) -> i64 {
        self.us.fetch_add(self.step_us.load(Ordering::SeqCst), Ordering::SeqCst)
    }
}
