// Package engine is what the benchmark asks of every store: the same events, the
// same five ways to look them up. Each engine is a package below, set up as its
// own manual advises.
package engine

// ID is an event id, or a correlation or causation.
type ID [16]byte

// Event is what every engine keeps of an event: the facts of thaw's 162-byte record
// and the payload.
type Event struct {
	// Sequence counts all events from 0.
	Sequence    uint64
	ID          ID
	Entity      string
	Scope       string
	Kind        uint16
	WallMS      uint64
	Clock       uint32 // within the entity
	PrevHash    [32]byte
	Hash        [32]byte
	Correlation ID
	Causation   ID
	Payload     []byte
}

// Engine opens stores of one kind. Its methods may be called by one goroutine.
type Engine interface {
	// Name is short and lower case; Version is the engine's.
	Name() string
	Version() string
	// Create makes a store in dir, which is empty or not there.
	Create(dir string) (Writer, error)
	// Open opens the store in dir for reading, as that is done where only reading is
	// wanted: read-only if the engine can.
	Open(dir string) (Reader, error)
}

// Writer appends. An append that has returned is on disk.
type Writer interface {
	// AppendBatch appends events with one sync, all or none. An engine that gives ids
	// out itself puts them into the events; all others store what is there.
	AppendBatch(events []Event) error
	// Append appends one event. Many goroutines may call it at once; engines that
	// can gather such appends into one sync do. Sequences are then the engine's.
	Append(e *Event) error
	// Close ends the store in order, so that the next open finds it at its best.
	Close() error
}

// Reader answers. It need not be safe for concurrent use. The event that is handed
// to f, or returned, is decoded in full, entity and scope as strings; it and its
// strings stay valid. Payloads come with ByID only.
type Reader interface {
	BySequence(sequence uint64) (Event, error)
	ByID(id ID) (Event, error)
	// Entity, Scope and Kind give every hit to f in order of sequence.
	Entity(name string, f func(Event)) error
	Scope(name string, f func(Event)) error
	Kind(kind uint16, f func(Event)) error
	Close() error
}
