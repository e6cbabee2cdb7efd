//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

var stopSignals = hangup([]os.Signal{os.Interrupt, syscall.SIGTERM})

// hangup adds SIGHUP, unless nohup made this process ignore it.
func hangup(signals []os.Signal) []os.Signal {
	if signal.Ignored(syscall.SIGHUP) {
		return signals
	}
	return append(signals, syscall.SIGHUP)
}

// ignoreBrokenPipe makes a write to a closed pipe return an error instead of killing the
// process by a signal.
func ignoreBrokenPipe() { signal.Ignore(syscall.SIGPIPE) }
