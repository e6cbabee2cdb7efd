//! batpak-peer: batpak 0.4.0 seen from the outside, for thaw's interop tests and benchmarks.
//!
//! ```text
//! batpak-peer dump DIR [--payloads]           every visible event as JSON lines, in sequence order
//! batpak-peer write DIR --seed S --steps N    N random steps; one JSON line per acknowledged event
//!                       [--entities K] [--segment-max BYTES] [--clock-us START] [--unclean] [--no-index]
//! batpak-peer append DIR [--unclean]          what standard input asks for; one JSON line for each that is there
//! batpak-peer compact DIR [--retain|--tombstone]   batpak's compaction: merged, or every event written anew and kept
//! batpak-peer open DIR --entity NAME          open in this fresh process, ask, time both, print one JSON line
//! ```
//!
//! `open` and `dump` use batpak's read-only handle, which starts no writer thread and leaves the directory
//! as it was.
//!
//! Whatever fails is told on standard error, with exit code 1.

mod append;
mod compact;
mod dump;
mod flags;
mod line;
mod open;
mod payload;
mod random;
mod script;
mod write;

use std::process::ExitCode;

const USAGE: &str = "usage: batpak-peer dump DIR [--payloads]
       batpak-peer write DIR --seed S --steps N [--entities K] [--segment-max BYTES] [--clock-us START] [--unclean] [--no-index]
       batpak-peer append DIR [--unclean]
       batpak-peer compact DIR [--retain|--tombstone]
       batpak-peer open DIR --entity NAME";

pub type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["dump", dir, rest @ ..] => dump::run(dir, rest),
        ["write", dir, rest @ ..] => write::run(dir, rest),
        ["append", dir, rest @ ..] => append::run(dir, rest),
        ["compact", dir, rest @ ..] => compact::run(dir, rest),
        ["open", dir, "--entity", entity] => open::run(dir, entity),
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("batpak-peer: {error}");
            ExitCode::FAILURE
        }
    }
}
