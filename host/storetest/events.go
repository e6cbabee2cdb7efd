package storetest

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/payload"
	"github.com/thawlog/thaw/host/typed"
)

// At is the coordinate of an event that is given without one.
var At = event.At("entity", "scope")

// Events returns events as a handler gets them: appended to a store in memory, read again
// and decoded. An event that cannot be appended or decoded ends the test.
func Events(t testing.TB, types *typed.Types, events ...any) []typed.Envelope {
	t.Helper()
	return record(t, Open(t), types, events)
}

// record appends events in one batch, and returns them as they are read.
func record(t testing.TB, s *host.Store, types *typed.Types, events []any) []typed.Envelope {
	t.Helper()
	return read(t, s, types, add(t, s, types, events))
}

// add appends events in one batch.
func add(t testing.TB, s *host.Store, types *typed.Types, events []any) []host.Receipt {
	t.Helper()
	receipts, err := s.AppendBatch(t.Context(), items(t, types, events))
	if err != nil {
		t.Fatalf("storetest: appending the events: %v", err)
	}
	return receipts
}

// read returns the events of receipts, each time decoded anew.
func read(t testing.TB, s *host.Store, types *typed.Types, receipts []host.Receipt) []typed.Envelope {
	t.Helper()
	envelopes := make([]typed.Envelope, len(receipts))
	for i, r := range receipts {
		e, err := s.Get(t.Context(), r.ID)
		if err == nil {
			e.Payload = bytes.Clone(e.Payload)
			envelopes[i], err = types.Decode(e)
		}
		if err != nil {
			t.Fatalf("storetest: reading event %d: %v", i, err)
		}
	}
	return envelopes
}

// items returns the items of an append.
func items(t testing.TB, types *typed.Types, events []any) []host.Item {
	t.Helper()
	items := make([]host.Item, len(events))
	for i, e := range events {
		var err error
		if items[i], err = item(types, e); err != nil {
			t.Fatalf("storetest: event %d: %v", i, err)
		}
		if items[i].At == (event.Coordinate{}) {
			items[i].At = At
		}
	}
	return items
}

// item returns the item of an event: a value of the registry, or a host.Item.
func item(types *typed.Types, e any) (host.Item, error) {
	it, ok := e.(host.Item)
	if !ok {
		return types.Item(event.Coordinate{}, e)
	}
	if it.Kind == 0 {
		of, err := types.Item(it.At, it.Payload, it.Options...)
		return of, err
	}
	return it, nil
}

// line is an event as text: name, coordinate if it has one, payload.
type line struct{ name, at, payload string }

// describe returns events as text.
func describe(types *typed.Types, events []any) ([]line, error) {
	lines := make([]line, len(events))
	for i, e := range events {
		it, err := item(types, e)
		if err != nil {
			return nil, fmt.Errorf("event %d: %w", i, err)
		}
		b, raw := it.Payload.(host.Raw)
		if !raw {
			if b, err = payload.Marshal(it.Payload); err != nil {
				return nil, fmt.Errorf("event %d: %w", i, err)
			}
		}
		text, err := payload.AppendJSON(nil, b)
		if err != nil {
			return nil, fmt.Errorf("event %d: %w", i, err)
		}
		lines[i] = line{name: nameOf(types, it), payload: string(text)}
		if it.At != (event.Coordinate{}) {
			lines[i].at = fmt.Sprintf("%q in %q", it.At.Entity, it.At.Scope)
		}
	}
	return lines, nil
}

// nameOf returns the name of an item's kind, with its number when that is not the one of
// the type today.
func nameOf(types *typed.Types, it host.Item) string {
	name := types.Name(it.Kind)
	if kind, ok := types.Kind(it.Payload); ok && kind == it.Kind && name != "" {
		return name
	}
	if name == "" {
		return it.Kind.String()
	}
	return name + " (" + it.Kind.String() + ")"
}
