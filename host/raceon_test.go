//go:build race

package host_test

// raceEnabled reports whether the race detector makes tests ten times slower.
const raceEnabled = true
