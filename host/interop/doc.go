// Package interop runs batpak 0.4.0, the Rust implementation of the format, so
// that tests can hold thaw against it: what batpak wrote must be read as it was
// acknowledged, and what thaw wrote must be read by batpak.
//
// The Rust side is the crate batpak-peer in batpak/, built on first use with
// cargo. It is a program and not a library, because batpak ends the process in
// some of the situations that are of interest.
package interop
