package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// report prints what is in a store. The reader is native or runs in the plugin.
func report(ctx context.Context, out io.Writer, r host.Reader) error {
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
