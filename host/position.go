package host

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/store"
)

// Position is a place between two events of a store: the events with a sequence below
// Sequence lie before it. It can be kept, sent and compared. The zero Position is the
// beginning of every store. See [Follower] for how far a position can be relied on.
type Position struct {
	// Store is the identity of the store: that of store.thaw, and without one the id of its
	// first event. It is the same in every copy, backup and compacted store, another one in a
	// fork, and zero for a store without events. See [Lineage].
	Store event.ID
	// Sequence is that of the first event after the position.
	Sequence uint64
}

// Errors of a position. They are the classes of *PositionError.
var (
	// ErrOtherStore: the position is of another store.
	ErrOtherStore = errors.New("thaw: the position is of another store")
	// ErrBeyondEnd: the store ends before the position. Perhaps it is an older copy.
	ErrBeyondEnd = errors.New("thaw: the store ends before the position")
	// ErrRewritten: events before the position are no longer in the store. A follower in
	// another process can see an event whose write or sync then fails.
	ErrRewritten = errors.New("thaw: the store no longer has the last event before the position")
	// ErrPositionText: a text is not one that [Position.String] returns.
	ErrPositionText = errors.New("thaw: not a position: want an event id, @ and a number")
)

// PositionError reports a position that a store refuses.
type PositionError struct {
	Position Position
	// End is the end of the store.
	End Position
	// Err is ErrOtherStore, ErrBeyondEnd or ErrRewritten.
	Err error
}

// Error returns the cause with both positions.
func (e *PositionError) Error() string {
	return e.Err.Error() + ": position " + e.Position.String() + ", end " + e.End.String()
}

// Unwrap returns the cause.
func (e *PositionError) Unwrap() error { return e.Err }

// String returns the identity, @ and the sequence.
func (p Position) String() string {
	return p.Store.String() + "@" + strconv.FormatUint(p.Sequence, 10)
}

// MarshalText returns String.
func (p Position) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads the text of String. The error is [ErrPositionText].
func (p *Position) UnmarshalText(text []byte) error {
	q, err := ParsePosition(string(text))
	if err == nil {
		*p = q
	}
	return err
}

// ParsePosition reads the text of String. The error is [ErrPositionText].
func ParsePosition(text string) (Position, error) {
	id, number, ok := strings.Cut(text, "@")
	store, err := event.ParseID(id)
	sequence, numberErr := strconv.ParseUint(number, 10, 64)
	if !ok || err != nil || numberErr != nil {
		return Position{}, ErrPositionText
	}
	return Position{Store: store, Sequence: sequence}, nil
}

// In returns nil if the position is one of the store that ends at end, and otherwise a
// *[PositionError].
func (p Position) In(end Position) error {
	switch {
	case p == Position{}:
		return nil
	case p.Store != end.Store:
		return &PositionError{Position: p, End: end, Err: ErrOtherStore}
	case p.Sequence > end.Sequence:
		return &PositionError{Position: p, End: end, Err: ErrBeyondEnd}
	}
	return nil
}

// Position returns the position after every event that the reader sees: the sequence after
// the last one, hidden or not. It is the zero Position for a store without events.
func (q *queries) Position(ctx context.Context) (Position, error) {
	return on(ctx, q, func(s *store.Snapshot) (Position, error) {
		id, err := s.Identity()
		return Position{Store: id, Sequence: s.End()}, err
	})
}
