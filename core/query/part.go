package query

import (
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/visibility"
)

// Part is a run of records with the index over them. Image and Index must not change once
// a cursor was made. Any number of goroutines may read a part, each with its own cursor.
type Part struct {
	Image index.Image
	Index *index.Index
	// File is the name of the file with the records, "" when they are in memory.
	File   string
	scopes scopeNames
}

// Options are the options that all queries of a snapshot share.
type Options struct {
	// Hidden are the sequences that are left out of every answer.
	Hidden visibility.Ranges
	// Parallel, when set, runs f(0) to f(n-1), on several goroutines where that pays,
	// and returns when all are done.
	Parallel func(n int, f func(i int))
	// Check, when set, is called with each event before it is returned. It returns the
	// event, perhaps completed; an error ends the answer. It takes a value, so that events
	// need not be on the heap for it.
	Check func(event.Event) (event.Event, error)
	// Frames reads events' own times, for a region with times.
	Frames Frames
	// Pass, when set, reports of an error of Frames whether a query passes over its event: it
	// yields the event with the error, and goes on.
	Pass func(error) bool
}

// Frames reads the frames of events. It is an interface, since a bound method would be an
// allocation for each query.
type Frames interface {
	// Timed returns an event with its own time. It takes a value as Options.Check does.
	Timed(event.Event) (event.Event, error)
}

// Reader returns a reader of the part's records and index, for one goroutine. It is not
// inlined: its kilobyte would make the stack of an open grow.
//
//go:noinline
func (p *Part) Reader() *index.Reader { return index.NewReader(&p.Image, p.Index) }
