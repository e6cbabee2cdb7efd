// Package interop runs batpak 0.4.0, the Rust implementation of the format, so that tests can compare
// thaw with it: thaw must read what batpak acknowledged, and batpak must read what thaw wrote.
//
// The Rust side is the crate batpak-peer in batpak/, built on first use with
// cargo. It is a program and not a library, because batpak ends the process in some of the tested
// situations.
//
// A subtest's name is enough to repeat it, also by hand; only the ids differ from run to run:
//
//	go test ./host/interop -run 'TestThawReadsBatpak/unclean/2000/seed_7$' -v
//	batpak-peer write DIR --seed 7 --steps 40 --segment-max 2000 --clock-us 1790000000000000 --unclean
package interop
