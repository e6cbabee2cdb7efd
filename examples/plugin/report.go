package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// Reader has the methods common to native readers and those of the plugin.
type Reader interface {
	Query(ctx context.Context, region host.Region, page host.Page) iter.Seq2[event.Event, error]
	Count(ctx context.Context, region host.Region, from uint64) (uint64, error)
	Stream(ctx context.Context, entity string, page host.StreamPage) iter.Seq2[event.Event, error]
	Ancestors(ctx context.Context, id event.ID, depth int) iter.Seq2[event.Event, error]
	Effects(ctx context.Context, id event.ID, depth int) iter.Seq2[event.Event, error]
	Correlated(ctx context.Context, id event.ID) iter.Seq2[event.Event, error]
	State(ctx context.Context, entity string) (host.State, error)
	Get(ctx context.Context, id event.ID) (event.Full, error)
	Read(ctx context.Context, e event.Event) (event.Full, error)
	Report() host.Report
	Refresh(ctx context.Context) (changed bool, err error)
	Close() error
}

// report prints a summary of a store.
func report(ctx context.Context, out io.Writer, r Reader) error {
	opened := r.Report()
	fmt.Fprintf(out, "%d events, opened from %s, %d damages\n", opened.Events, opened.OpenedFrom, len(opened.Damages))

	categories := map[uint8]int{}
	var last event.Event
	for e, err := range r.Query(ctx, host.Region{}, host.Page{}) {
		if err != nil {
			return err
		}
		categories[e.Kind.Category()]++
		last = e
	}
	for _, c := range slices.Sorted(maps.Keys(categories)) {
		fmt.Fprintf(out, "category 0x%X: %d\n", c, categories[c])
	}
	if opened.Events == 0 {
		return nil
	}
	full, err := r.Get(ctx, last.ID)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "the last one: %s, clock %d, %d bytes of payload\n", full.Entity, full.Clock, len(full.Payload))
	for e, err := range r.Ancestors(ctx, last.ID, 3) {
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "  caused by %s, clock %d\n", e.Entity, e.Clock)
	}
	n, err := r.Count(ctx, host.Region{Scope: last.Scope}, 0)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "events in its scope, %s: %d\n", last.Scope, n)
	return nil
}
