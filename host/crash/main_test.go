package crash_test

import (
	"fmt"
	"os"
	"runtime/debug"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(killDir) != "" {
		fmt.Fprintln(os.Stderr, writeUntilKilled())
		os.Exit(1)
	}
	if os.Getenv(followDir) != "" {
		fmt.Fprintln(os.Stderr, followUntilKilled())
		os.Exit(1)
	}
	// Every state is a store's lifetime of garbage; collecting it late halves the
	// time of a run.
	debug.SetGCPercent(800)
	goleak.VerifyTestMain(m)
}
