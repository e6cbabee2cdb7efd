// Package interop runs batpak 0.4.0, the Rust implementation of the format, so
// that tests can hold thaw against it: what batpak wrote must be read as it was
// acknowledged, and what thaw wrote must be read by batpak.
//
// The Rust side is the crate batpak-peer in batpak/, built on first use with
// cargo. It is a program and not a library, because batpak ends the process in
// some of the situations that are of interest.
//
// A subtest's name is all that is needed to repeat it, and it can be done
// by hand too; only the ids differ from run to run:
//
//	go test ./host/interop -run 'TestThawReadsBatpak/unclean/2000/seed_7$' -v
//	batpak-peer write DIR --seed 7 --steps 40 --segment-max 2000 --clock-us 1790000000000000 --unclean
package interop
