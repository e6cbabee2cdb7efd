package metamorphic

import (
	"runtime/debug"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(800) // each run is a store's lifetime of garbage
	goleak.VerifyTestMain(m)
}

// TestMetamorphic runs scripts of random operations, each in several configurations. It
// requires the answers of a model from all of them.
func TestMetamorphic(t *testing.T) {
	Run(t, Options{Seeds: 250, Package: "./host/metamorphic", Test: "TestMetamorphic"})
}
