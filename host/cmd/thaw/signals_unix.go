//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

var stopSignals = []os.Signal{os.Interrupt, syscall.SIGTERM}

// ignoreBrokenPipe turns the death by a signal, which a write to a closed pipe
// is, into an error of that write.
func ignoreBrokenPipe() { signal.Ignore(syscall.SIGPIPE) }
