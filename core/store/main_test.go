package store_test

import (
	"os"
	"runtime/debug"
	"testing"
)

// TestMain collects garbage rarely: the tests open hundreds of thousands of small
// stores, and a heap of a few MB would be collected every dozen stores.
func TestMain(m *testing.M) {
	debug.SetGCPercent(2000)
	os.Exit(m.Run())
}
