package crash_test

import (
	"runtime/debug"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// Every state is a store's lifetime of garbage; collecting it late halves the
	// time of a run.
	debug.SetGCPercent(800)
	goleak.VerifyTestMain(m)
}
