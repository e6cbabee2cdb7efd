package store

import (
	"cmp"
	"errors"
	"strconv"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/lineage"
)

// A compaction moves events to other places and removes some, while snapshots of before it
// are in use. Their indexes stay readable, since open files do, but the frames that these lead
// to can be gone: a store may have more segments than files can be open. An event whose frame
// is not there any more is therefore looked up by its sequence in a snapshot of now, which
// Options.Moved gives, if store.thaw says that segments were replaced. A failure of that is the
// error of the event then: nothing is known to be damaged. Anything else that is wrong with a
// frame stays what it is.

// ErrRemoved is the class of every [RemovedError].
var ErrRemoved = errors.New("thaw: the event was removed from the store")

// RemovedError reports an event that a compaction has removed, or whose payload it has, since
// the snapshot in use was taken.
type RemovedError struct {
	ID       event.ID
	Sequence uint64
	Kind     event.Kind // before it was removed
	// Mode says what was left of it.
	Mode lineage.Mode
	// Generation is that of the store after the compaction, at the earliest.
	Generation uint64
}

// Error names the event and the compaction.
func (e *RemovedError) Error() string {
	return ErrRemoved.Error() + ": event " + e.ID.String() + " (sequence " + strconv.FormatUint(e.Sequence, 10) +
		", kind " + e.Kind.String() + ") was " + e.Mode.String() + " by generation " + strconv.FormatUint(e.Generation, 10)
}

// Unwrap returns [ErrRemoved].
func (e *RemovedError) Unwrap() error { return ErrRemoved }

// Generation returns how often segments of the store were replaced; see package lineage. It
// is 0 for a damaged store.thaw.
func (s *Snapshot) Generation() uint64 {
	if s.lineage == nil {
		return 0
	}
	return s.lineage.Generation
}

// successor returns a snapshot with the places that events have now, or nil if they did not move.
// It is of a later generation than than. release must be called when it is not used any more. The
// error says why there is none although events have moved.
func (s *Snapshot) successor(than uint64) (fresh *Snapshot, release func(), err error) {
	if s.options.Moved == nil {
		return nil, nil, nil
	}
	if swapped, err := s.listing.Swapped(); err != nil || !swapped {
		return nil, nil, err
	}
	fresh, release, err = s.options.Moved(than)
	if err != nil || fresh == nil {
		return nil, nil, err
	}
	if fresh.Generation() <= than {
		release()
		return nil, nil, nil
	}
	return fresh, release, nil
}

// place returns the event of the snapshot that is e, for an e of a snapshot of an older
// generation: it may have another position. The error is a [RemovedError], or says why the index
// cannot be read, or is nil with ok unset if nothing explains why the event is not there.
func (s *Snapshot) place(e *event.Event, since uint64) (now event.Event, ok bool, err error) {
	now, err = s.unchecked().At(e.Sequence) // the caller reads the frame
	if errors.Is(err, ErrNotFound) {
		return now, false, s.removal(e, since)
	}
	if err != nil {
		return now, false, err
	}
	same := e.Facts
	same.Position = now.Position
	if now.Kind != e.Kind {
		if same.Kind = now.Kind; now.Kind == event.Tombstone && now.Facts == same {
			return now, false, s.removal(e, since)
		}
	}
	return now, now.Facts == same && now.Entity == e.Entity && now.Scope == e.Scope, nil
}

// unchecked returns the snapshot without Options.CheckFrames: a check of a frame that moved
// again would look for it here, and so on.
func (s *Snapshot) unchecked() *Snapshot {
	if !s.options.CheckFrames {
		return s
	}
	out, options := *s, *s.options
	options.CheckFrames = false
	out.options = &options
	return &out
}

// movedHere returns the event of the snapshot that is e, if it has another position there: e is
// of an older snapshot. The error is a [RemovedError] or nil.
func (s *Snapshot) movedHere(e *event.Event) (now event.Event, moved bool, err error) {
	now, ok, err := s.place(e, 0)
	if !errors.Is(err, ErrRemoved) {
		err = nil
	}
	now.TimestampUS, now.Timed = e.TimestampUS, e.Timed
	return now, ok && now.Position != e.Position, err
}

// removal returns the [RemovedError] of an event, or nil if the store does not say that it
// was removed after a generation.
func (s *Snapshot) removal(e *event.Event, since uint64) error {
	if s.lineage == nil {
		return nil
	}
	for i := len(s.lineage.Removals) - 1; i >= 0; i-- {
		r := &s.lineage.Removals[i]
		if r.Generation <= since {
			break
		}
		if (r.Mode == lineage.Dropped || r.Mode == lineage.Tombstoned) && r.First <= e.Sequence && e.Sequence < r.End {
			return &RemovedError{ID: e.ID, Sequence: e.Sequence, Kind: e.Kind, Mode: r.Mode, Generation: r.Generation}
		}
	}
	return nil
}

// movedTries bounds how often an event is looked for that moves again and again. Each takes a
// whole compaction between an open and the read of one frame.
const movedTries = 20

// readMoved reads an event whose frame is not where the snapshot has it, from where it is now.
// Without a better answer the error stays why.
func (s *Snapshot) readMoved(e event.Event, why error) (event.Full, error) {
	var lost *damage.Damage
	if errors.As(why, &lost) {
		now, moved, err := s.movedHere(&e)
		if err != nil {
			return event.Full{}, err
		}
		if moved {
			if full, err := s.readHere(now); err == nil {
				return full, nil
			}
		}
	}
	than := s.Generation()
	var unknown error // why the last look told nothing
	for range movedTries {
		if !errors.As(why, &lost) {
			break
		}
		fresh, release, err := s.successor(than)
		if fresh == nil {
			unknown = cmp.Or(err, unknown)
			break
		}
		than = fresh.Generation() // another one may have moved it since
		now, ok, err := fresh.place(&e, s.Generation())
		if ok {
			now.TimestampUS, now.Timed = e.TimestampUS, e.Timed
			if full, err := fresh.readHere(now); err == nil {
				release()
				full.Position = e.Position // which this snapshot has
				return full, nil
			}
		}
		release()
		if errors.Is(err, ErrRemoved) {
			return event.Full{}, err
		}
		if unknown = err; err == nil && !ok {
			break
		}
	}
	return event.Full{}, cmp.Or(unknown, why)
}
