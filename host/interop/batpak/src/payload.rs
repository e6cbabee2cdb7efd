//! Random payloads: every shape of JSON, mostly small, one in twelve up to about 3,000 bytes.
//!
//! No key begins with "$", because thaw spells what JSON cannot say that way and a comparison would have to know.

use serde_json::{json, Map, Value};

use crate::random::Random;

/// Between them 1 to 4 bytes of UTF-8, what JSON escapes, and what a terminal would not show.
const LETTERS: &[char] = &[
    'a', 'b', 'z', 'A', '0', '9', ' ', '_', '-', '/', '.', '"', '\\', '\n', '\t', '\0', '\u{7f}', 'é', 'ß', 'π',
    'Ж', '漢', '字', '\u{2028}', '\u{feff}', '🧊', '👩', '\u{200d}',
];

pub fn value(random: &mut Random) -> Value {
    if random.one_in(12) {
        let length = 200 + random.below(2700);
        return json!({"blob": "x".repeat(length), "n": random.below(1000)});
    }
    nested(random, 3)
}

fn nested(random: &mut Random, depth: usize) -> Value {
    match random.below(if depth == 0 { 9 } else { 13 }) {
        0 => Value::Null,
        1 => json!(random.one_in(2)),
        2 => json!(random.below(300)),
        3 => json!(-(random.below(70_000) as i64)),
        4 => json!(random.next()),
        5 => json!(random.next() as i64),
        6 => json!(random.below(1_000_000) as f64 / 64.0 - 5000.0),
        7 => float(random),
        8 => json!(text(random, 40)),
        9 | 10 => (0..random.below(5)).map(|_| nested(random, depth - 1)).collect(),
        _ => {
            let mut map = Map::new();
            for _ in 0..random.below(5) {
                map.insert(text(random, 8), nested(random, depth - 1));
            }
            Value::Object(map)
        }
    }
}

/// Any bits that make a finite number; JSON has no other.
fn float(random: &mut Random) -> Value {
    let float = f64::from_bits(random.next());
    if float.is_finite() {
        json!(float)
    } else {
        json!(-0.0)
    }
}

fn text(random: &mut Random, max: usize) -> String {
    let letters = if random.one_in(3) { LETTERS } else { &LETTERS[..8] };
    (0..random.below(max + 1)).map(|_| *random.pick(letters)).collect()
}
