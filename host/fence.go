package host

import (
	"context"
	"sync"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
)

// Fence is a unit of work: it collects events that become visible together when it is
// committed. It holds them in memory, and Commit writes them as one batch. So a fence
// delays no other append, takes no sequence before Commit, and leaves no trace if it is
// cancelled or the process dies. The limits are those of a batch. All methods are safe for
// concurrent use.
//
// (batpak 0.4.0 writes fenced events at once, refuses other appends meanwhile, and hides
// the events of a cancelled fence with visibility_ranges.fbv. Package host reads such
// stores and never writes one.)
type Fence struct {
	store *Store
	as    *ActingStore // nil in a fence of the store itself

	mu      sync.Mutex
	entries []commit.Entry
	bytes   uint64
	done    bool
}

// Fence begins a fence. Call Commit or Cancel when done; an abandoned fence only holds
// memory. In a store with a policy its events are refused with [ErrNoPermit]: see
// [ActingStore.Fence].
func (s *Store) Fence() *Fence { return &Fence{store: s} }

// Append adds an event and returns its id. Commit checks the entity's expected state and
// the key. [CausedByItem] counts the events of this fence.
func (f *Fence) Append(at event.Coordinate, kind event.Kind, value any, options ...AppendOption) (event.ID, error) {
	if f.as == nil && f.store.options.Policy != nil {
		return event.ID{}, ErrNoPermit
	}
	var e commit.Entry
	if err := f.store.entry(&e, at, kind, value, options, nil); err != nil {
		return event.ID{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	bytes := f.bytes + e.Bytes()
	switch {
	case f.done:
		return event.ID{}, ErrFenceDone
	case len(f.entries) == commit.MaxBatch:
		return event.ID{}, &LimitError{What: "events in a fence", Got: commit.MaxBatch + 1, Max: commit.MaxBatch}
	case bytes > commit.MaxBatchBytes:
		return event.ID{}, &LimitError{What: "payload and metadata bytes in a fence", Got: bytes, Max: commit.MaxBatchBytes}
	}
	entries := append(f.entries, e)
	if f.as != nil {
		b := gate.Batch{Entries: entries, From: len(f.entries), Values: []any{shown(value)}, Open: true}
		if err := f.as.admit(context.Background(), &b); err != nil {
			return event.ID{}, f.as.keepDenial(context.Background(), &b, err)
		}
		bytes = f.bytes + entries[len(f.entries)].Bytes() // metadata may have changed
	}
	f.entries, f.bytes = entries, bytes
	return e.ID, nil
}

// Commit writes the events and makes them visible, all or none. Its errors are those of
// [Store.AppendBatch]. The fence ends even if Commit fails.
func (f *Fence) Commit(ctx context.Context) ([]Receipt, error) {
	entries, err := f.end()
	if err != nil {
		return nil, err
	}
	if f.as != nil {
		return f.as.commit(ctx, entries)
	}
	return f.store.sendBatch(ctx, &request{kind: requestBatch, entries: entries})
}

// Cancel drops the events. None of them was written, so they cannot be recovered. It fails
// with [ErrFenceDone] after Commit or Cancel.
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
