// Package readertest holds the tests that every host.Reader passes: a store, a reader of a
// directory, a snapshot, and those of the plugin. Only tests import it.
package readertest

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// Answers asks a reader every question about every event, and returns the answers as
// lines of text. Two readers of one store must give equal ones.
func Answers(t *testing.T, r host.Reader) []string {
	a := answers{t: t, reader: r}
	all := a.iterate("query", r.Query(t.Context(), host.Region{}, host.Page{}))
	for _, region := range regions(all) {
		for _, page := range []host.Page{{}, {Limit: 3}, {From: 5}, {From: 2, Limit: 1}, {Reverse: true, Limit: 4}, {From: 1, To: 9, Reverse: true}, {To: 3}} {
			a.iterate(fmt.Sprintf("query %+v %+v", region, page), r.Query(t.Context(), region, page))
		}
		n, err := r.Count(t.Context(), region, 4)
		a.say("count", n, err)
	}
	entities := map[string]bool{"unknown": true}
	for _, e := range all {
		entities[e.Entity] = true
	}
	for _, entity := range sorted(entities) {
		for _, page := range []host.StreamPage{{}, {Limit: 2}, {From: 1}, {Reverse: true, Limit: 2}, {From: 1, To: 3, Reverse: true}, {To: 1}} {
			a.iterate(fmt.Sprintf("stream %s %+v", entity, page), r.Stream(t.Context(), entity, page))
		}
		state, err := r.State(t.Context(), entity)
		a.say("state of "+entity, state, err)
	}
	for _, e := range all {
		a.about(e.ID)
		full, err := r.Read(t.Context(), e)
		a.say("read", full, err)
		for _, sequence := range []uint64{e.Sequence, e.Sequence + 1} {
			at, err := r.At(t.Context(), sequence)
			a.say(fmt.Sprint("at ", sequence), at, err)
		}
	}
	_, err := r.At(t.Context(), 1<<64-1)
	a.say("at the highest", nil, err)
	a.about(event.ID{9, 9, 9})
	a.lists()
	position, err := r.Position(t.Context())
	a.say("position", position, err)
	report := r.Report()
	a.say("report", fmt.Sprint(report.Events, report.Hidden, report.NextSequence, report.Damages), nil)
	return a.lines
}

type answers struct {
	t      *testing.T
	reader host.Reader
	lines  []string
}

// about asks the questions about one id.
func (a *answers) about(id event.ID) {
	ctx := a.t.Context()
	full, err := a.reader.Get(ctx, id)
	a.say("get "+id.String(), full, err)
	for _, depth := range []int{0, 1} {
		a.iterate("ancestors", a.reader.Ancestors(ctx, id, depth))
		a.iterate("effects", a.reader.Effects(ctx, id, depth))
	}
	a.iterate("correlated", a.reader.Correlated(ctx, id))
	a.graph(id)
}

// iterate lists the events of an iteration. An event's time is left out: which questions
// know it depends on where the index ends.
func (a *answers) iterate(question string, all iter.Seq2[event.Event, error]) (events []event.Event) {
	for e, err := range all {
		if err != nil {
			a.say(question, nil, err)
			return events
		}
		events = append(events, e)
		e.TimestampUS, e.Timed = 0, false
		a.say(question, e, nil)
	}
	a.say(question, len(events), nil)
	a.readEach(question, all, events)
	return events
}

// readEach requires that ReadEach returns what Read returns for the events of an iteration,
// and lists it.
func (a *answers) readEach(question string, all iter.Seq2[event.Event, error], events []event.Event) {
	n := 0
	for full, err := range a.reader.ReadEach(a.t.Context(), all) {
		require.NoError(a.t, err, question)
		require.Less(a.t, n, len(events), question)
		want, err := a.reader.Read(a.t.Context(), events[n])
		require.NoError(a.t, err, question)
		require.Equal(a.t, want, full, question)
		a.say(question+" with payload", full, nil)
		n++
	}
	require.Len(a.t, events, n, question)
}

// say keeps one answer. Errors are compared by their class, the text being the reader's own.
func (a *answers) say(question string, answer any, err error) {
	for _, class := range []error{nil, host.ErrNotFound, host.ErrClosed, host.ErrZeroID} {
		if err == class || class != nil && strings.Contains(fmt.Sprint(err), class.Error()) {
			require.ErrorIs(a.t, err, class)
			a.lines = append(a.lines, fmt.Sprintf("%s: %+v, %v", question, answer, class))
			return
		}
	}
	a.t.Fatalf("%s: %v", question, err)
}

// regions are some of everything, of one entity, a prefix, a scope, kinds and clocks.
func regions(all []event.Event) []host.Region {
	regions := []host.Region{
		{}, {EntityPrefix: "o"}, {Kinds: event.InCategory(1)}, {Kinds: event.AnyOf()}, {Kinds: event.AnyOf(0x1000, 0x1002, 0x1003, 0x2001)},
		{Since: time.UnixMicro(1)}, {Until: time.UnixMicro(1)}, {Clocks: host.ClocksBetween(1, 2)}, {Scope: "unknown"},
	}
	for i := 0; i < len(all); i += 7 {
		e := all[i]
		regions = append(regions, host.Region{Entity: e.Entity}, host.Region{Scope: e.Scope, Kinds: event.Only(e.Kind)},
			host.Region{Entity: e.Entity, Clocks: host.ClocksBetween(e.Clock, e.Clock)},
			host.Region{Since: time.UnixMilli(int64(e.WallMS))}, host.Region{Until: time.UnixMilli(int64(e.WallMS)), EntityPrefix: e.Entity[:1]})
	}
	return regions
}

func sorted(names map[string]bool) (all []string) {
	for name := range names {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}
