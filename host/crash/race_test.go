//go:build race

package crash_test

// raceEnabled reports whether the race detector makes tests ten times slower.
const raceEnabled = true
