package commit

import "github.com/thawlog/thaw/core/event"

// Past is what was in the store before the log began: the snapshot that the
// writer opened. It may come to hold what the log has committed as well, and must
// not change otherwise. An error, other than that an event is not
// there, fails the append and nothing else.
type Past interface {
	// Latest describes an entity's last event; ok is false when it has none.
	Latest(entity string) (h Head, ok bool, err error)
	// ByID finds the first event with an id, cancelled ones included.
	ByID(id event.ID) (k Known, ok bool, err error)
}

// Head is the end of an entity's chain.
type Head struct {
	// Clock, WallMS and Hash are the last event's, cancelled or not.
	Clock  uint32
	WallMS uint64
	Hash   event.Hash
	// State is what readers see.
	State State
}

// Known is an event that is in the store.
type Known struct {
	Receipt
	event.Coordinate
	Kind event.Kind
	// Hash is the digest of the payload.
	Hash event.Hash
	// Cancelled says that readers do not see it.
	Cancelled bool
}

// Nothing is the Past of an empty store.
type Nothing struct{}

// Latest finds nothing.
func (Nothing) Latest(string) (Head, bool, error) { return Head{}, false, nil }

// ByID finds nothing.
func (Nothing) ByID(event.ID) (Known, bool, error) { return Known{}, false, nil }
