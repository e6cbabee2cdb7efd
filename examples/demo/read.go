package main

import (
	"context"
	"iter"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/payload"
)

// read opens the store again and queries it. Every query reads its whole answer.
func (d *steps) read(ctx context.Context, dir string, example event.ID) error {
	start := time.Now()
	r, err := host.OpenReader(ctx, dir, host.ReaderOptions{})
	if err != nil {
		return err
	}
	defer r.Close()
	report := r.Report()
	d.print("open it again to read", count(report.Events)+" from the "+string(report.OpenedFrom), time.Since(start))

	start = time.Now()
	full, err := r.Get(ctx, example)
	if err != nil {
		return err
	}
	text, err := payload.AppendJSON(nil, full.Payload)
	if err != nil {
		return err
	}
	d.print("get one event by its id", string(text), time.Since(start))

	for _, q := range []struct {
		question string
		answer   iter.Seq2[event.Event, error]
	}{
		{"what happened to order:12345?", r.Query(ctx, host.Region{Entity: "order:12345"}, host.Page{})},
		{"what did its first event lead to?", r.Effects(ctx, example, 0)},
		{"everything of order:123…", r.Query(ctx, host.Region{EntityPrefix: "order:123"}, host.Page{})},
		{"all that was shipped", r.Query(ctx, host.Region{Kinds: event.Only(orderShipped)}, host.Page{})},
	} {
		start := time.Now()
		n := uint64(0)
		for _, err := range q.answer {
			if err != nil {
				return err
			}
			n++
		}
		d.print(q.question, count(n), time.Since(start))
	}
	return nil
}
