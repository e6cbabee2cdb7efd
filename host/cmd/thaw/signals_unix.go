//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

var stopSignals = []os.Signal{os.Interrupt, syscall.SIGTERM}

// ignoreBrokenPipe makes a write to a closed pipe return an error instead of killing the
// process by a signal.
func ignoreBrokenPipe() { signal.Ignore(syscall.SIGPIPE) }
