package host

import (
	"context"
	"sync"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
)

// Fence gathers events that nobody sees until all of them are committed at once.
// They are held in memory and written as one batch by Commit, so a fence keeps no
// other append waiting, takes no sequence before it is committed, and leaves no
// trace when it is cancelled or the process dies. The limits are those of a batch.
// All methods are safe for concurrent use.
//
// (batpak 0.4.0 writes fenced events at once, refuses other appends meanwhile,
// and hides the events of a cancelled fence by visibility_ranges.fbv. Such stores
// are read as they are; none is written.)
type Fence struct {
	store *Store

	mu      sync.Mutex
	entries []commit.Entry
	bytes   uint64
	done    bool
}

// Fence begins a fence. It must be ended by Commit or Cancel only to free its
// memory.
func (s *Store) Fence() *Fence { return &Fence{store: s} }

// Append adds an event and returns its id. Whether its entity is in the expected
// state and its key is new is found out by Commit. [CausedByItem] counts the
// events of this fence.
func (f *Fence) Append(at event.Coordinate, kind event.Kind, value any, options ...AppendOption) (event.ID, error) {
	var e commit.Entry
	if err := f.store.entry(&e, at, kind, value, options); err != nil {
		return event.ID{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	bytes := f.bytes + uint64(len(e.Payload))
	switch {
	case f.done:
		return event.ID{}, ErrFenceDone
	case len(f.entries) == commit.MaxBatch:
		return event.ID{}, &LimitError{What: "events in a fence", Got: commit.MaxBatch + 1, Max: commit.MaxBatch}
	case bytes > commit.MaxBatchBytes:
		return event.ID{}, &LimitError{What: "payload bytes in a fence", Got: bytes, Max: commit.MaxBatchBytes}
	}
	f.entries, f.bytes = append(f.entries, e), bytes
	return e.ID, nil
}

// Commit writes the events and shows them, all or none; errors are those of
// [Store.AppendBatch]. The fence has ended whatever it returns.
func (f *Fence) Commit(ctx context.Context) ([]Receipt, error) {
	entries, err := f.end()
	if err != nil {
		return nil, err
	}
	return f.store.sendBatch(ctx, requestBatch, entries)
}

// Cancel drops the events. Nothing of them was written, so they are gone for good
// when it returns.
func (f *Fence) Cancel() error {
	_, err := f.end()
	return err
}

func (f *Fence) end() ([]commit.Entry, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.done {
		return nil, ErrFenceDone
	}
	entries := f.entries
	f.done, f.entries = true, nil
	return entries, nil
}
