package host

import (
	"context"
	"iter"

	"github.com/thawlog/thaw/core/event"
)

// Reader is the set of queries of a store. A [Store], a [DirReader], a [Snapshot], and the
// readers and snapshots of package wasm/plugin implement it and return the same results, so
// code that takes a Reader works with all of them.
//
// Each iteration sees the store at one moment, even if events are appended or the reader is
// refreshed meanwhile. The first error ends it. It checks the context between events.
//
// An event from an index alone lacks its own time; its field Timed is then false. Read and
// Get always return the time, as do all queries of a reader opened with
// [ReaderOptions].CheckFrames, and a query of a [Region] with times of those events whose
// frame it read.
//
// A query for one entity or one id fails, as an append does, if no entity or event can have
// that name or id: with a *[NameError] for a name that is empty, longer than 1024 bytes or
// not UTF-8, with [ErrZeroID] for the zero id. Only in a [Region] does an empty name mean no
// condition.
type Reader interface {
	// Query returns the visible events of a region in order of sequence, or in reverse.
	Query(ctx context.Context, region Region, page Page) iter.Seq2[event.Event, error]

	// Count returns how many events Query would return from a sequence on.
	Count(ctx context.Context, region Region, from uint64) (uint64, error)

	// Stream returns the visible events of one entity in order of clocks, or in reverse.
	Stream(ctx context.Context, entity string, page StreamPage) iter.Seq2[event.Event, error]

	// State returns the state that an append can expect of an entity; see Expect. Its
	// cost does not depend on the length of the stream.
	State(ctx context.Context, entity string) (State, error)

	// At returns the visible event with a sequence, without its payload. It returns
	// ErrNotFound for any other sequence.
	At(ctx context.Context, sequence uint64) (event.Event, error)

	// Get returns the visible event with an id, and its payload, which it reads from the
	// segment and checks. It returns ErrNotFound for an unknown id, and a *Damage for an
	// event that can no longer be read.
	Get(ctx context.Context, id event.ID) (event.Full, error)

	// Read returns, as Get does, an event that a query returned, and its payload.
	Read(ctx context.Context, e event.Event) (event.Full, error)

	// ReadEach returns the events of an iteration of this reader in its order, each as Read
	// returns it, and faster. A payload is valid until the loop's next step, and not after
	// the loop: clone it to keep it. The first error ends it after the events before it.
	ReadEach(ctx context.Context, events iter.Seq2[event.Event, error]) iter.Seq2[event.Full, error]

	// Ancestors returns the causes of an event, nearest first, without the event itself.
	// depth bounds the number of steps, 0 for no bound. An unknown id is ErrNotFound.
	Ancestors(ctx context.Context, id event.ID, depth int) iter.Seq2[event.Event, error]

	// Effects returns the events that an event caused, the events that those caused, and
	// so on: nearest first, by sequence at the same distance, without the event itself.
	// depth bounds the distance, 0 for no bound. An id that is neither an event of the
	// store nor a cause of one is ErrNotFound.
	Effects(ctx context.Context, id event.ID, depth int) iter.Seq2[event.Event, error]

	// Correlated returns the visible events of one conversation in order of sequence.
	Correlated(ctx context.Context, id event.ID) iter.Seq2[event.Event, error]

	// Graph returns an event with its causes and effects, and how far they are from it. An id
	// that is neither an event of the store nor a cause of one is ErrNotFound.
	Graph(ctx context.Context, id event.ID, o GraphOptions) iter.Seq2[Link, error]

	// Entities returns the entities that have visible events and whose name begins with
	// prefix, in the order of their names' bytes.
	Entities(ctx context.Context, prefix string, page NamePage) iter.Seq2[NameSummary, error]

	// Scopes returns the scopes that have visible events, as Entities does.
	Scopes(ctx context.Context, prefix string, page NamePage) iter.Seq2[NameSummary, error]

	// Kinds returns the kinds that have visible events, by rising kind.
	Kinds(ctx context.Context) iter.Seq2[KindSummary, error]
	// Position returns the position after every event that the reader sees, to follow the
	// store from there. It is the zero Position for a store without events.
	Position(ctx context.Context) (Position, error)

	// Report returns the report of the open or the last refresh. It is empty after
	// Close. Do not modify its slices.
	Report() Report
}

// FollowReader is a Reader that can be followed: a [Store] or a [DirReader].
type FollowReader interface {
	Reader
	// Follow returns a follower of a region's events from a position on.
	Follow(region Region, from Position, o FollowOptions) *Follower
}

var (
	_ FollowReader = (*Store)(nil)
	_ FollowReader = (*DirReader)(nil)
)

var (
	_ Reader = (*Store)(nil)
	_ Reader = (*DirReader)(nil)
	_ Reader = (*Snapshot)(nil)
)
