// Command thaw reads and writes event stores of batpak 0.4.0 and thaw: it prints
// events, follows causes and effects, reports how a store was opened and checks every
// byte; it appends, imports and exports events and rebuilds the index. Commands that
// only read never write to a store's directory, take no lock, and may run while another
// process writes.
//
// Run thaw help for its use. Package cli implements it.
package main

import (
	"context"
	"os"
	"os/signal"

	"github.com/thawlog/thaw/host/cmd/thaw/internal/cli"
)

func main() { os.Exit(run()) }

func run() int {
	ignoreBrokenPipe()
	ctx, stop := signal.NotifyContext(context.Background(), stopSignals...)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	return cli.Run(ctx, os.Args[1:], cli.Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Terminal: isTerminal(os.Stderr),
	})
}

// isTerminal reports whether f is likely a terminal.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && info.Name() != os.DevNull
}
