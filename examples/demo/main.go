// Command demo writes 100,000 events, asks questions about them, and opens some stores
// written by batpak 0.4.0. `make demo` runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

func main() {
	stores := flag.String("stores", "core/internal/fixture/testdata", "directory of batpak's stores")
	flag.Parse()
	// An interrupt cancels ctx, so that the temporary directory is removed too.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := demo(ctx, os.Stdout, *stores); err != nil {
		stop()
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func demo(ctx context.Context, out io.Writer, stores string) error {
	scratch, err := os.MkdirTemp("", "thaw-demo-")
	if err != nil {
		return err
	}
	d := steps{out: out}
	return errors.Join(d.all(ctx, scratch, stores), os.RemoveAll(scratch))
}

// steps prints one line per step: the step, its result, and its time.
type steps struct{ out io.Writer }

func (d *steps) all(ctx context.Context, scratch, stores string) error {
	fmt.Fprintln(d.out, "# a new store")
	own := filepath.Join(scratch, "orders")
	example, err := d.write(ctx, own)
	if err != nil {
		return err
	}
	if err := d.read(ctx, own, example); err != nil {
		return err
	}
	fmt.Fprintln(d.out, "\n# stores that batpak 0.4.0 wrote")
	return d.batpak(ctx, stores, filepath.Join(scratch, "damaged"))
}

func (d *steps) print(step, result string, took time.Duration) {
	fmt.Fprintf(d.out, "%-40s %-39s %8v\n", step, result, round(took))
}

// round rounds to three digits.
func round(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit)
}

// count formats a number of events below a million.
func count(n uint64) string {
	if n < 1000 {
		return fmt.Sprintf("%d events", n)
	}
	return fmt.Sprintf("%d,%03d events", n/1000, n%1000)
}
