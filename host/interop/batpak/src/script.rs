//! The random steps of `write`. Each acknowledged event is printed the moment it is acknowledged: whoever kills this
//! process may hold batpak to every line that came out.

use std::io::Write;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::Arc;

use batpak::prelude::{
    AppendOptions, AppendReceipt, AppendTicket, BatchAppendItem, BatchAppendTicket, CausationRef, Coordinate,
    EventKind, Region, Store,
};
use serde_json::{json, Value};

use crate::random::Random;
use crate::{line, payload, Failure};

const SCOPES: [&str; 3] = ["tenant:a", "tenant:b", "mandant:ü"];

/// What fixtures/kinds shows may be appended.
const NAMED: [EventKind; 13] = [
    EventKind::DATA,
    EventKind::SYSTEM_INIT,
    EventKind::SYSTEM_SHUTDOWN,
    EventKind::SYSTEM_HEARTBEAT,
    EventKind::SYSTEM_CONFIG_CHANGE,
    EventKind::SYSTEM_CHECKPOINT,
    EventKind::TOMBSTONE,
    EventKind::EFFECT_ERROR,
    EventKind::EFFECT_RETRY,
    EventKind::EFFECT_ACK,
    EventKind::EFFECT_BACKPRESSURE,
    EventKind::EFFECT_CANCEL,
    EventKind::EFFECT_CONFLICT,
];

const CATEGORIES: [u8; 14] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15];

/// Requires ack, transactional, replay.
const FLAGS: [u8; 5] = [0, 1, 2, 8, 11];

/// A clock that moves by one step each time it is read.
pub struct Clock {
    pub us: AtomicI64,
    pub step_us: AtomicI64,
}

/// What was asked to be appended, to be printed beside what batpak answered.
struct Asked {
    at: Coordinate,
    kind: EventKind,
    payload: Value,
    correlation: Option<u128>,
    causation: Option<u128>,
    flags: u8,
}

/// What was asked of a batch. A cause may be an item before, whose id only the receipts tell.
type AskedBatch = Vec<(Asked, CausationRef)>;

enum Ticket {
    One(Asked, AppendTicket),
    Batch(AskedBatch, BatchAppendTicket),
}

pub struct Script<'a> {
    store: &'a Store,
    random: Random,
    places: Vec<Coordinate>,
    clock: Option<Arc<Clock>>,
    /// Visible events, to be causes of later ones.
    ids: Vec<u128>,
    /// Idempotency keys of this run with what the first append returned.
    keyed: Vec<(u128, AppendReceipt)>,
    batches: u64,
}

impl<'a> Script<'a> {
    pub fn new(store: &'a Store, seed: u64, entities: usize, clock: Option<Arc<Clock>>) -> Self {
        let places = (0..entities)
            .flat_map(|i| {
                let name = if i % 4 == 3 { format!("größe/漢字🧊 {i}") } else { format!("entity:{i:03}") };
                // An entity may have events in more than one scope.
                let scopes = if i % 3 == 2 { vec![SCOPES[0], SCOPES[2]] } else { vec![SCOPES[i % 3]] };
                scopes.into_iter().map(move |scope| Coordinate::new(&name, scope).expect("names are valid"))
            })
            .collect();
        let ids = store.query(&Region::all()).iter().map(|e| e.event_id).collect();
        Self { store, random: Random::new(seed), places, clock, ids, keyed: Vec::new(), batches: 0 }
    }

    pub fn run(&mut self, steps: usize) -> Result<(), Failure> {
        for _ in 0..steps {
            match self.random.below(100) {
                0..=34 => self.append()?,
                35..=56 => self.append_with_options()?,
                57..=64 => self.repeat()?,
                65..=82 => self.batch()?,
                83..=94 => self.fence()?,
                _ => self.store.sync()?,
            }
        }
        Ok(())
    }

    fn append(&mut self) -> Result<(), Failure> {
        let mut asked = self.ask();
        let receipt = match self.earlier(3) {
            Some(cause) => {
                (asked.causation, asked.correlation) = (Some(cause), Some(cause));
                self.store.append_reaction(&asked.at, asked.kind, &asked.payload, cause, cause)?
            }
            None => self.store.append(&asked.at, asked.kind, &asked.payload)?,
        };
        self.acknowledge(&asked, &receipt, None)
    }

    fn append_with_options(&mut self) -> Result<(), Failure> {
        let mut asked = self.ask();
        let mut options = AppendOptions::new();
        if self.random.one_in(2) {
            asked.flags = *self.random.pick(&FLAGS);
            options = options.with_flags(asked.flags);
        }
        if self.random.one_in(3) {
            let id = self.random.u128();
            asked.correlation = Some(id);
            options = options.with_correlation(id);
        }
        if let Some(id) = self.earlier(2) {
            asked.causation = Some(id);
            options = options.with_causation(id);
        }
        let key = self.random.one_in(2).then(|| self.fresh_key());
        if let Some(key) = key {
            options = options.with_idempotency(key);
        }
        let receipt = self.store.append_with_options(&asked.at, asked.kind, &asked.payload, options)?;
        if let Some(key) = key {
            self.keyed.push((key, receipt.clone()));
        }
        self.acknowledge(&asked, &receipt, None)
    }

    /// Appends something else under a key that was used: nothing may be written.
    fn repeat(&mut self) -> Result<(), Failure> {
        if self.keyed.is_empty() {
            return self.append_with_options();
        }
        let (key, first) = self.random.pick(&self.keyed).clone();
        let asked = self.ask();
        let options = AppendOptions::new().with_idempotency(key);
        let again = self.store.append_with_options(&asked.at, asked.kind, &asked.payload, options)?;
        let proof = |r: &AppendReceipt| {
            (r.event_id, r.sequence, r.disk_pos.segment_id, r.disk_pos.offset, r.disk_pos.length)
        };
        if proof(&again) != proof(&first) {
            return Err(format!("key {key:032x}: first {first:?}, then {again:?}").into());
        }
        Ok(())
    }

    fn batch(&mut self) -> Result<(), Failure> {
        let (asked, items) = self.batch_items()?;
        let receipts = self.store.append_batch(items)?;
        self.acknowledge_batch(asked, &receipts)
    }

    /// One to four submissions that become visible together, or, one time in three, never.
    fn fence(&mut self) -> Result<(), Failure> {
        // The writer thread reads the clock for batches while this one reads it for single appends: only a clock
        // that stands still gives both the same times in every run.
        let step = self.clock.as_ref().map_or(0, |c| c.step_us.swap(0, Ordering::SeqCst));
        let fence = self.store.begin_visibility_fence()?;
        let mut tickets = Vec::new();
        for _ in 0..=self.random.below(4) {
            if self.random.one_in(3) {
                let (asked, items) = self.batch_items()?;
                tickets.push(Ticket::Batch(asked, fence.submit_batch(items)?));
                continue;
            }
            let mut asked = self.ask();
            let ticket = match self.earlier(2) {
                Some(cause) => {
                    (asked.causation, asked.correlation) = (Some(cause), Some(cause));
                    fence.submit_reaction(&asked.at, asked.kind, &asked.payload, cause, cause)?
                }
                None => fence.submit(&asked.at, asked.kind, &asked.payload)?,
            };
            tickets.push(Ticket::One(asked, ticket));
        }
        let cancel = self.random.one_in(3);
        if cancel {
            fence.cancel()?;
        } else {
            fence.commit()?;
        }
        if let Some(clock) = &self.clock {
            clock.step_us.store(step, Ordering::SeqCst);
            clock.us.fetch_add(step, Ordering::SeqCst);
        }
        if cancel {
            return Ok(());
        }
        for ticket in tickets {
            match ticket {
                Ticket::One(asked, ticket) => self.acknowledge(&asked, &ticket.wait()?, None)?,
                Ticket::Batch(asked, ticket) => self.acknowledge_batch(asked, &ticket.wait()?)?,
            }
        }
        Ok(())
    }

    /// One to eight items; half of the batches stay with one entity. No flags, which batpak leaves out of a batch's
    /// frames, and no idempotency keys, which it looks up and never stores.
    fn batch_items(&mut self) -> Result<(AskedBatch, Vec<BatchAppendItem>), Failure> {
        let size = 1 + self.random.below(8);
        let home = self.random.one_in(2).then(|| self.random.pick(&self.places).clone());
        let (mut asked, mut items) = (Vec::new(), Vec::new());
        for i in 0..size {
            let mut one = self.ask();
            if let Some(home) = &home {
                one.at = home.clone();
            }
            let mut options = AppendOptions::new();
            if self.random.one_in(4) {
                let id = self.random.u128();
                one.correlation = Some(id);
                options = options.with_correlation(id);
            }
            let cause = match self.random.below(3) {
                0 if i > 0 => CausationRef::PriorItem(self.random.below(i)),
                1 => self.earlier(1).map_or(CausationRef::None, CausationRef::Absolute),
                _ => CausationRef::None,
            };
            items.push(BatchAppendItem::new(one.at.clone(), one.kind, &one.payload, options, cause)?);
            asked.push((one, cause));
        }
        Ok((asked, items))
    }

    fn acknowledge_batch(&mut self, asked: AskedBatch, receipts: &[AppendReceipt]) -> Result<(), Failure> {
        self.batches += 1;
        if receipts.len() != asked.len() {
            return Err(format!("{} receipts for {} items", receipts.len(), asked.len()).into());
        }
        for ((mut one, cause), receipt) in asked.into_iter().zip(receipts) {
            one.causation = match cause {
                CausationRef::None => None,
                CausationRef::Absolute(id) => Some(id),
                CausationRef::PriorItem(i) => Some(receipts[i].event_id),
            };
            self.acknowledge(&one, receipt, Some(self.batches))?;
        }
        Ok(())
    }

    /// Prints the event: what was asked, the receipt, and, from a read, what the writer added.
    fn acknowledge(&mut self, asked: &Asked, receipt: &AppendReceipt, batch: Option<u64>) -> Result<(), Failure> {
        self.ids.push(receipt.event_id);
        let mut value = json!({
            "causation_id": asked.causation.map(line::id),
            "correlation_id": line::id(asked.correlation.unwrap_or(receipt.event_id)),
            "entity": asked.at.entity(),
            "event_id": line::id(receipt.event_id),
            "flags": asked.flags,
            "kind": line::kind(asked.kind),
            "length": receipt.disk_pos.length,
            "offset": receipt.disk_pos.offset,
            "payload": asked.payload,
            "scope": asked.at.scope(),
            "segment": receipt.disk_pos.segment_id,
            "sequence": receipt.sequence,
        });
        if let Some(batch) = batch {
            value["batch"] = json!(batch);
        }
        match self.store.get(receipt.event_id) {
            Ok(stored) => {
                let (header, chain) = (stored.event.header, stored.event.hash_chain.unwrap_or_default());
                value["clock"] = json!(header.position.sequence);
                value["event_hash"] = json!(line::hex(&chain.event_hash));
                value["prev_hash"] = json!(line::hex(&chain.prev_hash));
                value["timestamp_us"] = json!(header.timestamp_us);
                value["wall_ms"] = json!(header.position.wall_ms);
            }
            Err(error) => value["read_error"] = json!(error.to_string()),
        }
        let mut out = std::io::stdout().lock();
        writeln!(out, "{value}")?;
        out.flush()?;
        Ok(())
    }

    fn ask(&mut self) -> Asked {
        let at = self.random.pick(&self.places).clone();
        let kind = if self.random.one_in(3) {
            *self.random.pick(&NAMED)
        } else {
            EventKind::custom(*self.random.pick(&CATEGORIES), 1 + self.random.below(3) as u16)
        };
        let payload = payload::value(&mut self.random);
        Asked { at, kind, payload, correlation: None, causation: None, flags: 0 }
    }

    /// Once in n, an earlier event to be a cause.
    fn earlier(&mut self, n: usize) -> Option<u128> {
        (self.random.one_in(n) && !self.ids.is_empty()).then(|| *self.random.pick(&self.ids))
    }

    /// A key that the store does not know: an earlier run with the same seed used the same ones.
    fn fresh_key(&mut self) -> u128 {
        loop {
            let key = self.random.u128();
            if key != 0 && !self.ids.contains(&key) {
                return key;
            }
        }
    }
}
