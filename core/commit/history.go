package commit

import (
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
)

// History looks up the events that precede the log. It may also hold events that the
// log committed, and must not change otherwise. An error fails the append and has no
// other effect; a missing event is no error.
type History interface {
	// Latest returns the head of an entity's chain; ok is false if it has no events.
	Latest(entity string) (h Head, ok bool, err error)
	// ByID returns the first event with an id, cancelled ones included.
	ByID(id event.ID) (k Known, ok bool, err error)
	// FirstIn returns the visible event with the lowest sequence of at least from in a
	// region. It looks at every event before the log, and at those that the log committed
	// with a sequence below end. It should leave out few below to.
	FirstIn(region *query.Region, from, to uint64) (k Known, ok bool, end uint64, err error)
	// Identity returns the id of the first event, zero for none.
	Identity() (event.ID, error)
}

// Head describes the last event of an entity's chain.
type Head struct {
	// Clock, WallMS and Hash are the last event's, cancelled or not.
	Clock  uint32
	WallMS uint64
	Hash   event.Hash
	// State is the entity as readers see it.
	State State
}

// Known is an event of the store.
type Known struct {
	Receipt
	event.Coordinate
	Kind event.Kind
	// Hash is the digest of the payload.
	Hash event.Hash
	// Cancelled says that the event's fence was cancelled, which hides it from readers.
	Cancelled bool
}

// NoHistory is the History of an empty store.
type NoHistory struct{}

// Latest finds nothing.
func (NoHistory) Latest(string) (Head, bool, error) { return Head{}, false, nil }

// ByID finds nothing.
func (NoHistory) ByID(event.ID) (Known, bool, error) { return Known{}, false, nil }

// FirstIn finds nothing.
func (NoHistory) FirstIn(*query.Region, uint64, uint64) (Known, bool, uint64, error) {
	return Known{}, false, 0, nil
}

// Identity returns the zero id.
func (NoHistory) Identity() (event.ID, error) { return event.ID{}, nil }
