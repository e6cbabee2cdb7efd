//! batpak-peer: batpak 0.4.0 seen from the outside, for thaw's interop tests and benchmarks.
//!
//! ```text
//! batpak-peer dump DIR [--payloads]           every visible event as JSON lines, in sequence order
//! batpak-peer write DIR --seed S --steps N    N random steps; one JSON line per acknowledged event
//!                       [--entities K] [--segment-max BYTES] [--clock-us START] [--unclean] [--no-index]
//! batpak-peer append DIR [--unclean]          what standard input asks for; one JSON line for each that is there
//! batpak-peer fill DIR N                      N events of the benchmarks' workload, closed in order
//! batpak-peer open DIR [--rw] [--lean]        open in this fresh process, time it, print one JSON line
//!                      [--get HEX] [--entity NAME]
//! ```
//!
//! `open` and `dump` use batpak's read-only handle, which starts no writer thread and leaves the directory
//! as it was. `--rw` opens for writing instead: that starts a new segment, so give it a copy.
//! `--lean` switches off every optional in-memory view, the least work batpak can be asked for.
//!
//! Whatever fails is told on standard error, with exit code 1.

mod append;
mod dump;
mod fill;
mod flags;
mod line;
mod open;
mod payload;
mod random;
mod script;
mod workload;
mod write;

use std::process::ExitCode;

const USAGE: &str = "usage: batpak-peer dump DIR [--payloads]
       batpak-peer write DIR --seed S --steps N [--entities K] [--segment-max BYTES] [--clock-us START] [--unclean] [--no-index]
       batpak-peer append DIR [--unclean]
       batpak-peer fill DIR N
       batpak-peer open DIR [--rw] [--lean] [--get HEX] [--entity NAME]";

pub type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["dump", dir, rest @ ..] => dump::run(dir, rest),
        ["write", dir, rest @ ..] => write::run(dir, rest),
        ["append", dir, rest @ ..] => append::run(dir, rest),
        ["fill", dir, n] => fill::run(dir, n),
        ["open", dir, rest @ ..] => open::run(dir, rest),
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
