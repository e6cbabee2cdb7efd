package query

import (
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/visibility"
)

// Part is a run of records with the index over them. Image and Index are not to be
// changed once it was asked; any number of goroutines may ask it, each with a cursor
// of its own.
type Part struct {
	Image index.Image
	Index *index.Index
	// File is the name of the file with the records, "" when they lie in memory.
	File   string
	scopes scopeNames
}

// Options are what all questions about a view of a store have in common.
type Options struct {
	// Hidden are the sequences that no answer shows.
	Hidden visibility.Ranges
	// Parallel, when set, runs f(0) to f(n-1), on several goroutines where that pays,
	// and returns when all are done.
	Parallel func(n int, f func(i int))
	// Check, when set, is called with each event before it is returned. It may
	// complete the event; an error ends the answer.
	Check func(*event.Event) error
}

// Reader returns a reader of the part's records and index, for one goroutine. It is
// kept out of line: otherwise its kilobyte would stand on the stack of an open, which
// would have to grow for it.
//
//go:noinline
func (p *Part) Reader() *index.Reader { return index.NewReader(&p.Image, p.Index) }
