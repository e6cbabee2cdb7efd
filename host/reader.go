package host

import (
	"context"
	"iter"

	"github.com/thawlog/thaw/core/event"
)

// Reader is the set of questions that a store answers. A [Store], a [DirReader], a
// [Snapshot] and the readers and snapshots of package wasm/plugin are Readers with the
// same answers: code that takes a Reader serves all of them.
//
// Each iteration sees one moment from beginning to end, whatever is appended or
// refreshed meanwhile; the first error ends it. The context is checked between events.
//
// An event that comes from an index alone does not have its own time; its field Timed
// says so. Read and Get return the time, and so do all questions of a reader that was
// opened with [ReaderOptions].CheckFrames.
//
// A question about one entity or one id fails, as an append does, when no entity or
// event can have that name or id: a name that is empty, longer than 1024 bytes or not
// UTF-8 with a *[NameError], the zero id with [ErrZeroID]. Only in a [Region] does an
// empty name stand for no condition.
type Reader interface {
	// Query returns the visible events of a region in order of sequence.
	Query(ctx context.Context, region Region, page Page) iter.Seq2[event.Event, error]

	// Count returns how many events Query would return from a sequence on.
	Count(ctx context.Context, region Region, from uint64) (uint64, error)

	// Stream returns the visible events of one entity in order of clocks.
	Stream(ctx context.Context, entity string, page StreamPage) iter.Seq2[event.Event, error]

	// State returns what an append can expect of an entity; see Expect. It costs the
	// same however long the stream is.
	State(ctx context.Context, entity string) (State, error)

	// Get returns the visible event with an id and its payload, which is read from its
	// segment and checked. An unknown id is ErrNotFound; an event that can no longer be
	// read is a *Damage.
	Get(ctx context.Context, id event.ID) (event.Full, error)

	// Read returns an event that a query found with its payload, as Get does.
	Read(ctx context.Context, e event.Event) (event.Full, error)

	// Ancestors returns the causes of an event, nearest first, without the event
	// itself. depth bounds the steps, 0 for no bound. An unknown id is ErrNotFound.
	Ancestors(ctx context.Context, id event.ID, depth int) iter.Seq2[event.Event, error]

	// Effects returns the events that an event caused, the events that those caused,
	// and so on: nearest first, in order of sequence at one distance, without the event
	// itself. depth bounds the distance, 0 for no bound. An id that the store does not
	// know, as an event or as a cause, is ErrNotFound.
	Effects(ctx context.Context, id event.ID, depth int) iter.Seq2[event.Event, error]

	// Correlated returns the visible events of one conversation in order of sequence.
	Correlated(ctx context.Context, id event.ID) iter.Seq2[event.Event, error]

	// Report returns how the store was opened or last refreshed. It is empty after
	// Close. Do not change its slices.
	Report() Report
}

var (
	_ Reader = (*Store)(nil)
	_ Reader = (*DirReader)(nil)
	_ Reader = (*Snapshot)(nil)
)
