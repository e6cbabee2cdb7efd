// Command demo opens stores that batpak 0.4.0 wrote, says how each was opened,
// and asks them a few questions. `make demo` runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/payload"
)

func main() {
	stores := flag.String("stores", "core/internal/fixture/testdata", "directory of the stores")
	flag.Parse()
	if err := demo(context.Background(), os.Stdout, *stores); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func demo(ctx context.Context, out io.Writer, stores string) error {
	for _, step := range []struct{ title, store, damage string }{
		{"closed in order: the artifact holds everything", "rotated", ""},
		{"an unclean stop: the artifact, then the tail", "tail", ""},
		{"a batch cut off in the middle does not exist", "torn-batch", ""},
		{"a cancelled fence stays hidden", "fences", ""},
		{"one flipped bit in the artifact: the next way, the same answers", "rotated", "index.fbati"},
	} {
		fmt.Fprintf(out, "\n# %s\n", step.title)
		if err := open(ctx, out, filepath.Join(stores, step.store, "store"), step.damage); err != nil {
			return err
		}
	}
	fmt.Fprintln(out, "\n# questions")
	return questions(ctx, out, filepath.Join(stores, "batch", "store"))
}

// open opens a store, or a copy of it with one bit flipped in a file, and says
// how that went.
func open(ctx context.Context, out io.Writer, dir, damage string) error {
	if damage != "" {
		scratch, err := os.MkdirTemp("", "thaw-demo-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(scratch)
		if err := flipOneBit(dir, scratch, damage); err != nil {
			return err
		}
		dir = scratch
	}
	r, err := host.OpenReader(ctx, dir, host.ReaderOptions{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer r.Close()
	report := r.Report()
	fmt.Fprintf(out, "%d events from %s, %d of them in the tail, %d hidden, in %v\n",
		report.Events, report.OpenedFrom, report.TailEvents, report.Hidden, report.Took)
	for _, refusal := range report.Rejected {
		fmt.Fprintf(out, "not taken: %s (%s)\n", refusal.File, refusal.Reason)
	}
	for _, u := range report.Unfinished {
		fmt.Fprintf(out, "unfinished: a batch in %s from byte %d, of which %d events had been written\n", u.File, u.Offset, u.Items)
	}
	if report.Torn != nil {
		fmt.Fprintf(out, "torn end: %s from byte %d\n", report.Torn.File, report.Torn.Offset)
	}
	return nil
}

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

func questions(ctx context.Context, out io.Writer, dir string) error {
	r, err := host.OpenReader(ctx, dir, host.ReaderOptions{})
	if err != nil {
		return err
	}
	defer r.Close()

	fmt.Fprintln(out, "the stream of order:1, with payloads:")
	var last event.Event
	for e, err := range r.Stream(ctx, "order:1", host.StreamPage{}) {
		if err != nil {
			return err
		}
		full, err := r.Read(ctx, e)
		if err != nil {
			return err
		}
		json, err := payload.AppendJSON(nil, full.Payload)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "  clock %d  sequence %2d  kind %s  %s\n", e.Clock, e.Sequence, e.Kind, json)
		last = e
	}
	n, err := r.Count(ctx, host.Region{EntityPrefix: "account:", Kinds: event.InCategory(0x2)}, 0)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "events of account:* in category 2: %d\n", n)
	for e, err := range r.Query(ctx, host.Region{Scope: "tenant:000"}, host.Page{From: last.Sequence - 10, Limit: 1}) {
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "the first of tenant:000 from sequence %d on: sequence %d, %s\n", last.Sequence-10, e.Sequence, e.Entity)
	}
	return chains(ctx, out, r)
}

// chains follows causes both ways, from the first event that has one.
func chains(ctx context.Context, out io.Writer, r *host.Reader) error {
	for e, err := range r.Query(ctx, host.Region{}, host.Page{}) {
		if err != nil {
			return err
		}
		if e.Causation.IsZero() {
			continue
		}
		for cause, err := range r.Ancestors(ctx, e.ID, 0) {
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "sequence %d was caused by sequence %d\n", e.Sequence, cause.Sequence)
			for effect, err := range r.Effects(ctx, cause.ID, 0) {
				if err != nil {
					return err
				}
				fmt.Fprintf(out, "sequence %d caused sequence %d\n", cause.Sequence, effect.Sequence)
			}
		}
		return nil
	}
	return nil
}
