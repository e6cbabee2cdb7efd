package cli

import "testing"

// skipShort skips a long test of one goroutine, with which the race detector in CI has
// little to do. CI runs it without.
func skipShort(t *testing.T) {
	if testing.Short() {
		t.Skip("it is long, and for the race detector there is little in it")
	}
}
