package host_test

import "testing"

// skipRace skips a long test of one goroutine, with which the race detector in CI has
// little to do. CI runs it without.
func skipRace(t *testing.T) {
	if raceEnabled && testing.Short() {
		t.Skip("it is long, and for the race detector there is little in it")
	}
}
