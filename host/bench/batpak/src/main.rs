//! batpak-peer: batpak 0.4.0 seen from the outside, for thaw's benchmarks.
//!
//! ```text
//! batpak-peer write DIR N                     write N events and close in order
//! batpak-peer open DIR [--rw] [--lean]        open in this fresh process, time it, print one JSON line
//!                      [--get HEX] [--entity NAME]
//! batpak-peer dump DIR                        every visible event as JSON lines, in sequence order
//! ```
//!
//! `open` and `dump` use batpak's read-only handle, which starts no writer thread and leaves the directory
//! as it was. `--rw` opens for writing instead: that starts a new segment, so give it a copy.
//! `--lean` switches off every optional in-memory view, the least work batpak can be asked for.

mod dump;
mod open;
mod workload;
mod write;

use std::process::ExitCode;

const USAGE: &str = "usage: batpak-peer write DIR N | open DIR [--rw] [--lean] [--get HEX] [--entity NAME] | dump DIR";

pub type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["write", dir, n] => write::run(dir, n),
        ["open", dir, rest @ ..] => open::run(dir, rest),
        ["dump", dir] => dump::run(dir),
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
