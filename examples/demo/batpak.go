package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/thawlog/thaw/host"
)

// batpak opens stores written by batpak, and a copy of one with a flipped bit.
func (d *steps) batpak(ctx context.Context, stores, damaged string) error {
	if err := flipOneBit(filepath.Join(stores, "rotated", "store"), damaged, "index.fbati"); err != nil {
		return err
	}
	for _, s := range []struct{ title, dir string }{
		{"closed in order", filepath.Join(stores, "rotated", "store")},
		{"stopped uncleanly", filepath.Join(stores, "tail", "store")},
		{"stopped within a batch", filepath.Join(stores, "torn-batch", "store")},
		{"with a cancelled fence", filepath.Join(stores, "fences", "store")},
		{"with one bit flipped in index.fbati", damaged},
	} {
		if err := d.open(ctx, s.title, s.dir); err != nil {
			return err
		}
	}
	return nil
}

func (d *steps) open(ctx context.Context, title, dir string) error {
	// The log would repeat the report.
	r, err := host.OpenReader(ctx, dir, host.ReaderOptions{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer r.Close()
	report := r.Report()
	result := count(report.Events) + " from the " + string(report.OpenedFrom)
	if report.TailEvents > 0 && report.TailEvents < report.Events {
		result += fmt.Sprintf(", %d after it", report.TailEvents)
	}
	if report.Hidden > 0 {
		result += fmt.Sprintf(", %d hidden", report.Hidden)
	}
	d.print(title, result, report.Took)
	for _, refusal := range report.Rejected {
		fmt.Fprintf(d.out, "  rejected: %s (%s)\n", refusal.File, refusal.Reason)
	}
	for _, u := range report.Unfinished {
		fmt.Fprintf(d.out, "  not shown: an unfinished batch, %d events written\n", u.Items)
	}
	return nil
}

// flipOneBit copies a store and flips a bit in the middle of one of its files.
func flipOneBit(from, to, name string) error {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return err
	}
	path := filepath.Join(to, name)
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	b[len(b)/2] ^= 1
	return os.WriteFile(path, b, 0o600)
}
